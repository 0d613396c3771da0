"""Campaigns that come again: planned, opened, skipped, put off, ended, by a worker that may have been away."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.fixtures.house import TenantUnderTest
from tests.make.id_tokens import AUDIENCE, ISSUER, claims, jwk, token
from tests.make.wire import places, problem
from tests.make.world import QUESTIONNAIRE, a_campaign, a_questionnaire, an_org, codes_of, ok, post

WRITE = "campaigns:write"
PARIS = ZoneInfo("Europe/Paris")
WEEKLY: dict[str, Any] = {
    "rule": "FREQ=WEEKLY;BYDAY=MO",
    "starts_on": "2027-03-01",
    "at": "09:00",
    "zone": "Europe/Paris",
    "window_hours": 55,
}
BANK = QUESTIONNAIRE | {
    "key": "bank",
    "items": [
        {"id": f"i{n}", "type": "rating", "text": {"fr": f"Un {n}", "en": f"One {n}"}, "points": 5} for n in range(7)
    ],
    "scales": [],
}
MONDAY = datetime(2027, 3, 1, 9, tzinfo=PARIS)
BEFORE = datetime(2027, 2, 24, 12, tzinfo=UTC)


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    an_org(tenant, {"A": 12, "B": 12})
    a_questionnaire(tenant)
    travel(tenant, BEFORE)
    return tenant


def travel(tenant: TenantUnderTest, moment: datetime) -> None:
    """The service's clock shows this from now on."""
    tenant.house.clock.shift = moment - datetime.now(UTC)
    tenant.house.sweep()


def launched(tenant: TenantUnderTest, **fields: Any) -> tuple[str, dict[str, Any]]:
    campaign = a_campaign(tenant, schedule=WEEKLY | fields.pop("schedule", {}), **fields)["id"]
    return campaign, ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"))


def waves(tenant: TenantUnderTest, campaign: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ok(tenant.call(WRITE, "GET", f"/v1/campaigns/{campaign}/waves"))
    return found


def calendar(tenant: TenantUnderTest, campaign: str, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(tenant.call(WRITE, "GET", f"/v1/campaigns/{campaign}/calendar", params=params))
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_first_wave_is_planned_and_opens_at_its_time(org: TenantUnderTest) -> None:
    campaign, wave = launched(org)
    assert (wave["state"], wave["number"], wave["invited"]) == ("planned", 1, 0)
    assert moment(wave["opens_at"]) == MONDAY
    problem(org.call("invitations:read", "GET", f"/v1/waves/{wave['id']}/invitations"), 409, "wrong-state")
    problem(org.call(None, "GET", f"/v1/respond/{wave['address']}"), 409, "wave-not-open")
    travel(org, MONDAY - timedelta(minutes=2))
    assert [one["state"] for one in waves(org, campaign)] == ["planned"]
    travel(org, MONDAY + timedelta(seconds=1))
    first, second = waves(org, campaign)
    assert (first["id"], first["state"], first["invited"]) == (wave["id"], "open", 24)
    assert (second["state"], second["number"]) == ("planned", 2)
    assert moment(second["opens_at"]) == MONDAY + timedelta(days=7)
    contract = ok(org.call(WRITE, "GET", f"/v1/waves/{wave['id']}/contract"))["contract"]
    rules = ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}/contract"))
    assert contract["campaign_contract"] == rules["digest"]
    assert rules["contract"].items() <= contract.items()


def test_every_wave_asks_whoever_is_there_when_it_opens(org: TenantUnderTest) -> None:
    """Late joiners go to the next wave, and a frozen roster stays as it is."""
    campaign, wave = launched(org)
    travel(org, MONDAY + timedelta(hours=1))
    joiner = [{"external_id": "A-late", "unit": "A"}, {"external_id": "A-0", "unit": "A", "active": False}]
    ok(org.call("people:write", "PUT", "/v1/people", json=joiner))
    codes = codes_of(org, wave["id"])
    assert "A-late" not in codes
    assert "A-0" in codes
    travel(org, MONDAY + timedelta(days=7, hours=1))
    second = waves(org, campaign)[1]
    assert second["state"] == "open"
    later = codes_of(org, second["id"])
    assert "A-late" in later
    assert "A-0" not in later


def test_a_wave_closes_is_released_and_the_next_one_follows(org: TenantUnderTest) -> None:
    campaign, wave = launched(org, schedule={"rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=2"})
    for number in (1, 2):
        travel(org, MONDAY + timedelta(days=7 * (number - 1), minutes=1))
        current = waves(org, campaign)[number - 1]
        for code in codes_of(org, current["id"]).values():
            ok(post(org, code, {"load": 3}), 201)
        travel(org, MONDAY + timedelta(days=7 * (number - 1), hours=56))
        assert waves(org, campaign)[number - 1]["state"] == "released"
    assert [one["number"] for one in waves(org, campaign)] == [1, 2]
    assert ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}"))["state"] == "closed"
    assert calendar(org, campaign)["upcoming"] == []
    releases = ok(org.call("aggregates:read", "GET", "/v1/releases"))["data"]
    assert [one["status"] for one in releases] == ["published", "published"]
    assert wave["number"] == 1


