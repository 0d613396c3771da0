"""Groups that are units of the line or projects, written through the people domain.

A unit may be a member of another: it is then below it. Deleting a unit leaves its people without one, and what was
below it at the top; results of before go on naming it.
"""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from service.kit.ids import new_id
from service.people import unit_rows
from service.people.diff import Held
from service.people.tree import in_cycles
from service.people.unit_rows import KnownUnit, UnitChange, UnitHeld
from service.scim import crowd
from service.scim.group_rows import hierarchy
from service.scim.mapping import Groups
from service.scim.membership import Delta
from service.scim.refusals import Contradicts, Refused, Taken
from service.scim.within import Within, uuid_behind

_UNITS: Final = """
    SELECT unit_id, source, external_id, name, parent_id, hierarchy, manager, is_active, revision,
           deleted_at IS NOT NULL AS is_deleted
    FROM org_unit WHERE tenant_id = :tenant AND
"""
_BY_ID: Final = text(f"{_UNITS} unit_id = ANY(CAST(:ids AS uuid[]))")
_BY_KEY: Final = text(f"{_UNITS} source = :source AND external_id = :external_id")
_BELOW: Final = text(f"{_UNITS} parent_id = :unit AND deleted_at IS NULL")
_PARENTS: Final = text("""
    SELECT unit_id, parent_id FROM org_unit WHERE tenant_id = :tenant AND hierarchy = :hierarchy AND deleted_at IS NULL
""")
# What `unit_rows.write` leaves where nothing else of a unit changes: its key.
_KEY: Final = text("""
    UPDATE org_unit SET external_id = :external_id, updated_at = :now, revision = revision + 1
    WHERE tenant_id = :tenant AND unit_id = :unit AND external_id <> :external_id
""")
_DELETE: Final = text("UPDATE org_unit SET deleted_at = :now WHERE tenant_id = :tenant AND unit_id = :unit")
_LINE_MEMBERS: Final = text("""
    SELECT u.person_id FROM scim_user u JOIN person p ON p.tenant_id = u.tenant_id AND p.person_id = u.person_id
    WHERE u.tenant_id = :tenant AND p.unit_id = :unit
""")
_PROJECT_MEMBERS: Final = text("""
    SELECT u.person_id FROM scim_user u
    JOIN project_member m ON m.tenant_id = u.tenant_id AND m.person_id = u.person_id
    WHERE u.tenant_id = :tenant AND m.unit_id = :unit
""")
_OCCUPIED: Final = text("""
    SELECT EXISTS (SELECT FROM person WHERE tenant_id = :tenant AND unit_id = :unit AND deleted_at IS NULL)
""")


async def create(within: Within, name: str, external_id: str | None) -> str:
    """A new unit, or a deleted one that is back under its key."""
    unit = new_id()
    new = UnitHeld(name, hierarchy=hierarchy(within.mapping))
    old = None
    if external_id is not None:
        known = await _under_key(within, external_id)
        if known is not None and not known.is_deleted:
            raise Taken
        if known is not None and known.held.hierarchy != new.hierarchy:
            raise Contradicts("A unit of another hierarchy was known under this externalId.")
        unit, old = (known.unit_id, known.held) if known is not None else (unit, None)
    change = UnitChange(unit, within.mapping.source, external_id or str(unit), old, new)
    await unit_rows.write(within.tx, within.tenant, [change], within.now)
    return str(unit)


async def change(within: Within, group: str, name: str, external_id: str | None) -> None:
    """A unit's name and key as they are to be."""
    known = await _just(within, group)
    key = external_id or group
    other = await _under_key(within, key)
    if other is not None and other.unit_id != known.unit_id:
        raise Taken
    new = replace(known.held, name=name)
    if new != known.held:
        changes = [UnitChange(known.unit_id, known.source, key, known.held, new)]
        await unit_rows.write(within.tx, within.tenant, changes, within.now)
    else:
        await within.tx.execute(
            _KEY, {"tenant": within.tenant, "unit": known.unit_id, "external_id": key, "now": within.now}
        )


