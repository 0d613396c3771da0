"""How a tenant's directory is read, and what its people can be."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.people.unit_rows import LINE, PROJECT
from service.scim.mapping import DEFAULT, Groups, Mapping
from service.scim.tables import ScimMapping, ScimUser

_UNITS = text("""
    SELECT count(*) FROM org_unit
    WHERE tenant_id = :tenant AND source = :source AND hierarchy = :hierarchy AND deleted_at IS NULL
""")
# Values are declared, and are there whether a directory uses them or not.
_VALUES_HELD = text("""
    SELECT count(DISTINCT p.dimensions ->> :dimension) FROM scim_user u
    JOIN person p ON p.tenant_id = u.tenant_id AND p.person_id = u.person_id WHERE u.tenant_id = :tenant
""")


async def mapping_of(tx: AsyncSession, tenant: UUID) -> Mapping:
    """The tenant's mapping; the default one where none was put."""
    row = await tx.get(ScimMapping, tenant)
    return DEFAULT if row is None else Mapping.model_validate(row.mapping)


async def groups_in_use(tx: AsyncSession, tenant: UUID, mapping: Mapping) -> int:
    """How many Groups there are by this mapping; of a dimension's values, those that a User holds."""
    given = {"tenant": tenant}
    if mapping.groups is Groups.dimension:
        found = await tx.scalar(_VALUES_HELD, given | {"dimension": mapping.dimension})
    else:
        hierarchy = PROJECT if mapping.groups is Groups.projects else LINE
        found = await tx.scalar(_UNITS, given | {"source": mapping.source, "hierarchy": hierarchy})
    return int(found or 0)


async def has_users(tx: AsyncSession, tenant: UUID) -> bool:
    """Whether a directory looks after anybody."""
    return bool(await tx.scalar(select(select(ScimUser).where(col(ScimUser.tenant_id) == tenant).exists())))
