"""Receivers that fail, hang, or talk without end: at least once, the same id, signed; nobody else waits for them.

What a worker that is killed in between does is in `tests/flows/test_webhooks_killed.py`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from service.kit import outbox
from service.webhooks import deliver
from service.webhooks.claims import AT_ONCE
from service.webhooks.deliver import Courier
from service.webhooks.due import DELIVER
from tests.faults.writer import write
from tests.fixtures.house import House, TenantUnderTest
from tests.fixtures.receivers import ON_LOOPBACK, Receiver, a_courier, an_endpoint, deliveries
from tests.make.world import a_launched_wave, ok

pytestmark = pytest.mark.usefixtures("alone")


def ask(tenant: TenantUnderTest, endpoint: dict[str, Any], times: int = 1) -> set[str]:
    """Tests on their way; their ids."""
    path = f"/v1/webhook-endpoints/{endpoint['id']}/test"
    return {ok(tenant.call("webhooks:write", "POST", path), 202)["event_id"] for _ in range(times)}


@asynccontextmanager
async def running(courier: Courier) -> AsyncIterator[None]:
    """A courier that runs meanwhile."""
    stop = asyncio.Event()
    task = asyncio.create_task(courier.run(stop, 0.01))
    try:
        yield
    finally:
        stop.set()
        await task


def transactions(house: House) -> set[tuple[Any, ...]]:
    """Those of the worker that are open, each by its session and its beginning."""
    rows = write(
        house,
        "SELECT pid, xact_start FROM pg_stat_activity WHERE application_name = 'pouls_work' AND xact_start IS NOT NULL",
    )
    return {tuple(row) for row in rows}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - other threads make it true
            await asyncio.sleep(0.01)


def test_while_one_hangs_others_get_theirs_and_the_api_answers(
    tenant: TenantUnderTest, receive: Callable[..., Receiver], on_loopback: Courier
) -> None:
    house, hanging, other = tenant.house, receive(), receive()
    hanging.hangs = True
    silent, good = an_endpoint(tenant, hanging.url), an_endpoint(tenant, other.url)
    unanswered = ask(tenant, silent, 8)
    wanted = ask(tenant, good, 8)
    assert on_loopback

    def answered() -> None:
        """From another thread, as callers do; the courier waits meanwhile."""
        assert ok(tenant.call("webhooks:write", "GET", "/v1/webhook-endpoints"))
        assert ok(tenant.call(None, "GET", "/livez"))

    async def go() -> int:
        async with running(a_courier(house, ON_LOOPBACK, timeout_s=60)):
            await until(lambda: len(hanging.got) == AT_ONCE and len(other.got) == len(wanted))
            await asyncio.to_thread(answered)
            before = await asyncio.to_thread(transactions, house)
            while before & await asyncio.to_thread(transactions, house):  # noqa: ASYNC110 - one that stays, stays here
                await asyncio.sleep(0.01)
            waiting = len(hanging.got)
            hanging.hangs = False
            hanging.go_on.set()
            await until(lambda: set(hanging.ids) == unanswered)
        return waiting

    async def in_time() -> int:
        """No transaction is open for as long as a receiver is waited for: each that is seen ends before that."""
        async with asyncio.timeout(30):
            return await go()

    waiting = house.run(in_time)
    assert waiting == AT_ONCE, "one that hangs keeps few hands"
    assert set(other.ids) == wanted
    assert len(other.got) == len(wanted)
    assert all(one.is_signed_by(good["secret"]) for one in other.got)
    assert {row["status"] for row in deliveries(tenant, silent["id"])} == {"delivered"}


def test_one_that_hangs_longer_than_the_deadline_is_tried_again(tenant: TenantUnderTest, receiver: Receiver) -> None:
    house = tenant.house
    made = _endpoint(tenant, receiver)
    (event,) = ask(tenant, made)
    receiver.hangs = True
    house.sweep()
    assert house.run(a_courier(house, ON_LOOPBACK, timeout_s=0.5).deliver) == 1
    (told,) = deliveries(tenant, made["id"])
    assert (told["status"], told["last_problem"], told["attempts"]) == ("pending", "timeout", 1)
    receiver.hangs = False
    receiver.go_on.set()
    house.clock.shift = timedelta(seconds=10)
    assert house.run(a_courier(house, ON_LOOPBACK).deliver) == 1
    assert receiver.ids == [event, event]
    assert receiver.got[0].body == receiver.got[1].body
    assert receiver.got[0].is_signed_by(made["secret"])
    assert deliveries(tenant, made["id"])[0]["status"] == "delivered"


def _endpoint(tenant: TenantUnderTest, receiver: Receiver) -> dict[str, Any]:
    """Made while the API takes such URLs."""
    state = tenant.house.client.app.state  # type: ignore[attr-defined]  # Starlette types the app as a callable
    before = state.settings
    allowed = before.webhooks.model_validate(ON_LOOPBACK)
    state.settings = before.model_copy(update={"webhooks": allowed})
    try:
        return an_endpoint(tenant, receiver.url)
    finally:
        state.settings = before


def test_what_was_sent_and_not_written_down_is_sent_again(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The courier dies between the two; here its database does."""
    house = tenant.house
    made = an_endpoint(tenant, receiver.url)
    (event,) = ask(tenant, made)
    house.sweep()

    async def broken(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "record", broken)
        assert house.run(on_loopback.deliver) == 1
    assert deliveries(tenant, made["id"])[0]["status"] == "pending"
    assert house.run(on_loopback.deliver) == 0, "it is claimed for a while"
    house.clock.shift = timedelta(seconds=41)
    assert house.run(on_loopback.deliver) == 1
    assert receiver.ids == [event, event]
    (told,) = deliveries(tenant, made["id"])
    assert (told["status"], told["attempts"]) == ("delivered", 1)


