"""Due work: rows in our own table, taken one at a time by any number of workers (FOR UPDATE SKIP LOCKED).

A job's effect and its removal are one transaction, so a worker that dies leaves the job as it was and a job is
never half done. A job that fails is put off, longer each time, and never given up: somebody has to look.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.clock import Clock
from service.kit.db import SET_TENANT, Database
from service.kit.ids import new_id
from service.telemetry import metrics

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Due:
    """One piece of due work."""

    tenant_id: UUID
    job_id: UUID
    kind: str
    subject_id: UUID
    due_at: datetime
    attempts: int


Handler = Callable[[AsyncSession, Due], Awaitable[datetime | None]]
"""Does a piece of work; the moment at which it is to be asked again, where it is not done with."""

_ENQUEUE = text("""
    INSERT INTO job (tenant_id, job_id, kind, subject_id, due_at, attempts)
    VALUES (:tenant, :job, :kind, :subject, :due, 0)
    ON CONFLICT (tenant_id, kind, subject_id) DO UPDATE SET due_at = least(job.due_at, excluded.due_at)
""")
_TAKE = text("""
    SELECT tenant_id, job_id, kind, subject_id, due_at, attempts FROM job
    WHERE due_at <= :now AND kind = ANY(:kinds) ORDER BY due_at, job_id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_DONE = text("DELETE FROM job WHERE tenant_id = :tenant AND job_id = :job")
_AGAIN = text("UPDATE job SET due_at = :due, attempts = 0 WHERE tenant_id = :tenant AND job_id = :job")
# A job that is being done is left alone: its handler looks at the time again, and to wait for it here, while it waits
# for what the caller holds, would be to wait in a circle.
_MOVE = text("""
    UPDATE job SET due_at = :due WHERE tenant_id = :tenant AND job_id = (
        SELECT job_id FROM job WHERE tenant_id = :tenant AND kind = :kind AND subject_id = :subject
        FOR UPDATE SKIP LOCKED)
""")
_PUT_OFF = text("""
    UPDATE job SET due_at = :due, attempts = attempts + 1, last_problem = :problem
    WHERE tenant_id = :tenant AND job_id = :job
""")


async def enqueue(tx: AsyncSession, tenant: UUID, kind: str, subject: UUID, due: datetime) -> None:
    """Ask for a piece of work, in the transaction that makes it necessary; asking twice is asking once."""
    await tx.execute(_ENQUEUE, {"tenant": tenant, "job": new_id(), "kind": kind, "subject": subject, "due": due})


async def move(tx: AsyncSession, tenant: UUID, kind: str, subject: UUID, due: datetime) -> None:
    """Work that was asked for is due then instead, sooner or later; its handler must look whether its time has come."""
    await tx.execute(_MOVE, {"tenant": tenant, "kind": kind, "subject": subject, "due": due})


class Sweeper:
    """Takes due work until there is none."""

    def __init__(self, database: Database, handlers: Mapping[str, Handler], clock: Clock) -> None:
        self._database = database
        self._handlers = dict(handlers)
        self._clock = clock

    @property
    def kinds(self) -> frozenset[str]:
        """What it knows how to do."""
        return frozenset(self._handlers)

    async def sweep(self) -> int:
        """Do all that is due now; the number of jobs done."""
        done = 0
        while await self.step():
            done += 1
        return done

    async def step(self, kinds: frozenset[str] | None = None) -> bool:
        """Do one due job, of any kind or of these; False where none is due."""
        known = sorted(self._handlers if kinds is None else kinds & self.kinds)
        due: Due | None = None
        try:
            async with self._database.transaction() as tx:
                row = (await tx.execute(_TAKE, {"now": self._clock(), "kinds": known})).one_or_none()
                if row is None:
                    return False
                due = Due(*row)
                await tx.execute(SET_TENANT, {"tenant": str(due.tenant_id)})
                again = await self._handlers[due.kind](tx, due)
                job = {"tenant": due.tenant_id, "job": due.job_id}
                await tx.execute(_DONE, job) if again is None else await tx.execute(_AGAIN, job | {"due": again})
            metrics.JOBS.labels(due.kind, "done").inc()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if due is None:
                raise
            await self._put_off(due, error)
        return True

    async def _put_off(self, due: Due, error: Exception) -> None:
        # The class of the error, never its text: a driver's message may quote a row.
        name = type(error).__name__
        pause = min(FIRST_PAUSE * 2 ** min(due.attempts, 20), LONGEST_PAUSE)
        log.error(
            "job failed", kind=due.kind, subject=str(due.subject_id), problem=name, retry_in_s=pause.total_seconds()
        )
        async with self._database.transaction(due.tenant_id) as tx:
            values = {"tenant": due.tenant_id, "job": due.job_id, "due": self._clock() + pause, "problem": name}
            await tx.execute(_PUT_OFF, values)
