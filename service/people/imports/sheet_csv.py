"""CSV as it comes from spreadsheets and HRIS: streamed, with the number of the line on which each row begins."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from service.people.imports.encoding import CODECS, SEPARATORS, encoding_of, separator_of
from service.people.imports.sheet import MAX_CELL, MAX_COLUMNS, Sheet, SheetRow, Unreadable, opened

MAX_TEXT_LINE = 1 << 20
_DECLARED = "sep="
"""How some spreadsheets name the separator, on a line before the headers."""


def read(file: IO[bytes], encoding: str | None = None, separator: str | None = None) -> Sheet:
    """The file; what is not told is found out. Raises Unreadable."""
    encoding = encoding or encoding_of(file)
    file.seek(0)
    lines = _Lines(io.TextIOWrapper(file, CODECS[encoding], newline=""), encoding)
    first = lines.peek()
    if first.lower().startswith(_DECLARED):
        lines.skip()
        declared = first[len(_DECLARED) :].strip("\r\n")
        separator = separator or next((name for name, one in SEPARATORS.items() if one == declared), None)
    separator = separator or separator_of(lines.peek())
    header, rows = opened(_rows(lines, SEPARATORS[separator]))
    return Sheet(header, rows, encoding, separator)


class _Lines(Iterator[str]):
    """The lines of the text, of bounded length, with a look at the first that is not blank."""

    def __init__(self, text: io.TextIOWrapper, encoding: str) -> None:
        self.number = 0
        self._text = text
        self._encoding = encoding
        self._next: str | None = None

    def peek(self) -> str:
        while self._next is None or not self._next.strip():
            if self._next is not None:
                self.number += 1
            self._next = self._read()
            if not self._next:
                break
        return self._next

    def skip(self) -> None:
        self.number += 1
        self._next = None

    def __next__(self) -> str:
        line, self._next = (self._read() if self._next is None else self._next), None
        if not line:
            raise StopIteration
        self.number += 1
        return line

    def _read(self) -> str:
        try:
            line = self._text.readline(MAX_TEXT_LINE + 1)
        except UnicodeError:  # both of bytes that are none of its, and of an UTF-16 that ends in the middle
            line = None
        if line is None:
            raise Unreadable(f"the file is not in the encoding {self._encoding}")
        if len(line) > MAX_TEXT_LINE:
            raise Unreadable(f"line {self.number + 1} has more than {MAX_TEXT_LINE:,} characters")
        return line


MAX_TEXT_LINES = 2_000_000


def _rows(lines: _Lines, separator: str) -> Iterator[SheetRow]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = []
            line = -line
        if line < 0:
            raise Unreadable(f"line {-line} can not be read: a quote is not closed, or text follows one")
        if cells is None:
            return
        if line > MAX_TEXT_LINES:
            raise Unreadable(f"the file has more than {MAX_TEXT_LINES:,} lines, the blank ones too")
        if len(cells) > MAX_COLUMNS or any(len(cell) > MAX_CELL for cell in cells):
            raise Unreadable(f"line {line} has more than {MAX_COLUMNS} columns, or a cell of {MAX_CELL:,} characters")
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield SheetRow(line, cells)
