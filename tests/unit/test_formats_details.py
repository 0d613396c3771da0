"""Single things of foreign files, each with what becomes of it and what is said of it."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from service.questionnaires.formats import choose, workbook_write
from service.questionnaires.formats.report import MAX_PLACE, Read, shown
from service.questionnaires.formats.tags import tag_of
from service.questionnaires.formats.xlsform_cells import put

HEAD = ["type", "name", "label"]
LIKERT = [["likert4", str(point), label] for point, label in enumerate(("No", "Rather not", "Rather", "Yes"), 1)]
PLACES = [["places", "a", "A"], ["places", "b", "B"]]


def form(*rows: list[str], more: tuple[str, ...] = (), **others: list[list[str]]) -> Read:
    """What an XLSForm of these rows becomes; the columns after the label are those of `more`."""
    choices = [["list_name", "name", "label"], *LIKERT, *PLACES]
    return choose.read(workbook_write.write({"survey": [[*HEAD, *more], *rows], "choices": choices, **others}))


def survey(*elements: dict[str, Any], **more: Any) -> Read:
    """What a SurveyJS survey of these elements becomes."""
    return choose.read(json.dumps({"locale": "fr", "title": "T", "elements": elements, **more}).encode())


def old(*rows: dict[str, str], **tables: list[dict[str, str]]) -> Read:
    """What a LimeSurvey survey of these questions, in one group, becomes."""
    questions = [
        {"qid": str(at), "gid": "1", "title": f"q{at}", "question": "Q"} | row for at, row in enumerate(rows, 1)
    ]
    every = {"groups": [{"gid": "1", "group_name": "G"}], "questions": questions, **tables}
    body = "".join(
        f"<{name}><rows>{''.join(f'<row>{_cells(row)}</row>' for row in found)}</rows></{name}>"
        for name, found in every.items()
    )
    return choose.read(f"<document><languages><language>fr</language></languages>{body}</document>".encode())


def _cells(row: dict[str, str]) -> str:
    return "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in row.items())


POSITIVE = "is a rating here whose last point counts as the most positive: set reverse where it does not"
NO_SCALE = "is a choice here: nothing says that its numbers are a scale"


def of_reason(found: Read, reason: str) -> list[str]:
    """The places of which this is said, as a change."""
    return [entry.place for entry in found.report if (entry.severity, entry.reason) == ("changed", reason)]


def told(found: Read, place: str, words: str) -> bool:
    return any(entry.place == place and words in entry.reason for entry in found.report)


class TestXlsForm:
    @pytest.mark.parametrize(
        ("constraint", "bounds"),
        [
            (". >= 1 and . <= 9", (1, 9)),
            (".>0 and .<10", (1, 9)),
            ("(. <= 9) and (. >= 1)", (1, 9)),
            (". > 0.5 and . < 9.5", (1, 9)),
            (". >= 1", (1, 32_000)),
            (". <= 99999", (-32_000, 32_000)),
            ("", (-32_000, 32_000)),
        ],
    )
    def test_bounds_of_a_number(self, constraint: str, bounds: tuple[int, int]) -> None:
        item = form(["integer", "n", "N", constraint], more=("constraint",)).document["items"][0]
        assert (item["minimum"], item["maximum"]) == bounds

    def test_a_constraint_that_is_no_limit_is_reported(self) -> None:
        for kind, constraint in (
            ("integer", ". mod 2 = 0"),
            ("text", "regex(., 'a')"),
            ("text", "string-length(.) <= 9999"),
        ):
            found = form([kind, "n", "N", constraint], more=("constraint",))
            assert told(found, "n", "constraint is not kept") or told(found, "n", "limit that is none")

    def test_a_scale_is_told_by_its_look_its_list_or_its_grid(self) -> None:
        rows = [
            ["select_one likert4", "by_list", "Q", ""],
            ["select_one nominal", "by_look", "Q", "likert"],
            ["begin_group", "grid", "G", "table-list"],
            ["select_one nominal", "by_grid", "Q", ""],
            ["end_group", "", "", ""],
            ["select_one nominal", "none", "Q", ""],
        ]
        nominal = [["nominal", str(at), f"N{at}"] for at in (1, 2, 3)]
        choices = [["list_name", "name", "label"], *LIKERT, *nominal]
        found = form(*rows, more=("appearance",), choices=choices)
        assert [item["type"] for item in found.document["items"]] == ["rating", "rating", "rating", "single_choice"]
        assert told(found, "none", "nothing says that its numbers are a scale")

    def test_of_each_rating_is_told_which_end_is_positive(self) -> None:
        words = ("Strongly agree", "Agree", "Neither", "Disagree", "Strongly disagree")
        agree = [["agree5", str(point), label] for point, label in enumerate(words, 1)]
        choices = [["list_name", "name", "label"], *agree, *PLACES]
        rows = [
            ["select_one agree5", "by_list", "Q", "", "", ""],
            ["range", "by_range", "Q", "", "", "start=1 end=5"],
            ["select_one places", "place", "Q", "", "", ""],
            ["select_one agree5", "ours", "Q", "rating", "", ""],
            ["select_one agree5", "turned", "Q", "rating", "yes", ""],
            ["select_one agree5", "said", "Q", "", "yes", ""],
            ["range", "our_range", "Q", "rating", "", "start=1 end=5"],
            ["range", "turned_range", "Q", "", "yes", "start=1 end=5"],
        ]
        found = form(*rows, more=("pouls_type", "pouls_reverse", "parameters"), choices=choices)
        ratings = [item for item in found.document["items"] if item["type"] == "rating"]
        assert [item["id"] for item in ratings if item.get("reverse")] == ["turned", "said", "turned_range"]
        assert (len(ratings), of_reason(found, POSITIVE)) == (7, ["by_list", "by_range"])

    @pytest.mark.parametrize(
        ("codes", "maybe"),
        [
            ("12345", True), ("54321", True), ("01234", True), ("135", True), (("-1", "0", "1"), True),
            ([str(code) for code in range(1, 41)], True), ("1a", False), (("1.5", "2.5"), False), ("ab", False),
        ],
    )  # fmt: skip
    def test_a_choice_of_numbers_may_be_a_scale(self, codes: Sequence[str], maybe: bool) -> None:
        choices = [["list_name", "name", "label"], *(["l", code, f"L{code}"] for code in codes)]
        rows = [["select_one l", "one", "Q", ""], ["select_multiple l", "many", "Q", ""]]
        rows += [["select_one l", "ours", "Q", "single_choice"]]
        found = form(*rows, more=("pouls_type",), choices=choices)
        kinds = [item["type"] for item in found.document["items"]]
        assert kinds == ["single_choice", "multiple_choice", "single_choice"]
        assert of_reason(found, NO_SCALE) == (["one"] if maybe else [])

    def test_conditions_of_groups_inside_groups_hold_together(self) -> None:
        rows = [
            ["select_one places", "p", "P", ""],
            ["begin_group", "one", "One", "${p} = 'a'"],
            ["begin_group", "two", "Two", "${p} != 'b'"],
            ["text", "t", "T", ""],
            ["end_group", "", "", ""],
            ["end_group", "", "", ""],
        ]
        found = form(*rows, more=("relevant",))
        assert found.document["sections"][1]["visible_if"] == {
            "all": [{"item": "p", "is": ["a"]}, {"not": {"item": "p", "is": ["b"]}}]
        }
        deep = [["begin_group", f"g{at}", "G", " or ".join(["${p} = 'a'"] * 12)] for at in range(12)]
        deep += [["begin_group", f"h{at}", "H", "${p} = 'a' and ${p} = 'b'"] for at in range(8)]
        found = form(rows[0], *deep, ["text", "t", "T", ""], more=("relevant",))
        assert "visible_if" not in found.document["sections"][-1]
        assert told(found, "h7", "everybody")

    def test_groups_without_end_and_ends_without_beginning(self) -> None:
        found = form(["end_group", "", ""], ["begin_group", "g", "G"], ["text", "t", "T"])
        assert found.document["sections"] == [{"id": "g", "title": {"fr": "G"}, "items": ["t"]}]
        assert told(found, "survey, row 2", "ends what has not begun")
        assert "too many" in _refused([["begin_group", f"g{at}", "G"] for at in range(30)])

    def test_what_stands_in_a_repeat_is_lost_one_by_one(self) -> None:
        rows = [["text", "t", "T"], ["begin_repeat", "r", "R"], ["begin_group", "g", "G"], ["note", "n", "N"]]
        found = form(*rows, ["end_group", "", ""], ["end_repeat", "", ""], ["text", "u", "U"])
        assert [item["id"] for item in found.document["items"]] == ["t", "u"]
        assert all(told(found, name, "again and again") for name in ("r", "g", "n"))

    def test_rows_of_choices_that_are_none(self) -> None:
        choices = [["list_name", "name", "label"], ["l", "a", "A"], ["l", "a", "Again"], ["l", "b", ""], ["", "c", "C"]]
        found = form(["select_one l", "q", "Q"], ["select_one m", "r", "R"], choices=choices)
        assert found.document["items"][0]["options"] == [
            {"id": "a", "text": {"fr": "A"}}, {"id": "b", "text": {"fr": "b"}},
        ]  # fmt: skip
        assert told(found, "q", "twice")
        assert told(found, "q", "without words")
        assert told(found, "choices, row 5", "no list or no name")
        assert told(found, "r", "fewer than two")

    def test_columns_that_are_not_as_they_should_be(self) -> None:
        found = form(["text", "q", "Q", "x", "y", "z"], more=("media::image", "required", "Required"))
        assert told(found, "survey", "the column required twice")
        assert told(found, "q", "media::image is not kept")
        assert told(found, "q", "required under a condition")
        found = form(["text", "q", "Q", "", "beside"])
        assert told(found, "survey, row 2", "without a heading")

    def test_languages_of_labels(self) -> None:
        heads = ["type", "name", "label", "label::English", "label:en", "label::Quenya"]
        data = workbook_write.write({
            "survey": [heads, ["text", "q", "Q", "In English", "Again", "X"]],
            "settings": [["default_language", "form_title"], ["Elvish", "A title"], ["", "Another"]],
        })  # fmt: skip
        found = choose.read(data, language="it")
        assert found.document["languages"] == ["it", "en"]
        assert found.document["items"][0]["text"] == {"it": "Q", "en": "In English"}
        assert told(found, "label::en", "another column is in")
        assert told(found, "label::Quenya", "not known")
        assert told(found, "settings", "default language")
        assert told(found, "settings, row 3", "second row")
        alone = workbook_write.write({"survey": [["type", "name", "label::Quenya"], ["text", "q", "Q"]]})
        assert choose.read(alone).document["items"][0]["text"] == {"fr": "Q"}

    def test_cells_of_ours_that_say_nothing(self) -> None:
        more = ("relevant", "pouls_visible_if", "pouls_label")
        rows = [
            ["select_one places", "p", "P", "", "", "no json"],
            ["text", "q", "Q", "${p} = 'a'", '{"item":"nowhere","is":["a"]}', '{"fr":3}'],
            ["text", "r", "R", "${p} = 'a'", "[1]", '{"en":"R"}'],
        ]
        found = form(*rows, more=more)
        assert [item.get("visible_if") for item in found.document["items"]] == [
            None, {"item": "p", "is": ["a"]}, {"item": "p", "is": ["a"]},
        ]  # fmt: skip
        assert [item["text"] for item in found.document["items"]] == [{"fr": "P"}, {"fr": "Q"}, {"fr": "R"}]
        assert told(found, "p", "was edited")

    @pytest.mark.parametrize(
        "pointer", ["", "scales", "/items/0/id", "/scales/1/id", "/scales/x", "/scales/00/id", "/title/", "/title/0",
                    "/scales" + "/0" * 9],
    )  # fmt: skip
    def test_pointers_that_lead_nowhere(self, pointer: str) -> None:
        assert not put({"scales": [], "title": {}, "items": []}, pointer, 1)


def _refused(rows: list[list[str]]) -> str:
    with pytest.raises(Exception, match="groups") as caught:
        form(*rows)
    return str(caught.value)


class TestSurveyJs:
    def test_scales(self) -> None:
        found = survey(
            {"type": "rating", "name": "plain"},
            {"type": "rating", "name": "ten", "rateMin": 0, "rateMax": 10, "enps": True},
            {"type": "rating", "name": "steps", "rateMin": 0, "rateMax": 100, "rateStep": 10},
            {"type": "rating", "name": "wide", "rateMin": 1, "rateMax": 50},
            {"type": "rating", "name": "texts", "rateValues": ["low", "high"]},
            {"type": "rating", "name": "half", "rateMax": 4.0, "maxRateDescription": "Best"},
        )
        items = {item["id"]: item for item in found.document["items"]}
        assert (items["plain"]["points"], items["ten"]["type"], items["texts"]["points"]) == (5, "enps", 2)
        assert items["half"]["labels"] == {"4": {"fr": "Best"}}
        assert told(found, "steps", "no place here")
        assert told(found, "wide", "no place here")

    def test_of_each_rating_is_told_which_end_is_positive(self) -> None:
        found = survey(
            {"type": "rating", "name": "one", "minRateDescription": "Strongly agree"},
            {"type": "rating", "name": "turned", "rateValues": [5, 4, 3, 2, 1]},
            {"type": "rating", "name": "ten", "rateMin": 0, "rateMax": 10, "enps": True},
            {"type": "matrix", "name": "m", "rows": ["a", "b"], "columns": [1, 2, 3]},
        )
        assert of_reason(found, POSITIVE) == ["one", "turned", "m_a", "m_b"]

    def test_a_choice_of_numbers_may_be_a_scale(self) -> None:
        found = survey(
            {"type": "radiogroup", "name": "down", "choices": [{"value": one, "text": "x"} for one in (3, 2, 1)]},
            {"type": "dropdown", "name": "words", "choices": ["a", "b"]},
            {"type": "checkbox", "name": "many", "choices": [1, 2]},
            {"type": "boolean", "name": "yes"},
            {"type": "matrix", "name": "m", "rows": ["a", "b"], "columns": [5, 4, 3]},
        )
        assert of_reason(found, NO_SCALE) == ["down", "m"]
        assert of_reason(found, POSITIVE) == []

    def test_what_is_beside_the_answers_is_told_with_what_to_do(self) -> None:
        beside = {"showSelectAllItem": True, "hasNone": True, "showOtherItem": True, "showCommentArea": True}
        found = survey({"type": "checkbox", "name": "c", "choices": ["a", "b"], **beside, "choicesByUrl": {"url": "u"}})
        for words in ("whoever wants all of them chooses each", "for none of them", "add a text item", "no comment"):
            assert told(found, "c", words)
        assert told(found, "c", "its setting choicesByUrl is not kept: what is needed of it has to be put in by hand")

    def test_numbers_and_texts(self) -> None:
        found = survey(
            {"type": "text", "name": "n", "inputType": "number", "step": 5},
            {"type": "text", "name": "t", "maxLength": 5_000},
            {"type": "text", "name": "d", "inputType": "date"},
        )
        assert [item["id"] for item in found.document["items"]] == ["n", "t"]
        assert told(found, "n", "every whole number")
        assert told(found, "n", "32,000")
        assert told(found, "t", "500 characters")
        assert told(found, "d", "date")

    def test_things_that_are_not_what_they_should_be(self) -> None:
        found = survey(
            {"type": "dropdown", "name": "c", "choices": [{"text": "no value"}, True, "a", ["b"], 2.5]},
            {"type": "matrix", "name": "m", "rows": [], "columns": [1, 2]},
            {"type": 3, "name": 4, "title": {"a b": 5}},
            {"type": "comment", "title": True},
            {"type": "radiogroup", "name": "e", "choices": "all", "choicesOrder": ["asc"]},
        )
        items = found.document["items"]
        assert [option["text"]["fr"] for option in items[0]["options"]] == ["a", "2.5"]
        assert told(found, "c", "without a value")
        assert told(found, "m", "without rows")
        assert told(found, "element 3", "no place here: none")
        assert items[1]["text"] == {"fr": "element 4"}
        assert told(found, "e", "fewer than two")

    def test_a_shuffled_survey_whose_question_depends_on_another(self) -> None:
        found = survey(
            {"type": "boolean", "name": "a", "labelTrue": "Si", "labelFalse": "No"},
            {"type": "comment", "name": "b", "visibleIf": "{a} = true"},
            questionsOrder="random",
        )
        assert found.document["items"][1]["visible_if"] == {"item": "a", "is": ["yes"]}
        assert found.document["items"][0]["options"][0]["text"] == {"fr": "Si"}
        assert told(found, "survey", "depends on another")

    def test_an_answer_mentioned_that_is_none(self) -> None:
        found = survey({"type": "comment", "name": "a", "title": "Bonjour { nom } et {{b}}"})
        assert found.document["items"][0]["text"] == {"fr": "Bonjour … et {…}"}
        assert told(found, "a", "left out")


class TestLimeSurvey:
    def test_questions_without_answers(self) -> None:
        found = old({"type": "L"}, {"type": "M"}, {"type": "R"}, {"type": "F"}, {"type": "?"}, {"type": "T"})
        assert [item["id"] for item in found.document["items"]] == ["q6"]
        for name in ("q1", "q2", "q3"):
            assert told(found, name, "fewer than two")
        assert told(found, "q4", "without rows")
        assert told(found, "q5", "not known")

    def test_limits_that_are_none(self) -> None:
        attributes = [
            {"qid": "1", "attribute": "maximum_chars", "value": "9999"},
            {"qid": "2", "attribute": "min_num_value_n", "value": "-5"},
            {"qid": "2", "attribute": "max_num_value_n", "value": "x"},
            *({"qid": "2", "attribute": f"setting_{letter}", "value": "7"} for letter in "abcdefghij"),
        ]
        found = old({"type": "S"}, {"type": "N"}, question_attributes=attributes)
        assert found.document["items"][1]["minimum"] == -5
        assert told(found, "q1", "limit that is none")
        assert told(found, "q2", "and 2 more")

    def test_notes_between_questions_part_a_group(self) -> None:
        found = old(
            {"type": "Y"}, {"type": "X", "question": "Plus bas"}, {"type": "T"},
            {"type": "X", "relevance": 'q1.NAOK == "Y"'}, {"type": "X", "question": "Fin"},
        )  # fmt: skip
        assert [section.get("text") for section in found.document["sections"]] == [None, {"fr": "Plus bas"}]
        assert told(found, "q4", "for some people only")
        assert told(found, "G", "no question carried over follows")

    def test_of_each_rating_is_told_which_end_is_positive(self) -> None:
        parts = [
            {"qid": f"9{at}", "parent_qid": str(at), "gid": "1", "title": "r", "question": "R"} for at in (2, 3, 4)
        ]
        answers = [
            {"qid": qid, "code": code, "answer": "x", "sortorder": str(at)}
            for qid, codes in (("3", "123"), ("4", "321"), ("5", "01"))
            for at, code in enumerate(codes)
        ]
        found = old({"type": "5"}, {"type": "A"}, {"type": "F"}, {"type": "F"}, {"type": "L"}, {"type": "Y"},
                    answers=answers, subquestions=parts)  # fmt: skip
        assert of_reason(found, POSITIVE) == ["q1", "q2_r", "q3_r"]
        assert of_reason(found, NO_SCALE) == ["q4", "q5"]

    def test_a_group_that_becomes_several_sections_is_told_why(self) -> None:
        found = old({"type": "Y"}, {"type": "X", "question": "Plus bas"}, {"type": "T"})
        assert told(found, "G", "is several sections here, since a grid or a text inside it begins a new one")
        rows = [["begin_group", "g", "G"], ["text", "t", "T"], ["note", "n", "N"], ["text", "u", "U"]]
        assert told(form(*rows, ["end_group", "", ""]), "g", "is several sections here, since a group or a note")

    def test_questions_that_stand_nowhere(self) -> None:
        found = old({"type": "T"}, {"type": "T", "gid": "9"})
        assert told(found, "q2", "in no group")

    def test_an_array_whose_codes_are_no_scale(self) -> None:
        answers = [{"qid": "1", "code": code, "answer": code, "sortorder": str(at)} for at, code in enumerate("XY")]
        parts = [{"qid": "8", "parent_qid": "1", "gid": "1", "title": "r", "question": "R"}]
        found = old({"type": "F"}, answers=answers, subquestions=parts)
        assert found.document["items"][0]["type"] == "single_choice"
        assert "layout" not in found.document["sections"][0]


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("fr", "fr"), ("FR_ca", "fr-CA"), ("zh-hant", "zh-Hant"), ("es-419", "es-419"), ("Français (fr)", "fr"),
        ("français", "fr"), ("French", "fr"), ("Deutsch", "de"), ("English (UK)", "en"), ("Quenya", None), ("", None),
        ("Quenya (elvish)", None), ("f", None), ("Français (fr-CA)", "fr-CA"), ("Ukrainian (uk)", "uk"),
    ],
)  # fmt: skip
def test_languages_by_their_names(name: str, tag: str | None) -> None:
    assert tag_of(name) == tag


def test_a_name_is_shown_on_one_line_and_not_whole() -> None:
    assert shown("a\tb\nc\x1b[2J\u202e") == "a b c[2J"
    assert len(shown("x" * 500)) == MAX_PLACE
