"""Callers who are slow, who come together, who may not write, or who send more than there is room for."""

import asyncio
import errno
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter
from sqlalchemy import text

from service.kit.lines import Row
from service.kit.reasons import Fault
from service.people import lock, spool
from service.people.schemas import PersonIn
from service.people.spool import AT_ONCE, Spool, Spooling
from service.tenants.keys import Key
from tests.fixtures.house import TenantUnderTest
from tests.make.people import LINES, counts, headers_of, organised, person, put_lines, stored
from tests.make.wire import Sent, ask, problem, raw


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


def test_two_calls_at_once_do_not_mix(org: TenantUnderTest) -> None:
    """Each alone is a tree; together they would be a circle. The later one must hear of it.

    Both are there: one waits for the organisation, which somebody else holds, and the other for its turn after that.
    """
    house = org.house
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")

    def body(name: str, parent: str) -> bytes:
        return json.dumps([{"external_id": name, "name": name, "parent": parent}]).encode()

    async def both() -> list[Sent]:
        calls = []
        async with house.worker_database.transaction(org.tenant_id) as tx:
            await lock.lock_organisation(tx, org.tenant_id)
            for sent in (body("A", "B"), body("B", "A")):
                call = ask(house.client.app, "PUT", "/v1/org-units", headers=headers_of(org), chunks=[sent])
                calls.append(asyncio.ensure_future(call))
            for _ in range(500):
                if await tx.scalar(waiting) == 1 and house.client.app.state.turns.calls(org.tenant_id) == len(calls):  # type: ignore[attr-defined]  # Starlette types the app as a callable
                    break
                await asyncio.sleep(0.01)
            else:
                raise AssertionError("they do not wait for each other")
        return await asyncio.gather(*calls)

    assert sorted(answer.status_code for answer in house.run(both)) == [200, 422]


def while_slow(org: TenantUnderTest, meanwhile: Callable[[], Awaitable[Any]]) -> tuple[Sent, Any]:
    """The answer to a call whose client pauses before its rows, and what was done in the pause."""
    results: list[Any] = []

    async def pause() -> None:
        async with asyncio.timeout(10):
            results.append(await meanwhile())

    async def go() -> Sent:
        rows = [json.dumps(person(name)).encode() + b"\n" for name in ("slow", "last")]
        headers = headers_of(org, LINES.encode())
        return await ask(org.house.client.app, "PUT", "/v1/people", headers=headers, chunks=rows, hesitate=pause())

    sent: Sent = org.house.run(go)
    return sent, results[0]


def test_a_slow_client_keeps_nobody_waiting(org: TenantUnderTest) -> None:
    """Another writer of the same organisation finishes, and no connection of the pool is held meanwhile."""
    app = org.house.client.app
    pool = app.state.database.engine.pool  # type: ignore[attr-defined]  # Starlette types the app as a callable

    async def another() -> tuple[int, Sent]:
        held = pool.checkedout()
        body = json.dumps([person("quick")]).encode()
        return held, await ask(app, "PUT", "/v1/people", headers=headers_of(org), chunks=[body])

    slow, (held, quick) = while_slow(org, another)
    assert counts(quick) == (1, 0, 0, 0)
    assert counts(slow) == (2, 0, 0, 0)
    assert held == 0
    assert [row[0] for row in stored(org)] == ["last", "quick", "slow"]


def test_a_key_revoked_while_the_rows_come_in_is_refused(org: TenantUnderTest) -> None:
    key = Key.read(org.keys["people:write"]).key_id

    async def revoke() -> Sent:
        headers = {"authorization": b"Bearer " + org.keys["admin"].encode()}
        return await ask(org.house.client.app, "DELETE", f"/v1/api-keys/{key}", headers=headers)

    slow, revoked = while_slow(org, revoke)
    assert revoked.status_code == 204
    problem(slow, 401, "unauthenticated")
    assert stored(org) == []


@pytest.mark.parametrize("scope", [None, "admin"])
def test_who_may_not_write_is_refused_before_the_first_row(org: TenantUnderTest, scope: str | None) -> None:
    taken: list[int] = []

    def lines() -> Iterator[bytes]:
        taken.append(1)
        yield b"{}"

    key = {"authorization": b"Bearer " + org.keys[scope].encode()} if scope else {}
    headers = {"content-type": LINES.encode()} | key
    answer = raw(org.house, "PUT", "/v1/people", headers=headers, chunks=lines())
    assert answer.status_code == (403 if scope else 401)
    assert taken == []


def test_rows_beyond_all_measure_are_refused(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "LIMIT", 5000)
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    lines = [json.dumps(person(str(number))).encode() + b"\n" for number in range(1000)]
    problem(put_lines(org, lines), 413, "too-large")
    assert stored(org) == []


def test_a_full_disk_is_a_503(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", full)
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    lines = [json.dumps(person(str(number))).encode() + b"\n" for number in range(1000)]
    problem(put_lines(org, lines), 503, "busy")
    assert stored(org) == []


def test_rows_that_are_all_refused_do_not_keep_others_waiting() -> None:
    """A million of them come from a small body: reading them back gives way to whoever waits for the loop."""

    async def go() -> int:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async def given() -> AsyncIterator[Row[PersonIn]]:
            for number in range(5 * AT_ONCE):
                yield Row(number, None, (Fault("/unit", "is required"),))

        with Spool(TypeAdapter(PersonIn), Spooling(), uuid4(), skip=True) as spool:
            await spool.take(given())
            beside = asyncio.ensure_future(others())
            read = [row async for row in spool]
            beside.cancel()
        assert [row.index for row in read] == list(range(5 * AT_ONCE))
        return turns

    assert asyncio.run(go()) >= 4
