"""What the card says of a unit's results: the figures that were released, and why there is none."""

# ruff: noqa: RUF001 - signs as they are printed

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make.node_packages import needs_npm
from tests.make.widget_logic import Logic, running

pytestmark = [pytest.mark.slow, needs_npm]

Json = dict[str, Any]
PROTECTED = {"status": "withheld", "reason": "protected", "n_from": None, "n_to": None}
SHOWN = {"status": "published", "reason": None, "n_from": 20, "n_to": 24}
NO_SHARES = {"favourable": None, "favourable_bound": None, "enps": None, "enps_bound": None}


@pytest.fixture(scope="module")
def logic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logic]:
    with running(tmp_path_factory.mktemp("logic")) as found:
        yield found


def _point(wave: int, mean: float | None, **more: Any) -> Json:
    no_figures = {"mean_bound": None, "low": None, "high": None, "shares": None, "change": None}
    cell = PROTECTED if mean is None else SHOWN
    moment = f"2026-0{wave}-15T12:00:00Z"
    told = {"wave_number": wave, "released_at": moment, "mean": mean, "no_change": "first"}
    return cell | no_figures | told | more


def _series(*points: Json, **more: Any) -> Json:
    place = {"source": "hris", "unit": "u1", "unit_name": "North"}
    return place | {"measure": "team_spirit", "kind": "scale", "points": list(points)} | more


def _told(logic: Logic, series: Json, language: str = "en", label: str | None = None) -> Json:
    (told,) = logic.called([("told", series, language, label)])
    return dict(told)


def test_the_latest_figure_is_told_in_the_language_s_signs(logic: Logic) -> None:
    shares = SHOWN | NO_SHARES | {"favourable": 62.5}
    series = _series(
        _point(1, 3.5), _point(2, 3.8, shares=shares, low=3.4, high=4.1),
        text={"fr": "Esprit d’équipe", "en": "Team spirit"}, lowest=1, highest=5,
    )  # fmt: skip
    english, french = _told(logic, series), _told(logic, series, "fr-CH")
    assert (english["name"], english["nameLanguage"], english["unit"]) == ("Team spirit", "en", "North")
    assert (english["figure"], english["scale"]) == ("3.8", "on a scale from 1 to 5")
    assert english["more"] == ["Favourable answers: 62.5%", "20 to 24 people answered."]
    assert english["released"] == "Released on February 15, 2026, wave 2"
    assert english["summary"] == "Wave 1: 3.5; Wave 2: 3.8"
    assert (french["name"], french["figure"]) == ("Esprit d’équipe", "3,8")
    assert french["more"] == ["Réponses favorables\u00a0: 62,5\u00a0%", "Entre 20 et 24 personnes ont répondu."]
    assert french["released"] == "Publié le 15 février 2026, vague\u00a02"
    assert [mark["interval"] for mark in french["marks"]] == ["–", "3,4 à 4,1"]


@pytest.mark.parametrize(
    ("texts", "language", "label", "name"),
    [
        ({"de": "Teamgeist", "en": "Team spirit"}, "de-AT", None, "Teamgeist"),
        ({"fr-CA": "Esprit", "en": "Team spirit"}, "fr", None, "Esprit"),
        ({"nl": "Teamgeest", "en": "Team spirit"}, "fr", None, "Team spirit"),
        ({"nl": "Teamgeest"}, "constructor", None, "Teamgeest"),
        (None, "fr", None, "team spirit"),
        ({"en": "Team spirit"}, "en", "How we work together", "How we work together"),
    ],
)
def test_the_measure_has_its_own_words(
    logic: Logic, texts: Json | None, language: str, label: str | None, name: str
) -> None:
    assert _told(logic, _series(_point(1, 3), text=texts), language, label)["name"] == name


@pytest.mark.parametrize(
    ("reason", "language", "words"),
    [
        ("protected", "en", "Too few people answered, or showing it would give a small group away."),
        ("protected", "fr", "Trop peu de personnes ont répondu, ou ce chiffre en dirait trop sur un petit groupe."),
        ("of_an_older_release", "en", "The exact figure is not published."),
    ],
)
def test_why_there_is_no_figure(logic: Logic, reason: str, language: str, words: str) -> None:
    told = _told(logic, _series(_point(1, 3), _point(2, None, reason=reason, no_change="withheld")), language)
    assert told["figure"] is None
    assert words in told["reason"]
    assert told["more"] == []
    assert told["marks"][1]["value"] is None


NUMBERS = st.none() | st.integers(41, 49)


@settings(deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(("mean", "low", "high", "n_from", "n_to"), NUMBERS)), st.booleans())
def test_a_withheld_cell_gives_no_number_whatever_it_holds(logic: Logic, held: Json, last: bool) -> None:
    shares = PROTECTED | NO_SHARES | {"favourable": 44, "enps": 45, "n_from": 46, "n_to": 47}
    hidden = _point(2, None, no_change="withheld", shares=shares) | held | {"status": "withheld"}
    points = [_point(1, 3), hidden] if last else [hidden, _point(3, 3)]
    told = _told(logic, _series(*points))
    del told["released"]
    assert not re.search("4[1-9]", str(told))


