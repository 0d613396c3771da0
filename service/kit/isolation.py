"""Tenants are kept apart by PostgreSQL itself: row security, forced even on the tables' owner.

Without a tenant named in the transaction the setting is empty, `nullif` makes it NULL, and no row matches.
"""

from collections.abc import Iterator

CURRENT_TENANT = "nullif(current_setting('pouls.tenant', true), '')::uuid"


def isolate(table: str) -> Iterator[str]:
    """The statements that make `table` (with a column tenant_id) visible to its tenant alone."""
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
    rule = f"tenant_id = {CURRENT_TENANT}"
    yield f"CREATE POLICY tenant ON {table} USING ({rule}) WITH CHECK ({rule})"


def grant(table: str, *, app: str = "", work: str = "") -> Iterator[str]:
    """Privileges by role; nothing is granted that a role does not use."""
    for role, privileges in (("pouls_app", app), ("pouls_work", work)):
        if privileges:
            yield f"GRANT {privileges} ON {table} TO {role}"
