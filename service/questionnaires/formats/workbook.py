"""A workbook (.xlsx) as rows of text, read by ourselves: streamed, bounded in every direction, no formula computed.

A library for spreadsheets reads far more than text (styles, links, drawings, whatever a sheet claims to have), warns
and fails in its own words, and holds all of it in memory. What is needed here are a few kinds of XML elements.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from zipfile import ZipFile, ZipInfo

from service.kit import workbook
from service.kit.workbook import MAX_FILES
from service.questionnaires.formats.report import Unreadable
from service.questionnaires.formats.xml_events import Events, stream, told

MAX_BYTES = 2 << 20
MAX_UNPACKED = 20_000_000
MAX_COLUMNS = 100
MAX_ROW_NUMBER = 1 << 20
MAX_CELL = 32_767
MAX_CHARACTERS = MAX_UNPACKED
"""In all cells together: one long text may stand in many."""
_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_WHOLE = re.compile(r"(-?[0-9]{1,15})\.0+")
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Row:
    """One row that holds something.

    Attributes:
        number: as the spreadsheet counts, from 1.
        cells: text by column, from 1; blank cells are absent.
        formulas: columns whose cells hold a formula or an error, which have no text here.
    """

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    formulas: set[int] = field(default_factory=set)


def unpacked(data: bytes) -> ZipFile:
    """The archive, once its sizes are known to be small; what they claim can not be exceeded in reading."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the workbook has more than {MAX_BYTES >> 20} MiB")
    return workbook.unpacked(io.BytesIO(data), MAX_UNPACKED, Unreadable)


def read(data: bytes, wanted: Mapping[str, int]) -> tuple[dict[str, list[Row]], list[str]]:
    """The sheets of these names (in lower case), each with at most so many rows; and the names of the others.

    Raises:
        Unreadable: it is no workbook, or larger than the limits.
    """
    archive = unpacked(data)
    with archive:
        book, links = _Names(), _Links()
        _pass(archive, "xl/workbook.xml", book)
        _pass(archive, "xl/_rels/workbook.xml.rels", links)
        files = {name.strip().lower(): links.targets.get(link) for name, link in book.sheets}
        shared = _Shared()
        if "xl/sharedStrings.xml" in archive.namelist():
            _pass(archive, "xl/sharedStrings.xml", shared)
        found: dict[str, list[Row]] = {}
        left = MAX_CHARACTERS
        for name in wanted:
            if file := files.get(name):
                sheet = _Sheet(name, shared.texts, wanted[name], left)
                _pass(archive, file, sheet)
                found[name], left = sheet.rows, sheet.left
        _no_document_types(archive)
    return found, [name for name, _ in book.sheets if name.strip().lower() not in wanted]


def _pass(archive: ZipFile, name: str, events: Events) -> None:
    told("the workbook is damaged", lambda: stream(archive.open(name), events))


def _no_document_types(archive: ZipFile) -> None:
    """What is not looked at may not declare entities either: the file would be a trap for whoever opens it next."""
    for file in archive.infolist():
        if file.filename.endswith((".xml", ".rels")):
            told("the workbook is damaged", partial(_begun, archive, file))


def _begun(archive: ZipFile, file: ZipInfo) -> None:
    stream(archive.open(file), Events(), first_only=True)


class _Names(Events):
    """Sheets in their order, with the link that leads to each."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "sheet" and len(self.sheets) < MAX_FILES:
            self.sheets.append((given.get("name", ""), given.get("id", "")))


class _Links(Events):
    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "Relationship":
            target = given.get("Target", "")
            self.targets[given.get("Id", "")] = target[1:] if target.startswith("/") else f"xl/{target}"


class _Shared(Events):
    """The texts that cells share, without the readings of Japanese ones."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] | None = None
        self._silent = 0
        self._inside = False

    def start(self, name: str, given: Mapping[str, str]) -> None:
        del given
        if name == "si":
            self._parts = []
        self._silent += name == "rPh"
        self._inside = name == "t" and not self._silent

    def text(self, text: str) -> None:
        if self._inside and self._parts is not None:
            self._parts.append(text)

    def end(self, name: str) -> None:
        self._silent -= name == "rPh"
        self._inside = False
        if name == "si":
            self.texts.append("".join(self._parts or ()))
            self._parts = None


class _Sheet(Events):
    def __init__(self, name: str, shared: list[str], most: int, left: int) -> None:
        self.rows: list[Row] = []
        self.left = left
        self._name = name
        self._most = most
        self._shared = shared
        self._row = Row(0)
        self._column = 0
        self._kind = ""
        self._parts: list[str] = []
        self._inside = False
        self._silent = 0
        self._formula = False

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "row":
            self._row = Row(_number(given.get("r")) or self._row.number + 1)
            self._column = 0
        elif name == "c":
            self._column = _column(given.get("r", "")) or self._column + 1
            self._kind, self._parts, self._formula = given.get("t", "n"), [], False
        self._silent += name == "rPh"
        self._formula = self._formula or name == "f"
        self._inside = name in {"v", "t"} and not self._silent

    def text(self, text: str) -> None:
        if self._inside:
            self._parts.append(text)

    def end(self, name: str) -> None:
        self._silent -= name == "rPh"
        self._inside = False
        if name == "c":
            self._cell()
        elif name == "row" and (self._row.cells or self._row.formulas):
            self.rows.append(self._row)
            if len(self.rows) > self._most or self._row.number > MAX_ROW_NUMBER:
                raise Unreadable(f"the sheet {self._name} has more than {self._most:,} rows")

    def _cell(self) -> None:
        text = "".join(self._parts)
        if self._kind == "s" and not self._formula:
            at = _number(text)
            text = self._shared[at] if at is not None and at < len(self._shared) else ""
        elif self._kind == "b":
            text = "TRUE" if text.strip() == "1" else "FALSE"
        elif self._kind == "n":
            text = _WHOLE.sub(r"\1", text.strip())
        if self._formula or self._kind == "e":
            self._within()
            self._row.formulas.add(self._column)
        elif text.strip():
            self._within()
            self.left -= len(text)
            if len(text) > MAX_CELL or self.left < 0:
                raise Unreadable(f"a cell has more than {MAX_CELL:,} characters, or all together have too many")
            self._row.cells[self._column] = text

    def _within(self) -> None:
        if self._column > MAX_COLUMNS:
            raise Unreadable(f"the sheet {self._name} has more than {MAX_COLUMNS} columns")


def _number(text: str | None) -> int | None:
    bare = (text or "").strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 9 else None  # noqa: PLR2004 - digits


def _column(reference: str) -> int:
    """`C7` is 3; 0 for what is no reference."""
    found = _REFERENCE.fullmatch(reference)
    number = 0
    for letter in found[1] if found else "":
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number
