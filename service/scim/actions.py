"""Saying how a tenant's directory is to be read."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.reasons import Fault
from service.people.lock import lock_organisation
from service.people.queries import dimension_values
from service.problems import Conflict, Invalid
from service.scim.mapping import Mapping
from service.scim.problems import GroupsInUse
from service.scim.queries import groups_in_use, has_users, mapping_of
from service.scim.tables import ScimMapping
from service.tenants.actions import audit
from service.tenants.principals import Principal


async def put_mapping(tx: AsyncSession, caller: Principal, mapping: Mapping, now: datetime) -> None:
    """Read the directory in this way from now on. What was written before stays as it is.

    Raises Invalid, Conflict, GroupsInUse.
    """
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    old = await mapping_of(tx, tenant)
    is_said = await tx.get(ScimMapping, tenant) is not None
    if is_said and mapping == old:
        return
    if mapping.dimension is not None and mapping.dimension not in await dimension_values(tx, tenant):
        raise Invalid(faults=[Fault("/dimension", "is not a declared dimension")])
    is_used = await has_users(tx, tenant)
    if mapping.source != old.source and is_used:
        raise Conflict(
            "The source can change only while there are no Users.", faults=[Fault("/source", "Users are kept under it")]
        )
    are_others = (mapping.groups, mapping.dimension) != (old.groups, old.dimension) and mapping.source == old.source
    # Before anybody said anything and any User came, units of the source are a file's or a program's.
    if are_others and (is_said or is_used) and (groups := await groups_in_use(tx, tenant, old)):
        raise GroupsInUse(f"There are {groups} Groups by the present mapping.", groups=groups)
    said = mapping.model_dump(mode="json")
    statement = insert(ScimMapping).values(tenant_id=tenant, mapping=said, updated_at=now)
    changed = {"mapping": statement.excluded.mapping, "updated_at": statement.excluded.updated_at}
    await tx.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))
    audit(tx, tenant, now, caller.actor, "scim_mapping.put", str(tenant), **said)
