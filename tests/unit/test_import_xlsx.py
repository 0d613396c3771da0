"""Workbooks: what spreadsheets write, and what somebody wrote to do harm."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl.utils.datetime
import pytest
import python_calamine

from service.people.imports import sheet_xlsx, values
from service.people.imports.sheet import ERROR, FORMULA, ROUNDED, Sheet, Unreadable
from tests.make.workbooks import SHEET, a_workbook, altered

HEAD = ["matricule", "service", "entrée"]


def read(data: bytes) -> Sheet:
    return sheet_xlsx.read(io.BytesIO(data))


def rows(data: bytes) -> list[tuple[int, list[str], dict[int, str]]]:
    return [(row.line, row.cells, dict(row.odd)) for row in read(data).rows]


def test_cells_as_text() -> None:
    data = a_workbook([HEAD, ["E1", 1042, 46387], [7.5, True, "  é "], [None, None, None], [1e14, -3, None]])
    assert read(data).header.cells == HEAD
    assert rows(data) == [
        (2, ["E1", "1042", "46387"], {}),
        (3, ["7.5", "true", "é"], {}),
        (5, ["100000000000000", "-3"], {}),
    ]


def test_a_library_reads_the_same() -> None:
    """Another reader of the same format, beside ours."""
    table = [HEAD, *([f"E{number}", number * 7, f"x{number % 13}" if number % 5 else None] for number in range(300))]
    data = a_workbook(table)
    (sheet,) = (python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0),)
    theirs = [[str(int(cell)) if isinstance(cell, float) else str(cell) for cell in row] for row in sheet.to_python()]
    ours = [read(data).header.cells, *(cells for _, cells, _ in rows(data))]
    assert [[*row, "", "", ""][:3] for row in ours] == theirs


def test_days_of_both_calendars() -> None:
    def other(book: Any, _: Any) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    for prepare, before in ((None, 0), (other, 1462)):
        data = a_workbook([HEAD, ["E1", "A", date(2026, 12, 31)]], prepare)
        sheet = read(data)
        assert sheet.days_before == before
        (row,) = sheet.rows
        assert values.day(row.cells[2], days_before=sheet.days_before) == date(2026, 12, 31)


def test_formulas_errors_and_rounded_numbers_have_no_text() -> None:
    def spoil(_: Any, sheet: Any) -> None:
        sheet["A2"] = "=1+1"
        sheet["B2"] = "#REF!"
        sheet["B2"].data_type = "e"
        sheet["C2"] = 1234567890123456789

    assert rows(a_workbook([HEAD], spoil)) == [(2, [], {0: FORMULA, 1: ERROR, 2: ROUNDED})]


def test_the_last_value_of_a_formula_is_not_taken_for_one() -> None:
    data = altered(
        a_workbook([HEAD, ["E1", "A", 1]]),
        {SHEET: lambda xml: xml.replace(b"<v>1</v>", b"<f>SUM(1)</f><v>1</v>")},
    )
    assert rows(data) == [(2, ["E1", "A"], {2: FORMULA})]


@pytest.mark.parametrize(("merged", "refused"), [("A2:A3", True), ("B1:C1", True), ("C9:C9", True), ("E1:F2", False)])
def test_merged_cells_in_the_data_are_refused(merged: str, refused: bool) -> None:
    data = a_workbook([HEAD, ["E1", "A", 1], ["E2", "A", 1]], lambda _, sheet: sheet.merge_cells(merged))
    if not refused:
        assert len(rows(data)) == 2
        return
    with pytest.raises(Unreadable, match="cells are merged, the first in column"):
        rows(data)


def test_a_merged_title_above_would_be_the_header() -> None:
    data = a_workbook([["Effectifs 2026"], HEAD, ["E1", "A", 1]], lambda _, sheet: sheet.merge_cells("A1:C1"))
    with pytest.raises(Unreadable, match="merged"):
        rows(data)


def test_the_first_sheet_to_be_seen_is_read() -> None:
    def hide(book: Any, sheet: Any) -> None:
        book.create_sheet("other").append(["second"])
        sheet.sheet_state = "hidden"

    assert read(a_workbook([HEAD], hide)).header.cells == ["second"]


def unpack_as(xml: bytes) -> Callable[[bytes], bytes]:
    return lambda old: re.sub(
        rb"<sheetData>.*</sheetData>", b"<sheetData>" + xml + b"</sheetData>", old, flags=re.DOTALL
    )


def cell(reference: str, value: bytes = b"<v>1</v>", kind: str = "n") -> bytes:
    return f'<c r="{reference}" t="{kind}">'.encode() + value + b"</c>"


def row(number: int, cells: bytes) -> bytes:
    return f'<row r="{number}">'.encode() + cells + b"</row>"


FAR = row(1, cell("A1")) + row(1_048_576, cell("XFD1048576"))
HOSTILE = {
    "two cells in opposite corners": ({SHEET: unpack_as(FAR)}, "more than 200 columns"),
    "a document type": (
        {SHEET: lambda xml: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + xml.partition(b"?>\n")[2]},
        "declares a document type",
    ),
    "entities in texts": (
        {"xl/workbook.xml": lambda xml: b'<!DOCTYPE w SYSTEM "file:///etc/passwd">' + xml.partition(b"?>\n")[2]},
        "declares a document type",
    ),
    "rows backwards": (
        {SHEET: unpack_as(row(2, cell("A2")) + row(1, cell("A1")))},
        "not in their order",
    ),
    "a column twice": (
        {SHEET: unpack_as(row(1, cell("A1") + cell("A1")))}, "a column twice",
    ),
    "no such text": (
        {SHEET: unpack_as(row(1, cell("A1", b"<v>999</v>", "s")))}, "damaged",
    ),
    "a row number of no row": (
        {SHEET: unpack_as(row(2_000_000, cell("A1")))}, "not in their order",
    ),
    "not XML": ({SHEET: lambda _: b"<worksheet><sheetData>"}, "damaged"),
    "nested": ({SHEET: lambda _: b"<a>" * 100_000}, "nested too deep"),
    "no sheet": ({"xl/workbook.xml": lambda xml: re.sub(rb"<sheet .*?/>", b"", xml)}, "no sheet to be seen"),
    "a long cell": (
        {SHEET: unpack_as(row(1, cell("A1", b"<is><t>" + b"x" * 40_000 + b"</t></is>", "inlineStr")))},
        "more than 32,767 characters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workbooks(name: str) -> None:
    changes, reason = HOSTILE[name]
    with pytest.raises(Unreadable, match=reason) as told:
        rows(altered(a_workbook([["x"], HEAD]), changes))
    assert told.value.__cause__ is None


ENCODED = [b"no-such-encoding", b"idna", b"shift_jis"]


@pytest.mark.parametrize("encoding", ENCODED)
def test_an_encoding_that_no_workbook_has_is_damage(encoding: bytes) -> None:
    head = b'<?xml version="1.0" encoding="' + encoding + b'"?>'
    with pytest.raises(Unreadable, match="damaged"):
        rows(altered(a_workbook([["x"], HEAD]), {SHEET: lambda _: head + b"<worksheet/>"}))


@pytest.mark.parametrize("at", ["start", "text", "end"])
@pytest.mark.parametrize("fault", [ValueError, KeyError, RuntimeError])
def test_a_fault_of_ours_is_no_damage_of_the_file(
    at: str, fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(sheet_xlsx._Cells, at, fail)
    with pytest.raises(fault):
        rows(a_workbook([["x"], HEAD]))


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>" + b" " * 30_000_000)
    return out.getvalue()


def many() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(1001):
            archive.writestr(f"x{number}", b"")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no workbook"),
        (b"matricule;service\n", "no workbook"),
        (a_workbook([HEAD])[:-200], "no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old Excel file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (bomb(), "when it is unpacked"),
        (many(), "more than 1,000 files"),
        (a_workbook([]), "empty"),
    ],
    ids=["empty", "text", "cut", "old", "protected", "bomb", "many", "blank"],
)
def test_what_is_no_workbook(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        rows(data)
