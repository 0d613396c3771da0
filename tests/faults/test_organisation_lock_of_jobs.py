"""Jobs that meet a writer of the organisation: they hold nothing, give the worker back, and come again."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from service.campaigns.due import OPEN_WAVE
from service.campaigns.forecast import queries as forecasts
from service.kit.jobs import Due
from service.people import lock, turns
from service.people.lock import AGAIN, lock_organisation
from service.people.reorganising.actions import JOB as REORGANISE
from service.privacy.erasing import ERASE
from service.privacy.retention import HISTORY
from tests.api.test_recurring import BEFORE, MONDAY, WEEKLY, travel
from tests.faults.sessions import a_database
from tests.faults.writer import write
from tests.fixtures.house import TenantUnderTest
from tests.make.at_once import PEOPLE, held_by, until, waiting
from tests.make.world import a_campaign, a_questionnaire, an_org, ok

CAMPAIGNS = "campaigns:write"
LONG = 60.0
_PID = text("SELECT pg_backend_pid()")


def a_planned_wave(tenant: TenantUnderTest) -> str:
    """Beside one of the campaign that is open, to which people answer."""
    a_questionnaire(tenant)
    campaign = a_campaign(tenant, schedule=WEEKLY | {"window_hours": 24 * 6})["id"]
    ok(tenant.call(CAMPAIGNS, "POST", f"/v1/campaigns/{campaign}/launch"))
    travel(tenant, MONDAY + timedelta(seconds=1))
    first, second = ok(tenant.call(CAMPAIGNS, "GET", f"/v1/campaigns/{campaign}/waves"))
    assert (first["state"], second["state"]) == ("open", "planned")
    tenant.house.clock.shift = MONDAY + timedelta(days=7, seconds=1) - datetime.now(UTC)
    return "SELECT bool_or(number = 2 AND state = 'open') FROM wave"


def an_erasure(tenant: TenantUnderTest) -> str:
    ok(tenant.call("admin", "POST", "/v1/data-subjects/erase", json={"external_id": "A-0"}), 202)
    return "SELECT bool_and(done_at IS NOT NULL) FROM erasure"


def a_reorganisation(tenant: TenantUnderTest) -> str:
    day = (MONDAY + timedelta(days=1)).date()
    planned = {"on": str(day), "merges": [{"units": ["A"], "into": "B"}]}
    ok(tenant.call(PEOPLE, "POST", "/v1/reorganisations", json=planned), 201)
    tenant.house.clock.shift = MONDAY + timedelta(days=2) - datetime.now(UTC)
    return "SELECT bool_and(state = 'done') FROM reorganisation"


def an_old_history(tenant: TenantUnderTest) -> str:
    """Versions that nobody needs any more: what is deleted of them is what writers write."""
    tenant.sql("UPDATE person_version SET valid_from = '2001-01-01'")
    tenant.sql(
        "INSERT INTO person_version (tenant_id, person_id, valid_from, unit_id, manager_id, is_active) "
        "SELECT tenant_id, person_id, '2002-02-02', unit_id, manager_id, is_active FROM person_version"
    )
    tenant.sql(
        "INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts) "
        "SELECT tenant_id, gen_random_uuid(), :kind, tenant_id, now() - interval '1 day', 0 FROM tenant "
        "WHERE tenant_id = :own",
        kind=HISTORY,
        own=tenant.tenant_id,
    )
    return "SELECT bool_and(valid_from > '2001-12-31') FROM person_version"


JOBS: dict[str, Callable[[TenantUnderTest], str]] = {
    OPEN_WAVE: a_planned_wave,
    ERASE: an_erasure,
    REORGANISE: a_reorganisation,
    HISTORY: an_old_history,
}
"""What has to be there; and how to see whether the job was done."""


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    travel(tenant, BEFORE)
    an_org(tenant, {"A": 12, "B": 12})
    return tenant


def due(tenant: TenantUnderTest, kind: str) -> Due:
    (row,) = tenant.sql(
        "SELECT tenant_id, job_id, kind, subject_id, due_at, attempts FROM job WHERE kind = :kind", kind=kind
    )
    return Due(*row)


def is_done(tenant: TenantUnderTest, look: str) -> bool:
    return tenant.sql(look) == [(True,)]


@pytest.mark.parametrize("kind", JOBS)
def test_a_job_that_meets_a_writer_has_locked_nothing_and_comes_again(org: TenantUnderTest, kind: str) -> None:
    """Whatever it had locked before, a writer could wait for; and answers to an open wave wait for its closing."""
    house, look = org.house, JOBS[kind](org)
    work = due(org, kind)

    async def go() -> tuple[list[str], datetime, datetime]:
        async with (
            house.client.app.state.database.transaction(org.tenant_id) as writer,  # type: ignore[attr-defined]  # Starlette types the app as a callable
            house.worker_database.transaction(org.tenant_id) as tx,
        ):
            await lock_organisation(writer, org.tenant_id)
            began = house.clock()
            again = await house.sweeper._handlers[kind](tx, work)
            assert again is not None
            return await held_by(tx, await tx.scalar(_PID)), began, again

    held, began, again = house.run(go)
    assert held == []
    assert timedelta() < again - began <= AGAIN + timedelta(minutes=1)
    assert not is_done(org, look)
    house.sweep()
    assert is_done(org, look)


@pytest.mark.parametrize("kind", JOBS)
def test_the_worker_puts_it_off_without_a_word_of_failure(org: TenantUnderTest, kind: str) -> None:
    house, look = org.house, JOBS[kind](org)

    async def go() -> None:
        async with house.client.app.state.database.transaction(org.tenant_id) as writer:  # type: ignore[attr-defined]  # same
            await lock_organisation(writer, org.tenant_id)
            await house.sweeper.sweep()

    before = house.clock()
    house.run(go)
    work = due(org, kind)
    assert work.due_at > before
    assert work.attempts == 0
    assert write(house, "SELECT last_problem FROM job WHERE job_id = $1", work.job_id)[0][0] is None
    assert not is_done(org, look)
    house.clock.shift += AGAIN
    house.sweep()
    assert is_done(org, look)


def test_a_job_stands_in_line_with_calls_that_follow_upon_each_other(
    org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database gives the lock to whoever waits: who tried now and then would never have it."""
    monkeypatch.setattr(turns, "PATIENCE_S", LONG)
    monkeypatch.setattr(lock, "PATIENCE_OF_JOBS_S", LONG)
    house, look = org.house, an_erasure(org)
    ident = org.tenant_id
    database: Any = house.client.app.state.database  # type: ignore[attr-defined]  # same

    async def call(given: asyncio.Event) -> None:
        async with database.transaction(ident) as tx:
            await lock_organisation(tx, ident)
            await given.wait()

    async def go() -> None:
        async with database.transaction() as looking:

            async def one_waits() -> bool:
                return len(await waiting(looking)) == 1

            async def both_wait() -> bool:
                return len(await waiting(looking)) == 2

            first, second = asyncio.Event(), asyncio.Event()
            calls = [asyncio.ensure_future(call(first))]

            async def it_has_it() -> bool:
                return bool(await looking.scalar(text("SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory'")))

            await until(it_has_it, *calls)
            job = asyncio.ensure_future(house.sweeper.step(frozenset({ERASE})))
            await until(one_waits, job, *calls)
            calls.append(asyncio.ensure_future(call(second)))
            await until(both_wait, job, *calls)
            first.set()
            assert await job, "it came before the call that was there after it"
            assert not calls[1].done()
            second.set()
            await asyncio.gather(*calls)

    house.run(go)
    assert is_done(org, look)


