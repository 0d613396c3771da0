"""Samples of an audience, and the limit on how often anybody is invited."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.test_audience_rules import TODAY, WRITE, invited, launch, org, since_midnight, team
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import problem
from tests.make.world import a_campaign, codes_of, ok

__all__ = ["org"]


def test_nobody_is_invited_more_often_than_the_rules_allow(org: TenantUnderTest) -> None:
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 2, "days": 30}}))
    assert len(invited(org, audience={"units": ["A"]})) == 20
    assert len(invited(org)) == 43
    org.house.clock.shift = timedelta(days=5)
    assert invited(org) == team("B", 20) | team("C", 3)  # A was asked twice
    org.house.clock.shift = timedelta(days=31)
    assert len(invited(org)) == 43


def test_each_person_is_asked_in_one_wave_of_so_many(org: TenantUnderTest) -> None:
    start = TODAY + timedelta(days=1)
    schedule = {"rule": "FREQ=DAILY", "starts_on": str(start), "at": "09:00", "zone": "UTC", "window_hours": 5}
    campaign = a_campaign(org, schedule=schedule, sampling={"every": 2})["id"]
    ok(launch(org, campaign))
    asked: list[set[str]] = []
    for day in range(4):
        org.house.clock.shift = timedelta(days=day + 1, hours=24 - datetime.now(UTC).hour + 9 - 24 + 1)
        org.house.sweep()
        waves = ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves"))
        current = next(wave for wave in waves if wave["state"] == "open")
        asked.append(set(codes_of(org, current["id"])))
    everybody = team("A", 20) | team("B", 20) | team("C", 3)
    assert asked[0] | asked[1] == everybody
    assert not asked[0] & asked[1]
    assert asked[2:] == asked[:2]
    for unit in "AB":
        assert {len(one & team(unit, 20)) for one in asked} == {10}
    assert {len(one & team("C", 3)) for one in asked} == {0, 3}  # too small to be cut in two


def daily(days_from_now: int = 1, **fields: Any) -> dict[str, Any]:
    start = str(TODAY + timedelta(days=days_from_now))
    return {"rule": "FREQ=DAILY", "starts_on": start, "at": "00:00", "zone": "UTC", "window_hours": 20} | fields


def test_a_sample_cut_too_fine_asks_those_of_the_next_waves_too(org: TenantUnderTest) -> None:
    """Forty-three people make no fifty-two waves of ten: each wave asks ten or more, and none is skipped."""
    campaign = a_campaign(org, schedule=daily(), sampling={"every": 52})["id"]
    foretold = ok(launch(org, campaign, "forecast"))
    ok(launch(org, campaign))
    for day in (1, 2, 3):
        org.house.clock.shift = timedelta(days=day, minutes=5) - since_midnight()
        org.house.sweep()
    waves = ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves"))
    assert [wave["number"] for wave in waves] == [1, 2, 3, 4]
    assert all(10 <= wave["invited"] < 43 for wave in waves[:3])
    assert waves[0]["invited"] == foretold["invited"]


def test_a_pulse_of_people_who_were_all_asked_of_late_is_not_launched(org: TenantUnderTest) -> None:
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 1, "days": 10}}))
    ok(launch(org, a_campaign(org)["id"]))
    for days_from_now, fits in ((3, False), (9, False), (10, True)):
        campaign = a_campaign(org, schedule=daily(days_from_now, rule="FREQ=DAILY;COUNT=1"))["id"]
        answered = launch(org, campaign)
        if fits:
            ok(answered)
        else:
            assert "invited often enough" in problem(answered, 409, "audience-too-small")["detail"]


def test_a_pulse_is_foretold_of_the_first_day_on_which_people_may_be_asked_again(org: TenantUnderTest) -> None:
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 1, "days": 10}}))
    ok(launch(org, a_campaign(org)["id"]))
    campaign = a_campaign(org, schedule=daily(8), sampling={"every": 2})["id"]
    said = ok(launch(org, campaign, "forecast"))
    assert said["wave"]["opens_on"] == str(TODAY + timedelta(days=10))
    ok(launch(org, campaign))
    for days in (8, 9, 10):
        org.house.clock.shift = timedelta(days=days, minutes=5) - since_midnight()
        org.house.sweep()
    first = ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves"))[0]
    assert (first["number"], first["state"], first["invited"]) == (1, "open", said["invited"])


def test_a_limit_that_was_promised_is_kept_though_the_rules_are_gone(org: TenantUnderTest) -> None:
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"burden": {"most": 1, "days": 10}}))
    campaign = a_campaign(org, schedule=daily())["id"]
    ok(launch(org, campaign))
    assert org.sql("DELETE FROM campaign_rules RETURNING 1") == [(1,)]
    counted = []
    for day in (1, 2, 11):
        org.house.clock.shift = timedelta(days=day, minutes=5) - since_midnight()
        org.house.sweep()
        counted.append(org.sql("SELECT coalesce(sum(invitations), 0) FROM invited_day")[0][0])
    assert counted == [43, 43, 86]
    told = ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/calendar"))["skipped"]
    assert {one["reason"] for one in told} == {"audience-too-small", "missed"}
