"""The first floor: tenants, people, questionnaires, campaigns, sealed collection, releases."""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import grant, isolate

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Each table with what the API process (app) and the worker (work) may do with it; the rest is denied.
# The API process can neither read a sealed batch nor the stored half of a key that opens one.
JOB = """
CREATE TABLE job (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    last_problem text,
    CONSTRAINT pk_job PRIMARY KEY (tenant_id, job_id),
    CONSTRAINT uq_job__tenant_id_kind_subject_id UNIQUE (tenant_id, kind, subject_id)
)
"""
SPENT_CODE = """
CREATE TABLE spent_code (
    tenant_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    serial bigint NOT NULL,
    nonce_digest bytea NOT NULL,
    CONSTRAINT pk_spent_code PRIMARY KEY (tenant_id, wave_id, serial)
)
"""
TENANT = """
CREATE TABLE tenant (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_tenant PRIMARY KEY (tenant_id)
)
"""
API_KEY = """
CREATE TABLE api_key (
    tenant_id uuid NOT NULL,
    key_id uuid NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT pk_api_key PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT fk_api_key__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
)
"""
AUDIT_ENTRY = """
CREATE TABLE audit_entry (
    tenant_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT fk_audit_entry__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
)
"""
DIMENSION = """
CREATE TABLE dimension (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    values jsonb NOT NULL,
    CONSTRAINT pk_dimension PRIMARY KEY (tenant_id, name),
    CONSTRAINT fk_dimension__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
)
"""
ORG_UNIT = """
CREATE TABLE org_unit (
    tenant_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    parent_id uuid,
    is_active boolean NOT NULL,
    CONSTRAINT pk_org_unit PRIMARY KEY (tenant_id, unit_id),
    CONSTRAINT uq_org_unit__tenant_id_source_external_id UNIQUE (tenant_id, source, external_id),
    CONSTRAINT fk_org_unit__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT fk_org_unit__tenant_id_parent_id__org_unit
        FOREIGN KEY(tenant_id, parent_id)
        REFERENCES org_unit (tenant_id, unit_id)
)
"""
QUESTIONNAIRE = """
CREATE TABLE questionnaire (
    tenant_id uuid NOT NULL,
    questionnaire_id uuid NOT NULL,
    key text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_questionnaire PRIMARY KEY (tenant_id, questionnaire_id),
    CONSTRAINT uq_questionnaire__tenant_id_key UNIQUE (tenant_id, key),
    CONSTRAINT fk_questionnaire__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
)
"""
PERSON = """
CREATE TABLE person (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    unit_id uuid NOT NULL,
    language text,
    dimensions jsonb NOT NULL,
    is_active boolean NOT NULL,
    CONSTRAINT pk_person PRIMARY KEY (tenant_id, person_id),
    CONSTRAINT uq_person__tenant_id_source_external_id UNIQUE (tenant_id, source, external_id),
    CONSTRAINT fk_person__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT fk_person__tenant_id_unit_id__org_unit
        FOREIGN KEY(tenant_id, unit_id)
        REFERENCES org_unit (tenant_id, unit_id)
)
"""
QUESTIONNAIRE_VERSION = """
CREATE TABLE questionnaire_version (
    tenant_id uuid NOT NULL,
    questionnaire_id uuid NOT NULL,
    number integer NOT NULL,
    document jsonb NOT NULL,
    digest text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_questionnaire_version PRIMARY KEY (tenant_id, questionnaire_id, number),
    CONSTRAINT fk_questionnaire_version__tenant_id_questionnaire_id__q_de12
        FOREIGN KEY(tenant_id, questionnaire_id)
        REFERENCES questionnaire (tenant_id, questionnaire_id)
)
"""
CAMPAIGN = """
CREATE TABLE campaign (
    tenant_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    name text NOT NULL,
    questionnaire_id uuid NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    audience jsonb NOT NULL,
    plan jsonb NOT NULL,
    policy jsonb NOT NULL,
    retention_days integer NOT NULL,
    opens_at timestamptz,
    closes_at timestamptz,
    created_at timestamptz NOT NULL,
    contract jsonb,
    contract_digest text,
    contract_mac bytea,
    CONSTRAINT pk_campaign PRIMARY KEY (tenant_id, campaign_id),
    CONSTRAINT fk_campaign__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT fk_campaign__tenant_id_questionnaire_id_version__questi_0ec9
        FOREIGN KEY(tenant_id, questionnaire_id, version)
        REFERENCES questionnaire_version (tenant_id, questionnaire_id, number)
)
"""
WAVE = """
CREATE TABLE wave (
    tenant_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    campaign_id uuid NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    opens_at timestamptz,
    closes_at timestamptz,
    invited integer NOT NULL,
    roster_digest text NOT NULL,
    public_key bytea NOT NULL,
    CONSTRAINT pk_wave PRIMARY KEY (tenant_id, wave_id),
    CONSTRAINT uq_wave__tenant_id_campaign_id_number UNIQUE (tenant_id, campaign_id, number),
    CONSTRAINT fk_wave__tenant_id_campaign_id__campaign
        FOREIGN KEY(tenant_id, campaign_id)
        REFERENCES campaign (tenant_id, campaign_id)
)
"""
RELEASE = """
CREATE TABLE release (
    tenant_id uuid NOT NULL,
    release_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    status text NOT NULL,
    reason text,
    digest text NOT NULL,
    manifest jsonb NOT NULL,
    released_at timestamptz NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (tenant_id, release_id),
    CONSTRAINT uq_release__tenant_id_wave_id UNIQUE (tenant_id, wave_id),
    CONSTRAINT fk_release__tenant_id_wave_id__wave
        FOREIGN KEY(tenant_id, wave_id)
        REFERENCES wave (tenant_id, wave_id),
    CONSTRAINT ck_release__refused_has_reason CHECK ((status = 'refused') = (reason IS NOT NULL)),
    CONSTRAINT ck_release__status CHECK (status IN ('published', 'refused'))
)
"""
SEALED_BATCH = """
CREATE TABLE sealed_batch (
    tenant_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    received_on date NOT NULL,
    response_count integer NOT NULL,
    records bytea NOT NULL,
    texts bytea NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT pk_sealed_batch PRIMARY KEY (tenant_id, wave_id, batch_id),
    CONSTRAINT fk_sealed_batch__tenant_id_wave_id__wave
        FOREIGN KEY(tenant_id, wave_id)
        REFERENCES wave (tenant_id, wave_id),
    CONSTRAINT ck_sealed_batch__not_empty CHECK (response_count > 0)
)
"""
WAVE_KEY = """
CREATE TABLE wave_key (
    tenant_id uuid NOT NULL,
    key_id uuid NOT NULL,
    public_key bytea NOT NULL,
    sealed_half bytea NOT NULL,
    mac bytea NOT NULL,
    wave_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_wave_key PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT fk_wave_key__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT fk_wave_key__tenant_id_wave_id__wave
        FOREIGN KEY(tenant_id, wave_id)
        REFERENCES wave (tenant_id, wave_id),
    CONSTRAINT uq_wave_key__tenant_id_wave_id UNIQUE (tenant_id, wave_id)
)
"""
WAVE_UNIT = """
CREATE TABLE wave_unit (
    tenant_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    unit_id uuid NOT NULL,
    parent_id uuid,
    source text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    CONSTRAINT pk_wave_unit PRIMARY KEY (tenant_id, wave_id, unit_id),
    CONSTRAINT fk_wave_unit__tenant_id_wave_id__wave
        FOREIGN KEY(tenant_id, wave_id)
        REFERENCES wave (tenant_id, wave_id),
    CONSTRAINT fk_wave_unit__tenant_id_wave_id_parent_id__wave_unit
        FOREIGN KEY(tenant_id, wave_id, parent_id)
        REFERENCES wave_unit (tenant_id, wave_id, unit_id)
)
"""
RELEASE_UNIT = """
CREATE TABLE release_unit (
    tenant_id uuid NOT NULL,
    release_id uuid NOT NULL,
    node integer NOT NULL,
    parent integer,
    source text,
    unit text,
    unit_name text NOT NULL,
    level integer NOT NULL,
    CONSTRAINT pk_release_unit PRIMARY KEY (tenant_id, release_id, node),
    CONSTRAINT fk_release_unit__tenant_id_release_id__release
        FOREIGN KEY(tenant_id, release_id)
        REFERENCES release (tenant_id, release_id) ON DELETE CASCADE,
    CONSTRAINT uq_release_unit__tenant_id_release_id_source_unit UNIQUE (tenant_id, release_id, source, unit)
)
"""
RELEASE_MEASURE = """
CREATE TABLE release_measure (
    tenant_id uuid NOT NULL,
    release_id uuid NOT NULL,
    number integer NOT NULL,
    measure text NOT NULL,
    kind text NOT NULL,
    family text NOT NULL,
    options text[],
    CONSTRAINT pk_release_measure PRIMARY KEY (tenant_id, release_id, number),
    CONSTRAINT fk_release_measure__tenant_id_release_id__release
        FOREIGN KEY(tenant_id, release_id)
        REFERENCES release (tenant_id, release_id) ON DELETE CASCADE,
    CONSTRAINT uq_release_measure__tenant_id_release_id_measure_family UNIQUE (tenant_id, release_id, measure, family),
    CONSTRAINT ck_release_measure__family CHECK (family IN ('mean', 'distribution'))
)
"""
RELEASE_CELL = """
CREATE TABLE release_cell (
    tenant_id uuid NOT NULL,
    release_id uuid NOT NULL,
    node integer NOT NULL,
    number integer NOT NULL,
    status text NOT NULL,
    reason text,
    n_from integer,
    n_to integer,
    mean numeric,
    sd numeric,
    favourable numeric,
    favourable_bound text,
    neutral numeric,
    neutral_bound text,
    unfavourable numeric,
    unfavourable_bound text,
    distribution jsonb,
    CONSTRAINT pk_release_cell PRIMARY KEY (tenant_id, release_id, node, number),
    CONSTRAINT ck_release_cell__status CHECK (status IN ('published', 'withheld')),
    CONSTRAINT ck_release_cell__withheld_has_reason CHECK ((status = 'withheld') = (reason IS NOT NULL)),
    CONSTRAINT ck_release_cell__withheld_holds_no_number
        CHECK (status = 'published'
        OR num_nonnulls(n_from, n_to, mean, sd, favourable, favourable_bound,
            neutral, neutral_bound, unfavourable, unfavourable_bound, distribution) = 0),
    CONSTRAINT ck_release_cell__published_has_n
        CHECK (status = 'withheld' OR n_from IS NOT NULL AND n_to IS NOT NULL)
)
"""
WAVE_CLASS = """
CREATE TABLE wave_class (
    tenant_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    label bigint NOT NULL,
    unit_id uuid NOT NULL,
    CONSTRAINT pk_wave_class PRIMARY KEY (tenant_id, wave_id, label),
    CONSTRAINT fk_wave_class__tenant_id_wave_id_unit_id__wave_unit
        FOREIGN KEY(tenant_id, wave_id, unit_id)
        REFERENCES wave_unit (tenant_id, wave_id, unit_id),
    CONSTRAINT ck_wave_class__uint32 CHECK (label BETWEEN 0 AND 4294967295)
)
"""
ROSTER_LINE = """
CREATE TABLE roster_line (
    tenant_id uuid NOT NULL,
    wave_id uuid NOT NULL,
    person_id uuid NOT NULL,
    serial bigint NOT NULL,
    label bigint NOT NULL,
    language text,
    salt bytea NOT NULL,
    line_digest bytea NOT NULL,
    CONSTRAINT pk_roster_line PRIMARY KEY (tenant_id, wave_id, person_id),
    CONSTRAINT uq_roster_line__tenant_id_wave_id_serial UNIQUE (tenant_id, wave_id, serial),
    CONSTRAINT fk_roster_line__tenant_id_wave_id_label__wave_class
        FOREIGN KEY(tenant_id, wave_id, label)
        REFERENCES wave_class (tenant_id, wave_id, label),
    CONSTRAINT fk_roster_line__tenant_id_person_id__person
        FOREIGN KEY(tenant_id, person_id)
        REFERENCES person (tenant_id, person_id),
    CONSTRAINT ck_roster_line__uint32 CHECK (serial BETWEEN 0 AND 4294967295)
)
"""

