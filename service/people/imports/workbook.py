"""A workbook (.xlsx) of any length, read as it streams: the rows of its first visible sheet, as text.

No library for spreadsheets is asked. They make a full rectangle of a sheet first: with python-calamine 0.9, two cells
in opposite corners end the whole process. They also give a formula's last value as if it were one, and tell neither
which cells hold formulas nor, while reading, which are merged. What is needed here are a dozen kinds of XML elements.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, TypeVar
from xml.parsers import expat
from zipfile import ZipFile

from service.kit import workbook
from service.kit.workbook import MAX_FILES
from service.people.imports.sheet import Unreadable

MAX_UNPACKED = 400_000_000
MAX_DEPTH = 50
MAX_TEXTS = 64_000_000
"""Bytes of the texts that cells share, which are held in memory."""
_OF_A_TEXT = 64
"""What each takes beside its characters."""
_OF_A_PLACE = 8
_CHUNK = 1 << 16
_EMPTY = sys.getsizeof("")
DAMAGED = "the workbook is damaged"
T = TypeVar("T")


def told(reason: str, act: Callable[[], T]) -> T:
    """What `act` gives; whatever a library says against the file is this reason."""
    try:
        return act()
    except workbook.BROKEN:
        pass
    # Raised out here, so that the exception does not carry the library's own, which may quote the file.
    raise Unreadable(reason)


def unpacked(file: IO[bytes]) -> ZipFile:
    """The archive, once what it claims is known to be bounded; reading never gives more than is claimed."""
    return workbook.unpacked(file, MAX_UNPACKED, Unreadable)


class Events:
    """What is told of a file, in its order; names are without their prefixes, also those of attributes."""

    def start(self, name: str, given: Mapping[str, str]) -> None: ...

    def text(self, text: str) -> None: ...

    def end(self, name: str) -> None: ...


def stream(archive: ZipFile, name: str, events: Events) -> Iterator[None]:
    """Tell all of a file of the archive, and pause from time to time. Raises Unreadable."""
    parser, is_ours = _parser(events)
    source = told(DAMAGED, lambda: archive.open(name))
    with source:
        while True:
            chunk = told(DAMAGED, lambda: source.read(_CHUNK))
            _feed(parser, chunk, is_ours)
            yield
            if not chunk:
                return


def tell(archive: ZipFile, name: str, events: Events) -> None:
    """`stream`, without the pauses."""
    for _ in stream(archive, name, events):
        pass


def _feed(parser: expat.XMLParserType, chunk: bytes, is_ours: Callable[[], bool]) -> None:
    """A fault of what is told of the file is one of ours, and is raised as it is."""
    try:
        parser.Parse(chunk, not chunk)
    except (expat.ExpatError, LookupError, ValueError):  # the latter of an encoding that the file declares
        if is_ours():
            raise
    else:
        return
    raise Unreadable(DAMAGED)


def _parser(events: Events) -> tuple[expat.XMLParserType, Callable[[], bool]]:
    """A parser; and whether it ended within our own code."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    depth, within = 0, False

    def refuse(*_: Any) -> None:
        raise Unreadable("the workbook declares a document type or entities, which are not read")

    told_start, told_text, told_end = events.start, events.text, events.end

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal depth, within
        within = True
        depth += 1
        if depth > MAX_DEPTH:
            raise Unreadable("the workbook is nested too deep")
        told_start(name.rpartition(":")[2] if ":" in name else name, given)
        within = False

    def text(text: str) -> None:
        nonlocal within
        within = True
        told_text(text)
        within = False

    def end(name: str) -> None:
        nonlocal depth, within
        within = True
        depth -= 1
        told_end(name.rpartition(":")[2] if ":" in name else name)
        within = False

    # Without a document type there are no entities but the five of XML, and nothing is fetched from anywhere.
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    return parser, lambda: within


class Book(Events):
    """Which sheets there are, and which calendar."""

    def __init__(self) -> None:
        self.is_1904 = False
        self._visible: list[str] = []

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name == "workbookPr":
            self.is_1904 = given.get("date1904", "0") in {"1", "true"}
        elif name == "sheet" and given.get("state", "visible") == "visible" and len(self._visible) < MAX_FILES:
            links = [value for key, value in given.items() if key.rpartition(":")[2] == "id" and ":" in key]
            self._visible += links[:1]

    def first(self) -> str:
        """The link to the first visible sheet."""
        if not self._visible:
            raise Unreadable("the workbook has no sheet to be seen")
        return self._visible[0]


class Links(Events):
    def __init__(self) -> None:
        self.sheets: dict[str, str] = {}
        self.texts: str | None = None

    def start(self, name: str, given: Mapping[str, str]) -> None:
        if name != "Relationship" or len(self.sheets) > MAX_FILES:
            return
        target = given.get("Target", "")
        path = target[1:] if target.startswith("/") else f"xl/{target}"
        kind = given.get("Type", "").rpartition("/")[2]
        if kind == "worksheet":
            self.sheets[given.get("Id", "")] = path
        elif kind == "sharedStrings":
            self.texts = path


class Texts(Events):
    """The texts that cells share, without the readings of Japanese ones."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] = []
        self._silent = 0
        self._inside = False
        self._left = MAX_TEXTS

    def start(self, name: str, given: Mapping[str, str]) -> None:
        del given
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._silent += 1
        self._inside = name == "t" and not self._silent

    def text(self, text: str) -> None:
        if self._inside:
            self._take(sys.getsizeof(text) - _EMPTY + _OF_A_TEXT)
            self._parts.append(text)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise Unreadable(f"the workbook has more than {MAX_TEXTS // 1_000_000} MB of texts")

    def end(self, name: str) -> None:
        self._inside = False
        if name == "rPh":
            self._silent -= 1
        elif name == "si":
            self._take(_OF_A_PLACE)
            self.texts.append("".join(self._parts).strip())
