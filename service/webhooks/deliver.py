"""The courier: events sent to whoever asked for them, at least once each, beside all other work of the worker.

Claimed and committed, sent without any transaction open, written down: a courier that dies between the last two sends
once more, with the same id, when the claim has run out. One that is told to stop sends nothing more, and waits for what
is on its way: a deadline at most, half of the time that a worker has to end (`webhooks.timeout_s`, the chart).
"""

import asyncio
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

import structlog

from service.kit.clock import Clock
from service.kit.db import Database
from service.kit.http import Answer, Unreachable
from service.kit.jobs import Sweeper
from service.telemetry import metrics
from service.webhooks.claims import AT_ONCE, Claims, give_back
from service.webhooks.due import DELIVER
from service.webhooks.endpoint_keys import EndpointKeys
from service.webhooks.message import Message
from service.webhooks.outcome import Attempt
from service.webhooks.recording import record

# More than all endpoints of one tenant may have under way at once, so that none keeps the others waiting.
UNDER_WAY = 64
RECORDING = 2
LEASES = 4
log = structlog.get_logger()


class Post(Protocol):
    """The way out; there is one (`kit.http`), and tests have their own."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises Unreachable."""
        ...


class Courier:
    """Sends what is due."""

    def __init__(self, database: Database, keys: EndpointKeys, outbound: Post, timeout_s: float, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._outbound = outbound
        self._clock = clock
        self._claims = Claims(keys, timedelta(seconds=LEASES * timeout_s), clock)
        self._sweeper = Sweeper(database, {DELIVER: self._claims.take}, clock)
        self._recording = asyncio.Semaphore(RECORDING)  # the pool is for all of the worker
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event, poll_s: float) -> None:
        """Until `stop`; what is under way then is waited for and written down, what was only claimed is given back."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                if len(self._under_way) > UNDER_WAY - AT_ONCE:
                    await asyncio.wait({*self._under_way, stopping}, return_when=asyncio.FIRST_COMPLETED)
                elif not await self._look(stop):
                    await asyncio.wait({stopping}, timeout=poll_s)
        finally:
            stopping.cancel()
            if self._under_way:
                await asyncio.wait(self._under_way)

    async def deliver(self) -> int:
        """Send all that is due now; how many attempts that was."""
        sent = 0
        while await self._sweeper.step():
            taken, self._claims.taken = self._claims.taken, []
            await asyncio.gather(*map(self._deliver, taken))
            sent += len(taken)
        return sent

    async def _look(self, stop: asyncio.Event) -> bool:
        try:
            found = await self._sweeper.step()
        except Exception as error:  # noqa: BLE001 - the database may be away for a while; it is looked for again
            log.warning("no look at due deliveries", problem=type(error).__name__)
            return False
        taken, self._claims.taken = self._claims.taken, []
        for message in taken:
            task = asyncio.create_task(self._give_back(message) if stop.is_set() else self._deliver(message))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return found

    async def _give_back(self, message: Message) -> None:
        try:
            async with self._database.transaction(message.tenant) as tx:
                await give_back(tx, message, self._clock())
        except Exception as error:  # noqa: BLE001 - the database may be away: it is sent when the lease is over
            log.warning("delivery not given back", event_id=str(message.event), problem=type(error).__name__)

    async def _deliver(self, message: Message) -> None:
        started = time.perf_counter()
        attempt = await self._attempt(message)
        metrics.WEBHOOK_SECONDS.observe(time.perf_counter() - started)
        metrics.WEBHOOKS.labels(attempt.outcome).inc()
        try:
            async with self._recording, self._database.transaction(message.tenant) as tx:
                drawn = secrets.randbelow(1 << 20) / (1 << 20)
                await record(tx, self._keys, message, attempt, self._clock(), drawn)
        except Exception as error:  # noqa: BLE001 - the database may be away: it is sent once more when the lease is over
            log.warning("delivery not written down", event_id=str(message.event), problem=type(error).__name__)

    async def _attempt(self, message: Message) -> Attempt:
        try:
            answer = await self._outbound.post(message.url, message.body, message.headers(self._clock()))
        except Unreachable as unreachable:
            return Attempt(problem=unreachable.problem)
        except Exception as error:  # noqa: BLE001 - a fault of ours counts as an attempt, or it would come for ever
            log.error("delivery failed", event_id=str(message.event), problem=type(error).__name__)
            return Attempt(problem="fault")
        return Attempt(status=answer.status, retry_after=answer.retry_after)
