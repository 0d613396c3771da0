"""The roles and our two schemas. Run once by a login that may create roles; refused in words where it may not."""

import asyncpg

from service.kit.mendable import Mendable
from service.kit.postgres import LOGINS, ROLES, Embedded, External, Postgres

SCHEMA = "pouls"
BI_SCHEMA = "bi"
_KNOWN = "SELECT rolname, rolcanlogin FROM pg_roles"
_OWNER = "SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = $1"


class RolesMissing(Mendable):
    """The database lacks our roles and this login may not create them."""


async def ensure_roles(postgres: Postgres) -> None:
    """Create what is missing of roles, database and schema; does nothing where all is there."""
    match postgres:
        case Embedded():
            await _ensure_database(postgres)
            await _ensure(postgres.admin_url(), postgres.credentials())
        case External():
            await _ensure(postgres.admin_url(), {})
        case _:
            raise TypeError("a Postgres is Embedded or External")


async def _ensure_database(postgres: Embedded) -> None:
    connection = await _connect(postgres.maintenance_url())
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = 'pouls'"):
            await connection.execute("CREATE DATABASE pouls")
            await connection.execute("REVOKE TEMPORARY ON DATABASE pouls FROM PUBLIC")
    finally:
        await connection.close()


async def _ensure(url: str, passwords: dict[str, str]) -> None:
    connection = await _connect(url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('pouls.roles'))")
            await _ensure_all(connection, passwords)
    except asyncpg.InsufficientPrivilegeError as error:
        raise RolesMissing(
            "this database login may not create the roles "
            + ", ".join(ROLES)
            + f" and the schemas {SCHEMA} and {BI_SCHEMA}; "
            "let an administrator run `pouls db roles` once, or grant CREATEROLE"
        ) from error
    finally:
        await connection.close()


async def _ensure_all(connection: asyncpg.Connection, passwords: dict[str, str]) -> None:
    quote = "SELECT format('%I', $1::text)"
    # From 16 on, membership no longer implies that the role may be taken.
    held = "SET" if connection.get_server_version().major >= 16 else "MEMBER"  # noqa: PLR2004 - a release number
    login = await connection.fetchval("SELECT session_user::text")
    database = await connection.fetchval(quote, await connection.fetchval("SELECT current_database()"))
    known = {row["rolname"]: row["rolcanlogin"] for row in await connection.fetch(_KNOWN)}
    for role in ROLES:
        if role not in known:
            await connection.execute(f"CREATE ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOLOGIN")
        if role in LOGINS and role in passwords:
            secret = await connection.fetchval("SELECT format('%L', $1::text)", passwords[role])
            await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD {secret}")
            continue
        if passwords and known.get(role):  # in a database of ours, from before it was a group
            await connection.execute(f"ALTER ROLE {role} NOLOGIN PASSWORD NULL")
        if role != login and not await connection.fetchval("SELECT pg_has_role(session_user, $1, $2)", role, held):
            await connection.execute(f"GRANT {role} TO {await connection.fetchval(quote, login)}")
    if not await connection.fetchval("SELECT to_regnamespace($1)", SCHEMA):
        await connection.execute(f"GRANT CREATE ON DATABASE {database} TO pouls_owner")
        await connection.execute(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION pouls_owner")
        await connection.execute(f"REVOKE CREATE ON DATABASE {database} FROM pouls_owner")
        await connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO pouls_app, pouls_work")
    owner = await connection.fetchval(_OWNER, BI_SCHEMA)
    if owner is None:
        # Whoever owns the tables is not who owns the views: migrations take either role, as this login may.
        await connection.execute(f"CREATE SCHEMA {BI_SCHEMA} AUTHORIZATION pouls_bi_views")
    elif owner != "pouls_bi_views":
        raise RolesMissing(f"the database has another schema {BI_SCHEMA}; give Pouls a database of its own")


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, timeout=10)
