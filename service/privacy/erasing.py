"""A person erased: at once where no wave still needs their line, else when the last of them is over. See decision 0018.

The API writes down that it is to be done and lets nobody invite the person any more; the worker does it, since the API
process may alter no roster. As long as it waits, the worker looks again every hour.
"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.promises.contract import Notary
from service.campaigns.tables import Wave
from service.campaigns.taking_part import lines
from service.kit import jobs
from service.kit.clock import Clock
from service.kit.columns import metadata
from service.kit.counted import changed
from service.kit.ids import new_id
from service.kit.jobs import Due, Handler
from service.people.lock import AGAIN, lock_for_job, lock_organisation
from service.privacy import said
from service.privacy.documents import DOCUMENTS, Named, Who
from service.privacy.held import held
from service.privacy.personal import person_behind
from service.privacy.schemas import DataSubject, ErasureOut, WaitsFor
from service.privacy.subjects import Subjects
from service.privacy.tables import Erasure
from service.problems import NotFound
from service.tenants.actions import audit
from service.tenants.principals import Principal

ERASE = "erase_person"
LOOK_AGAIN = timedelta(hours=1)
WORKER = "worker"

_LEAVE = text("""
    UPDATE person SET is_active = false, revision = revision + 1, updated_at = :now
    WHERE tenant_id = :tenant AND person_id = :person AND is_active
""")
_WHO = text("SELECT source, external_id FROM person WHERE tenant_id = :tenant AND person_id = :person")
_COUNT = "SELECT count(*) FROM {table} WHERE tenant_id = :tenant AND {column} = :person"
_FORGET = "UPDATE {table} SET {column} = NULL WHERE tenant_id = :tenant AND {column} = :person"
# An id that nobody has, at the same place: lists stand beside others.
_UNLIST = """
    UPDATE {table} SET {column} = array_replace({column}, CAST(:person AS uuid), gen_random_uuid())
    WHERE tenant_id = :tenant AND CAST(:person AS uuid) = ANY({column})
"""
_DELETE = "DELETE FROM {table} WHERE tenant_id = :tenant AND {column} = :person"
_MANAGED_UNITS = text("""
    UPDATE org_unit SET manager = NULL, revision = revision + 1, updated_at = :now
    WHERE tenant_id = :tenant AND source = :source AND manager = :external
""")
_MANAGED_UNITS_THEN = text("""
    UPDATE org_unit_version v SET manager = NULL FROM org_unit u
    WHERE v.tenant_id = :tenant AND u.tenant_id = v.tenant_id AND u.unit_id = v.unit_id
      AND u.source = :source AND v.manager = :external
""")
_DOCUMENTS = """
    SELECT ctid::text AS place, {column} AS document FROM {table} WHERE tenant_id = :tenant AND {names} FOR UPDATE
"""
_REWRITE = """
    UPDATE {table} t SET {column} = given.document
    FROM unnest(CAST(CAST(:places AS text[]) AS tid[]), CAST(:documents AS jsonb[])) AS given (place, document)
    WHERE t.tenant_id = :tenant AND t.ctid = given.place
"""


async def ask(tx: AsyncSession, caller: Principal, asked: DataSubject, subjects: Subjects, now: datetime) -> ErasureOut:
    """Let the worker erase somebody. Asked again while it waits, it is the same erasure. Raises NotFound."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)  # nobody is invited, and nobody comes back, in between
    person = await person_behind(tx, tenant, asked)
    mine = (col(Erasure.tenant_id) == tenant) & (col(Erasure.person_id) == person)
    erasure: Erasure | None = await tx.scalar(select(Erasure).where(mine))
    if erasure is None:
        subject = subjects.name(tenant, asked.source, asked.external_id)
        erasure = await begin(tx, tenant, person, subject, caller.actor, now)
    return await told(tx, erasure)


async def begin(tx: AsyncSession, tenant: UUID, person: UUID, subject: str, actor: str, now: datetime) -> Erasure:
    """Write down that a person is to be erased; the transaction holds the organisation's lock."""
    erasure = Erasure(tenant_id=tenant, erasure_id=new_id(), subject=subject, person_id=person, asked_at=now)
    tx.add(erasure)
    audit(tx, tenant, now, actor, "data_subject.erasure_asked", subject, erasure=str(erasure.erasure_id))
    await tx.flush()
    await tx.execute(_LEAVE, {"tenant": tenant, "person": person, "now": now})
    await jobs.enqueue(tx, tenant, ERASE, erasure.erasure_id, now)
    return erasure


