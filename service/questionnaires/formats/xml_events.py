"""XML read as it streams, without a tree in memory: no document type, no entities, bounded in size and depth."""

import zlib
from collections.abc import Callable, Mapping
from typing import IO, Any, TypeVar
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from zipfile import BadZipFile

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from service.questionnaires.formats.report import Unreadable

T = TypeVar("T")
MAX_ELEMENTS = 1_000_000
MAX_DEPTH = 50
_CHUNK = 1 << 16
# What a damaged or hostile file makes the libraries raise; their texts may quote it.
_BROKEN = (
    BadZipFile, SAXException, zlib.error, OSError, EOFError, ValueError, LookupError, RuntimeError, OverflowError,
)  # fmt: skip


class Events:
    """What is told of a file, in its order; names are without their prefixes."""

    def start(self, name: str, given: Mapping[str, str]) -> None: ...

    def text(self, text: str) -> None: ...

    def end(self, name: str) -> None: ...


class _Enough(Exception):
    """The first element is reached."""


def told(reason: str, act: Callable[[], T]) -> T:
    """What `act` gives; whatever a library says against the file is this reason."""
    try:
        return act()
    except DefusedXmlException:
        reason = "the file declares a document type or entities, which are not read"
    except _BROKEN:
        pass
    # Raised out here, so that the exception does not carry the library's own, which may quote the file.
    raise Unreadable(reason)


def stream(source: IO[bytes], events: Events, *, first_only: bool = False) -> None:
    """Tell all of a file, or only look whether it declares something before its first element."""
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(_Handler(events, first_only=first_only))
    with source:
        try:
            while chunk := source.read(_CHUNK):
                parser.feed(chunk)
        except _Enough:
            return
        parser.close()


class _Handler(ContentHandler):
    def __init__(self, events: Events, *, first_only: bool) -> None:
        super().__init__()
        self._events = events
        self._first_only = first_only
        self._elements = 0
        self._depth = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the reader's names
        if self._first_only:
            raise _Enough
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise Unreadable("the file has too many elements, or is nested too deep")
        self._events.start(_bare(name), {_bare(key): value for key, value in attrs.items()})

    def characters(self, content: str) -> None:
        self._events.text(content)

    def endElement(self, name: str) -> None:  # noqa: N802
        self._depth -= 1
        self._events.end(_bare(name))


def _bare(name: str) -> str:
    return name.rpartition(":")[2]
