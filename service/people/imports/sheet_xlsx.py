"""The first visible sheet of a workbook, a row at a time; formulas, errors and merged cells are told, not guessed."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import IO

from service.people.imports.sheet import (
    ERROR,
    FORMULA,
    MAX_CELL,
    MAX_COLUMNS,
    ROUNDED,
    Sheet,
    SheetRow,
    Unreadable,
    column_name,
    opened,
)
from service.people.imports.workbook import DAMAGED, Book, Events, Links, Texts, stream, tell, unpacked

DAYS_OF_1904 = 1462
"""Between the first days of the two calendars."""
MOST_ROWS = 1 << 20
MOST_MERGES = 10_000
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_EXACT = 10**15


def read(file: IO[bytes]) -> Sheet:
    """The file. Raises Unreadable."""
    archive = unpacked(file)
    book, links, texts = Book(), Links(), Texts()
    tell(archive, "xl/workbook.xml", book)
    tell(archive, "xl/_rels/workbook.xml.rels", links)
    path = links.sheets.get(book.first())
    if path is None:
        raise Unreadable("the workbook's first sheet is none with cells")
    if links.texts is not None:
        tell(archive, links.texts, texts)
    cells = _Cells(texts.texts)

    def rows() -> Iterator[SheetRow]:
        for _ in stream(archive, path, cells):
            yield from cells.taken()
        archive.close()
        cells.refuse_merged()

    header, others = opened(rows())
    cells.region = header.line, header.width()
    return Sheet(header, others, days_before=DAYS_OF_1904 if book.is_1904 else 0)


class _Cells(Events):
    """The sheet's rows; merged ranges stand after all cells, and end the reading where they touch the data."""

    def __init__(self, shared: list[str]) -> None:
        self.region = (MOST_ROWS, 0)
        self._shared = shared
        self._rows: list[SheetRow] = []
        self._line = 0
        self._texts: list[str] = []
        self._odd: dict[int, str] = {}
        self._column = -1
        self._kind = "n"
        self._parts: list[str] = []
        self._inside = False
        self._silent = 0
        self._formula = False
        self._size = 0
        self._merges: list[str] = []

    def taken(self) -> list[SheetRow]:
        """The rows that are whole by now."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "c":
            self._column = self._place(given.get("r", ""))
            if self._column >= MAX_COLUMNS:
                raise Unreadable(f"the sheet has more than {MAX_COLUMNS} columns")
            self._kind = given.get("t", "n")
            self._parts, self._size, self._formula = [], 0, False
        elif name == "v":
            self._inside = True
        elif name == "t":
            self._inside = not self._silent
        elif name == "f":
            self._formula = True
        elif name == "row":
            line = given.get("r", "")
            line_number = int(line) if line.isascii() and line.isdigit() and len(line) < 8 else self._line + 1  # noqa: PLR2004 - digits
            if not self._line < line_number <= MOST_ROWS:
                raise Unreadable("the sheet's rows are not in their order")
            self._line, self._texts, self._odd, self._column = line_number, [], {}, -1
        elif name == "rPh":
            self._silent += 1
        elif name == "mergeCell" and len(self._merges) < MOST_MERGES:
            self._merges.append(given.get("ref", ""))

    def text(self, text: str) -> None:
        if self._inside:
            self._size += len(text)
            if self._size > MAX_CELL:
                raise Unreadable(f"a cell in line {self._line} has more than {MAX_CELL:,} characters")
            self._parts.append(text)

    def end(self, name: str) -> None:
        self._inside = False
        if name == "c":
            self._cell()
        elif name == "row":
            if any(self._texts) or self._odd:
                self._rows.append(SheetRow(self._line, self._texts, self._odd))
        elif name == "rPh":
            self._silent -= 1

    def _cell(self) -> None:
        text = "".join(self._parts).strip()
        kind = self._kind
        odd = FORMULA if self._formula else ERROR if kind == "e" else None
        if odd is None and kind == "s":
            text = self._of_shared(text)
        elif odd is None and kind == "b":
            text = "true" if text == "1" else "false"
        elif odd is None and kind == "n" and text:
            text, odd = _number(text)
        if odd is not None:
            self._odd[self._column] = odd
        elif text:
            if self._column < len(self._texts):
                raise Unreadable(f"line {self._line} has a column twice")
            self._texts.extend([""] * (self._column - len(self._texts)))
            self._texts.append(text)

    def _place(self, reference: str) -> int:
        """The column; of a cell that does not say, the next one."""
        found = _REFERENCE.fullmatch(reference)
        return _column(found[1]) if found else self._column + 1

    def _of_shared(self, place: str) -> str:
        if not (place.isascii() and place.isdigit() and len(place) < 10 and int(place) < len(self._shared)):  # noqa: PLR2004 - digits
            raise Unreadable(DAMAGED)
        text = self._shared[int(place)]
        if len(text) > MAX_CELL:
            raise Unreadable(f"a cell in line {self._line} has more than {MAX_CELL:,} characters")
        return text

    def refuse_merged(self) -> None:
        """Raises Unreadable where cells of the headers, or below them, are merged: which row holds what, then?"""
        line, width = self.region
        for reference in self._merges:
            first, _, last = reference.partition(":")
            start, end = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last or first)
            if start is None or end is None:
                raise Unreadable(DAMAGED)
            if int(end[2]) >= line and _column(start[1]) < width:
                place = f"{column_name(_column(start[1]))}, line {start[2]}"
                raise Unreadable(f"cells are merged, the first in {place}: unmerge them and fill each")


def _number(text: str) -> tuple[str, str | None]:
    """A number as its digits, where it is a whole one that is exact."""
    if not _NUMBER.fullmatch(text):
        return "", ERROR
    if text.isdigit() and len(text) <= 15:  # noqa: PLR2004 - as many digits as are exact
        return text, None
    value = Decimal(text)
    if abs(value) >= _EXACT:
        return "", ROUNDED
    if value == value.to_integral_value():
        return str(int(value)), None
    return text, None


@cache
def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
