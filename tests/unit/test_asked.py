"""What is left of a questionnaire of which some items are asked, and which questionnaires are no bank."""

from typing import Any

import pytest

from service.questionnaires.asked import asked, bank_faults
from service.questionnaires.catalogue.shipped import catalogue
from service.questionnaires.document import Document

Json = dict[str, Any]
TEXT = {"en": "x", "fr": "y"}
PIPED = {"en": "x", "fr": "{{place|there}}"}
OPTIONS = [{"id": name, "text": TEXT} for name in ("a", "b")]
ALONE = "must not depend on another item, which need not be asked with it"
BANDS = [{"id": "low", "title": TEXT}, {"id": "high", "title": TEXT, "at_least": 3}]


def _rating(name: str, **fields: Any) -> Json:
    return {"id": name, "type": "rating", "text": TEXT, "points": 5} | fields


def _document(**changes: Any) -> Document:
    source: Json = {
        "format": "pouls/1",
        "key": "k",
        "languages": ["en", "fr"],
        "title": TEXT,
        "introduction": TEXT,
        "support": [{"name": TEXT, "detail": TEXT, "phone": "3114"}],
        "sections": [
            {"id": "one", "items": ["a1", "a2"], "layout": "matrix", "text": TEXT},
            {"id": "two", "items": ["b1", "b2", "c1"], "order": "random"},
            {"id": "three", "items": ["why"]},
        ],
        "items": [
            _rating("a1", required=True),
            _rating("a2", reverse=True),
            _rating("b1", sensitive=True),
            _rating("b2"),
            _rating("c1"),
            {"id": "why", "type": "text", "text": TEXT},
        ],
        "scales": [
            {"id": "a", "title": TEXT, "items": ["a1", "a2"], "weights": [1, 2], "bands": BANDS},
            {"id": "b", "title": TEXT, "items": ["b1", "b2"]},
            {"id": "c", "title": TEXT, "items": ["c1"]},
        ],
        "indices": [{"id": "ab", "title": TEXT, "scales": ["a", "b"]}],
        "outcome": "ab",
    }
    return Document.parse(source | changes)


def _names(document: Document) -> Json:
    source = document.as_json()
    return {
        field: [one["id"] for one in source.get(field, ())] for field in ("items", "sections", "scales", "indices")
    } | {"outcome": document.outcome}


def test_a_questionnaire_asked_whole_is_itself() -> None:
    for document in (_document(), *(sound.document for sound in catalogue().values())):
        whole = asked(document, [item.id for item in reversed(document.items)])
        assert whole == document
        assert whole.digest() == document.digest()


def test_a_part_keeps_what_is_whole_in_it() -> None:
    part = asked(_document(), ["c1", "a2", "a1"])
    assert _names(part) == {
        "items": ["a1", "a2", "c1"],
        "sections": ["one", "two"],
        "scales": ["a", "c"],
        "indices": [],
        "outcome": None,
    }
    assert [section.items for section in part.sections or ()] == [("a1", "a2"), ("c1",)]


def test_an_index_and_the_outcome_stay_with_all_their_scales() -> None:
    part = asked(_document(), ["a1", "a2", "b1", "b2"])
    assert _names(part)["indices"] == ["ab"]
    assert part.outcome == "ab"
    assert _names(asked(_document(outcome="c"), ["c1", "b2"]))["outcome"] == "c"
    assert _names(asked(_document(outcome="c"), ["a1", "b2"]))["outcome"] is None


def test_what_is_kept_is_as_it_was() -> None:
    document = _document()
    whole, part = document.as_json(), asked(document, ["a1", "a2", "why"]).as_json()
    for field in ("format", "key", "languages", "title", "introduction", "support"):
        assert part[field] == whole[field]
    assert part["items"] == [whole["items"][at] for at in (0, 1, 5)]
    assert part["scales"] == whole["scales"][:1]
    assert part["sections"] == [whole["sections"][at] for at in (0, 2)]


