"""What goes with the outcome, in the newest release of a campaign: as its statistics say it, or withheld."""

from typing import Any

import pytest

from tests.api.test_keys_of_units import limited
from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ, withdraw
from tests.make.wire import places, problem
from tests.make.world import a_campaign, an_org, codes_of, ok, post

DRIVERS = "/v1/aggregates/drivers"
TITLES = {
    "mood": {"en": "Mood", "fr": "Humeur"},
    "load": {"en": "Load", "fr": "Charge"},
    "help": {"en": "Help", "fr": "Entraide"},
}
DOCUMENT: dict[str, Any] = {
    "format": "pouls/1",
    "key": "goes_with",
    "languages": ["en", "fr"],
    "title": {"en": "x", "fr": "x"},
    "sections": [{"id": "all", "items": [f"{scale}_{number}" for scale in TITLES for number in (1, 2)]}],
    "items": [
        {"id": f"{scale}_{number}", "type": "rating", "points": 5, "text": {"en": "x", "fr": "x"}}
        for scale in TITLES
        for number in (1, 2)
    ],
    "scales": [
        {"id": scale, "title": title, "items": [f"{scale}_{number}" for number in (1, 2)]}
        for scale, title in TITLES.items()
    ],
    "outcome": "mood",
}
FIGURES = ("n", "measures", "outcome", "r_squared")
Made = tuple[TenantUnderTest, str, str]
"""Tenant, campaign, release."""


def _answers(number: int) -> dict[str, int]:
    mood, load, helped = 1 + number % 3, number % 2, number % 5 // 3
    return {
        "mood_1": mood + load, "mood_2": mood + helped, "load_1": 1 + load * 2, "load_2": mood,
        "help_1": 2 + helped, "help_2": 1 + (number // 7) % 4,
    }  # fmt: skip


def _released(house: House, teams: dict[str, int]) -> Made:
    tenant = house.tenant()
    an_org(tenant, teams)
    ok(tenant.call("questionnaires:write", "POST", "/v1/questionnaires", json=DOCUMENT), 201)
    campaign = a_campaign(tenant, questionnaire="goes_with")
    problem(_ask(tenant, campaign["id"]), 404, "not-found")  # no release yet
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/launch"))
    house.sweep()
    for number, code in enumerate(codes_of(tenant, wave["id"]).values()):
        ok(post(tenant, code, _answers(number)), 201)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign['id']}/close"))
    house.sweep()
    (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave['id']}"))["data"]
    return tenant, campaign["id"], release["id"]


@pytest.fixture(scope="module")
def many(house: House) -> Made:
    """Of 110 people, enough to be told of together."""
    return _released(house, {"A": 60, "B": 50})


@pytest.fixture(scope="module")
def few(house: House) -> Made:
    return _released(house, {"A": 40, "B": 30})


def _ask(tenant: TenantUnderTest, campaign: str, **headers: str) -> Any:
    return tenant.call(READ, "GET", DRIVERS, params={"campaign": campaign}, headers=headers)


def test_drivers_are_those_of_the_newest_release(many: Made) -> None:
    tenant, campaign, release = many
    found = ok(_ask(tenant, campaign))
    latest = ok(tenant.call(READ, "GET", "/v1/aggregates/latest", params={"campaign": campaign}))
    assert (found["release_id"], latest["id"]) == (release, release)
    assert (found["wave_number"], found["released_at"]) == (1, latest["released_at"])
    assert (found["status"], found["reason"]) == ("published", None)
    told = latest["statistics"]["drivers"]
    assert {name: found[name] for name in ("n", "measures", "r_squared")} == {
        name: told[name] for name in ("n", "measures", "r_squared")
    }
    assert found["outcome"] == {"measure": "mood", "kind": "scale", "text": TITLES["mood"]}
    assert found["data"] == [
        {"measure": one["scale"], "kind": "scale", "text": TITLES[one["scale"]]}
        | {name: one[name] for name in ("share", "correlation")}
        for one in told["weights"]
    ]
    assert [one["measure"] for one in found["data"]] == ["load", "help"]


def test_what_has_not_changed_costs_a_304(many: Made) -> None:
    tenant, campaign, _ = many
    first = _ask(tenant, campaign)
    again = _ask(tenant, campaign, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert _ask(tenant, campaign).content == first.content  # out of memory, or not
    assert _ask(tenant, campaign, **{"If-None-Match": '"other"'}).status_code == 200


def _is_withheld(found: dict[str, Any]) -> bool:
    nothing = dict.fromkeys(FIGURES) | {"data": [], "status": "withheld", "reason": "protected"}
    return {name: found[name] for name in nothing} == nothing


def test_of_too_few_people_they_are_withheld(few: Made) -> None:
    tenant, campaign, release = few
    found = ok(_ask(tenant, campaign))
    assert found["release_id"] == release
    assert _is_withheld(found)


def test_a_key_of_a_unit_is_told_nothing_of_everybody(many: Made, few: Made) -> None:
    """Nor whether there is anything: whether everybody's figures were safe is of everybody, too."""
    for tenant, campaign, _ in (many, few):
        key, whole = limited(tenant, "A"), _ask(tenant, campaign)
        answer = _ask(key, campaign, **{"If-None-Match": whole.headers["etag"]})
        assert _is_withheld(ok(answer))
        assert answer.headers["etag"] != whole.headers["etag"]


def test_another_tenants_campaign_is_not_there(many: Made, few: Made) -> None:
    problem(_ask(few[0], many[1]), 404, "not-found")


def test_a_campaign_is_asked_for(many: Made) -> None:
    tenant, campaign, _ = many
    answer = tenant.call(READ, "GET", DRIVERS)
    assert places(problem(answer, 422, "invalid")).keys() == {"query:campaign"}
    unit = tenant.call(READ, "GET", DRIVERS, params={"campaign": campaign, "unit": "A"})
    assert places(problem(unit, 422, "invalid")).keys() == {"query:unit"}


def test_a_withdrawn_release_tells_none(house: House) -> None:
    tenant, campaign, release = _released(house, {"A": 60, "B": 50})
    ok(_ask(tenant, campaign))  # kept in memory
    withdraw(tenant, release)
    problem(_ask(tenant, campaign), 404, "not-found")
