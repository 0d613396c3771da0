"""Units as a source tells them: all rows of a call or none, unless the caller asked to skip the refused ones."""

from collections.abc import AsyncIterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.ids import new_id
from service.kit.lines import Refusals, Row
from service.kit.reasons import Fault
from service.people import schemas, unit_rows
from service.people.actions import NOT_YET, TWICE, report, write_down
from service.people.past import in_circles
from service.people.tree import in_cycles
from service.people.turns import lock_organisation
from service.people.unit_rows import MERGED, KnownUnit, Span, UnitChange, UnitHeld
from service.problems import Invalid
from service.tenants.principals import Principal

UNITS_LIMIT = 200_000

Key = tuple[str, str]
Known = Mapping[Key, KnownUnit]
Given = dict[Key, tuple[int, schemas.OrgUnitIn]]
Spans = Mapping[UUID, Span]

CIRCLE = "makes a circle on a day before today, together with what was told of the days since"
EARLY = "is before the first day of its `parent`: say first, or in the same call, since when that one has been there"


async def put_units(
    tx: AsyncSession, caller: Principal, rows: AsyncIterable[Row[schemas.OrgUnitIn]], now: datetime, *, skip: bool
) -> schemas.UpsertOut:
    """Upsert units.

    Refuses unknown parents, circles on whatever day, a parent in the other hierarchy, a day before the parent's first
    one, units that were merged into others, and a key named twice.
    """
    tenant, today = caller.tenant_id, now.astimezone(UTC).date()
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
        elif row.value.valid_from is not None and row.value.valid_from > today:
            refusals.add(row.index, [NOT_YET])
        else:
            given[row.value.source, row.value.external_id] = (row.index, row.value)
    _refuse_bad_links(known, given, refusals)
    # Only a row that says since when can be too early, or tell more of what is known.
    spans = await unit_rows.spans(tx, tenant) if any(unit.valid_from for _, unit in given.values()) else {}
    _refuse_early(known, given, spans, today, refusals)
    while looped := await in_circles(tx, tenant, _changes(known, given, spans), today):
        if not _refuse_circles(known, given, looped, refusals):
            break
        _refuse_early(known, given, spans, today, refusals)
    refusals.settle()

    changes = [*_changes(known, given, spans)]
    await unit_rows.write(tx, tenant, changes, now)
    created = sum(change.old is None for change in changes)
    updated = sum(change.old is not None and change.is_real for change in changes)
    told = report(created, updated, len(given) - created - updated, refusals)
    write_down(tx, caller, now, "org_units.put", told)
    return told


def _changes(known: Known, given: Given, spans: Spans) -> Iterator[UnitChange]:
    ids: dict[Key, UUID] = {key: known[key].unit_id if key in known else new_id() for key in given}
    ids |= {key: unit.unit_id for key, unit in known.items()}
    for key, (_, unit) in given.items():
        parent = ids[unit.source, unit.parent] if unit.parent is not None else None
        new = UnitHeld(unit.name, parent, unit.hierarchy, unit.manager, unit.active)
        old = known[key].before(new) if key in known else None
        span = spans.get(ids[key])
        is_longer = unit.valid_from is not None and span is not None and unit.valid_from < span.first == span.last
        yield UnitChange(ids[key], *key, old, new, unit.valid_from, is_longer)


def _refuse_circles(known: Known, given: Given, looped: set[UUID], refusals: Refusals) -> bool:
    """Take out of `given` what lies in a circle on some day before today; whether there was any."""
    bad = [key for key in given if key in known and known[key].unit_id in looped]
    for key in bad:
        index, _ = given.pop(key)
        refusals.add(index, [Fault("/valid_from", CIRCLE)])
    return bool(bad)


def _refuse_early(known: Known, given: Given, spans: Spans, today: date, refusals: Refusals) -> None:
    """Take out of `given` what would be below a unit that was not there yet, until nothing more falls."""
    known_first = {key: spans[unit.unit_id].first for key, unit in known.items() if unit.unit_id in spans}
    while early := _early(known_first, given, [*_changes(known, given, spans)], today):
        for key in early:
            index, _ = given.pop(key)
            refusals.add(index, [Fault("/valid_from", EARLY)])
        _refuse_bad_links(known, given, refusals)


def _early(known_first: Mapping[Key, date], given: Given, changes: Sequence[UnitChange], today: date) -> list[Key]:
    """Who would be below a unit before its first day, and who would be so once these are refused."""
    real = {(change.source, change.external_id): change.since or today for change in changes if change.is_real}
    first = {**known_first} | {key: min(since, known_first.get(key, since)) for key, since in real.items()}
    below: dict[Key, list[Key]] = {}
    for key in real:
        below.setdefault((key[0], given[key][1].parent or ""), []).append(key)
    found: dict[Key, None] = {}
    left = [key for key in real if given[key][1].valid_from is not None]
    while left:
        key = left.pop()
        parent = given[key][1].parent
        if parent is not None and key not in found and real[key] < first.get((key[0], parent), date.min):
            found[key] = None
            # What it said of its own first day falls with it; one that was not there is `_refuse_bad_links`'s.
            if key in known_first:
                first[key] = known_first[key]
                left += [child for child in below.get(key, ()) if given[child][1].valid_from is not None]
    return sorted(found, key=lambda key: given[key][0])


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
        merged = {key for key, unit in known.items() if unit.is_merged}
        looped = in_cycles(parents)
        bad = [
            (key, fault)
            for key, (_, unit) in given.items()
            if (fault := _fault_of(unit, key, parents, hierarchies, merged, is_looped=key in looped))
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
    merged: set[Key],
    *,
    is_looped: bool,
) -> Fault | None:
    if hierarchies[key] != unit.hierarchy:
        return Fault("/hierarchy", "can not be changed")
    if unit.active and key in merged:
        return Fault("/external_id", MERGED)
    parent = parents[key]
    reason = None
    if parent is not None and parent not in parents:
        reason = "is not a known unit of this `source`"
    elif parent is not None and hierarchies[parent] != unit.hierarchy:
        reason = "is in the other hierarchy"
    elif unit.active and parent in merged:
        reason = MERGED
    elif is_looped:
        reason = "makes a circle"
    return Fault("/parent", reason) if reason else None
