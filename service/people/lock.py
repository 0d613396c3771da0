"""One writer of a tenant's organisation at a time: a lock in the database, for calls and for jobs of the worker.

Calls of one process have taken turns before (see `turns`), so that they wait here for other processes alone.

A job waits too, for a moment: with a mere try it would never have its turn while calls follow upon each other, since
the database gives the lock to those who wait for it. Then it gives its worker back, and comes again.

Who needs a campaign or wave as well locks the organisation first, as does who deletes from its history: a transaction
that waits for the organisation holds nothing that one that has it may want. A launch alone has locked its campaign
before, which has no wave yet, and which nobody else locks together with the organisation.

Whoever has the lock plans each statement anew, until the transaction ends: it may be about everybody.
"""

from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.db import places_of, plan_anew
from service.kit.jobs import Due
from service.people import turns
from service.people.problems import OrganisationBusy
from service.people.turns import Refusal

# Shorter than the database's look for transactions that wait in a circle: no job is ever part of one.
PATIENCE_OF_JOBS_S = 0.5
AGAIN = timedelta(seconds=3)
"""When a job comes again that has met a writer."""

_LOCK_TAKEN = "55P03"
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_PATIENT = text("SELECT set_config('lock_timeout', :ms, true)")
_AS_BEFORE = text("SET LOCAL lock_timeout = DEFAULT")

log = structlog.get_logger()


async def lock_organisation(tx: AsyncSession, tenant: UUID, refusal: Refusal = OrganisationBusy) -> None:
    """For a call: two imports must not each see half of the other. Plans anew from here on.

    Raises `refusal` where somebody writes for long, or too many wait already.
    """
    if not await _try(tx, tenant):
        with places_of(tx).one() as has_place:
            if not has_place or not await _wait(tx, tenant, turns.PATIENCE_S):
                raise refusal()
    await plan_anew(tx)


async def lock_for_job(tx: AsyncSession, due: Due) -> bool:
    """For a job: whether it has the organisation; if so it plans anew from here on.

    It has not where somebody writes for long: it is to come `AGAIN`.
    """
    if not await _try(tx, due.tenant_id):
        savepoint = await tx.begin_nested()
        if not await _wait(tx, due.tenant_id, PATIENCE_OF_JOBS_S):
            await savepoint.rollback()
            log.info("job meets a writer of the organisation", kind=due.kind, subject=str(due.subject_id))
            return False
        await savepoint.commit()
    await plan_anew(tx)
    return True


async def _try(tx: AsyncSession, tenant: UUID) -> bool:
    return bool(await tx.scalar(_TRY, {"key": _key(tenant)}))


async def _wait(tx: AsyncSession, tenant: UUID, patience_s: float) -> bool:
    """Whether it came; else the transaction, or its savepoint, is of no more use."""
    await tx.execute(_PATIENT, {"ms": str(round(patience_s * 1000))})
    try:
        await tx.execute(_WAIT, {"key": _key(tenant)})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_TAKEN:
            return False
        raise
    await tx.execute(_AS_BEFORE)
    return True


def _key(tenant: UUID) -> str:
    return f"people {tenant}"
