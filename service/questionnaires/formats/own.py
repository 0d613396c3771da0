"""Documents as our own JSON."""

import json

from service.kit import strict_json
from service.questionnaires.document import Document
from service.questionnaires.formats.report import Read, Report, Unreadable, Written

MAX_BYTES = 2 << 20
_BOM = b"\xef\xbb\xbf"
_CAUSES = {
    "a name comes twice": "a name comes twice in an object",
    "not a JSON number": "NaN is no JSON, nor is Infinity",
    "too deep": "the JSON is nested too deep",
}
"""By what the decoder says of what it does not take; else it is a number that is too large."""


def value(data: bytes) -> object:
    """What JSON says. Raises Unreadable, also for a name that comes twice in an object, and for more than 2 MiB.

    It says where the file is no JSON, and repeats nothing of it.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has more than {MAX_BYTES >> 20} MiB")
    bare = data.removeprefix(_BOM)
    try:
        return strict_json.loads(bare)
    except json.JSONDecodeError as error:
        cause = f"line {error.lineno}, column {error.colno}: not JSON" if bare.strip() else "the file is empty"
    except UnicodeDecodeError as error:
        line = bare.count(b"\n", 0, error.start) + 1
        cause = f"line {line}: not UTF-8"
    except ValueError as error:
        cause = _CAUSES.get(str(error), "a number of the JSON is too large")
    # Raised out here, so that the refusal does not carry the decoder's own, which holds the file.
    raise Unreadable(cause)


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
