"""What can be trended over two versions: each field of a scale and index that matters, and those that do not."""

from copy import deepcopy

import pytest

from tests.make.edits import COSMETIC, SCALE_BREAKING
from tests.make.versions import DOCUMENT, Json, by_id, edited, whats


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
