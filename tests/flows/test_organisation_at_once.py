"""An import, calls of the HRIS and a directory, and the opening of a wave, at once, in two processes and a worker."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.campaigns.due import OPEN_WAVE
from service.campaigns.inviting import roster
from service.people import turns
from service.people.lock import AGAIN
from tests.api.test_recurring import BEFORE, MONDAY, WEEKLY, travel
from tests.fixtures.house import TenantUnderTest
from tests.make.at_once import PEOPLE, Process, a_process, header, until
from tests.make.wire import Sent
from tests.make.world import a_campaign, a_questionnaire, ok

FILE, PAIRS, USERS = 40, 12, 24
UNITS = ("A", "B", "P", "Q")
"""The file moves whoever is in A to B; each call of the HRIS a pair from P to Q. Nobody is in B and Q before."""
PROBLEMS = {"urn:pouls:problem:organisation-busy", "urn:pouls:problem:import-running"}
_WAIT_FOR = text("""
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND :pid = ANY(pg_blocking_pids(pid))
""")
Sends = Callable[[Process], "asyncio.Task[Sent]"]


def an_organisation(tenant: TenantUnderTest) -> None:
    units = [{"external_id": "TOP", "name": "Everyone"}]
    units += [{"external_id": unit, "name": unit, "parent": "TOP"} for unit in UNITS]
    ok(tenant.call(PEOPLE, "PUT", "/v1/org-units", json=units))
    people = [{"external_id": f"file-{number}", "unit": "A"} for number in range(FILE)]
    people += [{"external_id": f"{pair}-{one}", "unit": "P"} for pair in range(PAIRS) for one in "ab"]
    ok(tenant.call(PEOPLE, "PUT", "/v1/people", json=people))


def a_wave_that_is_due(tenant: TenantUnderTest) -> None:
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, schedule=WEEKLY)["id"]
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    tenant.house.clock.shift = MONDAY + timedelta(seconds=1) - datetime.now(UTC)


def the_file(tenant: TenantUnderTest) -> Sends:
    lines = "".join(f"file-{number};B\n" for number in range(FILE))
    path = "/v1/people/imports?mode=partial&accept_risk=true"
    return lambda process: process.call(tenant, "POST", path, f"matricule;service\n{lines}", kind="text/csv")


def a_pair(tenant: TenantUnderTest, pair: int) -> Sends:
    rows = [{"external_id": f"{pair}-{one}", "unit": "Q"} for one in "ab"]
    return lambda process: process.call(tenant, "PUT", "/v1/people", rows)


def a_user(tenant: TenantUnderTest, number: int) -> Sends:
    return lambda process: process.a_user(tenant, f"user-{number}@example.com")


async def insist(processes: list[Process], sends: Sends, began: asyncio.Event) -> int:
    """Send it until it is taken, to one process and the other; how often it was refused, as it may be."""
    await began.wait()
    for refused in range(1000):
        answer = await sends(processes[refused % len(processes)])
        if 200 <= answer.status_code < 300:
            return refused
        assert int(header(answer, "retry-after")) > 0, answer.text
        if header(answer, "content-type") == "application/scim+json":
            assert answer.status_code == 503
        else:
            assert (answer.status_code, answer.json()["type"] in PROBLEMS) == (409, True), answer.text
    raise AssertionError("it is never taken")


def test_nothing_is_lost_and_the_roster_is_of_one_moment(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = tenant.house
    travel(tenant, BEFORE)
    an_organisation(tenant)
    a_wave_that_is_due(tenant)
    monkeypatch.setattr(turns, "PATIENCE_S", 0.2)
    whole = roster.audience
    began = asyncio.Event()
    file: list[asyncio.Task[int]] = []

    async def while_all_write(*given: Any) -> Any:
        """The opening has read who is in which unit, and not yet written down who is invited."""
        found = await whole(*given)
        began.set()
        mine = await given[0].scalar(text("SELECT pg_backend_pid()"))
        async with house.worker_database.transaction() as looking:

            async def they_wait_for_it_or_the_file_is_in() -> bool:
                return file[0].done() or await looking.scalar(_WAIT_FOR, {"pid": mine}) > 0

            await until(they_wait_for_it_or_the_file_is_in)
        return found

    monkeypatch.setattr(roster, "audience", while_all_write)

    async def open_it(calls: "list[asyncio.Task[int]]") -> None:
        for _ in range(1000):
            await house.sweeper.step(frozenset({OPEN_WAVE}))
            if began.is_set():
                return
            house.clock.shift += AGAIN
            await asyncio.sleep(0)
        raise AssertionError(f"it never opens; {sum(call.done() for call in calls)} calls are done")

    async def go(processes: list[Process]) -> None:
        sends = [the_file(tenant), *(a_pair(tenant, pair) for pair in range(PAIRS))]
        sends += [a_user(tenant, number) for number in range(USERS)]
        early = asyncio.Event()
        early.set()
        calls = []
        for number, one in enumerate(sends):
            # Every third is there before the opening, the others come while it is under way.
            order = processes if number % 2 else processes[::-1]
            calls.append(asyncio.ensure_future(insist(order, one, early if number % 3 == 2 else began)))
        file.append(calls[0])
        await open_it(calls)
        await asyncio.gather(*calls)

    with a_process(house) as second:
        house.run(go, [Process(house, house.client.app), second])  # type: ignore[arg-type]  # Starlette types the app as a callable

    now = "SELECT u.external_id, count(*) FROM person p JOIN org_unit u USING (tenant_id, unit_id) GROUP BY 1"
    assert dict(map(tuple, tenant.sql(now))) == {"B": FILE, "Q": 2 * PAIRS}
    assert tenant.sql("SELECT count(*) FROM scim_user") == [(USERS,)]
    assert tenant.sql("SELECT state, (facts #>> '{counts,movers}')::int FROM people_import") == [("applied", FILE)]
    assert tenant.sql("SELECT state, invited FROM wave WHERE number = 1") == [("open", FILE + 2 * PAIRS)]
    frozen = """
        SELECT split_part(p.external_id, '-', 1), array_agg(DISTINCT u.external_id), count(*)::int
        FROM roster_line r JOIN wave_class c USING (tenant_id, wave_id, label)
        JOIN person p USING (tenant_id, person_id)
        JOIN org_unit u ON u.tenant_id = c.tenant_id AND u.unit_id = c.unit_id
        GROUP BY 1
    """
    found = {group: (units, count) for group, units, count in tenant.sql(frozen)}
    assert found.pop("file")[1] == FILE
    assert len(found) == PAIRS
    assert {count for _, count in found.values()} == {2}
    assert all(len(units) == 1 for units, _ in found.values()), "a pair that moved together is apart"
