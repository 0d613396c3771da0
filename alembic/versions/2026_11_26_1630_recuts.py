"""Recuts: other groups of a wave's people, asked for after its release, each with a release of its own.

Expanding only: what ran before goes on writing a wave's first release, which is of no recut.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

RECUT = """
CREATE TABLE recut (
    tenant_id uuid NOT NULL,
    recut_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    plan jsonb NOT NULL,
    mac bytea NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT pk_recut PRIMARY KEY (tenant_id, recut_id),
    CONSTRAINT fk_recut__tenant_id_wave_id__wave FOREIGN KEY(tenant_id, wave_id) REFERENCES wave (tenant_id, wave_id)
)
"""
OLD_KEY = "uq_release__tenant_id_wave_id"
NEW_KEY = "uq_release__tenant_id_wave_id_recut_id"
LINK = "fk_release__tenant_id_recut_id__recut"
RELEASE_TABLES = ("release_cell", "release_certificate", "release_measure", "release_unit", "release")


def upgrade() -> None:
    op.execute(RECUT)
    for statement in (*isolate("recut"), *grant("recut", app="SELECT, INSERT", work="SELECT")):
        op.execute(statement)
    op.execute("ALTER TABLE campaign ADD COLUMN recuts boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE release ADD COLUMN recut_id uuid")
    op.execute(f"ALTER TABLE release DROP CONSTRAINT {OLD_KEY}")
    op.execute(f"ALTER TABLE release ADD CONSTRAINT {NEW_KEY} UNIQUE NULLS NOT DISTINCT (tenant_id, wave_id, recut_id)")
    op.execute(
        f"ALTER TABLE release ADD CONSTRAINT {LINK} "
        "FOREIGN KEY(tenant_id, recut_id) REFERENCES recut (tenant_id, recut_id)"
    )


def downgrade() -> None:
    # What only the new tables can say goes: releases of recuts. Row security hides them from the owner, too.
    for table in RELEASE_TABLES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        DELETE FROM release_cell c USING release r
        WHERE r.tenant_id = c.tenant_id AND r.release_id = c.release_id AND r.recut_id IS NOT NULL
    """)
    op.execute("DELETE FROM release WHERE recut_id IS NOT NULL")
    for table in RELEASE_TABLES:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE release DROP CONSTRAINT {LINK}")
    op.execute(f"ALTER TABLE release DROP CONSTRAINT {NEW_KEY}")
    op.execute(f"ALTER TABLE release ADD CONSTRAINT {OLD_KEY} UNIQUE (tenant_id, wave_id)")
    op.execute("ALTER TABLE release DROP COLUMN recut_id")
    op.execute("ALTER TABLE campaign DROP COLUMN recuts")
    op.execute("DROP TABLE recut")
