"""A heat map: units by measures, each cell with its number, its colour by where the number lies. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.releases.report.charts.palette import TONES
from service.releases.report.charts.svg import (
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
_LABEL, _NARROWEST = 190.0, 62.0
_ROW, _SMALL = 30.0, 11.0
_STEPS = len(TONES) - 1


@dataclass(frozen=True, slots=True)
class Square:
    """One cell: as text, and how favourable from 0 to 1 (None: nobody can say); or the word that stands for it."""

    shown: str = ""
    at: float | None = None
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """A unit's cells, one for each measure."""

    label: str
    squares: tuple[Square, ...]


def heat(look: Look, head: Head, columns: Sequence[str], strips: Sequence[Strip], *, ground: bool = False) -> str:
    """A strip for each unit. With many measures it grows wider."""
    step = max(_NARROWEST, (WIDTH - _LABEL) / max(1, len(columns)))
    width = max(WIDTH, _LABEL + step * len(columns))
    heads = [wrapped(look, column, step - 8, 4, _SMALL) for column in columns]
    top = max((len(one) for one in heads), default=0) * _SMALL * 1.25 + 8
    parts = [
        lines(
            look, one, _LABEL + step * (number + 0.5), top - 6 - len(one) * _SMALL * 1.25, size=_SMALL, anchor="middle"
        )
        for number, one in enumerate(heads)
    ]
    for strip in strips:
        label = wrapped(look, strip.label, _LABEL - 10, 2, 12)
        parts.append(lines(look, label, 0, top + _ROW / 2 - len(label) * 7.5, size=12))
        parts += [
            _square(look, head, square, _LABEL + step * number, top, step)
            for number, square in enumerate(strip.squares)
        ]
        top += _ROW
    return drawing(look, head, width, top + 2, *parts, ground=ground)


def tone_at(at: float | None) -> str:
    """The tone of a place between the least (0) and the most favourable (1)."""
    if at is None:
        return "plain"
    return TONES[min(_STEPS - 1, max(0, int(at * _STEPS)))]


def _square(look: Look, head: Head, square: Square, x: float, y: float, step: float) -> str:
    if square.withheld is not None:
        return withheld(look, head, square.withheld, x + 1, y + 1, step - 2, _ROW - 2)
    tone = tone_at(square.at)
    box = {"x": x + 1, "y": y + 1, "width": step - 2, "height": _ROW - 2}
    return "".join(
        (
            # The number says it already: patterns under a whole map would only be restless.
            element("rect", **box, **fill(look, f"{tone}-ground")),
            element("rect", **box, **stroke(look, "line", 0.5)),
            words(look, square.shown, x + step / 2, y + _ROW / 2 + 4.5, role=f"{tone}-label", anchor="middle", size=12),
        )
    )
