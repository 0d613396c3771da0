"""The schema's versions: up, down, and whether the code and the database agree."""

import asyncio
import importlib
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

import service
from service.kit.columns import metadata
from service.kit.db import async_url
from service.kit.mendable import Mendable

# A migration that can not have a table soon gives way to the requests in front of it; run it again.
LOCK_TIMEOUT = "5s"
# Asked for again and again, by whoever has no transaction open meanwhile: to wait inside of one would be to wait for an
# index that is being built, and that waits for every transaction.
ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtext('pouls.migrations'))"
ASK_AGAIN_S = 0.1


def every_table() -> MetaData:
    """The metadata of all domains: each `*tables` module of the service is imported, and nothing else of them."""
    package = Path(service.__file__).parent
    for file in sorted(package.rglob("*tables.py")):
        if file.is_relative_to(package / "_alembic"):  # in the wheel: migrations, of which one may be called so
            continue
        importlib.import_module(".".join(["service", *file.relative_to(package).with_suffix("").parts]))
    return metadata


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration: the scripts lie in the wheel, or beside the package in a checkout."""
    package = Path(service.__file__).parent
    folders = (package / "_alembic", package.parent / "alembic")
    found = Config()
    found.set_main_option("script_location", str(next(folder for folder in folders if folder.is_dir())))
    found.attributes["connection"] = connection
    return found


def head() -> str:
    """The revision that this code expects."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise RuntimeError("there is no migration")
    return revision


def revision_of(connection: Connection) -> str | None:
    """The revision that the database is at."""
    return MigrationContext.configure(connection, opts={"version_table_schema": "pouls"}).get_current_revision()


class RevisionUnknown(Mendable):
    """The database is at, or was asked to go to, a revision that this code does not have."""


async def migrate(url: str, to: str = "head") -> None:
    """Bring the schema to a revision, as its owner; two at once wait for one another.

    The login may take all our roles, since the views for BI servers are made under another one.
    """
    engine = create_async_engine(
        async_url(url),
        connect_args={"server_settings": {"role": "pouls_owner", "search_path": "pouls"}},
    )
    try:
        async with engine.connect() as connection:
            while not await connection.scalar(text(ONE_AT_A_TIME)):
                await connection.rollback()
                await asyncio.sleep(ASK_AGAIN_S)
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            await connection.run_sync(_run, to)
    finally:
        await engine.dispose()


def _run(connection: Connection, to: str) -> None:
    here = config(connection)
    current = revision_of(connection)
    connection.rollback()
    script = ScriptDirectory.from_config(here)
    revisions = [step.revision for step in script.walk_revisions()]  # newest first
    target = head() if to == "head" else to
    if not {current, target} <= {None, "base", *revisions}:
        raise RevisionUnknown("this Pouls does not know the revision that the database is at, or should go to")
    goes_down = current is not None and (target == "base" or revisions.index(target) > revisions.index(current))
    (command.downgrade if goes_down else command.upgrade)(here, to)
