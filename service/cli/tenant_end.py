"""`pouls tenants export` and `pouls tenants delete`: a whole tenant taken away, and ended."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from service.cli import external, local
from service.cli.admin import NoSuchTenant, tenants
from service.cli.serve import Data, settings_with
from service.cli.work import STATEMENT_TIMEOUT_S
from service.kit.db import SET_TENANT, Database
from service.kit.mendable import Mendable
from service.kit.migrate import every_table
from service.kit.postgres import Postgres
from service.settings import Settings

ROLE = "pouls_owner"


class NotConfirmed(Mendable):
    """The name that was typed is not the tenant's."""

    def __init__(self) -> None:
        super().__init__("that is not the tenant's name; nothing was deleted")


@tenants.command("export")
def tenants_export(
    tenant: UUID,
    out: Annotated[Path, typer.Option(help="the zip file to write; must not be there yet")],
    data: Data = None,
) -> None:
    """Write all rows of a tenant into a zip of NDJSON files, one a table; keys and sealed answers stay behind."""
    from service.privacy import tenant_files  # noqa: PLC0415 - as in `serve`

    async def go(database: Database, _: Postgres) -> dict[str, int]:
        async with database.engine.connect() as connection:
            reading = await connection.execution_options(isolation_level="REPEATABLE READ")
            async with reading.begin():
                await reading.execute(SET_TENANT, {"tenant": str(tenant)})
                return await tenant_files.write(reading, tenant, every_table(), out, datetime.now(UTC))

    rows = _run(settings_with(None, None, data), go)
    if not rows.get("tenant"):
        out.unlink()
        raise NoSuchTenant(tenant)
    typer.echo(f"{sum(rows.values())} rows of {len(rows)} tables: {out}")


@tenants.command("delete")
def tenants_delete(
    tenant: UUID,
    data: Data = None,
    name: Annotated[
        str | None, typer.Option("--yes-delete", help="the tenant's name, instead of typing it when asked")
    ] = None,
    receipt: Annotated[Path | None, typer.Option(help="write the signed receipt to this file as well")] = None,
) -> None:
    """Destroy a tenant's keys and delete every row of it, for good; prints a signed receipt.

    Where the worker's keys are. Backups still hold the rows until they are deleted, but no answers that open.
    """
    settings = settings_with(None, None, data)
    typed = typer.prompt("The name of the tenant that is to be deleted for good") if name is None else name

    def tell(signed: dict[str, Any]) -> None:
        text = json.dumps(signed, indent=1, ensure_ascii=False)
        if receipt is not None:
            receipt.write_text(text + "\n", encoding="utf-8")
        typer.echo(text)

    async def go(database: Database, postgres: Postgres) -> None:
        tell(await _delete(settings, database, tenant, typed))
        await _end_logins(settings, postgres, tenant)

    _run(settings, go)


async def _end_logins(settings: Settings, postgres: Postgres, tenant: UUID) -> None:
    """BI servers' logins see nothing since their rows are gone; now they go as well. Raises LeftToAdministrator."""
    from service.cli import bi  # noqa: PLC0415 - as in `serve`
    from service.tenants import bi_logins  # noqa: PLC0415 - as above

    database = bi.as_itself(settings, postgres)
    try:
        async with database.transaction() as tx:
            logins = await bi_logins.in_database(tx, tenant)
        await bi.end(database, logins)
    finally:
        await database.close()


async def _delete(settings: Settings, database: Database, tenant: UUID, typed: str) -> dict[str, Any]:
    from service.campaigns.wave_keys import WaveKeys  # noqa: PLC0415 - as in `serve`
    from service.privacy import tenant_end  # noqa: PLC0415 - as above
    from service.releases.certificate import Signer  # noqa: PLC0415 - as above

    folder = settings.keys_dir / "work"
    signer, keys = Signer(folder), WaveKeys(folder)  # before anything is deleted: there must be a receipt
    async with database.transaction(tenant) as tx:
        found = await tenant_end.name_of(tx, tenant)
        if found is None:
            raise NoSuchTenant(tenant)
        if found != typed:
            raise NotConfirmed
        return signer.signed(await tenant_end.delete(tx, tenant, keys, every_table(), datetime.now(UTC)))


def _run(settings: Settings, act: Callable[[Database, Postgres], Awaitable[Any]]) -> Any:
    with local.database_that_is_there(settings) as postgres:
        return asyncio.run(_with(settings, postgres, act))


async def _with(settings: Settings, postgres: Postgres, act: Callable[[Database, Postgres], Awaitable[Any]]) -> Any:
    if local.is_external(postgres):
        await external.require_schema(settings, ROLE)
    else:
        await local.prepare_database(postgres)
    patient = settings.database.model_copy(update={"statement_timeout_s": STATEMENT_TIMEOUT_S})
    database = Database(postgres.url(ROLE), ROLE, patient)
    try:
        return await act(database, postgres)
    finally:
        await database.close()
