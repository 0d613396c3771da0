"""Workbooks (.xlsx), good ones and hostile ones."""

import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"


def a_workbook(rows: Sequence[Sequence[Any]], prepare: Callable[[Any, Any], None] | None = None) -> bytes:
    """One sheet with these rows; text that begins as a formula stays text."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            cell = sheet.cell(number, place, value)
            if isinstance(value, str):
                cell.data_type = "s"
    if prepare is not None:
        prepare(book, sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def altered(data: bytes, changes: Mapping[str, Callable[[bytes], bytes]]) -> bytes:
    """The same with some of its files changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name, lambda same: same)(old.read(name)))
    return out.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def claiming(files: Mapping[str, bytes], size: int) -> bytes:
    """The same, but its list says of each file that it has so many bytes."""
    data = bytearray(zipped(files))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24 : at + 28] = struct.pack("<I", size)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def of_members(number: int) -> bytes:
    """An archive whose list names so many files, all of them the same empty one; made in no time."""
    data = zipped({"x": b""})
    begin = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    listed = data[begin:end] * number
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, number, number, len(listed), begin, 0)
    return data[:begin] + listed + last
