"""Reading the organisation back."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.kit.reasons import ParameterFault
from service.people import schemas
from service.people.tables import Dimension
from service.problems import Invalid

_NOW = text("""
    SELECT u.unit_id, u.source, u.external_id, u.name, u.hierarchy, u.manager, u.is_active, p.external_id AS parent,
           (SELECT max(v.valid_from) FROM org_unit_version v
            WHERE v.tenant_id = u.tenant_id AND v.unit_id = u.unit_id) AS since
    FROM org_unit u LEFT JOIN org_unit p ON p.tenant_id = u.tenant_id AND p.unit_id = u.parent_id
    WHERE u.tenant_id = :tenant AND u.deleted_at IS NULL AND (CAST(:after AS uuid) IS NULL OR u.unit_id > :after)
    ORDER BY u.unit_id LIMIT :limit
""")
# Each as its last version of before that day, or of that day, has it. One that had no version yet was not there.
_THEN = text("""
    SELECT u.unit_id, u.source, u.external_id, v.name, u.hierarchy, v.manager, v.is_active, p.external_id AS parent,
           v.valid_from AS since
    FROM org_unit u
    CROSS JOIN LATERAL (
        SELECT * FROM org_unit_version v
        WHERE v.tenant_id = u.tenant_id AND v.unit_id = u.unit_id AND v.valid_from <= :day
        ORDER BY v.valid_from DESC LIMIT 1) AS v
    LEFT JOIN org_unit p ON p.tenant_id = u.tenant_id AND p.unit_id = v.parent_id
    WHERE u.tenant_id = :tenant AND (CAST(:after AS uuid) IS NULL OR u.unit_id > :after)
      AND (u.deleted_at IS NULL OR CAST(u.deleted_at AT TIME ZONE 'UTC' AS date) > :day)
    ORDER BY u.unit_id LIMIT :limit
""")


async def units(
    tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int, at: date | None, now: datetime
) -> Page[schemas.OrgUnitOut]:
    """Units in the order they became known, as they are (at: None, or today) or were on a day. Raises Invalid."""
    if at is not None and at > now.astimezone(UTC).date():
        raise Invalid(faults=[ParameterFault("at", "query", "must not lie in the future")])
    page = {"tenant": tenant, "after": after, "limit": limit + 1}
    is_past = at is not None and at < now.astimezone(UTC).date()
    found = (await tx.execute(_THEN, page | {"day": at}) if is_past else await tx.execute(_NOW, page)).all()
    return page_of(
        found,
        limit,
        key=lambda row: str(row.unit_id),
        show=lambda row: schemas.OrgUnitOut(
            source=row.source,
            external_id=row.external_id,
            name=row.name,
            parent=row.parent,
            hierarchy=row.hierarchy,
            manager=row.manager,
            active=row.is_active,
            since=row.since,
        ),
    )


async def declared(tx: AsyncSession, tenant: UUID) -> dict[str, list[dict[str, Any]]]:
    """The declared values by dimension, with their labels; by name."""
    found = await tx.scalars(select(Dimension).where(col(Dimension.tenant_id) == tenant).order_by(col(Dimension.name)))
    return {row.name: row.values for row in found}


async def dimension_values(tx: AsyncSession, tenant: UUID) -> dict[str, set[str]]:
    """The ids of the declared values by dimension."""
    return {name: {value["id"] for value in values} for name, values in (await declared(tx, tenant)).items()}


async def dimensions(tx: AsyncSession, tenant: UUID) -> list[schemas.Dimension]:
    """The same as they are shown."""
    found = await declared(tx, tenant)
    return [schemas.Dimension.model_validate({"name": name, "values": values}) for name, values in found.items()]
