"""One machine: the database if it is ours, the API in this process, the worker as a child."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvicorn
from prometheus_client import start_http_server

from service.cli import external
from service.kit.crypto import ensure_key
from service.kit.mendable import Mendable
from service.kit.migrate import migrate
from service.kit.one_piece import OnePieceProtocol
from service.kit.postgres import External, Postgres, postgres_for
from service.kit.roles import ensure_roles
from service.settings import Settings
from service.tenants import token_key_files

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger()
WORKER_STOP_S = 60.0
GRACE_S = 30


@contextmanager
def stopping_on_signals() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, instead of interrupting whatever runs."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextmanager
def stopping_with_parent(stop: asyncio.Event, *, watch: bool) -> Iterator[None]:
    """Set `stop` when standard input ends: the parent holds its other end, and the kernel closes it for a dead one."""
    if not watch:
        yield
        return
    loop = asyncio.get_running_loop()

    def ended() -> None:
        if not os.read(0, 4096):
            stop.set()
            loop.remove_reader(0)

    loop.add_reader(0, ended)
    try:
        yield
    finally:
        loop.remove_reader(0)


class NoDatabaseHere(Mendable):
    """The data folder has no embedded database; none is made to look for something in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"there is no database in {folder}: give --data, or set POULS_DATA_DIR or POULS_DATABASE_URL")


@contextmanager
def database_that_is_there(settings: Settings) -> Iterator[Postgres]:
    """The running database, for a command about what is in it already; none is made. Raises NoDatabaseHere."""
    if settings.database.url is None and not (settings.data.dir / "pg").exists():
        raise NoDatabaseHere(settings.data.dir)
    with database(settings) as postgres:
        yield postgres


@contextmanager
def database(settings: Settings) -> Iterator[Postgres]:
    """The running database; ours is stopped at the end."""
    external.check_url(settings)
    postgres = postgres_for(settings)
    # In this thread, since the kernel ties a child's "parent is gone" to the thread that started it.
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()


async def prepare_database(postgres: Postgres) -> None:
    """Roles, schema and migrations."""
    with external.told_plainly():
        await ensure_roles(postgres)
        await migrate(postgres.admin_url())


def prepare_keys(settings: Settings) -> None:
    """Make the key files that are missing."""
    for name in ("api/intake.key", "work/master.key", "work/signing.key"):
        ensure_key(settings.keys_dir / name)
    token_key_files.ensure(token_key_files.folder_of(settings.keys_dir))


def acting_as(settings: Settings, postgres: Postgres, role: str) -> Settings:
    """The settings of a process that connects under a role."""
    given = settings.model_dump()
    given["database"]["url"] = postgres.url(role)
    given["keys"]["dir"] = settings.keys_dir.absolute()
    return Settings.model_validate(given)


class _Server(uvicorn.Server):
    """Signals are ours to handle: the database must be stopped after the server, in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers."""

    url: str
    metrics_url: str | None


class AddressTaken(Mendable):
    """Another program listens there."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise AddressTaken(f"can not listen on {host}, port {port}; --port 0 takes any free one") from error
    opened.listen(2048)
    opened.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return opened


def base_url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - shown, not bound
    return f"http://{shown}:{port}"


@asynccontextmanager
async def serving(app: "FastAPI", listening: socket.socket, settings: Settings) -> AsyncIterator[Serving]:
    """The API, accepting requests; stopped in order at the end (requests under way finish, the queue is committed)."""
    gc.freeze()  # as at the start of a command: the application has come since
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=OnePieceProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # no address of a caller is ever used
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
    server = _Server(config)
    with metrics_listener(settings) as metrics_url:
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            while not server.started:
                if task.done():
                    task.result()
                    raise RuntimeError("the server stopped before it started")
                await asyncio.sleep(0.01)
            yield Serving(base_url(listening), metrics_url)
        finally:
            server.should_exit = True
            await task


@contextmanager
def metrics_listener(settings: Settings) -> Iterator[str | None]:
    """`/metrics` on a listener of its own, which no client of the API can reach."""
    if settings.http.metrics_port is None:
        yield None
        return
    server, thread = start_http_server(settings.http.metrics_port, settings.http.metrics_host)
    try:
        yield f"http://{settings.http.metrics_host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@asynccontextmanager
async def worker_child(settings: Settings, postgres: Postgres) -> AsyncIterator[None]:
    """The worker in a process of its own: it alone loads the keys that open answers. Started again if it dies."""
    environment = os.environ | {
        "POULS_DATABASE_URL": postgres.url("pouls_work"),
        "POULS_KEYS_DIR": str(settings.keys_dir.absolute()),
        "POULS_DATA_DIR": str(settings.data.dir.absolute()),
        "POULS_LOG_LEVEL": settings.log.level,
    }
    environment.pop("POULS_HTTP_METRICS_PORT", None)  # this process has it
    stopping = False

    async def keep() -> None:
        while not stopping:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "service.cli", "work", "--child", stdin=subprocess.PIPE, env=environment,
                start_new_session=True,
            )  # fmt: skip
            try:
                code = await child.wait()
            except asyncio.CancelledError:
                # It finishes what it does and stops; one that is still starting has nothing to finish and ends at once.
                with contextlib.suppress(ProcessLookupError):
                    child.terminate()
                try:
                    await asyncio.wait_for(child.wait(), WORKER_STOP_S)
                except TimeoutError:
                    child.kill()
                    await child.wait()
                raise
            log.error("worker ended; starting it again", code=code)
            await asyncio.sleep(1)

    task = asyncio.create_task(keep())
    try:
        yield
    finally:
        stopping = True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def is_external(postgres: Postgres) -> bool:
    return isinstance(postgres, External)
