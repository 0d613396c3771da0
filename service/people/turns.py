"""One writer of a tenant's organisation at a time, and how long others wait for it: calls, and jobs of the worker.

Calls wait in two places. In this process they take turns, in memory (`Turns`), before they have a connection: one of a
tenant's calls at a time has its turn. Whoever has it takes the organisation's lock in the database, and waits there
only for another process, or for the worker. Each place has its patience; then the call is refused, and may be sent
again.

So of a pool of P connections waiting calls hold P/4 at the most (one of a pool of less than four), whatever is written
and however many call: a tenant's calls one, those in memory none. With the pool's usual eight, an import of a tenant
and twenty SCIM writes of the same hold one connection, the import's own; where another process imports, they hold one
as well, and of all tenants together that wait for other processes no more than two. Whoever does not wait but writes
holds a connection, one for a tenant.

A job waits too, for a moment: with a mere try it would never have its turn while calls follow upon each other, since
the database gives the lock to those who wait for it. Then it gives its worker back, and comes again.

Who needs a campaign or wave as well locks the organisation first, as does who deletes from its history: a transaction
that waits for the organisation holds nothing that one that has it may want. A launch alone has locked its campaign
before, which has no wave yet, and which nobody else locks together with the organisation.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from fastapi import Depends, Request
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import QueuePool

from service.kit.jobs import Due
from service.people.problems import OrganisationBusy
from service.problems import Problem
from service.tenants.principals import Presented, presented_key

# Longer than a call of a few thousand rows holds it, shorter than people wait for an answer.
PATIENCE_S = 5.0
MOST_IN_LINE = 64
"""Calls of a tenant that wait in memory, each with its body; whoever comes then is refused at once."""
# Shorter than the database's look for transactions that wait in a circle: no job is ever part of one.
PATIENCE_OF_JOBS_S = 0.5
AGAIN = timedelta(seconds=3)
"""When a job comes again that has met a writer."""

_LOCK_TAKEN = "55P03"
_TRY = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
_WAIT = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_PATIENT = text("SELECT set_config('lock_timeout', :ms, true)")
_AS_BEFORE = text("SET LOCAL lock_timeout = DEFAULT")
_PLAN_ANEW = text("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
_waiting: WeakKeyDictionary[Engine, int] = WeakKeyDictionary()

log = structlog.get_logger()
Refusal = Callable[[], Problem]


@dataclass(slots=True)
class _Line:
    """A tenant's calls: one has its turn, the others wait for it."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    calls: int = 0


class Turns:
    """Whose turn it is in this process, by tenant."""

    def __init__(self) -> None:
        self._lines: dict[UUID, _Line] = {}

    def calls(self, tenant: UUID) -> int:
        """How many of the tenant's calls are here, the one whose turn it is among them."""
        line = self._lines.get(tenant)
        return line.calls if line is not None else 0

    @asynccontextmanager
    async def turn(self, tenant: UUID, refusal: Refusal = OrganisationBusy) -> AsyncIterator[None]:
        """The tenant's turn. Raises `refusal` where it does not come soon, or too many wait for it."""
        line = self._lines.setdefault(tenant, _Line())
        if line.calls > MOST_IN_LINE:
            raise refusal()
        line.calls += 1
        try:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await line.turn.acquire()
            except TimeoutError:
                raise refusal() from None
            try:
                yield
            finally:
                line.turn.release()
        finally:
            line.calls -= 1
            if not line.calls:
                del self._lines[tenant]


def turns_of(request: Request) -> Turns:
    turns: Turns = request.app.state.turns
    return turns


def in_turn(refusal: Refusal = OrganisationBusy) -> Any:
    """For an operation's `dependencies`, which come before its transaction: it waits for its turn first.

    Whose turn it is is read off the key as it was sent, before anybody knows whether it is one: to know that takes a
    connection.
    """

    async def turn(request: Request, key: Annotated[Presented, Depends(presented_key)]) -> AsyncIterator[None]:
        async with turns_of(request).turn(key.tenant_id, refusal):
            yield

    return Depends(turn, scope="function")


IN_TURN = in_turn()


async def plan_anew(tx: AsyncSession) -> None:
    """What the transaction does is planned anew each time.

    A plan that was made for an empty table, and kept, looks at all people for each one. Planning a statement for a
    thousand people takes less than a millisecond.
    """
    await tx.execute(_PLAN_ANEW)


async def lock_organisation(tx: AsyncSession, tenant: UUID) -> None:
    """For a call: two imports must not each see half of the other. Raises OrganisationBusy."""
    if not await _try(tx, tenant):
        with _place(tx):
            if not await _wait(tx, tenant, PATIENCE_S):
                raise OrganisationBusy
    await plan_anew(tx)


async def lock_for_job(tx: AsyncSession, due: Due) -> bool:
    """For a job: whether it has the organisation. It has not where somebody writes for long: it is to come `AGAIN`."""
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


@contextmanager
def _place(tx: AsyncSession) -> Iterator[None]:
    """One of the connections that may wait at a time. Raises OrganisationBusy."""
    engine = tx.get_bind().engine
    places = max(1, engine.pool.size() // 4) if isinstance(engine.pool, QueuePool) else 1
    taken = _waiting.get(engine, 0)
    if taken >= places:
        raise OrganisationBusy
    _waiting[engine] = taken + 1
    try:
        yield
    finally:
        _waiting[engine] -= 1


def _key(tenant: UUID) -> str:
    return f"people {tenant}"
