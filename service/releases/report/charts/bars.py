"""Shares as bars: stacked where the answers are in an order and add up, or one below the other. Pure."""

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
    toned,
    width_of,
    withheld,
    words,
    wrapped,
)

WIDTH = 720.0
_LABEL = 230.0
_ROW, _BAR, _LINE = 36.0, 24.0, SIZE * 1.25
_WHOLE = 100.0
# A sliver still tells that there is something.
_LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A share: as text, its percent, its tone, and whether the percent is only a bound."""

    label: str
    shown: str
    percent: float
    tone: str
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """Some shares of one measure; `withheld` is the word that stands for what is not shown."""

    label: str
    segments: tuple[Segment, ...] = ()
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """What a tone stands for."""

    label: str
    tone: str


def stacked(look: Look, head: Head, bars: Sequence[Bar], keys: Sequence[Key] = (), *, ground: bool = False) -> str:
    """A bar for each measure. Widths are the shares; where bounds make them more than a whole, they share the bar."""
    left = _LABEL + 10 if any(bar.label for bar in bars) else 0.0
    legend, top = _legend(look, head, keys)
    parts = [legend]
    for bar in bars:
        label = wrapped(look, bar.label, _LABEL) if bar.label else []
        height = max(_ROW, len(label) * _LINE + 10)
        middle = top + height / 2
        parts.append(lines(look, label, 0, middle - len(label) * _LINE / 2))
        parts.append(_stack(look, head, bar, left, middle - _BAR / 2))
        top += height
    return drawing(look, head, WIDTH, top + 2, *parts, ground=ground)


def _stack(look: Look, head: Head, bar: Bar, left: float, top: float) -> str:
    room = WIDTH - left
    if bar.withheld is not None:
        return withheld(look, head, bar.withheld, left, top, room, _BAR)
    whole = max(_WHOLE, sum(segment.percent for segment in bar.segments))
    parts, x = [], left
    for segment in bar.segments:
        width = room * segment.percent / whole
        if width > 0:
            parts.append(_segment(look, head, segment, x, top, width))
        x += width
    parts.append(element("rect", x=left + 0.5, y=top, width=room - 1, height=_BAR, **stroke(look, "line")))
    return "".join(parts)


def _segment(look: Look, head: Head, segment: Segment, x: float, top: float, width: float) -> str:
    parts = [toned(look, head, segment.tone, x, top, width, _BAR)]
    if segment.is_bound and width > 2 * _LEAST:
        inner = {"x": x + 2, "y": top + 2, "width": width - 4, "height": _BAR - 4}
        parts.append(element("rect", **inner, stroke_dasharray="2 2", **stroke(look, f"{segment.tone}-label")))
    needed = width_of(look, segment.shown, 12) + 6
    if needed <= width:  # a narrower one is told in the table beside
        role = f"{segment.tone}-label"
        plate = {"x": x + (width - needed) / 2, "y": top + 4, "width": needed, "height": _BAR - 8}
        parts.append(element("rect", **plate, **fill(look, f"{segment.tone}-ground")))
        parts.append(words(look, segment.shown, x + width / 2, top + 16.5, role=role, anchor="middle", size=12))
    return "".join(parts)


def apart(look: Look, head: Head, bar: Bar, *, ground: bool = False) -> str:
    """A row for each share of one measure: of answers that are in no order, or do not add up."""
    if bar.withheld is not None:
        return stacked(look, head, [Bar("", withheld=bar.withheld)], ground=ground)
    left, top = _LABEL + 10, 2.0
    room = WIDTH - left - 90
    parts = []
    for segment in bar.segments:
        label = wrapped(look, segment.label, _LABEL)
        height = max(28.0, len(label) * _LINE + 8)
        middle = top + height / 2
        parts.append(lines(look, label, 0, middle - len(label) * _LINE / 2))
        width = max(_LEAST, room * min(segment.percent, _WHOLE) / _WHOLE)
        box = {"x": left, "y": middle - 9, "width": width, "height": 18.0}
        parts.append(element("rect", **box, **fill(look, f"{segment.tone}-ground")))
        dashes = {"stroke_dasharray": "3 2"} if segment.is_bound else {}
        parts.append(element("rect", **box, **dashes, **stroke(look, "ink" if segment.is_bound else "line")))
        parts.append(words(look, segment.shown, left + width + 8, middle + SIZE * 0.36))
        top += height
    return drawing(look, head, WIDTH, top + 2, *parts, ground=ground)


def _legend(look: Look, head: Head, keys: Sequence[Key]) -> tuple[str, float]:
    """Swatches with what they stand for, and how far down they go."""
    if not keys:
        return "", 2.0
    parts, x, y = [], 0.0, 4.0
    for key in keys:
        (label,) = wrapped(look, key.label, WIDTH - 40, 1, 12) or [""]
        width = 26 + width_of(look, label, 12) + 18
        if x and x + width > WIDTH:
            x, y = 0.0, y + 20
        parts.append(toned(look, head, key.tone, x, y, 18, 13))
        parts.append(element("rect", x=x, y=y, width=18, height=13, **stroke(look, "line")))
        parts.append(words(look, label, x + 24, y + 11, size=12))
        x += width
    return "".join(parts), y + 22
