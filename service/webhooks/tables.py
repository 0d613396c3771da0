"""Receivers, and what is to be sent to them. No secret stands here, and no body: both are made anew at each attempt."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text
from sqlmodel import Field

from service.kit.columns import TenantRow, moment, refers


class WebhookEndpoint(TenantRow, table=True):
    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        refers("tenant"),
        CheckConstraint("enabled = (disabled_reason IS NULL)", name="disabled_has_reason"),
    )

    endpoint_id: UUID = Field(primary_key=True)
    url: str
    # None: all there are, and all that will be.
    event_types: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    # The secret is derived from it; until a day after the rotation, the one before it signs too.
    generation: int
    rotated_at: datetime | None = moment(nullable=True)
    enabled: bool
    disabled_at: datetime | None = moment(nullable=True)
    disabled_reason: str | None = None
    # Since the first failure after the last success; None while all goes well.
    failing_since: datetime | None = moment(nullable=True)
    revision: int
    created_at: datetime = moment()
    # Over where and how it is sent: whoever writes to the database alone can not point it elsewhere.
    mac: bytes


class WebhookDelivery(TenantRow, table=True):
    """One event for one endpoint; sending it once more begins the same row anew."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        refers("webhook_endpoint", ("endpoint_id", "endpoint_id"), on_delete="CASCADE"),
        refers("event", ("event_id", "event_id"), on_delete="CASCADE"),
        CheckConstraint("status IN ('pending', 'delivered', 'failed')", name="status"),
        Index(
            "ix_webhook_delivery__pending", "tenant_id", "endpoint_id", "due_at",
            postgresql_where="status = 'pending'",
        ),
        Index("ix_webhook_delivery__tenant_id_event_id", "tenant_id", "event_id"),
    )  # fmt: skip

    endpoint_id: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    status: str
    attempts: int = 0
    due_at: datetime = moment()
    # Somebody is sending it, until then; also by what a result is known to be of this attempt.
    leased_until: datetime | None = moment(nullable=True)
    last_status: int | None = None
    last_problem: str | None = None
    delivered_at: datetime | None = moment(nullable=True)
