"""Who is asked what: what conditions mean, which are refused and where, and what a form then accepts."""

import struct
from typing import Any

import pytest

from service.questionnaires.branching import conditions, gates, holds, must_answer
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.elements import Condition
from service.questionnaires.respondent import localised
from service.responses.sheet import SKIPPED, AnswersRefused, Sheet

Json = dict[str, Any]
TEXT = {"en": "x"}
OPTIONS = [{"id": name, "text": TEXT} for name in ("a", "b", "c")]
ITEMS: list[Json] = [
    {"id": "mood", "type": "rating", "points": 5},
    {"id": "nps", "type": "enps"},
    {"id": "place", "type": "single_choice", "options": OPTIONS},
    {"id": "tools", "type": "multiple_choice", "options": OPTIONS},
    {"id": "ranks", "type": "ranking", "options": OPTIONS},
    {"id": "hours", "type": "number", "minimum": 0, "maximum": 9},
    {"id": "why", "type": "text"},
    {"id": "last", "type": "rating", "points": 5},
]

LEAF: Json = {"item": "mood", "is": [1]}
FORM = "must be a fact about an item, or one of all, any and not"
NOT_OFFERED = "asks for an answer that the item does not offer"
NEVER = "is never asked: no answers lead to it"
SEVERAL = "is asked by several items: each must be required, not sensitive, and asked of everybody"
ANSWERED = {"mood": {"required": True}, "nps": {"required": True}}
"""Two items that everybody answers."""


def _source(changes: dict[str, Json] | None = None, **fields: Any) -> Json:
    items = [{"text": TEXT} | item | (changes or {}).get(item["id"], {}) for item in ITEMS]
    return {"format": "pouls/1", "key": "k", "languages": ["en"], "title": TEXT, "items": items} | fields


def _faults(source: Json) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefused) as caught:
        Document.parse(source)
    return [(fault.pointer, fault.reason) for fault in caught.value.faults]


def _condition(value: Json) -> Condition:
    return Condition.model_validate(value)


HOLDS: list[tuple[Json, Json, bool]] = [
    ({"item": "mood", "is": [1, 3]}, {"mood": 3}, True),
    ({"item": "mood", "is": [1, 3]}, {"mood": 2}, False),
    ({"item": "mood", "is": [1, 3]}, {}, False),
    ({"item": "mood", "is": [1, 3]}, {"mood": None}, False),
    ({"item": "mood", "at_least": 3}, {"mood": 3}, True),
    ({"item": "mood", "at_least": 3}, {"mood": 2}, False),
    ({"item": "mood", "at_most": 3}, {"mood": 3}, True),
    ({"item": "mood", "at_most": 3}, {"mood": 4}, False),
    ({"item": "mood", "at_most": 3}, {}, False),
    ({"item": "mood", "at_least": 2, "at_most": 3}, {"mood": 3}, True),
    ({"item": "mood", "at_least": 2, "at_most": 3}, {"mood": 4}, False),
    ({"item": "nps", "is": [0]}, {"nps": 0}, True),
    ({"item": "nps", "at_most": 6}, {"nps": 0}, True),
    ({"item": "nps", "at_least": 0}, {}, False),
    ({"item": "place", "is": ["a", "b"]}, {"place": "b"}, True),
    ({"item": "place", "is": ["a", "b"]}, {"place": "c"}, False),
    ({"item": "tools", "is": ["a", "b"]}, {"tools": ["c", "b"]}, True),
    ({"item": "tools", "is": ["a", "b"]}, {"tools": ["c"]}, False),
    ({"item": "tools", "is": ["a", "b"]}, {"tools": []}, False),
    ({"item": "tools", "is": ["a", "b"]}, {}, False),
    ({"not": {"item": "mood", "is": [1]}}, {"mood": 2}, True),
    ({"not": {"item": "mood", "is": [1]}}, {"mood": 1}, False),
    ({"not": {"item": "mood", "is": [1]}}, {}, True),
    ({"all": [{"item": "mood", "is": [1]}, {"item": "nps", "is": [2]}]}, {"mood": 1, "nps": 2}, True),
    ({"all": [{"item": "mood", "is": [1]}, {"item": "nps", "is": [2]}]}, {"mood": 1}, False),
    ({"any": [{"item": "mood", "is": [1]}, {"item": "nps", "is": [2]}]}, {"mood": 1}, True),
    ({"any": [{"item": "mood", "is": [1]}, {"item": "nps", "is": [2]}]}, {"nps": 3}, False),
    ({"not": {"any": [{"item": "mood", "is": [1]}, {"not": {"item": "nps", "is": [2]}}]}}, {"nps": 2}, True),
]


