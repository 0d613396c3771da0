"""Figures of other organisations that a tenant compares its own with. Expanding only."""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import made

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "benchmark": """
        CREATE TABLE benchmark (
            tenant_id uuid NOT NULL,
            benchmark text NOT NULL,
            title text NOT NULL,
            figures jsonb NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_benchmark PRIMARY KEY (tenant_id, benchmark),
            CONSTRAINT fk_benchmark__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
}
GRANTS = {"benchmark": {"app": "SELECT, INSERT, UPDATE (title, figures, updated_at), DELETE"}}


def upgrade() -> None:
    for statement in made(TABLES, GRANTS):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE benchmark")