def test_a_result_that_comes_when_somebody_else_has_claimed_counts_for_nothing(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    """A courier that slept past its claim must not put a delivered event back to pending."""
    house = tenant.house
    made = an_endpoint(tenant, receiver.url)
    ask(tenant, made)
    house.sweep()
    late = a_courier(house, ON_LOOPBACK)

    async def go() -> None:
        assert await late._sweeper.step()
        (message,) = late._claims.taken
        house.clock.shift = timedelta(minutes=2)
        assert await on_loopback.deliver() == 1
        receiver.status = 500
        await late._deliver(message)

    house.run(go)
    (told,) = deliveries(tenant, made["id"])
    assert (told["status"], told["attempts"], told["last_status"]) == ("delivered", 1, 204)


def test_two_couriers_share_the_work(tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier) -> None:
    house = tenant.house
    wanted = ask(tenant, an_endpoint(tenant, receiver.url), 12)
    house.sweep()

    async def go() -> None:
        async with running(on_loopback), running(a_courier(house, ON_LOOPBACK)):
            await until(lambda: len(receiver.got) >= len(wanted))

    house.run(go)
    assert sorted(receiver.ids) == sorted(wanted), "each once"


def test_a_talkative_receiver_is_listened_to_no_longer_than_needed(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it says is neither kept nor told."""
    made = an_endpoint(tenant, receiver.url)
    receiver.status, receiver.body = 500, b"canary-9921 " * 1_000_000
    ask(tenant, made)
    tenant.house.sweep()
    assert tenant.house.run(on_loopback.deliver) == 1
    (told,) = deliveries(tenant, made["id"])
    assert told["last_status"] == 500
    assert "canary" not in capsys.readouterr().out
    assert "canary" not in str(tenant.sql("SELECT to_jsonb(d)::text FROM webhook_delivery d"))


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"HTTP/1.1 2", b"SSH-2.0-x\r\n"])
def test_whatever_does_not_speak_http_is_a_failure(tenant: TenantUnderTest, said: bytes) -> None:
    house = tenant.house

    async def go() -> str:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            outbound = a_courier(house, ON_LOOPBACK)._outbound
            with pytest.raises(Exception) as refused:  # noqa: PT011 - looked at below
                await outbound.post(f"http://127.0.0.1:{port}/", b"{}", {})
        return f"{type(refused.value).__name__} {refused.value}"

    assert house.run(go) == "Unreachable connection"


def test_what_is_on_its_way_when_the_worker_stops_is_waited_for(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier
) -> None:
    made = an_endpoint(tenant, receiver.url)
    receiver.hangs = True
    ask(tenant, made)
    tenant.house.sweep()

    async def go() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(on_loopback.run(stop, 0.01))
        await until(lambda: len(receiver.got) == 1)
        stop.set()
        done, _ = await asyncio.wait({task}, timeout=0.1)
        assert not done
        receiver.go_on.set()
        await task

    tenant.house.run(go)
    assert deliveries(tenant, made["id"])[0]["status"] == "delivered"


def test_what_was_only_claimed_when_the_worker_stops_is_left_to_others_at_once(
    tenant: TenantUnderTest, receiver: Receiver, on_loopback: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told to stop while it claims: nothing is sent any more, and nobody waits for its lease to run out."""
    house = tenant.house
    made = an_endpoint(tenant, receiver.url)
    (event,) = ask(tenant, made)
    house.sweep()

    async def go() -> None:
        stop = asyncio.Event()
        claim = on_loopback._claims.take

        async def told_to_stop(*given: Any) -> Any:
            again = await claim(*given)
            if on_loopback._claims.taken:  # and not at a job that an earlier test left behind
                stop.set()
            return again

        monkeypatch.setitem(on_loopback._sweeper._handlers, DELIVER, told_to_stop)
        async with asyncio.timeout(30):
            await on_loopback.run(stop, 0.01)

    house.run(go)
    assert receiver.got == []
    (told,) = deliveries(tenant, made["id"])
    assert (told["status"], told["attempts"]) == ("pending", 0)
    assert tenant.sql("SELECT leased_until FROM webhook_delivery") == [(None,)]
    assert house.run(a_courier(house, ON_LOOPBACK).deliver) == 1
    assert receiver.ids == [event]


def test_a_job_that_fails_keeps_no_other_endpoint_waiting(
    tenant: TenantUnderTest, receive: Callable[..., Receiver], on_loopback: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, first, second = tenant.house, receive(), receive()
    bad, good = an_endpoint(tenant, first.url), an_endpoint(tenant, second.url)
    ask(tenant, bad)
    ask(tenant, good)
    keys, knows = on_loopback._keys, on_loopback._keys.knows

    def broken(row: Any) -> bool:
        if str(row.endpoint_id) == bad["id"]:
            raise RuntimeError
        return knows(row)

    monkeypatch.setattr(keys, "knows", broken)
    assert house.run(on_loopback.deliver) == 1
    assert (len(first.got), len(second.got)) == (0, 1)


def test_an_event_is_put_down_once_however_many_workers_number(house: House, tenant: TenantUnderTest) -> None:
    """Eight sweepers at once: positions without a gap or a double, one delivery for each event."""
    state = house.client.app.state  # type: ignore[attr-defined]  # Starlette types the app as a callable
    assert state
    ok(tenant.call("webhooks:write", "POST", "/v1/webhook-endpoints", json={"url": "https://hris.example/"}), 201)
    wave = a_launched_wave(tenant)
    ok(wave.close())
    for _ in range(5):
        _another(tenant)

    async def go() -> None:
        await asyncio.gather(*(house.sweeper.sweep() for _ in range(6)))

    house.run(go)
    rows = tenant.sql("SELECT position FROM event ORDER BY position")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) >= 10
    assert tenant.sql("SELECT count(*), count(DISTINCT event_id) FROM webhook_delivery") == [(len(rows), len(rows))]


def test_positions_are_given_by_one_transaction_at_a_time(house: House, tenant: TenantUnderTest) -> None:
    """What commits while one numbers is numbered by the next, behind it; nobody sees a position before a lower one."""
    a_launched_wave(tenant)
    tenant.sql("UPDATE event SET position = NULL")
    database = house.worker_database

    async def number() -> int:
        async with database.transaction(tenant.tenant_id) as tx:
            return len(await outbox.number(tx, tenant.tenant_id))

    def waits() -> bool:
        return bool(write(house, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))

    async def go() -> tuple[int, int]:
        async with database.transaction(tenant.tenant_id) as tx:
            first = len(await outbox.number(tx, tenant.tenant_id))
            await asyncio.to_thread(_another, tenant)
            task = asyncio.create_task(number())
            async with asyncio.timeout(20):
                while not await asyncio.to_thread(waits):  # noqa: ASYNC110 - another session makes it true
                    await asyncio.sleep(0.01)
            assert not task.done()
        return first, await task

    assert house.run(go) == (2, 1)
    assert tenant.sql("SELECT array_agg(type ORDER BY position) FROM event") == [
        (["campaign.launched", "wave.opened", "campaign.cancelled"],)
    ]


def _another(tenant: TenantUnderTest) -> None:
    body = {"name": "x", "questionnaire": "small", "audience": {"units": ["TOP"]}}
    made = ok(tenant.call("campaigns:write", "POST", "/v1/campaigns", json=body), 201)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{made['id']}/cancel"))