def test_a_forecast_is_of_one_moment_and_waits_for_nobody(
    org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody leaves between two of its statements, in the hands of a writer who is not done."""
    a_questionnaire(org)
    draft = a_campaign(org)["id"]
    ident, whole = org.tenant_id, forecasts.first_turn
    app: Any = org.house.client.app
    left: list[UUID] = []

    async def and_somebody_leaves(*given: Any) -> Any:
        turn = await whole(*given)
        async with app.state.database.transaction(ident) as tx:
            leave = text(
                "UPDATE person SET is_active = false WHERE person_id = (SELECT person_id FROM person "
                "WHERE tenant_id = :tenant AND is_active LIMIT 1) RETURNING person_id"
            )
            left.append(await tx.scalar(leave, {"tenant": ident}))
        return turn

    monkeypatch.setattr(forecasts, "first_turn", and_somebody_leaves)

    async def go() -> dict[str, Any]:
        async with org.house.worker_database.transaction(ident) as writer:
            await lock_organisation(writer, ident)
            found = await forecasts.foretell(
                app.state.database, ident, UUID(draft), app.state.notary, 0.8, org.house.clock()
            )
        return found.model_dump()

    said = org.house.run(go)
    assert len(left) == 1
    assert said["invited"] == said["wave"]["audience"] == 24


def test_a_connection_that_was_of_one_moment_is_as_the_others_afterwards(tenant: TenantUnderTest) -> None:
    shown = text("SHOW transaction_isolation")

    async def go() -> list[Any]:
        async with a_database(tenant.house, pool_wait_s=5.0) as database:
            found = []
            for _ in range(2 * 3):
                async with database.transaction(of_one_moment=True) as tx:
                    found.append(await tx.scalar(shown))
                async with database.transaction() as tx:
                    found.append(await tx.scalar(shown))
            return found

    assert tenant.house.run(go) == ["repeatable read", "read committed"] * 6
