"""Reading keys and the audit log back."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.tenants.schemas import AuditEntryOut, KeyOut
from service.tenants.tables import ApiKey, AuditEntry


async def keys(tx: AsyncSession, tenant: UUID) -> list[KeyOut]:
    """Keys in the order they were made, the revoked ones too."""
    found = await tx.scalars(select(ApiKey).where(col(ApiKey.tenant_id) == tenant).order_by(col(ApiKey.key_id)))
    return [KeyOut.of(row) for row in found]


async def audit_log(tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int) -> Page[AuditEntryOut]:
    """Entries in the order they were written."""
    statement = select(AuditEntry).where(col(AuditEntry.tenant_id) == tenant)
    if after is not None:
        statement = statement.where(col(AuditEntry.entry_id) > after)
    found = (await tx.scalars(statement.order_by(col(AuditEntry.entry_id)).limit(limit + 1))).all()
    return page_of(found, limit, key=lambda row: str(row.entry_id), show=AuditEntryOut.of)
