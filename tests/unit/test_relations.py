"""What is told of how answers go together: against plain numpy, and what stands in the way."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from service.disclosure.policy import Policy
from service.releases import relations
from tests.make.related_answers import ALL, SCALES, Whole, document, element, full, rating, world

Floats = NDArray[np.float64]


# Counted.


def test_items_of_a_scale_are_counted_together_for_those_who_answered_all() -> None:
    made = document("pqr", [element("s", "pqr")], reverse="q")
    groups = [(0, "pqr", 5), (1, "pqr", 20), (1, "pq", 7), (2, "pqr", 11), (2, "r", 3), (2, "", 2)]
    found = world(made, groups)
    relation = found.related.scales["s"]
    turned = found.of("pqr")
    turned[:, 1] = 6 - turned[:, 1]
    assert relation.measures == ("p", "q", "r", "s")
    assert relation.people.tolist() == [5, 20, 11]
    assert relation.moments.n == 36
    assert relation.moments.total.tolist() == turned.sum(axis=0).tolist()
    assert relation.moments.products.tolist() == (turned.T @ turned).tolist()
    assert relation.covariance() == pytest.approx(np.cov(turned.T))


def test_blocks_of_people_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made = document(ALL, SCALES, outcome="o")
    found = world(made, [(1, ALL, 30), (2, "pqruv", 9), (2, ALL, 40), (0, "y", 5)])
    whole = found.related
    monkeypatch.setattr(relations, "_BLOCK", 7)
    pieces = found.related
    assert whole.drivers is not None
    assert pieces.drivers is not None
    pairs = [(whole.drivers, pieces.drivers), *((whole.scales[one], pieces.scales[one]) for one in whole.scales)]
    for one, other in pairs:
        assert one.people.tolist() == other.people.tolist()
        assert one.moments.n == other.moments.n == int(one.people.sum())
        assert one.moments.products.tolist() == other.moments.products.tolist()
        assert one.moments.total.tolist() == other.moments.total.tolist()


def test_the_outcome_is_counted_with_scales_for_those_who_have_all_scores() -> None:
    scales = (element("s", "pqr", weights=[2, 1, 1]), element("t", "uv", favourable="low"), *SCALES[2:])
    made = document(ALL, scales, outcome="t", reverse="u")
    groups = [(1, ALL, 30), (1, "pqruvx", 9), (2, ALL, 40), (0, "y", 5)]
    found = world(made, groups)
    drivers = found.related.drivers
    assert drivers is not None
    assert drivers.people.tolist() == [0, 30, 40]
    p, q, r, u, v, x, y = found.of(ALL).T
    low = 6 - ((6 - u) + v) / 2
    scores = np.stack([low, (2 * p + q + r) / 4, x, y])
    assert drivers.covariance() == pytest.approx(np.cov(scores))
    assert drivers.measures[:4] == ("t", "s", "w", "o")
    assert set(drivers.measures) == {"t", "s", "w", "o", "x", "y"}


def test_only_scales_of_several_items_by_the_person_rule_are_counted() -> None:
    scales = (*SCALES[1:], element("s", "pqr", rule="group"))
    assert set(full(20, scales).related.scales) == {"t"}
    assert full(20, scales).related.drivers is not None
    assert full(20, scales, outcome="s").related.drivers is None
    assert full(20, outcome=None).related.drivers is None
    assert full(20, SCALES[2:]).related.drivers is None


# Told, against plain numpy.


def _alpha(turned: Whole) -> float:
    size = turned.shape[1]
    return size / (size - 1) * (1 - turned.var(axis=0, ddof=1).sum() / turned.sum(axis=1).var(ddof=1))


def _omega(turned: Whole) -> float:
    """Of three items a factor explains all correlations, and its loadings can be written down."""
    r = np.corrcoef(turned.T)
    loadings = np.sqrt([r[0, 1] * r[0, 2] / r[1, 2], r[0, 1] * r[1, 2] / r[0, 2], r[0, 2] * r[1, 2] / r[0, 1]])
    assert loadings.max() < 1
    deviations = turned.std(axis=0, ddof=1)
    common = (loadings * deviations).sum() ** 2
    return float(common / (common + ((1 - loadings**2) * deviations**2).sum()))


def _icc(groups: Sequence[Floats]) -> tuple[float, float]:
    everybody = np.concatenate(groups)
    between = sum(len(one) * (one.mean() - everybody.mean()) ** 2 for one in groups) / (len(groups) - 1)
    within = sum(((one - one.mean()) ** 2).sum() for one in groups) / (len(everybody) - len(groups))
    size = len(everybody) / len(groups)
    return (between - within) / (between + (size - 1) * within), (between - within) / between


def _weights(outcome: Floats, others: Floats) -> tuple[float, Floats]:
    """R squared by least squares; shares by the orthonormal variables nearest to the others, from a decomposition."""
    standard = (others - others.mean(axis=0)) / others.std(axis=0)
    aim = (outcome - outcome.mean()) / outcome.std()
    left, values, right = np.linalg.svd(standard, full_matrices=False)
    nearest = left @ right
    n = np.sqrt(len(outcome))
    loadings, slopes = (right.T * values) @ right / n, nearest.T @ aim / n
    raw = loadings**2 @ slopes**2
    fitted = standard @ np.linalg.lstsq(standard, aim, rcond=None)[0]
    explained = float(fitted.var())
    assert raw.sum() == pytest.approx(explained)
    return explained, raw / raw.sum()


@pytest.mark.parametrize(("people", "places"), [(100, 2), (240, 2), (999, 2), (1_000, 3), (1_300, 3)])
def test_figures_are_those_of_plain_numpy_with_their_decimals(people: int, places: int) -> None:
    found = full(people, reverse="qv")
    made = found.told()
    turned = found.of(ALL)
    turned[:, [1, 4]] = 6 - turned[:, [1, 4]]
    scores = np.stack([turned[:, 6], turned[:, :3].mean(axis=1), turned[:, 3:5].mean(axis=1), turned[:, 5]], axis=1)
    # Items that are the wrong way round go against the others.
    for at, items, names in ((0, slice(0, 3), "pqrs"), (1, slice(3, 5), "uvt")):
        entry = made["scales"][at]
        assert entry["alpha"] == round(_alpha(turned[:, items]), places) + 0.0
        assert (entry["n"], entry["measures"], entry["scale"]) == (people // 5 * 5, list(names), names[-1])
    straight = full(people).told()
    plain = full(people).of("pqr")
    assert straight["scales"][0]["omega"] == round(_omega(plain), places)
    assert straight["scales"][0]["alpha"] == round(_alpha(plain), places)
    assert "omega" not in straight["scales"][1]
    drivers = made["drivers"]
    explained, shares = _weights(scores[:, 0], scores[:, 1:])
    assert (drivers["outcome"], drivers["n"]) == ("o", people // 5 * 5)
    assert drivers["r_squared"] == round(explained, places)
    between = np.corrcoef(scores.T)[0, 1:]
    assert drivers["weights"] == [
        {"scale": name, "share": round(share, places), "correlation": round(one, places) + 0.0}
        for name, share, one in zip("stw", shares.tolist(), between.tolist(), strict=True)
    ]
    for entry, score in zip(made["units"], (1, 2, 3, 0), strict=True):
        groups = [scores[found.classes == unit, score] for unit in (1, 2)]
        icc1, icc2 = _icc(groups)
        assert (entry["icc1"], entry["icc2"]) == (round(icc1, places) + 0.0, round(icc2, places) + 0.0)
        assert (entry["n"], entry["groups"]) == (people // 5 * 5, 2)


def test_items_the_wrong_way_round_are_turned() -> None:
    """The same answers, asked the other way round: what goes together does not change."""
    straight = full(200)
    other = full(200, reverse="pu")
    at = [number for number, column in enumerate(other.columns) if column.item_id in "pu"]
    other.matrix[:, at] = 6 - other.matrix[:, at]
    assert other.told() == straight.told()


def test_people_of_no_shown_unit_are_a_group_by_themselves() -> None:
    """Nobody hears of the four in a unit of their own: with those of the company alone, they are what is left of it."""
    made = document("pq", [element("s", "pq")])
    groups = [(1, "pq", 60), (2, "pq", 70), (3, "pq", 4), (0, "pq", 9)]
    found = world(made, groups, parents=(-1, 0, 0, 0))
    entry = found.told()["units"][0]
    means = found.of("pq").mean(axis=1)
    left = [means[found.classes == 1], means[found.classes == 2], means[np.isin(found.classes, (0, 3))]]
    assert entry["groups"] == 3
    assert (entry["icc1"], entry["icc2"]) == tuple(round(one, 2) + 0.0 for one in _icc(left))


def test_an_index_is_an_outcome_beside_the_scales_of_which_it_is_not_made() -> None:
    scales = (element("s", "pq"), element("t", "u"), element("w", "x"), element("o", "y"), element("z", "rv"))
    index = element("i", scales=["s", "t"])
    found = full(150, scales, outcome="i", indices=[index])
    drivers = found.told()["drivers"]
    p, q, r, u, v, x, y = found.of(ALL).T
    outcome = ((p + q) / 2 + u) / 2
    others = np.stack([x, y, (r + v) / 2], axis=1)
    explained, shares = _weights(outcome, others)
    assert drivers["r_squared"] == round(explained, 2)
    assert [one["scale"] for one in drivers["weights"]] == ["w", "o", "z"]
    assert [one["share"] for one in drivers["weights"]] == [round(one, 2) for one in shares.tolist()]
    # What it is compared with: its own scales too, and the answer that one of them is.
    assert set(drivers["measures"]) == {"i", "s", "t", "u", "w", "x", "o", "y", "z"}


def test_an_index_of_scales_that_are_weighed_is_compared_with_them() -> None:
    """Three people who answered two of the scales could be told by it."""
    scales = (element("a", "p"), element("b", "q"), element("c", "r"))
    made = document("pqr", scales, outcome="c", indices=[element("i", scales=["a", "b"])])
    alone = document("pqr", scales, outcome="c")
    groups = [(1, "pqr", 100), (2, "pqr", 100), (1, "p", 40), (2, "q", 40)]
    assert "drivers" in world(made, groups).told()
    assert "i" in world(made, groups).told()["drivers"]["measures"]
    assert "drivers" in world(alone, [*groups, (1, "pq", 3)]).told()
    for few, more in ((3, False), (29, False), (30, True)):
        assert ("drivers" in world(made, [*groups, (1, "pq", few)]).told()) == more


# What stands in the way.


@pytest.mark.parametrize("people", [99, 100])
def test_fewer_than_a_hundred_people_are_told_nothing_of(people: int) -> None:
    found = full(people).told()
    assert set(found) == ({"scales", "units", "drivers"} if people == 100 else set())


@pytest.mark.parametrize(
    ("outside", "shown"), [((), True), ((1,), False), ((20,), False), ((29,), False), ((30,), True), ((15, 15), True)]
)
def test_whoever_counts_in_one_and_not_in_all_is_nobody_or_enough(outside: tuple[int, ...], shown: bool) -> None:
    """Who answered one item alone; the scale's own deviation stands whether alpha does or not."""
    made = document("pq", [element("s", "pq")])
    groups = [(1, "pq", 100), (2, "pq", 100), *((unit, "p", n) for unit, n in enumerate(outside, 1))]
    found = world(made, groups)
    assert ("scales" in found.told()) == shown
    if shown:
        (entry,) = found.told()["scales"]
        assert (entry["n"], entry["alpha"]) == (200, round(_alpha(found.of("pq")), 2))


