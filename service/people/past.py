"""Units told late: whether the tree was one on every day since."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.people.tree import in_cycles_since
from service.people.unit_rows import UnitChange

# Of each unit the version of that day, and all after it.
_LINKS = text("""
    SELECT unit_id, greatest(valid_from, :since) AS day, parent_id FROM org_unit_version v
    WHERE tenant_id = :tenant AND NOT EXISTS (
        SELECT FROM org_unit_version w WHERE w.tenant_id = v.tenant_id AND w.unit_id = v.unit_id
        AND w.valid_from > v.valid_from AND w.valid_from <= :since)
""")


async def in_circles(tx: AsyncSession, tenant: UUID, changes: Iterable[UnitChange], today: date) -> set[UUID]:
    """The units that would lie in a circle of parents on some day before today.

    What a change tells replaces all that was told of its unit since its day.
    """
    told = {change.unit_id: (change.since or today, change.new.parent_id) for change in changes if change.is_real}
    since = min((day for day, _ in told.values()), default=today)
    if since >= today:
        return set()
    links: dict[date, dict[UUID, UUID | None]] = {}
    for row in await tx.execute(_LINKS, {"tenant": tenant, "since": since}):
        if row.unit_id not in told or row.day < told[row.unit_id][0]:
            links.setdefault(row.day, {})[row.unit_id] = row.parent_id
    for unit, (day, parent) in told.items():
        links.setdefault(day, {})[unit] = parent
    first, *later = (links[day] for day in sorted(links))
    return in_cycles_since(first, later)
