"""What a migration does to a large table while others read it and write to it: they wait for none of it.

Each statement is a transaction of its own. So a revision that does such things does nothing else, and whatever an
attempt that broke off has left is begun anew by the next.
"""

from collections.abc import Iterable, Mapping

from alembic import op

from service.kit import migrate

# For transactions that began before: nobody stands behind a migration that waits for those. A release takes minutes.
PATIENCE = "30min"


def build(indexes: Mapping[str, str]) -> None:
    """Build indexes, by name: what each is on. One that is there already, whole or half, is built anew."""
    _beside_others(
        statement
        for name, on in indexes.items()
        for statement in (f"DROP INDEX CONCURRENTLY IF EXISTS {name}", f"CREATE INDEX CONCURRENTLY {name} ON {on}")
    )


def drop(indexes: Mapping[str, str]) -> None:
    """Drop them; those that are gone already are none."""
    _beside_others(f"DROP INDEX CONCURRENTLY IF EXISTS {name}" for name in indexes)


def validate(table: str, constraint: str) -> None:
    """Check what was there before a constraint was added NOT VALID."""
    _beside_others([f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}"])


def _beside_others(statements: Iterable[str]) -> None:
    with op.get_context().autocommit_block():
        op.execute(f"SET lock_timeout = '{PATIENCE}'")
        for statement in statements:
            op.execute(statement)
        op.execute(f"SET lock_timeout = '{migrate.LOCK_TIMEOUT}'")
