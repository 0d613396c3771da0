"""Groups written: units, projects, or values of a dimension, as the mapping says."""

from typing import Any

from pydantic_core import PydanticCustomError
from scim2_models import PreconditionFailedException, Resource

from service.kit.text import plain
from service.scim import unit_writes, value_writes
from service.scim.facts import KEY_LENGTH
from service.scim.group_rows import read
from service.scim.mapping import Groups
from service.scim.membership import NOTHING, Delta
from service.scim.refusals import Gone, Refused
from service.scim.within import Within


async def create(within: Within, resource: Resource[Any]) -> str:
    """A new group with its first members."""
    name, external_id = _name(resource), _external_id(resource)
    if within.mapping.groups is Groups.dimension:
        group = await value_writes.create(within, name)
    else:
        group = await unit_writes.create(within, name, external_id)
    await _move(within, group, Delta(_members(resource)))
    within.done["groups_created"] += 1
    return group


async def replace(within: Within, resource: Resource[Any], expected_version: str | None) -> str:
    """A group as it is to be, whole."""
    return await change(within, resource, Delta(_members(resource), whole=True), expected_version)


async def change(within: Within, resource: Resource[Any], delta: Delta, expected_version: str | None) -> str:
    """A group's own attributes as they are to be, and who joins or leaves."""
    group = await _known(within, type(resource), resource.id, expected_version)
    name, external_id = _name(resource), _external_id(resource)
    if within.mapping.groups is Groups.dimension:
        await value_writes.rename(within, group, name)
    else:
        await unit_writes.change(within, group, name, external_id)
    await _move(within, group, delta)
    within.done["groups_changed"] += 1
    return group


async def delete(within: Within, model: type[Resource[Any]], resource_id: str, expected_version: str | None) -> None:
    """Let everybody out of a group and take it away."""
    group = await _known(within, model, resource_id, expected_version)
    await _move(within, group, Delta(whole=True))
    if within.mapping.groups is Groups.dimension:
        await value_writes.delete(within, group)
    else:
        await unit_writes.delete(within, group)
    within.done["groups_deleted"] += 1


async def _move(within: Within, group: str, delta: Delta) -> None:
    if delta == NOTHING:
        return
    if within.mapping.groups is Groups.dimension:
        await value_writes.move(within, group, delta)
    else:
        await unit_writes.move(within, group, delta)


async def _known(within: Within, model: type[Resource[Any]], group: str | None, expected_version: str | None) -> str:
    found = await read(within, model, [group or ""], with_members=False)
    if not found or group is None:
        raise Gone
    if expected_version is not None and (found[0].meta is None or found[0].meta.version != expected_version):
        raise PreconditionFailedException
    return group


def _name(resource: Resource[Any]) -> str:
    name: str = getattr(resource, "display_name", None) or ""
    return _judged(name, "displayName")


def _external_id(resource: Resource[Any]) -> str | None:
    return _judged(resource.external_id, "externalId") if resource.external_id else None


def _judged(text: str, attribute: str) -> str:
    if not text.strip() or len(text) > KEY_LENGTH:
        raise Refused(f"{attribute} must say something, in at most {KEY_LENGTH} characters.")
    try:
        return plain(text)
    except PydanticCustomError:
        raise Refused("Texts must not hold control characters.") from None


def _members(resource: Resource[Any]) -> frozenset[str]:
    members = getattr(resource, "members", None) or ()
    if any(member.value is None for member in members):
        raise Refused("A member is named by its value.")
    return frozenset(member.value for member in members)
