"""The questionnaires that the service ships: sound, whole in both languages, written with care, scored as worked out.

The golden vectors (tests/golden/catalogue) were worked out by hand beside the questionnaires: scores as exact fractions
in the unit that is shown, bands and favourable shares.
"""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from service.questionnaires.document import Document, EnpsItem
from service.questionnaires.respondent import localised
from service.releases.statistics import ENPS_THIRDS
from service.responses.sheet import Sheet
from tests.make.one_person import told_of
from tests.make.plain_scores import Json, asked, band, band_of_index, index_score, scale_score, shown, shown_index

CATALOGUE = files("service.questionnaires") / "catalogue"
GOLDEN = Path(__file__).parents[1] / "golden" / "catalogue"
KEYS = sorted(entry.name.removesuffix(".json") for entry in CATALOGUE.iterdir() if entry.name.endswith(".json"))
MOST_WORDS = 25
NATIONAL_LINE = "3114"
# What only a doctor or a court may call something; nothing here finds such a thing out.
FORBIDDEN = re.compile(
    r"\b(burn-?out|épuisement professionnel|dépressi(on|f|ve)s?|depress(ion|ive|ed)|harcèlement|harcel\w+|harass\w*"
    r"|bullying|mobbing|pervers\w*|toxi(c|que)s?|suicidaires?|suicidal|anxiété|anxiety|traumati\w+|trauma)\b",
    re.IGNORECASE,
)


def _source(key: str) -> Json:
    source: Json = json.loads((CATALOGUE / f"{key}.json").read_text("utf-8"))
    return source


def _texts(value: object, language: str) -> list[str]:
    """Every text of a document in one language."""
    if isinstance(value, dict):
        here = value.get(language)
        return [here] if isinstance(here, str) else [t for one in value.values() for t in _texts(one, language)]
    return [t for one in value for t in _texts(one, language)] if isinstance(value, list) else []


def _text_objects(value: object) -> list[Json]:
    if isinstance(value, dict):
        if value and all(isinstance(one, str) and len(key) == 2 for key, one in value.items()):
            return [value]
        return [t for one in value.values() for t in _text_objects(one)]
    return [t for one in value for t in _text_objects(one)] if isinstance(value, list) else []


def test_a_diagnosis_would_be_noticed() -> None:
    for text in (
        "Le burn-out",
        "burnout",
        "une dépression",
        "a depressive mood",
        "Harcèlement ?",
        "harassed",
        "anxiety",
    ):
        assert FORBIDDEN.search(text)
    for text in ("une pression", "the press", "épuisé", "tired"):
        assert not FORBIDDEN.search(text)


def test_there_is_a_catalogue() -> None:
    assert len(KEYS) >= 9
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
class TestQuestionnaire:
    def test_is_sound_and_named_as_its_file(self, key: str) -> None:
        document = Document.parse(_source(key))
        assert document.key == key
        assert Document.parse(document.as_json()).digest() == document.digest()
        Sheet.of(document)

    def test_is_whole_in_french_and_english(self, key: str) -> None:
        source = _source(key)
        assert source["languages"] == ["fr", "en"]
        found = _text_objects(source)
        assert len(found) > 10
        assert [one for one in found if one.keys() != {"fr", "en"}] == []
        for language in ("fr", "en"):
            assert localised(Document.parse(source), language)["language"] == language

    def test_says_other_things_in_other_languages(self, key: str) -> None:
        same = [
            one["fr"] for one in _text_objects(_source(key)) if one["fr"] == one["en"] and len(one["fr"].split()) > 2
        ]
        assert same == []

    def test_has_ids_that_can_stay(self, key: str) -> None:
        source = _source(key)
        named = [one for field in ("sections", "items", "scales", "indices") for one in source.get(field, [])]
        ids = [one["id"] for one in named]
        ids += [option["id"] for item in source["items"] for option in item.get("options", [])]
        ids += [band["id"] for one in named for band in one.get("bands", [])]
        # Words, not numbers that a question put between two others would shift.
        assert [name for name in ids if not re.fullmatch(r"[a-z]+[0-9]*(_[a-z0-9]+)*", name)] == []
        assert [name for name in ids if re.fullmatch(r"(q|item|question|scale|option)_?[0-9]+", name)] == []

    def test_shows_support(self, key: str) -> None:
        document = Document.parse(_source(key))
        assert len(document.support) >= 3
        assert NATIONAL_LINE in {contact.phone for contact in document.support}

    def test_keeps_french_typography(self, key: str) -> None:
        french = _texts(_source(key), "fr")
        assert [t for t in french if re.search(r"[^\u00a0\u202f][?!:;»]|«[^\u00a0\u202f]|'|\.\.\.|  ", t)] == []

    def test_keeps_english_typography(self, key: str) -> None:
        english = _texts(_source(key), "en")
        assert [t for t in english if re.search(r"[\u00a0\u202f«»']| [?!:;,.]|\.\.\.|  ", t)] == []

    def test_asks_in_few_words(self, key: str) -> None:
        asked_for = [t for item in _source(key)["items"] for t in item["text"].values() if item["type"] != "text"]
        words = {text: len(re.findall(r"\w[\w\u2019'-]*", text)) for text in asked_for}
        assert {text: count for text, count in words.items() if count > MOST_WORDS} == {}

    def test_diagnoses_nobody(self, key: str) -> None:
        source = _source(key)
        texts = [t for language in ("fr", "en") for t in _texts({**source, "support": []}, language)]
        assert [t for t in texts if FORBIDDEN.search(t)] == []

    def test_requires_nothing_sensitive(self, key: str) -> None:
        assert [one["id"] for one in _source(key)["items"] if one.get("sensitive") and one.get("required")] == []

    def test_has_worked_examples_of_every_scale_and_index(self, key: str) -> None:
        source = _source(key)
        goldens = [one for one in CASES if one["questionnaire"] == key]
        assert len(goldens) >= 4
        for field in ("scales", "indices"):
            for one in source.get(field, []):
                told = [golden[field].get(one["id"]) or {} for golden in goldens]
                assert len({found.get("score") for found in told} - {None}) >= 2, one["id"]


