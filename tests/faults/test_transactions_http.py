"""Requests that are cut off, queues that are full, commits that can not be: nothing leaks, nothing lies."""

import asyncio
import gc
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.cli import local
from service.kit.db import WAVE_LOCK, Database
from service.main import create_app
from service.settings import DatabaseSettings
from tests.faults.needles import nonce_text
from tests.faults.sessions import CONNECTIONS, ROLE, a_database, left_open
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, a_launched_wave, ok


@pytest.fixture
def small(house: House) -> Iterator[FastAPI]:
    """A second API process, in the same loop, with few connections and little patience."""
    settings = local.acting_as(house.settings, house.postgres, ROLE).model_copy(
        update={
            "database": DatabaseSettings(
                url=house.postgres.url(ROLE), pool_size=CONNECTIONS, pool_wait_s=0.5, statement_timeout_s=1
            ),
            "intake": house.settings.intake.model_copy(update={"queue_limit": 4, "connections": 1}),
        }
    )
    app = create_app(settings, clock=house.clock)
    lifespan = app.router.lifespan_context(app)
    house.run(lifespan.__aenter__)
    yield app
    house.run(lifespan.__aexit__, None, None, None)


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://pouls.test") as client:
        yield client


def _headers(tenant: TenantUnderTest, scope: str = "people:write") -> dict[str, str]:
    return {"Authorization": f"Bearer {tenant.keys[scope]}"}


def _is_busy(response: httpx2.Response) -> bool:
    return (
        response.status_code == 503
        and response.headers["content-type"] == "application/problem+json"
        and response.json()["type"] == "urn:pouls:problem:busy"
        and "retry-after" in response.headers
    )


