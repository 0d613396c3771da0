"""Who may be asked: rules of audiences, what several of them single out together, limits, samples, a second person."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from tests.fixtures.house import TenantUnderTest
from tests.make.wire import Sent, ask, places, problem
from tests.make.world import QUESTIONNAIRE, a_campaign, a_questionnaire, an_org, codes_of, declare, ok

WRITE = "campaigns:write"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    people = an_org(tenant, {"A": 20, "B": 20, "C": 3})
    declare(tenant, {"site": ["lyon", "nantes"]}, {person: {"site": "lyon"} for person in people if person[0] == "A"})
    a_questionnaire(tenant)
    return tenant


def launch(tenant: TenantUnderTest, campaign: str, act: str = "launch") -> Any:
    return tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/{act}")


def invited(tenant: TenantUnderTest, **fields: Any) -> set[str]:
    """Who is asked by a campaign that is launched now."""
    campaign = a_campaign(tenant, **fields)["id"]
    found = set(codes_of(tenant, ok(launch(tenant, campaign))["id"]))
    ok(launch(tenant, campaign, "cancel"))
    tenant.house.sweep()
    return found


def team(name: str, size: int) -> set[str]:
    return {f"{name}-{number}" for number in range(size)}


def test_an_audience_is_units_and_whoever_fits_its_rules(org: TenantUnderTest) -> None:
    rows = [
        {"external_id": person, "unit": person[0], "hired_on": str(TODAY - timedelta(days=30 * number))}
        for number, person in enumerate(sorted(team("B", 20)))
    ]
    ok(org.call("people:write", "PUT", "/v1/people", json=rows))
    everybody = team("A", 20) | team("B", 20) | team("C", 3)
    assert invited(org) == everybody
    assert invited(org, audience={"units": ["A"]}) == team("A", 20)
    assert invited(org, audience={"units": ["TOP"], "dimensions": {"site": ["lyon"]}}) == team("A", 20)
    by_day = {row["external_id"]: (TODAY - datetime.fromisoformat(row["hired_on"]).date()).days for row in rows}
    for rule in ({"days_at_least": 90}, {"days_at_most": 300}, {"days_at_least": 60, "days_at_most": 450}):
        least, most = rule.get("days_at_least", 0), rule.get("days_at_most", 10**6)
        expected = {person for person, days in by_day.items() if least <= days <= most}
        assert invited(org, audience={"units": ["TOP"], "hired": rule}) == expected


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a dimension that is not declared": (
        {"dimensions": {"grade": ["x"]}}, "unknown-dimension", "/audience/dimensions"
    ),
    "a value that is not declared": (
        {"dimensions": {"site": ["lyon", "paris"]}}, "unknown-dimension", "/audience/dimensions/site/1"
    ),
    "days the wrong way round": (
        {"hired": {"days_at_least": 10, "days_at_most": 9}}, "invalid", "/audience/hired/days_at_most"
    ),
    "a list of people": ({"people": ["A-1"]}, "invalid", "/audience/people"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_audience_that_can_not_be_is_refused_at_its_place(org: TenantUnderTest, name: str) -> None:
    rules, slug, place = REFUSED[name]
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]} | rules}
    assert list(places(problem(org.call(WRITE, "POST", "/v1/campaigns", json=body), 422, slug))) == [place]


def test_an_audience_of_three_is_refused(org: TenantUnderTest) -> None:
    for schedule in (None, {"rule": "FREQ=WEEKLY", "starts_on": str(TODAY), "at": "09:00", "zone": "UTC"}):
        more = {"schedule": schedule | {"window_hours": 24}} if schedule else {}
        campaign = a_campaign(org, audience={"units": ["C"]}, **more)["id"]
        problem(launch(org, campaign), 409, "audience-too-small")
        assert ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}"))["state"] == "draft"
        assert ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves")) == []


# -- judged together ------------------------------------------------------------------------------------------


def test_two_audiences_that_differ_by_three_people_are_not_asked_the_same(org: TenantUnderTest) -> None:
    first = a_campaign(org)["id"]
    ok(launch(org, first))
    ok(launch(org, a_campaign(org, audience={"units": ["A"]})["id"]))  # a team beside the whole: nobody is singled out
    second = a_campaign(org, audience={"units": ["A", "B"]})["id"]  # the whole less these is C, three people
    told = problem(launch(org, second), 409, "audiences-isolate")
    assert first in told["detail"]
    assert second not in told["detail"]
    assert "errors" not in told
    assert ok(org.call(WRITE, "GET", f"/v1/campaigns/{second}"))["state"] == "draft"


def test_other_questions_single_out_nobody(org: TenantUnderTest) -> None:
    ok(launch(org, a_campaign(org)["id"]))
    words = {"fr": "Autre chose", "en": "Something else"}
    item = {"id": "other", "type": "rating", "text": words, "points": 5}
    a_questionnaire(org, QUESTIONNAIRE | {"key": "other", "items": [item], "scales": []})
    ok(launch(org, a_campaign(org, questionnaire="other", audience={"units": ["A", "B"]})["id"]))


def test_ninety_days_later_it_is_another_matter(org: TenantUnderTest) -> None:
    first = a_campaign(org)["id"]
    ok(launch(org, first))
    ok(launch(org, first, "close"))
    second = a_campaign(org, audience={"units": ["A", "B"]})["id"]
    org.house.clock.shift = timedelta(days=89)
    problem(launch(org, second), 409, "audiences-isolate")
    org.house.clock.shift = timedelta(days=91)
    ok(launch(org, second))


def test_three_audiences_are_judged_where_no_two_would_be_refused(tenant: TenantUnderTest) -> None:
    """First and second less third leave four people, whom no two of them leave."""
    an_org(tenant, {"X": 20, "Y": 20, "Z": 4})
    a_questionnaire(tenant)
    values = {f"{t}-{n}": {"p": "a" if t in "XZ" else "b", "q": "a" if t in "YZ" else "b"} for t, size in
              (("X", 20), ("Y", 20), ("Z", 4)) for n in range(size)}  # fmt: skip
    declare(tenant, {"p": ["a", "b"], "q": ["a", "b"]}, values)
    ok(launch(tenant, a_campaign(tenant, audience={"units": ["TOP"], "dimensions": {"p": ["a"]}})["id"]))
    second = a_campaign(tenant, audience={"units": ["TOP"], "dimensions": {"q": ["a"]}})["id"]
    third = a_campaign(tenant, audience={"units": ["X", "Y"]})["id"]
    ok(launch(tenant, second))
    problem(launch(tenant, third), 409, "audiences-isolate")


def test_a_recurring_wave_is_skipped_where_its_audience_would_single_out(org: TenantUnderTest) -> None:
    start = TODAY + timedelta(days=1)
    schedule = {"rule": "FREQ=WEEKLY", "starts_on": str(start), "at": "09:00", "zone": "UTC", "window_hours": 48}
    recurring = a_campaign(org, audience={"units": ["TOP"], "dimensions": {"site": ["lyon"]}}, schedule=schedule)["id"]
    ok(launch(org, recurring))
    ok(launch(org, a_campaign(org, audience={"units": ["A"]})["id"]))  # the same people today
    moved = [{"external_id": "A-0", "unit": "A", "dimensions": {"site": "nantes"}}]
    ok(org.call("people:write", "PUT", "/v1/people", json=moved))
    org.house.clock.shift = timedelta(days=2)
    org.house.sweep()
    skipped = ok(org.call(WRITE, "GET", f"/v1/campaigns/{recurring}/calendar"))["skipped"]
    assert [one["reason"] for one in skipped] == ["audiences-isolate"]


# -- limits and samples ---------------------------------------------------------------------------------------


def since_midnight() -> timedelta:
    now = datetime.now(UTC)
    return now - now.replace(hour=0, minute=0, second=0, microsecond=0)


# -- a second person ------------------------------------------------------------------------------------------


def test_a_launch_that_needs_a_second_person(org: TenantUnderTest) -> None:
    campaign = a_campaign(org)["id"]
    problem(launch(org, campaign, "propose"), 409, "approval-not-needed")
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"second_approval": True}))
    told = problem(launch(org, campaign), 409, "approval-needed")
    assert "POST /v1/api-keys" in told["detail"]
    problem(launch(org, campaign, "approve"), 409, "wrong-state")
    assert ok(launch(org, campaign, "propose"))["state"] == "proposed"
    told = problem(launch(org, campaign, "approve"), 403, "approval-of-oneself")
    assert "another key" in told["detail"]
    made = ok(org.call("admin", "POST", "/v1/api-keys", json={"name": "other", "scopes": [WRITE]}), 201)
    headers = {"Authorization": f"Bearer {made['key']}"}
    wave = ok(org.call(None, "POST", f"/v1/campaigns/{campaign}/approve", headers=headers))
    assert wave["state"] == "open"
    log = ok(org.call("admin", "GET", "/v1/audit-log?limit=500"))["data"]
    acts = {row["action"]: row["actor"] for row in log if row["subject"] == campaign}
    assert acts["campaign.proposed"] != acts["campaign.launched"]


def test_a_policy_below_the_organisation_s_is_refused(org: TenantUnderTest) -> None:
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"policy": {"k_mean": 8, "collusion": 1}}))
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}}
    told = problem(org.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "policy-too-weak")
    assert set(places(told)) == {"/policy/k_mean", "/policy/collusion"}
    ok(org.call(WRITE, "POST", "/v1/campaigns", json=body | {"policy": {"k_mean": 9, "collusion": 1}}), 201)


def test_a_campaign_is_launched_once_whoever_asks_at_the_same_time(
    org: TenantUnderTest, other_process: FastAPI
) -> None:
    """Of two processes: both have come as far as the campaign, which somebody else holds, when they are let go."""
    campaign = a_campaign(org)["id"]
    house, path = org.house, f"/v1/campaigns/{campaign}/launch"
    headers = {"authorization": b"Bearer " + org.keys[WRITE].encode()}
    hold = text("SELECT 1 FROM campaign WHERE campaign_id = :id FOR UPDATE")
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted")

    async def both() -> list[Sent]:
        calls = []
        async with house.worker_database.transaction(org.tenant_id) as tx:
            await tx.execute(hold, {"id": campaign})
            apps: tuple[Any, Any] = (house.client.app, other_process)
            calls = [asyncio.ensure_future(ask(app, "POST", path, headers=headers)) for app in apps]
            for _ in range(500):
                if await tx.scalar(waiting) == len(calls):
                    break
                await asyncio.sleep(0.01)
            else:
                raise AssertionError("they do not wait for each other")
        return await asyncio.gather(*calls)

    first, second = sorted(house.run(both), key=lambda answer: answer.status_code)
    assert (first.status_code, first.json()["state"]) == (200, "open")
    problem(second, 409, "wrong-state")
    assert len(ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves"))) == 1
    log = ok(org.call("admin", "GET", "/v1/audit-log?limit=500"))["data"]
    assert [row["action"] for row in log if row["subject"] == campaign].count("campaign.launched") == 1


# -- coarse classes -------------------------------------------------------------------------------------------


def test_coarse_classes_hold_k_people_each(org: TenantUnderTest) -> None:
    fine = a_campaign(org, plan={"breakdowns": [["org"], ["org", "site"]]})["id"]
    wave = ok(launch(org, fine))
    sizes = "SELECT count(*) FROM roster_line WHERE wave_id = :wave GROUP BY label ORDER BY 1"
    assert [row[0] for row in org.sql(sizes, wave=wave["id"])] == [3, 20, 20]
    ok(launch(org, fine, "cancel"))
    coarse = a_campaign(org, plan={"breakdowns": [["org"], ["org", "site"]]}, coarse_classes=True)["id"]
    wave = ok(launch(org, coarse))
    assert min(row[0] for row in org.sql(sizes, wave=wave["id"])) >= 5
    contract = ok(org.call(WRITE, "GET", f"/v1/waves/{wave['id']}/contract"))["contract"]
    assert contract["coarse_classes"] is True
    assert len(codes_of(org, wave["id"])) == 43


def test_the_forecast_shows_the_price_of_coarse_classes(org: TenantUnderTest) -> None:
    """Two people of A in another site: a class of two, which coarse classes do not keep."""
    moved = [{"external_id": f"A-{n}", "unit": "A", "dimensions": {"site": "nantes"}} for n in range(2)]
    ok(org.call("people:write", "PUT", "/v1/people", json=moved))

    def foretold(**fields: Any) -> tuple[int, float]:
        campaign = a_campaign(org, plan={"breakdowns": [["org"], ["org", "site"]]}, **fields)["id"]
        path = f"/v1/campaigns/{campaign}/forecast"
        found = ok(org.call(WRITE, "POST", path, json={"response_rate": 1.0}))
        by_site = found["families"][0]["breakdowns"][1]
        return by_site["cells"], by_site["published"]["cells"]

    fine, coarse = foretold(), foretold(coarse_classes=True)
    assert coarse[0] < fine[0]


# -- what an attacker tried -----------------------------------------------------------------------------------


def test_a_rule_by_hire_date_is_read_on_the_day_of_the_opening(org: TenantUnderTest) -> None:
    """Today everybody fits it; when the wave opens, one person does not."""
    hired = {person: str(TODAY - timedelta(days=100)) for person in team("A", 20) | team("B", 20) | team("C", 3)}
    hired["A-0"] = str(TODAY - timedelta(days=3640))
    rows = [{"external_id": person, "unit": person[0], "hired_on": day} for person, day in hired.items()]
    ok(org.call("people:write", "PUT", "/v1/people", json=rows))
    ok(launch(org, a_campaign(org)["id"]))
    opens_at = (datetime.now(UTC) + timedelta(days=11)).isoformat()
    audience = {"units": ["TOP"], "hired": {"days_at_most": 3650}}
    ok(launch(org, a_campaign(org, audience=audience)["id"]))
    later = a_campaign(org, audience=audience, opens_at=opens_at)["id"]
    problem(launch(org, later), 409, "audiences-isolate")


@pytest.mark.parametrize("odd_one", [28, 3], ids=["as it was at its last opening", "as it will be at its next one"])
def test_a_recurring_campaign_is_judged_at_its_last_opening_and_its_next(org: TenantUnderTest, odd_one: int) -> None:
    """Both ways there is one person more, or fewer, than the other campaign asks."""
    rule = {"days_at_least": 30} if odd_one == 28 else {"days_at_most": 10}
    usual = 100 if odd_one == 28 else 1
    everybody = team("A", 20) | team("B", 20) | team("C", 3)
    rows = [
        {
            "external_id": one,
            "unit": one[0],
            "hired_on": str(TODAY - timedelta(days=odd_one if one == "A-0" else usual)),
        }
        for one in everybody
    ]
    ok(org.call("people:write", "PUT", "/v1/people", json=rows))
    start = TODAY + timedelta(days=1)
    schedule = {"rule": "FREQ=WEEKLY", "starts_on": str(start), "at": "00:00", "zone": "UTC", "window_hours": 24}
    ok(launch(org, a_campaign(org, audience={"units": ["TOP"], "hired": rule}, schedule=schedule)["id"]))
    org.house.clock.shift = timedelta(days=1, minutes=5) - since_midnight()
    org.house.sweep()
    problem(launch(org, a_campaign(org)["id"]), 409, "audiences-isolate")


def test_a_campaign_that_was_given_up_after_its_results_is_not_forgotten(org: TenantUnderTest) -> None:
    start = TODAY + timedelta(days=1)
    schedule = {"rule": "FREQ=WEEKLY", "starts_on": str(start), "at": "00:00", "zone": "UTC", "window_hours": 24}
    recurring = a_campaign(org, schedule=schedule)["id"]
    ok(launch(org, recurring))
    for days in (1, 2):
        org.house.clock.shift = timedelta(days=days, hours=1)
        org.house.sweep()
    ok(launch(org, recurring, "cancel"))
    problem(launch(org, a_campaign(org, audience={"units": ["A", "B"]})["id"]), 409, "audiences-isolate")


def test_audiences_are_judged_within_the_groups_that_plans_show(org: TenantUnderTest) -> None:
    """Both leave out many, but among the people of Lyon, whom the first one shows apart, they differ by one."""
    moved = [{"external_id": "A-0", "unit": "A", "dimensions": {"site": "lyon"}, "hired_on": str(TODAY)}]
    others = [
        {"external_id": person, "unit": person[0], "hired_on": str(TODAY - timedelta(days=90))}
        | ({"dimensions": {"site": "lyon"}} if person[0] == "A" else {})
        for person in (team("A", 20) | team("B", 20)) - {"A-0"}
    ]
    ok(org.call("people:write", "PUT", "/v1/people", json=moved + others))
    ok(launch(org, a_campaign(org, plan={"breakdowns": [["org"], ["org", "site"]]})["id"]))
    rule = {"units": ["TOP"], "dimensions": {"site": ["lyon"]}, "hired": {"days_at_least": 30}}
    problem(launch(org, a_campaign(org, audience=rule)["id"]), 409, "audiences-isolate")


def test_the_largest_threshold_is_what_audiences_have_to_differ_by(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 20, "B": 20, "C": 7})
    a_questionnaire(tenant)
    ok(launch(tenant, a_campaign(tenant)["id"]))
    problem(launch(tenant, a_campaign(tenant, audience={"units": ["A", "B"]})["id"]), 409, "audiences-isolate")


def test_a_draft_keeps_to_the_rules_of_the_day_it_is_launched(org: TenantUnderTest) -> None:
    draft = a_campaign(org)["id"]
    demanded = {"policy": {"k_mean": 8}, "burden": {"most": 3, "days": 30}}
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json=demanded))
    problem(launch(org, draft), 422, "policy-too-weak")
    fine = a_campaign(org, policy={"k_mean": 8})["id"]
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json=demanded | {"burden": {"most": 2, "days": 30}}))
    wave = ok(launch(org, fine))
    contract = ok(org.call(WRITE, "GET", f"/v1/waves/{wave['id']}/contract"))["contract"]
    assert contract["burden"] == {"most": 2, "days": 30}
