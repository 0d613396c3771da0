"""Tenants, their API keys, and the log of administrative acts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Text, UniqueConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class Tenant(TenantRow, table=True):
    __tablename__ = "tenant"

    name: str
    created_at: datetime = moment()


class ApiKey(TenantRow, table=True):
    __tablename__ = "api_key"
    __table_args__ = (
        refers("tenant"),
        CheckConstraint("(unit_source IS NULL) = (unit IS NULL)", name="whole_unit"),
    )

    key_id: UUID = Field(primary_key=True)
    name: str
    secret_hash: bytes
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    created_at: datetime = moment()
    expires_at: datetime | None = moment(nullable=True)
    revoked_at: datetime | None = moment(nullable=True)
    # Over all of it that says who may do what; keys of before there was one have none, and are refused.
    mac: bytes | None = None
    # Of a key that reads the results of one unit, and of what is below it, alone.
    unit_source: str | None = None
    unit: str | None = None
    # Of a key that reads what contracts open to this recipient, by its id there.
    recipient: str | None = None


class BiLogin(TenantRow, table=True):
    """A login of the database that reads the tenant's results in the schema `bi`; its name has a digest of whose."""

    __tablename__ = "bi_login"
    __table_args__ = (
        refers("tenant"),
        CheckConstraint(
            "login ~ '^pouls_bi_[0-9a-f]{16}(_[a-z0-9]{1,30})?$'"
            " AND substr(login, 10, 16) = left(encode(sha256(uuid_send(tenant_id)), 'hex'), 16)",
            name="names_its_tenant",
        ),
    )

    login: str = Field(primary_key=True)
    created_at: datetime = moment()
    recipient: str | None = None


class AuditEntry(TenantRow, table=True):
    __tablename__ = "audit_entry"
    __table_args__ = (refers("tenant"),)

    entry_id: UUID = Field(primary_key=True)
    at: datetime = moment()
    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = document()
    # Fingerprints of what the act changed, as it was and as it became; none where there is no such state.
    before: str | None = None
    after: str | None = None


class AuditLink(TenantRow, table=True):
    """An entry's place in the audit log's chain: each MAC covers the one before it. Written by the worker alone."""

    __tablename__ = "audit_link"
    __table_args__ = (
        refers("tenant"),
        UniqueConstraint("tenant_id", "entry_id"),
        CheckConstraint("number >= 1", name="number"),
    )

    number: int = Field(primary_key=True, sa_type=BigInteger)
    entry_id: UUID
    mac: bytes
