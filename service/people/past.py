"""The tree of units as it was told of days before today."""

from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.people.tree import Link

# Of each unit the version of that day, and all after it.
_LINKS = text("""
    SELECT unit_id, greatest(valid_from, :since) AS day, parent_id FROM org_unit_version v
    WHERE tenant_id = :tenant AND NOT EXISTS (
        SELECT FROM org_unit_version w WHERE w.tenant_id = v.tenant_id AND w.unit_id = v.unit_id
        AND w.valid_from > v.valid_from AND w.valid_from <= :since)
""")


async def links_since(tx: AsyncSession, tenant: UUID, since: date) -> list[Link[UUID]]:
    """Whom each unit was below on that day, and on each day since."""
    found = await tx.execute(_LINKS, {"tenant": tenant, "since": since})
    return [Link(row.day, row.unit_id, row.parent_id) for row in found]
