"""Reading reorganisations and lineage back."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.people.reorganising.schemas import LineageOut, ReorganisationOut
from service.people.tables import Reorganisation
from service.problems import NotFound

_LINEAGE = text("""
    SELECT old.source, old.external_id AS unit, new.external_id AS into_unit, l.on_day, l.kind
    FROM unit_lineage l
    JOIN org_unit old ON old.tenant_id = l.tenant_id AND old.unit_id = l.from_unit_id
    JOIN org_unit new ON new.tenant_id = l.tenant_id AND new.unit_id = l.to_unit_id
    WHERE l.tenant_id = :tenant ORDER BY l.on_day, old.source, old.external_id, new.external_id
""")


async def reorganisations(tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int) -> Page[ReorganisationOut]:
    """In the order they were asked for."""
    statement = select(Reorganisation).where(col(Reorganisation.tenant_id) == tenant)
    if after is not None:
        statement = statement.where(col(Reorganisation.reorganisation_id) > after)
    statement = statement.order_by(col(Reorganisation.reorganisation_id)).limit(limit + 1)
    found = (await tx.scalars(statement)).all()
    return page_of(found, limit, key=lambda row: str(row.reorganisation_id), show=ReorganisationOut.of)


async def reorganisation(tx: AsyncSession, tenant: UUID, reorganisation_id: UUID) -> Reorganisation:
    """One of them. Raises NotFound."""
    found = await tx.get(Reorganisation, (tenant, reorganisation_id))
    if found is None:
        raise NotFound
    return found


async def lineage(tx: AsyncSession, tenant: UUID) -> list[LineageOut]:
    """What became of units, oldest first."""
    return [
        LineageOut(source=row.source, unit=row.unit, into=row.into_unit, on=row.on_day, kind=row.kind)
        for row in await tx.execute(_LINEAGE, {"tenant": tenant})
    ]
