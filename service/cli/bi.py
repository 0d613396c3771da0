"""`pouls bi`: database logins for BI servers, each of one tenant, that read released results in the schema `bi`."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.engine import make_url

from service.cli import external, local
from service.cli.admin import ACTOR, Json, NoSuchTenant
from service.cli.serve import Data, settings_with
from service.kit.db import Database
from service.kit.mendable import Mendable
from service.kit.postgres import Postgres
from service.kit.scram import SALT_BYTES, verifier
from service.kit.text import Slug
from service.settings import Settings
from service.tenants import bi_logins

T = TypeVar("T")
bi = typer.Typer(name="bi", help="Database logins of BI servers.", no_args_is_help=True)
PASSWORD_BYTES = 24
LEFT = "nobody's"
AS_ITSELF = "none"
"""No role: the database's login makes logins by its own right, and acts as the tables' owner where it writes there."""
_SLUG = TypeAdapter(Slug)
Of = Annotated[UUID, typer.Option(help="the tenant's id")]
Name = Annotated[str | None, typer.Option(help="what the login's name ends with: 1 to 30 small letters and digits")]


class NoLogin(Mendable):
    """The login can not be made, or is not there; the text says why."""


class LeftToAdministrator(Mendable):
    """Somebody else has to run the statements that were printed."""


@bi.command("grant")
def bi_grant(
    tenant: Of,
    login: Name = None,
    recipient: Annotated[
        str | None, typer.Option(help="read, beside what every reader may, what contracts open to this recipient alone")
    ] = None,
    is_external: Annotated[
        bool, typer.Option("--external", help="an administrator has made the login: write down whose it is, no more")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a login that reads one tenant's released results in the schema `bi`; its password is shown this once.

    Where this database's login may not make others, prints what an administrator may run instead.
    """
    name = _name(tenant, login)
    reader = _recipient(recipient)
    password = None if is_external else secrets.token_urlsafe(PASSWORD_BYTES)
    settings = settings_with(None, None, data)
    with local.database_that_is_there(settings) as postgres:
        asyncio.run(_with(settings, postgres, lambda database: _grant(database, tenant, name, reader, password)))
        shown = make_url(postgres.admin_url()).set(drivername="postgresql", username=name, password=password)
    url = shown.render_as_string(hide_password=False)
    if as_json:
        typer.echo(
            json.dumps({"tenant": str(tenant), "login": name, "recipient": reader, "password": password, "url": url})
        )
        return
    typer.echo(f"login     {name}")
    if reader is not None:
        typer.echo(f"recipient {reader}")
    if password is not None:
        typer.echo(f"password  {password}")
    typer.echo(f"url       {url}")
    if settings.database.url is None:
        typer.echo("the embedded database ends with this command: BI servers need one of your own", err=True)


@bi.command("list")
def bi_list(
    tenant: Annotated[UUID | None, typer.Option(help="of this tenant alone, with the day since when")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show the logins that there are; of one tenant also since when, and as which recipient they read.

    `nobody's`: it is left, and sees nothing.
    """
    settings = settings_with(None, None, data)
    with local.database_that_is_there(settings) as postgres:
        found = asyncio.run(_with(settings, postgres, lambda database: _list(database, tenant)))
    if as_json:
        typer.echo(json.dumps(found))
        return
    for login, since in found.items():
        typer.echo(login if tenant is None else f"{login}  {LEFT if since is None else '  '.join(since.values())}")


@bi.command("revoke")
def bi_revoke(tenant: Of, login: Name = None, data: Data = None) -> None:
    """End a tenant's login: it sees nothing from now on, its sessions end, and it is dropped."""
    name = _name(tenant, login)
    settings = settings_with(None, None, data)
    with local.database_that_is_there(settings) as postgres:
        asyncio.run(_with(settings, postgres, lambda database: _revoke(database, tenant, name)))
    typer.echo(f"{name} is revoked")


def _name(tenant: UUID, suffix: str | None) -> str:
    try:
        return bi_logins.name_of(tenant, suffix)
    except ValueError:
        raise typer.BadParameter("--login takes 1 to 30 small letters and digits") from None


def _recipient(recipient: str | None) -> str | None:
    try:
        return None if recipient is None else _SLUG.validate_python(recipient)
    except ValidationError:
        raise typer.BadParameter(
            "--recipient takes an id as contracts have them: small letters, digits and _"
        ) from None


async def _grant(database: Database, tenant: UUID, login: str, recipient: str | None, password: str | None) -> None:
    now = datetime.now(UTC)
    try:
        async with database.transaction() as tx:
            if password is None:
                done = await bi_logins.adopt(tx, tenant, login, recipient, now, ACTOR)
            else:
                secret = verifier(password, secrets.token_bytes(SALT_BYTES))
                done = await bi_logins.grant(tx, tenant, login, recipient, secret, now, ACTOR)
            if not done:
                raise NoSuchTenant(tenant)  # which undoes the login
    except bi_logins.Taken:
        raise NoLogin(f"there is a login {login}: give another --login, or revoke that one") from None
    except bi_logins.Unfit:
        raise NoLogin(
            f"{login} is not there, can not log in, may do more than a login of `pouls bi grant`, or is not in pouls_bi"
        ) from None
    except bi_logins.Refused as refused:
        show(refused.statements)
        raise LeftToAdministrator(
            "this database login may not make others: let an administrator run in psql what is printed, then "
            f"\\password {login}; then run this again with --external"
        ) from None


async def _revoke(database: Database, tenant: UUID, login: str) -> None:
    async with database.transaction() as tx:
        was_there = await bi_logins.forget(tx, tenant, login, datetime.now(UTC), ACTOR)
    was_left = await end(database, [login])
    if not was_there and not was_left:
        raise NoLogin(f"there is no login {login}: see `pouls bi list`")


async def end(database: Database, logins: Sequence[str]) -> bool:
    """Drop logins that are nobody's any more; whether there was one. Raises LeftToAdministrator."""
    left: list[str] = []
    found = False
    for login in logins:
        try:
            async with database.transaction() as tx:
                found |= await bi_logins.end(tx, login)
        except bi_logins.Refused as refused:
            left += refused.statements
    if left:
        show(left)
        raise LeftToAdministrator(
            "the login sees nothing any more, and is still there: let an administrator run in psql what is printed"
        )
    return found


async def _list(database: Database, tenant: UUID | None) -> dict[str, dict[str, str] | None]:
    async with database.transaction() as tx:
        found: dict[str, dict[str, str] | None] = dict.fromkeys(await bi_logins.in_database(tx, tenant))
        if tenant is not None:
            found |= {one.login: _told(one) for one in await bi_logins.of_tenant(tx, tenant)}
    return found


def _told(one: bi_logins.Granted) -> dict[str, str]:
    recipient = {} if one.recipient is None else {"recipient": one.recipient}
    return {"since": one.created_at.isoformat()} | recipient


def show(statements: Sequence[str]) -> None:
    """Statements for psql, on standard output."""
    for statement in statements:
        typer.echo(f"{statement};")


async def _with(settings: Settings, postgres: Postgres, act: Callable[[Database], Awaitable[T]]) -> T:
    if local.is_external(postgres):
        await external.require_schema(settings, "pouls_owner")
    else:
        await local.prepare_database(postgres)
    database = as_itself(settings, postgres)
    try:
        with external.told_plainly():
            return await act(database)
    finally:
        await database.close()


def as_itself(settings: Settings, postgres: Postgres) -> Database:
    """The database under its own login's rights, which may be those to make others."""
    return Database(postgres.admin_url(), AS_ITSELF, settings.database)
