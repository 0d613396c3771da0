"""Files that want to do harm, or are damaged: one refusal, in our words, without anything of the file."""

import io
import json
import struct
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.formats import choose, workbook, workbook_write, xml_events
from service.questionnaires.formats.report import Unreadable
from tests.make.hangs import HANGS_S

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "questionnaires"
FILES = {path.name: path.read_bytes() for path in sorted(SAMPLES.iterdir()) if path.is_file()}
CANARY = "zqcanaryzq"
HEAD = ["type", "name", "label"]


def refusal(data: bytes, kind: Any = "auto") -> str:
    """Why a file is refused; and that it is refused soon."""
    before = time.process_time()
    with pytest.raises(Unreadable) as caught:
        choose.read(data, kind)
    assert time.process_time() - before < HANGS_S
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return str(caught.value)


def book(*rows: list[str], **others: list[list[str]]) -> bytes:
    return workbook_write.write({"survey": [HEAD, *rows], **others})


def repacked(data: bytes, changed: dict[str, bytes]) -> bytes:
    """The same archive with other content for some of its files, or with more of them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in dict.fromkeys([*old.namelist(), *changed]):
            new.writestr(name, changed[name] if name in changed else old.read(name))
    return out.getvalue()


def sheet(body: str) -> bytes:
    """A survey sheet with this inside its rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return repacked(
        book(["text", "q", "Q"]),
        {"xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'.encode()},
    )


SURVEY = "".join(
    f'<c r="{column}1" t="inlineStr"><is><t>{head}</t></is></c>' for column, head in zip("ABC", HEAD, strict=True)
)


class TestWorkbooks:
    def test_one_of_five_megabytes_is_refused_by_its_size(self) -> None:
        assert "2 MiB" in refusal(b"PK" + bytes(5_000_000))

    def test_a_bomb_is_refused_before_it_is_unpacked(self) -> None:
        assert "20 MB" in refusal(repacked(book(["text", "q", "Q"]), {"xl/worksheets/sheet1.xml": bytes(30_000_000)}))

    def test_a_small_bomb_is_told_by_how_much_it_shrank(self) -> None:
        assert "unpacked" in refusal(repacked(book(["text", "q", "Q"]), {"xl/media/a.bin": bytes(6_000_000)}))

    def test_many_small_files_are_refused(self) -> None:
        assert "1,000 files" in refusal(repacked(book(["text", "q", "Q"]), {f"x{n}": b"" for n in range(1_001)}))

    def test_a_size_that_lies_does_not_help(self) -> None:
        data = bytearray(repacked(book(["text", "q", "Q"]), {"xl/worksheets/sheet1.xml": b" " * 3_000_000}))
        name = data.rindex(b"xl/worksheets/sheet1.xml") - 46  # of the directory at the end
        assert data[name : name + 4] == b"PK\x01\x02"
        data[name + 24 : name + 28] = struct.pack("<I", 100)
        assert "damaged" in refusal(bytes(data))

    @pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "docProps/unused.xml"])
    @pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
    def test_a_document_type_is_refused_wherever_it_stands(self, part: str, coding: str) -> None:
        hostile = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e SYSTEM "file:///{CANARY}">]><a>&e;</a>'
        assert "entities" in refusal(repacked(book(["text", "q", "Q"]), {part: hostile.encode(coding)}))

    def test_more_rows_than_the_limit(self) -> None:
        rows = [["note", f"n{number}", "N"] for number in range(5_001)]
        assert "5,000 rows" in refusal(book(["text", "q", "Q"], *rows))

    def test_more_columns_than_the_limit(self) -> None:
        assert "100 columns" in refusal(book(["text", "q", "Q", *[""] * 97, CANARY]))

    def test_empty_rows_and_columns_count_for_nothing(self) -> None:
        row = '<row r="{}"><c r="{}{}" t="inlineStr"><is><t>{}</t></is></c><c r="XFD7"/></row>'
        cells = [row.format(900_000, "A", 900_000, "text"), '<row r="1048576"/>']
        found = choose.read(sheet(f'<row r="1">{SURVEY}</row>{"".join(cells)}'))
        assert len(found.document["items"]) == 1

    def test_a_row_further_down_than_a_spreadsheet_has(self) -> None:
        cell = '<c t="inlineStr"><is><t>text</t></is></c>'
        assert "rows" in refusal(sheet(f'<row r="1">{SURVEY}</row><row r="99999999">{cell}</row>'))

    def test_one_long_text_in_many_cells(self) -> None:
        shared = f"<sst><si><t>{'x' * 32_000}</t></si></sst>".encode()
        cell = '<c t="s"><v>0</v></c>'
        cells = "".join(f'<row r="{row}">{cell * 90}</row>' for row in range(2, 100))
        data = repacked(sheet(f'<row r="1">{SURVEY}</row>{cells}'), {"xl/sharedStrings.xml": shared})
        assert "characters" in refusal(data)

    def test_a_cell_longer_than_a_cell_may_be(self) -> None:
        assert "32,767" in refusal(book(["text", "q", "x" * 32_768]))

    def test_a_shared_text_that_is_not_there_is_blank(self) -> None:
        data = sheet(f'<row r="1">{SURVEY}</row><row r="2"><c r="A2" t="s"><v>7</v></c></row>')
        assert "no question" in refusal(data)

    def test_xml_nested_too_deep(self) -> None:
        assert "nested" in refusal(sheet("<row>" * 60 + "</row>" * 60))

    @pytest.mark.uncounted  # a million times the same lines
    def test_too_many_elements(self) -> None:
        with pytest.raises(Unreadable, match="elements"):
            xml_events.stream(io.BytesIO(b"<a>" + b"<b/>" * 1_000_000 + b"</a>"), xml_events.Events())

    def test_a_password(self) -> None:
        data = bytearray(book(["text", "q", "Q"]))
        for at in (at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02"):
            data[at + 8] |= 1
        assert "password" in refusal(bytes(data))

    def test_an_archive_that_is_no_workbook(self) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(CANARY, CANARY)
        assert "damaged" in refusal(out.getvalue())
        assert "survey" in refusal(workbook_write.write({CANARY: [HEAD]}))
        assert "type" in refusal(workbook_write.write({"survey": [["name"], [CANARY]]}))

    def test_formulas_are_not_read(self) -> None:
        cell = '<c r="{}2" t="{}"{}</c>'
        cells = [
            cell.format("A", "inlineStr", "><is><t>text</t></is>"),
            cell.format("B", "inlineStr", "><is><t>q</t></is>"),
            cell.format("C", "str", f"><f>WEBSERVICE()</f><v>{CANARY}</v>"),
        ]
        found = choose.read(sheet(f'<row r="1">{SURVEY}</row><row r="2">{"".join(cells)}</row>'))
        assert CANARY not in json.dumps(found.document)
        assert ("q", "lost", "holds a formula, which is not computed: its cell is taken as blank") in list(found.report)


class TestTooMuch:
    """10,000 questions, or 200 languages, in each format."""

    def test_questions(self) -> None:
        rows = [["text", f"q{number}", "Q"] for number in range(301)]
        assert "300" in refusal(book(*rows))
        survey = {"elements": [{"type": "comment", "name": f"q{number}"} for number in range(10_000)]}
        assert "300" in refusal(json.dumps(survey).encode())
        assert "5,000" in refusal(json.dumps(survey).replace("comment", "file").encode())
        assert "300" in refusal(lss(questions=10_000))

    def test_our_own_items_are_a_fault(self) -> None:
        found = choose.read(json.dumps({"format": "pouls/1", "items": [{}] * 10_000}).encode())
        with pytest.raises(DocumentRefused) as caught:
            Document.parse(found.document)
        assert ("/items", "must have at most 300 entries") in caught.value.faults

    def test_languages(self) -> None:
        names = [f"{one}{two}" for one in "abcdefghijklmn" for two in "abcdefghijklmno"][:200]
        heads = ["type", "name", *(f"label::{name} ({name})" for name in names[:97])]
        assert "97 languages" in refusal(workbook_write.write({"survey": [heads, ["text", "q", "Q"]]}))
        survey = {"title": dict.fromkeys(names, "x"), "elements": [{"type": "comment", "name": "q"}]}
        assert "200 languages" in refusal(json.dumps(survey).encode())
        assert "200 languages" in refusal(lss(questions=1, languages=names))

    def test_answers_of_one_question_are_cut_and_reported(self) -> None:
        choices = [["list_name", "name", "label"], *(["l", f"c{number}", f"C {number}"] for number in range(60))]
        found = choose.read(book(["select_one l", "q", "Q"], choices=choices))
        assert len(found.document["items"][0]["options"]) == 50
        assert ("l", "lost", "has 60 answers; those after the first 50 are left out") in list(found.report)
        survey = {"elements": [{"type": "dropdown", "name": "q", "choices": list(range(60))}]}
        found = choose.read(json.dumps(survey).encode())
        assert len(found.document["items"][0]["options"]) == 50
        assert any("60 answers" in entry.reason for entry in found.report)

    def test_more_to_tell_than_anyone_reads_is_counted(self) -> None:
        found = choose.read(book(["text", "q", "Q"], *(["note", f"n{number}", "N"] for number in range(3_000))))
        entries = list(found.report)
        assert len(entries) == len(found.report) == 2_001
        assert entries[-1].reason == "holds 1,003 more things that are lost or changed, not named here"

    @pytest.mark.parametrize(
        "words",
        ["<br" + " " * 20_000, "{" + " " * 1_990, "a" + " " * 20_000 + "b", "((" * 10_000, "a" * 20_000 + "("],
        ids=lambda words: words[:3],
    )
    def test_words_that_take_long_to_look_at(self, words: str) -> None:
        """Many times, since their cost would grow with the square of their length."""
        survey = {
            "elements": [{"type": "comment", "name": f"q{at}", "title": words, "visibleIf": words} for at in range(40)]
        }
        rows = [["text", f"q{at}", words, words] for at in range(40)]
        workbook_of_them = workbook_write.write({"survey": [["type", "name", "label", "relevant"], *rows]})
        old = lss(40, text=f"<![CDATA[{words}]]>").replace(
            b"</title>", f"</title><relevance><![CDATA[{words}]]></relevance>".encode()
        )
        for data in (json.dumps(survey).encode(), workbook_of_them, old):
            before = time.process_time()
            assert len(choose.read(data).document["items"]) == 40
            assert time.process_time() - before < HANGS_S

    def test_a_condition_without_end(self) -> None:
        for relevant in ("(" * 5_000, "not " * 5_000, "${q} = '1' or " * 300 + "${q} = '1'", "-" * 30_000):
            data = workbook_write.write(
                {
                    "survey": [
                        ["type", "name", "label", "relevant"],
                        ["text", "q", "Q", ""],
                        ["text", "r", "R", relevant],
                    ]
                }
            )
            found = choose.read(data)
            assert "visible_if" not in found.document["items"][1]
            assert any(entry.place == "r" and "everybody" in entry.reason for entry in found.report)

    def test_markup_without_end(self) -> None:
        survey = {"elements": [{"type": "comment", "name": "q", "title": "<b>" * 400_000 + "end"}]}
        before = time.process_time()
        found = choose.read(json.dumps(survey).encode())
        assert time.process_time() - before < HANGS_S
        assert any("rest is left out" in entry.reason for entry in found.report)

    def test_panels_inside_panels(self) -> None:
        inner: dict[str, Any] = {"type": "comment", "name": "q"}
        for _ in range(40):
            inner = {"type": "panel", "elements": [inner]}
        assert "panels" in refusal(json.dumps({"elements": [inner]}).encode())

    def test_json_without_end(self) -> None:
        assert "JSON" in refusal(b'{"elements":' + b"[" * 100_000)
        assert "2 MiB" in refusal(b'{"a":"' + bytes(3 << 20))
        assert "comes twice" in refusal(b'{"a":1,"a":2}')


def lss(questions: int = 1, languages: list[str] | None = None, before: str = "", text: str = "Q") -> bytes:
    rows = "".join(
        f"<row><qid>{at}</qid><gid>1</gid><type>T</type><title>q{at}</title><question>{text}</question></row>"
        for at in range(1, questions + 1)
    )
    named = "".join(f"<language>{name}</language>" for name in languages or ["fr"])
    groups = "<groups><rows><row><gid>1</gid></row></rows></groups>"
    return (
        f"{before}<document><languages>{named}</languages>{groups}<questions><rows>{rows}</rows></questions></document>"
    ).encode()


class TestLimeSurvey:
    LAUGHS = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'

    @pytest.mark.parametrize(
        "before",
        [
            LAUGHS,
            f'<!DOCTYPE d [<!ENTITY a SYSTEM "file:///{CANARY}">]>',
            f'<!DOCTYPE d SYSTEM "http://{CANARY}.example/a.dtd">',
            f'<!DOCTYPE d [<!ENTITY % p SYSTEM "http://{CANARY}.example/"> %p;]>',
        ],
    )
    def test_a_document_type_is_refused(self, before: str) -> None:
        assert "entities" in refusal(lss(before=before, text="&a;"))

    def test_what_is_no_survey_is_refused(self) -> None:
        assert "damaged" in refusal(lss()[:-20])
        assert "no LimeSurvey survey" in refusal(b"<html><body/></html>")
        assert "2 MiB" in refusal(b"<document>" + b" " * (3 << 20))
        assert "rows" in refusal(lss().replace(b"<rows>", b"<rows>" + b"<row/>" * 60_000))
        group = lss().replace(b"<languages>", b"<LimeSurveyDocType>Group</LimeSurveyDocType><languages>")
        assert "whole survey" in refusal(group)

    def test_a_script_in_a_label_becomes_nothing(self) -> None:
        found = choose.read(lss(text="<![CDATA[Vos <b>idées</b><script>alert(1)</script> &lt;3]]>"))
        assert found.document["items"][0]["text"] == {"fr": "Vos idées <3"}


@pytest.mark.parametrize(
    "data", [b"", b" ", b"%PDF-1.7", b"\xd0\xcf\x11\xe0", b"type,name\ntext,q", b"\xff\xfe\x00", b"[]"]
)
def test_what_is_in_no_format(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize("kind", ["xlsform", "lss", "surveyjs", "json"])
def test_a_file_said_to_be_in_another_format(kind: str) -> None:
    for data in FILES.values():
        if choose.told(data) not in {kind, "surveyjs"}:
            refusal(data, kind)


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def looked_at(data: bytes, kind: Any) -> None:
    """It is refused, or becomes a document that can be sent and judged."""
    try:
        found = choose.read(data, kind)
    except Unreadable:
        return
    json.dumps(found.document, allow_nan=False)
    with suppress(DocumentRefused):
        Document.parse(found.document)


@FUZZ
@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_file_cut_off_or_altered_raises_nothing_else(name: str, data: st.DataObject) -> None:
    whole = bytearray(FILES[name])
    kind = choose.told(bytes(whole))
    for _ in range(data.draw(st.integers(0, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(whole))) if data.draw(st.booleans()) else len(whole)
    looked_at(bytes(whole[:end]), kind)


@FUZZ
@given(st.sampled_from([name for name in sorted(FILES) if name.endswith(".xlsx")]), st.data())
def test_altered_xml_inside_a_workbook_raises_nothing_else(name: str, data: st.DataObject) -> None:
    with zipfile.ZipFile(io.BytesIO(FILES[name])) as archive:
        part = data.draw(st.sampled_from([part for part in archive.namelist() if part.startswith("xl/")]))
        text = bytearray(archive.read(part))
    at = data.draw(st.integers(0, len(text) - 1))
    size = data.draw(st.integers(0, 40))
    text[at : at + size] = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"<c>", b"</row>", b'r="A0"', b"<f/>", b"&a;"])
    )
    looked_at(repacked(FILES[name], {part: bytes(text)}), "xlsform")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [steps, *(place for key, one in inner for place in places(one, (*steps, key)))]


@FUZZ
@given(st.sampled_from([name for name in sorted(FILES) if name.endswith(".json")]), st.data())
def test_any_value_in_the_place_of_another_raises_nothing_else(name: str, data: st.DataObject) -> None:
    survey = json.loads(FILES[name])
    *steps, last = data.draw(st.sampled_from([place for place in places(survey) if place]))
    target = survey
    for step in steps:
        target = target[step]
    target[last] = data.draw(JSON)
    looked_at(json.dumps(survey).encode(), "surveyjs")


def test_limits_are_what_the_documentation_says() -> None:
    assert (workbook.MAX_BYTES, workbook.MAX_UNPACKED, workbook.MAX_COLUMNS) == (2 << 20, 20_000_000, 100)