@pytest.mark.parametrize(("condition", "answers", "true"), HOLDS, ids=range(len(HOLDS)))
def test_what_a_condition_means(condition: Json, answers: Json, true: bool) -> None:
    assert holds(_condition(condition), answers) is true


def test_the_gates_of_a_condition_are_all_items_in_it() -> None:
    deep = {"any": [{"item": "mood", "is": [1]}, {"not": {"all": [{"item": "nps", "is": [2]}]}}]}
    assert gates(_condition(deep)) == {"mood", "nps"}
    assert gates(None) == frozenset()


def test_an_item_needs_its_sections_condition_and_its_own() -> None:
    own, of_section = {"item": "nps", "at_least": 9}, {"item": "mood", "at_most": 2}
    sections = [
        {"id": "one", "items": ["mood", "nps"]},
        {"id": "two", "items": [item["id"] for item in ITEMS[2:]], "visible_if": of_section},
    ]
    document = Document.parse(_source(ANSWERED | {"place": {"visible_if": own}}, sections=sections))
    needed = conditions(document.items, document.sections)
    assert needed.keys() == {item["id"] for item in ITEMS[2:]}
    assert needed["place"] == (_condition(of_section), _condition(own))
    assert needed["last"] == (_condition(of_section),)
    assert conditions(document.items, None) == {"place": (_condition(own),)}


# A condition of the last item, and the reason why it is refused.
BAD: list[tuple[Json, str]] = [
    ({}, FORM),
    ({"is": [1]}, FORM),
    ({"at_least": 1}, FORM),
    ({"all": [LEAF], "any": [LEAF]}, FORM),
    ({"not": LEAF, "any": [LEAF]}, FORM),
    ({"all": [LEAF], "is": [1]}, FORM),
    ({"not": {}}, FORM),
    ({"any": [LEAF, {"all": [{}]}]}, FORM),
    ({"item": "mood"}, "must ask about an item by is, at_least or at_most"),
    ({"item": "mood", "is": [1], "all": [LEAF]}, "must ask about an item by is, at_least or at_most"),
    ({"item": "mood", "is": [1], "at_most": 2}, "must ask about an item by is, or by at_least and at_most"),
    ({"item": "mood", "is": [1], "at_least": 2}, "must ask about an item by is, or by at_least and at_most"),
    ({"item": "nowhere", "is": [1]}, "asks about what is not an item of this document"),
    ({"not": {"item": "k", "is": [1]}}, "asks about what is not an item of this document"),
    ({"item": "last", "is": [1]}, "asks about an item that does not come earlier"),
    ({"item": "why", "is": ["x"]}, "must ask about ratings, eNPS items and choices alone"),
    ({"item": "hours", "at_least": 1}, "must ask about ratings, eNPS items and choices alone"),
    ({"item": "ranks", "is": ["a"]}, "must ask about ratings, eNPS items and choices alone"),
    ({"item": "mood", "is": [0]}, NOT_OFFERED),
    ({"item": "mood", "is": [1, 6]}, NOT_OFFERED),
    ({"item": "mood", "is": ["1"]}, NOT_OFFERED),
    ({"item": "mood", "at_least": 6}, NOT_OFFERED),
    ({"item": "mood", "at_most": 0}, NOT_OFFERED),
    ({"item": "mood", "at_least": 3, "at_most": 2}, NOT_OFFERED),
    ({"item": "nps", "is": [11]}, NOT_OFFERED),
    ({"item": "nps", "at_most": -1}, NOT_OFFERED),
    ({"item": "place", "is": ["a", "d"]}, NOT_OFFERED),
    ({"item": "place", "is": [1]}, NOT_OFFERED),
    ({"item": "tools", "is": ["d"]}, NOT_OFFERED),
    ({"item": "place", "at_least": 1}, "must not compare options by size"),
    ({"item": "tools", "at_most": 1}, "must not compare options by size"),
    ({"not": {"not": {"not": {"not": LEAF}}}}, "must be nested at most 4 deep"),
    ({"all": [LEAF, {"any": [{"not": {"all": [LEAF]}}]}]}, "must be nested at most 4 deep"),
]


