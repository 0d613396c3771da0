"""What can be trended over two versions: each field of an item, scale and index that matters, and those that do not."""

from collections.abc import Callable
from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.questionnaires.compare.changes import Change, Changes, _moved, changes
from service.questionnaires.compare.differences import WORDS, Weight
from service.questionnaires.document import Document

Json = dict[str, Any]
Edit = Callable[[Json], object]


def texts(word: str) -> dict[str, str]:
    return {"fr": f"{word} (fr)", "en": f"{word} (en)"}


def rating(name: str, **more: Any) -> Json:
    return {"id": name, "type": "rating", "text": texts(name), "points": 5} | more


DOCUMENT: Json = {
    "format": "pouls/1",
    "key": "all",
    "languages": ["fr", "en"],
    "title": texts("title"),
    "introduction": texts("introduction"),
    "support": [{"name": texts("service"), "detail": texts("detail"), "phone": "+33 1 23 45 67 89"}],
    "items": [
        rating("load", labels={"1": texts("low"), "5": texts("high")}),
        rating("help"),
        rating("trust"),
        rating("voice", reverse=True),
        {
            "id": "recommend",
            "type": "enps",
            "text": texts("recommend"),
            "labels": {"0": texts("no"), "10": texts("yes")},
        },
        {
            "id": "place",
            "type": "single_choice",
            "text": texts("place"),
            "options": [{"id": name, "text": texts(name)} for name in ("office", "home", "road")],
        },
        {
            "id": "tools",
            "type": "multiple_choice",
            "text": texts("tools"),
            "options": [{"id": name, "text": texts(name)} for name in ("chat", "call", "mail")],
            "max_choices": 2,
        },
        {
            "id": "wishes",
            "type": "ranking",
            "text": texts("wishes"),
            "options": [{"id": name, "text": texts(name)} for name in ("time", "means", "calm")],
            "max_ranks": 2,
        },
        {"id": "years", "type": "number", "text": texts("years"), "minimum": 0, "maximum": 50},
        rating("commute", visible_if={"item": "place", "is": ["office", "road"]}),
        {"id": "comment", "type": "text", "text": texts("comment"), "max_length": 300},
    ],
    "scales": [
        {"id": "strain", "title": texts("strain"), "items": ["load", "voice"], "weights": [1, 2]},
        {
            "id": "support",
            "title": texts("support"),
            "items": ["help", "trust"],
            "bands": [
                {"id": "low", "title": texts("low"), "text": texts("low band")},
                {"id": "high", "title": texts("high"), "at_least": 3.5},
            ],
        },
    ],
    "indices": [{"id": "balance", "title": texts("balance"), "scales": ["strain", "support"], "combine": "ratio"}],
}
SECTIONS = [
    {"id": "grid", "text": texts("Here,"), "layout": "matrix", "items": ["help", "trust"]},
    {"id": "rest", "title": texts("rest"), "text": texts("Some more"), "items": ["place", "commute"]},
]


def with_sections() -> Json:
    made = deepcopy(DOCUMENT) | {"items": [], "scales": [DOCUMENT["scales"][1]], "indices": [], "sections": SECTIONS}
    made["items"] = [item for item in DOCUMENT["items"] if item["id"] in {"help", "trust", "place", "commute"}]
    return deepcopy(made)


def edited(edit: Edit, base: Json = DOCUMENT) -> Changes:
    """What changed by an edit of the document."""
    new = deepcopy(base)
    edit(new)
    return changes(Document.parse(base), Document.parse(new))


def by_id(found: tuple[Change, ...]) -> dict[str, Change]:
    return {one.id: one for one in found}


def whats(change: Change) -> set[str]:
    return {reason.what for reason in change.reasons}


def item(document: Json, name: str) -> Json:
    found: Json = next(one for one in document["items"] if one["id"] == name)
    return found


def test_two_versions_that_say_the_same_differ_in_nothing() -> None:
    found = changes(Document.parse(DOCUMENT), Document.parse(deepcopy(DOCUMENT)))
    assert {one.change for one in (*found.items, *found.scales, *found.indices)} == {"same"}
    assert all(one.trended for one in (*found.items, *found.scales, *found.indices))
    assert len(found.items) == len(DOCUMENT["items"])
    assert (found.languages, found.added_languages, found.removed_languages, found.document) == (
        ("fr", "en"),
        (),
        (),
        (),
    )


