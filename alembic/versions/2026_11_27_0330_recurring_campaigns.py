"""Campaigns with several waves: terms, schedule, a contract for each wave, times that were skipped, a tenant's rules.

Expanding only: what ran before goes on launching campaigns of one wave, whose contract stands with the campaign.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "skipped_wave": """
        CREATE TABLE skipped_wave (
            tenant_id uuid NOT NULL,
            campaign_id uuid NOT NULL,
            opens_at timestamptz NOT NULL,
            reason text NOT NULL,
            CONSTRAINT pk_skipped_wave PRIMARY KEY (tenant_id, campaign_id, opens_at),
            CONSTRAINT fk_skipped_wave__tenant_id_campaign_id__campaign
                FOREIGN KEY(tenant_id, campaign_id) REFERENCES campaign (tenant_id, campaign_id)
        )
    """,
    "invited_day": """
        CREATE TABLE invited_day (
            tenant_id uuid NOT NULL,
            person_id uuid NOT NULL,
            day date NOT NULL,
            invitations integer NOT NULL,
            CONSTRAINT pk_invited_day PRIMARY KEY (tenant_id, person_id, day),
            CONSTRAINT fk_invited_day__tenant_id_person_id__person
                FOREIGN KEY(tenant_id, person_id) REFERENCES person (tenant_id, person_id) ON DELETE CASCADE
        )
    """,
    "short_code": """
        CREATE TABLE short_code (
            tenant_id uuid NOT NULL,
            wave_id uuid NOT NULL,
            digest bytea NOT NULL,
            serial bigint NOT NULL,
            CONSTRAINT pk_short_code PRIMARY KEY (tenant_id, wave_id, digest),
            CONSTRAINT uq_short_code__tenant_id_wave_id_serial UNIQUE (tenant_id, wave_id, serial),
            CONSTRAINT fk_short_code__tenant_id_wave_id__wave
                FOREIGN KEY(tenant_id, wave_id) REFERENCES wave (tenant_id, wave_id)
        )
    """,
    "participation_snapshot": """
        CREATE TABLE participation_snapshot (
            tenant_id uuid NOT NULL,
            wave_id uuid NOT NULL,
            taken_on date NOT NULL,
            answered bytea NOT NULL,
            answered_count integer NOT NULL,
            CONSTRAINT pk_participation_snapshot PRIMARY KEY (tenant_id, wave_id),
            CONSTRAINT fk_participation_snapshot__tenant_id_wave_id__wave
                FOREIGN KEY(tenant_id, wave_id) REFERENCES wave (tenant_id, wave_id)
        )
    """,
    "wave_destruction": """
        CREATE TABLE wave_destruction (
            tenant_id uuid NOT NULL,
            wave_id uuid NOT NULL,
            signed jsonb NOT NULL,
            CONSTRAINT pk_wave_destruction PRIMARY KEY (tenant_id, wave_id),
            CONSTRAINT fk_wave_destruction__tenant_id_wave_id__wave
                FOREIGN KEY(tenant_id, wave_id) REFERENCES wave (tenant_id, wave_id)
        )
    """,
    "campaign_rules": """
        CREATE TABLE campaign_rules (
            tenant_id uuid NOT NULL,
            rules jsonb NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT pk_campaign_rules PRIMARY KEY (tenant_id),
            CONSTRAINT fk_campaign_rules__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
}
COUNTS = "SELECT, INSERT, UPDATE (invitations)"
GRANTS = {
    "skipped_wave": {"app": "SELECT", "work": "SELECT, INSERT"},
    "invited_day": {"app": COUNTS, "work": f"{COUNTS}, DELETE"},
    "short_code": {"app": "SELECT, INSERT", "work": "SELECT, DELETE"},
    "participation_snapshot": {
        "app": "SELECT, INSERT, UPDATE (taken_on, answered, answered_count)",
        "work": "SELECT, DELETE",
    },
    "wave_destruction": {"app": "SELECT", "work": "SELECT, INSERT"},
    "campaign_rules": {"app": "SELECT, INSERT, UPDATE (rules, updated_at)", "work": "SELECT"},
}
CONTRACT = "contract, contract_digest, contract_mac"
# What the worker needs to open a wave by itself: to read the organisation, and to write down who is invited.
OPENS = {
    "person": "SELECT",
    "org_unit": "SELECT",
    "dimension": "SELECT",
    "wave": f"INSERT, UPDATE (opens_at, invited, roster_digest, public_key, {CONTRACT})",
    "wave_unit": "INSERT",
    "wave_class": "INSERT",
    "roster_line": "INSERT",
}


def upgrade() -> None:
    for name, create in TABLES.items():
        op.execute(create)
        for statement in (*isolate(name), *grant(name, **GRANTS[name])):
            op.execute(statement)
    op.execute("ALTER TABLE campaign ADD COLUMN terms jsonb NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE campaign ADD COLUMN schedule jsonb")
    op.execute("ALTER TABLE campaign ADD COLUMN proposed_by text")
    op.execute("ALTER TABLE wave ADD COLUMN contract jsonb")
    op.execute("ALTER TABLE wave ADD COLUMN contract_digest text")
    op.execute("ALTER TABLE wave ADD COLUMN contract_mac bytea")
    op.execute("ALTER TABLE wave ADD COLUMN handed_out boolean NOT NULL DEFAULT false")
    op.execute("GRANT UPDATE (handed_out) ON wave TO pouls_app")
    op.execute("ALTER TABLE person ADD COLUMN hired_on date")
    op.execute("ALTER TABLE roster_line ADD COLUMN mac bytea")
    op.execute("GRANT UPDATE (mac) ON roster_line TO pouls_app, pouls_work")
    op.execute("GRANT UPDATE (schedule, proposed_by) ON campaign TO pouls_app")
    op.execute(f"GRANT UPDATE ({CONTRACT}) ON wave TO pouls_app")
    for table, privileges in OPENS.items():
        op.execute(f"GRANT {privileges} ON {table} TO pouls_work")


def downgrade() -> None:
    # Nor launches that wait for somebody, and waves that nobody is invited to yet. Row security hides both.
    for table in ("campaign", "wave"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE campaign SET state = 'draft' WHERE state = 'proposed'")
    op.execute("UPDATE wave SET state = 'cancelled' WHERE state = 'planned'")
    for table in ("campaign", "wave"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    # What ran before knows no contract of a wave: it opens, releases and answers none of those that have one.
    for table, privileges in OPENS.items():
        op.execute(f"REVOKE {privileges} ON {table} FROM pouls_work")
    op.execute(f"REVOKE UPDATE ({CONTRACT}) ON wave FROM pouls_app")
    op.execute("REVOKE UPDATE (schedule, proposed_by) ON campaign FROM pouls_app")
    op.execute("ALTER TABLE person DROP COLUMN hired_on")
    op.execute("REVOKE UPDATE (mac) ON roster_line FROM pouls_app, pouls_work")
    op.execute("ALTER TABLE roster_line DROP COLUMN mac")
    for column in ("contract", "contract_digest", "contract_mac", "handed_out"):
        op.execute(f"ALTER TABLE wave DROP COLUMN {column}")
    for column in ("terms", "schedule", "proposed_by"):
        op.execute(f"ALTER TABLE campaign DROP COLUMN {column}")
    for name in TABLES:
        op.execute(f"DROP TABLE {name}")
