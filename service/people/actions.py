"""Writing the organisation down: all rows of a call or none, unless the caller asked to skip the refused ones.

The rows are all there when a call begins (see `spool`): whoever waits for the organisation's lock waits for us, never
for a client.
"""

import hashlib
from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.ids import new_id
from service.kit.lines import Refusals, Row
from service.kit.reasons import Fault
from service.people import schemas
from service.people.tables import Dimension, OrgUnit
from service.people.tree import in_cycles
from service.problems import Conflict, Invalid
from service.tenants.actions import audit
from service.tenants.principals import Principal

CHUNK = 1000
UNITS_LIMIT = 200_000

_UPSERT_UNITS = text("""
    INSERT INTO org_unit (tenant_id, unit_id, source, external_id, name, is_active)
    SELECT CAST(:tenant AS uuid), * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:sources AS text[]), CAST(:externals AS text[]),
        CAST(:names AS text[]), CAST(:actives AS boolean[]))
    ON CONFLICT (tenant_id, source, external_id) DO UPDATE SET name = excluded.name, is_active = excluded.is_active
""")
_SET_PARENTS = text("""
    UPDATE org_unit SET parent_id = given.parent_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:parents AS uuid[])) AS given (unit_id, parent_id)
    WHERE org_unit.tenant_id = :tenant AND org_unit.unit_id = given.unit_id
      AND org_unit.parent_id IS DISTINCT FROM given.parent_id
""")
_UPSERT_PEOPLE = text("""
    INSERT INTO person (
        tenant_id, person_id, source, external_id, unit_id, language, dimensions, is_active, hired_on, name)
    SELECT CAST(:tenant AS uuid), * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:sources AS text[]), CAST(:externals AS text[]), CAST(:units AS uuid[]),
        CAST(:languages AS text[]), CAST(:dimensions AS jsonb[]), CAST(:actives AS boolean[]), CAST(:hired AS date[]),
        CAST(:names AS text[]))
    ON CONFLICT (tenant_id, source, external_id) DO UPDATE SET
        unit_id = excluded.unit_id, language = excluded.language,
        dimensions = excluded.dimensions, is_active = excluded.is_active, hired_on = excluded.hired_on,
        name = excluded.name
    WHERE (person.unit_id, person.language, person.dimensions, person.is_active, person.hired_on, person.name)
          IS DISTINCT FROM
          (excluded.unit_id, excluded.language, excluded.dimensions, excluded.is_active, excluded.hired_on,
           excluded.name)
    RETURNING (xmax = 0) AS created
""")


class Fingerprints:
    """Which keys a call has named already: eight bytes a row, so that a call of any length stays small."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def first(self, *parts: str) -> bool:
        digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        if number in self._seen:
            return False
        self._seen.add(number)
        return True


_TWICE = Fault("/external_id", "is in this call already")


async def units_by_key(tx: AsyncSession, tenant: UUID) -> dict[tuple[str, str], OrgUnit]:
    """All units of the tenant, by (source, external_id)."""
    statement = select(OrgUnit).where(col(OrgUnit.tenant_id) == tenant).order_by(col(OrgUnit.unit_id))
    return {(unit.source, unit.external_id): unit for unit in (await tx.scalars(statement)).all()}


async def lock_organisation(tx: AsyncSession, tenant: UUID) -> None:
    """One writer of a tenant's organisation at a time: two imports must not each see half of the other."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"people {tenant}"})


