"""CSV in the encodings and with the separators of this world; each row knows its line."""

import io
from typing import Any

import pytest

from service.people.imports import sheet_csv
from service.people.imports.encoding import CODECS
from service.people.imports.sheet import MAX_LINES, Sheet, Unreadable, bounded

TEXT = "matricule;nom complet;service\r\nE1;Zoé Durand;Qualité\r\nE2;Œuvre;\r\n"
ROWS = [(2, ["E1", "Zoé Durand", "Qualité"]), (3, ["E2", "Œuvre", ""])]


def read(data: bytes, **given: Any) -> Sheet:
    return sheet_csv.read(io.BytesIO(data), **given)


def rows(sheet: Sheet) -> list[tuple[int, list[str]]]:
    return [(row.line, row.cells) for row in sheet.rows]


FOUND = {
    "utf-8": TEXT.encode(),
    "utf-8 with a mark": TEXT.encode("utf-8-sig"),
    "utf-16 little": b"\xff\xfe" + TEXT.encode("utf-16-le"),
    "utf-16 big": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "windows-1252": TEXT.encode("cp1252"),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_encoding_is_found(name: str) -> None:
    sheet = read(FOUND[name])
    assert name.startswith(str(sheet.encoding))
    assert sheet.header.cells == ["matricule", "nom complet", "service"]
    assert rows(sheet) == ROWS


@pytest.mark.parametrize("name", CODECS)
def test_the_encoding_may_be_said(name: str) -> None:
    text = TEXT.replace("Œ", "O") if name == "macintosh" else TEXT
    sheet = read(text.encode(CODECS[name]), encoding=name)
    assert (sheet.encoding, next(cells[1] for _, cells in rows(sheet))) == (name, "Zoé Durand")


def test_what_is_not_in_the_encoding_is_refused() -> None:
    late = b"a;b\n" + b"1;2\n" * 100_000 + "é;".encode("cp1252") + b"\n"
    with pytest.raises(Unreadable, match="not in the encoding utf-8"):
        rows(read(late, encoding="utf-8"))
    assert read(late).encoding == "windows-1252"
    assert read(b"a;b\n1;\xc3").encoding == "windows-1252"  # cut in the middle of a character
    with pytest.raises(Unreadable, match="not in the encoding windows-1252"):
        rows(read(b"a;b\n\x81;\xff\n"))
    with pytest.raises(Unreadable, match="not in the encoding utf-16"):
        rows(read(TEXT.encode("utf-16") + b"\x00"))


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolon"), (",", "comma"), ("\t", "tab")])
def test_the_separator_is_found_by_the_headers(separator: str, name: str) -> None:
    text = f'"a;,,;;\t\t\t"{separator}b{separator}c\n1{separator}2,5;{separator}"x{separator}y"\n'
    if separator != ";":
        text = text.replace("2,5;", "2.5")
    text = text.replace(f"2,5;{separator}", f'"2,5;"{separator}')
    sheet = read(text.encode())
    assert sheet.separator == name
    assert len(sheet.header.cells) == 3
    assert [len(cells) for _, cells in rows(sheet)] == [3]


def test_a_separator_may_be_said_or_declared() -> None:
    assert rows(read(b"a,b;c\n1,2;3\n", separator="comma")) == [(2, ["1", "2;3"])]
    sheet = read(b"sep=,\na;b,c\n1;2,3\n")
    assert (sheet.separator, sheet.header.line, rows(sheet)) == ("comma", 2, [(3, ["1;2", "3"])])


def test_lines_are_counted_as_an_editor_does() -> None:
    data = b'\n\na;b\n1;"two\nlines, ""quoted"""\n\n;\n3;4\r5;6\r\n7;8'
    sheet = read(data)
    assert sheet.header.line == 3
    assert rows(sheet) == [(4, ["1", 'two\nlines, "quoted"']), (8, ["3", "4"]), (9, ["5", "6"]), (10, ["7", "8"])]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n \n\t\n", "empty"),
        (b"a;b\n1;\x00\n", "not text"),
        (b"PK\x03\x04rest", "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "workbook"),
        (b'a;b\n1;2\n3;"open\n5;6\n', "line 3 can not be read"),
        (b'a;b\n1;"x"y\n', "line 2 can not be read"),
        (b'a;b\n1;"' + b"x" * 200_000 + b'"\n', "line 2 can not be read"),
        (b"a;b\n1;" + b"x" * 40_000 + b"\n", "line 2 has more than"),
        (b"a;b\n" + b";" * 300 + b"x\n", "line 2 has more than 200 columns"),
        (b"a;b\n" + b"x" * (3 << 20), "line 2 has more than 1,048,576 characters"),
    ],
)
def test_what_can_not_be_read(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        rows(read(data))


def test_no_file_has_more_lines_than_are_held() -> None:
    sheet = read(b"a\n1\n")
    (row,) = sheet.rows
    with pytest.raises(Unreadable, match="more than 1,000,000 lines"):
        sum(1 for _ in bounded(iter([row] * (MAX_LINES + 1))))