def test_what_stands_by_default_may_be_written_out() -> None:
    def spell(document: Json) -> None:
        for one in document["items"]:
            one |= {"required": False, "sensitive": False}
        document["scales"][0] |= {"score": "mean", "favourable": "high", "rule": "person"}
        document["scales"][1] |= {"weights": [1, 1]}
        document["indices"][0] |= {"rule": "person"}

    found = edited(spell)
    assert {one.change for one in (*found.items, *found.scales, *found.indices)} == {"same"}
    alone = edited(lambda d: d["scales"][1].update(answered=2), deepcopy(DOCUMENT) | {"indices": []})
    assert by_id(alone.scales)["support"].change == "same"


BREAKING: dict[str, tuple[str, str, Edit]] = {
    "text": ("help", "text", lambda d: item(d, "help")["text"].update(en="other")),
    "points": ("commute", "points", lambda d: item(d, "commute").update(points=7)),
    "reverse": ("help", "reverse", lambda d: item(d, "help").update(reverse=True)),
    "a label's text": ("load", "labels", lambda d: item(d, "load")["labels"]["1"].update(fr="autre")),
    "more labels": ("load", "labels", lambda d: item(d, "load")["labels"].update({"3": texts("so so")})),
    "no labels": ("load", "labels", lambda d: item(d, "load").pop("labels")),
    "eNPS label": ("recommend", "labels", lambda d: item(d, "recommend")["labels"]["0"].update(en="never")),
    "type": ("recommend", "type", lambda d: item(d, "recommend").update(type="rating", points=10, labels=None)),
    "option text": ("place", "options", lambda d: item(d, "place")["options"][0]["text"].update(en="desk")),
    "option more": ("tools", "options", lambda d: item(d, "tools")["options"].append({"id": "n", "text": texts("n")})),
    "option id": ("tools", "options", lambda d: item(d, "tools")["options"][0].update(id="talk")),
    "option order": ("wishes", "options", lambda d: item(d, "wishes")["options"].reverse()),
    "choices": ("tools", "choices", lambda d: item(d, "tools").update(max_choices=1)),
    "any choices": ("tools", "choices", lambda d: item(d, "tools").pop("max_choices")),
    "ranks": ("wishes", "choices", lambda d: item(d, "wishes").update(max_ranks=1)),
    "minimum": ("years", "bounds", lambda d: item(d, "years").update(minimum=1)),
    "maximum": ("years", "bounds", lambda d: item(d, "years").update(maximum=60)),
    "condition": ("commute", "condition", lambda d: item(d, "commute")["visible_if"].update({"is": ["road"]})),
    "no condition": ("commute", "condition", lambda d: item(d, "commute").pop("visible_if")),
    "gate": ("commute", "gate", lambda d: item(d, "place")["text"].update(fr="autre")),
}


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


NOTED: dict[str, tuple[str, str, Edit]] = {
    "required": ("help", "required", lambda d: item(d, "help").update(required=True)),
    "sensitive": ("help", "sensitive", lambda d: item(d, "help").update(sensitive=True)),
    "max_length": ("comment", "max_length", lambda d: item(d, "comment").update(max_length=400)),
}


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


def test_a_change_of_one_language_is_told_by_that_language() -> None:
    found = by_id(edited(lambda d: item(d, "help")["text"].update(en="other")).items)["help"]
    (reason,) = found.reasons
    assert reason.languages == ("en",)
    both = by_id(edited(lambda d: item(d, "help")["text"].update(en="other", fr="autre")).items)["help"]
    assert both.reasons[0].languages == ("fr", "en")
    option = by_id(edited(lambda d: item(d, "place")["options"][0]["text"].update(fr="x")).items)["place"]
    assert option.reasons[0].languages == ("fr",)


