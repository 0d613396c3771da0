"""Participation of a release: what the endpoint told when it was made, in OData and SQL, also without a roster."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.campaigns.tables import Wave
from service.campaigns.taking_part import snapshot
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.bi import a_login, read
from tests.make.formats import withdraw
from tests.make.odata import Feed, a_feed, a_unit_key, refused
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_campaign, a_launched_wave, a_questionnaire, an_org, codes_of, ok

WRITE, READ = "campaigns:write", "aggregates:read"
TEAMS = {"A": 12, "B": 24, "C": 13, "D": 4}
K = 5
TOLD = ("source", "unit", "unit_name", "invited", "status", "reason", "percent", "bound")


def launched(tenant: TenantUnderTest, **fields: Any) -> LaunchedWave:
    """A wave of A and B in the north, C and D in the south, who are 53 people."""
    an_org(tenant, TEAMS)
    parents = {"NORTH": "TOP", "SOUTH": "TOP", "A": "NORTH", "B": "NORTH", "C": "SOUTH", "D": "SOUTH"}
    units = [{"external_id": unit, "name": f"Unit {unit}", "parent": parent} for unit, parent in parents.items()]
    ok(tenant.call("people:write", "PUT", "/v1/org-units", json=units))
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, **fields)["id"]
    wave = ok(tenant.call(WRITE, "POST", f"/v1/campaigns/{campaign}/launch"))
    tenant.house.sweep()
    return LaunchedWave(tenant, campaign, wave["id"], wave["address"], codes_of(tenant, wave["id"]))


def answer(wave: LaunchedWave, team: str, *numbers: int) -> None:
    for number in numbers:
        ok(wave.submit(f"{team}-{number}", {"load": 1 + number % 5}), 201)


def some_answer(wave: LaunchedWave) -> None:
    """Nearly all of A, half of B, two of C, one of D."""
    for team, count in {"A": 11, "B": 13, "C": 2, "D": 1}.items():
        answer(wave, team, *range(count))


def later(tenant: TenantUnderTest, **shift: float) -> None:
    tenant.house.clock.shift += timedelta(**shift)


def by_endpoint(wave: LaunchedWave) -> Any:
    return ok(wave.tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/participation"))


def told_by_endpoint(wave: LaunchedWave) -> list[tuple[Any, ...]]:
    """Unit by unit, with the day of the look."""
    found = by_endpoint(wave)
    return [(*(unit[name] for name in TOLD), found["looked_at"]) for unit in found["units"]]


def in_odata(tenant: TenantUnderTest) -> list[dict[str, Any]]:
    return Feed(tenant, [], []).rows("Participation")


def told_in_odata(tenant: TenantUnderTest) -> list[tuple[Any, ...]]:
    names = [*("".join(part.capitalize() for part in name.split("_")) for name in TOLD), "LookedAt"]
    return [tuple(row[name] for name in names) for row in in_odata(tenant)]


def in_sql(login: str) -> list[dict[str, Any]]:
    joined = "SELECT p.* FROM bi.participation p JOIN bi.units u USING (unit_id) ORDER BY u.path"
    return read(login, joined)


def told_in_sql(login: str) -> list[tuple[Any, ...]]:
    return [(*(row[name] for name in TOLD), row["looked_at"] and row["looked_at"].isoformat()) for row in in_sql(login)]


def test_a_release_tells_what_the_endpoint_tells(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    some_answer(wave)
    release = wave.release()["id"]
    told = told_by_endpoint(wave)
    assert {unit[4] for unit in told} == {"shown", "withheld"}
    assert {unit[7] for unit in told} == {None, "or_more", "or_less"}
    assert told[0][3:7] == (53, "shown", None, 50)  # 27 of 53
    assert len(told) == 7
    assert told_in_odata(tenant) == told
    login = a_login(tenant)
    assert sorted(told_in_sql(login), key=str) == sorted(told, key=str)
    places = {row["Id"]: row for row in Feed(tenant, [], []).rows("OrgUnits")}
    (head,) = Feed(tenant, [], []).rows("Releases")
    for row in in_odata(tenant):
        assert row["Id"] == row["OrgUnitId"]
        assert row["ReleaseId"] == head["Id"] == release
        for name in ("CampaignId", "CampaignName", "WaveId", "WaveNumber", "ReleasedAt"):
            assert row[name] == head[name]
        place = places[row["OrgUnitId"]]
        for name in ("Unit", "Source", "Level", *(f"Level{level}" for level in range(1, 9))):
            assert row[name] == place[name]
        assert row["UnitName"] == place["Name"]
    for row in in_sql(login):
        assert (row["release_id"], row["wave_id"]) == (release, wave.wave)
        assert row["unit_id"].startswith(f"{release}.")
        assert row["released_on"] == row["released_at"].date()


def test_a_withheld_unit_has_a_reason_and_no_number(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    some_answer(wave)
    wave.release()
    withheld = [row for row in in_odata(tenant) if row["Status"] == "withheld"]
    assert "D" in {row["Unit"] for row in withheld}
    for row in withheld:
        assert (row["Reason"], row["Percent"], row["Bound"]) == ("not_enough_invited", None, None)
    # What a small unit had would follow from the unit above it and its other ones, so one of these is withheld too.
    assert {row["Unit"] for row in withheld} > {"D"}
    for change in (
        "percent = 50, looked_at = now() WHERE status = 'withheld'",
        "bound = 'or_more' WHERE status = 'withheld'",
        "reason = NULL WHERE status = 'withheld'",
        "percent = NULL, bound = NULL WHERE status = 'shown'",
        "percent = 51 WHERE status = 'shown'",
        "bound = 'exactly' WHERE status = 'shown'",
        "looked_at = NULL WHERE status = 'shown'",
        "status = 'published'",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            write(tenant.house, f"UPDATE release_participation SET {change}")  # noqa: S608 - from this test


def test_too_few_answers_are_not_told_of(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    answer(wave, "A", *range(K - 1))
    wave.release()
    told = told_in_odata(tenant)
    assert told == told_by_endpoint(wave)
    assert {(unit[4], unit[6], unit[7], unit[8]) for unit in told} == {("withheld", None, None, None)}
    assert {unit[5] for unit in told} == {"not_yet", "not_enough_invited"}


@pytest.mark.parametrize("days", [0, 1])
@pytest.mark.parametrize("more", [0, K - 1, K, 11])
def test_the_look_is_one_that_the_endpoint_could_have_been_asked_for(
    tenant: TenantUnderTest, days: int, more: int
) -> None:
    """Once a day, and by k people: what the release tells is of no other look, and no look comes of the release."""
    wave = launched(tenant)
    answer(wave, "A", *range(6))
    first = told_by_endpoint(wave)
    later(tenant, days=days)
    answer(wave, "B", *range(more))
    wave.release()
    released = told_in_odata(tenant)
    assert (released == first) is (not days or more < K)
    assert told_by_endpoint(wave) == released
    later(tenant, days=1)
    then = told_by_endpoint(wave)
    # It may know more on the next day; what was written down stays.
    assert (then == first) is (more < K)
    assert told_in_odata(tenant) == released
    later(tenant, days=1)
    assert told_by_endpoint(wave) == then


def test_the_rows_stay_when_the_roster_is_gone(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    some_answer(wave)
    wave.release()
    login, told = a_login(tenant), told_by_endpoint(wave)
    in_views = told_in_sql(login)
    ok(tenant.call(WRITE, "POST", f"/v1/waves/{wave.wave}/destroy"), 202)
    tenant.house.sweep()
    assert tenant.sql("SELECT count(*) FROM roster_line") == [(0,)]
    problem(tenant.call(WRITE, "GET", f"/v1/waves/{wave.wave}/participation"), 409, "participation-gone")
    assert told_in_odata(tenant) == told
    assert told_in_sql(login) == in_views


def test_without_a_record_there_are_no_rows(tenant: TenantUnderTest) -> None:
    wave = launched(tenant, participation={"ways": ["links"], "spending_record": False})
    some_answer(wave)
    assert wave.release()["status"] == "published"
    assert in_odata(tenant) == []
    assert in_sql(a_login(tenant)) == []
    assert tenant.sql("SELECT count(*) FROM release_participation") == [(0,)]
    assert tenant.sql("SELECT count(*) FROM participation_snapshot") == [(0,)]


def test_interim_results_and_recuts_have_none(tenant: TenantUnderTest) -> None:
    wave = launched(tenant, interim={"hours_after_opening": [1]}, recuts=True)
    answer(wave, "A", *range(12))
    answer(wave, "B", *range(12))
    later(tenant, hours=2)
    tenant.house.sweep()
    assert ok(tenant.call(READ, "GET", "/v1/releases"))["data"][0]["interim"] == 1
    assert in_odata(tenant) == []
    answer(wave, "B", *range(12, 24))
    answer(wave, "C", *range(13))
    ok(wave.close())
    tenant.house.sweep()
    some = {"name": "some", "values": [{"id": "a", "label": {"en": "A"}, "members": ["A"]}]}
    asked = {"dimensions": [some], "breakdowns": [["org", "some"]]}
    ok(tenant.call(WRITE, "POST", f"/v1/waves/{wave.wave}/recuts", json=asked), 202)
    tenant.house.sweep()
    releases = ok(tenant.call(READ, "GET", "/v1/releases"))["data"]
    assert len([one for one in releases if one["status"] == "published"]) == 3
    (own,) = [one["id"] for one in releases if one["interim"] is None and one["recut_id"] is None]
    assert {row["ReleaseId"] for row in in_odata(tenant)} == {own}
    assert told_in_odata(tenant) == told_by_endpoint(wave)
    assert {row["release_id"] for row in in_sql(a_login(tenant))} == {own}


def test_a_refused_release_has_none(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    some_answer(wave)
    tenant.sql("UPDATE sealed_batch SET received_on = received_on - 1")
    assert wave.release()["status"] == "refused"
    assert tenant.sql("SELECT count(*) FROM release_participation") == [(0,)]


def test_a_key_of_a_unit_sees_that_unit_and_what_is_below(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    some_answer(wave)
    wave.release()
    whole = in_odata(tenant)
    headers = {"Authorization": f"Bearer {a_unit_key(tenant, 'NORTH')}"}
    found = ok(tenant.call(None, "GET", "/odata/Participation", headers=headers), 200)["value"]
    mine = [row | {"Level1": None} for row in whole if row["Unit"] in {"NORTH", "A", "B"}]
    assert found == mine
    assert len(found) == 3
    assert tenant.call(None, "GET", "/odata/Participation/$count", headers=headers).text == "3"
    other = next(row["Id"] for row in whole if row["Unit"] == "SOUTH")
    refused(tenant.call(None, "GET", f"/odata/Participation('{other}')", headers=headers), 404, "NotFound")
    asked = {"$filter": "Invited gt 40"}
    assert ok(tenant.call(None, "GET", "/odata/Participation", headers=headers, params=asked))["value"] == []


def test_what_is_withdrawn_is_gone(tenant: TenantUnderTest) -> None:
    wave = launched(tenant)
    some_answer(wave)
    release, login = wave.release()["id"], a_login(tenant)
    assert len(in_odata(tenant)) == len(in_sql(login)) == 7
    withdraw(tenant, release)
    assert in_odata(tenant) == []
    assert read(login, "SELECT * FROM bi.participation") == []


def test_parts_of_units_have_no_participation(house: House) -> None:
    """And stand between the rows of others, where pages are walked along the places."""
    feed = a_feed(house)
    found = feed.rows("Participation")
    assert {row["ReleaseId"] for row in found} == set(feed.releases)
    whole = {row["Id"] for row in feed.rows("OrgUnits") if row["Breakdown"] == "org"}
    assert {row["OrgUnitId"] for row in found} == whole
    paged = feed.ok("Participation", headers={"Prefer": "maxpagesize=2"})
    assert len(paged["value"]) == 2
    assert "@odata.nextLink" in paged


def test_two_looks_never_differ_by_fewer_than_k(tenant: TenantUnderTest) -> None:
    """At midnight one may be taken while that of the day before is not written down yet."""
    wave = a_launched_wave(tenant)
    answer(wave, "A", *range(7))
    house, now = tenant.house, datetime.now(UTC)
    database = house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types it as a callable
    waits = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%participation_snapshot%'
    """

    async def look(tx: Any, at: datetime) -> tuple[int, Any]:
        own = await tx.get_one(Wave, (tenant.tenant_id, UUID(wave.wave)))
        found = await snapshot.latest(tx, own, K, at)
        assert found is not None
        return int(found.answered.sum()), found.taken_on

    async def tomorrow() -> tuple[int, Any]:
        async with database.transaction(tenant.tenant_id) as tx:
            return await look(tx, now + timedelta(days=1))

    async def go() -> list[tuple[int, Any]]:
        async with asyncio.timeout(60), database.transaction(tenant.tenant_id) as tx:
            first = await look(tx, now)
            await asyncio.to_thread(answer, wave, "A", 7, 8, 9)
            second = asyncio.ensure_future(tomorrow())
            while not (await asyncio.to_thread(write, house, waits))[0][0]:
                assert not second.done(), second
                await asyncio.sleep(0.02)
        return [first, await second]

    assert house.run(go) == [(7, now.date())] * 2
