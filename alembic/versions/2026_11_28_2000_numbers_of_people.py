"""What the views of `bi` say of numbers of people: a range of five from now on, at any size (decision 0003).

Releases that are out keep their rows, byte for byte, so an older one may have an exact number from 30 on. Words only: a
worker of before writes rows that are as true, if finer.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

VIEWS = ("scores", "distributions")
NOW = "Respondents, at least; a range of 5, coarser for what is asked of some people; in older releases exact from 30."
BEFORE = "Respondents, at least; a range of 5 under 30, exact from 30, coarser for what is asked of some people."


def _say(words: str) -> None:
    op.execute("SET LOCAL ROLE pouls_bi_views")
    for view in VIEWS:
        op.execute(f"COMMENT ON COLUMN bi.{view}.n_from IS '{words}'")
    op.execute("SET LOCAL ROLE pouls_owner")


def upgrade() -> None:
    _say(NOW)


def downgrade() -> None:
    _say(BEFORE)
