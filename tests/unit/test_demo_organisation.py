"""The questionnaires of the catalogue, and the fictional organisation that answers them."""

import json
import re
from collections import Counter
from copy import deepcopy
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.cli.demo_organisation import DIVISIONS, PLEASED, STRAINED, Organisation, answers, organisation
from service.questionnaires.document import Document, RatingItem, favourable_points

Json = dict[str, Any]

CATALOGUE = files("service.questionnaires") / "catalogue"
KEYS = ["care_diagnostic", "team_temperature"]
GOLDEN = Path(__file__).parents[1] / "golden" / "catalogue_scores.json"
SENT_AS = {"rating": int, "single_choice": str, "multiple_choice": list, "number": int, "text": str}


def catalogue(key: str) -> Json:
    document: Json = json.loads((CATALOGUE / f"{key}.json").read_text("utf-8"))
    return document


@pytest.fixture(scope="module")
def demo() -> Organisation:
    return organisation()


def texts(value: object, language: str) -> list[str]:
    if isinstance(value, dict):
        here = value.get(language)
        return [here] if isinstance(here, str) else [t for v in value.values() for t in texts(v, language)]
    return [t for v in value for t in texts(v, language)] if isinstance(value, list) else []


def wave(document: Json, people: list[Json], number: int = 1) -> list[Json | None]:
    return [answers(document, person, number) for person in people]


def score(document: Json, sent: Json | None) -> float:
    """Mean of the rating items after reversal; not a number without answers."""
    ratings = [i for i in document["items"] if i["type"] == "rating" and i["id"] in (sent or {})]
    points = [i["points"] + 1 - sent[i["id"]] if i.get("reverse") else sent[i["id"]] for i in ratings if sent]
    return float(np.mean(points)) if points else float("nan")


@pytest.mark.parametrize("key", KEYS)
class TestCatalogue:
    def test_is_a_sound_document(self, key: str) -> None:
        assert Document.parse(catalogue(key)).key == key

    def test_keeps_french_typography(self, key: str) -> None:
        french = texts(catalogue(key), "fr")
        assert len(french) > 10
        assert [t for t in french if re.search(r"[^\u00a0][?!:;»]|«[^\u00a0]|'", t)] == []

    def test_keeps_english_typography(self, key: str) -> None:
        assert [t for t in texts(catalogue(key), "en") if re.search(r"[\u00a0«»']| [?!:;]", t)] == []

    def test_names_both_ends_of_each_rating(self, key: str) -> None:
        document = Document.parse(catalogue(key))
        ratings = [item for item in document.items if isinstance(item, RatingItem)]
        assert {item.points for item in ratings} == {5}
        assert all((item.labels or {}).keys() == {"1", "5"} for item in ratings)

    def test_asks_not_to_name_people_in_a_comment(self, key: str) -> None:
        comment = catalogue(key)["items"][-1]
        assert comment["type"] == "text"
        assert "ne nommer personne" in comment["text"]["fr"]
        assert "do not name anyone" in comment["text"]["en"]

    def test_shows_support(self, key: str) -> None:
        assert len(Document.parse(catalogue(key)).support) >= 3


def test_the_diagnostic_covers_its_five_subjects() -> None:
    document = Document.parse(catalogue("care_diagnostic"))
    assert [scale.id for scale in document.scales] == [
        "management_practices",
        "social_climate",
        "stress_protection",
        "relational_skills",
        "relationship_quality",
    ]
    kinds = Counter(item.type for item in document.items)
    assert 25 <= kinds.pop("rating") <= 30
    assert kinds == {"single_choice": 1, "multiple_choice": 1, "number": 1, "text": 1}
    assert [item.id for item in document.items if item.sensitive] == ["hurtful_remarks"]