def test_nine_in_the_morning_stays_nine_in_the_morning(org: TenantUnderTest) -> None:
    campaign, _ = launched(org, schedule={"sites": [{"unit": "B", "zone": "America/New_York"}]})
    upcoming = calendar(org, campaign, limit=6)["upcoming"]
    for wave in upcoming:
        paris, york = wave["zones"]
        assert moment(paris["opens_at"]).astimezone(PARIS).strftime("%a %H:%M") == "Mon 09:00"
        assert moment(york["opens_at"]).astimezone(ZoneInfo(york["zone"])).strftime("%a %H:%M") == "Mon 09:00"
        assert moment(wave["opens_at"]) == moment(paris["opens_at"])
    apart = [moment(w["zones"][1]["opens_at"]) - moment(w["zones"][0]["opens_at"]) for w in upcoming]
    assert set(apart) == {timedelta(hours=6), timedelta(hours=5)}  # the weeks between the two changes


def test_each_site_answers_from_its_own_morning_on(org: TenantUnderTest) -> None:
    _, wave = launched(org, schedule={"sites": [{"unit": "B", "zone": "America/New_York"}]})
    travel(org, MONDAY + timedelta(minutes=5))
    codes = codes_of(org, wave["id"])
    ok(post(org, codes["A-1"], {"load": 3}), 201)
    problem(post(org, codes["B-1"], {"load": 3}), 409, "wave-not-open")
    travel(org, MONDAY + timedelta(hours=6, minutes=5))
    ok(post(org, codes["B-1"], {"load": 3}), 201)


def test_nobody_gets_a_code_before_their_site_s_morning(org: TenantUnderTest) -> None:
    """By whatever way they come, and each time they are told from when on."""
    sign_in = {"issuer": ISSUER, "audience": AUDIENCE, "claim": "employee", "jwks": {"keys": [jwk("RSA")]}}
    ok(org.call("admin", "PUT", "/v1/campaign-rules", json={"sign_in": sign_in}))
    ways = {"ways": ["links", "kiosk", "intranet", "sign_in"]}
    schedule = {"sites": [{"unit": "B", "zone": "America/New_York"}]}
    campaign, wave = launched(org, schedule=schedule, participation=ways)
    travel(org, MONDAY + timedelta(minutes=5))
    listed = org.call("invitations:read", "GET", f"/v1/waves/{wave['id']}/invitations").text.splitlines()
    found = {line["person"]: line for line in map(json.loads, listed)}

    def asked(person: str) -> Iterator[Any]:
        yield post(org, found[person]["code"], {"load": 3})
        body = {"campaign": campaign, "person": person}
        yield org.call("participations:write", "POST", "/v1/participations", json=body)
        body = {"wave": wave["address"], "code": found[person]["short_code"]}
        yield org.call(None, "POST", "/v1/respond/kiosk", json=body)
        seconds = int(org.house.clock().timestamp())
        said = token("RS256", payload=claims(employee=person, iat=seconds, exp=seconds + 300, nbf=None))
        yield org.call(None, "POST", "/v1/respond/sign-in", json={"wave": wave["address"], "id_token": said})

    for answer in asked("B-1"):
        assert "2027-03-01T14:00:00+00:00" in problem(answer, 409, "wave-not-open")["detail"]
    for answer in asked("A-1"):
        ok(answer, 201)
    travel(org, MONDAY + timedelta(hours=6, minutes=5))
    for answer in asked("B-1"):
        ok(answer, 201)


