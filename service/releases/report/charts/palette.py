"""Colours by role, for a light and a dark ground. Pure.

Blue and orange are told apart by whoever sees no red or no green; each tone also has a pattern of its own, and every
label stands on both colours of its tone with a contrast of 4.5 or more, which a test reckons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Tone:
    """A ground, the stripes or dots on it, and what is written on both."""

    ground: str
    marks: str
    label: str
    pattern: Literal["none", "stripes", "dots"] = "none"


@dataclass(frozen=True, slots=True)
class Palette:
    """`soft` is for what is said beside; `line` for axes and borders; `hatch` for what is withheld."""

    page: str
    ink: str
    soft: str
    line: str
    hatch: str
    tones: Mapping[str, Tone]


TONES = ("against2", "against1", "middle", "for1", "for2", "plain")
"""From the least to the most favourable; `plain` says neither."""

LIGHT = Palette(
    page="#ffffff",
    ink="#1b1b1b",
    soft="#505050",
    line="#6b6b6b",
    hatch="#9a9a9a",
    tones={
        "against2": Tone("#8c3a00", "#5e2600", "#ffffff", "stripes"),
        "against1": Tone("#fdd3a8", "#f0a45c", "#1b1b1b", "stripes"),
        "middle": Tone("#e4e4e4", "#e4e4e4", "#1b1b1b"),
        "for1": Tone("#c6def5", "#86b6e6", "#1b1b1b", "dots"),
        "for2": Tone("#0b5394", "#05305a", "#ffffff", "dots"),
        "plain": Tone("#d9d2e9", "#d9d2e9", "#1b1b1b"),
    },
)
DARK = Palette(
    page="#1a1a1a",
    ink="#f2f2f2",
    soft="#c4c4c4",
    line="#9c9c9c",
    hatch="#7d7d7d",
    tones={
        "against2": Tone("#f28c4b", "#c9682b", "#111111", "stripes"),
        "against1": Tone("#6b3a14", "#4a2508", "#ffffff", "stripes"),
        "middle": Tone("#5a5a5a", "#5a5a5a", "#ffffff"),
        "for1": Tone("#1f4f7d", "#0f3358", "#ffffff", "dots"),
        "for2": Tone("#7db8f0", "#4a8fd0", "#111111", "dots"),
        "plain": Tone("#4f4568", "#4f4568", "#ffffff"),
    },
)
PALETTES: Mapping[Theme, Palette] = {"light": LIGHT, "dark": DARK}


def rules(palette: Palette) -> str:
    """The palette as style rules for drawings in a page: they win over the attributes that a drawing has by itself."""
    said = {
        "page": palette.page,
        "ink": palette.ink,
        "soft": palette.soft,
        "line": palette.line,
        "hatch": palette.hatch,
    }
    for name, tone in palette.tones.items():
        said |= {f"{name}-ground": tone.ground, f"{name}-marks": tone.marks, f"{name}-label": tone.label}
    return "".join(f".fill-{name}{{fill:{colour}}}.stroke-{name}{{stroke:{colour}}}" for name, colour in said.items())
