"""Which characters a text file is written in, and what separates its columns."""

import codecs
from typing import IO

from service.people.imports.sheet import Unreadable

UTF_8, UTF_16, WINDOWS = "utf-8", "utf-16", "windows-1252"
CODECS = {
    UTF_8: "utf-8-sig",
    UTF_16: "utf-16",
    WINDOWS: "cp1252",
    "iso-8859-15": "iso8859-15",
    "macintosh": "mac-roman",
}
"""By the name that callers use. All but UTF-16 take nearly any byte: they are not guessed between."""
SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}
_CHUNK = 1 << 20
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")


def encoding_of(file: IO[bytes]) -> str:
    """By its mark where it has one; else UTF-8 where all of it is, else Windows-1252. Raises Unreadable."""
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    if head.startswith(_WORKBOOKS):
        raise Unreadable("the file is a workbook, not text: send it with the media type of .xlsx")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return UTF_16
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    found = UTF_8
    while chunk := file.read(_CHUNK):
        if b"\0" in chunk:
            raise Unreadable("the file is not text: save it as CSV in UTF-8")
        if found == UTF_8:
            found = UTF_8 if _decodes(decoder, chunk) else WINDOWS
    if found == UTF_8 and not _decodes(decoder, b"", final=True):
        found = WINDOWS
    file.seek(0)
    return found


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def separator_of(header: str) -> str:
    """The name of what stands most often between the headers, outside of quotes; a single column has any."""
    bare = "".join(part for place, part in enumerate(header.split('"')) if place % 2 == 0)
    return max(SEPARATORS, key=lambda name: bare.count(SEPARATORS[name]))
