"""A database that somebody else runs, as commands meet it: what is wrong with it is one line that says what to do.

The sentences go by SQLSTATE. The driver's own texts may name login, host and database, and the URL holds a password.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from service.kit.db import Database, driver_url
from service.kit.mendable import Mendable
from service.kit.migrate import head, revision_of
from service.settings import Settings

_URL = "POULS_DATABASE_URL can not be read; it is written postgresql://login:password@host:5432/database"
_AWAY = "the database can not be reached: check the host and the port in POULS_DATABASE_URL"
_MIGRATE = "run `pouls db migrate`"
_SENTENCES = {
    "28": "the database refuses this login: check the name and the password in POULS_DATABASE_URL",
    "3D000": "the server has no database of that name: check POULS_DATABASE_URL, or create the database",
    "22023": f"the database is not prepared for Pouls: {_MIGRATE}",  # no role of ours to act under
    "42501": "this database login may not act under the role that it needs: see `pouls db roles`, and grant the role",
    "53300": "the database has no connection left",
    "55P03": "somebody holds a table that the migration needs: run it again",
}


class DatabaseUnfit(Mendable):
    """The database can not be used as it is; the text says what to do about it."""


def check_url(settings: Settings) -> None:
    """Raises DatabaseUnfit for a URL that names no PostgreSQL."""
    if settings.database.url is None:
        return
    try:
        parsed = make_url(driver_url(settings.database.url.get_secret_value()))
    except (ArgumentError, ValueError):
        raise DatabaseUnfit(_URL) from None
    if any(name.startswith("ssl") and name != "sslmode" for name in parsed.query):
        raise DatabaseUnfit("POULS_DATABASE_URL takes sslmode alone: set PGSSLROOTCERT and the like instead")


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raises DatabaseUnfit for whatever the database, or the way to it, refuses inside."""
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseUnfit(_sentence(error)) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, asyncpg.ClientConfigurationError):
        return _URL
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    if state is None:
        return _AWAY
    known = (sentence for start, sentence in _SENTENCES.items() if state.startswith(start))
    return next(known, f"the database refuses (SQLSTATE {state})")


async def require_schema(settings: Settings, role: str) -> None:
    """Raises DatabaseUnfit where the schema is missing, or is not the one that this code knows.

    The embedded database is brought there by whoever starts it.
    """
    if settings.database.url is None:
        return
    database = Database(settings.database.url.get_secret_value(), role, settings.database)
    try:
        with told_plainly():
            async with database.engine.connect() as connection:
                found = await connection.run_sync(revision_of)
    finally:
        await database.close()
    if found is None:
        raise DatabaseUnfit(f"the database is not prepared for Pouls: {_MIGRATE}")
    if found != head():
        raise DatabaseUnfit(f"the schema is at revision {found} and this Pouls needs {head()}: {_MIGRATE}")
