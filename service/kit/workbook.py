"""What a workbook (.xlsx) of somebody else's may be: an archive that is judged by its own list before it is unpacked.

What the list claims can not be exceeded later: reading a file of the archive ends where the list says that it ends.
"""

from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - a class, whatever the library calls it

MAX_RATIO = 200
"""Unpacked over packed, of what is large: text that somebody wrote does not shrink so far."""
RATIO_FROM = 5_000_000
MAX_FILES = 1_000
MAX_LIST = 1 << 20
"""Bytes of the list, which is read in one piece, into objects ten times its size; a thousand files take a tenth."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of older office programs begin, and newer ones that a password protects."""
BROKEN = (BadZipFile, ZlibError, OSError, EOFError, ValueError, LookupError, RuntimeError, OverflowError)
"""What the library raises of a damaged or hostile archive; its texts may quote it."""
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_OF_OLE = 2 << 20
_NONE = "the file is no workbook (.xlsx), or it is damaged"
_LOCKED = "the workbook is protected by a password"
_MANY = f"the workbook consists of more than {MAX_FILES:,} files"


def unpacked(file: IO[bytes], most: int, refusal: type[Exception]) -> ZipFile:
    """The archive, if all its files together have no more than `most` bytes unpacked. Raises `refusal`, and why."""
    file.seek(0)
    if file.read(len(OLE)) == OLE:
        old = "the file is an old Excel file (.xls): save it as .xlsx"
        raise refusal(_LOCKED if _PROTECTED in file.read(_OF_OLE) else old)
    archive, reason = _opened(file)
    if archive is not None:
        reason = _wrong(archive.infolist(), most)
    # Raised out here, so that the exception does not carry the library's own, which may quote the file.
    if archive is None or reason:
        raise refusal(reason)
    return archive


def _opened(file: IO[bytes]) -> tuple[ZipFile | None, str]:
    try:
        return ZipFile(_InPieces(file)), ""
    except _LongList:
        return None, _MANY
    except BROKEN:
        return None, _NONE


def _wrong(files: list[ZipInfo], most: int) -> str:
    if len(files) > MAX_FILES:
        return _MANY
    if sum(file.file_size for file in files) > most or any(map(_bomb, files)):
        return f"the workbook has more than {most // 1_000_000} MB when it is unpacked"
    if any(file.flag_bits & 1 for file in files):
        return _LOCKED
    if any(file.compress_type not in {ZIP_STORED, ZIP_DEFLATED} for file in files):
        return _NONE
    return ""


def _bomb(file: ZipInfo) -> bool:
    return file.file_size > RATIO_FROM and file.file_size > MAX_RATIO * max(file.compress_size, 1)


class _LongList(Exception):
    """The archive's list is longer than that of a workbook."""


class _InPieces:
    """A file that is read in pieces of bounded length. The library takes the list's length from the file itself."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size if 0 <= size <= MAX_LIST else MAX_LIST + 1)
        if len(data) > MAX_LIST:
            raise _LongList
        return data
