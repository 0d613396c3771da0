"""Carrying a reorganisation out, today or on its day; it moves units and people, never a roster that is frozen."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from uuid import UUID

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit import jobs
from service.kit.clock import Clock
from service.kit.ids import new_id
from service.kit.jobs import Due, Handler
from service.kit.reasons import Fault
from service.people import people_rows, unit_rows
from service.people.lock import AGAIN, lock_for_job, lock_organisation
from service.people.past import links_since
from service.people.people_rows import CHUNK, Change, Known
from service.people.reorganising.reorganise import (
    CIRCLE_ONCE,
    Outcome,
    Unit,
    merged_units,
    named_people,
    reorganised,
)
from service.people.reorganising.schemas import Effect, ReorganisationIn, ReorganisationOut, Unmet
from service.people.tables import Reorganisation
from service.people.tree import Link, told_in_cycles
from service.people.unit_rows import KnownUnit, UnitChange, UnitHeld
from service.problems import Conflict, Invalid, NotFound
from service.tenants.actions import audit
from service.tenants.principals import Principal

JOB = "reorganise"
WORKER = "worker"
_PAST = Fault("/on", "must not lie in the past")
_PEOPLE_OF = text("""
    SELECT source, external_id FROM person
    WHERE tenant_id = :tenant AND source = :source AND unit_id = ANY(CAST(:units AS uuid[])) AND deleted_at IS NULL
    ORDER BY external_id
""")
_LINEAGE = text("""
    INSERT INTO unit_lineage (tenant_id, from_unit_id, to_unit_id, on_day, kind)
    SELECT CAST(:tenant AS uuid), given.*, CAST(:day AS date), CAST(:kind AS text)
    FROM unnest(CAST(:froms AS uuid[]), CAST(:intos AS uuid[])) AS given ON CONFLICT DO NOTHING
""")

log = structlog.get_logger()


class _Ground:
    """What a reorganisation starts from: the source's units and the people whom it concerns."""

    def __init__(self, units: Mapping[str, KnownUnit], people: Mapping[str, Known]) -> None:
        self.units = units
        self.people = people
        self.names = {unit.unit_id: name for name, unit in units.items()}

    def outcome(self, wanted: ReorganisationIn) -> Outcome:
        shown = {
            name: Unit(
                unit.held.name,
                self.names.get(unit.held.parent_id) if unit.held.parent_id else None,
                unit.held.hierarchy,
                unit.held.is_active,
            )
            for name, unit in self.units.items()
        }
        homes = {
            name: self.names.get(known.held.unit_id) if known.held.unit_id else None
            for name, known in self.people.items()
        }
        return reorganised(shown, homes, wanted)


async def reorganise(
    tx: AsyncSession, caller: Principal, wanted: ReorganisationIn, now: datetime, *, dry_run: bool
) -> ReorganisationOut:
    """Do it, or plan it where its day is to come. Raises Invalid with every fault, as things are today."""
    tenant, today = caller.tenant_id, now.astimezone(UTC).date()
    day = wanted.on or today
    if day < today:
        raise Invalid(faults=[_PAST])
    await lock_organisation(tx, tenant)
    ground = await _ground(tx, tenant, wanted)
    outcome = await _settled(ground, wanted)
    if outcome.faults:
        raise Invalid(faults=outcome.faults)
    effect = _effect(outcome, ground)
    if dry_run:
        state = "planned" if day > today else "done"
        return ReorganisationOut(id=None, on=day, state=state, created_at=now, effect=effect, errors=[])
    row = Reorganisation(
        tenant_id=tenant,
        reorganisation_id=new_id(),
        on_day=day,
        state="planned" if day > today else "done",
        wanted=wanted.model_dump(mode="json"),
        effect=effect.model_dump(),
        actor=caller.actor,
        created_at=now,
    )
    tx.add(row)
    if day > today:
        await jobs.enqueue(tx, tenant, JOB, row.reorganisation_id, datetime.combine(day, time(), UTC))
        audit(tx, tenant, now, caller.actor, "reorganisation.planned", str(row.reorganisation_id), on=str(day))
    else:
        await _write(tx, tenant, ground, outcome, _changes(ground, outcome, day), day, now)
        audit(tx, tenant, now, caller.actor, "reorganisation.done", str(row.reorganisation_id), **effect.model_dump())
    return ReorganisationOut.of(row)


async def cancel(tx: AsyncSession, caller: Principal, reorganisation: UUID, now: datetime) -> ReorganisationOut:
    """Give a planned one up. Raises NotFound, Conflict."""
    await lock_organisation(tx, caller.tenant_id)
    row = await find(tx, caller.tenant_id, reorganisation)
    if row.state != "planned":
        raise Conflict("Only a planned reorganisation can be given up.")
    row.state = "cancelled"
    audit(tx, caller.tenant_id, now, caller.actor, "reorganisation.cancelled", str(reorganisation))
    return ReorganisationOut.of(row)


async def find(tx: AsyncSession, tenant: UUID, reorganisation: UUID) -> Reorganisation:
    """The row, as the database has it now. Raises NotFound."""
    mine = (col(Reorganisation.tenant_id) == tenant) & (col(Reorganisation.reorganisation_id) == reorganisation)
    row = (await tx.scalars(select(Reorganisation).where(mine).with_for_update())).one_or_none()
    if row is None:
        raise NotFound
    return row