@pytest.mark.parametrize(("condition", "reason"), BAD, ids=range(len(BAD)))
def test_a_wrong_condition_is_named_by_its_place(condition: Json, reason: str) -> None:
    # That such an item is never asked may be said besides.
    faults = _faults(_source({"last": {"visible_if": condition}}))
    assert [fault for fault in faults if fault != ("/items/7", NEVER)] == [("/items/7/visible_if", reason)]
    # The same of a section.
    sections = [{"id": "s", "items": [item["id"] for item in ITEMS[:7]]}, {"id": "t", "items": ["last"]}]
    sections[1]["visible_if"] = condition
    faults = _faults(_source(sections=sections))
    assert [fault for fault in faults if fault != ("/items/7", NEVER)] == [("/sections/1/visible_if", reason)]


@pytest.mark.parametrize(
    ("condition", "place", "reason"),
    [
        ({"item": "mood", "is": []}, "/is", "must have at least 1 entries"),
        ({"all": []}, "/all", "must have at least 1 entries"),
        ({"any": [LEAF] * 21}, "/any", "must have at most 20 entries"),
        ({"item": "mood", "is": [1] * 51}, "/is", "must have at most 50 entries"),
        ({"item": "mood", "is": [True]}, "/is/0", "must be an option's id or a whole number"),
        ({"item": "mood", "is": [1.0]}, "/is/0", "must be an option's id or a whole number"),
        ({"item": "mood", "is": [None]}, "/is/0", "must be an option's id or a whole number"),
        ({"item": "mood", "at_least": 1.5}, "/at_least", "must be an integer"),
        ({"item": "mood", "at_least": True}, "/at_least", "must be an integer"),
        ({"item": "mood", "at_most": 32_001}, "/at_most", "must be at most 32000"),
        ({"item": "mood", "is": [1], "more": 1}, "/more", "is not a known field"),
        ({"item": "Mood!", "is": [1]}, "/item", "does not have the required form"),
        ([LEAF], "", "must be an object"),
    ],
)
def test_a_malformed_condition_is_named_by_its_place(condition: object, place: str, reason: str) -> None:
    faults = _faults(_source({"last": {"visible_if": condition}}))
    assert (f"/items/7/visible_if{place}", reason) in faults


def test_three_levels_and_a_fact_are_not_too_deep() -> None:
    Document.parse(_source({"last": {"visible_if": {"not": {"any": [{"all": [LEAF]}]}}}}))
    Document.parse(_source({"last": {"visible_if": {"any": [LEAF] * 20}}}))


def test_items_can_not_wait_for_each_other() -> None:
    about = {name: {"visible_if": {"item": name, "is": [1]}} for name in ("mood", "nps", "last")}
    later = "asks about an item that does not come earlier"
    assert _faults(_source({"mood": about["mood"]})) == [("/items/0/visible_if", later)]
    assert _faults(_source({"mood": about["nps"], "nps": about["mood"]})) == [("/items/0/visible_if", later)]
    cycle = {"mood": about["nps"], "nps": about["last"], "last": about["mood"]}
    assert _faults(_source(cycle)) == [("/items/0/visible_if", later), ("/items/1/visible_if", later)]


def test_a_section_asks_about_items_before_all_of_its_own() -> None:
    names = [item["id"] for item in ITEMS]
    later = "asks about an item that does not come earlier"
    for asked, sound in (("mood", True), ("nps", False), ("last", False)):
        condition = {"item": asked, "is": [1]}
        sections: list[Json] = [
            {"id": "s", "items": names[:1]},
            {"id": "t", "items": names[1:7], "visible_if": condition},
            {"id": "u", "items": names[7:]},
        ]
        if sound:
            Document.parse(_source(sections=sections))
        else:
            assert _faults(_source(sections=sections)) == [("/sections/1/visible_if", later)]


