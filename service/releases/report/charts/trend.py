"""One measure wave after wave, each mean with its interval, on the measure's whole range. Pure.

The range is the whole one, so that a small change looks like one. A wave that is withheld parts the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from service.releases.report.charts.means import point
from service.releases.report.charts.svg import Head, Look, drawing, element, stroke, withheld, words

WIDTH = 720.0
_LEFT, _RIGHT, _TOP, _BOTTOM, _FOOT = 46.0, 704.0, 26.0, 176.0, 196.0
_WIDEST = 110.0


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What a wave's release showed of the measure."""

    wave_number: int
    released_at: datetime
    status: Literal["published", "withheld"]
    mean: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    mean_bound: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A point and how it is written: the wave's name, and the mean, or the word for what is not shown."""

    point: TrendPoint
    wave: str
    shown: str


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest score, with their texts."""

    lowest: Decimal
    highest: Decimal
    texts: tuple[str, str]

    def at(self, value: Decimal) -> float:
        """Where a score lies, from 0 to 1."""
        span = self.highest - self.lowest
        return min(1.0, max(0.0, float((value - self.lowest) / span))) if span else 0.5


def trend(look: Look, head: Head, marks: Sequence[Mark], over: Range, *, ground: bool = False) -> str:
    """The points from left to right; the line joins those that stand side by side."""
    step = min(_WIDEST, (_RIGHT - _LEFT) / max(1, len(marks)))
    parts = [
        element("path", d=f"M{_LEFT} {_TOP}H{_RIGHT}M{_LEFT} {_BOTTOM}H{_RIGHT}", **stroke(look, "line")),
        words(look, over.texts[1], _LEFT - 6, _TOP + 4, role="soft", anchor="end", size=11),
        words(look, over.texts[0], _LEFT - 6, _BOTTOM + 4, role="soft", anchor="end", size=11),
    ]
    places = [_LEFT + step * (number + 0.5) for number in range(len(marks))]
    before: tuple[float, float] | None = None
    dots = []
    for x, mark in zip(places, marks, strict=True):
        parts.append(words(look, mark.wave, x, _FOOT, role="soft", anchor="middle", size=11))
        mean = mark.point.mean
        if mark.point.status == "withheld":
            parts.append(_hidden(look, head, mark.shown, x, step))
        elif mean is None:
            parts.append(words(look, mark.shown, x, (_TOP + _BOTTOM) / 2, anchor="middle", size=12))
        if mark.point.status == "withheld" or mean is None:
            before = None
            continue
        here = x, _y(over.at(mean))
        if before is not None:
            line = f"M{before[0]:.1f} {before[1]:.1f}L{here[0]:.1f} {here[1]:.1f}"
            parts.append(element("path", d=line, **stroke(look, "ink", 1.5)))
        dots.append(_dot(look, mark, over, here))
        before = here
    return drawing(look, head, WIDTH, _FOOT + 8, *parts, *dots, ground=ground)


def _dot(look: Look, mark: Mark, over: Range, here: tuple[float, float]) -> str:
    x, y = here
    parts, above = [], y
    low, high = mark.point.low, mark.point.high
    if low is not None and high is not None:
        above, below = _y(over.at(high)), _y(over.at(low))
        whisker = f"M{x:.1f} {above:.1f}V{below:.1f}M{x - 5:.1f} {above:.1f}h10M{x - 5:.1f} {below:.1f}h10"
        parts.append(element("path", d=whisker, **stroke(look, "ink", 1.5)))
    parts.append(point(look, x, y, is_bound=mark.point.mean_bound is not None))
    parts.append(words(look, mark.shown, x, min(above, y - 6) - 6, anchor="middle", size=12))
    return "".join(parts)


def _hidden(look: Look, head: Head, word: str, x: float, step: float) -> str:
    """A hatched column with its word upright in it."""
    width = min(30.0, step - 4)
    tall = _BOTTOM - _TOP
    box = withheld(look, head, word, -tall / 2, -width / 2, tall, width)
    return element("g", box, transform=f"translate({x:.1f} {(_TOP + _BOTTOM) / 2:.1f}) rotate(-90)")


def _y(at: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * at
