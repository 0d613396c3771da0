"""Replies that are kept for a day, so that a request that is sent again is not carried out again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from service.kit.columns import TenantRow, moment, refers


class IdempotentReply(TenantRow, table=True):
    """The reply to one request of one API key. Of the request, and of its Idempotency-Key, there is a MAC alone.

    The reply is sealed with that Idempotency-Key, which is not here: only who sends it again has it opened.
    """

    __tablename__ = "idempotent_reply"
    __table_args__ = (
        refers("tenant"),
        Index("ix_idempotent_reply__tenant_id_created_at", "tenant_id", "created_at"),
    )

    key_id: UUID = Field(primary_key=True)  # of the API key that asked
    key_mac: bytes = Field(primary_key=True)
    request_mac: bytes
    reply: bytes | None = None  # none where it is too long to be kept
    created_at: datetime = moment()
