"""How a tenant's directory is read, and what its people can be."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.scim.mapping import DEFAULT, Mapping
from service.scim.tables import ScimMapping, ScimUser


async def mapping_of(tx: AsyncSession, tenant: UUID) -> Mapping:
    """The tenant's mapping; the default one where none was put."""
    row = await tx.get(ScimMapping, tenant)
    return DEFAULT if row is None else Mapping.model_validate(row.mapping)


async def has_users(tx: AsyncSession, tenant: UUID) -> bool:
    """Whether a directory looks after anybody."""
    return bool(await tx.scalar(select(select(ScimUser).where(col(ScimUser.tenant_id) == tenant).exists())))