async def put_units(
    tx: AsyncSession, caller: Principal, rows: AsyncIterable[Row[schemas.OrgUnitIn]], now: datetime, *, skip: bool
) -> schemas.UpsertOut:
    """Upsert units. Refuses unknown parents, cycles, and a key named twice."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    known = await units_by_key(tx, tenant)
    refusals = Refusals(skip=skip)
    given: dict[tuple[str, str], tuple[int, schemas.OrgUnitIn]] = {}
    async for row in rows:
        if row.value is None:
            refusals.add(row.index, row.faults)
        elif (row.value.source, row.value.external_id) in given:
            refusals.add(row.index, [_TWICE])
        elif len(given) >= UNITS_LIMIT:
            raise Invalid(f"An organisation may have {UNITS_LIMIT} units.")
        else:
            given[row.value.source, row.value.external_id] = (row.index, row.value)
    _refuse_bad_links(known, given, refusals)
    refusals.settle()

    ids = {key: known[key].unit_id if key in known else new_id() for key in given}
    ids |= {key: unit.unit_id for key, unit in known.items()}
    created = updated = 0
    changed: list[tuple[str, str]] = []
    for key, (_, unit) in given.items():
        old = known.get(key)
        parent = ids[unit.source, unit.parent] if unit.parent is not None else None
        if old is None:
            created += 1
        elif (old.name, old.is_active, old.parent_id) != (unit.name, unit.active, parent):
            updated += 1
        else:
            continue
        changed.append(key)
    for start in range(0, len(changed), CHUNK):
        chunk = [given[key][1] for key in changed[start : start + CHUNK]]
        await tx.execute(
            _UPSERT_UNITS,
            {
                "tenant": tenant,
                "ids": [ids[unit.source, unit.external_id] for unit in chunk],
                "sources": [unit.source for unit in chunk],
                "externals": [unit.external_id for unit in chunk],
                "names": [unit.name for unit in chunk],
                "actives": [unit.active for unit in chunk],
            },
        )
    for start in range(0, len(changed), CHUNK):  # once all units are there
        chunk = [given[key][1] for key in changed[start : start + CHUNK]]
        parents = [ids[unit.source, unit.parent] if unit.parent is not None else None for unit in chunk]
        await tx.execute(
            _SET_PARENTS,
            {"tenant": tenant, "ids": [ids[u.source, u.external_id] for u in chunk], "parents": parents},
        )
    report = _report(created, updated, len(given) - created - updated, refusals)
    _write_down(tx, caller, now, "org_units.put", report)
    return report


def _refuse_bad_links(
    known: dict[tuple[str, str], OrgUnit],
    given: dict[tuple[str, str], tuple[int, schemas.OrgUnitIn]],
    refusals: Refusals,
) -> None:
    """Take out of `given` what hangs nowhere or in a circle, until nothing more falls."""
    by_id = {unit.unit_id: key for key, unit in known.items()}
    while True:
        parents: dict[tuple[str, str], tuple[str, str] | None] = {
            key: by_id.get(unit.parent_id) if unit.parent_id else None for key, unit in known.items()
        }
        parents |= {key: (key[0], unit.parent) if unit.parent else None for key, (_, unit) in given.items()}
        looped = in_cycles(parents)
        bad = [
            (key, "is not a known unit of this `source`" if parent not in parents else "makes a circle")
            for key, (_, unit) in given.items()
            if (parent := parents[key]) is not None and (parent not in parents or key in looped)
        ]
        if not bad:
            return
        for key, reason in bad:
            index, _ = given.pop(key)
            refusals.add(index, [Fault("/parent", reason)])


async def put_people(
    tx: AsyncSession, caller: Principal, rows: AsyncIterable[Row[schemas.PersonIn]], now: datetime, *, skip: bool
) -> schemas.UpsertOut:
    """Upsert people a thousand at a time, in one transaction."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    units = {key: unit.unit_id for key, unit in (await units_by_key(tx, tenant)).items()}
    values = await dimension_values(tx, tenant)
    refusals = Refusals(skip=skip)
    seen = Fingerprints()
    created = updated = unchanged = 0
    chunk: list[schemas.PersonIn] = []

    async def flush() -> None:
        nonlocal created, updated, unchanged
        counts = await _write_people(tx, tenant, units, chunk)
        created, updated, unchanged = created + counts[0], updated + counts[1], unchanged + counts[2]
        chunk.clear()

    async for row in rows:
        person = row.value
        faults = list(row.faults)
        if person is not None:
            faults = _faults_of(person, units, values)
            if not seen.first(person.source, person.external_id):
                faults.append(_TWICE)
        if faults or person is None:
            refusals.add(row.index, faults)
            continue
        chunk.append(person)
        if len(chunk) == CHUNK:
            await flush()
    refusals.settle()
    await flush()
    report = _report(created, updated, unchanged, refusals)
    _write_down(tx, caller, now, "people.put", report)
    return report


def _faults_of(
    person: schemas.PersonIn, units: dict[tuple[str, str], UUID], values: dict[str, set[str]]
) -> list[Fault]:
    faults = []
    if (person.source, person.unit) not in units:
        faults.append(Fault("/unit", "is not a known unit of this `source`"))
    for name, value in person.dimensions.items():
        if name not in values:
            faults.append(Fault("/dimensions", "names a dimension that is not declared"))
        elif value not in values[name]:
            faults.append(Fault(f"/dimensions/{name}", "is not a declared value"))
    return faults


