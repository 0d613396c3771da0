"""A file read once from its first line to its last, into rows that wait in a temporary file; runs in a thread.

What is held in memory of each line is a fingerprint of whom it is about, and of their manager: so a file of any length
stays small. Sixty-four bits: among a million people, two share one in one of forty million files.
"""

import hashlib
import json
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any, Self

from service.people.imports import sheet_csv, sheet_xlsx
from service.people.imports.lines import ONCE, Line, LineReader, Reason
from service.people.imports.mapping import Columns, ImportMapping, find
from service.people.imports.sheet import Sheet, SheetRow
from service.problems import TooLarge

IN_MEMORY = 1 << 20
LISTED = 200
PAUSE = 1000
TOGETHER = 200
_LENGTH = 4


class Stopped(Exception):
    """Whoever asked is gone."""


def fingerprint(external_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(external_id.encode(), digest_size=8).digest(), "big")


class LineSpool:
    """Lists of values in a temporary file without a name, written once and read in their order, any number of times.

    Packed, so that they take a few times less room than they would as text. Raises TooLarge beyond `most` bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with what holds it
        self._waiting: list[Sequence[object]] = []
        self.count = 0

    def add(self, values: Sequence[object]) -> None:
        self._waiting.append(values)
        self.count += 1
        if len(self._waiting) == TOGETHER:
            self._write()

    def _write(self) -> None:
        packed = zlib.compress(json.dumps(self._waiting, separators=(",", ":")).encode(), 1)
        if self._file.tell() + _LENGTH + len(packed) > self._most:
            raise TooLarge("The file says more of people, or changes more of them, than one of its length may.")
        self._file.write(len(packed).to_bytes(_LENGTH) + packed)
        self._waiting.clear()

    def __iter__(self) -> Iterator[list[Any]]:
        if self._waiting:
            self._write()
        self._file.seek(0)
        while head := self._file.read(_LENGTH):
            yield from json.loads(zlib.decompress(self._file.read(int.from_bytes(head))))

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes on the disk, packed: of the lines of a file, and of what they change."""

    lines: int
    changes: int


# A million lines of people take less than half of it, and so do a million people who change in everything.
OF_LONG = Bounds(96 << 20, 256 << 20)


@dataclass
class Refused:
    """The lines that can not be taken: how many, and what is wrong with the first of them."""

    lines: int = 0
    reasons: list[Reason] = field(default_factory=list)

    def add(self, reasons: Sequence[Reason]) -> None:
        self.lines += 1
        self.reasons.extend(reasons[: LISTED - len(self.reasons)])


@dataclass
class Parsed:
    """A file, read.

    Attributes:
        links: whom each good line is about, and their manager (None: nobody), as fingerprints.
        named: whom the refused lines are about, as far as that could be read: they have not left.
        nameless: how many lines do not say whom they are about.
        bounds: of the spool, and of the plan that is made of it.
    """

    columns: Columns
    mapping: ImportMapping
    sheet: Sheet
    found: ImportMapping
    bounds: Bounds
    spool: LineSpool
    lines: int = 0
    links: dict[int, int | None] = field(default_factory=dict)
    named: set[int] = field(default_factory=set)
    nameless: int = 0
    refused: Refused = field(default_factory=Refused)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.spool.close()

    def good(self) -> Iterator[Line]:
        """The lines that were not refused while reading."""
        for values in self.spool:
            yield Line.unpacked(values)

    def is_about(self, who: int) -> bool:
        """Whether some line is about this person, good or bad."""
        return who in self.links or who in self.named


def parse(
    file: IO[bytes],
    *,
    workbook: bool,
    mapping: ImportMapping,
    dimensions: Sequence[str],
    encoding: str | None,
    separator: str | None,
    stopped: Callable[[], bool],
    bounds: Bounds = OF_LONG,
) -> Parsed:
    """Read the file. Raises Unreadable, HeadersRefused, Stopped, TooLarge."""
    sheet = sheet_xlsx.read(file) if workbook else sheet_csv.read(file, encoding, separator)
    columns = find(mapping, sheet.header, dimensions)
    reader = LineReader(columns, mapping, sheet.days_before, cut=not workbook)
    told = columns.told(sheet.header)
    with ExitStack() as unread:
        out = unread.enter_context(Parsed(columns, mapping, sheet, told, bounds, LineSpool(bounds.lines)))
        for row in _watched(sheet.rows, stopped):
            out.lines += 1
            line, wrong = reader.read(row)
            if line is None:
                _refuse(out, reader.identity(row), wrong)
                continue
            who = fingerprint(line.external_id)
            if out.is_about(who):
                out.refused.add([Reason(line.line, columns.at["external_id"] + 1, "external_id", ONCE)])
                continue
            out.links[who] = fingerprint(line.manager) if line.manager is not None else None
            out.spool.add(line.packed())
        unread.pop_all()  # from here on it is the caller's to close
    return out


def _watched(rows: Iterator[SheetRow], stopped: Callable[[], bool]) -> Iterator[SheetRow]:
    for number, row in enumerate(rows, 1):
        if number % PAUSE == 0 and stopped():
            raise Stopped
        yield row


def _refuse(out: Parsed, ident: str | None, wrong: list[Reason]) -> None:
    out.refused.add(wrong)
    if ident is None:
        out.nameless += 1
    else:
        out.named.add(fingerprint(ident))
