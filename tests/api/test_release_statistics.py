"""A release of everything a questionnaire can ask and score: what is shown of each, where, and beside what."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import count
from math import sqrt
from typing import Any

import numpy as np
import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_campaign, an_org, cells_of, codes_of, ok

TEAMS = {"A": 70, "B": 45, "C": 20, "D": 4}
TEXT = {"en": "x"}
LABEL = {"title": TEXT}


def _rating(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "rating", "points": 5, "text": TEXT} | more


def _options(*names: str) -> list[dict[str, Any]]:
    return [{"id": name, "text": TEXT} for name in names]


DOCUMENT: dict[str, Any] = {
    "format": "pouls/1",
    "key": "everything",
    "languages": ["en"],
    "title": TEXT,
    "sections": [
        {"id": "first", "items": ["a1", "a2", "a3", "b1", "b2"], "layout": "matrix", "text": TEXT, "order": "random"},
        {
            "id": "second",
            "items": ["g1", "g2", "c1", "c2", "d1", "d2", "remote", "tools", "recommend", "first_of", "word"],
        },
        {"id": "third", "items": ["screens"], "visible_if": {"item": "remote", "is": ["yes"]}},
    ],
    "items": [
        *map(_rating, ("a1", "a2", "a3", "b1")),
        _rating("b2", reverse=True),
        *map(_rating, ("g1", "g2", "c1", "c2", "d1", "d2")),
        {"id": "remote", "type": "single_choice", "text": TEXT, "options": _options("yes", "no")},
        _rating("tools", visible_if={"item": "remote", "is": ["yes"]}, required=True),
        {"id": "recommend", "type": "enps", "text": TEXT},
        {
            "id": "first_of",
            "type": "ranking",
            "text": TEXT,
            "options": _options("pay", "peers", "place"),
            "max_ranks": 2,
        },
        {"id": "word", "type": "text", "text": TEXT, "max_length": 20},
        _rating("screens"),
    ],
    "scales": [
        {"id": "a", **LABEL, "items": ["a1", "a2", "a3"], "score": "percent", "answered": 2},
        {
            "id": "b",
            **LABEL,
            "items": ["b1", "b2"],
            "score": "sum",
            "favourable": "low",
            "weights": [2, 1],
            "bands": [{"id": "calm", **LABEL}, {"id": "exposed", **LABEL, "text": TEXT, "at_least": 9}],
        },
        {"id": "g", **LABEL, "items": ["g1", "g2"], "rule": "group", "score": "percent"},
        {"id": "c", **LABEL, "items": ["c1", "c2"]},
        {"id": "d", **LABEL, "items": ["d1", "d2"]},
    ],
    "indices": [{"id": "g_alone", **LABEL, "scales": ["g"], "rule": "group"}],
    "outcome": "c",
}


def _person(number: int) -> dict[str, Any]:
    """Answers that go together a little, of somebody by number; some are skipped."""
    draw = np.random.default_rng(number)
    mood = int(draw.integers(1, 4))
    answers: dict[str, Any] = {
        name: int(min(5, mood + draw.integers(0, 3)))
        for name in ("a1", "a2", "a3", "b1", "g1", "g2", "c1", "c2", "d1", "d2")
    }
    answers["b2"] = 6 - int(min(5, mood + draw.integers(0, 3)))
    answers["remote"] = "yes" if draw.random() < 0.6 else "no"
    if answers["remote"] == "yes":
        answers |= {"tools": mood, "screens": 6 - mood}
    answers["recommend"] = int(draw.integers(2, 11))
    answers["first_of"] = [["pay"], ["peers", "place"], ["place", "pay"]][mood - 1]
    if number % 2:
        del answers["a3"]
    if not number % 3:
        del answers["g2"]
    return answers


@pytest.fixture(scope="module")
def world(house: House) -> tuple[TenantUnderTest, LaunchedWave, dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Tenant, wave, release, and what everybody in each team answered: all but one in six did."""
    tenant = house.tenant()
    people = an_org(tenant, TEAMS)
    ok(tenant.call("questionnaires:write", "POST", "/v1/questionnaires", json=DOCUMENT), 201)
    campaign = a_campaign(tenant, questionnaire="everything")
    launched = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    tenant.house.sweep()
    wave = LaunchedWave(tenant, campaign["id"], launched["id"], launched["address"], codes_of(tenant, launched["id"]))
    given: dict[str, list[dict[str, Any]]] = {team: [] for team in TEAMS}
    for number, person in zip(count(), people, strict=False):
        if number % 6 or person.startswith("D"):
            answers = _person(number)
            given[person.rpartition("-")[0]].append(answers)
            ok(wave.submit(person, answers), 201)
    return tenant, wave, wave.release(), given


