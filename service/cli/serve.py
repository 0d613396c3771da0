"""`pouls serve` and `pouls work`: two processes, since only the second may hold keys that open answers."""

import asyncio
import json
import socket
import sys
from contextlib import AsyncExitStack, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from service.cli import local
from service.kit.clock import system_clock
from service.kit.db import Database
from service.kit.ids import new_id
from service.kit.jobs import Sweeper
from service.main import create_app
from service.settings import Settings
from service.telemetry import logs
from service.worker import create_sweeper

HEARTBEAT_S = 5.0
ROLE = "pouls_work"

Host = Annotated[str | None, typer.Option(help="address to listen on")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes any free port")]
Data = Annotated[Path | None, typer.Option(help="folder of the embedded database and of the keys")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON line once ready")]


def settings_with(host: str | None, port: int | None, data: Path | None) -> Settings:
    """The environment's settings with what the command line says."""
    settings = Settings()
    given = settings.model_dump()
    if host is not None:
        given["http"]["host"] = host
    if port is not None:
        given["http"]["port"] = port
    if data is not None:
        given["data"]["dir"] = data
    return Settings.model_validate(given)


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    with_worker: Annotated[
        bool | None, typer.Option(help="also run the worker, as a child; default: only with the embedded database")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the API; without POULS_DATABASE_URL on an embedded PostgreSQL, with the worker beside it."""
    settings = settings_with(host, port, data)
    logs.configure(settings.log.level)
    embedded = settings.database.url is None
    listening = local.listen(settings.http.host, settings.http.port)
    with local.database(settings, prepare=embedded) as postgres:
        asyncio.run(_serve(settings, postgres, listening, embedded if with_worker is None else with_worker, as_json))


async def _serve(
    settings: Settings, postgres: local.Postgres, listening: socket.socket, with_worker: bool, as_json: bool
) -> None:
    with local.stopping_on_signals() as stop:
        if not local.is_external(postgres):
            local.prepare_keys(settings)
            await local.prepare_database(postgres)
        async with AsyncExitStack() as stack:
            if with_worker:
                await stack.enter_async_context(local.worker_child(settings, postgres))
            app = create_app(local.acting_as(settings, postgres, "pouls_app"))
            ready = await stack.enter_async_context(local.serving(app, listening, settings))
            if as_json:
                print(json.dumps({"url": ready.url, "metrics": ready.metrics_url}), flush=True)  # noqa: T201 - the option's purpose
            await stop.wait()


def work(
    check: Annotated[bool, typer.Option("--check", help="exit 0 if a worker's heartbeat is fresh")] = False,
    child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Run the worker: opens and closes waves, makes wave keys, builds releases."""
    settings = Settings()
    logs.configure(settings.log.level)
    if settings.database.url is None:
        raise typer.BadParameter("the worker needs POULS_DATABASE_URL; `pouls serve` runs one beside the embedded one")
    if check:
        sys.exit(0 if asyncio.run(_heartbeat_is_fresh(settings)) else 1)
    asyncio.run(_work(settings, child))


async def _heartbeat_is_fresh(settings: Settings) -> bool:
    async with _database(settings) as database, database.transaction() as tx:
        return bool(
            await tx.scalar(
                text("SELECT max(seen_at) > now() - interval '30 seconds' FROM worker_heartbeat"),
            )
        )


def _database(settings: Settings) -> "_Open":
    return _Open(settings)


class _Open:
    """A database for the length of a block."""

    def __init__(self, settings: Settings) -> None:
        assert settings.database.url is not None  # noqa: S101 - checked by the command
        # A release may take longer than a request's statement ever should.
        patient = settings.database.model_copy(update={"statement_timeout_s": 3600.0})
        self._database = Database(settings.database.url.get_secret_value(), ROLE, patient)

    async def __aenter__(self) -> Database:
        return self._database

    async def __aexit__(self, *_: object) -> None:
        await self._database.close()


async def _work(settings: Settings, child: bool) -> None:
    with local.stopping_on_signals() as stop:
        with local.stopping_with_parent(stop) if child else nullcontext():
            async with _database(settings) as database:
                sweeper = create_sweeper(settings, database, system_clock)
                with local.metrics_listener(settings):
                    beating = asyncio.create_task(_beat(database, stop))
                    try:
                        await _sweep_until(stop, sweeper, settings.worker.poll_s)
                    finally:
                        stop.set()
                        await beating


async def _sweep_until(stop: asyncio.Event, sweeper: Sweeper, poll_s: float) -> None:
    while not stop.is_set():
        try:
            busy = await sweeper.step()
        except Exception as error:  # noqa: BLE001 - the database may be away for a while; the worker waits for it
            local.log.warning("no look at due work", problem=type(error).__name__)
            busy = False
        if not busy:
            await _pause(stop, poll_s)


async def _beat(database: Database, stop: asyncio.Event) -> None:
    worker = new_id().hex
    statement = text("""
        INSERT INTO worker_heartbeat (worker, seen_at) VALUES (:worker, now())
        ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at
    """)
    forget = text("DELETE FROM worker_heartbeat WHERE worker = :worker OR seen_at < now() - interval '1 day'")
    while not stop.is_set():
        try:
            async with database.transaction() as tx:
                await tx.execute(statement, {"worker": worker})
        except Exception as error:  # noqa: BLE001 - same reason
            local.log.warning("no heartbeat", problem=type(error).__name__)
        await _pause(stop, HEARTBEAT_S)
    try:
        async with database.transaction() as tx:
            await tx.execute(forget, {"worker": worker})
    except Exception as error:  # noqa: BLE001 - we are leaving; an old row is forgotten by the next worker to leave
        local.log.warning("no farewell", problem=type(error).__name__)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
