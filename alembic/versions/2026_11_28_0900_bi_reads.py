"""What readers of releases need: releases that are withdrawn, units by where they stand, keys limited to a unit.

`release.changed_at` is the database's own moment, at which the row was written or withdrawn: releases that were there
before count as changed now, and are told once more to whoever reads on. `release_unit.path` and `.last` follow from
`parent`: nodes are numbered parents first, a unit and everything below it one after the other. A worker of before,
still at work during an upgrade, leaves them empty; such a release has no levels, and a limited key sees nothing of it.

Expanding only.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import across_tenants

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_BY_CHANGE = "ix_release__tenant_id_changed_at"
_PATHS = """
    WITH RECURSIVE below AS (
        SELECT tenant_id, release_id, node, ARRAY[unit_name] AS path, ARRAY[node] AS nodes
        FROM release_unit WHERE parent IS NULL
        UNION ALL
        SELECT child.tenant_id, child.release_id, child.node, below.path || child.unit_name, below.nodes || child.node
        FROM release_unit AS child JOIN below
        ON (child.tenant_id, child.release_id, child.parent) = (below.tenant_id, below.release_id, below.node)),
    ends AS (
        SELECT tenant_id, release_id, above AS node, max(node) AS last
        FROM below CROSS JOIN unnest(below.nodes) AS above GROUP BY tenant_id, release_id, above)
    UPDATE release_unit AS place SET path = below.path, last = ends.last
    FROM below JOIN ends USING (tenant_id, release_id, node)
    WHERE (place.tenant_id, place.release_id, place.node) = (below.tenant_id, below.release_id, below.node)
"""
_UP = (
    """
    ALTER TABLE release
        ADD COLUMN withdrawn_at timestamptz,
        ADD COLUMN withdrawn_because text,
        ADD COLUMN replaced_by uuid,
        ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now()
    """,
    """
    ALTER TABLE release
        ALTER COLUMN changed_at SET DEFAULT clock_timestamp(),
        ADD CONSTRAINT ck_release__withdrawn_has_reason CHECK ((withdrawn_at IS NULL) = (withdrawn_because IS NULL)),
        ADD CONSTRAINT ck_release__replaced_is_withdrawn
            CHECK (replaced_by IS NULL OR withdrawn_at IS NOT NULL AND replaced_by <> release_id),
        ADD CONSTRAINT fk_release__tenant_id_replaced_by__release
            FOREIGN KEY (tenant_id, replaced_by) REFERENCES release (tenant_id, release_id)
    """,
    f"CREATE INDEX {_BY_CHANGE} ON release (tenant_id, changed_at)",
    "GRANT UPDATE (withdrawn_at, withdrawn_because, replaced_by, changed_at) ON release TO pouls_app",
    "ALTER TABLE release_unit ADD COLUMN last integer, ADD COLUMN path text[]",
    *across_tenants(["release_unit"], _PATHS),
    """
    ALTER TABLE api_key
        ADD COLUMN unit_source text,
        ADD COLUMN unit text,
        ADD CONSTRAINT ck_api_key__whole_unit CHECK ((unit_source IS NULL) = (unit IS NULL))
    """,
)
_DOWN = (
    "ALTER TABLE api_key DROP COLUMN unit, DROP COLUMN unit_source",
    "ALTER TABLE release_unit DROP COLUMN path, DROP COLUMN last",
    f"DROP INDEX {_BY_CHANGE}",
    """
    ALTER TABLE release
        DROP COLUMN changed_at,
        DROP COLUMN replaced_by,
        DROP COLUMN withdrawn_because,
        DROP COLUMN withdrawn_at
    """,
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    # A key that is limited must not come out unlimited: what ran before does not know of limits, and would sign none.
    for statement in (*across_tenants(["api_key"], "DELETE FROM api_key WHERE unit IS NOT NULL"), *_DOWN):
        op.execute(statement)
