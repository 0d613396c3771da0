"""Operators' commands: database, keys, tenants, and the API's description."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.due import MAKE_KEYS
from service.cli import external, local
from service.cli.serve import Data, settings_with
from service.kit import jobs
from service.kit.crypto import read_key
from service.kit.db import Database
from service.kit.ids import new_id
from service.kit.mendable import Mendable
from service.kit.migrate import migrate
from service.kit.postgres import External, Postgres, postgres_for
from service.kit.roles import ensure_roles
from service.settings import Settings
from service.tenants import token_key_files
from service.tenants.registrar import Registrar
from service.tenants.scopes import Scope

db = typer.Typer(name="db", help="The database's roles and schema.", no_args_is_help=True)
keys = typer.Typer(name="keys", help="Key files.", no_args_is_help=True)
tenants = typer.Typer(name="tenants", help="Tenants and their API keys.", no_args_is_help=True)
ACTOR = "operator"
# From the database and who signs keys, a tenant and its keys by scope.
Making = Callable[[Database, Registrar], Awaitable[tuple[UUID, dict[str, str]]]]
# The running database: made where there is none, or only if it is there.
Opening = Callable[[Settings], AbstractContextManager[Postgres]]
Json = Annotated[bool, typer.Option("--json", help="print one JSON line")]


def _external(settings: Settings) -> External:
    external.check_url(settings)
    postgres = postgres_for(settings)
    if not isinstance(postgres, External):
        raise typer.BadParameter("set POULS_DATABASE_URL; the embedded database prepares itself")
    return postgres


@db.command("roles")
def db_roles() -> None:
    """Create the roles and the schema; needs a login that may create roles."""
    with external.told_plainly():
        asyncio.run(ensure_roles(_external(Settings())))


@db.command("migrate")
def db_migrate(to: Annotated[str, typer.Option(help="a revision, or `base`")] = "head") -> None:
    """Bring the schema to a revision; creates roles and schema first where they are missing."""

    async def go() -> None:
        postgres = _external(Settings())
        with external.told_plainly():
            await ensure_roles(postgres)
            await migrate(postgres.admin_url(), to)

    asyncio.run(go())


@keys.command("init")
def keys_init() -> None:
    """Make the key files that are missing: `api/` for serve, `work/` for work. Keep them apart from the database."""
    settings = Settings()
    local.prepare_keys(settings)
    typer.echo(str(settings.keys_dir))


@keys.command("rotate-oauth")
def keys_rotate_oauth(data: Data = None) -> None:
    """Make a new key for access tokens, which signs five minutes from now; needs no restart. Prints its id.

    The one before it signs until then, and verifies until its tokens have run out. On several machines, copy the new
    file `api/oauth-<id>.key` to each of them (or put it into the secret) within a minute.
    """
    folder = token_key_files.folder_of(settings_with(None, None, data).keys_dir)
    typer.echo(token_key_files.rotate(folder, datetime.now(UTC)))


@keys.command("public")
def keys_public(data: Data = None) -> None:
    """Print the public key that verifies certificates: hand it to whoever is to check them."""
    from service.releases.certificate import KEY_FILE, Signer  # noqa: PLC0415 - as in `serve`

    folder = settings_with(None, None, data).keys_dir / "work"
    if not (folder / KEY_FILE).exists():
        raise NoSigningKey(folder)
    typer.echo(Signer(folder).public_key)


class NoSigningKey(Mendable):
    """Nothing was signed with the keys of this folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"there is no signing key in {folder}: give --data, or set POULS_DATA_DIR or POULS_KEYS_DIR")


class NoSuchTenant(Mendable):
    """No tenant of this database has the id."""

    def __init__(self, tenant: UUID) -> None:
        super().__init__(f"there is no tenant {tenant} in this database")


def registrar_of(settings: Settings) -> Registrar:
    """Who signs API keys: what `pouls serve` with the same key folder goes by. Raises KeyMissing."""
    return Registrar(read_key(settings.keys_dir / "api" / "intake.key"))


