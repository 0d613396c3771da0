"""`pouls audit-log`: whether a tenant's log of administrative acts is as it was written."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from service.cli import external, local
from service.cli.admin import Json, NoSuchTenant
from service.cli.serve import Data, settings_with
from service.kit.crypto import read_key
from service.kit.db import Database
from service.kit.postgres import Postgres
from service.settings import Settings
from service.tenants.chain import Chain
from service.tenants.chaining import Checked, check

ROLE = "pouls_app"
SHOWN = 20
audit_log = typer.Typer(name="audit-log", help="The log of administrative acts.", no_args_is_help=True)


@audit_log.callback()
def _group() -> None:
    """With one command alone, typer would take its name away."""


@audit_log.command("check")
def audit_log_check(
    tenant: UUID,
    data: Data = None,
    noted: Annotated[
        str | None, typer.Option(help="NUMBER:MAC of the last link, noted at an earlier check: it must still be there")
    ] = None,
    as_json: Json = False,
) -> None:
    """Walk the chain of a tenant's audit log; exit 1 where an entry was altered, taken out or never chained.

    The embedded database serves one command at a time: stop `pouls demo` or `pouls serve` first. With
    POULS_DATABASE_URL both run at once.
    """
    settings = settings_with(None, None, data)
    with local.database_that_is_there(settings) as postgres:
        found, is_there = asyncio.run(_check(settings, postgres, tenant, noted))
    if as_json:
        typer.echo(_json(found, is_there=is_there))
    else:
        for line in _lines(found, is_there=is_there):
            typer.echo(line)
    if not found.is_whole or is_there is False:
        raise typer.Exit(1)


async def _check(
    settings: Settings, postgres: Postgres, tenant: UUID, noted: str | None
) -> tuple[Checked, bool | None]:
    if local.is_external(postgres):
        await external.require_schema(settings, ROLE)
    else:
        await local.prepare_database(postgres)
    from service.tenants.tables import AuditLink, Tenant  # noqa: PLC0415 - as in `serve`

    chain = Chain(read_key(settings.keys_dir / "api" / "intake.key"))
    database = Database(postgres.url(ROLE), ROLE, settings.database)
    try:
        async with database.transaction(tenant) as tx:
            if await tx.get(Tenant, (tenant,)) is None:
                raise NoSuchTenant(tenant)
            found = await check(tx, tenant, chain, datetime.now(UTC))
            if noted is None:
                return found, None
            number, mac = _read(noted)
            link = await tx.get(AuditLink, (tenant, number))
            return found, link is not None and link.mac == mac
    finally:
        await database.close()


def _read(noted: str) -> tuple[int, bytes]:
    number, _, mac = noted.partition(":")
    try:
        return int(number), bytes.fromhex(mac)
    except ValueError:
        raise typer.BadParameter("--noted is NUMBER:MAC, as a check prints it") from None


def _json(found: Checked, *, is_there: bool | None) -> str:
    last = None if found.last is None else f"{found.last[0]}:{found.last[1]}"
    return json.dumps(
        {
            "whole": found.is_whole and is_there is not False,
            "checked": found.checked,
            "unchained": found.unchained,
            "late": found.late,
            "broken": found.broken,
            "last": last,
            "noted_is_there": is_there,
        }
    )


def _lines(found: Checked, *, is_there: bool | None) -> list[str]:
    lines = [f"{found.checked} entries are as they were written, in their order"]
    if found.unchained:
        lines.append(f"{found.unchained} are not chained yet, {found.late} of them since more than a day")
    told = "this entry, or the one before it, was altered or taken out"
    lines += [f"broken at link {number}: {told}" for number in found.broken[:SHOWN]]
    if len(found.broken) > SHOWN:
        lines.append(f"and at {len(found.broken) - SHOWN} more")
    if is_there is not None:
        lines.append("the noted link is there" if is_there else "the noted link is not there: the log was cut off")
    if found.last is not None:
        lines.append(f"to be noted elsewhere: --noted {found.last[0]}:{found.last[1]}")
    return lines
