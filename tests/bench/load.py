"""The load: so many keep-alive clients, each sending its next prepared request when the last one is answered.

One callback on uvloop per answer and no parsing, so that the processor is left to the server; `peer canned` shows how
many requests a second this generator can send by itself.
"""

import asyncio
import gc
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import uvloop

from tests.bench import interruptible
from tests.bench.bare import REPLY

_CREATED = b"HTTP/1.1 201 "
PATIENCE_S = 60.0


class LoadFailed(Exception):
    """A server refused a request, or went away, or there were too few requests for the time asked for."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run against one server."""

    seconds: float
    answered: int  # inside the time: what rates are made of
    acknowledged: int  # in all: those under way at the end are awaited
    p50_ms: float
    p99_ms: float
    generator_cpu_s: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


@dataclass(slots=True)
class _Drive:
    """What the clients of one run share."""

    requests: Iterator[bytes]
    finished: asyncio.Future[None]
    clients: int
    until: float = 0.0
    ended_at: float | None = None
    took: list[float] = field(default_factory=list)
    late: int = 0

    def leave(self) -> None:
        self.clients -= 1
        if not self.clients and not self.finished.done():
            self.finished.set_result(None)

    def fail(self, why: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(LoadFailed(why))


class _Client(asyncio.Protocol):
    def __init__(self, drive: _Drive) -> None:
        self._drive = drive
        self._transport: asyncio.Transport | None = None
        self._partial = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own do not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._drive.fail("a connection was closed")

    def send(self) -> None:
        request = next(self._drive.requests, None)
        if request is None:
            self._drive.fail("the prepared requests ran out")
            return
        assert self._transport is not None
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._partial:
            data = self._partial + data
        if not data.startswith(_CREATED):
            self._drive.fail(data[:400].decode("latin-1"))
            return
        if not data.endswith(REPLY):
            self._partial = data
            return
        self._partial = b""
        drive = self._drive
        if now < drive.until:
            drive.took.append(now - self._sent_at)
            self.send()
        else:
            drive.late += 1
            drive.leave()


def drive(urls: str | Sequence[str], requests: Iterator[bytes], seconds: float, clients: int) -> Run:
    """Load the server for so long, or several, each with its share of the clients.

    Raises LoadFailed, also for any answer that is not the expected 201.
    """
    places = [urlsplit(url).netloc.rpartition(":") for url in ([urls] if isinstance(urls, str) else urls)]
    gc.collect()
    gc.disable()
    try:
        return interruptible.run(
            _drive([(host, int(port)) for host, _, port in places], requests, seconds, clients), uvloop.new_event_loop
        )
    finally:
        gc.enable()


async def _drive(places: Sequence[tuple[str, int]], requests: Iterator[bytes], seconds: float, clients: int) -> Run:
    loop = asyncio.get_running_loop()
    shared = _Drive(requests, loop.create_future(), clients)
    given = itertools.islice(itertools.cycle(places), clients)
    made = [await loop.create_connection(lambda: _Client(shared), *place) for place in given]
    cpu = time.process_time()
    started = time.perf_counter()
    shared.until = started + seconds
    for _, client in made:
        client.send()
    await asyncio.wait_for(shared.finished, seconds + PATIENCE_S)
    cpu = time.process_time() - cpu
    for transport, _ in made:
        transport.abort()
    took = np.array(shared.took)
    if not len(took):
        raise LoadFailed("nothing was answered in time")
    p50, p99 = np.percentile(took * 1000, [50, 99]).tolist()
    return Run(seconds, len(took), len(took) + shared.late, p50, p99, cpu)


def prepared(url: str, bodies: Sequence[bytes]) -> list[bytes]:
    """Whole HTTP requests, ready to be written."""
    host = urlsplit(url).netloc
    return [
        b"POST /v1/respond HTTP/1.1\r\nHost: %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (host.encode(), len(body), body)
        for body in bodies
    ]


def forever(requests: Sequence[bytes]) -> Iterator[bytes]:
    """For servers that do not mind the same request again."""
    return itertools.cycle(requests)