def translated(document: Json, languages: list[str]) -> None:
    """The document in other languages; a new one has texts of its own."""

    def turn(value: Any) -> Any:
        if isinstance(value, dict) and value.keys() == {"fr", "en"}:
            return {tag: value.get(tag, f"{value['fr']} [{tag}]") for tag in languages}
        if isinstance(value, dict):
            return {name: turn(entry) for name, entry in value.items()}
        return [turn(entry) for entry in value] if isinstance(value, list) else value

    document |= {name: turn(value) for name, value in document.items() if name != "languages"}
    document["languages"] = languages


@pytest.mark.parametrize("languages", [["fr", "en", "de"], ["en"], ["de", "fr"]])
def test_a_language_more_or_less_is_no_obstacle(languages: list[str]) -> None:
    found = edited(lambda d: translated(d, languages))
    assert {one.change for one in (*found.items, *found.scales, *found.indices)} == {"same"}
    assert found.languages == tuple(tag for tag in languages if tag in {"fr", "en"})
    assert found.added_languages == tuple(tag for tag in languages if tag == "de")
    assert found.removed_languages == tuple(tag for tag in ("fr", "en") if tag not in languages)
    assert found.document == ()


def test_without_a_language_in_common_nothing_can_be_compared() -> None:
    found = edited(lambda d: translated(d, ["de"]))
    assert not any(one.trended for one in (*found.items, *found.scales, *found.indices))
    assert "languages" in whats(found.items[0])
    assert "part" in whats(found.scales[0])


def test_a_text_that_stands_in_for_a_variant_is_that_variants_text() -> None:
    base = deepcopy(DOCUMENT)
    base["languages"] = ["fr", "en", "fr-CA"]
    same = by_id(edited(lambda d: item(d, "help")["text"].update({"fr-CA": "help (fr)"}), base).items)["help"]
    assert same.change == "same"
    other = by_id(edited(lambda d: item(d, "help")["text"].update({"fr-CA": "aide"}), base).items)["help"]
    assert (other.trended, other.reasons[0].languages) == (False, ("fr-CA",))


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


SCALE_BREAKING: dict[str, tuple[str, str, Edit]] = {
    "an item more": ("support", "parts", lambda d: d["scales"][1]["items"].append("commute")),
    "an item less": ("strain", "parts", lambda d: d["scales"][0].update(items=["load"], weights=[1])),
    "an item that is another": ("support", "part", lambda d: item(d, "help")["text"].update(en="other")),
    "weights": ("strain", "weights", lambda d: d["scales"][0].update(weights=[2, 1])),
    "favourable": ("support", "favourable", lambda d: d["scales"][1].update(favourable="low")),
}


@pytest.mark.parametrize("name", SCALE_BREAKING)
def test_what_changes_a_score_ends_its_trend(name: str) -> None:
    ident, what, edit = SCALE_BREAKING[name]
    found = edited(edit)
    scale = by_id(found.scales)[ident]
    assert (scale.change, scale.trended) == ("changed", False)
    assert what in whats(scale)
    index = by_id(found.indices)["balance"]
    assert (index.trended, whats(index)) == (False, {"part"})
    assert ident in index.reasons[0].ids


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("rule", {"rule": "group"}),
        ("answered", {"answered": 1}),
        ("score", {"score": "percent"}),
    ],
)
def test_how_answers_are_averaged_belongs_to_the_score(what: str, edit: Json) -> None:
    base = deepcopy(DOCUMENT) | {"indices": []}
    found = by_id(edited(lambda d: d["scales"][1].update(edit), base).scales)["support"]
    assert (found.trended, whats(found)) == (False, {what})


def test_the_order_of_a_scales_items_is_of_no_matter() -> None:
    found = edited(lambda d: d["scales"][0].update(items=["voice", "load"], weights=[2, 1]))
    assert by_id(found.scales)["strain"].change == "same"


COSMETIC: dict[str, tuple[str, Edit]] = {
    "title": ("title", lambda d: d["scales"][1]["title"].update(en="other")),
    "band text": ("bands", lambda d: d["scales"][1]["bands"][0]["text"].update(fr="autre")),
    "cut-off": ("bands", lambda d: d["scales"][1]["bands"][1].update(at_least=4)),
    "no bands": ("bands", lambda d: d["scales"][1].pop("bands")),
}