TABLES: tuple[tuple[str, str, str, str], ...] = (
    ("job", JOB, "SELECT, INSERT, UPDATE (due_at)", "SELECT, INSERT, UPDATE, DELETE"),
    ("spent_code", SPENT_CODE, "SELECT, INSERT", "SELECT, DELETE"),
    ("tenant", TENANT, "SELECT, INSERT", "SELECT"),
    ("api_key", API_KEY, "SELECT, INSERT, UPDATE (revoked_at)", ""),
    ("audit_entry", AUDIT_ENTRY, "SELECT, INSERT", "INSERT"),
    ("dimension", DIMENSION, "SELECT, INSERT, UPDATE", ""),
    ("org_unit", ORG_UNIT, "SELECT, INSERT, UPDATE", ""),
    ("questionnaire", QUESTIONNAIRE, "SELECT, INSERT", ""),
    ("person", PERSON, "SELECT, INSERT, UPDATE", ""),
    ("questionnaire_version", QUESTIONNAIRE_VERSION, "SELECT, INSERT", "SELECT"),
    (
        "campaign",
        CAMPAIGN,
        "SELECT, INSERT, UPDATE (state, contract, contract_digest, contract_mac)",
        "SELECT, UPDATE (state)",
    ),
    (
        "wave",
        WAVE,
        "SELECT, INSERT, UPDATE (state, opens_at, closes_at, invited, roster_digest)",
        "SELECT, UPDATE (state, closes_at)",
    ),
    ("release", RELEASE, "SELECT", "SELECT, INSERT"),
    ("sealed_batch", SEALED_BATCH, "INSERT", "SELECT, DELETE"),
    (
        "wave_key",
        WAVE_KEY,
        "SELECT (tenant_id, key_id, public_key, mac, wave_id, created_at), UPDATE (wave_id)",
        "SELECT, INSERT, UPDATE",
    ),
    ("wave_unit", WAVE_UNIT, "SELECT, INSERT", "SELECT"),
    ("release_unit", RELEASE_UNIT, "SELECT", "SELECT, INSERT"),
    ("release_measure", RELEASE_MEASURE, "SELECT", "SELECT, INSERT"),
    ("release_cell", RELEASE_CELL, "SELECT", "SELECT, INSERT"),
    ("wave_class", WAVE_CLASS, "SELECT, INSERT", "SELECT, DELETE"),
    ("roster_line", ROSTER_LINE, "SELECT, INSERT", "SELECT, DELETE"),
)

