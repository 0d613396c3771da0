"""Rows of what happened, for others to hear of: ids and moments, never a value."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class EventRow(TenantRow, table=True):
    """Written in the transaction that makes it true; its position comes from the worker, in the order of commits."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("tenant_id", "position"), refers("tenant"))

    event_id: UUID = Field(primary_key=True)
    type: str
    occurred_at: datetime = moment()
    data: dict[str, Any] = document()
    position: int | None = Field(default=None, sa_type=BigInteger)
