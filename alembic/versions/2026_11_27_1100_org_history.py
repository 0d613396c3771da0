"""The organisation's history: since when units and people have been where they are; managers, projects, lineage.

Expanding only: what ran before writes no history and no revision; the next change of a row begins its history. People
are a large table: the key of their managers holds for what is written from now on, and is indexed, and checked of what
is there, by a later revision, which keeps nobody waiting.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import across_tenants, made, without_jobs

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "org_unit_version": """
        CREATE TABLE org_unit_version (
            tenant_id uuid NOT NULL,
            unit_id uuid NOT NULL,
            valid_from date NOT NULL,
            name text NOT NULL,
            parent_id uuid,
            manager text,
            is_active boolean NOT NULL,
            CONSTRAINT pk_org_unit_version PRIMARY KEY (tenant_id, unit_id, valid_from),
            CONSTRAINT fk_org_unit_version__tenant_id_unit_id__org_unit
                FOREIGN KEY(tenant_id, unit_id) REFERENCES org_unit (tenant_id, unit_id) ON DELETE CASCADE
        )
    """,
    "person_version": """
        CREATE TABLE person_version (
            tenant_id uuid NOT NULL,
            person_id uuid NOT NULL,
            valid_from date NOT NULL,
            unit_id uuid,
            manager_id uuid,
            is_active boolean NOT NULL,
            CONSTRAINT pk_person_version PRIMARY KEY (tenant_id, person_id, valid_from),
            CONSTRAINT fk_person_version__tenant_id_person_id__person
                FOREIGN KEY(tenant_id, person_id) REFERENCES person (tenant_id, person_id) ON DELETE CASCADE
        )
    """,
    "project_member": """
        CREATE TABLE project_member (
            tenant_id uuid NOT NULL,
            person_id uuid NOT NULL,
            unit_id uuid NOT NULL,
            CONSTRAINT pk_project_member PRIMARY KEY (tenant_id, person_id, unit_id),
            CONSTRAINT fk_project_member__tenant_id_person_id__person
                FOREIGN KEY(tenant_id, person_id) REFERENCES person (tenant_id, person_id) ON DELETE CASCADE,
            CONSTRAINT fk_project_member__tenant_id_unit_id__org_unit
                FOREIGN KEY(tenant_id, unit_id) REFERENCES org_unit (tenant_id, unit_id) ON DELETE CASCADE
        )
    """,
    "unit_lineage": """
        CREATE TABLE unit_lineage (
            tenant_id uuid NOT NULL,
            from_unit_id uuid NOT NULL,
            to_unit_id uuid NOT NULL,
            on_day date NOT NULL,
            kind text NOT NULL,
            CONSTRAINT pk_unit_lineage PRIMARY KEY (tenant_id, from_unit_id, to_unit_id, on_day),
            CONSTRAINT ck_unit_lineage__kind CHECK (kind IN ('merge', 'split')),
            CONSTRAINT fk_unit_lineage__tenant_id_from_unit_id__org_unit
                FOREIGN KEY(tenant_id, from_unit_id) REFERENCES org_unit (tenant_id, unit_id) ON DELETE CASCADE,
            CONSTRAINT fk_unit_lineage__tenant_id_to_unit_id__org_unit
                FOREIGN KEY(tenant_id, to_unit_id) REFERENCES org_unit (tenant_id, unit_id) ON DELETE CASCADE
        )
    """,
    "reorganisation": """
        CREATE TABLE reorganisation (
            tenant_id uuid NOT NULL,
            reorganisation_id uuid NOT NULL,
            on_day date NOT NULL,
            state text NOT NULL,
            wanted jsonb NOT NULL,
            effect jsonb,
            faults jsonb,
            actor text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_reorganisation PRIMARY KEY (tenant_id, reorganisation_id),
            CONSTRAINT ck_reorganisation__state CHECK (state IN ('planned', 'done', 'refused', 'cancelled')),
            CONSTRAINT fk_reorganisation__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
}
# What each process may do; a reorganisation that was planned is carried out by the worker.
ALIKE = {
    "org_unit_version": "SELECT, INSERT, UPDATE, DELETE",
    "person_version": "SELECT, INSERT, UPDATE, DELETE",
    "project_member": "SELECT, INSERT, DELETE",
    "unit_lineage": "SELECT, INSERT",
    "reorganisation": "SELECT, INSERT, UPDATE",
}
GRANTS = {table: {"app": privileges, "work": privileges} for table, privileges in ALIKE.items()}
ADDED = (
    "created_at timestamptz NOT NULL DEFAULT now()",
    "updated_at timestamptz NOT NULL DEFAULT now()",
    "revision bigint NOT NULL DEFAULT 1",
    "deleted_at timestamptz",
)
PARENT = "fk_org_unit__tenant_id_parent_id__org_unit"
MANAGER = "fk_person__tenant_id_manager_id__person"