async def _write_people(
    tx: AsyncSession, tenant: UUID, units: dict[tuple[str, str], UUID], people: list[schemas.PersonIn]
) -> tuple[int, int, int]:
    if not people:
        return 0, 0, 0
    done = await tx.execute(
        _UPSERT_PEOPLE,
        {
            "tenant": tenant,
            "ids": [new_id() for _ in people],
            "sources": [person.source for person in people],
            "externals": [person.external_id for person in people],
            "units": [units[person.source, person.unit] for person in people],
            "languages": [person.language for person in people],
            "dimensions": [_json(person.dimensions) for person in people],
            "actives": [person.active for person in people],
            "hired": [person.hired_on for person in people],
            "names": [person.name for person in people],
        },
    )
    written = [bool(row.created) for row in done]
    created = sum(written)
    return created, len(written) - created, len(people) - len(written)


def _json(values: dict[str, str]) -> str:
    # Both sides are slugs: nothing to escape.
    return "{" + ",".join(f'"{name}":"{value}"' for name, value in sorted(values.items())) + "}"


async def dimension_values(tx: AsyncSession, tenant: UUID) -> dict[str, set[str]]:
    """The declared values by dimension."""
    return {name: {value["id"] for value in values} for name, values in (await _declared(tx, tenant)).items()}


async def _declared(tx: AsyncSession, tenant: UUID) -> dict[str, list[dict[str, Any]]]:
    found = await tx.scalars(select(Dimension).where(col(Dimension.tenant_id) == tenant))
    return {dimension.name: dimension.values for dimension in found}


async def put_dimensions(
    tx: AsyncSession, caller: Principal, dimensions: Sequence[schemas.Dimension], now: datetime
) -> None:
    """Declare dimensions or replace their lists; a value that somebody holds can not be taken away."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    known = await _declared(tx, tenant)
    faults = []
    names: set[str] = set()
    for index, dimension in enumerate(dimensions):
        ids = [value.id for value in dimension.values]
        if dimension.name in names:
            faults.append(Fault(f"/{index}/name", "is in this call already"))
        if len(set(ids)) < len(ids):
            faults.append(Fault(f"/{index}/values", "must not repeat an id"))
        names.add(dimension.name)
    if faults:
        raise Invalid(faults=faults)
    created = updated = 0
    for index, dimension in enumerate(dimensions):
        old, new = known.get(dimension.name), [value.model_dump() for value in dimension.values]
        if old == new:
            continue
        gone = {value["id"] for value in old or ()} - {value["id"] for value in new}
        if gone and await _held(tx, tenant, dimension.name, gone):
            raise Conflict("A value that people hold can not be removed.", faults=[Fault(f"/{index}/values", "in use")])
        statement = insert(Dimension).values(tenant_id=tenant, name=dimension.name, values=new)
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "name"], set_={"values": statement.excluded["values"]}
            )
        )
        created, updated = created + (old is None), updated + (old is not None)
    if created or updated:
        detail = {"created": created, "updated": updated, "unchanged": len(dimensions) - created - updated}
        audit(tx, tenant, now, caller.actor, "dimensions.put", str(tenant), **detail)


async def _held(tx: AsyncSession, tenant: UUID, name: str, gone: set[str]) -> bool:
    statement = text("""
        SELECT EXISTS (SELECT FROM person WHERE tenant_id = :tenant AND dimensions ->> :name = ANY(:gone))
    """)
    return bool(await tx.scalar(statement, {"tenant": tenant, "name": name, "gone": sorted(gone)}))


def _report(created: int, updated: int, unchanged: int, refusals: Refusals) -> schemas.UpsertOut:
    return schemas.UpsertOut(
        created=created,
        updated=updated,
        unchanged=unchanged,
        refused=refusals.rows,
        refusals=[schemas.Refusal(pointer=fault.pointer, reason=fault.reason) for fault in refusals.faults],
    )


def _write_down(tx: AsyncSession, caller: Principal, now: datetime, action: str, report: schemas.UpsertOut) -> None:
    """In the audit log: how many rows, never whose. A call that changed nothing is no act."""
    if report.created or report.updated:
        counts = report.model_dump(include={"created", "updated", "unchanged", "refused"})
        audit(tx, caller.tenant_id, now, caller.actor, action, str(caller.tenant_id), **counts)
