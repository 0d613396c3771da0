"""What differs between two versions of a document: languages, what belongs to no element, and both ways round."""

from copy import deepcopy
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.questionnaires.compare.changes import _moved, changes
from service.questionnaires.document import Document
from tests.make.edits import BREAKING, COSMETIC, NOTED, SCALE_BREAKING
from tests.make.versions import DOCUMENT, Edit, Json, by_id, edited, item, whats


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