def test_fifty_requests_cut_off_and_then_normal_work(tenant: TenantUnderTest, small: FastAPI) -> None:
    house = tenant.house
    database: Database = small.state.database

    async def go() -> list[int]:
        async with calling(small) as client:
            for number in range(50):
                body = [{"external_id": f"U{number}-{at}", "name": "Unit"} for at in range(20)]
                task = asyncio.ensure_future(client.put("/v1/org-units", json=body, headers=_headers(tenant)))
                await asyncio.sleep(0.0004 * (number % 25))
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await asyncio.sleep(0.05)
            assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # same
            # As many at once as there are connections: a slow machine must not make them wait for each other too long.
            answers = []
            for _ in range(50 // CONNECTIONS):
                calls = (client.get("/v1/org-units", headers=_headers(tenant)) for _ in range(CONNECTIONS))
                answers += await asyncio.gather(*calls)
            return [answer.status_code for answer in answers]

    assert set(house.run(go)) == {200}
    counts = write(
        house,
        "SELECT count(*) FROM org_unit WHERE tenant_id = $1 GROUP BY split_part(external_id, '-', 1)",
        tenant.tenant_id,
    )
    assert {row[0] for row in counts} <= {20}, "a call was stored by half"
    assert left_open(house, ROLE) == []


def test_an_empty_pool_is_a_503_in_good_time(tenant: TenantUnderTest, small: FastAPI) -> None:
    house = tenant.house
    database: Database = small.state.database
    release = asyncio.Event()

    async def hold(held: asyncio.Event) -> None:
        async with database.transaction(tenant.tenant_id) as tx:
            await tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            held.set()
            await release.wait()

    async def go() -> tuple[httpx2.Response, float, httpx2.Response, httpx2.Response]:
        held = [asyncio.Event() for _ in range(CONNECTIONS)]
        holders = [asyncio.ensure_future(hold(one)) for one in held]
        for one in held:
            await one.wait()
        async with calling(small) as client:
            started = time.monotonic()
            refused = await client.get("/v1/org-units", headers=_headers(tenant))
            took = time.monotonic() - started
            alive = await client.get("/livez")
            release.set()
            await asyncio.gather(*holders)
            return refused, took, alive, await client.get("/v1/org-units", headers=_headers(tenant))

    refused, took, alive, after = house.run(go)
    assert _is_busy(refused)
    assert took > 0.4  # it waited for its turn, and was answered while all the others were still at work
    assert (alive.status_code, after.status_code) == (200, 200)


def _body(wave: LaunchedWave, person: str) -> dict[str, Any]:
    return {"code": wave.codes[person], "nonce": nonce_text(secrets.token_bytes(16)), "answers": {"load": 3}}


async def _until_full(app: FastAPI) -> None:
    """Return once four answers wait in the process, its limit."""
    intake = app._respond._intake  # type: ignore[attr-defined]  # no other way to know it without a pause
    for _ in range(500):
        if intake._count == 4:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the queue does not fill")


@asynccontextmanager
async def _held(house: House, wave: LaunchedWave) -> AsyncIterator[None]:
    """Somebody holds the wave's row: commits wait."""
    async with a_database(house, "pouls_owner") as database, database.transaction(wave.tenant.tenant_id) as tx:
        await tx.execute(text("SELECT 1 FROM wave WHERE wave_id = :wave FOR UPDATE"), {"wave": UUID(wave.wave)})
        yield


def test_a_full_queue_is_a_503_at_once_and_what_waits_is_kept(tenant: TenantUnderTest, small: FastAPI) -> None:
    house = tenant.house
    wave = a_launched_wave(tenant)
    people = list(wave.codes)

    async def go() -> tuple[list[httpx2.Response], list[httpx2.Response]]:
        async with calling(small) as client:
            async with _held(house, wave):
                waiting = [
                    asyncio.ensure_future(client.post("/v1/respond", json=_body(wave, person))) for person in people[:4]
                ]
                await _until_full(small)
                refused = [await client.post("/v1/respond", json=_body(wave, person)) for person in people[4:8]]
                assert not any(answer.done() for answer in waiting)  # refused before anybody in the queue is answered
            answered = await asyncio.gather(*waiting)
            # And the queue is open again.
            answered.append(await client.post("/v1/respond", json=_body(wave, people[4])))
            return answered, refused

    answered, refused = house.run(go)
    assert all(map(_is_busy, refused))
    assert [response.status_code for response in answered] == [201] * 5
    assert _count(tenant, "spent_code") == _count(tenant, "sealed_batch", "sum(response_count)") == 5


def test_one_spent_code_among_new_ones_costs_the_others_nothing(tenant: TenantUnderTest, small: FastAPI) -> None:
    """A batch is sealed in the hope that all of its codes are new; where one is not, the rest is sealed again."""
    house = tenant.house
    wave = a_launched_wave(tenant)
    people = list(wave.codes)[:4]

    async def go() -> list[int]:
        async with calling(small) as client:
            await client.post("/v1/respond", json=_body(wave, people[0]))
            async with _held(house, wave):
                waiting = [
                    asyncio.ensure_future(client.post("/v1/respond", json=_body(wave, person))) for person in people
                ]
                await _until_full(small)
            return [(await answer).status_code for answer in waiting]

    assert house.run(go) == [409, 201, 201, 201]
    assert _count(tenant, "spent_code") == _count(tenant, "sealed_batch", "sum(response_count)") == 4


def _count(tenant: TenantUnderTest, table: str, what: str = "count(*)") -> int:
    return int(tenant.sql(f"SELECT coalesce({what}, 0) FROM {table}")[0][0])  # noqa: S608 - a name of ours


def test_a_commit_that_can_not_be_is_a_503_and_stores_nothing(tenant: TenantUnderTest, small: FastAPI) -> None:
    """The row is held for longer than a statement may take."""
    house = tenant.house
    wave = a_launched_wave(tenant)
    person = next(iter(wave.codes))
    body = _body(wave, person)

    async def go() -> tuple[httpx2.Response, httpx2.Response]:
        async with calling(small) as client:
            async with _held(house, wave):
                refused = await client.post("/v1/respond", json=body)
            return refused, await client.post("/v1/respond", json=body)

    refused, again = house.run(go)
    assert _is_busy(refused)
    assert ok(again, 201) == {"status": "recorded"}
    assert _count(tenant, "spent_code") == _count(tenant, "sealed_batch") == 1


async def _until_waiting(database: Database, sessions: int) -> None:
    """Return once that many sessions wait for a lock that others hold; a fixed pause is too short on a slow machine."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    for _ in range(500):
        async with database.engine.connect() as connection:
            if await connection.scalar(waiting) == sessions:
                return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{sessions} sessions do not wait")


def test_a_closing_waits_its_turn_and_no_longer(tenant: TenantUnderTest, small: FastAPI) -> None:
    """Commits that overlap would keep the row's lock among themselves for ever; a closing must come in between."""
    house = tenant.house
    wave = a_launched_wave(tenant)
    people = list(wave.codes)
    shared = text(f"SELECT {WAVE_LOCK.format(kind='_shared', wave=wave.wave)}")

    async def go() -> tuple[int, int, int]:
        async with calling(small) as client, a_database(house) as database:
            headers = _headers(tenant, "campaigns:write")
            async with database.transaction(tenant.tenant_id) as tx:
                await tx.execute(shared)  # as a commit under way does
                closing = asyncio.ensure_future(
                    client.post(f"/v1/campaigns/{wave.campaign}/close", headers=headers, timeout=20)
                )
                await _until_waiting(database, 1)
                late = asyncio.ensure_future(client.post("/v1/respond", json=_body(wave, people[0]), timeout=20))
                await _until_waiting(database, 2)
                waiting = closing.done() + late.done()
            return waiting, (await closing).status_code, (await late).status_code

    assert house.run(go) == (0, 200, 409)
    assert _count(tenant, "sealed_batch") == 0


def test_none_is_accepted_by_a_commit_that_waited_for_the_closing(tenant: TenantUnderTest, small: FastAPI) -> None:
    """The commit asked while the closing was under way: it must see its outcome, not the state before it."""
    house = tenant.house
    wave = a_launched_wave(tenant)
    person = next(iter(wave.codes))

    async def go() -> httpx2.Response:
        async with calling(small) as client:
            async with a_database(house, "pouls_owner") as database, database.transaction(tenant.tenant_id) as tx:
                await tx.execute(text("UPDATE wave SET state = 'closed'"))
                waiting = asyncio.ensure_future(client.post("/v1/respond", json=_body(wave, person)))
                await asyncio.sleep(0.2)
                assert not waiting.done()
            return await waiting

    refused = house.run(go)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("wave-not-open")
    assert _count(tenant, "spent_code") == _count(tenant, "sealed_batch") == 0


def test_who_hangs_up_is_counted_or_not_but_never_half(tenant: TenantUnderTest, small: FastAPI) -> None:
    """Submissions cut off at every moment, then sent again with the same nonce: each is there once."""
    house = tenant.house
    wave = a_launched_wave(tenant)
    bodies = [_body(wave, person) for person in wave.codes]

    async def go() -> list[int]:
        async with calling(small) as client:
            for number, body in enumerate(bodies):
                task = asyncio.ensure_future(client.post("/v1/respond", json=body))
                await asyncio.sleep(0.0003 * (number % 12))
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return [(await client.post("/v1/respond", json=body)).status_code for body in bodies]

    assert set(house.run(go)) == {201}
    assert _count(tenant, "spent_code") == _count(tenant, "sealed_batch", "sum(response_count)") == len(bodies)
    assert left_open(house, ROLE) == []


def test_what_fails_with_nobody_waiting_is_told_by_its_class_alone(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A future whose request is gone, a task of a library: asyncio would quote the error in the log."""
    secret = "the answer of E1042 was 3"  # noqa: S105 - what must not be told

    async def fail() -> None:
        raise ValueError(secret)

    async def go() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(None)
        app = create_app(local.acting_as(house.settings, house.postgres, ROLE), clock=house.clock)
        async with app.router.lifespan_context(app):
            failing: list[asyncio.Future[None]] = [loop.create_task(fail()), loop.create_future()]
            failing[1].set_exception(KeyError(secret))
            await asyncio.wait(failing[:1])
            failing.clear()
            gc.collect()
            loop.call_exception_handler({"message": secret})

    house.run(go)
    said = "".join(capfd.readouterr()) + caplog.text
    assert said.count("nobody waiting") == 3
    assert "ValueError" in said
    assert "KeyError" in said
    assert secret not in said