@pytest.mark.parametrize(
    "golden", json.loads(GOLDEN.read_text("utf-8")), ids=lambda g: f"{g['questionnaire']}, {g['case']}"
)
def test_golden_scores(golden: Json) -> None:
    document = Document.parse(catalogue(golden["questionnaire"]))
    items = {item.id: item for item in document.items if isinstance(item, RatingItem)}
    means: dict[str, Fraction] = {}
    for scale in document.scales:
        points = [
            items[i].points + 1 - golden["answers"][i] if items[i].reverse else golden["answers"][i]
            for i in scale.items
        ]
        means[scale.id] = Fraction(sum(points), len(points))
        favourable = Fraction(sum(p in favourable_points(5)[0] for p in points), len(points))
        assert golden["scales"][scale.id] == {"mean": str(means[scale.id]), "favourable": str(favourable)}
    assert means.keys() == golden["scales"].keys()
    indices = {i.id: str(sum((means[s] for s in i.scales), Fraction(0)) / len(i.scales)) for i in document.indices}
    assert indices == golden["indices"]


class TestOrganisation:
    def test_follows_from_the_seed(self, demo: Organisation) -> None:
        assert organisation(1) == demo
        assert organisation(2) != demo

    def test_is_a_tree_of_four_levels_parents_first(self, demo: Organisation) -> None:
        level: dict[str | None, int] = {None: 0}
        for unit in demo.units:
            assert unit.keys() == {"source", "external_id", "name", "parent"}
            assert unit["external_id"] not in level
            level[unit["external_id"]] = level[unit["parent"]] + 1
        assert Counter(level.values()) == {0: 1, 1: 1, 2: 5, 3: 20, 4: len(demo.units) - 26}
        assert len({(unit["parent"], unit["name"]) for unit in demo.units}) == len(demo.units)

    @pytest.mark.parametrize("seed", range(1, 6))
    def test_has_about_1200_people_in_teams_of_all_sizes(self, seed: int) -> None:
        made = organisation(seed)
        parents = {unit["parent"] for unit in made.units}
        teams = {unit["external_id"] for unit in made.units} - parents
        sizes = Counter(person["unit"] for person in made.people)
        assert 1100 <= len(made.people) <= 1300
        assert sizes.keys() == teams
        assert max(sizes.values()) <= 14
        assert 4 <= sum(size <= 3 for size in sizes.values()) <= 10

    def test_knows_people_by_external_id_alone(self, demo: Organisation) -> None:
        ids = [person["external_id"] for person in demo.people]
        assert ids == [f"E{n:04}" for n in range(1, len(ids) + 1)]
        assert {tuple(person) for person in demo.people} == {
            ("source", "external_id", "unit", "language", "dimensions")
        }

    def test_uses_every_value_of_the_closed_lists(self, demo: Organisation) -> None:
        for dimension in demo.dimensions:
            listed = [value["id"] for value in dimension["values"]]
            used = {person["dimensions"][dimension["name"]] for person in demo.people}
            assert used == set(listed)
        assert {len(person["dimensions"]) for person in demo.people} == {len(demo.dimensions)}

    def test_speaks_french_and_english(self, demo: Organisation) -> None:
        spoken = Counter(person["language"] for person in demo.people)
        assert spoken.keys() == {"fr", "en"}
        assert min(spoken.values()) > 300


