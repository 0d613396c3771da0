"""What a cell tells beside its mean: bound of a score of 0 to 100, interval, agreement, eNPS.

Expanding only: what ran before writes cells without them.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

NUMBERS = ("se numeric", "low numeric", "high numeric", "rwg numeric", "enps numeric")
TEXTS = ("mean_bound text", "basis text", "enps_bound text")
OLD = (
    "n_from, n_to, mean, sd, favourable, favourable_bound, neutral, neutral_bound, unfavourable, unfavourable_bound, "
    "distribution"
)
NEW = f"{OLD}, mean_bound, se, low, high, basis, rwg, enps, enps_bound"
CHECK = "ck_release_cell__withheld_holds_no_number"


def _no_number(columns: str) -> None:
    op.execute(f"ALTER TABLE release_cell DROP CONSTRAINT {CHECK}")
    # Every row of before keeps it: they are checked at once all the same, so that the constraint is one to rely on.
    op.execute(
        f"ALTER TABLE release_cell ADD CONSTRAINT {CHECK} CHECK (status = 'published' OR num_nonnulls({columns}) = 0)"
    )


def upgrade() -> None:
    for column in (*NUMBERS, *TEXTS):
        op.execute(f"ALTER TABLE release_cell ADD COLUMN {column}")
    _no_number(NEW)


def downgrade() -> None:
    _no_number(OLD)
    for column in (*NUMBERS, *TEXTS):
        op.execute(f"ALTER TABLE release_cell DROP COLUMN {column.split()[0]}")
