"""Imports of people from files: what each did, how to take it back, and how a source's files are read.

`manager_before` stands beside the document that says it, since no index on an expression of that document is ever used:
row security comes first, and PostgreSQL does not know that `->>` tells nothing of rows that it must not show.

Expanding only: what ran before knows no imports.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import made, without_jobs

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "people_import": """
        CREATE TABLE people_import (
            tenant_id uuid NOT NULL,
            import_id uuid NOT NULL,
            source text NOT NULL,
            mode text NOT NULL,
            state text NOT NULL,
            actor text NOT NULL,
            created_at timestamptz NOT NULL,
            undone_at timestamptz,
            facts jsonb NOT NULL,
            CONSTRAINT pk_people_import PRIMARY KEY (tenant_id, import_id),
            CONSTRAINT ck_people_import__mode CHECK (mode IN ('full', 'partial')),
            CONSTRAINT ck_people_import__state CHECK (state IN ('applied', 'previewed', 'refused', 'undone')),
            CONSTRAINT fk_people_import__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
    "people_import_part": """
        CREATE TABLE people_import_part (
            tenant_id uuid NOT NULL,
            import_id uuid NOT NULL,
            part integer NOT NULL,
            person_ids uuid[] NOT NULL,
            kinds text[] NOT NULL,
            lines integer[] NOT NULL,
            revisions bigint[] NOT NULL,
            CONSTRAINT pk_people_import_part PRIMARY KEY (tenant_id, import_id, part),
            CONSTRAINT fk_people_import_part__tenant_id_import_id__people_import
                FOREIGN KEY(tenant_id, import_id) REFERENCES people_import (tenant_id, import_id) ON DELETE CASCADE
        )
    """,
    "people_import_line": """
        CREATE TABLE people_import_line (
            tenant_id uuid NOT NULL,
            import_id uuid NOT NULL,
            person_id uuid NOT NULL,
            before jsonb NOT NULL,
            manager_before uuid GENERATED ALWAYS AS ((before ->> 'manager_id')::uuid) STORED,
            CONSTRAINT pk_people_import_line PRIMARY KEY (tenant_id, import_id, person_id),
            CONSTRAINT fk_people_import_line__tenant_id_import_id__people_import
                FOREIGN KEY(tenant_id, import_id) REFERENCES people_import (tenant_id, import_id) ON DELETE CASCADE,
            CONSTRAINT fk_people_import_line__tenant_id_person_id__person
                FOREIGN KEY(tenant_id, person_id) REFERENCES person (tenant_id, person_id) ON DELETE CASCADE
        )
    """,
    "people_import_unit": """
        CREATE TABLE people_import_unit (
            tenant_id uuid NOT NULL,
            import_id uuid NOT NULL,
            unit_id uuid NOT NULL,
            CONSTRAINT pk_people_import_unit PRIMARY KEY (tenant_id, import_id, unit_id),
            CONSTRAINT fk_people_import_unit__tenant_id_import_id__people_import
                FOREIGN KEY(tenant_id, import_id) REFERENCES people_import (tenant_id, import_id) ON DELETE CASCADE,
            CONSTRAINT fk_people_import_unit__tenant_id_unit_id__org_unit
                FOREIGN KEY(tenant_id, unit_id) REFERENCES org_unit (tenant_id, unit_id) ON DELETE CASCADE
        )
    """,
    "import_mapping": """
        CREATE TABLE import_mapping (
            tenant_id uuid NOT NULL,
            source text NOT NULL,
            mapping jsonb NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_import_mapping PRIMARY KEY (tenant_id, source),
            CONSTRAINT fk_import_mapping__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
}
GRANTS = {
    "people_import": {"app": "SELECT, INSERT, UPDATE (state, undone_at)", "work": "SELECT, DELETE"},
    "people_import_part": {"app": "SELECT, INSERT"},
    "people_import_line": {"app": "SELECT, INSERT"},
    "people_import_unit": {"app": "SELECT, INSERT"},
    "import_mapping": {"app": "SELECT, INSERT, UPDATE (mapping, updated_at)"},
}


def upgrade() -> None:
    for statement in made(TABLES, GRANTS):
        op.execute(statement)
    op.execute("CREATE INDEX ix_people_import__tenant_id_source ON people_import (tenant_id, source)")


def downgrade() -> None:
    for statement in without_jobs("prune_import"):
        op.execute(statement)
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
