"""The forecast of a draft over HTTP: what it says, when there is none, and that it changes nothing."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.campaigns.forecast import queries
from tests.api.test_breakdowns import BY_SITE, TREE, organised
from tests.fixtures.house import House, TenantUnderTest
from tests.flows.children import descendants
from tests.make.wire import places, problem
from tests.make.world import a_campaign, a_questionnaire, an_org, ok

TEAMS = {"A": 60, "B": 45, "C": 20, "D": 5, "E": 4}
WRITER = "campaigns:write"


def ask(tenant: TenantUnderTest, campaign: str, body: Any = None) -> Any:
    return tenant.call(WRITER, "POST", f"/v1/campaigns/{campaign}/forecast", json={} if body is None else body)


@pytest.fixture(scope="module")
def org(house: House) -> TenantUnderTest:
    tenant = house.tenant()
    organised(tenant, TEAMS)
    return tenant


def test_every_breakdown_of_the_plan_is_foretold(org: TenantUnderTest) -> None:
    draft = a_campaign(org, plan={"breakdowns": BY_SITE})["id"]
    said = ok(ask(org, draft, {"response_rate": 0.8}))
    assert (said["invited"], said["response_rate"]) == (sum(TEAMS.values()), 0.8)
    today = str(datetime.now(UTC).date())
    assert said["wave"] == {"opens_on": today, "audience": sum(TEAMS.values()), "sample_of_every": None}
    assert [(family["family"], family["k"], family["fell_back"]) for family in said["families"]] == [
        ("mean", 5, False),
        ("distribution", 10, False),
    ]
    for family in said["families"]:
        assert [one["breakdown"] for one in family["breakdowns"]] == BY_SITE
        for one in family["breakdowns"]:
            assert 0 < one["cells"] <= 6 * 3
            large = one["large_enough"]
            assert 0 < one["published"]["cells"] <= one["published"]["people"] <= 1
            assert 0 < large["low"]["cells"] <= large["median"]["cells"] <= large["high"]["cells"] <= 1
            assert one["published"]["cells"] <= large["high"]["cells"]
    means, distributions = (family["breakdowns"] for family in said["families"])
    assert all(
        wide["published"]["cells"] >= narrow["published"]["cells"]
        for wide, narrow in zip(means, distributions, strict=True)
    )
    assert ok(ask(org, draft, {"response_rate": 0.8})) == said, "the same people, the same forecast"


def test_small_teams_side_by_side_are_named(org: TenantUnderTest) -> None:
    draft = a_campaign(org, plan={"breakdowns": TREE})["id"]
    (merge,) = ok(ask(org, draft, {"response_rate": 0.9}))["merges"]
    assert [unit["unit"] for unit in merge["units"]] == ["D", "E"]
    assert merge["units"][0] == {"source": "hris", "unit": "D", "unit_name": "Team D"}
    assert merge["invited"] == 9
    assert merge["published_in_draws"] >= 0.9
    assert 0 < merge["people_gained"] <= 9


def test_several_tops_are_one_whole(org: TenantUnderTest) -> None:
    draft = a_campaign(org, audience={"units": ["A", "B"]})["id"]
    said = ok(ask(org, draft))
    assert said["invited"] == 105
    assert said["families"][0]["breakdowns"][0]["cells"] == 3


def test_without_a_body_it_is_as_usual(org: TenantUnderTest) -> None:
    said = ok(org.call(WRITER, "POST", f"/v1/campaigns/{a_campaign(org)['id']}/forecast"))
    assert said["response_rate"] == 0.7


def test_nothing_is_written(org: TenantUnderTest) -> None:
    draft = a_campaign(org)["id"]
    tables = ("wave_unit", "roster_line", "audit_entry")
    count = f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in tables)}"  # noqa: S608 - our own names
    before = org.sql(count)
    ok(ask(org, draft))
    assert org.sql(count) == before
    assert ok(org.call(WRITER, "GET", f"/v1/campaigns/{draft}"))["state"] == "draft"


@pytest.mark.parametrize("rate", [0, 1.01, -1, "0.5", None, True, [0.5]])
def test_a_rate_that_is_none_is_refused(org: TenantUnderTest, rate: Any) -> None:
    draft = a_campaign(org)["id"]
    assert set(places(problem(ask(org, draft, {"response_rate": rate}), 422, "invalid"))) == {"/response_rate"}


def test_an_unknown_field_is_refused(org: TenantUnderTest) -> None:
    assert set(places(problem(ask(org, a_campaign(org)["id"], {"rate": 0.5}), 422, "invalid"))) == {"/rate"}


def test_only_a_draft_of_ones_own_with_people_enough_has_one(org: TenantUnderTest, tenant: TenantUnderTest) -> None:
    draft = a_campaign(org)["id"]
    problem(ask(tenant, draft), 404, "not-found")
    problem(ask(org, a_campaign(org, audience={"units": ["D"]})["id"]), 409, "audience-too-small")
    ok(org.call(WRITER, "POST", f"/v1/campaigns/{draft}/launch"))
    problem(ask(org, draft), 409, "wrong-state")


def test_of_a_sample_the_wave_to_come_is_foretold(tenant: TenantUnderTest) -> None:
    """As many people as that wave invites once it opens, none of whom was invited too often of late."""
    an_org(tenant, {"A": 60, "B": 45, "C": 20, "D": 12})
    a_questionnaire(tenant)
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 1, "days": 30}}))
    ok(tenant.call(WRITER, "POST", f"/v1/campaigns/{a_campaign(tenant, audience={'units': ['C']})['id']}/launch"))
    start = datetime.now(UTC).date() + timedelta(days=1)
    schedule = {"rule": "FREQ=WEEKLY", "starts_on": str(start), "at": "00:00", "zone": "UTC", "window_hours": 48}
    whole = ok(ask(tenant, a_campaign(tenant, schedule=schedule)["id"]))
    assert whole["wave"] == {"opens_on": str(start), "audience": 137, "sample_of_every": None}
    assert whole["invited"] == 137 - 20
    draft = a_campaign(tenant, schedule=schedule, sampling={"every": 2})["id"]
    said = ok(ask(tenant, draft))
    assert said["wave"] == {"opens_on": str(start), "audience": 137, "sample_of_every": 2}
    ok(tenant.call(WRITER, "POST", f"/v1/campaigns/{draft}/launch"))
    tenant.house.clock.shift = timedelta(days=1, hours=1)
    tenant.house.sweep()
    first = ok(tenant.call(WRITER, "GET", f"/v1/campaigns/{draft}/waves"))[0]
    assert (first["state"], first["invited"]) == ("open", said["invited"])
    assert 10 <= said["invited"] < 80


def test_what_waits_for_a_second_person_is_foretold_to_them(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json={"second_approval": True}))
    draft = a_campaign(tenant)["id"]
    before = ok(ask(tenant, draft))
    ok(tenant.call(WRITER, "POST", f"/v1/campaigns/{draft}/propose"))
    assert ok(ask(tenant, draft)) == before
    ok(tenant.call(WRITER, "POST", f"/v1/campaigns/{draft}/cancel"))
    problem(ask(tenant, draft), 409, "wrong-state")


def test_one_without_end_is_given_up(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PATIENCE_S", 0.01)
    problem(ask(org, a_campaign(org)["id"]), 503, "forecast-busy")
    assert not [line for line in descendants(os.getpid()).values() if "campaigns.forecast.process" in line]
    monkeypatch.undo()
    ok(ask(org, a_campaign(org)["id"]))


def test_no_connection_is_held_while_it_is_reckoned(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = org.house.client.app.state.database.engine.pool  # type: ignore[attr-defined]  # an ASGI app to its types
    reckon, looked = queries.forecast_apart, []

    async def watched(*arguments: Any) -> Any:
        found = await reckon(*arguments)
        for _ in range(100):  # what the service does beside it takes a moment
            looked.append(pool.checkedout())
            if not looked[-1]:
                break
            await asyncio.sleep(0.01)
        return found

    monkeypatch.setattr(queries, "forecast_apart", watched)
    ok(ask(org, a_campaign(org)["id"]))
    assert looked[-1] == 0