def _cell(world: Any, unit: str, measure: str, family: str) -> dict[str, Any]:
    tenant, _, release, _ = world
    (cell,) = cells_of(tenant, release["id"], unit=unit, measure=measure, family=family)
    return cell


def _answers(world: Any, unit: str) -> list[dict[str, Any]]:
    given: Mapping[str, list[dict[str, Any]]] = world[3]
    return [one for team in given.values() for one in team] if unit == "TOP" else given[unit]


def test_the_release_is_proved(world: Any) -> None:
    tenant, _, release, _ = world
    assert release["status"] == "published"
    said = ok(tenant.call("aggregates:read", "GET", f"/v1/releases/{release['id']}/certificate"))["certificate"]
    assert said["auditor"]["verdict"] == "safe"


def test_a_scale_with_gaps_is_scored_by_what_was_answered(world: Any) -> None:
    scores = [
        Fraction(sum(answered), len(answered))
        for one in _answers(world, "TOP")
        if len(answered := [one[name] for name in ("a1", "a2", "a3") if name in one]) >= 2
    ]
    cell = _cell(world, "TOP", "a", "mean")
    assert cell["n_from"] == len(scores) // 5 * 5
    assert cell["mean"] == pytest.approx(float(25 * (sum(scores) / len(scores) - 1)), abs=0.51)
    assert 0 < cell["low"] <= cell["mean"] <= cell["high"] < 100
    assert cell["basis"] == "cell"


def test_a_weighted_risk_scale_is_a_sum_with_bands(world: Any) -> None:
    scores = [2 * (6 - one["b1"]) + one["b2"] for one in _answers(world, "TOP")]
    mean, shares = _cell(world, "TOP", "b", "mean"), _cell(world, "TOP", "b", "distribution")
    assert mean["mean"] == pytest.approx(sum(scores) / len(scores), abs=0.51)
    assert mean["sd"] == pytest.approx(
        float(np.std(scores, ddof=1)), abs=0.16
    )  # three times a deviation of one decimal
    bands = {part["option"]: part["value"] for part in shares["distribution"]}
    assert bands["exposed"] == pytest.approx(100 * sum(score >= 9 for score in scores) / len(scores), abs=0.51)


def test_the_group_rule_counts_every_answer(world: Any) -> None:
    answers = _answers(world, "TOP")
    each = [[one[name] for one in answers if name in one] for name in ("g1", "g2")]
    mean = sum(Fraction(sum(one), len(one)) for one in each) / 2
    cell = _cell(world, "TOP", "g", "mean")
    assert cell["mean"] == pytest.approx(float(25 * (mean - 1)), abs=2.6)  # a smaller group may be worked out beside it
    assert cell["n_from"] == min(map(len, each)) // 5 * 5
    assert cell["sd"] is cell["low"] is None
    assert _cell(world, "TOP", "g_alone", "mean")["mean"] == cell["mean"]


def test_a_branched_item_is_shown_where_its_gate_is_and_its_number_is_a_range(world: Any) -> None:
    tenant, _, release, _ = world
    gates = {
        (cell["unit"], cell["status"])
        for cell in cells_of(tenant, release["id"], measure="remote", family="distribution")
    }
    for measure in ("tools", "screens"):
        for cell in cells_of(tenant, release["id"], measure=measure):
            if cell["status"] == "published":
                assert (cell["unit"], "published") in gates
                assert cell["n_to"] - cell["n_from"] >= 4
        asked = sum(one["remote"] == "yes" for one in _answers(world, "TOP"))
        top = _cell(world, "TOP", measure, "mean")
        assert top["n_from"] <= asked <= top["n_to"]


