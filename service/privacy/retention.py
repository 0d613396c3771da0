"""What was kept long enough is deleted, once a day, for each tenant; `kept` says what, `settings.retention` how long.

Two jobs: logs, for which nobody waits; then the organisation's history, under the organisation's lock. Each deletes so
many rows in one transaction, and comes again at once where there are more. What dies with a wave's key is deleted by
the job that destroys it, and others' tables by their own jobs.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import jobs
from service.kit.clock import Clock
from service.kit.counted import changed
from service.kit.jobs import Due, Handler
from service.people.lock import AGAIN, lock_for_job
from service.privacy import erasing
from service.privacy.kept import KEPT
from service.privacy.schemas import RetentionOut
from service.privacy.subjects import Subjects
from service.settings import RetentionSettings
from service.tenants import chaining
from service.tenants.chain import Chain

EVERY = timedelta(days=1)
HISTORY = "forget_history"
"""The second job, which the first one asks for."""
AT_ONCE = 10_000
"""Rows of a table in one transaction."""
LEAVERS_AT_ONCE = 500
"""Erased in one night; the others in the next ones."""
WORKER = "worker"

# A place in its table is enough to find a row again in the same statement; a row that changed meanwhile is left.
_SOME = "DELETE FROM {table} WHERE tenant_id = :tenant AND ctid = ANY(ARRAY({which} LIMIT :number))"
_OLD_READS = text(
    _SOME.format(table="read_access", which="SELECT ctid FROM read_access WHERE tenant_id = :tenant AND day < :until")
)
_OLD_ERASURES = text(
    _SOME.format(table="erasure", which="SELECT ctid FROM erasure WHERE tenant_id = :tenant AND done_at < :until")
)
_OLD_REORGANISATIONS = text(
    _SOME.format(
        table="reorganisation",
        which="SELECT ctid FROM reorganisation WHERE tenant_id = :tenant AND on_day < :until AND state <> 'planned'",
    )
)
# What a thing was on a day is told by its last version of before that day: so the newest of the old ones stays.
_OLD_VERSIONS = """
    SELECT v.ctid FROM {table} v WHERE v.tenant_id = :tenant AND v.valid_from < :until AND EXISTS (
        SELECT FROM {table} n WHERE n.tenant_id = v.tenant_id AND n.{key} = v.{key}
        AND n.valid_from > v.valid_from AND n.valid_from < :until)
"""
VERSIONS = {
    table: text(_SOME.format(table=table, which=_OLD_VERSIONS.format(table=table, key=key)))
    for table, key in (("person_version", "person_id"), ("org_unit_version", "unit_id"))
}
# Since when somebody is gone: by the last thing that their history says, or by the row, from before there was one.
_LEAVERS = text("""
    SELECT p.person_id, p.source, p.external_id FROM person p
    LEFT JOIN LATERAL (
        SELECT v.valid_from FROM person_version v WHERE v.tenant_id = p.tenant_id AND v.person_id = p.person_id
        ORDER BY v.valid_from DESC LIMIT 1) AS last ON true
    WHERE p.tenant_id = :tenant AND NOT p.is_active
      AND coalesce(last.valid_from, CAST(p.updated_at AT TIME ZONE 'UTC' AS date)) < :until
      AND NOT EXISTS (SELECT FROM erasure e WHERE e.tenant_id = p.tenant_id AND e.person_id = p.person_id)
    ORDER BY p.person_id LIMIT :limit
""")


def days_of(settings: RetentionSettings) -> dict[str, int]:
    """The settings as the list of tables names them."""
    return {
        "audit": settings.audit_days,
        "reads": settings.reads_days,
        "history": settings.history_days,
        "left": settings.left_days,
    }


def table_of(days: Mapping[str, int]) -> list[RetentionOut]:
    """The list, with the days of this installation."""
    return [
        RetentionOut(
            table=one.table,
            holds=one.holds.said("en", days),
            kept=one.kept.said("en", days),
            reason=one.reason.said("en", days),
            ended_by=one.ended_by,
            personal=one.personal,
        )
        for one in KEPT
    ]


def keeper(settings: RetentionSettings, chain: Chain, clock: Clock) -> Handler:
    """The job that deletes of the logs what was kept long enough, day by day; the history comes after them."""

    async def keep(tx: AsyncSession, due: Due) -> datetime:
        tenant, now = due.tenant_id, clock()
        ends = _ends(settings, now)
        more = [
            await chaining.cut(tx, tenant, chain, ends["audit"], now),
            await _some(tx, _OLD_READS, tenant, ends["reads"].date()),
            await _some(tx, _OLD_ERASURES, tenant, ends["audit"]),
        ]
        if any(more):
            return now
        await jobs.enqueue(tx, tenant, HISTORY, tenant, now)
        return now + EVERY

    return keep


def forgetter(settings: RetentionSettings, subjects: Subjects, clock: Clock) -> Handler:
    """The job that deletes of the organisation's history what was kept long enough, and lets old leavers go."""

    async def forget(tx: AsyncSession, due: Due) -> datetime | None:
        tenant, now = due.tenant_id, clock()
        if not await lock_for_job(tx, due):  # first, as every writer of the history does
            return now + AGAIN
        ends = _ends(settings, now)
        more = [
            await _some(tx, statement, tenant, ends["history"].date())
            for statement in (*VERSIONS.values(), _OLD_REORGANISATIONS)
        ]
        if any(more):
            return now
        await _let_leavers_go(tx, tenant, ends["left"], subjects, now)
        return None

    return forget


def _ends(settings: RetentionSettings, now: datetime) -> dict[str, datetime]:
    return {name: now - timedelta(days=days) for name, days in days_of(settings).items()}


async def _some(tx: AsyncSession, statement: TextClause, tenant: UUID, until: date | datetime) -> bool:
    """Delete what is older, so many at once; whether there may be more."""
    return await changed(tx, statement, {"tenant": tenant, "until": until, "number": AT_ONCE}) == AT_ONCE


async def _let_leavers_go(tx: AsyncSession, tenant: UUID, until: datetime, subjects: Subjects, now: datetime) -> None:
    """Ask for the erasure of those who left so long ago; the organisation is locked."""
    scope = {"tenant": tenant, "until": until.date(), "limit": LEAVERS_AT_ONCE}
    for row in (await tx.execute(_LEAVERS, scope)).all():
        subject = subjects.name(tenant, row.source, row.external_id)
        await erasing.begin(tx, tenant, row.person_id, subject, WORKER, now)