@pytest.mark.parametrize("name", COSMETIC)
def test_titles_and_bands_are_cosmetic(name: str) -> None:
    what, edit = COSMETIC[name]
    found = edited(edit)
    scale = by_id(found.scales)["support"]
    assert (scale.change, scale.trended, whats(scale)) == ("cosmetic", True, {what})
    assert by_id(found.indices)["balance"].change == "same"


def test_indices() -> None:
    turned = by_id(edited(lambda d: d["indices"][0]["scales"].reverse()).indices)["balance"]
    assert (turned.trended, whats(turned)) == (False, {"combine"})
    mean = by_id(edited(lambda d: d["indices"][0].pop("combine")).indices)["balance"]
    assert (mean.trended, whats(mean)) == (False, {"combine"})
    base = deepcopy(DOCUMENT)
    del base["indices"][0]["combine"]
    same = by_id(edited(lambda d: d["indices"][0]["scales"].reverse(), base).indices)["balance"]
    assert same.change == "same"
    group = by_id(edited(lambda d: d["indices"][0].update(scales=["support"]), base).indices)["balance"]
    assert (group.trended, whats(group), group.reasons[0].ids) == (False, {"parts"}, ("strain",))


def test_what_belongs_to_no_element_is_told_of_the_document() -> None:
    def edit(document: Json) -> None:
        document["title"]["fr"] = "autre"
        document["introduction"] = None
        document["support"][0]["phone"] = "+33 9 87 65 43 21"
        document["outcome"] = "support"

    found = edited(edit)
    assert [(one.what, one.languages) for one in found.document] == [
        ("title", ("fr",)), ("introduction", ("fr", "en")), ("support", ()), ("outcome", ()),
    ]  # fmt: skip
    assert {one.change for one in found.items} == {"same"}


EDITS = [one[-1] for table in (BREAKING, NOTED, SCALE_BREAKING, COSMETIC) for one in table.values()]
OTHER_WAY = {"added": "removed", "removed": "added"}


@given(
    st.lists(st.sampled_from(EDITS), max_size=4),
    st.permutations(range(8)),
    st.sets(st.sampled_from(["years", "recommend", "comment"])),
)
def test_the_other_way_round_only_added_and_removed_change_places(
    edits: list[Edit], order: list[int], gone: set[str]
) -> None:
    new = deepcopy(DOCUMENT)
    for edit in edits:
        try:
            tried = deepcopy(new)
            edit(tried)
            Document.parse(tried)
        except Exception:  # noqa: BLE001, S112 - an edit that does not go with those before is left out
            continue
        new = tried
    new["items"][:8] = [new["items"][place] for place in order]
    new["items"] = [one for one in new["items"] if one["id"] not in gone]
    there = changes(Document.parse(DOCUMENT), Document.parse(new))
    back = changes(Document.parse(new), Document.parse(DOCUMENT))
    assert gone == {one.id for one in there.items if one.change == "removed"}
    for kind in ("items", "scales", "indices"):
        forth, other = by_id(getattr(there, kind)), by_id(getattr(back, kind))
        assert forth.keys() == other.keys()
        for name, one in forth.items():
            turned = other[name]
            assert OTHER_WAY.get(one.change, one.change) == turned.change
            assert one.trended == turned.trended
            assert whats(one) == whats(turned)


@given(st.permutations(range(7)), st.integers(0, 7))
def test_what_moved_is_in_no_way_of_keeping_most_in_their_places(order: list[int], cut: int) -> None:
    """By looking at every choice of entries that are in order in both lists."""
    after = order[:cut] + [10 + entry for entry in order[cut:]]
    both = [entry for entry in range(7) if entry in after]
    at = {entry: after.index(entry) for entry in both}
    kept = [
        set(some)
        for size in range(len(both), -1, -1)
        for some in combinations(both, size)
        if [at[entry] for entry in some] == sorted(at[entry] for entry in some)
    ]
    most = max(map(len, kept))
    in_every = set.intersection(*(some for some in kept if len(some) == most))
    names = [str(entry) for entry in range(7)]
    assert _moved(names, [str(entry) for entry in after]) == {str(entry) for entry in both} - set(map(str, in_every))