async def make_tenant(database: Database, registrar: Registrar, name: str) -> tuple[UUID, dict[str, str]]:
    """A tenant with one key for each scope; and the first wave keys asked for."""
    from service.tenants import actions  # noqa: PLC0415

    tenant = new_id()
    now = datetime.now(UTC)
    async with database.transaction(tenant) as tx:
        await actions.create_tenant(tx, tenant, name, now, ACTOR)
        await jobs.enqueue(tx, tenant, MAKE_KEYS, tenant, now)
        return tenant, await _a_key_each(tx, registrar, tenant, name, now)


async def make_keys(database: Database, registrar: Registrar, tenant: UUID) -> tuple[UUID, dict[str, str]]:
    """One more key for each scope, of a tenant that is there. Raises NoSuchTenant."""
    from service.tenants.tables import Tenant  # noqa: PLC0415

    async with database.transaction(tenant) as tx:
        found = await tx.get(Tenant, (tenant,))
        if found is None:
            raise NoSuchTenant(tenant)
        return tenant, await _a_key_each(tx, registrar, tenant, found.name, datetime.now(UTC))


async def _a_key_each(tx: AsyncSession, registrar: Registrar, tenant: UUID, name: str, now: datetime) -> dict[str, str]:
    from service.tenants import actions  # noqa: PLC0415

    made = {
        str(scope): await actions.create_key(tx, registrar, tenant, f"{name} {scope}", [scope], now, ACTOR)
        for scope in Scope
    }
    return {scope: key.text() for scope, key in made.items()}


@tenants.command("create")
def tenants_create(
    name: str,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Create a tenant and one API key for each scope; the keys are shown this once.

    Without POULS_DATABASE_URL in the embedded database, which runs for this moment.
    """
    _show_made(
        settings_with(None, None, data),
        lambda database, registrar: make_tenant(database, registrar, name),
        as_json=as_json,
    )


@tenants.command("keys")
def tenants_keys(
    tenant: UUID,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make new API keys for a tenant, one for each scope; they are shown this once, and the others stay.

    For when an administrator's key is lost, when the intake key is another one, or when keys are from before they were
    signed. Without POULS_DATABASE_URL in the embedded database, which runs for this moment.
    """
    _show_made(
        settings_with(None, None, data),
        lambda database, registrar: make_keys(database, registrar, tenant),
        as_json=as_json,
        opened=local.database_that_is_there,
    )


def _show_made(settings: Settings, make: Making, *, as_json: bool, opened: Opening = local.database) -> None:
    with opened(settings) as postgres:
        tenant, texts = asyncio.run(_made(settings, postgres, make))
    if as_json:
        typer.echo(json.dumps({"tenant": str(tenant), "keys": texts}))
        return
    typer.echo(f"tenant  {tenant}")
    for scope, text in texts.items():
        typer.echo(f"{scope:<22} {text}")


async def _made(settings: Settings, postgres: Postgres, make: Making) -> tuple[UUID, dict[str, str]]:
    if local.is_external(postgres):
        await external.require_schema(settings, "pouls_app")
    else:
        local.prepare_keys(settings)  # as `pouls serve` does there: it may never have run
        await local.prepare_database(postgres)
    registrar = registrar_of(settings)
    database = Database(postgres.url("pouls_app"), "pouls_app", settings.database)
    try:
        return await make(database, registrar)
    finally:
        await database.close()


def openapi(
    out: Annotated[Path | None, typer.Option(help="write to this file instead of standard output")] = None,
    check: Annotated[Path | None, typer.Option(help="exit 1 if this file differs")] = None,
) -> None:
    """Print the API's OpenAPI document."""
    from service import main  # noqa: PLC0415 - as in `serve`

    text = main.description()
    if check is not None:
        if check.read_text(encoding="utf-8") != text:
            typer.echo(f"{check.name} is out of date: run `pouls openapi --out {check}`", err=True)
            raise typer.Exit(1)
    elif out is not None:
        out.write_text(text, encoding="utf-8")
    else:
        typer.echo(text, nl=False)