def test_a_site_outside_the_audience_is_refused(org: TenantUnderTest) -> None:
    units = [{"external_id": "B1", "name": "B1", "parent": "B"}, {"external_id": "C", "name": "C", "parent": "TOP"}]
    ok(org.call("people:write", "PUT", "/v1/org-units", json=units))
    sites = [{"unit": unit, "zone": "America/New_York"} for unit in ("TOP", "B", "B1")]
    campaign, _ = launched(org, schedule={"sites": sites}, audience={"units": ["B"]})
    stray = WEEKLY | {"sites": [*sites, {"unit": "C", "zone": "America/New_York"}]}
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["B"]}, "schedule": stray}
    told = problem(org.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "schedule-refused")
    assert list(places(told)) == ["/schedule/sites/3/unit"]
    told = problem(org.call(WRITE, "PUT", f"/v1/campaigns/{campaign}/schedule", json=stray), 422, "schedule-refused")
    assert list(places(told)) == ["/sites/3/unit"]


def test_a_site_may_live_by_the_campaign_s_own_zone(org: TenantUnderTest) -> None:
    """It opens with everybody else, also where it lies below a site of another zone."""
    ok(org.call("people:write", "PUT", "/v1/org-units", json=[{"external_id": "B1", "name": "B1", "parent": "B"}]))
    ok(org.call("people:write", "PUT", "/v1/people", json=[{"external_id": "B-0", "unit": "B1"}]))
    sites = [{"unit": "B", "zone": "America/New_York"}, {"unit": "B1", "zone": "Europe/Paris"}]
    campaign, wave = launched(org, schedule={"sites": sites})
    (first, *_) = calendar(org, campaign)["upcoming"]
    assert [one["zone"] for one in first["zones"]] == ["Europe/Paris", "America/New_York"]
    travel(org, MONDAY + timedelta(minutes=5))
    contract = ok(org.call(WRITE, "GET", f"/v1/waves/{wave['id']}/contract"))["contract"]
    assert [(one["zone"], moment(one["opens_at"]) - MONDAY) for one in contract["openings"]] == [
        ("Europe/Paris", timedelta()), ("America/New_York", timedelta(hours=6)), ("Europe/Paris", timedelta()),
    ]  # fmt: skip
    codes = codes_of(org, wave["id"])
    for person in ("A-1", "B-0"):
        ok(post(org, codes[person], {"load": 3}), 201)
    problem(post(org, codes["B-1"], {"load": 3}), 409, "wave-not-open")


def test_faults_of_zones_are_told_where_their_sites_stand(org: TenantUnderTest) -> None:
    sites = [{"unit": "A", "zone": "Europe/Paris"}, {"unit": "B", "zone": "Mars/Olympus"}]
    body = {
        "name": "x",
        "questionnaire": "small",
        "audience": {"units": ["TOP"]},
        "schedule": WEEKLY | {"sites": sites},
    }
    told = problem(org.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "schedule-refused")
    assert list(places(told)) == ["/schedule/sites/1/zone"]


