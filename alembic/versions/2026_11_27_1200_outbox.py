"""Outbox and webhooks: what happened, who is told of it, and what is still to be sent.

`event` is written in the transaction that makes it true; its position, in the order of commits, comes later from the
worker. `webhook_endpoint` holds no secret: that is derived from a key outside the database. The worker finds due
deliveries of all tenants through `job`, as it finds everything else; none of these tables is seen across tenants.

The worker may see when a key ends, and nothing else of it, to tell of that in time.
"""

from collections.abc import Sequence

from alembic import op

from service.kit.isolation import across_tenants, made, without_jobs

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

TABLES = {
    "event": """
        CREATE TABLE event (
            tenant_id uuid NOT NULL,
            event_id uuid NOT NULL,
            type text NOT NULL,
            occurred_at timestamptz NOT NULL,
            data jsonb NOT NULL,
            position bigint,
            CONSTRAINT pk_event PRIMARY KEY (tenant_id, event_id),
            CONSTRAINT uq_event__tenant_id_position UNIQUE (tenant_id, position),
            CONSTRAINT fk_event__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id)
        )
    """,
    "webhook_endpoint": """
        CREATE TABLE webhook_endpoint (
            tenant_id uuid NOT NULL,
            endpoint_id uuid NOT NULL,
            url text NOT NULL,
            event_types text[],
            generation integer NOT NULL,
            rotated_at timestamptz,
            enabled boolean NOT NULL,
            disabled_at timestamptz,
            disabled_reason text,
            failing_since timestamptz,
            revision integer NOT NULL,
            created_at timestamptz NOT NULL,
            mac bytea NOT NULL,
            CONSTRAINT pk_webhook_endpoint PRIMARY KEY (tenant_id, endpoint_id),
            CONSTRAINT fk_webhook_endpoint__tenant_id__tenant FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
            CONSTRAINT ck_webhook_endpoint__disabled_has_reason CHECK (enabled = (disabled_reason IS NULL))
        )
    """,
    "webhook_delivery": """
        CREATE TABLE webhook_delivery (
            tenant_id uuid NOT NULL,
            endpoint_id uuid NOT NULL,
            event_id uuid NOT NULL,
            status text NOT NULL,
            attempts integer NOT NULL,
            due_at timestamptz NOT NULL,
            leased_until timestamptz,
            last_status integer,
            last_problem text,
            delivered_at timestamptz,
            CONSTRAINT pk_webhook_delivery PRIMARY KEY (tenant_id, endpoint_id, event_id),
            CONSTRAINT fk_webhook_delivery__tenant_id_endpoint_id__webhook_endpoint
                FOREIGN KEY(tenant_id, endpoint_id)
                REFERENCES webhook_endpoint (tenant_id, endpoint_id) ON DELETE CASCADE,
            CONSTRAINT fk_webhook_delivery__tenant_id_event_id__event
                FOREIGN KEY(tenant_id, event_id) REFERENCES event (tenant_id, event_id) ON DELETE CASCADE,
            CONSTRAINT ck_webhook_delivery__status CHECK (status IN ('pending', 'delivered', 'failed'))
        )
    """,
}
INDEXES = (
    """
    CREATE INDEX ix_webhook_delivery__pending ON webhook_delivery (tenant_id, endpoint_id, due_at)
    WHERE status = 'pending'
    """,
    "CREATE INDEX ix_webhook_delivery__tenant_id_event_id ON webhook_delivery (tenant_id, event_id)",
)
_DISABLED = "enabled, disabled_at, disabled_reason, failing_since, revision, mac"
_AGAIN = "status, attempts, due_at, last_status, last_problem"
GRANTS = {
    "event": {"app": "SELECT, INSERT", "work": "SELECT, INSERT, UPDATE (position), DELETE"},
    "webhook_endpoint": {
        "app": f"SELECT, INSERT, UPDATE (url, event_types, generation, rotated_at, {_DISABLED}), DELETE",
        "work": f"SELECT, UPDATE ({_DISABLED})",
    },
    "webhook_delivery": {
        "app": f"SELECT, INSERT, UPDATE ({_AGAIN})",
        "work": f"SELECT, INSERT, UPDATE ({_AGAIN}, leased_until, delivered_at)",
    },
}
# When a key ends, not what it is.
ENDS = "SELECT (tenant_id, key_id, expires_at, revoked_at)"
JOBS = ("number_event", "deliver_webhooks", "prune_events", "key_expiring")
# Keys that were made before end too.
EXPIRING = """
    INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
    SELECT tenant_id, gen_random_uuid(), 'key_expiring', key_id, expires_at - interval '30 days', 0
    FROM api_key WHERE revoked_at IS NULL AND expires_at > now()
"""


def upgrade() -> None:
    for statement in (*made(TABLES, GRANTS), *INDEXES, f"GRANT {ENDS} ON api_key TO pouls_work"):
        op.execute(statement)
    for statement in across_tenants(["api_key", "job"], EXPIRING):
        op.execute(statement)


def downgrade() -> None:
    for statement in without_jobs(*JOBS):
        op.execute(statement)
    op.execute(f"REVOKE {ENDS} ON api_key FROM pouls_work")
    for name in reversed(TABLES):
        op.execute(f"DROP TABLE {name}")
