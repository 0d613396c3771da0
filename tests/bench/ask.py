"""The load of reading: so many keep-alive clients that send one request again and again, on uvloop, without parsing."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

from tests.bench import interruptible
from tests.bench.load import LoadFailed

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
PATIENCE_S = 60.0


@dataclass(slots=True)
class _Drive:
    request: bytes
    status: bytes
    finished: asyncio.Future[None]
    clients: int
    until: float
    answered: int = 0
    received: int = 0
    lengths: set[int] = field(default_factory=set)

    def fail(self, why: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(LoadFailed(why))


class _Client(asyncio.Protocol):
    def __init__(self, drive: _Drive) -> None:
        self._drive = drive
        self._head = b""
        self._missing = 0
        self._in_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own do not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._drive.fail("a connection was closed")

    def send(self) -> None:
        self._transport.write(self._drive.request)

    def data_received(self, data: bytes) -> None:
        self._drive.received += len(data)
        if not self._in_body:
            self._head += data
            head, end, body = self._head.partition(_END)
            if not end:
                return
            if not head.startswith(self._drive.status):
                self._drive.fail(head[:300].decode("latin-1"))
                return
            length = _length_of(head)
            self._drive.lengths.add(length)
            self._missing, self._in_body, self._head = length - len(body), True, b""
        else:
            self._missing -= len(data)
        if self._missing <= 0:
            self._in_body = False
            self._done()

    def _done(self) -> None:
        drive = self._drive
        if time.perf_counter() < drive.until:
            drive.answered += 1
            self.send()
            return
        drive.clients -= 1
        if not drive.clients and not drive.finished.done():
            drive.finished.set_result(None)


def _length_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    return 0


@dataclass(frozen=True, slots=True)
class Asked:
    """How fast it went: answers and bytes a second, and how long the bodies were."""

    per_second: float
    mb_per_second: float
    length: int


def ask(url: str, path: str, headers: dict[str, str], seconds: float, clients: int, status: int = 200) -> Asked:
    """Ask for a path for so long. Raises LoadFailed for any answer of another status, or of another length."""
    return interruptible.run(_ask(url, path, headers, seconds, clients, status), loop_factory=uvloop.new_event_loop)


async def _ask(url: str, path: str, headers: dict[str, str], seconds: float, clients: int, status: int) -> Asked:
    host, _, port = urlsplit(url).netloc.rpartition(":")
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    loop = asyncio.get_running_loop()
    drive = _Drive(
        ("\r\n".join(lines) + "\r\n\r\n").encode(), b"HTTP/1.1 %d " % status, loop.create_future(), clients,
        0.0,
    )  # fmt: skip
    opened = [await loop.create_connection(lambda: _Client(drive), host, int(port)) for _ in range(clients)]
    begun = time.perf_counter()
    drive.until = begun + seconds
    try:
        for _, client in opened:
            client.send()
        await asyncio.wait_for(drive.finished, seconds + PATIENCE_S)
        took = time.perf_counter() - begun
        if len(drive.lengths) != 1:
            raise LoadFailed("answers differ in length")
    finally:
        if not drive.finished.done():
            drive.finished.cancel()
        for transport, _ in opened:
            transport.abort()
    return Asked(drive.answered / seconds, drive.received / took / 1e6, drive.lengths.pop())
