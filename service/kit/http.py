"""The only way out over HTTP: one POST, to an address that was checked, within one deadline, its answer thrown away.

A name is looked up once; unless each of its addresses may be called, none is. The connection goes to one of the
addresses that were checked, whatever the name says a moment later, and TLS is spoken with the name. There are no
redirects, no proxies, no cookies, and nothing of the environment: httpcore2, which httpx2 stands on, knows none.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpcore2

from service.kit.addresses import Guard, Target, UrlRefused

BODY_READ = 1 << 16
MOST_ADDRESSES = 4
RESOLVERS = 64
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class Unreachable(Exception):
    """There was no answer; why, as a slug, and nothing of what was sent or received."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts of an answer."""

    status: int
    retry_after: str | None


class Resolver:
    """The system's look-up, in a thread of its own for each: one that hangs can be given up, but not ended.

    A name server that hangs must neither keep a release from its thread, nor a worker from its end when that is told to
    stop: a pool's threads are waited for then, these are not.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(RESOLVERS)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def told(found: Sequence[str]) -> None:
            self._free.release()  # now, and not when whoever asked has given up: the thread is there until here
            if not answer.done():
                answer.set_result(found)

        def look() -> None:
            found = _addresses(host, port)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(told, found)

        thread = threading.Thread(target=look, name="resolver", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there are as many as there may be
            self._free.release()
            raise
        return await answer


def _addresses(host: str, port: int) -> Sequence[str]:
    try:
        return [str(line[4][0]) for line in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return ()


class _Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to an address that it has checked, never to a name."""

    def __init__(self, guard: Guard, resolve: Resolve, network: httpcore2.AsyncNetworkBackend) -> None:
        self._guard = guard
        self._resolve = resolve
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = self._guard.allowed(await self._resolve(host, port))[:MOST_ADDRESSES]
        if not addresses:  # one slug for both: what names exist in the operator's network is nobody's business
            raise Unreachable("no-public-address")
        *others, last = addresses
        for address in others:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._network.connect_tcp(str(last), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class Outbound:
    """Sends to URLs that somebody else chose."""

    def __init__(
        self,
        guard: Guard,
        timeout_s: float,
        resolve: Resolve,
        *,
        trusted: ssl.SSLContext | None = None,
        network: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._guard = guard
        self._timeout_s = timeout_s
        self._trusted = httpcore2.default_ssl_context() if trusted is None else trusted
        self._network = _Pinned(guard, resolve, network or httpcore2.AnyIOBackend())

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it once. Raises Unreachable."""
        try:
            target = self._guard.target(url)
        except UrlRefused:
            raise Unreachable("url-refused") from None
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(target, body, headers)
        except TimeoutError:
            raise Unreachable("timeout") from None
        except httpcore2.TimeoutException:
            raise Unreachable("timeout") from None
        except httpcore2.ConnectError as error:
            # What it stands for is its argument: the pool raises it anew, without its cause.
            of_tls = any(isinstance(one, ssl.SSLError) for one in error.args)
            raise Unreachable("tls" if of_tls else "connection") from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
            raise Unreachable("connection") from None

    async def _post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
        share = self._timeout_s / MOST_ADDRESSES  # so that an address that is silent leaves time for the next
        timeouts = {"connect": share, "read": None, "write": None, "pool": None}
        host = target.host.encode("ascii")
        url = httpcore2.URL(scheme=target.scheme, host=host, port=target.port, target=target.target)
        # A connection for each request: one that is kept would be to an address of some time ago.
        async with (
            httpcore2.AsyncConnectionPool(
                self._trusted, max_connections=1, max_keepalive_connections=0, network_backend=self._network
            ) as pool,
            pool.stream(
                "POST", url, headers=_with_host(target, headers), content=body, extensions={"timeout": timeouts}
            ) as response,
        ):
            read = 0
            async with contextlib.aclosing(response.aiter_stream()) as chunks:
                async for chunk in chunks:
                    read += len(chunk)
                    if read >= BODY_READ:
                        break
            known = {name.lower(): value for name, value in response.headers}
            after = known.get(b"retry-after")
            return Answer(response.status, after.decode("latin-1") if after is not None else None)


def _with_host(target: Target, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    shown = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return [("Host", shown if target.port == usual else f"{shown}:{target.port}"), *headers.items()]
