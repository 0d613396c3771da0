"""Transactions that are cut off, statements that fail, sessions that are killed: nothing leaks, nothing lies."""

import asyncio
import time
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.kit.db import Database
from service.kit.ids import new_id
from tests.faults.sessions import CONNECTIONS, ROLE, a_database, left_open
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest

_NOTE = text("""
    INSERT INTO audit_entry (tenant_id, entry_id, at, actor, action, subject, detail)
    VALUES (:tenant, :id, now(), 'test', 'test.noted', 'x', '{}')
""")


def _notes(house: House, tenant: UUID) -> int:
    """What is committed, as a session of its own sees it."""
    return int(
        write(house, "SELECT count(*) FROM audit_entry WHERE tenant_id = $1 AND action = 'test.noted'", tenant)[0][0]
    )


async def _spin(seconds: float) -> None:
    """Finer than a timer: let the loop turn until then."""
    until = time.perf_counter() + seconds
    for _ in range(1_000_000):
        if time.perf_counter() >= until:
            return
        await asyncio.sleep(0)


def test_cancelled_anywhere_a_transaction_is_whole_or_nothing(tenant: TenantUnderTest) -> None:
    """Cut off a little later each time: while connecting, in BEGIN, in the statement, in COMMIT."""
    house = tenant.house
    ended = {"cancelled": 0, "committed": 0}

    async def note(database: Database) -> None:
        async with database.transaction(tenant.tenant_id) as tx:
            await tx.execute(_NOTE, {"tenant": tenant.tenant_id, "id": new_id()})

    async def notes(other: Database) -> int:
        async with other.transaction(tenant.tenant_id) as tx:
            return int(await tx.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'test.noted'")))

    async def go() -> None:
        async with a_database(house) as database, a_database(house, "pouls_owner") as other:
            await note(database)
            # A little later each time until it is too late, then to and fro about that moment.
            delay = 20e-6
            for part in range(60):
                task = asyncio.ensure_future(note(database))
                await _spin(delay)
                task.cancel()
                result = (await asyncio.gather(task, return_exceptions=True))[0]
                cut_off = isinstance(result, asyncio.CancelledError)
                ended["cancelled" if cut_off else "committed"] += 1
                delay *= 1.25 if cut_off else 0.7
                assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # the pool that we chose has it
                # #13381: a transaction hidden under this one would swallow its commit.
                before = await notes(other)
                await note(database)
                assert await notes(other) == before + 1, f"a commit got lost after cancellation {part}"

    house.run(go)
    assert min(ended.values()) > 3, ended
    assert left_open(house, ROLE) == []


def test_cancelled_twice_it_still_lets_go(tenant: TenantUnderTest) -> None:
    """A second cancellation comes while the first is being cleaned up after."""
    house = tenant.house

    async def hold(database: Database) -> None:
        async with database.transaction(tenant.tenant_id) as tx:
            await tx.execute(text("SELECT pg_sleep(0.4)"))

    async def go() -> None:
        async with a_database(house) as database:
            for delay in (0.0, 0.0005, 0.002):
                tasks = [asyncio.ensure_future(hold(database)) for _ in range(CONNECTIONS)]
                await asyncio.sleep(0.05)
                for _ in range(3):
                    for task in tasks:
                        task.cancel()
                    await asyncio.sleep(delay)
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.sleep(0.05)
                assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # same
                async with database.transaction(tenant.tenant_id) as tx:
                    assert await tx.scalar(text("SELECT 1")) == 1

    house.run(go)


def test_a_statement_that_fails_leaves_a_usable_connection(tenant: TenantUnderTest) -> None:
    house = tenant.house

    async def fail(database: Database) -> None:
        async with database.transaction(tenant.tenant_id) as tx:
            await tx.execute(_NOTE, {"tenant": tenant.tenant_id, "id": new_id()})
            await tx.execute(text("SELECT 1/0"))

    async def go() -> set[int]:
        pids = set()
        async with a_database(house) as database:
            for _ in range(CONNECTIONS * 3):
                with pytest.raises(DBAPIError, match="division by zero"):
                    await fail(database)
                async with database.transaction(tenant.tenant_id) as tx:
                    pids.add(await tx.scalar(text("SELECT pg_backend_pid()")))
        return pids

    assert len(house.run(go)) == 1, "an error of ours is no reason to connect again"
    assert _notes(house, tenant.tenant_id) == 0


def test_a_killed_session_is_not_handed_out_again(tenant: TenantUnderTest) -> None:
    """SQLAlchemy #13241: a session killed in the middle of a transaction comes back corrupt."""
    house = tenant.house

    async def be_killed(database: Database) -> None:
        async with database.transaction(tenant.tenant_id) as tx:
            pid = await tx.scalar(text("SELECT pg_backend_pid()"))
            await asyncio.to_thread(write, house, "SELECT pg_terminate_backend($1, 5000)", pid)
            await tx.execute(text("SELECT 1"))

    async def go() -> None:
        async with a_database(house, pool_wait_s=1) as database:
            for _ in range(CONNECTIONS + 1):
                with pytest.raises(DBAPIError):
                    await be_killed(database)
                assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # same
                async with database.transaction(tenant.tenant_id) as tx:
                    assert await tx.scalar(text("SELECT 1")) == 1

    house.run(go)
