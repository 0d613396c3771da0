"""Means as dots with their intervals as whiskers, each on the whole range of its own measure. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.releases.report.charts.svg import (
    SIZE,
    Head,
    Look,
    drawing,
    element,
    fill,
    lines,
    stroke,
    withheld,
    words,
    wrapped,
)

WIDTH = 720.0
_LABEL = 230.0
_TRACK = (280.0, 540.0)
_SHOWN = 582.0
_ROW, _LINE = 34.0, SIZE * 1.25


@dataclass(frozen=True, slots=True)
class Dot:
    """One measure: texts as they are shown, positions from 0 (the lowest score) to 1 (the highest).

    Attributes:
        label: what the measure is called.
        withheld: the word that stands for what is not shown; without it there is a mean.
        shown: mean and interval as text.
        at: where the mean lies; None of a measure that has no ends.
        low: where the interval begins; None where none is told.
        high: where it ends.
        ends: lowest and highest score, as text.
        is_bound: whether only an end of the scale is told, and not the mean.
    """

    label: str
    withheld: str | None = None
    shown: str = ""
    at: float | None = None
    low: float | None = None
    high: float | None = None
    ends: tuple[str, str] = ("", "")
    is_bound: bool = False


def means(look: Look, head: Head, dots: Sequence[Dot], *, ground: bool = False) -> str:
    """A row for each."""
    parts, top = [], 4.0
    for dot in dots:
        label = wrapped(look, dot.label, _LABEL)
        height = max(_ROW, len(label) * _LINE + 10)
        middle = top + height / 2
        parts.append(lines(look, label, 0, middle - len(label) * _LINE / 2))
        parts.append(_row(look, head, dot, middle))
        top += height
    return drawing(look, head, WIDTH, top + 4, *parts, ground=ground)


def _row(look: Look, head: Head, dot: Dot, middle: float) -> str:
    start, end = _TRACK
    if dot.withheld is not None:
        return withheld(look, head, dot.withheld, start, middle - 11, end - start, 22)
    parts = [words(look, dot.shown, _SHOWN, middle + SIZE * 0.36)]
    if dot.at is None:
        return "".join(parts)
    parts += [
        element("path", d=f"M{start:.1f} {middle:.1f}H{end:.1f}", **stroke(look, "line")),
        words(look, dot.ends[0], start - 6, middle + 4, role="soft", anchor="end", size=11),
        words(look, dot.ends[1], end + 6, middle + 4, role="soft", size=11),
    ]
    if dot.low is not None and dot.high is not None:
        low, high = _x(dot.low), _x(dot.high)
        whisker = f"M{low:.1f} {middle:.1f}H{high:.1f}M{low:.1f} {middle - 6:.1f}v12M{high:.1f} {middle - 6:.1f}v12"
        parts.append(element("path", d=whisker, **stroke(look, "ink", 2)))
    parts.append(point(look, _x(dot.at), middle, is_bound=dot.is_bound))
    return "".join(parts)


def point(look: Look, x: float, y: float, *, is_bound: bool) -> str:
    """A dot; an open one where the value is only bounded."""
    ring = element("circle", cx=x, cy=y, r=5.5, **fill(look, "ink"))
    return ring + (element("circle", cx=x, cy=y, r=3, **fill(look, "page")) if is_bound else "")


def _x(at: float) -> float:
    start, end = _TRACK
    return start + (end - start) * min(1.0, max(0.0, at))