CASES: list[Json] = [one for path in sorted(GOLDEN.glob("*.json")) for one in json.loads(path.read_text("utf-8"))]


def _ids(golden: Json) -> str:
    return f"{golden['questionnaire']}, {golden['case']}"


@pytest.mark.parametrize("golden", CASES, ids=_ids)
def test_the_service_scores_as_worked_out(golden: Json) -> None:
    document = Document.parse(_source(golden["questionnaire"]))
    told = told_of(document, golden["answers"])
    expected: dict[str, Any] = golden["scales"] | golden["indices"]
    scored = {one.id for one in (*document.scales, *document.indices) if one.rule != "group"}
    assert expected.keys() <= told.keys() == scored
    assert expected.keys() == scored
    for name, worked in expected.items():
        found = told[name]
        if worked is None or worked.get("score") is None:
            assert found is None, name
            continue
        assert found is not None, name
        assert str(found.score) == worked["score"], name
        assert found.band == worked.get("band"), name
        if "favourable" in worked:
            assert str(found.favourable) == worked["favourable"], name
    for name, third in golden.get("enps", {}).items():
        assert isinstance(next(item for item in document.items if item.id == name), EnpsItem)
        answer = golden["answers"].get(name)
        thirds = dict(zip(("promoter", "passive", "detractor"), ENPS_THIRDS, strict=True))
        assert [one for one, scores in thirds.items() if answer in scores] == ([third] if third else [])


@pytest.mark.parametrize("golden", CASES, ids=_ids)
def test_plain_arithmetic_scores_as_worked_out(golden: Json) -> None:
    source = _source(golden["questionnaire"])
    answers = asked(source, golden["answers"])
    assert answers.keys() == {name for name, answer in golden["answers"].items() if answer is not None}
    by_id = {one["id"]: one for field in ("scales", "indices") for one in source.get(field, [])}
    for name, worked in golden["scales"].items():
        found = scale_score(source, by_id[name], answers)
        assert (found is None) == (worked is None or worked.get("score") is None), name
        if found is not None:
            score = shown(source, by_id[name], found.mean)
            assert str(score) == worked["score"], name
            assert str(found.favourable) == worked["favourable"], name
            if by_id[name].get("bands"):
                assert by_id[name]["bands"][band(by_id[name]["bands"], score)]["id"] == worked["band"], name
    for name, worked in golden["indices"].items():
        whole = index_score(source, by_id[name], answers)
        assert (whole is None) == (worked is None or worked.get("score") is None), name
        if whole is not None:
            assert str(shown_index(source, by_id[name], whole.mean)) == worked["score"], name
            if by_id[name].get("bands"):
                place = band_of_index(source, by_id[name], answers)
                assert by_id[name]["bands"][place]["id"] == worked["band"], name
