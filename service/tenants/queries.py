"""Reading keys and the audit log back."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.db import Database
from service.kit.pages import Page, page_of
from service.tenants.schemas import AuditEntryOut, AuditLine, KeyOut
from service.tenants.tables import ApiKey, AuditEntry, AuditLink

LINES_AT_ONCE = 1_000


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


async def audit_lines(
    database: Database, tenant: UUID, since: datetime | None, until: datetime | None
) -> AsyncIterator[bytes]:
    """Entries of a period with their links, a JSON object a line; in chunks, each read in a transaction of its own."""
    joined = (col(AuditLink.tenant_id) == col(AuditEntry.tenant_id)) & (
        col(AuditLink.entry_id) == col(AuditEntry.entry_id)
    )
    wanted = select(AuditEntry, AuditLink).join(AuditLink, joined, isouter=True)
    wanted = wanted.where(col(AuditEntry.tenant_id) == tenant).order_by(col(AuditEntry.entry_id)).limit(LINES_AT_ONCE)
    if since is not None:
        wanted = wanted.where(col(AuditEntry.at) >= since)
    if until is not None:
        wanted = wanted.where(col(AuditEntry.at) < until)
    after: UUID | None = None
    while True:
        async with database.transaction(tenant) as tx:
            next_ones = wanted if after is None else wanted.where(col(AuditEntry.entry_id) > after)
            rows = [(row[0], row[1]) for row in await tx.execute(next_ones)]
        if rows:
            yield b"".join(_line(entry, link) for entry, link in rows)
        if len(rows) < LINES_AT_ONCE:
            return
        after = rows[-1][0].entry_id


def _line(entry: AuditEntry, link: AuditLink | None) -> bytes:
    number, mac = (None, None) if link is None else (link.number, link.mac.hex())
    line = AuditLine(**AuditEntryOut.of(entry).model_dump(), number=number, mac=mac)
    return line.model_dump_json().encode() + b"\n"
