"""Privacy: fingerprints and a chain for the audit log, erasures of persons, who read what.

A line of a roster may outlive its person: whoever is erased after a wave leaves a line under a random id, which names
nobody and which nothing refers to. Lines are checked by their MACs, not by a foreign key. Expanding only.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import across_tenants, made, without_jobs

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "audit_link": """
        CREATE TABLE audit_link (
            tenant_id uuid NOT NULL,
            number bigint NOT NULL,
            entry_id uuid NOT NULL,
            mac bytea NOT NULL,
            CONSTRAINT pk_audit_link PRIMARY KEY (tenant_id, number),
            CONSTRAINT uq_audit_link__tenant_id_entry_id UNIQUE (tenant_id, entry_id),
            CONSTRAINT fk_audit_link__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
            CONSTRAINT ck_audit_link__number CHECK (number >= 1)
        )
    """,
    "read_access": """
        CREATE TABLE read_access (
            tenant_id uuid NOT NULL,
            day date NOT NULL,
            reader text NOT NULL,
            operation text NOT NULL,
            subject text NOT NULL,
            reads bigint NOT NULL,
            CONSTRAINT pk_read_access PRIMARY KEY (tenant_id, day, reader, operation, subject),
            CONSTRAINT fk_read_access__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
            CONSTRAINT ck_read_access__reads CHECK (reads > 0)
        )
    """,
    "erasure": """
        CREATE TABLE erasure (
            tenant_id uuid NOT NULL,
            erasure_id uuid NOT NULL,
            subject text NOT NULL,
            person_id uuid,
            asked_at timestamptz NOT NULL,
            done_at timestamptz,
            rows jsonb,
            CONSTRAINT pk_erasure PRIMARY KEY (tenant_id, erasure_id),
            CONSTRAINT uq_erasure__tenant_id_person_id UNIQUE (tenant_id, person_id),
            CONSTRAINT fk_erasure__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
            CONSTRAINT ck_erasure__done_names_nobody CHECK ((done_at IS NULL) = (person_id IS NOT NULL))
        )
    """,
}
GRANTS = {
    "audit_link": {"app": "SELECT", "work": "SELECT, INSERT, DELETE"},
    "read_access": {"app": "SELECT, INSERT, UPDATE (reads)", "work": "SELECT, DELETE"},
    "erasure": {"app": "SELECT, INSERT", "work": "SELECT, INSERT, UPDATE (person_id, done_at, rows), DELETE"},
}
# What the worker needs to erase a person, to chain the audit log and to end what was kept long enough.
WORKS = {
    "audit_entry": "SELECT, DELETE",
    "people_import_line": "SELECT, UPDATE (before)",
    "people_import_part": "SELECT, UPDATE (person_ids)",
    "person": "DELETE",
    "reorganisation": "DELETE",
    "scim_user": "SELECT (tenant_id, person_id)",
    "roster_line": "UPDATE (person_id, language, salt, name)",
}
PERSON_OF_A_LINE = "fk_roster_line__tenant_id_person_id__person"
JOBS = ("audit_chain", "retention")
FIRST = """
    INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
    SELECT tenant_id, gen_random_uuid(), '{kind}', tenant_id, now(), 0 FROM tenant ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    for statement in made(TABLES, GRANTS):
        op.execute(statement)
    op.execute("ALTER TABLE audit_entry ADD COLUMN before text")
    op.execute("ALTER TABLE audit_entry ADD COLUMN after text")
    op.execute(f"ALTER TABLE roster_line DROP CONSTRAINT {PERSON_OF_A_LINE}")
    for table, privileges in WORKS.items():
        op.execute(f"GRANT {privileges} ON {table} TO pouls_work")
    # Tenants of before have no such jobs yet; those to come are given them when they are made.
    for statement in across_tenants(["tenant", "job"], *(FIRST.format(kind=kind) for kind in JOBS)):
        op.execute(statement)


def downgrade() -> None:
    for statement in without_jobs(*JOBS, "forget_history", "erase_person"):
        op.execute(statement)
    for table, privileges in WORKS.items():
        op.execute(f"REVOKE {privileges} ON {table} FROM pouls_work")
    # Not checked of what is there: lines of people who were erased refer to nobody any more.
    op.execute(
        f"ALTER TABLE roster_line ADD CONSTRAINT {PERSON_OF_A_LINE} "
        "FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, person_id) NOT VALID"
    )
    op.execute("ALTER TABLE audit_entry DROP COLUMN after")
    op.execute("ALTER TABLE audit_entry DROP COLUMN before")
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