def test_a_worker_that_was_away_opens_one_wave_and_tells_of_the_others(org: TenantUnderTest) -> None:
    campaign, wave = launched(org)
    travel(org, MONDAY + timedelta(days=22))
    found = waves(org, campaign)
    assert [(one["state"], one["number"]) for one in found] == [("open", 1), ("planned", 2)]
    assert found[0]["id"] == wave["id"]
    assert moment(found[0]["opens_at"]) == MONDAY + timedelta(days=21)
    skipped = calendar(org, campaign)["skipped"]
    assert [one["reason"] for one in skipped] == ["missed"] * 3
    assert [moment(one["opens_at"]) for one in skipped] == [MONDAY + timedelta(days=7 * n) for n in (2, 1, 0)]


def test_a_worker_that_comes_between_two_waves_opens_none(org: TenantUnderTest) -> None:
    campaign, _ = launched(org)
    travel(org, MONDAY + timedelta(days=10))
    (planned,) = waves(org, campaign)
    assert planned["state"] == "planned"
    assert moment(planned["opens_at"]) == MONDAY + timedelta(days=14)
    travel(org, MONDAY + timedelta(days=14, hours=1))
    assert waves(org, campaign)[0]["state"] == "open"


def test_a_wave_of_too_few_people_is_skipped_with_its_reason(org: TenantUnderTest) -> None:
    campaign, wave = launched(org)
    rows = [{"external_id": f"{team}-{n}", "unit": team, "active": False} for team in "AB" for n in range(8)]
    ok(org.call("people:write", "PUT", "/v1/people", json=rows))
    travel(org, MONDAY + timedelta(hours=1))
    (planned,) = waves(org, campaign)
    assert (planned["id"], planned["state"], planned["number"], planned["invited"]) == (wave["id"], "planned", 1, 0)
    assert moment(planned["opens_at"]) == MONDAY + timedelta(days=7)
    assert [one["reason"] for one in calendar(org, campaign)["skipped"]] == ["audience-too-small"]
    ok(org.call("people:write", "PUT", "/v1/people", json=[row | {"active": True} for row in rows]))
    travel(org, MONDAY + timedelta(days=7, hours=1))
    assert waves(org, campaign)[0]["state"] == "open"


def test_other_times_are_for_the_waves_to_come(org: TenantUnderTest) -> None:
    campaign, wave = launched(org)
    travel(org, MONDAY + timedelta(hours=1))
    before = ok(org.call(WRITE, "GET", f"/v1/waves/{wave['id']}/contract"))
    later = WEEKLY | {"rule": "FREQ=WEEKLY;BYDAY=TH", "at": "14:30"}
    ok(org.call(WRITE, "PUT", f"/v1/campaigns/{campaign}/schedule", json=later))
    open_wave, planned = waves(org, campaign)
    assert open_wave["state"] == "open"
    assert moment(open_wave["closes_at"]) == MONDAY + timedelta(hours=55)
    assert moment(planned["opens_at"]) == datetime(2027, 3, 4, 14, 30, tzinfo=PARIS)
    assert ok(org.call(WRITE, "GET", f"/v1/waves/{wave['id']}/contract")) == before
    assert moment(calendar(org, campaign)["upcoming"][0]["opens_at"]) == datetime(2027, 3, 4, 14, 30, tzinfo=PARIS)
    travel(org, MONDAY + timedelta(days=2, hours=8))  # the old time of closing is past, the new time of opening not
    assert [one["state"] for one in waves(org, campaign)] == ["released", "planned"]
    travel(org, datetime(2027, 3, 4, 14, 31, tzinfo=PARIS))
    assert [one["state"] for one in waves(org, campaign)] == ["released", "open", "planned"]