def test_a_questionnaire_without_sections_has_none_afterwards() -> None:
    source = _document().as_json()
    del source["sections"]
    assert asked(Document.parse(source), ["b1"]).sections is None


def test_every_part_of_a_bank_is_sound() -> None:
    """Even by the rules of today, which are not asked of what is stored."""
    document = catalogue()["pulse_bank"].document
    names = [item.id for item in document.items]
    for step in (1, 2, 3, 5, 7, 48):
        for begin in range(min(step, 4)):
            part = asked(document, names[begin::step])
            assert Document.parse(part.as_json()) == part
            assert [item.id for item in part.items] == names[begin::step]


@pytest.mark.parametrize("items", [[], ["a"], ["a1", "nothing"]])
def test_what_is_no_part_is_refused(items: list[str]) -> None:
    with pytest.raises(ValueError, match=r"^not items of this document$"):
        asked(_document(), items)


def test_no_part_is_taken_of_a_questionnaire_with_branches() -> None:
    document = _document(items=_items_with(3, {"visible_if": {"item": "a1", "is": [1]}}))
    with pytest.raises(ValueError, match="depend on each other"):
        asked(document, ["a1", "b2"])
    assert asked(document, [item.id for item in document.items]) == document


def _items_with(at: int, change: Json) -> list[Json]:
    items: list[Json] = _document().as_json()["items"]
    items[at] |= change
    return items


def _branched(place: str) -> Document:
    """A questionnaire in which one place depends on an earlier answer."""
    first = {"id": "place", "type": "single_choice", "text": TEXT, "options": OPTIONS}
    items: list[Json] = [first, _rating("mood"), {**first, "id": "other"}]
    section: Json = {"id": "rest", "items": ["mood", "other"]}
    match place:
        case "/items/1/visible_if":
            items[1]["visible_if"] = {"not": {"item": "place", "is": ["a"]}}
        case "/sections/1/visible_if":
            section["visible_if"] = {"item": "place", "is": ["a"]}
        case "/items/1/text":
            items[1]["text"] = {"en": PIPED["fr"], "fr": PIPED["fr"]}  # one fault, however many languages
        case "/items/1/labels/5":
            items[1]["labels"] = {"1": TEXT, "5": PIPED}
        case "/items/2/options/1/text":
            items[2]["options"] = [OPTIONS[0], {"id": "b", "text": PIPED}]
        case "/sections/1/title":
            section["title"] = PIPED
        case "/sections/1/text":
            section["text"] = PIPED
    sections = [{"id": "begin", "items": ["place"]}, section]
    fields = {"format": "pouls/1", "key": "k", "languages": ["en", "fr"], "title": TEXT}
    return Document.parse({**fields, "items": items, "sections": sections})


@pytest.mark.parametrize(
    "place",
    [
        "/items/1/visible_if",
        "/sections/1/visible_if",
        "/items/1/text",
        "/items/1/labels/5",
        "/items/2/options/1/text",
        "/sections/1/title",
        "/sections/1/text",
    ],
)
def test_whatever_waits_for_an_answer_makes_it_no_bank(place: str) -> None:
    assert bank_faults(_branched(place)) == [(place, ALONE)]


def test_all_places_are_told_at_once() -> None:
    condition = {"item": "a1", "is": [1]}
    items = _items_with(3, {"visible_if": condition})
    items[4]["visible_if"] = condition
    assert [fault.pointer for fault in bank_faults(_document(items=items))] == [
        "/items/3/visible_if",
        "/items/4/visible_if",
    ]


def test_items_that_stand_alone_are_a_bank() -> None:
    assert bank_faults(_branched("nowhere")) == []
    braces = _items_with(3, {"text": {"en": "a {{b}} c", "fr": "x | y"}})  # not the form of an earlier answer
    assert bank_faults(_document(items=braces)) == []
    assert bank_faults(catalogue()["pulse_bank"].document) == []
