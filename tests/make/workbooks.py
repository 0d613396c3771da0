"""Workbooks (.xlsx), good ones and hostile ones."""

import io
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
