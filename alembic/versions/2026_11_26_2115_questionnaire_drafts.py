"""Drafts of questionnaires, kept until they are published or deleted.

Expanding only: what ran before knows nothing of them. Going down deletes them.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

QUESTIONNAIRE_DRAFT = """
CREATE TABLE questionnaire_draft (
    tenant_id uuid NOT NULL,
    draft_id uuid NOT NULL,
    key text,
    document json NOT NULL,
    revision integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT pk_questionnaire_draft PRIMARY KEY (tenant_id, draft_id),
    CONSTRAINT fk_questionnaire_draft__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
)
"""


def upgrade() -> None:
    op.execute(QUESTIONNAIRE_DRAFT)
    for statement in (
        *isolate("questionnaire_draft"),
        *grant("questionnaire_draft", app="SELECT, INSERT, UPDATE (key, document, revision, updated_at), DELETE"),
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE questionnaire_draft")
