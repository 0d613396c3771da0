"""The house's application on a real socket, for browsers; and what may happen to a service while people answer."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.cli import local
from service.responses.respond import PATH
from tests.fixtures.house import House


@dataclass
class Accidents:
    """A layer around the application in which answers on their way get lost, or wait, or are refused.

    Attributes:
        loses_replies: answers are taken, and the connection then breaks off instead of a reply.
        busy: so many of the next answers are turned away, as by a service that has too much to do.
        held: while it is not set, requests for answers wait.
        taken: how many answers came as far as the application.
    """

    app: ASGIApp
    loses_replies: bool = False
    busy: int = 0
    taken: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("the house has begun already")  # uvicorn then does without
        if (scope["method"], scope["path"]) != ("POST", PATH):
            await self.app(scope, receive, send)
            return
        await self.held.wait()
        if self.busy:
            self.busy -= 1
            await _turned_away(send)
            return
        self.taken += 1
        if self.loses_replies:  # all of them: a browser asks once more by itself
            await self.app({**scope, "extensions": {}}, receive, _nowhere)
            send.__self__.transport.abort()  # type: ignore[attr-defined]  # the connection behind uvicorn's `send`
            return
        await self.app(scope, receive, send)


async def _nowhere(message: Message) -> None:
    """Gone."""


async def _turned_away(send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"access-control-allow-origin", b"*"),
               (b"access-control-expose-headers", b"Retry-After"), (b"retry-after", b"7")]  # fmt: skip
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"type":"urn:pouls:problem:busy","title":"Busy","status":503}'})


@dataclass
class Live:
    """The service as browsers reach it."""

    house: House
    accidents: Accidents
    port: int = 0
    _serving: AbstractAsyncContextManager[Any] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """On the port that it had, if it had one."""
        listening = local.listen("127.0.0.1", self.port)
        self.port = listening.getsockname()[1]
        self._serving = local.serving(self.accidents, listening, self.house.settings)  # type: ignore[arg-type]  # any ASGI application will do
        self.house.run(self._serving.__aenter__)

    def stop(self) -> None:
        """Who asks now finds nobody."""
        assert self._serving is not None
        self.house.run(self._serving.__aexit__, None, None, None)
        self._serving = None

    def hold(self) -> None:
        """Answers wait."""
        self.house.run(_do, self.accidents.held.clear)

    def go_on(self) -> None:
        self.house.run(_do, self.accidents.held.set)

    def well_again(self) -> None:
        """No accident is left of a test before."""
        self.accidents.loses_replies = False
        self.accidents.busy = self.accidents.taken = 0
        self.go_on()
        if self._serving is None:
            self.start()


async def _do(function: Any) -> None:
    """An event belongs to the loop that waits for it."""
    function()


@contextmanager
def live(house: House) -> Iterator[Live]:
    """Until the end; its page is found where it listens."""
    running = Live(house, Accidents(house.client.app))
    running.go_on()
    running.start()
    yield running
    running.go_on()
    if running._serving is not None:
        running.stop()
