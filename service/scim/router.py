"""How a tenant's directory is read. SCIM itself is no part of /v1: see `application`."""

from typing import Annotated

from fastapi import Body

from service.kit.strict import api_router
from service.people.callers import PeopleWriter
from service.people.problems import OrganisationBusy
from service.people.turns import in_turn
from service.problems import Conflict, Invalid, problems
from service.scim import actions, queries
from service.scim.mapping import Mapping
from service.scim.problems import GroupsInUse
from service.tenants.principals import Now, Transaction
from service.tenants.scopes import Scope

router = api_router()


@router.get("/scim-mapping", operation_id="scim_mapping.get")
async def get_mapping(caller: PeopleWriter, tx: Transaction) -> Mapping:
    """What SCIM's Groups are here, and where a User's unit is said."""
    return await queries.mapping_of(tx, caller.tenant_id)


@router.put(
    "/scim-mapping",
    operation_id="scim_mapping.put",
    dependencies=[in_turn(Scope.people_write)],
    responses=problems(Invalid, Conflict, GroupsInUse, OrganisationBusy),
)
async def put_mapping(caller: PeopleWriter, tx: Transaction, now: Now, mapping: Annotated[Mapping, Body()]) -> Mapping:
    """Say it, before a directory is connected; `source` can change only while there are no Users.

    What Groups are can change only while there are none.

    With `groups: units` a Group is a unit of the line hierarchy, and its members are the people in it. With
    `groups: projects` it is a project, of which a person may have several. With `groups: dimension` it is a value of
    `dimension`. `unit` says where a person's unit stands: in the Groups, in the enterprise extension's `department`, or
    in `unit` of our own extension; the last two hold a unit's external id in this source.
    """
    await actions.put_mapping(tx, caller, mapping, now)
    return await queries.mapping_of(tx, caller.tenant_id)
