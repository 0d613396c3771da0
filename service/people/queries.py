"""Reading the organisation back."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.people import schemas
from service.people.tables import Dimension, OrgUnit


async def units(tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int) -> Page[schemas.OrgUnitOut]:
    """Units in the order they became known."""
    parent = aliased(OrgUnit)
    statement = (
        select(OrgUnit, col(parent.external_id))
        .outerjoin(
            parent,
            (col(parent.tenant_id) == col(OrgUnit.tenant_id)) & (col(parent.unit_id) == col(OrgUnit.parent_id)),
        )
        .where(col(OrgUnit.tenant_id) == tenant)
        .order_by(col(OrgUnit.unit_id))
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(col(OrgUnit.unit_id) > after)
    found = (await tx.execute(statement)).all()
    return page_of(
        found,
        limit,
        key=lambda row: str(row[0].unit_id),
        show=lambda row: schemas.OrgUnitOut(
            source=row[0].source,
            external_id=row[0].external_id,
            name=row[0].name,
            parent=row[1],
            active=row[0].is_active,
        ),
    )


async def dimensions(tx: AsyncSession, tenant: UUID) -> list[schemas.Dimension]:
    found = await tx.scalars(select(Dimension).where(col(Dimension.tenant_id) == tenant).order_by(col(Dimension.name)))
    return [schemas.Dimension.model_validate({"name": row.name, "values": row.values}) for row in found]