def test_the_calendar_begins_with_the_planned_wave(org: TenantUnderTest) -> None:
    """Also where the schedule has times before an open wave is over; and each time has the items of its wave."""
    a_questionnaire(org, BANK)
    campaign, _ = launched(org, questionnaire="bank", rotation={"length": 2})
    travel(org, MONDAY + timedelta(hours=1))
    drawn = [wave["items"] for wave in calendar(org, campaign)["upcoming"]]
    daily = WEEKLY | {"rule": "FREQ=DAILY", "window_hours": 8}
    ok(org.call(WRITE, "PUT", f"/v1/campaigns/{campaign}/schedule", json=daily))
    planned = waves(org, campaign)[1]
    upcoming = calendar(org, campaign)["upcoming"]
    assert upcoming[0]["opens_at"] == planned["opens_at"]
    assert moment(planned["opens_at"]) == MONDAY + timedelta(days=3)  # the open one closes on Wednesday afternoon
    assert [wave["items"] for wave in upcoming] == drawn
    assert len(upcoming) == 12
    # Its time has come and no worker yet: it is still the first.
    org.house.clock.shift += timedelta(days=3)
    assert calendar(org, campaign, limit=1)["upcoming"] == upcoming[:1]


def test_a_campaign_is_closed_or_given_up_between_its_waves(org: TenantUnderTest) -> None:
    for act, campaign_state in (("close", "closed"), ("cancel", "cancelled")):
        campaign, _ = launched(org)
        ok(org.call(WRITE, "POST", f"/v1/campaigns/{campaign}/{act}"))
        assert [one["state"] for one in waves(org, campaign)] == ["cancelled"]
        assert ok(org.call(WRITE, "GET", f"/v1/campaigns/{campaign}"))["state"] == campaign_state
        travel(org, MONDAY + timedelta(hours=1))
        assert [one["state"] for one in waves(org, campaign)] == ["cancelled"]
        travel(org, BEFORE)


def test_an_open_wave_is_extended_and_never_opened_again(org: TenantUnderTest) -> None:
    campaign, wave = launched(org)
    path = f"/v1/campaigns/{campaign}/extend"
    problem(org.call(WRITE, "POST", path, json={"closes_at": "2027-03-05T12:00:00Z"}), 409, "wrong-state")
    travel(org, MONDAY + timedelta(hours=1))
    refused = {
        "2027-03-01T00:00:00Z": "must be in the future, and after the opening",
        "2027-03-02T12:00:00Z": "must be later than the wave closes now; close it to end it sooner",
        "2027-03-09T12:00:00Z": "must not be after the next wave opens",
    }
    for later, reason in refused.items():
        told = problem(org.call(WRITE, "POST", path, json={"closes_at": later}), 422, "invalid")
        assert places(told) == {"/closes_at": reason}
    ok(org.call(WRITE, "POST", path, json={"closes_at": "2027-03-05T12:00:00Z"}))
    travel(org, MONDAY + timedelta(hours=56))
    assert waves(org, campaign)[0]["state"] == "open"
    ok(post(org, codes_of(org, wave["id"])["A-1"], {"load": 3}), 201)
    travel(org, datetime(2027, 3, 5, 12, 1, tzinfo=UTC))
    assert waves(org, campaign)[0]["state"] == "released"
    problem(org.call(WRITE, "POST", path, json={"closes_at": "2027-03-07T12:00:00Z"}), 409, "wrong-state")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "never fires": ({"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/schedule/rule"),
    "10,000 waves": ({"rule": "FREQ=DAILY;COUNT=10000", "window_hours": 8}, "/schedule/rule"),
    "no such zone": ({"zone": "Europe/Atlantis"}, "/schedule/zone"),
    "overlapping windows": ({"window_hours": 24 * 8}, "/schedule/window_hours"),
    "no such zone of a site": ({"sites": [{"unit": "B", "zone": "Mars/Olympus"}]}, "/schedule/sites/0/zone"),
    "overlapping by a zone": (
        {"window_hours": 24 * 7, "sites": [{"unit": "B", "zone": "America/New_York"}]},
        "/schedule/window_hours",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_schedule_that_can_not_be_is_refused_at_its_place(org: TenantUnderTest, name: str) -> None:
    spoilt, place = REFUSED[name]
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}, "schedule": WEEKLY | spoilt}
    told = problem(org.call(WRITE, "POST", "/v1/campaigns", json=body), 422, "schedule-refused")
    assert list(places(told)) == [place]
    assert str(next(iter(spoilt.values()))) not in str(told)
    campaign, _ = launched(org)
    before = waves(org, campaign)
    again = org.call(WRITE, "PUT", f"/v1/campaigns/{campaign}/schedule", json=WEEKLY | spoilt)
    assert list(places(problem(again, 422, "schedule-refused"))) == [place.removeprefix("/schedule")]
    assert waves(org, campaign) == before