@pytest.mark.uncounted  # a thousand people, again and again
@pytest.mark.parametrize("key", KEYS)
class TestAnswers:
    def test_follow_from_person_wave_and_seed_and_not_from_the_order(self, demo: Organisation, key: str) -> None:
        document, some = catalogue(key), demo.people[:100]
        first = wave(document, some)
        assert wave(document, some[::-1])[::-1] == first
        assert wave(document, some, 2) != first
        assert [answers(document, person, 1, seed=2) for person in some] != first

    def test_fit_the_document(self, demo: Organisation, key: str) -> None:
        document = catalogue(key)
        items = {item["id"]: item for item in document["items"]}
        for sent in filter(None, wave(document, demo.people)):
            for name, value in sent.items():
                assert type(value) is SENT_AS[items[name]["type"]]
                assert fits(items[name], value), name

    @pytest.mark.parametrize("number", [1, 4, 12])
    def test_come_from_three_people_in_four(self, demo: Organisation, key: str, number: int) -> None:
        sent = wave(catalogue(key), demo.people, number)
        assert 0.72 <= np.mean([s is not None for s in sent]) <= 0.80

    def test_skip_now_and_then_but_no_required_item(self, demo: Organisation, key: str) -> None:
        document = catalogue(key)
        asked = {item["id"] for item in document["items"]}
        optional = [s.keys() for s in wave(document, demo.people) if s]
        assert 0 < np.mean([len(asked - {"comment"} - s) for s in optional]) < 1
        strict = deepcopy(document)
        for item in strict["items"]:
            item["required"] = True
        assert all(s.keys() == asked for s in wave(strict, demo.people[:200]) if s)

    def test_comment_in_the_language_of_the_person(self, demo: Organisation, key: str) -> None:
        comments = [
            (person["language"], sent["comment"])
            for person, sent in zip(demo.people, wave(catalogue(key), demo.people), strict=True)
            if sent and "comment" in sent
        ]
        assert 40 < len(comments) < 200
        assert all(text in PLEASED[language] + STRAINED[language] for language, text in comments)

    def test_differ_between_teams(self, demo: Organisation, key: str) -> None:
        document = catalogue(key)
        scores = np.array([score(document, sent) for sent in wave(document, demo.people)])
        teams = np.array([person["unit"] for person in demo.people])
        spread = variance_ratio(scores, teams)
        shuffled = variance_ratio(scores, np.random.default_rng(0).permutation(teams))
        assert spread > 2.5
        assert shuffled < 1.5

    def test_last_from_wave_to_wave_in_a_person(self, demo: Organisation, key: str) -> None:
        document = catalogue(key)
        first, second = ([score(document, s) for s in wave(document, demo.people, n)] for n in (1, 2))
        both = ~np.isnan(first) & ~np.isnan(second)
        assert 0.5 < np.corrcoef(np.array(first)[both], np.array(second)[both])[0, 1] < 0.95

    def test_improve_where_managers_are_accompanied(self, demo: Organisation, key: str) -> None:
        document = catalogue(key)
        for number, division in enumerate(DIVISIONS, 1):
            members = [person for person in demo.people if person["unit"].startswith(f"T{number}")]
            early, late = (np.nanmean([score(document, s) for s in wave(document, members, n)]) for n in (1, 10))
            assert late - early == pytest.approx(9 * division.trend, abs=0.15)


def test_reversed_items_are_answered_from_the_other_end(demo: Organisation) -> None:
    document = catalogue("team_temperature")
    sent = [s for s in wave(document, demo.people) if s and {"difficulties", "support"} <= s.keys()]
    assert np.corrcoef([s["difficulties"] for s in sent], [s["support"] for s in sent])[0, 1] < -0.2


def test_years_agree_with_the_tenure_band(demo: Organisation) -> None:
    document = catalogue("care_diagnostic")
    years: dict[str, set[int]] = {}
    for person in demo.people:
        sent = answers(document, person, 1)
        if sent and "years_in_organisation" in sent:
            years.setdefault(person["dimensions"]["tenure"], set()).add(sent["years_in_organisation"])
    assert years["under_1"] == {0}
    assert years["from_1_to_2"] == {1, 2}
    assert years["from_3_to_9"] == set(range(3, 10))
    assert min(years["from_10"]) == 10


def test_an_unknown_type_of_item_is_refused(demo: Organisation) -> None:
    document = {"key": "odd", "items": [{"id": "drawing", "type": "drawing", "required": True}]}
    with pytest.raises(ValueError, match="drawing"):
        wave(document, demo.people[:20])


def fits(item: Json, value: Any) -> bool:
    options = [option["id"] for option in item.get("options", [])]
    match item["type"]:
        case "rating":
            return bool(1 <= value <= item["points"])
        case "single_choice":
            return bool(value in options)
        case "multiple_choice":
            return len(set(value)) == len(value) <= item["max_choices"] and set(value) <= set(options) and value != []
        case "number":
            return bool(item["minimum"] <= value <= item["maximum"])
        case _:
            return bool(0 < len(value) <= item["max_length"])


def variance_ratio(scores: np.ndarray[Any, Any], groups: np.ndarray[Any, Any]) -> float:
    """Between-group over within-group mean square (the F ratio); about 1 where groups do not matter."""
    present = ~np.isnan(scores)
    scores, groups = scores[present], groups[present]
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    means = np.bincount(group, scores) / sizes
    between = float(sizes @ (means - scores.mean()) ** 2) / (len(sizes) - 1)
    within = float(((scores - means[group]) ** 2).sum()) / (len(scores) - len(sizes))
    return between / within
