"""Contracts in sentences: golden ones, every field and option spoken of or refused, plurals, dates, languages.

The golden files (tests/golden/promise_text) are a contract each and what it says, `topic: sentence` a line. They were
read by eye; after a change of words, read them again before they are written anew.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from string import Formatter
from typing import Any
from uuid import UUID

import pytest

from service.campaigns.inviting.roster import Frozen
from service.campaigns.promises import promise
from service.campaigns.promises.smallest import Smallest
from service.campaigns.promises.wording import NOW, Sentence, Unsaid, sentences
from service.campaigns.promises.words import Words
from service.campaigns.promises.words_en import ENGLISH
from service.campaigns.promises.words_fr import FRENCH
from service.campaigns.tables import Campaign, Wave
from service.campaigns.taking_part import team_told
from service.campaigns.taking_part.teams import Group, Team
from service.questionnaires.tables import QuestionnaireVersion

Json = dict[str, Any]
Place = tuple[str | int, ...]
GOLDEN = Path(__file__).parents[1] / "golden" / "promise_text"
NAMES = ["before", "one_wave", "weekly_pulse"]
# One sentence speaks of these together, without their values.
IDENTIFIERS = {
    "tenant", "seed", "id", "unit_ids", "unit_id", "digest", "groups_digest", "public_key", "campaign_contract",
}  # fmt: skip
NO_BREAK, THIN = "\u00a0", "\u202f"


def _contract(name: str) -> Json:
    found: Json = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return found


def _told(contract: Json, language: str) -> str:
    return "\n".join(f"{sentence.topic}: {sentence.text}" for sentence in sentences(contract, language)) + "\n"


def _leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict | list):
        for at, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*place, at))
    else:
        yield place, value


def _objects(value: Any, place: Place = ()) -> Iterator[tuple[Place, Json]]:
    if isinstance(value, dict):
        yield place, value
    for at, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _objects(inner, (*place, at))


def _at(contract: Any, place: Place) -> Any:
    for step in place:
        contract = contract[step]
    return contract


def _with(contract: Json, place: Place, value: Any) -> Json:
    changed = deepcopy(contract)
    _at(changed, place[:-1])[place[-1]] = value
    return changed


def _other(value: Any, place: Place) -> Any:
    """A value that is as right in this place, and another."""
    if place[-1] == "opens_at" or place[-1] == "closes_at":
        return "2028-02-29T23:45:00+05:30"
    if place[0] in {"participation", "recuts", "comments", "coarse_classes"} and isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}_x"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_golden_contracts_say_what_they_said(name: str, language: str) -> None:
    assert _told(_contract(name), language) == (GOLDEN / f"{name}.{language}.txt").read_text("utf-8")


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_spoken_of_or_its_change_refused(name: str, language: str) -> None:
    contract = _contract(name)
    before = _told(contract, language)
    for place, value in _leaves(contract):
        named = [step for step in place if isinstance(step, str)]
        if named[-1] == "id" and "values" in named:
            continue  # a value that has a label is told by it
        is_text = {"label", "name"} & {*named[:-1]}
        elsewhere = is_text and named[-1] != language and language in _at(contract, place[:-1])
        if named[-1] in IDENTIFIERS or elsewhere:
            assert _told(_with(contract, place, "another"), language) == before, place
        elif value is not None:
            try:
                after = _told(_with(contract, place, _other(value, place)), language)
            except Unsaid:
                continue
            assert after != before, place


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_is_not_known_is_refused_wherever_it_stands(name: str) -> None:
    contract = _contract(name)
    for place, _ in _objects(contract):
        in_names = place[-1:] in {("label",), ("name",), ("cadence",)} or place == ("audience", "dimensions")
        added: Any = ["x"] if place == ("audience", "dimensions") else 2 if place[-1:] == ("cadence",) else "x"
        changed = _with(contract, (*place, "new_option"), added)
        if in_names:  # of people's own choice, and told
            sentences(changed, "en")
            continue
        with pytest.raises(Unsaid) as refused:
            sentences(changed, "en")
        assert refused.value.pointer == "/" + "/".join(map(str, (*place, "new_option")))


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_another_type_is_refused_without_its_value(name: str) -> None:
    contract = _contract(name)
    for place, value in _leaves(contract):
        named = [step for step in place if isinstance(step, str)]
        if named[-1] in IDENTIFIERS and "values" not in named:
            continue
        wrongs: tuple[Any, ...] = (
            [],
            1.5,
            {"secret_of_theirs": "secret_of_theirs"},
            "" if isinstance(value, int) else 7,
        )
        for wrong in wrongs:
            with pytest.raises(Unsaid) as refused:
                sentences(_with(contract, place, wrong), "fr")
            assert "secret_of_theirs" not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), "pouls-contract/3"),
        (("recipients",), "everybody"),
        (("named_recipients",), []),
        (("named_recipients", 0, "name"), {}),
        (("known_limits", 0), "a_new_limit"),
        (("known_limits", 0), "a result that a whole group shares tells it of each of its members"),
        (("participation", "ways", 1), "carrier_pigeon"),
        (("participation", "ways"), []),
        (("participation", "spending_record"), None),
        (("participation", "spending_record"), False),  # with reminders, and ways that ask who somebody is
        (("plan", 1), ["site"]),
        (("plan", 1), ["org", "a", "b", "c"]),
        (("plan", 1), []),
        (("policy", "k_mean"), True),
        (("policy", "k_mean"), 0),
        (("policy", "collusion"), -1),
        (("retention_days",), -1),
        (("interim", "hours_after_opening"), []),
        (("interim", "hours_after_opening", 0), 0),
        (("rotation", "cadence"), {}),
        (("sampling", "every"), 1),
        (("wave", "opens_at"), "2027-03-01T09:00:00"),
        (("wave", "closes_at"), "at noon"),
        (("roster", "invited"), 0),
        (("dimensions", 0, "values"), []),
        (("audience",), None),
        (("participation",), None),
        (("comments",), 1),
        (("recuts",), promise.__doc__),
    ],
)
def test_an_option_that_there_is_no_sentence_for_is_refused(place: Place, value: Any) -> None:
    with pytest.raises(Unsaid) as refused:
        sentences(_with(_contract("weekly_pulse"), place, value), "en")
    assert refused.value.pointer.startswith(f"/{place[0]}")


def test_what_the_service_puts_into_contracts_is_spoken_of() -> None:
    tenant, campaign_id, wave_id = UUID(int=1), UUID(int=2), UUID(int=3)
    golden = _contract("weekly_pulse")
    terms = {name: golden[name] for name in ("audience", "participation", "rotation", "sampling", "interim")}
    terms |= {"recipients": golden["named_recipients"]}
    campaign = Campaign(
        tenant_id=tenant,
        campaign_id=campaign_id,
        name="A name",
        audience=golden["audience"]["unit_ids"],
        plan=golden["plan"],
        questionnaire_id=UUID(int=4),
        version=3,
        state="draft",
        policy=golden["policy"],
        retention_days=0,
        recuts=True,
        terms=terms | {"coarse_classes": True, "comments": True},
    )
    version = QuestionnaireVersion(
        tenant_id=tenant, questionnaire_id=UUID(int=4), number=3, digest="4d1f", document={"key": "pulse_bank"}
    )
    promised = promise.of_campaign(campaign, version, golden["seed"], golden["burden"])
    wave = Wave(
        tenant_id=tenant,
        wave_id=wave_id,
        campaign_id=campaign_id,
        number=12,
        state="open",
        invited=12040,
        roster_digest="71c0",
        public_key=b"key",
    )
    frozen = Frozen(12040, "71c0", "b8aa", golden["dimensions"])
    whole = promise.of_wave(promised, wave, frozen, golden["openings"], golden["items"])
    assert set(whole) == set(golden)
    assert promised["format"] == NOW
    assert {sentence.topic for sentence in sentences(whole, "fr")} == {
        sentence.topic for sentence in sentences(golden, "fr")
    }
    rules = {sentence.topic for sentence in sentences(promised, "en")}
    assert rules == {sentence.topic for sentence in sentences(golden, "en")} - {"times"}


@pytest.mark.parametrize(
    ("policy", "mean", "distribution", "sensitive"),
    [
        ((5, 10, 10, 0), 5, 10, ENGLISH.say("sensitive", k=10)),
        ((5, 10, 7, 1), 6, 11, ENGLISH.say("sensitive_both", mean=8, distribution=11)),
        ((20, 10, 12, 0), 20, 20, ENGLISH.say("sensitive", k=20)),
        ((20, 10, 30, 3), 23, 23, ENGLISH.say("sensitive", k=33)),
    ],
)
def test_no_figure_is_said_to_need_fewer_people_than_what_it_gives_away(
    policy: tuple[int, ...], mean: int, distribution: int, sensitive: str
) -> None:
    contract = _contract("one_wave")
    contract["policy"] |= dict(zip(("k_mean", "k_distribution", "k_sensitive", "collusion"), policy, strict=True))
    wanted = [ENGLISH.say("mean", k=mean), ENGLISH.say("distribution", k=distribution), sensitive]
    assert [one.text for one in sentences(contract, "en") if one.topic == "smallest"][:3] == wanted


def test_a_contract_without_a_spending_record_says_what_that_costs() -> None:
    contract = _contract("one_wave")
    contract["participation"]["spending_record"] = False
    contract["known_limits"].remove("batch_of_a_code")
    told = sentences(contract, "en")
    assert [one.text for one in told if one.topic == "who_answered"] == [
        ENGLISH.say("unrecorded"),
        ENGLISH.say("unrecorded_links"),
        ENGLISH.say("tried"),
    ]
    assert not any("in which sealed batch" in one.text for one in told)


def test_a_rule_may_leave_things_open() -> None:
    contract = _contract("weekly_pulse")
    before = len(sentences(contract, "fr"))
    assert len(sentences(_with(contract, ("audience", "hired"), {}), "fr")) == before - 1
    assert len(sentences(_with(contract, ("rotation", "anchors"), []), "fr")) == before - 1
    for absent in ("units", "source"):  # drafts of before contracts named them
        del contract["audience"][absent]
    assert "in 2 units of the organisation" in _told(contract, "en")
    del contract["rotation"]["cadence"]
    assert ENGLISH.say("turns_others") in _told(contract, "en")
    contract["rotation"]["anchors"] = []
    assert ENGLISH.say("turns") in _told(contract, "en")


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", ENGLISH), ("fr", FRENCH), ("fr-CA", FRENCH), ("FR", FRENCH), ("de", ENGLISH), ("fro", ENGLISH)],
)
def test_languages_but_french_read_english(language: str, told: Any) -> None:
    assert Sentence("questions", told.say("whole")) in sentences(_contract("one_wave"), language)


def test_both_languages_have_the_same_sentences_with_the_same_fields() -> None:
    def fields(template: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    assert {name: fields(text) for name, text in ENGLISH.sentences.items()} == {
        name: fields(text) for name, text in FRENCH.sentences.items()
    }


def test_every_sentence_has_a_contract_that_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[str] = set()
    say = Words.say

    def noted(words: Words, name: str, /, **values: str | int) -> str:
        used.add(name)
        return say(words, name, **values)

    monkeypatch.setattr(Words, "say", noted)
    for name in NAMES:
        sentences(_contract(name), "en")
    test_a_contract_without_a_spending_record_says_what_that_costs()
    test_a_rule_may_leave_things_open()
    contract = _contract("weekly_pulse")
    for place in (("audience", "hired"), ("wave", "opens_at"), ("wave", "closes_at")):
        contract = _with(contract, place, None)
        sentences(contract, "en")
    for name in ("days_at_least", "days_at_most"):
        sentences(_with(contract, ("audience", "hired"), {name: 1}), "en")
    sentences(_with(_contract("weekly_pulse"), ("wave", "opens_at"), None), "en")
    sentences(_with(contract, ("items",), [f"item_{at}" for at in range(40)]), "en")
    del contract["wave"], contract["openings"]
    sentences(contract, "en")
    smallest, small, large = Smallest(5, 10, 10, 10, 10, 0), Group("Small", 1), Group("Large", 40)
    for team in (Team(large, None), Team(Group("Middling", 7), None), Team(small, large), Team(small, None)):
        list(team_told.sentences(team, smallest, "en"))
    assert set(ENGLISH.sentences) == used


def test_long_lists_are_counted() -> None:
    names = [f"i{at}" for at in range(1, 1_301)]
    contract = _with(_contract("weekly_pulse"), ("items",), names)
    assert "these 1,300 questions: “i1”, “i2”, “i3”" in _told(contract, "en")
    assert _told(contract, "en").count("“i19” and 1,281 others.") == 1
    assert f"ces 1{THIN}300 questions{NO_BREAK}: «{NO_BREAK}i1{NO_BREAK}»" in _told(contract, "fr")
    assert f"et 1{THIN}281 autres." in _told(contract, "fr")
    twenty = _told(_with(contract, ("items",), names[:20]), "en")
    assert "“i19” and “i20”." in twenty


def test_one_is_no_plural() -> None:
    contract = _contract("weekly_pulse")
    contract |= {"retention_days": 1, "interim": {"hours_after_opening": [1]}, "items": ["one"]}
    contract["burden"] = {"most": 1, "days": 1}
    contract["policy"] |= {"collusion": 1}
    contract["roster"]["invited"] = 1
    contract["audience"] |= {"units": ["A"], "hired": {"days_at_most": 0}}
    english, french = _told(contract, "en"), _told(contract, "fr")
    for said in (
        "1 day after the closing",
        "once at most, 1 hour after",
        "asks this question: “one”",
        "invited once in the last day,",
        "include 1 person on top",
        "1 person is invited",
        "the unit “A”",
        "at most 0 days before",
    ):
        assert said in english
    for said in (
        "1 jour après la clôture",
        "une fois au plus, 1 heure après",
        "pose cette question",
        "une fois au cours du dernier jour,",
        "comprennent 1 personne de plus",
        "1 personne est invitée",
        "de l\u2019unité «",
        "depuis au plus 0 jour à",
    ):
        assert said in french


@pytest.mark.parametrize(
    ("given", "english", "french"),
    [
        ("2027-01-04T09:00:00+01:00", "4 January 2027, 09:00 (UTC+01:00)", "4 janvier 2027, 09:00 (UTC+01:00)"),
        ("2027-08-01T00:05:59.9Z", "1 August 2027, 00:05 (UTC)", "1er août 2027, 00:05 (UTC)"),
        (
            "2028-02-29T23:59:00-03:30",
            "29 February 2028, 23:59 (UTC\u221203:30)",
            "29 février 2028, 23:59 (UTC\u221203:30)",
        ),
    ],
)
def test_moments_are_days_and_hours_with_their_distance_from_utc(given: str, english: str, french: str) -> None:
    contract = _with(_contract("one_wave"), ("wave", "opens_at"), given)
    assert f"from {english} until" in _told(contract, "en")
    assert f"du {french}, jusqu" in _told(contract, "fr")


def test_names_stay_as_they_are_written_on_one_line() -> None:
    contract = _with(_contract("one_wave"), ("campaign", "name"), "L'été : {k}\n100 %  # a|b")
    assert f"«{NO_BREAK}L'été : {{k}} 100 % # a|b{NO_BREAK}»" in _told(contract, "fr")
