"""Logins of the database that read a tenant's results in the schema `bi`: made, and ended.

Whose a login is, the row of `bi_login` says; without it a login that is left sees nothing. All in one transaction of
somebody who may make roles, and act as the tables' owner.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.db import SET_TENANT
from service.tenants.actions import audit
from service.tenants.tables import BiLogin, Tenant

GROUP = "pouls_bi"
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "search_path": "bi",
}
"""What a login starts with. Against mistakes: a session may set them anew, and still reads no more."""
MOST_CONNECTIONS = 10
_PREFIX_HEX = 16
_LOGIN = re.compile(rf"{GROUP}_[0-9a-f]{{{_PREFIX_HEX}}}(_[a-z0-9]{{1,30}})?")
_INHERITS_SINCE = 160000  # from 16 on a membership says whether rights are inherited, and the role may be taken

_AS_OWNER = text("SET LOCAL ROLE pouls_owner")
_AS_LOGIN = text("RESET ROLE")
_KNOWN = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :login)")
_FLAWS = text("""
    SELECT r.rolcanlogin AND r.rolinherit AND NOT (
               r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolreplication OR r.rolbypassrls)
           AND ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                     WHERE m.member = r.oid) = ARRAY[:group]
           AND NOT EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid)
    FROM pg_roles r WHERE r.rolname = :login
""")
_MAY = text("""
    SELECT rolsuper OR rolcreaterole AND (
               current_setting('server_version_num')::integer < 160000
               OR pg_has_role(session_user, :group, 'MEMBER WITH ADMIN OPTION'))
    FROM pg_roles WHERE rolname = session_user
""")
_MAY_END = text("""
    SELECT rolsuper OR rolcreaterole AND (
               current_setting('server_version_num')::integer < 160000
               OR pg_has_role(session_user, CAST(:login AS name), 'MEMBER WITH ADMIN OPTION'))
    FROM pg_roles WHERE rolname = session_user
""")
_HAS = text("SELECT pg_has_role(session_user, CAST(:login AS name), 'USAGE')")
_ME = text("SELECT quote_ident(session_user)")
_VERSION = text("SELECT current_setting('server_version_num')::integer")
_MEMBERS = text("""
    SELECT r.rolname::text FROM pg_auth_members m
    JOIN pg_roles r ON r.oid = m.member JOIN pg_roles g ON g.oid = m.roleid
    WHERE g.rolname = :group AND r.rolname ~ :pattern ORDER BY 1
""")


class Refused(Exception):
    """The database's login may not do this; `statements` are what an administrator may run instead."""

    def __init__(self, statements: Sequence[str]) -> None:
        super().__init__("the database login may not make or end logins")
        self.statements = tuple(statements)


class Taken(Exception):
    """There is such a login already."""


class Unfit(Exception):
    """A login that somebody else made is not there, or may do more than one of ours."""


class Granted(NamedTuple):
    """A tenant's login; `recipient`: as which recipient of contracts it reads, if as any."""

    login: str
    created_at: datetime
    recipient: str | None


def name_of(tenant: UUID, suffix: str | None = None) -> str:
    """A login's name. It begins with a digest of its tenant, whose id `pg_roles` would show to everybody.

    Raises ValueError for a suffix that is not of 1 to 30 small letters and digits.
    """
    digest = hashlib.sha256(tenant.bytes).hexdigest()[:_PREFIX_HEX]
    name = f"{GROUP}_{digest}" if suffix is None else f"{GROUP}_{digest}_{suffix}"
    if _LOGIN.fullmatch(name) is None:
        raise ValueError("not a login's name")
    return name


def statements_of(login: str, version: int, verifier: str | None = None) -> Iterator[str]:
    """What makes a login; without a password where it is to be shown."""
    secret = "" if verifier is None else f" PASSWORD '{verifier}'"
    yield (
        f"CREATE ROLE {login} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        f" CONNECTION LIMIT {MOST_CONNECTIONS}{secret}"
    )
    yield f"GRANT {GROUP} TO {login}" + (" WITH INHERIT TRUE, SET FALSE" if version >= _INHERITS_SINCE else "")
    yield from (f"ALTER ROLE {login} SET {name} = '{value}'" for name, value in SETTINGS.items())


def ends_of(login: str) -> Iterator[str]:
    """What ends a login and its sessions, whatever it left in the database."""
    yield f"ALTER ROLE {login} NOLOGIN"
    yield f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{login}'"  # noqa: S608 - our name
    yield f"DROP OWNED BY {login}"
    yield f"DROP ROLE {login}"


