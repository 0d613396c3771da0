"""Elements of a drawing as text, everything escaped. Pure.

Colours are attributes and not a style: a drawing stands by itself under the strictest content policy, and in a page the
page's own rules win over them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from service.releases.report.charts.palette import PALETTES, Palette, Theme

SIZE = 13.0
_TITLE, _MARGIN = 15.0, 12.0
_WIDE = {"W", "F"}
# What XML 1.0 does not have: a drawing that holds one of them is none.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = re.compile("[\t\n\r ]+")
_OF_A_PATTERN = 8


@dataclass(frozen=True, slots=True)
class Look:
    """How drawings are painted; `char` is how wide a letter is, in parts of its size."""

    theme: Theme = "light"
    font: str = "system-ui, sans-serif"
    char: float = 0.56

    @property
    def palette(self) -> Palette:
        return PALETTES[self.theme]

    def colour(self, role: str) -> str:
        """By role: `ink`, or `for2-ground`, `for2-marks`, `for2-label` of a tone."""
        tone, _, part = role.partition("-")
        found: str = getattr(self.palette.tones[tone], part) if part else getattr(self.palette, role)
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """What a drawing is called and says, and the prefix of its ids, which are its page's own."""

    title: str
    description: str
    language: str
    ident: str


def clean(text: str) -> str:
    """On one line, and without what XML does not have."""
    return _NOT_IN_XML.sub("\ufffd", _SPACES.sub(" ", text).strip())


def element(name: str, *inside: str, **attributes: str | float) -> str:
    """An element around what is markup already; `_` in a name stands for `-`, one at its end for nothing."""
    said = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{said}>{''.join(inside)}</{name}>" if inside else f"<{name}{said}/>"


def _value(value: str | float) -> str:
    return escape(clean(value)) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def fill(look: Look, role: str) -> dict[str, str | float]:
    return {"class_": f"fill-{role}", "fill": look.colour(role)}


def stroke(look: Look, role: str, width: float = 1) -> dict[str, str | float]:
    return {"class_": f"stroke-{role}", "stroke": look.colour(role), "stroke_width": width, "fill": "none"}


def words(
    look: Look, text: str, x: float, y: float, *, role: str = "ink", anchor: str = "start", size: float = SIZE
) -> str:
    """A line of text, `y` being its foot."""
    return element("text", escape(clean(text)), x=x, y=y, text_anchor=anchor, font_size=size, **fill(look, role))


def width_of(look: Look, text: str, size: float = SIZE) -> float:
    """About how wide a text comes out."""
    return sum(1.8 if east_asian_width(sign) in _WIDE else 1.0 for sign in text) * look.char * size


def wrapped(look: Look, text: str, width: float, most: int = 2, size: float = SIZE) -> list[str]:
    """The text in lines that fit. What is too long ends in an ellipsis, and stands in full in the table beside."""
    lines: list[str] = []
    rest = clean(text)
    while rest and len(lines) < most:
        line, rest = _cut(look, rest, width, size)
        lines.append(line)
    if rest:
        last = lines[-1]
        while last and width_of(look, last + "…", size) > width:
            last = last[:-1]
        lines[-1] = last.rstrip() + "…"
    return lines


def _cut(look: Look, text: str, width: float, size: float) -> tuple[str, str]:
    """As many words as fit, and what is left; of a word that alone is too long, as many letters."""
    end = len(text)
    if width_of(look, text, size) <= width:
        return text, ""
    while end > 1 and width_of(look, text[:end], size) > width:
        end -= 1
    space = text.rfind(" ", 0, end + 1)
    at = space if space > 0 else end
    return text[:at].rstrip(), text[at:].lstrip()


def lines(look: Look, texts: Sequence[str], x: float, top: float, *, size: float = SIZE, anchor: str = "start") -> str:
    """Lines of one text, below each other."""
    step = size * 1.25
    return "".join(
        words(look, text, x, top + size + number * step, anchor=anchor, size=size) for number, text in enumerate(texts)
    )


def withheld(look: Look, head: Head, word: str, x: float, y: float, width: float, height: float) -> str:
    """A hatched box with a word on a plain plate: seen as withheld, whoever looks and in whatever colours."""
    size = min(12.0, height - 4)
    plate = min(width_of(look, word, size) + 6, width)
    box = {"x": x + 0.5, "y": y + 0.5, "width": width - 1, "height": height - 1}
    middle = x + width / 2
    return "".join(
        (
            element("rect", **box, fill=f"url(#{head.ident}-withheld)"),
            element("rect", **box, stroke_dasharray="4 3", **stroke(look, "line")),
            element("rect", x=middle - plate / 2, y=y + 2, width=plate, height=height - 4, **fill(look, "page")),
            words(look, word, middle, y + height / 2 + size * 0.36, anchor="middle", size=size),
        )
    )


def toned(look: Look, head: Head, tone: str, x: float, y: float, width: float, height: float) -> str:
    """A box of a tone, with its pattern, and a border that tells it from its neighbour."""
    box = {"x": x, "y": y, "width": width, "height": height}
    return element("rect", **box, fill=f"url(#{head.ident}-{tone})") + element(
        "rect", **box, **stroke(look, "page", 1.5)
    )


def drawing(look: Look, head: Head, width: float, height: float, *parts: str, ground: bool = False) -> str:
    """The whole drawing. `ground`: on a ground of its own, under its title, for pages that we do not know."""
    body = "".join(parts)
    patterns = "".join(_patterns(look, head, body))
    behind = ""
    if ground:
        title = wrapped(look, head.title, width, 2, _TITLE)
        top = 2 * _MARGIN + len(title) * _TITLE * 1.25
        body = lines(look, title, _MARGIN, _MARGIN, size=_TITLE) + element(
            "g", body, transform=f"translate({_value(_MARGIN)} {_value(top)})"
        )
        width, height = width + 2 * _MARGIN, height + top + _MARGIN
        behind = element("rect", width=width, height=height, **fill(look, "page"))
    return element(
        "svg",
        element("title", escape(clean(head.title)), id=f"{head.ident}-title"),
        element("desc", escape(clean(head.description)), id=f"{head.ident}-desc"),
        element("defs", patterns) if patterns else "",
        behind,
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{head.ident}-title",
        aria_describedby=f"{head.ident}-desc",
        lang=head.language,
        font_family=look.font,
    )


def _patterns(look: Look, head: Head, body: str) -> list[str]:
    """Those that the drawing uses."""
    made = []
    size = float(_OF_A_PATTERN)
    tile: dict[str, str | float] = {"width": size, "height": size, "patternUnits": "userSpaceOnUse"}
    for name, tone in look.palette.tones.items():
        if f"url(#{head.ident}-{name})" not in body:
            continue
        marks = ""
        if tone.pattern == "stripes":
            marks = element("path", d="M-2 2L2 -2M-2 10L10 -2M6 10L10 6", **stroke(look, f"{name}-marks", 1.6))
        elif tone.pattern == "dots":
            marks = element("circle", cx=size / 2, cy=size / 2, r=1.6, **fill(look, f"{name}-marks"))
        ground = element("rect", width=size, height=size, **fill(look, f"{name}-ground"))
        made.append(element("pattern", ground, marks, id=f"{head.ident}-{name}", **tile))
    if f"url(#{head.ident}-withheld)" in body:
        ground = element("rect", width=size, height=size, **fill(look, "page"))
        marks = element("path", d="M0 0L8 8M8 0L0 8", **stroke(look, "hatch", 1))
        made.append(element("pattern", ground, marks, id=f"{head.ident}-withheld", **tile))
    return made
