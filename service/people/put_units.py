"""Units as a source tells them: all rows of a call or none, unless the caller asked to skip the refused ones."""

from collections.abc import AsyncIterable, Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.ids import new_id
from service.kit.lines import Refusals, Row
from service.kit.reasons import Fault
from service.people import schemas, unit_rows
from service.people.actions import NOT_YET, TWICE, lock_organisation, report, write_down
from service.people.tree import in_cycles
from service.people.unit_rows import KnownUnit, UnitChange, UnitHeld
from service.problems import Invalid
from service.tenants.principals import Principal

UNITS_LIMIT = 200_000

Key = tuple[str, str]
Known = Mapping[Key, KnownUnit]
Given = dict[Key, tuple[int, schemas.OrgUnitIn]]


async def put_units(
    tx: AsyncSession, caller: Principal, rows: AsyncIterable[Row[schemas.OrgUnitIn]], now: datetime, *, skip: bool
) -> schemas.UpsertOut:
    """Upsert units. Refuses unknown parents, circles, a parent in the other hierarchy, and a key named twice."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    known = {unit.key: unit for unit in await unit_rows.all_units(tx, tenant)}
    refusals = Refusals(skip=skip)
    given: Given = {}
    async for row in rows:
        if row.value is None:
            refusals.add(row.index, row.faults)
        elif (row.value.source, row.value.external_id) in given:
            refusals.add(row.index, [TWICE])
        elif len(given) >= UNITS_LIMIT:
            raise Invalid(f"An organisation may have {UNITS_LIMIT} units.")
        elif row.value.valid_from is not None and row.value.valid_from > now.astimezone(UTC).date():
            refusals.add(row.index, [NOT_YET])
        else:
            given[row.value.source, row.value.external_id] = (row.index, row.value)
    _refuse_bad_links(known, given, refusals)
    refusals.settle()

    changes = [*_changes(known, given)]
    await unit_rows.write(tx, tenant, changes, now)
    created = sum(change.old is None for change in changes)
    updated = sum(change.old is not None and change.old != change.new for change in changes)
    told = report(created, updated, len(given) - created - updated, refusals)
    write_down(tx, caller, now, "org_units.put", told)
    return told


def _changes(known: Known, given: Given) -> Iterator[UnitChange]:
    ids: dict[Key, UUID] = {key: known[key].unit_id if key in known else new_id() for key in given}
    ids |= {key: unit.unit_id for key, unit in known.items()}
    for key, (_, unit) in given.items():
        parent = ids[unit.source, unit.parent] if unit.parent is not None else None
        new = UnitHeld(unit.name, parent, unit.hierarchy, unit.manager, unit.active)
        old = known[key].before(new) if key in known else None
        yield UnitChange(ids[key], *key, old, new, unit.valid_from)


def _refuse_bad_links(known: Known, given: Given, refusals: Refusals) -> None:
    """Take out of `given` what hangs nowhere, in a circle or in the other hierarchy, until nothing more falls."""
    by_id = {unit.unit_id: key for key, unit in known.items()}
    while True:
        parents: dict[Key, Key | None] = {
            key: by_id.get(unit.held.parent_id) if unit.held.parent_id else None
            for key, unit in known.items()
            if not unit.is_deleted
        }
        parents |= {key: (key[0], unit.parent) if unit.parent else None for key, (_, unit) in given.items()}
        hierarchies = {key: unit.held.hierarchy for key, unit in known.items()}
        hierarchies |= {key: unit.hierarchy for key, (_, unit) in given.items() if key not in known}
        looped = in_cycles(parents)
        bad = [
            (key, fault)
            for key, (_, unit) in given.items()
            if (fault := _fault_of(unit, key, parents, hierarchies, is_looped=key in looped))
        ]
        if not bad:
            return
        for key, fault in bad:
            index, _ = given.pop(key)
            refusals.add(index, [fault])


def _fault_of(
    unit: schemas.OrgUnitIn,
    key: Key,
    parents: Mapping[Key, Key | None],
    hierarchies: Mapping[Key, str],
    *,
    is_looped: bool,
) -> Fault | None:
    parent = parents[key]
    if hierarchies[key] != unit.hierarchy:
        return Fault("/hierarchy", "can not be changed")
    if parent is None:
        return None
    if parent not in parents:
        return Fault("/parent", "is not a known unit of this `source`")
    if hierarchies[parent] != unit.hierarchy:
        return Fault("/parent", "is in the other hierarchy")
    return Fault("/parent", "makes a circle") if is_looped else None