@pytest.mark.parametrize(("few", "shown"), [(6, False), (14, False), (15, True)])
def test_people_are_enough_piece_by_piece(few: int, shown: bool) -> None:
    """Nearly all in one unit answered both items, nearly all in the other one: together they are many of each."""
    made = document("pq", [element("s", "pq")])
    groups = [(1, "pq", 120), (1, "p", few), (2, "pq", few), (2, "p", 120)]
    found = world(made, groups)
    assert "units" in found.told()
    assert ("scales" in found.told()) == shown


def test_people_outside_the_drivers_are_enough_of_each_measure() -> None:
    made = document(ALL, SCALES, outcome="o")
    several = [(1, ALL, 80), (2, ALL, 90)]
    for outside, shown in (("pqr", False), ("xy", False), (ALL[:6], False), ("", True)):
        assert ("drivers" in world(made, [*several, (1, outside, 29)]).told()) == shown
    for outside in ("pqr", "xy", ALL[:6]):
        assert "drivers" in world(made, [*several, (1, outside, 30)]).told()
    # Who answered one item of three has no score, and stands in no way.
    assert "drivers" in world(made, [*several, (1, "p", 12)]).told()


def test_nothing_stands_without_the_deviation_of_everybody() -> None:
    found = full(150)
    found.policy = Policy(sd_from=151)
    assert found.told() == {}
    found.policy = Policy(sd_from=150)
    assert set(found.told()) == {"scales", "units", "drivers"}
    # A scale that scores who answered one item never has one.
    gaps = document("pq", [element("s", "pq", answered=1)])
    assert world(gaps, [(1, "pq", 100), (2, "pq", 100)]).told() == {}