def planned_job(clock: Clock) -> Handler:
    """Carries out what was planned for today. What can not be done any more is refused with its reasons, whole."""

    async def carry_out(tx: AsyncSession, due: Due) -> datetime | None:
        now = clock()
        if not await lock_for_job(tx, due):
            return now + AGAIN
        row = await find(tx, due.tenant_id, due.subject_id)
        if row.state != "planned":
            return None
        begins = datetime.combine(row.on_day, time(), UTC)
        if begins > now:
            return begins
        wanted = ReorganisationIn.model_validate(row.wanted)
        ground = await _ground(tx, due.tenant_id, wanted)
        outcome = await _settled(ground, wanted)
        changes = [] if outcome.faults else _changes(ground, outcome, row.on_day)
        if changes and row.on_day < now.astimezone(UTC).date():
            await _look_back(tx, due.tenant_id, outcome, changes, row.on_day)
        subject = str(row.reorganisation_id)
        if outcome.faults:
            row.state = "refused"
            row.faults = [Unmet(pointer=fault.pointer, reason=fault.reason).model_dump() for fault in outcome.faults]
            log.warning("reorganisation refused", reorganisation=subject, faults=len(outcome.faults))
            audit(tx, due.tenant_id, now, WORKER, "reorganisation.refused", subject)
            return None
        effect = _effect(outcome, ground).model_dump()
        await _write(tx, due.tenant_id, ground, outcome, changes, row.on_day, now)
        row.state, row.effect = "done", effect
        audit(tx, due.tenant_id, now, WORKER, "reorganisation.done", subject, **effect)
        return None

    return carry_out


async def _ground(tx: AsyncSession, tenant: UUID, wanted: ReorganisationIn) -> _Ground:
    units = {
        unit.external_id: unit
        for unit in await unit_rows.all_units(tx, tenant)
        if unit.source == wanted.source and not unit.is_deleted
    }
    merged = [units[name].unit_id for name in merged_units(wanted) if name in units]
    found = await tx.execute(_PEOPLE_OF, {"tenant": tenant, "source": wanted.source, "units": merged})
    keys = sorted({(row.source, row.external_id) for row in found} | {(wanted.source, p) for p in named_people(wanted)})
    people: dict[str, Known] = {}
    for start in range(0, len(keys), CHUNK):
        known = await people_rows.known(tx, tenant, keys[start : start + CHUNK])
        people |= {name: one for (_, name), one in known.items() if not one.is_deleted}
    return _Ground(units, people)


async def _settled(ground: _Ground, wanted: ReorganisationIn) -> Outcome:
    return await asyncio.to_thread(ground.outcome, wanted)


async def _look_back(
    tx: AsyncSession, tenant: UUID, outcome: Outcome, changes: Sequence[UnitChange], day: date
) -> None:
    """Refuse what would make a circle on a day before today: the worker was away, and others have moved since."""
    past = await links_since(tx, tenant, day)
    told = [Link(day, change.unit_id, change.new.parent_id) for change in changes if change.is_real]
    looped = await asyncio.to_thread(told_in_cycles, past, told) or set()
    outcome.refuse_circles({change.external_id for change in changes if change.unit_id in looped}, CIRCLE_ONCE)


def _changes(ground: _Ground, outcome: Outcome, day: date) -> list[UnitChange]:
    """What becomes of the units, where all can be done."""
    ids = {name: unit.unit_id for name, unit in ground.units.items()}
    ids |= {name: new_id() for name in outcome.units if name not in ids}
    source = next(iter(ground.units.values())).source if ground.units else ""
    changes = []
    for name, unit in outcome.units.items():
        old = ground.units.get(name)
        manager = old.held.manager if old is not None else None
        parent = ids[unit.parent] if unit.parent is not None else None
        new = UnitHeld(unit.name, parent, unit.hierarchy, manager, unit.is_active)
        changes.append(UnitChange(ids[name], source, name, old.held if old is not None else None, new, day))
    return changes


async def _write(
    tx: AsyncSession,
    tenant: UUID,
    ground: _Ground,
    outcome: Outcome,
    changes: Sequence[UnitChange],
    day: date,
    now: datetime,
) -> None:
    await unit_rows.write(tx, tenant, changes, now)
    ids = {name: unit.unit_id for name, unit in ground.units.items()}
    ids |= {change.external_id: change.unit_id for change in changes}
    moves = [
        Change(known.person_id, *known.key, known.held, replace(known.held, unit_id=ids[home]), day)
        for name, home in outcome.homes.items()
        if (known := ground.people[name])
    ]
    await people_rows.write(tx, tenant, moves, now)
    for kind in ("merge", "split"):
        pairs = [(ids[before], ids[after]) for before, after, how in outcome.lineage if how == kind]
        froms, intos = [before for before, _ in pairs], [after for _, after in pairs]
        await tx.execute(_LINEAGE, {"tenant": tenant, "day": day, "kind": kind, "froms": froms, "intos": intos})


def _effect(outcome: Outcome, ground: _Ground) -> Effect:
    merged = {before for before, _, kind in outcome.lineage if kind == "merge"}
    created = sum(name not in ground.units for name in outcome.units)
    return Effect(
        units_moved=len(outcome.units) - created - len(merged),
        units_merged=len(merged),
        units_created=created,
        people_moved=len(outcome.homes),
    )
