"""SCIM: what a directory says of a person beside what the organisation keeps, and how a tenant reads its directory.

Expanding only. Tables of their own rather than columns of `person`: every import and every move rewrites a person's
row, and would carry the directory's document along; the narrow indexes of these rows find any page of a long list,
since one covers the other's column. Vacuumed early, so that walking along an index looks at no row. `user_name` and
`display_name` compare by code point, in the form that the service has folded, whatever the database's own order is.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import made

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "scim_user": """
        CREATE TABLE scim_user (
            tenant_id uuid NOT NULL,
            person_id uuid NOT NULL,
            user_name text COLLATE "C" NOT NULL,
            external_id text NOT NULL,
            directory jsonb NOT NULL,
            revision bigint NOT NULL DEFAULT 1,
            updated_at timestamptz NOT NULL,
            display_name text COLLATE "C" GENERATED ALWAYS AS (directory -> 'keys' ->> 'displayName') STORED,
            CONSTRAINT pk_scim_user PRIMARY KEY (tenant_id, person_id),
            CONSTRAINT uq_scim_user__tenant_id_user_name UNIQUE (tenant_id, user_name) INCLUDE (person_id),
            CONSTRAINT fk_scim_user__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
            CONSTRAINT fk_scim_user__tenant_id_person_id__person
                FOREIGN KEY(tenant_id, person_id) REFERENCES person (tenant_id, person_id) ON DELETE CASCADE
        ) WITH (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)
    """,
    "scim_mapping": """
        CREATE TABLE scim_mapping (
            tenant_id uuid NOT NULL,
            mapping jsonb NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_scim_mapping PRIMARY KEY (tenant_id),
            CONSTRAINT fk_scim_mapping__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
}
GRANTS = {
    "scim_user": {"app": "SELECT, INSERT, UPDATE (user_name, external_id, directory, revision, updated_at), DELETE"},
    "scim_mapping": {"app": "SELECT, INSERT, UPDATE (mapping, updated_at)"},
}


def upgrade() -> None:
    for statement in made(TABLES, GRANTS):
        op.execute(statement)
    op.execute("CREATE INDEX ix_scim_user__tenant_id_external_id ON scim_user (tenant_id, external_id)")
    op.execute(
        "CREATE INDEX ix_scim_user__tenant_id_display_name_person_id ON scim_user (tenant_id, display_name, person_id)"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