def test_nothing_is_told_of_what_only_some_are_asked() -> None:
    """How many they are is an answer; alone it stands as a band."""
    options = [{"id": one, "text": {"en": one}} for one in ("yes", "no")]
    gate = {"id": "g", "type": "single_choice", "options": options, "text": {"en": "g"}, "required": True}
    scales = [element("s", "pq"), element("t", "uv"), element("o", "x")]
    for gated in ("", "p", "x"):
        asked = {"visible_if": {"item": "g", "is": ["yes"]}}
        groups = [(unit, "gpquvx", 120) for unit in (1, 2)]
        groups += [(unit, "gpquvx".replace(gated or "-", ""), 80) for unit in (1, 2)]
        for hanging in (asked, {}):
            items = [gate, *(rating(one, **(hanging if one == gated else {})) for one in "pquvx")]
            found = world(document(items, scales, outcome="o"), groups)
            found.matrix[:, 0] = np.arange(400) >= 240
            means = [one for one in found.table(found.tallies).columns if one.has_sd is not None]
            assert all(one.has_sd is not None and one.has_sd[0] for one in means)
            told_of = found.told()
            hidden = {"p": "s", "x": "o"}.get(gated, "") if hanging else ""
            assert [one["scale"] for one in told_of["scales"]] == [one for one in "st" if one != hidden]
            assert [one["scale"] for one in told_of["units"]] == [one for one in "sto" if one != hidden]
            assert ("drivers" in told_of) == (not hidden)