@pytest.mark.parametrize(
    ("shares", "figure", "scale", "ends"),
    [
        ({"enps": -12}, "\u221212", "eNPS, from −100 to 100", [-100, 100]),
        ({"enps": 90, "enps_bound": "at_least"}, "≥\u00a090", "eNPS, from −100 to 100", [-100, 100]),
        ({"favourable": 5, "favourable_bound": "at_most"}, "≤\u00a05%", "Favourable answers", [0, 100]),
    ],
)
def test_what_has_no_mean_is_told_by_its_shares(
    logic: Logic, shares: Json, figure: str, scale: str, ends: list[int]
) -> None:
    point = _point(1, None, **SHOWN, shares=SHOWN | NO_SHARES | shares, no_change="no_mean")
    told = _told(logic, _series(point, kind="item"))
    assert (told["figure"], told["scale"], told["ends"]) == (figure, scale, ends)


def test_an_enps_stands_beside_its_mean(logic: Logic) -> None:
    told = _told(logic, _series(_point(1, 6.5, shares=SHOWN | NO_SHARES | {"enps": 0, "favourable": 20}), kind="item"))
    assert told["figure"] == "6.5"
    assert told["more"][:2] == ["eNPS, from −100 to 100: 0", "Favourable answers: 20%"]


def test_a_bound_is_told_with_its_figure(logic: Logic) -> None:
    assert _told(logic, _series(_point(1, 100, mean_bound="at_least")))["figure"] == "≥\u00a0100"


def test_what_is_published_without_a_figure_says_so(logic: Logic) -> None:
    told = _told(logic, _series(_point(1, None, **SHOWN)))
    assert (told["figure"], told["reason"]) == (None, "The exact figure is not published.")


def _change(difference: float, low: float | None, high: float | None) -> Json:
    told = {"since_wave": 1, "difference": difference, "low": low, "high": high, "p_value": None}
    return {"change": told, "no_change": None}


@pytest.mark.parametrize(
    ("change", "english", "french"),
    [
        (
            _change(0.3, 0.1, 0.5),
            "0.3 higher than in wave 1 (95% interval: +0.1 to +0.5).",
            "En hausse de 0,3 depuis la vague\u00a01 (intervalle à 95\u00a0%\u00a0: +0,1 à +0,5).",
        ),
        (
            _change(-0.3, -0.5, -0.1),
            "0.3 lower than in wave 1 (95% interval: −0.5 to −0.1).",
            "En baisse de 0,3 depuis la vague\u00a01 (intervalle à 95\u00a0%\u00a0: −0,5 à −0,1).",
        ),
        (
            _change(0.3, 0, 0.6),
            "No change since wave 1 that can be told from chance (difference: +0.3, 95% interval: 0 to +0.6).",
            (
                "Aucun changement depuis la vague\u00a01 qui se distingue du hasard (écart\u00a0: +0,3\u00a0; "
                "intervalle à 95\u00a0%\u00a0: 0 à +0,6)."
            ),
        ),
        (_change(0, None, None), "The same figure as in wave 1.", "Le même chiffre qu’à la vague\u00a01."),
        (
            _change(-2, None, None),
            "2 lower than in wave 1; whether that is more than chance is not known.",
            "2 de moins qu’à la vague\u00a01\u00a0; on ne sait pas si cela tient au hasard.",
        ),
    ],
)
def test_how_it_changed(logic: Logic, change: Json, english: str, french: str) -> None:
    series = _series(_point(1, 3.5), _point(2, 3.8, **change))
    assert [_told(logic, series, language)["change"] for language in ("en", "fr")] == [english, french]


@pytest.mark.parametrize("reason", ["first", "withheld", "not_comparable", "no_mean"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_why_no_change_is_told(logic: Logic, reason: str, language: str) -> None:
    told = _told(logic, _series(_point(1, 3.5), _point(2, 3.8, no_change=reason)), language)
    assert len(told["change"]) > 20
    assert not re.search(r"\d", told["change"])


def test_which_measure_a_card_without_a_name_shows(logic: Logic) -> None:
    item, scale, index = (_series(_point(1, 3), measure=kind, kind=kind) for kind in ("item", "scale", "index"))
    empty = _series(measure="none", kind="index")
    asked: list[tuple[list[Json], str | None]]
    asked = [([item, scale, empty, index, index | {"measure": "later"}], None), ([item, scale], None), ([item], None)]
    asked += [([item, scale, index], "item"), ([item], "gone"), ([], None), ([empty], "none")]
    found = logic.called([("chosen", {"series": series}, measure) for series, measure in asked])
    assert [one and one["measure"] for one in found] == ["index", "scale", "item", "item", None, None, None]
