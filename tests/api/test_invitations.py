"""Participation links: a stream of codes that no table holds, for a roster that was frozen at launch."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.house import TenantUnderTest
from tests.make.wire import problem
from tests.make.world import (
    LaunchedWave,
    a_campaign,
    a_launched_wave,
    a_questionnaire,
    an_org,
    cells_of,
    codes_of,
    ok,
    post,
)


def stream(tenant: TenantUnderTest, wave: str) -> list[dict[str, Any]]:
    answer = tenant.call("invitations:read", "GET", f"/v1/waves/{wave}/invitations")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.headers["cache-control"] == "no-store"
    return [json.loads(line) for line in answer.text.splitlines()]


def everything_stored(tenant: TenantUnderTest) -> str:
    """All rows of all tables that hold anything of the tenant, as PostgreSQL writes them down."""
    tables = [row[0] for row in tenant.sql("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'pouls'")]
    assert len(tables) > 15
    rows = [row[0] for table in tables for row in tenant.sql(f"SELECT t::text FROM {table} t")]  # noqa: S608 - names from the catalogue
    return "\n".join(rows)


def test_one_line_for_each_person_on_the_roster(tenant: TenantUnderTest) -> None:
    people = an_org(tenant, {"A": 12, "B": 9})
    ok(tenant.call("people:write", "PUT", "/v1/people", json=[{"external_id": "A-0", "unit": "A", "language": "fr"}]))
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)["id"]
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    lines = stream(tenant, wave["id"])
    assert sorted(line["person"] for line in lines) == sorted(people)
    assert {line["source"] for line in lines} == {"hris"}
    assert {line["person"]: line["language"] for line in lines if line["language"]} == {"A-0": "fr"}
    assert len({line["code"] for line in lines}) == len(people) == wave["invited"]
    for line in lines:
        # In the fragment, which a browser sends to no server.
        assert line["link"] == f"http://pouls.test/embed/{wave['address']}#{line['code']}"
    assert stream(tenant, wave["id"]) == lines


def test_a_link_leads_to_a_page_with_the_questionnaire(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    link = stream(tenant, wave.wave)[0]["link"]
    address, _, code = link.partition("#")
    assert f'<pouls-pulse wave="{wave.address}"' in tenant.call(None, "GET", address).text
    assert ok(post(tenant, code, {"load": 3}), 201) == {"status": "recorded"}


def test_no_table_holds_a_code(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    for person in list(wave.codes)[:20]:
        ok(wave.submit(person, {"load": 3}), 201)
    stored = everything_stored(tenant)
    assert wave.wave in stored
    for code in wave.codes.values():
        raw = urlsafe_b64decode(code)
        assert code not in stored
        assert raw[-16:].hex() not in stored  # its MAC, which makes it a code
        assert wave.address not in stored


def test_neither_order_nor_serial_tells_who_is_who(tenant: TenantUnderTest) -> None:
    people = an_org(tenant, {"A": 40})
    a_questionnaire(tenant)
    orders, labels = [], []
    for _ in range(2):
        campaign = a_campaign(tenant)["id"]
        wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
        tenant.house.sweep()
        orders.append(list(codes_of(tenant, wave["id"])))
        labels.append(urlsafe_b64decode(next(iter(codes_of(tenant, wave["id"]).values())))[37:41])
    assert orders[0] != orders[1]
    assert people not in orders
    assert sorted(orders[0]) == sorted(people)
    assert labels[0] != labels[1]  # the class label is drawn again for each wave
    serials = tenant.sql("SELECT wave_id, count(*), min(serial), max(serial) FROM roster_line GROUP BY 1")
    assert [tuple(row[1:]) for row in serials] == [(40, 0, 39)] * 2


def test_a_long_roster_comes_whole(tenant: TenantUnderTest) -> None:
    """More lines than one page of the database's."""
    an_org(tenant, {"A": 1, "B": 1})
    rows = "\n".join(json.dumps({"external_id": f"E{number}", "unit": "A"}) for number in range(4003))
    headers = {"content-type": "application/x-ndjson"}
    ok(tenant.call("people:write", "PUT", "/v1/people", content=rows, headers=headers))
    a_questionnaire(tenant)
    campaign = a_campaign(tenant)["id"]
    wave = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    lines = stream(tenant, wave["id"])
    assert len(lines) == len({line["code"] for line in lines}) == len({line["person"] for line in lines}) == 4005