async def delete(within: Within, group: str) -> None:
    """Take a unit away, which nobody is in any more."""
    known = await _just(within, group)
    here = {"tenant": within.tenant, "unit": known.unit_id}
    if await within.tx.scalar(_OCCUPIED, here):
        raise Contradicts("People whom no directory looks after are in this unit.")
    gone = replace(known.held, is_active=False, parent_id=None)
    changes = [UnitChange(known.unit_id, *known.key, known.held, gone)]
    await unit_rows.write(within.tx, within.tenant, changes, within.now)
    await within.tx.execute(_DELETE, {**here, "now": within.now})


async def move(within: Within, group: str, delta: Delta) -> None:
    """Who joins and who leaves a unit, people and units below it."""
    known = await _just(within, group)
    joining, leaving = await crowd.named(within, delta.joining), await crowd.named(within, delta.leaving)
    out = set(leaving.users)
    if delta.whole:
        out |= await _people_in(within, known.unit_id) - joining.users
    await crowd.move(within, out, lambda held: _left(within, held, known.unit_id))
    await crowd.move(within, joining.users, lambda held: _joined(within, held, known.unit_id))
    below = (await within.tx.execute(_BELOW, {"tenant": within.tenant, "unit": known.unit_id})).all()
    if joining.others or leaving.others or (delta.whole and below):
        children = {row.unit_id for row in below}
        left = children - _ids(joining.others) if delta.whole else children & _ids(leaving.others)
        await _hang(within, known, joining.others, left)


def _left(within: Within, held: Held, unit: UUID) -> Held:
    if within.mapping.groups is Groups.projects:
        return replace(held, projects=held.projects - {unit})
    return replace(held, unit_id=None) if held.unit_id == unit else held


def _joined(within: Within, held: Held, unit: UUID) -> Held:
    if within.mapping.groups is Groups.projects:
        return replace(held, projects=held.projects | {unit})
    return replace(held, unit_id=unit)


def _ids(texts: frozenset[str]) -> set[UUID]:
    return {one for one in map(uuid_behind, texts) if one is not None}


async def _people_in(within: Within, unit: UUID) -> set[UUID]:
    statement = _PROJECT_MEMBERS if within.mapping.groups is Groups.projects else _LINE_MEMBERS
    return set(await within.tx.scalars(statement, {"tenant": within.tenant, "unit": unit}))


async def _hang(within: Within, above: KnownUnit, joining: frozenset[str], leaving: set[UUID]) -> None:
    """Put units below another one, or take them from there; never in a circle."""
    coming = await _by_id(within, _ids(joining))
    ours = {
        unit
        for unit, known in coming.items()
        if (known.source, known.held.hierarchy) == (above.source, above.held.hierarchy) and not known.is_deleted
    }
    if len(ours) < len(joining):
        raise Refused("A member must be a User or a unit that is there.")
    rows = await within.tx.execute(_PARENTS, {"tenant": within.tenant, "hierarchy": above.held.hierarchy})
    parents: dict[UUID, UUID | None] = {row.unit_id: row.parent_id for row in rows}
    parents |= dict.fromkeys(leaving) | dict.fromkeys(ours, above.unit_id)
    if in_cycles(parents):
        raise Refused("A unit must not be below itself.")
    found = {**coming, **await _by_id(within, leaving)}
    changes = [
        UnitChange(unit, *known.key, known.held, replace(known.held, parent_id=parents[unit]))
        for unit, known in found.items()
    ]
    await unit_rows.write(within.tx, within.tenant, changes, within.now)


async def _by_id(within: Within, ids: set[UUID]) -> dict[UUID, KnownUnit]:
    rows = await within.tx.execute(_BY_ID, {"tenant": within.tenant, "ids": sorted(ids)})
    return {row.unit_id: _known(row) for row in rows}


async def _just(within: Within, group: str) -> KnownUnit:
    (known,) = (await _by_id(within, _ids(frozenset({group})))).values()
    return known


async def _under_key(within: Within, external_id: str) -> KnownUnit | None:
    key = {"tenant": within.tenant, "source": within.mapping.source, "external_id": external_id}
    row = (await within.tx.execute(_BY_KEY, key)).one_or_none()
    return _known(row) if row is not None else None


def _known(row: Row[Any]) -> KnownUnit:
    held = UnitHeld(row.name, row.parent_id, row.hierarchy, row.manager, row.is_active)
    return KnownUnit(row.unit_id, row.source, row.external_id, held, row.revision, row.is_deleted)
