"""Erasures that were asked for, and who read what on which day."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class Erasure(TenantRow, table=True):
    """That a person is to be erased, or was: then nothing here names them but a keyed digest of their id.

    No foreign key to the person, who goes while this stays. `rows` says how many rows went or were emptied, by table.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        refers("tenant"),
        UniqueConstraint("tenant_id", "person_id"),
        CheckConstraint("(done_at IS NULL) = (person_id IS NOT NULL)", name="done_names_nobody"),
    )

    erasure_id: UUID = Field(primary_key=True)
    subject: str
    person_id: UUID | None = None
    asked_at: datetime = moment()
    done_at: datetime | None = moment(nullable=True)
    rows: dict[str, Any] | None = document(nullable=True)


class ReadAccess(TenantRow, table=True):
    """How often a caller read something on a day. Of callers with keys; of people who answer, nothing is here."""

    __tablename__ = "read_access"
    __table_args__ = (refers("tenant"), CheckConstraint("reads > 0", name="reads"))

    day: date = Field(primary_key=True)
    reader: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    reads: int = Field(sa_type=BigInteger)