def upgrade() -> None:
    for table in ("org_unit", "person"):
        for column in ADDED:
            op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    op.execute("ALTER TABLE org_unit ADD COLUMN hierarchy text NOT NULL DEFAULT 'line'")
    op.execute("ALTER TABLE org_unit ADD COLUMN manager text")
    op.execute("ALTER TABLE org_unit ADD CONSTRAINT ck_org_unit__hierarchy CHECK (hierarchy IN ('line', 'project'))")
    op.execute(f"ALTER TABLE org_unit ALTER CONSTRAINT {PARENT} DEFERRABLE INITIALLY DEFERRED")
    op.execute("ALTER TABLE person ALTER COLUMN unit_id DROP NOT NULL")
    op.execute("ALTER TABLE person ADD COLUMN manager_id uuid")
    op.execute(
        f"ALTER TABLE person ADD CONSTRAINT {MANAGER} FOREIGN KEY (tenant_id, manager_id)"
        " REFERENCES person (tenant_id, person_id) ON DELETE SET NULL (manager_id) DEFERRABLE INITIALLY DEFERRED"
        " NOT VALID"
    )
    for statement in made(TABLES, GRANTS):
        op.execute(statement)
    op.execute("CREATE INDEX ix_project_member__tenant_id_unit_id ON project_member (tenant_id, unit_id)")
    op.execute("GRANT INSERT, UPDATE ON org_unit TO pouls_work")
    op.execute("GRANT UPDATE ON person TO pouls_work")


def downgrade() -> None:
    op.execute("REVOKE UPDATE ON person FROM pouls_work")
    op.execute("REVOKE INSERT, UPDATE ON org_unit FROM pouls_work")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE person DROP CONSTRAINT {MANAGER}")
    op.execute("ALTER TABLE person DROP COLUMN manager_id")
    placed = (
        # What ran before knows nobody without a unit: they are kept, inactive, since rosters may name them.
        """
        UPDATE person p SET is_active = false, unit_id = (
            SELECT u.unit_id FROM org_unit u WHERE u.tenant_id = p.tenant_id ORDER BY u.unit_id LIMIT 1)
        WHERE p.unit_id IS NULL
        """,
        "DELETE FROM person WHERE unit_id IS NULL",  # a tenant without units has no rosters either
        # Nor anything but one tree: what was a project is there no more, as far as results are concerned.
        "UPDATE org_unit SET is_active = false WHERE hierarchy = 'project'",
    )
    for statement in (*across_tenants(["person", "org_unit"], *placed), *without_jobs("reorganise")):
        op.execute(statement)
    op.execute("ALTER TABLE person ALTER COLUMN unit_id SET NOT NULL")
    op.execute(f"ALTER TABLE org_unit ALTER CONSTRAINT {PARENT} NOT DEFERRABLE")
    op.execute("ALTER TABLE org_unit DROP CONSTRAINT ck_org_unit__hierarchy")
    for column in ("manager", "hierarchy"):
        op.execute(f"ALTER TABLE org_unit DROP COLUMN {column}")
    for table in ("org_unit", "person"):
        for column in reversed(ADDED):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")
