"""Newer kinds of items, and the sections that they stand in: what is refused, and where."""

import json

import pytest

from service.questionnaires.document import Document
from service.questionnaires.respondent import localised
from tests.make.faulty_documents import TEXT, Fault, Json, Put, changed, faults, source

OPTIONS = [{"id": "a", "text": TEXT}, {"id": "b", "text": TEXT}]
ENDS = {"1": {"en": "never"}, "5": {"en": "always"}}


def _sample() -> Json:
    items: list[Json] = [
        {"id": "nps", "type": "enps", "labels": {"0": {"en": "no"}, "10": {"en": "yes"}}},
        {"id": "ranks", "type": "ranking", "options": OPTIONS, "max_ranks": 1},
        {"id": "one", "type": "rating", "points": 5, "labels": ENDS},
        {"id": "two", "type": "rating", "points": 5, "labels": ENDS},
        {"id": "more", "type": "multiple_choice", "options": OPTIONS},
    ]
    sections: list[Json] = [
        {"id": "first", "items": ["nps", "ranks"], "title": TEXT},
        {"id": "grid", "items": ["one", "two"], "text": {"en": "How often"}, "layout": "matrix"},
        {"id": "rest", "items": ["more"], "order": "random"},
    ]
    shared_nowhere: Json = json.loads(json.dumps(source(items, sections=sections)))
    return shared_nowhere


TAKEN = "is already the id of another item, section, scale or index"
ORDER = "must come in the order of the document's items"
IN_ONE = "must be in a section, as the others are"
GRID = ("/sections/1/layout", "must hold rating items with the same points and labels")

BAD: list[tuple[list[Put], list[Fault]]] = [
    ([(("items", 0, "labels", "11"), TEXT)], [("/items/0/labels", "has a key that is not allowed")]),
    ([(("items", 0, "labels", "-1"), TEXT)], [("/items/0/labels", "has a key that is not allowed")]),
    (
        [(("items", 0, "labels", "0"), {"fr": "x"})],
        [
            ("/items/0/labels/0", "must be given in every listed language: en is missing"),
            ("/items/0/labels/0", "must not be given in a language that is not listed"),
        ],
    ),
    ([(("items", 0, "points"), 11)], [("/items/0/points", "is not a known field")]),
    ([(("items", 0, "reverse"), True)], [("/items/0/reverse", "is not a known field")]),
    ([(("items", 1, "max_ranks"), 3)], [("/items/1/max_ranks", "must be at most the number of options")]),
    ([(("items", 1, "max_ranks"), 0)], [("/items/1/max_ranks", "must be at least 1")]),
    ([(("items", 1, "max_choices"), 1)], [("/items/1/max_choices", "is not a known field")]),
    ([(("items", 1, "options"), OPTIONS[:1])], [("/items/1/options", "must have at least 2 entries")]),
    ([(("items", 1, "options", 1, "id"), "a")], [("/items/1/options/1/id", "is already the id of another option")]),
    (
        [(("items", 2, "labels", "6"), TEXT), (("items", 3, "labels", "6"), TEXT)],
        [
            ("/items/2/labels/6", "must be one of the item's points"),
            ("/items/3/labels/6", "must be one of the item's points"),
        ],
    ),
    ([(("items", 4, "max_choices"), 3)], [("/items/4/max_choices", "must be at most the number of options")]),
    # Sections.
    ([(("sections",), [])], [("/sections", "must have at least 1 entries")]),
    ([(("sections",), [{}] * 101)], [("/sections", "must have at most 100 entries")]),
    ([(("sections", 2, "id"), "nps")], [("/sections/2/id", TAKEN)]),
    ([(("sections", 2, "id"), "grid")], [("/sections/2/id", TAKEN)]),
    ([(("sections", 2, "order"), "listed")], [("/sections/2/order", "must be 'random'")]),
    ([(("sections", 2, "layout"), "list")], [("/sections/2/layout", "must be 'matrix'")]),
    ([(("sections", 2, "items"), [])], [("/sections/2/items", "must have at least 1 entries")]),
    (
        [(("sections", 2, "items", 0), "nowhere")],
        [
            ("/sections/2/items/0", "is not an item of this document"),
            ("/items/4", IN_ONE),
        ],
    ),
    ([(("sections", 2, "items"), ["one", "more"])], [("/sections/2/items/0", "is already in a section")]),
    ([(("sections", 2, "items"), ["more", "more"])], [("/sections/2/items/1", "is already in a section")]),
    ([(("sections", 0, "items"), ["ranks", "nps"])], [("/sections/0/items/1", ORDER)]),
    ([(("sections", 0, "items"), ["nps"])], [("/items/1", IN_ONE)]),
    (
        [
            (("sections", 1), {"id": "grid", "items": ["more"]}),
            (("sections", 2), {"id": "rest", "items": ["one", "two"]}),
        ],
        [
            ("/sections/2/items/0", ORDER),
            ("/sections/2/items/1", ORDER),
        ],
    ),
    (
        [(("sections", 0, "title"), {"fr": "x"})],
        [
            ("/sections/0/title", "must be given in every listed language: en is missing"),
            ("/sections/0/title", "must not be given in a language that is not listed"),
        ],
    ),
    ([(("sections", 1, "text"), {})], [("/sections/1/text", "must be given in every listed language: en is missing")]),
    # A grid has one row of columns.
    ([(("sections", 0, "layout"), "matrix")], [("/sections/0/layout", "must hold rating items alone")]),
    ([(("items", 3, "points"), 6)], [GRID]),
    ([(("items", 3, "labels", "5"), TEXT)], [GRID]),
    ([(("items", 3, "labels"), None)], [GRID]),
    (
        [(("items", 3, "visible_if"), {"item": "nps", "at_least": 9})],
        [
            ("/sections/1/layout", "must not hold items that are asked of some people only"),
        ],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), BAD, ids=range(len(BAD)))
