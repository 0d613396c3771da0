"""What a migration does to a large table while others read it and write to it: they wait for none of it.

Each statement is a transaction of its own. So a revision that does such things does nothing else. An attempt that broke
off has left whole indexes, which the next one keeps, and at most one half, which it builds anew: it goes on, however
long all of them take together.
"""

from collections.abc import Iterable, Mapping

from alembic import op
from sqlalchemy import text

from service.kit import migrate

# For transactions that began before: nobody stands behind a migration that waits for those. A release takes minutes. By
# the chart's default a migration may take several times that.
PATIENCE = "30min"

_WHOLE = text("SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(:name) AND indisvalid)")


def build(indexes: Mapping[str, str]) -> None:
    """Build indexes, by name: what each is on. One that is there already stays if it is whole, else it is made anew."""
    _beside_others(
        statement
        for name, on in indexes.items()
        if not _is_whole(name)
        for statement in (f"DROP INDEX CONCURRENTLY IF EXISTS {name}", f"CREATE INDEX CONCURRENTLY {name} ON {on}")
    )


def drop(indexes: Mapping[str, str]) -> None:
    """Drop them; those that are gone already are none."""
    _beside_others(f"DROP INDEX CONCURRENTLY IF EXISTS {name}" for name in indexes)


def validate(table: str, constraint: str) -> None:
    """Check what was there before a constraint was added NOT VALID."""
    _beside_others([f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"])


def _is_whole(name: str) -> bool:
    return bool(op.get_bind().scalar(_WHOLE, {"name": name}))


def _beside_others(statements: Iterable[str]) -> None:
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{PATIENCE}'")
        for statement in statements:
            op.execute(statement)
        op.execute(f"SET lock_timeout = '{migrate.LOCK_TIMEOUT}'")
