"""Certificates: what the auditor proved of a release, signed.

Expanding only: what ran before goes on writing releases, without one.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

RELEASE_CERTIFICATE = """
CREATE TABLE release_certificate (
    tenant_id uuid NOT NULL,
    release_id uuid NOT NULL,
    signed jsonb NOT NULL,
    CONSTRAINT pk_release_certificate PRIMARY KEY (tenant_id, release_id),
    CONSTRAINT fk_release_certificate__tenant_id_release_id__release
        FOREIGN KEY(tenant_id, release_id)
        REFERENCES release (tenant_id, release_id) ON DELETE CASCADE
)
"""


def upgrade() -> None:
    op.execute(RELEASE_CERTIFICATE)
    for statement in isolate("release_certificate"):
        op.execute(statement)
    for statement in grant("release_certificate", app="SELECT", work="SELECT, INSERT"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE release_certificate")
