"""What collection leaves behind: which codes are spent, and sealed batches. No row of one table names the other."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, refers


class SpentCode(TenantRow, table=True):
    __tablename__ = "spent_code"
    # No foreign key: the intake holds the wave's row in the same transaction, and a check per code costs as much
    # as the insert.

    wave_id: UUID = Field(primary_key=True)
    serial: int = Field(primary_key=True, sa_type=BigInteger)
    # Of the client's random nonce alone. A digest of the answers could be guessed: there are few answers.
    nonce_digest: bytes


class SealedBatch(TenantRow, table=True):
    __tablename__ = "sealed_batch"
    __table_args__ = (
        refers("wave", ("wave_id", "wave_id")),
        CheckConstraint("response_count > 0", name="not_empty"),
    )

    wave_id: UUID = Field(primary_key=True)
    batch_id: UUID = Field(primary_key=True)
    # Day, not time: in a small team, arrival order is enough to name someone.
    received_on: date
    # Of the interim results that counted it first; none: it came after them.
    part: int | None = None
    response_count: int
    records: bytes
    texts: bytes
    mac: bytes
