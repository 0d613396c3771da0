"""API keys and rules are signed: whoever writes to the database alone can make neither.

Expanding only: what ran before takes no notice. Nobody can sign here what stands there already, since migrations have
no key: it is refused until it is made anew (`pouls tenants keys`, `PUT /v1/campaign-rules`).
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for table in ("api_key", "campaign_rules"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN mac bytea")
    op.execute("GRANT UPDATE (mac) ON campaign_rules TO pouls_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (mac) ON campaign_rules FROM pouls_app")
    for table in ("api_key", "campaign_rules"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN mac")
