"""Breakdowns: values of dimensions in a wave's classes and in the places of a release.

Expanding only: what ran before goes on writing both tables without the new columns, as rows without dimensions.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

OLD_KEY = "uq_release_unit__tenant_id_release_id_source_unit"
NEW_KEY = "uq_release_unit__tenant_id_release_id_source_unit_dimensions"


def upgrade() -> None:
    op.execute("ALTER TABLE wave_class ADD COLUMN dimensions jsonb NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE release_unit ADD COLUMN dimensions jsonb NOT NULL DEFAULT '{}'")
    op.execute(f"ALTER TABLE release_unit DROP CONSTRAINT {OLD_KEY}")
    op.execute(
        f"ALTER TABLE release_unit ADD CONSTRAINT {NEW_KEY} UNIQUE (tenant_id, release_id, source, unit, dimensions)"
    )


def downgrade() -> None:
    # What only the new tables can say goes: cells of breakdowns. Row security hides them from the owner, too.
    for table in ("release_unit", "release_cell"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        DELETE FROM release_cell c USING release_unit u
        WHERE u.tenant_id = c.tenant_id AND u.release_id = c.release_id AND u.node = c.node AND u.dimensions <> '{}'
    """)
    op.execute("DELETE FROM release_unit WHERE dimensions <> '{}'")
    for table in ("release_unit", "release_cell"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE release_unit DROP CONSTRAINT {NEW_KEY}")
    op.execute(f"ALTER TABLE release_unit ADD CONSTRAINT {OLD_KEY} UNIQUE (tenant_id, release_id, source, unit)")
    op.execute("ALTER TABLE release_unit DROP COLUMN dimensions")
    # A wave whose classes had values keeps them, unit by unit; its release is refused, as its contract says otherwise.
    op.execute("ALTER TABLE wave_class DROP COLUMN dimensions")
