"""`pouls work`: the process that alone may hold keys that open answers."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from service.cli import external, local
from service.kit.clock import system_clock
from service.kit.db import Database
from service.settings import Settings
from service.telemetry import logs

ROLE = "pouls_work"
# A release may take longer than a request's statement ever should.
STATEMENT_TIMEOUT_S = 3600.0


def work(
    check: Annotated[bool, typer.Option("--check", help="exit 0 if a worker's heartbeat is fresh")] = False,
    child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Run the worker: opens and closes waves, makes wave keys, builds releases, sends events to webhooks."""
    settings = Settings()
    logs.configure(settings.log.level)
    if settings.database.url is None:
        raise typer.BadParameter("the worker needs POULS_DATABASE_URL; `pouls serve` runs one beside the embedded one")
    external.check_url(settings)
    if check:
        sys.exit(0 if asyncio.run(_is_alive(settings)) else 1)
    asyncio.run(_work(settings, child=child))


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    url = settings.database.url
    if url is None:
        raise RuntimeError("checked by the command")
    patient = settings.database.model_copy(update={"statement_timeout_s": STATEMENT_TIMEOUT_S})
    database = Database(url.get_secret_value(), ROLE, patient)
    try:
        yield database
    finally:
        await database.close()


async def _is_alive(settings: Settings) -> bool:
    from service import worker  # noqa: PLC0415 - as in `serve`

    async with _database(settings) as database:
        with external.told_plainly():
            return await worker.is_alive(database)


async def _work(settings: Settings, *, child: bool) -> None:
    from service import worker  # noqa: PLC0415 - as in `serve`

    with local.stopping_on_signals() as stop, local.stopping_with_parent(stop, watch=child):
        await external.require_schema(settings, ROLE)
        async with _database(settings) as database:
            sweeper = worker.create_sweeper(settings, database, system_clock)
            courier = worker.create_courier(settings, database, system_clock)
            gc.freeze()  # as at the start of a command: the worker's own modules have come since
            with local.metrics_listener(settings):
                await worker.run(sweeper, courier, database, stop, settings.worker.poll_s)
