"""The parts of a report in order, of which each form is made: so that none can say what another does not. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.releases.report.tongue import Phrase

Level = Literal[2, 3]


@dataclass(frozen=True, slots=True)
class Heading:
    """`ident`: by which it can be linked to; `on_new_page` where it is printed."""

    level: Level
    text: Phrase
    ident: str | None = None
    on_new_page: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences, each for itself; in an order, where it matters."""

    texts: Sequence[str]
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, which says by itself what it is."""

    svg: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a table; `is_withheld` shows as such; `span`: over how many columns."""

    text: str
    language: str | None = None
    is_withheld: bool = False
    span: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: each row begins with its head. `is_of_numbers`: all but the first column are set to the right."""

    caption: str
    head: Sequence[Entry]
    rows: Sequence[Sequence[Entry]]
    is_of_numbers: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, which are identifiers."""

    pairs: Sequence[tuple[str, str]]


Block = Heading | Paragraph | Points | Picture | Grid | Facts


@dataclass(frozen=True, slots=True)
class Report:
    """The whole, under its title."""

    language: str
    title: str
    subtitle: Sequence[str]
    skip: str
    page: str
    blocks: Sequence[Block]