def test_in_a_shuffled_section_nothing_waits_for_another() -> None:
    names = [item["id"] for item in ITEMS]
    changes = {"last": {"visible_if": {"not": {"item": "nps", "is": [1]}}}}
    sections: list[Json] = [{"id": "s", "items": names[:1]}, {"id": "t", "items": names[1:], "order": "random"}]
    reason = "must not depend on an item that may come after it"
    assert _faults(_source(changes, sections=sections)) == [("/items/7/visible_if", reason)]
    del sections[1]["order"]
    Document.parse(_source(changes, sections=sections))
    sections[1]["order"] = "random"
    Document.parse(_source({"last": {"visible_if": LEAF}}, sections=sections))


# Conditions that contradict themselves, each other or what leads to them; then some that only look like it.
NEVER_ASKED: list[tuple[dict[str, Json], list[str]]] = [
    ({"last": {"all": [{"item": "mood", "is": [1]}, {"item": "mood", "is": [2]}]}}, ["last"]),
    ({"last": {"all": [{"item": "mood", "is": [1]}, {"not": LEAF}]}}, ["last"]),
    ({"last": {"all": [{"item": "place", "is": ["a"]}, {"item": "place", "is": ["b"]}]}}, ["last"]),
    ({"last": {"all": [{"item": "tools", "is": ["a"]}, {"not": {"item": "tools", "is": ["a", "b"]}}]}}, ["last"]),
    ({"place": LEAF, "last": {"all": [{"item": "place", "is": ["a"]}, {"item": "mood", "is": [2]}]}}, ["last"]),
    (
        {
            "nps": {"all": [LEAF, {"not": LEAF}]},
            "place": {"item": "nps", "is": [1]},
            "last": {"any": [{"item": "place", "is": ["a"]}, {"item": "nps", "at_least": 1}]},
        },
        ["nps", "place", "last"],
    ),
    ({"last": {"all": [{"item": "tools", "is": ["a"]}, {"item": "tools", "is": ["b"]}]}}, []),
    ({"last": {"all": [{"not": {"item": "mood", "is": [1, 2, 3, 4, 5]}}]}}, []),  # skipped
    ({"place": LEAF, "last": {"not": {"item": "place", "is": ["a", "b", "c"]}}}, []),
    ({"nps": {"all": [LEAF, {"not": LEAF}]}, "last": {"not": {"item": "nps", "at_least": 0}}}, ["nps"]),
]


@pytest.mark.parametrize(("changes", "never"), NEVER_ASKED, ids=range(len(NEVER_ASKED)))
def test_an_item_that_no_answers_lead_to_is_a_fault(changes: dict[str, Json], never: list[str]) -> None:
    source = _source({name: {"visible_if": condition} for name, condition in changes.items()})
    places = [f"/items/{at}" for at, item in enumerate(ITEMS) if item["id"] in never]
    if places:
        # That several items decide may be said besides.
        assert [fault for fault in _faults(source) if fault[1] != SEVERAL] == [(place, NEVER) for place in places]
    else:
        Document.parse(source)


@pytest.mark.parametrize(
    ("changes", "sound"),
    [
        ({}, False),
        ({"mood": {"required": True}}, False),
        (ANSWERED, True),
        (ANSWERED | {"nps": {"required": True, "sensitive": True}}, False),
        (ANSWERED | {"nps": {"required": True, "visible_if": LEAF}}, False),
    ],
    ids=str,
)
def test_where_several_items_decide_everybody_answers_them(changes: dict[str, Json], sound: bool) -> None:
    joined = {"any": [LEAF, {"not": {"item": "nps", "at_least": 9}}]}
    source = _source(changes | {"last": {"visible_if": joined}})
    if sound:
        Document.parse(source)
    else:
        assert _faults(source) == [("/items/7", SEVERAL)]


def test_what_has_to_be_answered_can_not_be_skipped_to_get_somewhere() -> None:
    every = {"item": "mood", "at_least": 1}
    source = _source({"mood": {"required": True}, "last": {"visible_if": {"not": every}}})
    assert _faults(source) == [("/items/7", NEVER)]
    some = {"item": "tools", "is": ["a", "b", "c"]}
    source = _source({"tools": {"required": True}, "last": {"visible_if": {"not": some}}})
    assert _faults(source) == [("/items/7", NEVER)]
    # Nobody has to answer what is sensitive.
    Document.parse(_source({"mood": {"required": True, "sensitive": True}, "last": {"visible_if": {"not": every}}}))


