"""Replies kept for a day under an Idempotency-Key.

Expanding only: what ran before keeps no replies. Nothing is stored of access tokens: their keys lie in the key folder.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate, without_jobs

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

CREATE = """
    CREATE TABLE idempotent_reply (
        tenant_id uuid NOT NULL,
        key_id uuid NOT NULL,
        key_mac bytea NOT NULL,
        request_mac bytea NOT NULL,
        reply bytea,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_idempotent_reply PRIMARY KEY (tenant_id, key_id, key_mac),
        CONSTRAINT fk_idempotent_reply__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
    )
"""
# One whose day is over, but that the worker has not removed yet, gives way to the next under the same key.
APP = "SELECT, INSERT, UPDATE (request_mac, reply, created_at)"


def upgrade() -> None:
    op.execute(CREATE)
    for statement in (
        *isolate("idempotent_reply"),
        *grant("idempotent_reply", app=APP, work="SELECT (tenant_id, created_at), DELETE"),
    ):
        op.execute(statement)


def downgrade() -> None:
    for statement in without_jobs("prune_replies"):
        op.execute(statement)
    op.execute("DROP TABLE idempotent_reply")