def test_enps_is_promoters_less_detractors(world: Any) -> None:
    scores = [one["recommend"] for one in _answers(world, "TOP")]
    promoters, detractors = sum(score >= 9 for score in scores), sum(score <= 6 for score in scores)
    cell = _cell(world, "TOP", "recommend", "distribution")
    assert cell["enps"] == pytest.approx(100 * (promoters - detractors) / len(scores), abs=0.51)
    assert [part["option"] for part in cell["distribution"]] == [str(point) for point in range(11)]


def test_a_ranking_tells_who_came_first(world: Any) -> None:
    answers = _answers(world, "TOP")
    cell = _cell(world, "TOP", "first_of", "distribution")
    shares = {part["option"]: part["value"] for part in cell["distribution"]}
    for option in ("pay", "peers", "place"):
        first = sum(one["first_of"][0] == option for one in answers)
        assert shares[option] == pytest.approx(100 * first / len(answers), abs=0.51)


def test_intervals_take_account_of_who_was_invited(world: Any) -> None:
    scores = [one["c1"] for one in _answers(world, "A")]
    own = _cell(world, "A", "c1", "mean")
    n, invited = len(scores), TEAMS["A"]
    # Participation as it is shown: in steps of 5 points.
    error = np.std(scores, ddof=1) / sqrt(n) * sqrt(1 - 20 * n // invited / 20)
    assert own["basis"] == "cell"
    assert own["se"] == pytest.approx(error, abs=0.011)
    other, whole = _cell(world, "B", "c1", "mean"), _cell(world, "TOP", "c1", "mean")
    n, invited = other["n_from"], TEAMS["B"]
    error = whole["sd"] / sqrt(n) * sqrt(1 - 20 * n // invited / 20)
    assert other["basis"] == "release"
    assert other["sd"] is None
    assert other["se"] == pytest.approx(error, abs=0.0051)
    assert other["low"] < other["mean"] < other["high"]


def test_relations_are_of_everybody(world: Any) -> None:
    tenant, _, release, _ = world
    detail = ok(tenant.call("aggregates:read", "GET", f"/v1/releases/{release['id']}"))
    told = detail["manifest"]["statistics"]
    assert detail["statistics"]["drivers"] == told["drivers"]
    answers = _answers(world, "TOP")
    items = np.array([[one["c1"], one["c2"]] for one in answers])
    covariance = np.cov(items.T)
    (entry,) = [one for one in told["scales"] if one["scale"] == "c"]
    assert entry["n"] == len(answers) // 5 * 5
    assert entry["alpha"] == pytest.approx(2 * (1 - np.trace(covariance) / covariance.sum()), abs=0.0051)
    assert "omega" not in entry  # not defined for two items
    assert told["drivers"]["outcome"] == "c"
    assert [one["scale"] for one in told["drivers"]["weights"]] == ["b", "d"]
    assert sum(one["share"] for one in told["drivers"]["weights"]) == pytest.approx(1, abs=0.011)
    (units,) = [one for one in told["units"] if one["scale"] == "c"]
    assert units["groups"] >= 2
    assert -1 <= units["icc1"] <= 1


def test_every_figure_is_a_number_or_null(world: Any) -> None:
    tenant, _, release, _ = world
    for cell in cells_of(tenant, release["id"]):
        figures = [cell[name] for name in ("mean", "sd", "se", "low", "high", "rwg", "enps", "favourable")]
        if cell["status"] == "withheld":
            assert set(figures) == {None}
        assert all(figure is None or figure == figure for figure in figures)  # noqa: PLR0124 - NaN is not itself
        assert (cell["low"] is None) == (cell["high"] is None) == (cell["se"] is None) == (cell["basis"] is None)
