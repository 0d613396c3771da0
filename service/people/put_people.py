"""People as a source tells them: all rows of a call or none, unless the caller asked to skip the refused ones.

The rows are read twice: all are judged before the first is written, since a person's manager may come after them.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.ids import new_id
from service.kit.lines import Refusals, Row
from service.kit.reasons import Fault
from service.people import people_rows, schemas, unit_rows
from service.people.actions import (
    NOT_YET,
    TWICE,
    Fingerprints,
    report,
    write_down,
)
from service.people.diff import Held
from service.people.lock import lock_organisation
from service.people.managers import wrong_links
from service.people.people_rows import CHUNK, Change, Key, Known, Span
from service.people.queries import dimension_values
from service.people.unit_rows import LINE, MERGED, PROJECT
from service.tenants.principals import Principal

_LINKS = text("""
    SELECT p.source, p.external_id, m.source AS by_source, m.external_id AS by_external_id
    FROM person p LEFT JOIN person m ON m.tenant_id = p.tenant_id AND m.person_id = p.manager_id
    WHERE p.tenant_id = :tenant AND p.deleted_at IS NULL
""")
NOWHERE = UUID(int=0)
EARLY = Fault("/valid_from", "is before the first day of its `unit`: say first since when that one has been there")
Rows = AsyncIterable[Row[schemas.PersonIn]]


@dataclass(frozen=True, slots=True)
class Places:
    """Where people can be: units by (source, external_id) in each hierarchy, declared values by dimension."""

    line: Mapping[Key, UUID]
    merged: frozenset[Key]
    projects: Mapping[Key, UUID]
    values: Mapping[str, set[str]]
    today: date

    def faults_of(self, person: schemas.PersonIn) -> list[Fault]:
        """What of a row points nowhere."""
        faults = []
        if (person.source, person.unit) not in self.line:
            faults.append(Fault("/unit", "is not a known unit of this `source`"))
        elif person.active and (person.source, person.unit) in self.merged:
            faults.append(Fault("/unit", MERGED))
        for index, unit in enumerate(person.projects):
            if (person.source, unit) not in self.projects:
                faults.append(Fault(f"/projects/{index}", "is not a known project of this `source`"))
        for name, value in person.dimensions.items():
            if name not in self.values:
                faults.append(Fault("/dimensions", "names a dimension that is not declared"))
            elif value not in self.values[name]:
                faults.append(Fault(f"/dimensions/{name}", "is not a declared value"))
        if person.valid_from is not None and person.valid_from > self.today:
            faults.append(NOT_YET)
        return faults

    def is_early(self, person: schemas.PersonIn, spans: Mapping[UUID, unit_rows.Span]) -> bool:
        """Whether a row tells of a unit before its first day."""
        span = spans.get(self.line.get((person.source, person.unit), NOWHERE))
        return person.valid_from is not None and span is not None and person.valid_from < span.first

    def held(self, person: schemas.PersonIn, manager: UUID | None) -> Held:
        """A row that has no faults, as it is kept."""
        return Held(
            self.line[person.source, person.unit],
            person.language,
            person.dimensions,
            person.active,
            person.hired_on,
            person.name,
            manager,
            frozenset(self.projects[person.source, unit] for unit in person.projects),
        )


async def places_of(tx: AsyncSession, tenant: UUID, now: datetime) -> Places:
    """Where people of the tenant can be now."""
    units = [unit for unit in await unit_rows.all_units(tx, tenant) if not unit.is_deleted]
    line, projects = (
        {unit.key: unit.unit_id for unit in units if unit.held.hierarchy == hierarchy} for hierarchy in (LINE, PROJECT)
    )
    merged = frozenset(unit.key for unit in units if unit.is_merged)
    return Places(line, merged, projects, await dimension_values(tx, tenant), now.astimezone(UTC).date())


async def put_people(
    tx: AsyncSession, caller: Principal, rows: Rows, now: datetime, *, skip: bool
) -> schemas.UpsertOut:
    """Upsert people a thousand at a time, in one transaction."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    places = await places_of(tx, tenant, now)
    refusals = Refusals(skip=skip)
    refused, managers = await _judge(tx, tenant, rows, places, refusals)
    refusals.settle()
    created = updated = unchanged = 0
    async for chunk in _chunks(rows, refused):
        found = await people_rows.known(tx, tenant, [(person.source, person.external_id) for person in chunk])
        spans = await _spans_of(tx, tenant, chunk, found)
        changes = []
        for person in chunk:
            key = person.source, person.external_id
            old = found.get(key)
            by = managers[person.source, person.manager] if person.manager is not None else None
            ours = old.person_id if old is not None else managers.get(key) or new_id()
            held = places.held(person, by)
            before = old.before(held) if old is not None else None
            is_longer = before == held and _is_longer(person, spans.get(ours))
            changes.append(Change(ours, *key, before, held, person.valid_from, is_longer))
        await people_rows.write(tx, tenant, changes, now)
        fresh = sum(change.old is None for change in changes)
        same = sum(not change.is_real for change in changes)
        created, updated, unchanged = created + fresh, updated + len(changes) - fresh - same, unchanged + same
    told = report(created, updated, unchanged, refusals)
    write_down(tx, caller, now, "people.put", told)
    return told


