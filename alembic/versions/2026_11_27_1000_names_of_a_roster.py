"""Names stand in the roster where comments are cleaned of them: whoever takes them out of `person` does not undo it.

And parts of a wave are numbered from one. Expanding only: what ran before writes no names, and none is missed.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.execute("ALTER TABLE roster_line ADD COLUMN name text")
    op.execute("ALTER TABLE wave_part ADD CONSTRAINT ck_wave_part__number CHECK (number >= 1)")


def downgrade() -> None:
    op.execute("ALTER TABLE wave_part DROP CONSTRAINT ck_wave_part__number")
    op.execute("ALTER TABLE roster_line DROP COLUMN name")