def test_who_comes_later_is_not_invited(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12, "B": 12})
    before = stream(tenant, wave.wave)
    late = [{"external_id": "late", "unit": "A"}, {"external_id": "A-0", "unit": "A", "active": False}]
    ok(tenant.call("people:write", "PUT", "/v1/people", json=late))
    assert stream(tenant, wave.wave) == before
    waves = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{wave.campaign}/waves"))
    assert waves[0]["invited"] == 24


def test_a_reorganisation_after_launch_changes_nothing_in_the_release(tenant: TenantUnderTest) -> None:
    """The same answers with and without a change of the organisation: the same cells."""
    released = []
    for reorganise in (False, True):
        one = tenant.house.tenant()
        wave = a_launched_wave(one, {"A": 12, "B": 12, "C": 12})
        if reorganise:
            units = [
                {"external_id": "TOP", "name": "Renamed", "parent": "NEW"},
                {"external_id": "NEW", "name": "New top"},
                {"external_id": "A", "name": "Team A, renamed", "parent": "B"},
                {"external_id": "C", "name": "Team C", "active": False},
            ]
            ok(one.call("people:write", "PUT", "/v1/org-units", json=units))
            moved = [{"external_id": f"{team}-{number}", "unit": "NEW"} for team in "ABC" for number in range(12)]
            ok(one.call("people:write", "PUT", "/v1/people", json=moved))
        for number, person in enumerate(sorted(wave.codes)):
            ok(wave.submit(person, {"load": 1 + number % 5, "help": 3, "place": "home", "years": number}), 201)
        released.append(cells_of(one, wave.release()["id"]))
    assert released[0] == released[1]
    assert {cell["unit"] for cell in released[0]} == {"TOP", "A", "B", "C"}
    assert {cell["status"] for cell in released[0]} == {"published", "withheld"}


def test_only_who_may_read_invitations_gets_links(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    for scope in set(tenant.keys) - {"invitations:read"}:
        problem(tenant.call(scope, "GET", f"/v1/waves/{wave.wave}/invitations"), 403, "forbidden")


def test_a_scheduled_wave_prepares_links(tenant: TenantUnderTest) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    wave = a_launched_wave(tenant, opens_at=tomorrow)
    waves = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{wave.campaign}/waves"))
    assert waves[0]["state"] == "scheduled"
    assert len(stream(tenant, wave.wave)) == 24


def refused_links(wave: LaunchedWave, state: str) -> None:
    """No link, and no entry in the log that says so."""
    tenant = wave.tenant
    reads = "SELECT count(*) FROM audit_entry WHERE action = 'invitations.read'"
    before = tenant.sql(reads)
    waves = ok(tenant.call("campaigns:write", "GET", f"/v1/campaigns/{wave.campaign}/waves"))
    assert waves[0]["state"] == state
    told = problem(tenant.call("invitations:read", "GET", f"/v1/waves/{wave.wave}/invitations"), 409, "wrong-state")
    assert told["detail"] == f"A wave that is {state} takes no more answers."
    assert tenant.sql(reads) == before


def test_a_wave_that_takes_no_more_answers_gives_no_links(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    for person in wave.codes:
        ok(wave.submit(person, {"load": 3}), 201)
    ok(wave.close())
    refused_links(wave, "closed")
    tenant.house.sweep()
    refused_links(wave, "released")
    tenant.house.clock.shift = timedelta(days=31)  # the roster is gone by then
    tenant.house.sweep()
    refused_links(wave, "released")


def test_a_cancelled_wave_gives_no_links(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{wave.campaign}/cancel"))
    refused_links(wave, "cancelled")


def test_a_refused_wave_gives_no_links(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    ok(wave.close())
    tenant.sql("UPDATE wave SET state = 'refused'")
    refused_links(wave, "refused")
