"""Tenants are kept apart by PostgreSQL itself: row security, forced even on the tables' owner.

Without a tenant named in the transaction the setting is empty, `nullif` makes it NULL, and no row matches.
"""

from collections.abc import Iterator, Mapping, Sequence

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


def made(tables: Mapping[str, str], grants: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """The statements that make tables, by name, each visible to its tenant alone; `grants` as `grant` takes them."""
    for table, create in tables.items():
        yield create
        yield from isolate(table)
        yield from grant(table, **grants[table])


def across_tenants(tables: Sequence[str], *statements: str) -> Iterator[str]:
    """Statements about rows of all tenants, which forced row security hides from the tables' owner as well."""
    yield from (f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY" for table in tables)
    yield from statements
    yield from (f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY" for table in tables)


def without_jobs(*kinds: str) -> Iterator[str]:
    """The statements that take back work which what ran before does not know."""
    named = ", ".join(f"'{kind}'" for kind in kinds)
    yield from across_tenants(["job"], f"DELETE FROM job WHERE kind IN ({named})")  # noqa: S608 - names of ours
