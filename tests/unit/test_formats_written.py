"""What we write: workbooks that people edit, and pages for paper."""

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from pyxform.xls2xform import convert

from service.questionnaires import schema
from service.questionnaires.document import Document
from service.questionnaires.formats import printable, workbook_write, xlsform_read, xlsform_write
from service.questionnaires.formats.report import Read

HOSTILE = "</style><script>alert('x')</script> & \"quotes\""


def both(french: str, english: str) -> dict[str, str]:
    return {"fr": french, "en": english}


def document(**changed: Any) -> Document:
    """The published example, with more kinds of items."""
    raw = {**schema.EXAMPLE, **changed}
    return Document.parse(raw)


def rich() -> Document:
    options = [{"id": name, "text": both(f"Le {name}", f"The {name}")} for name in ("time", "place", "people")]
    items = [
        *(item | {"required": item["id"] == "work_place"} for item in schema.EXAMPLE["items"]),
        {"id": "enps", "type": "enps", "text": both("Recommanderiez-vous ?", "Recommend it?"), "required": True},
        {"id": "wish", "type": "ranking", "text": both("Classez", "Rank"), "options": options, "max_ranks": 2},
        {
            "id": "lacks", "type": "multiple_choice", "text": both("Que manque-t-il ?", "What is missing?"),
            "options": options, "max_choices": 2, "visible_if": {"not": {"item": "enps", "at_least": 9}},
        },
        {
            "id": "more", "type": "text", "text": both("Où ({{work_place|ici}}) ?", "Where ({{work_place|here}})?"),
            "sensitive": True, "visible_if": {"any": [
                {"item": "work_place", "is": ["office", "home"]}, {"item": "enps", "at_least": 3, "at_most": 5},
            ]},
        },
    ]  # fmt: skip
    more = {"id": "rest", "items": ["wish", "lacks", "more"], "order": "random"}
    sections = [*schema.EXAMPLE["sections"], {"id": "about", "items": ["enps"]}, more]
    return document(items=items, sections=sections)


def cells(data: bytes, name: str) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(io.BytesIO(data))[name].iter_rows(values_only=True)
    heads = next(rows)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def edited(written: bytes, name: str, column: str, old: str, new: str | None) -> Read:
    """The workbook read again after a person changed one cell in a spreadsheet program."""
    book = openpyxl.load_workbook(io.BytesIO(written))
    heads = [cell.value for cell in book[name][1]]
    at = heads.index(column) + 1
    found = [row for row in range(2, book[name].max_row + 1) if book[name].cell(row, at).value == old]
    assert found
    book[name].cell(found[0], at).value = new
    out = io.BytesIO()
    book.save(out)
    return xlsform_read.read(out.getvalue())


CATALOGUE = sorted((Path(schema.__file__).parent / "catalogue").glob("*.json"))


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_a_questionnaire_of_the_catalogue_is_a_form_and_comes_back(path: Path) -> None:
    whole = Document.parse(json.loads(path.read_text(encoding="utf-8")))
    written = xlsform_write.write(whole)
    made = convert(io.BytesIO(written.data), file_type=".xlsx", validate=False)
    assert made.warnings == []
    assert all(f"/{item.id}" in made.xform for item in whole.items)
    found = xlsform_read.read(written.data)
    assert list(found.report) == []
    assert Document.parse(found.document).digest() == whole.digest()


