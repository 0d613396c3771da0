"""Documents as our own JSON."""

import json

from service.kit import strict
from service.questionnaires.document import Document
from service.questionnaires.formats.report import Read, Report, Unreadable, Written

MAX_BYTES = 2 << 20


def value(data: bytes) -> object:
    """What JSON says. Raises Unreadable, also for a name that comes twice in an object, and for more than 2 MiB."""
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has more than {MAX_BYTES >> 20} MiB")
    try:
        return strict.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        pass
    raise Unreadable("the file is no JSON in UTF-8, or a name comes twice in an object")


def read(data: bytes) -> Read:
    """The document as it is: what is wrong with it is for `Document.parse` to say."""
    found = value(data)
    if not isinstance(found, dict):
        raise Unreadable("the file is no JSON object")
    return Read(found, Report())


def write(document: Document) -> Written:
    """Indented, in the order of our fields, for people."""
    return Written((json.dumps(document.as_json(), ensure_ascii=False, indent=2) + "\n").encode(), Report())


def write_canonical(document: Document) -> Written:
    """The bytes whose digest names the document."""
    return Written(document.canonical(), Report())