def test_a_fault_of_an_item_or_section_is_named_by_its_place(changes: list[Put], expected: list[Fault]) -> None:
    assert sorted(faults(changed(_sample(), *changes))) == sorted(expected)


def test_the_sample_is_sound_and_comes_back() -> None:
    document = Document.parse(_sample())
    assert Document.parse(json.loads(document.canonical())) == document
    assert Document.parse(document.as_json()).digest() == document.digest()


def test_the_labels_of_a_grid_are_the_same_in_any_order() -> None:
    turned = dict(reversed(ENDS.items()))
    assert json.dumps(turned) != json.dumps(ENDS)
    alike = Document.parse(changed(_sample(), (("items", 3, "labels"), turned)))
    assert alike.digest() == Document.parse(_sample()).digest()
    languages = _sample()
    languages["languages"] = ["en", "fr"]
    both = json.loads(json.dumps(languages).replace('{"en": "x"}', '{"en": "x", "fr": "y"}'))
    both["items"][0]["labels"] = None
    both["sections"][1]["text"] = {"en": "x", "fr": "y"}
    both["items"][2]["labels"] = {"1": {"en": "x", "fr": "y"}}
    both["items"][3]["labels"] = {"1": {"fr": "y", "en": "x"}}
    Document.parse(both)


def test_a_sensitive_item_is_never_shown_as_required() -> None:
    document = Document.parse(
        changed(
            _sample(),
            (("items", 0, "required"), True),
            (("items", 1, "required"), True),
            (("items", 1, "sensitive"), True),
        )
    )
    assert [item["required"] for item in localised(document, "en")["items"]] == [True, False, False, False, False]


def test_a_respondent_sees_sections_and_the_newer_items() -> None:
    shown = localised(Document.parse(_sample()), "en")
    assert shown["sections"] == [
        {"id": "first", "title": "x", "text": None, "items": ["nps", "ranks"], "order": "listed", "layout": "list"},
        {
            "id": "grid",
            "title": None,
            "text": "How often",
            "items": ["one", "two"],
            "order": "listed",
            "layout": "matrix",
        },
        {"id": "rest", "title": None, "text": None, "items": ["more"], "order": "random", "layout": "list"},
    ]
    options = [{"id": "a", "text": "x"}, {"id": "b", "text": "x"}]
    shared = {"text": "x", "required": False, "sensitive": False}
    nps, ranks, one, _, more = shown["items"]
    assert nps == {"id": "nps", "type": "enps", "labels": {"0": "no", "10": "yes"}} | shared
    assert ranks == {"id": "ranks", "type": "ranking", "options": options, "max_ranks": 1} | shared
    assert one == {"id": "one", "type": "rating", "points": 5, "labels": {"1": "never", "5": "always"}} | shared
    assert more == {"id": "more", "type": "multiple_choice", "options": options, "max_choices": 2} | shared
    every = Document.parse(changed(_sample(), (("items", 1, "max_ranks"), None)))
    assert localised(every, "en")["items"][1]["max_ranks"] == 2
    without = _sample()
    del without["sections"]
    assert "sections" not in localised(Document.parse(without), "en")


def test_a_fault_inside_a_section_hides_no_other() -> None:
    changes = [(("sections", 0), {"id": "first"}), (("sections", 2, "items"), ["more", "nowhere"])]
    assert {pointer for pointer, _ in faults(changed(_sample(), *changes))} == {
        "/sections/0/items",
        "/sections/2/items/1",
    }
