"""Two couriers on one database, as two workers have them: each event to each endpoint, once, by leases alone."""

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest

from service.kit.http import Answer
from service.webhooks.deliver import Courier
from tests.fixtures.house import House, TenantUnderTest
from tests.fixtures.receivers import an_endpoint, keys_of
from tests.make.world import ok

pytestmark = pytest.mark.usefixtures("alone")

ENDPOINTS = 3
EVENTS = 6


class Wire:
    """What both couriers send. The first event for each endpoint is on its way until all others have arrived."""

    def __init__(self) -> None:
        self.arrived: Counter[tuple[str, str]] = Counter()
        self.lanes: Counter[str] = Counter()
        self.last = asyncio.Event()
        self._first: set[str] = set()

    def by(self, lane: str, house: House) -> Courier:
        return Courier(house.worker_database, keys_of(house), _Way(self, lane), 60, house.clock)

    async def take(self, lane: str, url: str, ident: str) -> None:
        self.lanes[lane] += 1
        if url not in self._first:
            self._first.add(url)
            await self.last.wait()
        self.arrived[url, ident] += 1
        if len(self.arrived) == ENDPOINTS * (EVENTS - 1):
            self.last.set()


class _Way:
    """One courier's way out."""

    def __init__(self, wire: Wire, lane: str) -> None:
        self._wire = wire
        self._lane = lane

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        assert body
        await self._wire.take(self._lane, url, headers["webhook-id"])
        return Answer(204, None)


def test_two_couriers_send_each_event_to_each_endpoint_once(house: House, tenant: TenantUnderTest) -> None:
    """An endpoint that something is on its way to is looked at again and again meanwhile, by both."""
    wanted: set[tuple[str, str]] = set()
    for number in range(ENDPOINTS):
        url = f"https://hris.example/{number}"
        path = f"/v1/webhook-endpoints/{an_endpoint(tenant, url)['id']}/test"
        wanted |= {(url, ok(tenant.call("webhooks:write", "POST", path), 202)["event_id"]) for _ in range(EVENTS)}
    house.sweep()

    def done() -> bool:
        return tenant.sql("SELECT count(*) FROM webhook_delivery WHERE status = 'delivered'") == [(len(wanted),)]

    async def go() -> Wire:
        wire, stop = Wire(), asyncio.Event()
        lanes = [wire.by("one", house), wire.by("other", house)]
        for lane in lanes:  # each has something in hand before any of it has arrived
            await lane._look(stop)
        running = [asyncio.create_task(lane.run(stop, 0.01)) for lane in lanes]
        async with asyncio.timeout(60):
            while not await asyncio.to_thread(done):  # noqa: ASYNC110 - other tasks make it true
                await asyncio.sleep(0)
            stop.set()
            await asyncio.gather(*running)
        return wire

    wire = house.run(go)
    assert wire.arrived == Counter(dict.fromkeys(wanted, 1)), "each at least once, and none twice"
    assert set(wire.lanes) == {"one", "other"}
    assert tenant.sql("SELECT DISTINCT attempts, leased_until FROM webhook_delivery") == [(1, None)]


def test_what_one_courier_died_with_the_other_sends_when_the_lease_is_over(
    house: House, tenant: TenantUnderTest
) -> None:
    """At least once: the first had sent it, and nobody knows; not before, since it might still be on its way."""
    url = "https://hris.example/"
    path = f"/v1/webhook-endpoints/{an_endpoint(tenant, url)['id']}/test"
    event = ok(tenant.call("webhooks:write", "POST", path), 202)["event_id"]
    house.sweep()

    async def go() -> Wire:
        wire, stop = Wire(), asyncio.Event()
        dying, other = wire.by("one", house), wire.by("other", house)
        await dying._look(stop)
        (task,) = dying._under_way
        while not wire.lanes["one"]:  # noqa: ASYNC110 - the task does
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        assert await other.deliver() == 0
        house.clock.shift += dying._claims._lease
        wire.last.set()
        assert await other.deliver() == 1
        return wire

    wire = house.run(go)
    assert (wire.lanes, wire.arrived) == (Counter(one=1, other=1), Counter({(url, event): 1}))
    assert tenant.sql("SELECT status, attempts, leased_until FROM webhook_delivery") == [("delivered", 1, None)]
