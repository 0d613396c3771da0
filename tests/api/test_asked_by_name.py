"""Whatever was taken as a unit's id can be asked for, and a unit without any mean has a report and a trend as well."""

from typing import Any

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.formats import READ
from tests.make.wire import places, problem
from tests.make.world import QUESTIONNAIRE, a_campaign, a_questionnaire, cells_of, codes_of, ok, post

CHOICES: dict[str, Any] = QUESTIONNAIRE | {"key": "choices", "items": [QUESTIONNAIRE["items"][2]], "scales": []}
ODD = ("D\u00a01", "D\n2", "D\t3", "D\u202f4", "D\u00ad5", "\ufeffD6")
"""A no-break space is what French spreadsheets put between digits."""
BY_UNIT = ("releases/{release}/cells", "releases/{release}/report", "releases/{release}/charts/means.svg",
           "aggregates/trend?campaign={campaign}", "aggregates/comparison?release={release}")  # fmt: skip


def released(tenant: TenantUnderTest, document: dict[str, Any], answers: dict[str, Any]) -> dict[str, str]:
    """A release of a top and oddly named units of ten people, and its campaign."""
    units = [{"external_id": "TOP", "name": "Everyone"}]
    units += [{"external_id": unit, "name": unit, "parent": "TOP"} for unit in ODD]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    people = [{"external_id": f"{at}-{number}", "unit": unit} for at, unit in enumerate(ODD) for number in range(10)]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=people))
    a_questionnaire(tenant, document)
    campaign = a_campaign(tenant, questionnaire=document["key"])["id"]
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))["id"]
    tenant.house.sweep()
    for code in codes_of(tenant, wave).values():
        ok(post(tenant, code, answers), 201)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/close"))
    tenant.house.sweep()
    (release,) = ok(tenant.call(READ, "GET", f"/v1/releases?wave={wave}"))["data"]
    return {"campaign": campaign, "release": release["id"]}


@pytest.fixture(scope="module")
def named(house: House) -> tuple[TenantUnderTest, dict[str, str]]:
    tenant = house.tenant()
    return tenant, released(tenant, QUESTIONNAIRE, {"load": 4, "help": 3, "place": "home"})


@pytest.fixture(scope="module")
def choices(house: House) -> tuple[TenantUnderTest, dict[str, str]]:
    tenant = house.tenant()
    return tenant, released(tenant, CHOICES, {"place": "home"})


def ask(tenant: TenantUnderTest, path: str, ids: dict[str, str], **params: str) -> Any:
    bare, _, query = path.format(**ids).partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    return tenant.call(READ, "GET", f"/v1/{bare}", params=pairs | params)


@pytest.mark.parametrize("path", BY_UNIT)
def test_each_unit_can_be_asked_for_by_its_id(named: tuple[TenantUnderTest, dict[str, str]], path: str) -> None:
    tenant, ids = named
    for unit in ODD:
        answer = ask(tenant, path, ids, unit=unit)
        assert answer.status_code == 200, (unit, answer.text)
    for refused in ("D\x001", "D\x1b", "D\x7f", "D\x85"):
        told = problem(ask(tenant, path, ids, unit=refused), 422, "invalid")
        assert places(told) == {"query:unit": "must not hold control characters"}
    assert {cell["unit"] for cell in cells_of(tenant, ids["release"])} == {"TOP", *ODD}


@pytest.mark.parametrize("unit", [{}, {"unit": "TOP"}, {"unit": ODD[0]}])
def test_where_only_choices_were_asked_there_is_a_report_and_no_trend(
    choices: tuple[TenantUnderTest, dict[str, str]], unit: dict[str, str]
) -> None:
    tenant, ids = choices
    page = ask(tenant, "releases/{release}/report", ids, **unit)
    assert page.status_code == 200, page.text
    assert "Lieu" in page.text or "Place" in page.text
    drawn = ask(tenant, "releases/{release}/charts/distribution.svg", ids, measure="place", **unit)
    assert drawn.status_code == 200, drawn.text
    assert ok(ask(tenant, "aggregates/trend?campaign={campaign}", ids, **unit))["series"] == []


def test_what_is_not_there_is_refused_all_the_same(choices: tuple[TenantUnderTest, dict[str, str]]) -> None:
    tenant, ids = choices
    trend = "aggregates/trend?campaign={campaign}"
    told = problem(ask(tenant, trend, ids, unit="ELSEWHERE"), 422, "invalid")
    assert places(told) == {"query:unit": "is not a unit of these releases"}
    told = problem(ask(tenant, trend, ids, unit="TOP", measure="place"), 422, "invalid")
    assert places(told) == {"query:measure": "is not a measure of these releases"}
