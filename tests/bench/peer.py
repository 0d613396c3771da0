"""`python -m tests.bench.peer bare|insert|canned|prepared|behind`: serve what ours is compared with, on its own port.

All but `canned` run under the service's own server settings (`local.serving`), on uvloop and httptools. `canned`
answers without reading: it shows how fast the load generator is by itself.
"""

import asyncio
import json
import os
import sys
from typing import cast

import uvloop
from fastapi import FastAPI

from service.cli import local
from service.settings import Settings
from service.telemetry import logs
from tests.bench.bare import REPLY, bare
from tests.bench.insert import insert
from tests.bench.prepared import behind, prepared

DSN = "BENCH_DSN"
CONNECTIONS = "BENCH_CONNECTIONS"
_CANNED = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(REPLY),
    REPLY,
)


class _Canned(asyncio.Protocol):
    """Answers each request of ours at its last byte, without reading it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own do not inherit from it

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}}"):
            self._transport.write(_CANNED)


async def _serve_canned() -> None:
    listening = local.listen("127.0.0.1", 0)
    with local.stopping_on_signals() as stop:
        server = await asyncio.get_running_loop().create_server(_Canned, sock=listening)
        async with server:
            _say(local.base_url(listening))
            await stop.wait()


async def _serve(app: FastAPI) -> None:
    with local.stopping_on_signals() as stop:
        async with local.serving(app, local.listen("127.0.0.1", 0), Settings()) as ready:
            _say(ready.url)
            await stop.wait()


def _say(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)


def main(kind: str) -> None:
    """Serve until SIGTERM."""
    match kind:
        case "bare":
            uvloop.run(_serve(bare()))
        case "insert":
            uvloop.run(_serve(insert(os.environ[DSN], int(os.environ[CONNECTIONS]))))
        case "prepared":
            uvloop.run(_serve(prepared()))
        case "behind":
            logs.configure("info")  # as the service does; nobody reads what would else go to the standard output
            uvloop.run(_serve(behind()))
        case "canned":
            uvloop.run(_serve_canned())
        case _:
            raise SystemExit(f"unknown peer {kind}")


if __name__ == "__main__":
    main(*sys.argv[1:])
