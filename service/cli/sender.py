"""Submitting many answers over keep-alive connections, cheaply: one event loop, one C parser for each connection.

The service and its client often share a machine, and what the client spends on an answer the service can not have.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import uvloop

CONNECTIONS = 128
RETRY_S = 0.2
WATCH_S = 0.1
CREATED = 201
UNAVAILABLE = 503
PROBLEM_LIMIT = 1 << 16

Job = tuple[int, bytes]


class SubmissionRefused(Exception):
    """The service refused an answer for good; `body` holds its problem, which repeats no answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"an answer was refused with status {status}")
        self.status = status
        self.body = body


class NothingAcknowledged(Exception):
    """No answer was acknowledged for the length of the patience."""


class Interrupted(Exception):
    """The caller's event was set."""


def submit_all(
    url: str, jobs: Iterator[Job], acknowledged: Callable[[int], None], stop: threading.Event, patience_s: float
) -> None:
    """Post each job's body to `url`/v1/respond until it is acknowledged.

    `acknowledged(number)` is called for each job once its answer is committed. A body holds its own nonce, which makes
    sending it again harmless: a lost connection and 503 are tried again, for `patience_s` without any acknowledgement.

    Raises:
        SubmissionRefused, NothingAcknowledged, Interrupted: what is under way then is given up.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Sender(url, jobs, acknowledged, stop, patience_s).run())


class _Sender:
    def __init__(
        self,
        url: str,
        jobs: Iterator[Job],
        acknowledged: Callable[[int], None],
        stop: threading.Event,
        patience_s: float,
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        path = f"{parts.path.rstrip('/')}/v1/respond"
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
        ).encode("ascii")
        self._jobs = jobs
        self._acknowledged = acknowledged
        self._stop = stop
        self._patience_s = patience_s
        self._last = 0.0
        self._trouble = "the service did not answer"

    async def run(self) -> None:
        self._last = asyncio.get_running_loop().time()
        watch = asyncio.create_task(self._watch())
        lanes = [asyncio.create_task(self._lane()) for _ in range(CONNECTIONS)]
        everything: asyncio.Future[list[None]] = asyncio.gather(*lanes)
        try:
            ends: set[asyncio.Future[Any]] = {watch, everything}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if watch.done():
                watch.result()
            everything.result()
        finally:
            for task in (watch, *lanes):
                task.cancel()
            await asyncio.gather(watch, everything, *lanes, return_exceptions=True)

    async def _watch(self) -> None:
        """Ends by raising alone. Looking once for all spares each request a timer of its own."""
        loop = asyncio.get_running_loop()
        while not self._stop.is_set():
            await asyncio.sleep(WATCH_S)
            if loop.time() - self._last > self._patience_s:
                raise NothingAcknowledged(self._trouble)
        raise Interrupted

    async def _lane(self) -> None:
        connection: _Connection | None = None
        try:
            for number, body in self._jobs:
                request = b"%b%d\r\n\r\n%b" % (self._head, len(body), body)
                while True:
                    try:
                        if connection is None or connection.closed:
                            connection = await self._connect()
                        status = await connection.exchange(request)
                    except (OSError, httptools.HttpParserError) as error:
                        self._trouble = type(error).__name__
                        if connection is not None:
                            connection.close()
                        await asyncio.sleep(RETRY_S)
                        continue
                    if status == CREATED:
                        break
                    if status != UNAVAILABLE:
                        raise SubmissionRefused(status, connection.body())
                    self._trouble = "the service is busy"
                    await asyncio.sleep(RETRY_S)
                self._last = asyncio.get_running_loop().time()
                self._acknowledged(number)
        finally:
            if connection is not None:
                connection.close()

    async def _connect(self) -> "_Connection":
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, self._host, self._port, ssl=self._tls
        )
        return connection


class _Connection(asyncio.Protocol):
    """One connection with one request under way at a time."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._body = bytearray()

    async def exchange(self, request: bytes) -> int:
        """Send a request; the status of its response. Raises ConnectionError where the connection is lost."""
        if self._transport is None or self.closed:
            raise ConnectionError
        self._answer = asyncio.get_running_loop().create_future()
        self._body.clear()
        self._transport.write(request)
        return await self._answer

    def body(self) -> bytes:
        """The beginning of the last response's body."""
        return bytes(self._body[:PROBLEM_LIMIT])

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    # -- what the transport and the parser call -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class, of the same shape

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self._fail(exc if isinstance(exc, OSError) else ConnectionResetError())

    def on_body(self, body: bytes) -> None:
        if len(self._body) < PROBLEM_LIMIT:
            self._body += body

    def on_message_complete(self) -> None:
        if not self._parser.should_keep_alive():
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