class TestXlsForm:
    def test_the_rows_are_those_of_an_xlsform(self) -> None:
        rows = {row["name"]: row for row in cells(xlsform_write.write(rich()).data, "survey") if row["name"]}
        assert rows["week"] | {"type": "begin_group", "appearance": "table-list"} == rows["week"]
        assert rows["pace_was_kept"]["type"] == rows["goals_were_clear"]["type"] == "select_one pace_was_kept"
        assert rows["commute"]["type"] == "integer"
        assert rows["commute"]["constraint"] == ". >= 0 and . <= 240"
        assert rows["commute"]["relevant"] == "${work_place} = 'office'"
        assert rows["wish"]["type"] == "rank wish"
        assert rows["lacks"]["type"] == "select_multiple wish"  # the same answers, so the same list
        assert rows["lacks"]["constraint"] == "count-selected(.) <= 2"
        assert rows["lacks"]["relevant"] == "not(${enps} >= 9)"
        assert rows["more"]["relevant"] == (
            "(${work_place} = 'office' or ${work_place} = 'home') or (${enps} >= 3 and ${enps} <= 5)"
        )
        assert rows["more"]["label::Français (fr)"] == "Où (ici) ?"
        assert rows["_support_1"]["label::English (en)"].startswith("Occupational doctor\nFor contact")

    def test_what_other_tools_will_not_do_is_reported(self) -> None:
        told = {(entry.place, entry.severity) for entry in xlsform_write.write(rich()).report}
        assert told == {("wish", "changed"), ("more", "changed"), ("rest", "changed"), ("scales", "changed")}

    def test_a_condition_too_long_for_a_cell_is_reported(self) -> None:
        fact = {"item": "work_place", "is": ["office"] * 50}
        long = {"any": [{"all": [{"any": [fact] * 20}] * 20}] * 2}
        items = [*schema.EXAMPLE["items"][:-1], schema.EXAMPLE["items"][-1] | {"visible_if": long}]
        written = xlsform_write.write(document(items=items))
        assert ("commute", "lost") in {(entry.place, entry.severity) for entry in written.report}
        assert "visible_if" not in xlsform_read.read(written.data).document["items"][-1]

    def test_the_same_document_gives_the_same_bytes(self) -> None:
        assert xlsform_write.write(rich()).data == xlsform_write.write(rich()).data

    def test_saved_by_a_spreadsheet_program_it_is_still_the_same(self) -> None:
        found = edited(xlsform_write.write(rich()).data, "settings", "form_id", "week_in_short", "week_in_short")
        assert Document.parse(found.document) == rich()
        assert list(found.report) == []

    def test_an_edited_label_counts(self) -> None:
        found = edited(xlsform_write.write(rich()).data, "survey", "label::Français (fr)", "Où (ici) ?", "Où donc ?")
        more = Document.parse(found.document).items[-1]
        assert more.text == both("Où donc ?", "Where (here)?")
        assert more.sensitive
        assert [(entry.place, entry.severity) for entry in found.report] == [("more", "changed")]

    def test_an_edited_condition_counts(self) -> None:
        found = edited(
            xlsform_write.write(rich()).data, "survey", "relevant", "not(${enps} >= 9)", "${enps} > 6 and ${enps} < 9"
        )
        lacks = Document.parse(found.document).as_json()["items"][-2]
        assert lacks["visible_if"] == {"all": [{"item": "enps", "at_least": 7}, {"item": "enps", "at_most": 8}]}

    def test_a_condition_taken_out_is_gone(self) -> None:
        found = edited(xlsform_write.write(rich()).data, "survey", "relevant", "not(${enps} >= 9)", None)
        assert "visible_if" not in found.document["items"][-2]

    def test_an_edited_title_counts_and_its_translations_do_not(self) -> None:
        found = edited(xlsform_write.write(rich()).data, "settings", "form_title", "La semaine en bref", "Ma semaine")
        assert found.document["title"] == both("Ma semaine", "Ma semaine")
        assert {entry.place for entry in found.report} == {"settings"}

    def test_a_form_may_ask_for_enps_as_a_number(self) -> None:
        """In a column of ours, since nothing else tells it from any other number."""
        heads = ["type", "name", "label", "constraint", "pouls_type", "relevant"]
        rows = [
            ["integer", "a", "A", ". >= 0 and . <= 10", "enps", ""],
            ["range", "b", "B", "", "enps", ""],
            ["integer", "c", "C", ". >= 0 and . <= 10", "", "${a} >= 9"],
        ]
        rows[1].append("start=0 end=10")
        found = xlsform_read.read(workbook_write.write({"survey": [[*heads, "parameters"], *rows]}))
        assert [item["type"] for item in found.document["items"]] == ["enps", "enps", "number"]
        assert found.document["items"][2]["visible_if"] == {"item": "a", "at_least": 9}

    def test_a_field_that_is_none_is_reported(self) -> None:
        found = edited(xlsform_write.write(rich()).data, "pouls", "pointer", "/scales/0/id", "/scales/9/id")
        assert any(entry.place.startswith("pouls, row") and entry.severity == "lost" for entry in found.report)


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data if "style" not in self.open else ""


