"""Published comments, and the names that are taken out of them.

Expanding only: what ran before goes on writing releases without comments, and people without names.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

RELEASE_COMMENT = """
CREATE TABLE release_comment (
    tenant_id uuid NOT NULL,
    release_id uuid NOT NULL,
    comment_id uuid NOT NULL,
    item text NOT NULL,
    node integer NOT NULL,
    comment text,
    CONSTRAINT pk_release_comment PRIMARY KEY (tenant_id, release_id, comment_id),
    CONSTRAINT fk_release_comment__tenant_id_release_id__release
        FOREIGN KEY(tenant_id, release_id)
        REFERENCES release (tenant_id, release_id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    op.execute(RELEASE_COMMENT)
    op.execute(
        "CREATE INDEX ix_release_comment__tenant_id_release_id_node ON release_comment (tenant_id, release_id, node)"
    )
    for statement in isolate("release_comment"):
        op.execute(statement)
    for statement in grant("release_comment", app="SELECT", work="SELECT, INSERT"):
        op.execute(statement)
    op.execute("ALTER TABLE person ADD COLUMN name text")


def downgrade() -> None:
    # What ran before takes a release with comments for altered: its digest is over them.
    op.execute("ALTER TABLE person DROP COLUMN name")
    op.execute("DROP TABLE release_comment")
