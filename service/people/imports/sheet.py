"""What a file of people is, whatever its format: one line with headers, then rows of text with their line numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MAX_LINES = 1_000_000
MAX_COLUMNS = 200
MAX_CELL = 32_767

FORMULA = "holds a formula: replace it by its value"
ERROR = "holds an error of the spreadsheet"
ROUNDED = "is a number of more than 15 digits, which spreadsheets round: make the column text"
_LETTERS = 26


class Unreadable(Exception):
    """The file as a whole can not be read; the text says why and repeats nothing of the file."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that holds something.

    Attributes:
        line: as an editor or a spreadsheet counts, from 1.
        cells: text by column, from 0; blanks around it are gone.
        odd: what is wrong with a cell, by column; such a cell has no text.
    """

    line: int
    cells: list[str]
    odd: Mapping[int, str] = field(default_factory=dict)

    def width(self) -> int:
        """How many columns it fills."""
        width = len(self.cells)
        while width and not self.cells[width - 1]:
            width -= 1
        return max((width - 1, *self.odd)) + 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file, open.

    Attributes:
        header: its first row that holds something.
        rows: the others, read as they are asked for; Unreadable may come at any of them.
        encoding: of a text file, as we call it.
        separator: of a text file, by name.
        days_before: what is to be added to a number to make it a day of the spreadsheets' usual calendar.
    """

    header: SheetRow
    rows: Iterator[SheetRow]
    encoding: str | None = None
    separator: str | None = None
    days_before: int = 0


def opened(rows: Iterator[SheetRow]) -> tuple[SheetRow, Iterator[SheetRow]]:
    """The header, and the rows after it. Raises Unreadable."""
    header = next(rows, None)
    if header is None:
        raise Unreadable("the file is empty")
    return header, bounded(rows)


def bounded(rows: Iterator[SheetRow]) -> Iterator[SheetRow]:
    for number, row in enumerate(rows, 1):
        if number > MAX_LINES:
            raise Unreadable(f"the file has more than {MAX_LINES:,} lines: send it in several")
        yield row


def column_name(column: int) -> str:
    """What people call a column: its number, and its letters in a spreadsheet."""
    letters, rest = "", column + 1
    while rest:
        rest, place = divmod(rest - 1, _LETTERS)
        letters = chr(ord("A") + place) + letters
    return f"column {column + 1} ({letters})"