def test_no_more_is_chosen_to_get_somewhere_than_may_be() -> None:
    both = {"all": [{"item": "tools", "is": ["a"]}, {"item": "tools", "is": ["b"]}]}
    source = _source({"tools": {"max_choices": 1}, "last": {"visible_if": both}})
    assert _faults(source) == [("/items/7", NEVER)]
    Document.parse(_source({"tools": {"max_choices": 2}, "last": {"visible_if": both}}))


def test_the_form_refuses_answers_to_what_is_not_asked() -> None:
    changes = {"nps": {"visible_if": LEAF}, "last": {"visible_if": {"item": "nps", "at_least": 9}}}
    sheet = Sheet.of(Document.parse(_source(changes)))
    reason = "is not asked of whoever gave the answers before it"
    for answers, refused in (
        ({"mood": 1, "nps": 9, "last": 2}, []),
        ({"mood": 1, "nps": 0}, []),
        ({"mood": 2, "nps": None, "last": None}, []),
        ({"mood": 2, "nps": 0}, ["nps"]),
        ({"nps": 9}, ["nps"]),
        ({"mood": 1, "nps": 8, "last": 2}, ["last"]),
        # What was not asked decides nothing.
        ({"mood": 2, "nps": 9, "last": 2}, ["nps", "last"]),
    ):
        if refused:
            with pytest.raises(AnswersRefused) as caught:
                sheet.encode(1, answers)
            assert list(caught.value.faults) == [(f"/answers/{name}", reason) for name in refused]
        else:
            _, matrix = sheet.decode(sheet.encode(1, answers))
            hidden = [at for at, column in enumerate(sheet.columns) if answers.get(column.item_id) is None]
            assert matrix[0, hidden].tolist() == [SKIPPED] * len(hidden)


@pytest.mark.parametrize(
    ("name", "answer", "blanks"),
    [
        ("nps", 0, [None]),
        ("place", "a", [None]),
        ("tools", ["a"], [None, []]),
        ("ranks", ["a"], [None, []]),
        ("hours", 0, [None]),
        ("why", "x", [None, "", "  ", "\n\t"]),
        ("last", 1, [None]),
    ],
)
def test_what_is_asked_and_required_has_to_be_answered(name: str, answer: object, blanks: list[object]) -> None:
    changes = {name: {"visible_if": LEAF, "required": True}}
    sheet = Sheet.of(Document.parse(_source(changes)))
    sheet.encode(1, {"mood": 1, name: answer})
    sheet.encode_texts(1, {"mood": 1, name: answer})
    for blank in blanks:
        with pytest.raises(AnswersRefused) as caught:
            sheet.encode(1, {"mood": 1, name: blank})
        ((pointer, _),) = caught.value.faults
        assert pointer == f"/answers/{name}"
        record = sheet.encode(1, {"mood": 2, name: None})
        assert record == struct.pack("<I", 1) + b"".join(
            struct.pack("<h", 2 if column.item_id == "mood" else SKIPPED) for column in sheet.columns
        )
        assert len(sheet.encode_texts(1, {"mood": 2})) == 1
    # A sensitive item may be left out by whoever is asked.
    sensitive = Document.parse(_source({name: {"visible_if": LEAF, "required": True, "sensitive": True}}))
    Sheet.of(sensitive).encode(1, {"mood": 1})
    assert not must_answer(next(item for item in sensitive.items if item.id == name))


def test_the_respondents_form_carries_the_conditions() -> None:
    condition = {"any": [LEAF, {"not": {"item": "nps", "at_least": 9}}]}
    sections = [
        {"id": "one", "items": [item["id"] for item in ITEMS[:2]]},
        {"id": "two", "items": [item["id"] for item in ITEMS[2:]], "visible_if": condition, "order": "random"},
    ]
    document = Document.parse(_source(ANSWERED | {"last": {"visible_if": condition}}, sections=sections))
    shown = localised(document, "en")
    assert [item.get("visible_if") for item in shown["items"]] == [None] * 7 + [condition]
    assert [section.get("visible_if") for section in shown["sections"]] == [None, condition]
    assert [section["order"] for section in shown["sections"]] == ["listed", "random"]
    assert [section["layout"] for section in shown["sections"]] == ["list", "list"]