async def one(tx: AsyncSession, tenant: UUID, erasure_id: UUID) -> ErasureOut:
    """How far an erasure is. Raises NotFound."""
    erasure = await tx.get(Erasure, (tenant, erasure_id))
    if erasure is None:
        raise NotFound
    return await told(tx, erasure)


async def told(tx: AsyncSession, erasure: Erasure) -> ErasureOut:
    """An erasure as it is told."""
    person = erasure.person_id
    waits = [] if person is None else await lines.waited_for(tx, erasure.tenant_id, person)
    of_these = (col(Wave.tenant_id) == erasure.tenant_id) & col(Wave.wave_id).in_(waits)
    waves = (await tx.scalars(select(Wave).where(of_these).order_by(col(Wave.wave_id)))).all() if waits else []
    return ErasureOut(
        id=erasure.erasure_id,
        state="waiting" if person is not None else "done",
        asked_at=erasure.asked_at,
        done_at=erasure.done_at,
        waits_for=[
            WaitsFor(wave_id=wave.wave_id, campaign_id=wave.campaign_id, state=wave.state, closes_at=wave.closes_at)
            for wave in waves
        ],
        rows=erasure.rows,
        said=said.erased(),
    )


def eraser(notary: Notary, clock: Clock) -> Handler:
    """The job that erases a person, as far as waves that are not over allow it; then it looks again."""

    async def erase(tx: AsyncSession, due: Due) -> datetime | None:
        now = clock()
        if not await lock_for_job(tx, due):
            return now + AGAIN
        erasure = await tx.get(Erasure, (due.tenant_id, due.subject_id), with_for_update=True)
        if erasure is None or erasure.person_id is None:
            return None
        tenant, person = due.tenant_id, erasure.person_id
        # Waves that are over need them no more, whatever others do.
        retired = await lines.retire(tx, tenant, person, notary)
        rows = dict(erasure.rows or {})
        rows["roster_line"] = rows.get("roster_line", 0) + retired
        if await lines.waited_for(tx, tenant, person):
            erasure.rows = rows
            await tx.flush()
            return now + LOOK_AGAIN
        rows |= await _delete(tx, tenant, person, now)
        erasure.person_id, erasure.done_at, erasure.rows = None, now, rows
        audit(tx, tenant, now, WORKER, "data_subject.erased", erasure.subject, erasure=str(erasure.erasure_id))
        await tx.flush()
        return None

    return erase


async def _delete(tx: AsyncSession, tenant: UUID, person: UUID, now: datetime) -> dict[str, int]:
    """Everything that names a person but lines of rosters; how many rows, by what they were."""
    scope = {"tenant": tenant, "person": person}
    found = (await tx.execute(_WHO, scope)).one_or_none()
    if found is None:
        return {}
    who = Who(person, *found)
    where = held(metadata)
    rows: dict[str, int] = {}
    for table, column in where.mentions:
        rows[f"{table}.{column}"] = await changed(tx, _filled(_FORGET, table, column), scope)
    for table, column in where.lists:
        rows[f"{table}.{column}"] = await changed(tx, _filled(_UNLIST, table, column), scope)
    named = {"tenant": tenant, "source": who.source, "external": who.external_id}
    rows["org_unit.manager"] = await changed(tx, _MANAGED_UNITS, named | {"now": now})
    rows["org_unit_version.manager"] = await changed(tx, _MANAGED_UNITS_THEN, named)
    for document in DOCUMENTS:
        rows[f"{document.table}.{document.column}"] = await _strip(tx, tenant, document, who)
    for table, column in where.rows.items():
        rows[table] = await tx.scalar(_filled(_COUNT, table, column), scope) or 0
    # The others' rows go with the person's own.
    await tx.execute(_filled(_DELETE, "person", "person_id"), scope)
    return {name: count for name, count in rows.items() if count}


def _filled(statement: str, table: str, column: str, names: str = "") -> TextClause:
    return text(statement.format(table=table, column=column, names=names))


async def _strip(tx: AsyncSession, tenant: UUID, document: Named, who: Who) -> int:
    """Take a person out of documents that name them."""
    scope = {"tenant": tenant, "external": who.external_id, "person": who.person_id}
    found = (await tx.execute(_filled(_DOCUMENTS, document.table, document.column, document.names), scope)).all()
    without = {row.place: document.strip(row.document, who) for row in found}
    altered = [row.place for row in found if without[row.place] != row.document]
    if not altered:
        return 0
    given = {"places": altered, "documents": [json.dumps(without[place]) for place in altered]}
    return await changed(tx, _filled(_REWRITE, document.table, document.column), {"tenant": tenant} | given)
