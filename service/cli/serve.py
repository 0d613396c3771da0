"""`pouls serve`: the API process."""

import json
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from service.cli import external, local
from service.kit.postgres import Postgres
from service.settings import Settings
from service.telemetry import logs

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
    with local.database(settings) as postgres:
        uvloop.run(_serve(settings, postgres, listening, embedded if with_worker is None else with_worker, as_json))


async def _serve(
    settings: Settings, postgres: Postgres, listening: socket.socket, with_worker: bool, as_json: bool
) -> None:
    # Here, as in the other commands: one that does not serve starts in less than half the time without the application.
    from service.main import create_app  # noqa: PLC0415

    with local.stopping_on_signals() as stop:
        if local.is_external(postgres):
            await external.require_schema(settings, "pouls_app")
        else:
            local.prepare_keys(settings)
            await local.prepare_database(postgres)
        async with AsyncExitStack() as stack:
            if with_worker:
                await stack.enter_async_context(local.worker_child(settings, postgres))
            app = create_app(local.acting_as(settings, postgres, "pouls_app"))
            ready = await stack.enter_async_context(local.serving(app, listening, settings))
            local.log.info("serving", url=ready.url, reference=f"{ready.url}/docs")
            if as_json:
                print(json.dumps({"url": ready.url, "metrics": ready.metrics_url}), flush=True)  # noqa: T201 - the option's purpose
            await stop.wait()
