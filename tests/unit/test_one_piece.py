"""An answer in one piece is the answer that uvicorn sends by itself, to the byte, and the connection fares the same."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.kit.one_piece import LONGEST_HEAD, OnePieceProtocol, one_piece

BODY = b'{"status":"recorded"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"21")]
REST = b"content-type: application/json\r\ncontent-length: 21\r\n\r\n" + BODY
DATE = (b"date", b"Thu, 05 Mar 2026 09:00:00 GMT")
PLAIN = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Wire:
    """A transport that notes what it is told."""

    pieces: list[bytes] = field(default_factory=list)
    closed: bool = False
    reading: bool = True

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.pieces.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_extra_info(self, name: str) -> None:
        del name


@dataclass
class Talk:
    """One connection to an application that answers when it is let to; `whole` says which answers left in one piece."""

    protocol: HttpToolsProtocol
    wire: Wire
    go: asyncio.Event
    whole: list[bool]


Script = Callable[[Talk], Any]


async def all_done(state: ServerState) -> None:
    while state.tasks:  # one that ends may start the next
        await asyncio.wait(state.tasks)


async def talk(kind: type[HttpToolsProtocol], script: Script) -> tuple[Wire, list[bool], HttpToolsProtocol]:
    go, whole = asyncio.Event(), list[bool]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await go.wait()
        answer = one_piece(scope)
        whole.append(answer is not None and answer(b"HTTP/1.1 201 Created\r\n", REST))
        if not whole[-1]:
            await send({"type": "http.response.start", "status": 201, "headers": HEADERS})
            await send({"type": "http.response.body", "body": BODY})

    config = Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    config.loaded_app = cast("Any", app)
    state = ServerState()
    state.default_headers = [DATE]
    wire = Wire()
    protocol = kind(config, state, {})
    protocol.connection_made(cast("Any", wire))
    script(Talk(protocol, wire, go, whole))
    for _ in range(5):
        await asyncio.sleep(0)
    go.set()
    await asyncio.wait_for(all_done(state), 5)
    armed = protocol.timeout_keep_alive_task is not None
    assert armed is not wire.closed or protocol.cycle.disconnected
    protocol._unset_keepalive_if_required()
    return wire, whole, protocol


def sends(*data: bytes) -> Script:
    def script(connection: Talk) -> None:
        for one in data:
            connection.protocol.data_received(one)

    return script


def hangs_up(connection: Talk) -> None:
    connection.protocol.data_received(PLAIN)
    connection.protocol.connection_lost(None)


def stops(connection: Talk) -> None:
    connection.protocol.data_received(PLAIN)
    connection.protocol.shutdown()


SCRIPTS: dict[str, tuple[Script, list[bool]]] = {
    "one": (sends(PLAIN), [True]),
    "in parts": (sends(PLAIN[:20], PLAIN[20:-1], PLAIN[-1:]), [True]),
    "the last one": (sends(PLAIN.replace(b"Host: a", b"Connection: close")), [False]),
    "HTTP/1.0": (sends(PLAIN.replace(b"1.1", b"1.0")), [False]),
    "two at once": (sends(PLAIN + PLAIN), [False, True]),
    "three, one behind the other": (sends(PLAIN, PLAIN, PLAIN), [False, False, True]),
    "waits to be told to go on": (sends(PLAIN.replace(b"Host: a", b"Expect: 100-continue")), [True]),
    "half of the next": (sends(PLAIN + PLAIN[:30]), [True]),
    "the client is gone": (hangs_up, [False]),
    "the server stops": (stops, [False]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_connection_sees_no_difference(name: str) -> None:
    script, expected = SCRIPTS[name]
    ours, whole, protocol = asyncio.run(talk(OnePieceProtocol, script))
    theirs, never, _ = asyncio.run(talk(HttpToolsProtocol, script))
    assert whole == expected
    assert not any(never)
    assert b"".join(ours.pieces) == b"".join(theirs.pieces)
    assert (ours.closed, ours.reading) == (theirs.closed, theirs.reading)
    assert protocol.cycle.response_complete is not protocol.cycle.disconnected


def test_it_leaves_in_one_piece() -> None:
    wire, _, protocol = asyncio.run(talk(OnePieceProtocol, sends(PLAIN)))
    assert len(wire.pieces) == 1
    assert b"date: Thu, 05 Mar 2026 09:00:00 GMT\r\n" in wire.pieces[0]
    assert protocol.server_state.total_requests == 1


def test_a_client_that_does_not_read_is_waited_for() -> None:
    def slow(connection: Talk) -> None:
        connection.protocol.data_received(PLAIN)
        connection.protocol.pause_writing()
        asyncio.get_running_loop().call_later(0.01, connection.protocol.resume_writing)

    wire, whole, _ = asyncio.run(talk(OnePieceProtocol, slow))
    assert whole == [False]
    assert b"".join(wire.pieces).endswith(BODY)


def test_without_the_extension_there_is_none() -> None:
    assert one_piece({"type": "http"}) is None
    assert one_piece({"type": "http", "extensions": {}}) is None
    assert one_piece({"type": "http", "extensions": {"http.response.trailers": {}}}) is None


def test_a_connection_that_ended_waits_for_no_collector() -> None:
    async def come_and_go() -> weakref.ref[HttpToolsProtocol]:
        _, whole, protocol = await talk(OnePieceProtocol, sends(PLAIN))
        assert whole == [True]
        protocol.connection_lost(None)
        return weakref.ref(protocol)

    gc.disable()
    try:
        assert asyncio.run(come_and_go())() is None
    finally:
        gc.enable()


def told(*data: bytes) -> Wire:
    """What a connection is told that sends these, to an application that never answers."""

    async def go() -> Wire:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            del scope, send
            await receive()

        config = Config(app, log_config=None, access_log=False, lifespan="off")
        config.load()
        config.loaded_app = cast("Any", app)
        state, wire = ServerState(), Wire()
        protocol = OnePieceProtocol(config, state, {})
        protocol.connection_made(cast("Any", wire))
        for one in data:
            if not wire.closed:
                protocol.data_received(one)
        protocol.connection_lost(None)
        await all_done(state)
        return wire

    return asyncio.run(go())


@pytest.mark.parametrize("piece", [1000, 60_000])
def test_a_head_that_does_not_end_is_refused(piece: int) -> None:
    """Headers, and one header, may come for ever; what is read of them is kept until they end."""
    wire = told(b"GET /x HTTP/1.1\r\nAccept: ", *[b"a" * piece] * (LONGEST_HEAD // piece + 2))
    assert wire.closed
    assert wire.pieces[0].startswith(b"HTTP/1.1 400 ")


def test_neither_a_head_of_the_usual_length_nor_a_long_body_is_refused() -> None:
    body = 3 * LONGEST_HEAD
    head = b"POST /x HTTP/1.1\r\nAccept: %b\r\nContent-Length: %d\r\n\r\n" % (b"a" * 30_000, body)
    assert told(head, *[b"a" * 1024] * (body // 1024)).pieces == []
