"""An import from the file to the rows: one plan, one judgement of its risk, one transaction."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import jobs, outbox
from service.kit.ids import new_id
from service.kit.reasons import Fault
from service.people import people_rows, unit_rows
from service.people.diff import Kind
from service.people.events import ImportFinished
from service.people.imports import report, schemas
from service.people.imports.asking import Asked
from service.people.imports.compare import compare
from service.people.imports.jobs import KEPT, PRUNE
from service.people.imports.mapping import ImportMapping
from service.people.imports.parse import Parsed
from service.people.imports.places import UNKNOWN, Places
from service.people.imports.plan import Plan, Planned
from service.people.imports.problems import NOT_ONE_LINE, UNITS_FIRST, ImportEmpty, ImportRunning
from service.people.imports.tables import PeopleImport, PeopleImportUnit
from service.people.lock import lock_organisation
from service.people.people_rows import CHUNK
from service.tenants.actions import audit
from service.tenants.principals import Principal

_REMEMBER = text("""
    INSERT INTO people_import_part (tenant_id, import_id, part, person_ids, kinds, lines, revisions)
    SELECT CAST(:tenant AS uuid), CAST(:import AS uuid), CAST(:part AS integer), array_agg(given.person_id),
           array_agg(given.kind), array_agg(given.line), array_agg(p.revision)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:lines AS integer[]))
        AS given (person_id, kind, line)
    JOIN person p ON p.tenant_id = :tenant AND p.person_id = given.person_id
""")
_REMEMBER_BEFORE = text("""
    INSERT INTO people_import_line (tenant_id, import_id, person_id, before)
    SELECT CAST(:tenant AS uuid), CAST(:import AS uuid), * FROM unnest(CAST(:ids AS uuid[]), CAST(:befores AS jsonb[]))
""")
_KEEP_MAPPING = text("""
    INSERT INTO import_mapping AS m (tenant_id, source, mapping, updated_at) VALUES (:tenant, :source, :mapping, :now)
    ON CONFLICT (tenant_id, source) DO UPDATE SET mapping = excluded.mapping, updated_at = excluded.updated_at
    WHERE m.mapping <> excluded.mapping
""").bindparams(bindparam("mapping", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The import as it is kept and answered; `risks` of one that was refused for them."""

    out: schemas.PeopleImportOut
    risks: Sequence[str]


async def run(tx: AsyncSession, caller: Principal, wanted: Asked, parsed: Parsed, now: datetime) -> Outcome:
    """Compare and, unless it is a dry run or too risky, write. Raises ImportRunning, ImportEmpty."""
    await lock_organisation(tx, caller.tenant_id, ImportRunning)
    plan, places = await compare(tx, caller.tenant_id, wanted.source, parsed, wanted.mode)
    with closing(plan.spool):
        taken = plan.counts.total() - plan.counts[Kind.leaver]
        if wanted.mode == "full" and not taken:
            told = sorted(parsed.refused.reasons, key=lambda reason: reason.line)
            raise ImportEmpty(
                f"{NOT_ONE_LINE} {UNITS_FIRST}" if any(reason.reason == UNKNOWN for reason in told) else NOT_ONE_LINE,
                faults=[Fault(f"/lines/{reason.line}/{reason.field}", reason.reason) for reason in told],
            )
        risks = _risks(plan, wanted)
        refused = bool(risks) and not wanted.accept_risk and not wanted.dry_run
        state = "refused" if refused else "previewed" if wanted.dry_run else "applied"
        row = PeopleImport(
            tenant_id=caller.tenant_id,
            import_id=new_id(),
            source=wanted.source,
            mode=wanted.mode,
            state=state,
            actor=caller.actor,
            created_at=now,
            facts=report.facts_of(parsed, plan, len(places.fresh), risks),
        )
        tx.add(row)
        await tx.flush()
        await jobs.enqueue(tx, caller.tenant_id, PRUNE, row.import_id, now + KEPT)
        if state != "previewed":
            await outbox.add(tx, caller.tenant_id, ImportFinished(import_id=row.import_id), now)
        if state == "applied":
            await _write(tx, row, plan, places, now)
            _write_down(tx, caller, row, plan, now)
        return Outcome(report.shown(row, report.lists_of(plan.listed)), risks if refused else ())


def _risks(plan: Plan, wanted: Asked) -> list[str]:
    risks = wanted.risk.reasons(plan)
    if plan.nameless and wanted.mode == "full":
        risks.append(f"{plan.nameless:,} lines do not say whom they are about: nobody knows who has left")
    return risks


async def _write(tx: AsyncSession, row: PeopleImport, plan: Plan, places: Places, now: datetime) -> None:
    tenant = row.tenant_id
    if places.fresh:
        await unit_rows.write(tx, tenant, places.fresh, now)
        made = [unit.unit_id for unit in places.fresh]
        tx.add_all(PeopleImportUnit(tenant_id=tenant, import_id=row.import_id, unit_id=unit) for unit in made)
        await tx.flush()
    for part, chunk in enumerate(chunks(plan.planned())):
        await people_rows.write(tx, tenant, [planned.change for planned in chunk], now)
        await _remember(tx, row, part, chunk)


async def _remember(tx: AsyncSession, row: PeopleImport, part: int, chunk: Sequence[Planned]) -> None:
    """What taking it back needs."""
    given = {"tenant": row.tenant_id, "import": row.import_id}
    changed = {
        "ids": [planned.change.person_id for planned in chunk],
        "kinds": [str(planned.kind) for planned in chunk],
        "lines": [planned.line for planned in chunk],
    }
    await tx.execute(_REMEMBER, given | changed | {"part": part})
    befores = [(planned.change.person_id, before) for planned in chunk if (before := planned.before()) is not None]
    if befores:
        ids, held = zip(*befores, strict=True)
        kept = {"ids": list(ids), "befores": [json.dumps(one) for one in held]}
        await tx.execute(_REMEMBER_BEFORE, given | kept)


def chunks(planned: Iterator[Planned]) -> Iterator[list[Planned]]:
    """A thousand at a time."""
    while chunk := list(islice(planned, CHUNK)):
        yield chunk


def _write_down(tx: AsyncSession, caller: Principal, row: PeopleImport, plan: Plan, now: datetime) -> None:
    """In the audit log: how many, never whom. An import that changed nothing is no act."""
    if plan.spool.count:
        counts = row.facts["counts"]
        audit(tx, caller.tenant_id, now, caller.actor, "people.import", str(row.import_id), mode=row.mode, **counts)


async def keep_mapping(tx: AsyncSession, caller: Principal, source: str, mapping: ImportMapping, now: datetime) -> None:
    """How files of the source are read from now on."""
    tenant = caller.tenant_id
    kept = mapping.model_dump(mode="json")
    await tx.execute(_KEEP_MAPPING, {"tenant": tenant, "source": source, "mapping": kept, "now": now})
    audit(tx, tenant, now, caller.actor, "import_mapping.put", source)