async def grant(
    tx: AsyncSession, tenant: UUID, login: str, recipient: str | None, verifier: str, now: datetime, actor: str
) -> bool:
    """Make the login, and write down whose it is. False: there is no such tenant.

    Raises:
        Refused: we may not make roles.
        Taken: it is there.
    """
    version = await tx.scalar(_VERSION) or 0
    if not await tx.scalar(_MAY, {"group": GROUP}):
        raise Refused(tuple(statements_of(login, version)))
    if await tx.scalar(_KNOWN, {"login": login}):
        raise Taken
    for statement in statements_of(login, version, verifier):
        await _run(tx, statement)
    return await _record(tx, tenant, login, recipient, now, actor)


async def adopt(tx: AsyncSession, tenant: UUID, login: str, recipient: str | None, now: datetime, actor: str) -> bool:
    """Write down whose a login is that an administrator made. False: there is no such tenant.

    Raises:
        Unfit: it is not there, or may do more than one of ours.
        Taken: it is written down already.
    """
    if not await tx.scalar(_FLAWS, {"login": login, "group": GROUP}):
        raise Unfit
    return await _record(tx, tenant, login, recipient, now, actor)


async def _record(tx: AsyncSession, tenant: UUID, login: str, recipient: str | None, now: datetime, actor: str) -> bool:
    await _as_owner(tx, tenant)
    if await tx.get(Tenant, (tenant,)) is None:
        return False
    if await tx.get(BiLogin, (tenant, login)) is not None:
        raise Taken
    tx.add(BiLogin(tenant_id=tenant, login=login, created_at=now, recipient=recipient))
    limit = {} if recipient is None else {"recipient": recipient}
    audit(tx, tenant, now, actor, "bi_login.created", login, **limit)
    await tx.flush()
    await tx.execute(_AS_LOGIN)
    return True


async def forget(tx: AsyncSession, tenant: UUID, login: str, now: datetime, actor: str) -> bool:
    """The login sees nothing from now on. False: it was nobody's already."""
    await _as_owner(tx, tenant)
    mine = (col(BiLogin.tenant_id) == tenant) & (col(BiLogin.login) == login)
    gone = await tx.scalar(delete(BiLogin).where(mine).returning(col(BiLogin.login)))
    if gone is not None:
        audit(tx, tenant, now, actor, "bi_login.revoked", login)
        await tx.flush()
    await tx.execute(_AS_LOGIN)
    return gone is not None


async def end(tx: AsyncSession, login: str) -> bool:
    """Drop a login that is nobody's any more, with whatever it made, and end its sessions. False: there is none.

    In a transaction after that of `forget`: a session that began to read before sees what there was then for as long as
    it likes, unless it is ended; one that begins after it sees nothing.

    Raises:
        Refused: we may not.
        ValueError: not a name of ours.
    """
    if _LOGIN.fullmatch(login) is None:
        raise ValueError("not a login's name")
    if not await tx.scalar(_KNOWN, {"login": login}):
        return False
    statements = tuple(ends_of(login))
    if not await tx.scalar(_MAY_END, {"login": login}):
        raise Refused(statements)
    if not await tx.scalar(_HAS, {"login": login}):
        await _run(tx, f"GRANT {login} TO {await tx.scalar(_ME)}")
    for statement in statements:
        await _run(tx, statement)
    return True


async def of_tenant(tx: AsyncSession, tenant: UUID) -> list[Granted]:
    """The tenant's logins, by name."""
    await _as_owner(tx, tenant)
    statement = select(*(col(getattr(BiLogin, name)) for name in Granted._fields)).where(
        col(BiLogin.tenant_id) == tenant
    )
    found = (await tx.execute(statement.order_by(col(BiLogin.login)))).all()
    await tx.execute(_AS_LOGIN)
    return [Granted(*row) for row in found]


async def in_database(tx: AsyncSession, tenant: UUID | None = None) -> list[str]:
    """Logins that there are, of one tenant or of all: also those that are nobody's any more."""
    pattern = _LOGIN.pattern if tenant is None else f"{name_of(tenant)}(_[a-z0-9]{{1,30}})?"
    return list(await tx.scalars(_MEMBERS, {"group": GROUP, "pattern": f"^{pattern}$"}))


async def _run(tx: AsyncSession, statement: str) -> None:
    """As it is: a colon in it is no parameter."""
    await (await tx.connection()).exec_driver_sql(statement)


async def _as_owner(tx: AsyncSession, tenant: UUID) -> None:
    await tx.execute(_AS_OWNER)
    await tx.execute(SET_TENANT, {"tenant": str(tenant)})
