"""Interim results: batches belong to parts of a wave, and a release may be of one.

Expanding only: what ran before seals batches that belong to no part, and releases waves whole.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

WAVE_PART = """
CREATE TABLE wave_part (
    tenant_id uuid NOT NULL,
    part_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    number integer NOT NULL,
    response_count integer NOT NULL,
    marked_at timestamptz NOT NULL,
    CONSTRAINT pk_wave_part PRIMARY KEY (tenant_id, part_id),
    CONSTRAINT uq_wave_part__tenant_id_wave_id_number UNIQUE (tenant_id, wave_id, number),
    CONSTRAINT fk_wave_part__tenant_id_wave_id__wave
        FOREIGN KEY(tenant_id, wave_id) REFERENCES wave (tenant_id, wave_id)
)
"""
OLD_KEY = "uq_release__tenant_id_wave_id_recut_id"
NEW_KEY = "uq_release__tenant_id_wave_id_recut_id_part"
RELEASE_TABLES = (
    "release_cell", "release_certificate", "release_comment", "release_measure", "release_unit", "release",
)  # fmt: skip


def upgrade() -> None:
    op.execute(WAVE_PART)
    for statement in (*isolate("wave_part"), *grant("wave_part", app="SELECT", work="SELECT, INSERT, DELETE")):
        op.execute(statement)
    op.execute("ALTER TABLE sealed_batch ADD COLUMN part integer")
    op.execute("GRANT UPDATE (part) ON sealed_batch TO pouls_work")
    op.execute("ALTER TABLE release ADD COLUMN part integer")
    op.execute(f"ALTER TABLE release DROP CONSTRAINT {OLD_KEY}")
    op.execute(
        f"ALTER TABLE release ADD CONSTRAINT {NEW_KEY} UNIQUE NULLS NOT DISTINCT (tenant_id, wave_id, recut_id, part)"
    )


def downgrade() -> None:
    # What ran before knows one release of a wave beside its recuts: those of parts go. Row security hides them, too.
    for table in RELEASE_TABLES:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        DELETE FROM release_cell c USING release r
        WHERE r.tenant_id = c.tenant_id AND r.release_id = c.release_id AND r.part IS NOT NULL
    """)
    op.execute("DELETE FROM release WHERE part IS NOT NULL")
    for table in RELEASE_TABLES:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE release DROP CONSTRAINT {NEW_KEY}")
    op.execute(f"ALTER TABLE release ADD CONSTRAINT {OLD_KEY} UNIQUE NULLS NOT DISTINCT (tenant_id, wave_id, recut_id)")
    op.execute("ALTER TABLE release DROP COLUMN part")
    op.execute("REVOKE UPDATE (part) ON sealed_batch FROM pouls_work")
    op.execute("ALTER TABLE sealed_batch DROP COLUMN part")
    op.execute("DROP TABLE wave_part")