async def _judge(
    tx: AsyncSession, tenant: UUID, rows: Rows, places: Places, refusals: Refusals
) -> tuple[set[int], dict[Key, UUID]]:
    """The numbers of the rows that are refused, and an id for whoever is somebody's manager in the others."""
    seen = Fingerprints()
    refused: set[int] = set()
    spans: Mapping[UUID, unit_rows.Span] | None = None
    early: list[Row[schemas.PersonIn]] = []
    is_managed = False
    async for row in rows:
        faults = list(row.faults)
        if row.value is not None:
            if row.value.valid_from is not None and spans is None:
                spans = await unit_rows.spans(tx, tenant)
            faults = places.faults_of(row.value)
            if not seen.first(row.value.source, row.value.external_id):
                faults.append(TWICE)
            is_managed = is_managed or row.value.manager is not None
        if row.value is None:  # whose number nobody asks for: there may be millions
            refusals.add(row.index, faults)
        elif faults:
            refused.add(row.index)
            refusals.add(row.index, faults)
        elif places.is_early(row.value, spans or {}):
            early.append(row)
            if len(early) == CHUNK:
                refused |= await _refuse_early(tx, tenant, early, places, refusals)
                early = []
    refused |= await _refuse_early(tx, tenant, early, places, refusals)
    if not is_managed:
        return refused, {}
    return refused, await _managers(tx, tenant, rows, refused, refusals)


async def _refuse_early(
    tx: AsyncSession, tenant: UUID, rows: list[Row[schemas.PersonIn]], places: Places, refusals: Refusals
) -> set[int]:
    """The numbers of those among rows before their unit's first day that would change anything: they are refused."""
    people = [(row.index, row.value) for row in rows if row.value is not None]
    found = await people_rows.known(tx, tenant, [(person.source, person.external_id) for _, person in people])
    spans = await _spans_of(tx, tenant, [person for _, person in people], found)
    managers = {known.held.manager_id for known in found.values() if known.held.manager_id is not None}
    above = await people_rows.known_by_id(tx, tenant, sorted(managers))
    refused = set()
    for index, person in people:
        known = found.get((person.source, person.external_id))
        by = above[known.held.manager_id].key if known is not None and known.held.manager_id is not None else None
        is_same = (
            known is not None
            and not known.is_deleted
            and (known.held.unit_id, by, known.held.is_active)
            == (
                places.line[person.source, person.unit],
                (person.source, person.manager) if person.manager is not None else None,
                person.active,
            )
            and not _is_longer(person, spans.get(known.person_id))
        )
        if not is_same:
            refused.add(index)
            refusals.add(index, [EARLY])
    return refused


async def _spans_of(
    tx: AsyncSession, tenant: UUID, people: list[schemas.PersonIn], found: Mapping[Key, Known]
) -> Mapping[UUID, Span]:
    """The history's ends of whoever is known and said to be there since some day."""
    keys = [(person.source, person.external_id) for person in people if person.valid_from is not None]
    ids = [found[key].person_id for key in keys if key in found]
    return await people_rows.spans(tx, tenant, ids) if ids else {}


def _is_longer(person: schemas.PersonIn, span: Span | None) -> bool:
    return person.valid_from is not None and span is not None and person.valid_from < span.first == span.last


async def _managers(
    tx: AsyncSession, tenant: UUID, rows: Rows, refused: set[int], refusals: Refusals
) -> dict[Key, UUID]:
    """Refuse the links that can not stand; the ids of the managers in the others."""
    known: dict[Key, Key | None] = {
        (row.source, row.external_id): (row.by_source, row.by_external_id) if row.by_source is not None else None
        for row in await tx.execute(_LINKS, {"tenant": tenant})
    }
    given: dict[Key, Key | None] = {}
    numbers: dict[Key, int] = {}
    async for row in rows:
        if row.value is not None and row.index not in refused:
            key = row.value.source, row.value.external_id
            given[key] = (row.value.source, row.value.manager) if row.value.manager is not None else None
            numbers[key] = row.index
    wrong = await asyncio.to_thread(wrong_links, known, given)
    for key, reason in wrong.items():
        refused.add(numbers[key])
        refusals.add(numbers[key], [Fault("/manager", reason)])
    return await _ids_of(tx, tenant, {by for key, by in given.items() if by is not None and key not in wrong})


async def _ids_of(tx: AsyncSession, tenant: UUID, wanted: set[Key]) -> dict[Key, UUID]:
    """Ids of people by key; new ones for those who come with this call."""
    keys = sorted(wanted)
    found: dict[Key, UUID] = {}
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        known = await people_rows.known(tx, tenant, chunk)
        found |= {key: known[key].person_id if key in known else new_id() for key in chunk}
    return found


async def _chunks(rows: Rows, refused: set[int]) -> AsyncIterator[list[schemas.PersonIn]]:
    """The rows that are not refused, a thousand at a time."""
    chunk: list[schemas.PersonIn] = []
    async for row in rows:
        if row.value is not None and row.index not in refused:
            chunk.append(row.value)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk
