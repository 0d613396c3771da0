"""What can be trended over two versions: each field of an item and section that matters, and those that do not."""

from copy import deepcopy

import pytest

from service.questionnaires.compare.changes import Change
from service.questionnaires.compare.differences import WORDS, Weight
from tests.make.edits import BREAKING, NOTED
from tests.make.versions import DOCUMENT, Edit, Json, by_id, edited, item, rating, texts, whats, with_sections


@pytest.mark.parametrize("name", BREAKING)
def test_what_changes_a_question_ends_its_trend(name: str) -> None:
    ident, what, edit = BREAKING[name]
    found = by_id(edited(edit).items)
    assert (found[ident].change, found[ident].trended) == ("changed", False)
    assert what in whats(found[ident])
    assert WORDS[what][0] is Weight.breaking
    # Nothing else is drawn in, but what hangs on it.
    others = {one.id for one in found.values() if not one.trended} - {ident}
    allowed = {"trust": {"help"}, "place": {"commute"}, "commute": {"place"}}
    assert others <= allowed.get(ident, set())


@pytest.mark.parametrize("name", NOTED)
def test_what_leaves_the_question_alone_is_noted(name: str) -> None:
    ident, what, edit = NOTED[name]
    found = by_id(edited(edit).items)[ident]
    assert (found.change, found.trended, whats(found)) == ("changed", True, {what})


def test_a_maximum_of_all_options_is_none() -> None:
    base = deepcopy(DOCUMENT)
    item(base, "tools")["max_choices"] = 3
    found = edited(lambda d: item(d, "tools").pop("max_choices"), base)
    assert by_id(found.items)["tools"].change == "same"


def test_items_come_and_go() -> None:
    def swap(document: Json) -> None:
        document["items"] = [one for one in document["items"] if one["id"] != "years"]
        document["items"].insert(0, rating("new"))

    found = edited(swap)
    assert found.items[-1] == Change("years", "removed", trended=False)
    assert found.items[0] == Change("new", "added", trended=False)
    assert {one.change for one in found.items[1:-1]} == {"same"}


def test_an_item_that_stands_elsewhere_is_trended_with_a_note() -> None:
    found = by_id(edited(lambda d: d["items"].append(d["items"].pop(0))).items)
    assert (found["load"].change, found["load"].trended, whats(found["load"])) == ("moved", True, {"moved"})
    assert {one.change for name, one in found.items() if name != "load"} == {"same"}


SECTION_EDITS: dict[str, tuple[dict[str, tuple[str, bool]], Edit]] = {
    "stem": ({"help": ("changed", False), "trust": ("changed", False)},
             lambda d: d["sections"][0]["text"].update(fr="x")),
    "no matrix": ({"help": ("changed", False), "trust": ("changed", False)}, lambda d: d["sections"][0].pop("layout")),
    "text of a list": ({"place": ("cosmetic", True), "commute": ("cosmetic", True)},
                       lambda d: d["sections"][1]["text"].update(en="x")),
    "title": ({"place": ("cosmetic", True), "commute": ("cosmetic", True)},
              lambda d: d["sections"][1]["title"].update(en="x")),
    "order": ({"help": ("cosmetic", True), "trust": ("cosmetic", True)},
              lambda d: d["sections"][0].update(order="random")),
    "another section": ({"commute": ("moved", True)},
                        lambda d: (d["sections"][1]["items"].pop(),
                                   d["sections"].append({"id": "more", "title": texts("rest"),
                                                         "text": texts("Some more"), "items": ["commute"]}))),
    "sections go": ({"help": ("changed", False), "trust": ("changed", False), "place": ("moved", True),
                     "commute": ("moved", True)}, lambda d: d.pop("sections")),
    "condition": ({"place": ("changed", False), "commute": ("changed", False)},
                  lambda d: (item(d, "commute").pop("visible_if"),
                             d["sections"][1].update(visible_if={"item": "help", "at_least": 3}))),
}  # fmt: skip


@pytest.mark.parametrize("name", SECTION_EDITS)
def test_sections(name: str) -> None:
    expected, edit = SECTION_EDITS[name]
    base = with_sections()
    found = by_id(edited(edit, base).items)
    assert {one.id: (one.change, one.trended) for one in found.values() if one.change != "same"} == expected


def test_a_condition_may_go_from_an_item_to_its_section() -> None:
    base = with_sections()
    base["sections"][1]["items"] = ["place"]
    base["sections"].append({"id": "more", "items": ["commute"]})

    def lift(document: Json) -> None:
        document["sections"][2]["visible_if"] = item(document, "commute").pop("visible_if")

    assert by_id(edited(lift, base).items)["commute"].change == "same"