class TestPrintable:
    def test_a_page_holds_everything_in_one_language(self) -> None:
        written = printable.write(rich(), "en")
        page = Page(written.data.decode())
        assert page.open == []
        assert ("lang", "en") in page.attributes
        for item in rich().items:
            words = item.text["en"].replace("{{work_place|here}}", "here")
            assert words in page.words
        for words in ("The week in short", "This week", "Occupational doctor", "Completely", "At most 2 answers"):
            assert words in page.words
        assert "Number your first 2 choices" in page.words
        assert "A whole number from 0 to 240" in page.words
        assert "only in this case: question 4, answer “On site”" in page.words
        assert "it is not so that (question 6, answer 9 or more)" in page.words
        assert page.words.count("I prefer not to answer") == 1
        assert "Réponse" not in page.words
        assert page.tags.count("table") == 1
        assert page.tags.count("fieldset") == len(rich().items) - 3

    def test_what_paper_can_not_do_is_reported(self) -> None:
        assert [(entry.place, entry.severity) for entry in printable.write(rich(), "fr").report] == [
            ("rest", "changed"), ("more", "changed"),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("asked", "spoken"), [("fr", "fr"), ("en", "en"), ("fr-CA", "fr"), ("de", "fr"), (None, "fr")]
    )
    def test_the_language_is_the_one_asked_for_or_the_first(self, asked: str | None, spoken: str) -> None:
        assert ("lang", spoken) in Page(printable.write(rich(), asked).data.decode()).attributes

    def test_words_of_the_page_in_a_language_that_it_does_not_speak(self) -> None:
        raw = {"format": "pouls/1", "key": "k", "languages": ["ar"], "title": {"ar": "x"},
               "items": [{"id": "q", "type": "number", "text": {"ar": "y"}, "minimum": 0, "maximum": 1}]}  # fmt: skip
        written = printable.write(Document.parse(raw))
        assert ("dir", "rtl") in Page(written.data.decode()).attributes
        assert [entry.place for entry in written.report] == ["ar"]

    def test_nothing_of_a_document_is_markup(self) -> None:
        raw = schema.EXAMPLE | {"title": both(HOSTILE, HOSTILE), "introduction": both(HOSTILE, HOSTILE)}
        raw["items"] = [
            item
            | {"text": both(HOSTILE, HOSTILE)}
            | ({"labels": {"1": both(HOSTILE, HOSTILE)}} if "points" in item else {})
            for item in schema.EXAMPLE["items"]
        ]
        raw["items"][3] = raw["items"][3] | {
            "options": [{"id": one, "text": both(HOSTILE, HOSTILE)} for one in ("office", "home")]
        }
        raw["support"] = [
            {"name": both(HOSTILE, HOSTILE), "detail": both(HOSTILE, HOSTILE), "url": "https://a.b/?<b>\"'"}
        ]
        text = printable.write(Document.parse(raw), "fr").data.decode()
        page = Page(text)
        assert page.open == []
        assert "script" not in page.tags
        assert page.words.count(HOSTILE) > 8
        assert not any(name.startswith("on") or name in {"src", "href"} for name, _ in page.attributes)
        assert re.search(r"""content="default-src 'none'; style-src 'unsafe-inline'\"""", text)