INDEXES = (
    "CREATE INDEX ix_job__due_at ON job (due_at)",
    "CREATE INDEX ix_person__tenant_id_unit_id ON person (tenant_id, unit_id)",
    "CREATE INDEX ix_roster_line__tenant_id_person_id ON roster_line (tenant_id, person_id)",
)

# The worker finds due work of every tenant here; the table holds ids and times, no content.
WORKER_SEES_ALL_JOBS = "CREATE POLICY worker ON job TO pouls_work USING (true) WITH CHECK (true)"

# Which workers are alive; belongs to no tenant.
WORKER_HEARTBEAT = "CREATE TABLE worker_heartbeat (worker text PRIMARY KEY, seen_at timestamptz NOT NULL)"


def upgrade() -> None:
    for name, table, app, work in TABLES:
        op.execute(table)
        for statement in (*isolate(name), *grant(name, app=app, work=work)):
            op.execute(statement)
    for index in INDEXES:
        op.execute(index)
    op.execute(WORKER_SEES_ALL_JOBS)
    op.execute(WORKER_HEARTBEAT)
    for statement in grant("worker_heartbeat", app="SELECT", work="SELECT, INSERT, UPDATE, DELETE"):
        op.execute(statement)
    for statement in grant("alembic_version", app="SELECT", work="SELECT"):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE worker_heartbeat")
    op.execute("REVOKE ALL ON alembic_version FROM pouls_app, pouls_work")
    for name, *_ in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