def test_items_are_drawn_for_each_wave_and_the_calendar_says_which(org: TenantUnderTest) -> None:
    a_questionnaire(org, BANK)
    rotation = {"length": 3, "anchors": ["i0"]}
    campaign, _ = launched(org, questionnaire="bank", rotation=rotation)
    upcoming = [wave["items"] for wave in calendar(org, campaign, limit=6)["upcoming"]]
    drawn = [item for items in upcoming[:3] for item in items if item != "i0"]
    assert sorted(drawn) == [f"i{n}" for n in range(1, 7)]
    assert upcoming[3:] == upcoming[:3]
    for number in range(2):
        travel(org, MONDAY + timedelta(days=7 * number, minutes=1))
        wave = waves(org, campaign)[number]
        shown = ok(org.call(None, "GET", f"/v1/respond/{wave['address']}"))
        assert (
            [item["id"] for item in shown["questionnaire"]["items"]] == upcoming[number] == shown["contract"]["items"]
        )
        codes = codes_of(org, wave["id"])
        stranger = next(f"i{n}" for n in range(7) if f"i{n}" not in upcoming[number])
        problem(post(org, codes["A-1"], {stranger: 3}), 422, "invalid")
        for code in codes.values():
            ok(post(org, code, dict.fromkeys(upcoming[number], 4)), 201)
        travel(org, MONDAY + timedelta(days=7 * number, hours=56))
        (release,) = ok(org.call("aggregates:read", "GET", f"/v1/releases?wave={wave['id']}"))["data"]
        assert release["status"] == "published"


def test_a_rotation_that_can_not_be_is_refused(org: TenantUnderTest) -> None:
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}, "schedule": WEEKLY}
    given = body | {"rotation": {"length": 2, "anchors": ["load", "nothing"]}}
    told = problem(org.call(WRITE, "POST", "/v1/campaigns", json=given), 422, "rotation-refused")
    assert "/rotation/anchors/1" in places(told)
    too_long = org.call(WRITE, "POST", "/v1/campaigns", json=body | {"rotation": {"length": 7}})
    told = problem(too_long, 422, "rotation-refused")
    assert places(told)["/rotation/length"] == "must be at most 6, the questionnaire's items"


def test_a_unit_that_was_given_up_is_in_no_later_wave(org: TenantUnderTest) -> None:
    an_org(org, {"A": 12, "B": 12, "Old": 2})
    gone = [{"external_id": "Old", "name": "Old", "parent": "TOP", "active": False}]
    ok(org.call("people:write", "PUT", "/v1/org-units", json=gone))
    units = "SELECT external_id FROM wave_unit WHERE wave_id = :wave ORDER BY 1"

    def launched_now() -> tuple[str, list[str]]:
        campaign = a_campaign(org)["id"]
        wave = ok(org.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"))
        return wave["id"], [row[0] for row in org.sql(units, wave=wave["id"])]

    assert launched_now()[1] == ["A", "B", "Old", "TOP"]  # two people are still in it
    left = [{"external_id": f"Old-{n}", "unit": "A"} for n in range(2)]
    ok(org.call("people:write", "PUT", "/v1/people", json=left))
    assert launched_now()[1] == ["A", "B", "TOP"]