def test_a_scale_with_gaps_is_told_of_by_those_without() -> None:
    made = document("pqr", [element("s", "pqr", answered=2)], reverse="r")
    groups = [(1, "pqr", 70), (2, "pqr", 80), (1, "pq", 40), (2, "qr", 40), (1, "pr", 40)]
    found = world(made, groups)
    (entry,) = found.told()["scales"]
    turned = found.of("pqr")
    turned[:, 2] = 6 - turned[:, 2]
    assert (entry["n"], entry["alpha"]) == (150, round(_alpha(turned), 2) + 0.0)
    assert found.told()["units"][0]["n"] == 270
    assert world(made, [*groups[:2], (1, "pq", 29)]).told().get("scales") is None


def test_scales_with_gaps_are_in_no_drivers() -> None:
    scales = (element("s", "pqr", answered=2), *SCALES[1:])
    assert full(150, scales).told().get("drivers", {}).get("weights", [{"scale": "t"}])[0]["scale"] == "t"
    assert full(150, (*SCALES[:3], element("o", "y"))).told()["drivers"]["weights"][0]["scale"] == "s"
    assert "drivers" not in full(150, scales, outcome="s").told()


def test_scales_of_the_group_rule_are_not_there() -> None:
    found = full(150, (element("s", "pqr", rule="group"), *SCALES[1:])).told()
    assert [one["scale"] for one in found["scales"]] == ["t"]
    assert [one["scale"] for one in found["units"]] == ["t", "w", "o"]
    assert [one["scale"] for one in found["drivers"]["weights"]] == ["t", "w"]


def test_what_is_not_defined_is_absent() -> None:
    found = full(150)
    found.matrix[:, :3] = 4  # nobody differs on the first scale
    entry = found.told()
    assert [one["scale"] for one in entry["scales"]] == ["t"]
    assert [one["scale"] for one in entry["units"]] == ["t", "w", "o"]
    assert "drivers" not in entry
    found = full(150)
    found.matrix[:, 6] = 3  # nor on the outcome
    assert "drivers" not in found.told()
    found = full(150)
    found.matrix[:, 0] = 3  # nor on one item, which is no factor's
    assert "omega" not in found.told()["scales"][0]
    assert "alpha" in found.told()["scales"][0]
    found = full(150)
    found.matrix[:, 5] = found.matrix[:, 3]
    found.matrix[:, 4] = found.matrix[:, 3]  # two scales are one
    assert "drivers" not in found.told()
    alone = full(150)
    alone.classes[:] = 0
    assert "units" not in alone.told()
