"""What happened, told to others: written in the transaction that makes it true, numbered once that has committed.

An id is drawn before its transaction commits, so ids become visible out of order, and a reader that goes on behind the
last one it saw would miss some. Positions are given by the worker, one transaction of a tenant at a time, to what has
committed: whoever sees one sees all before it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import jobs
from service.kit.counted import changed
from service.kit.ids import new_id
from service.kit.outbox_tables import EventRow

NUMBER = "number_event"
"""The job of an event that has no position yet. One for each: a row that many transactions asked for would have them
wait for one another, a request for a release that takes minutes."""
KEPT = timedelta(days=30)
A_DAY = timedelta(days=1)
AT_ONCE = 1000
"""Events forgotten in one transaction, with up to twenty deliveries each."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('events ' || CAST(:tenant AS text), 0))")
_NUMBER = text("""
    WITH fresh AS (
        SELECT event_id, row_number() OVER (ORDER BY occurred_at, event_id) AS place
        FROM event WHERE tenant_id = :tenant AND position IS NULL),
    last AS (SELECT coalesce(max(position), 0) AS position FROM event WHERE tenant_id = :tenant)
    UPDATE event SET position = last.position + fresh.place FROM fresh, last
    WHERE event.tenant_id = :tenant AND event.event_id = fresh.event_id
    RETURNING event.event_id
""")
# From the first position on, to the first event that stays: what is left has no gap, and a reader who has missed some
# is told so. The last one stays, however old: the next position follows it.
_PRUNE = text("""
    WITH first AS MATERIALIZED (
        SELECT event_id, position, occurred_at >= :before AS stays FROM event
        WHERE tenant_id = :tenant AND position < (SELECT max(position) FROM event WHERE tenant_id = :tenant)
        ORDER BY position LIMIT :number)
    DELETE FROM event USING first
    WHERE event.tenant_id = :tenant AND event.event_id = first.event_id
    AND NOT EXISTS (SELECT 1 FROM first AS kept WHERE kept.stays AND kept.position <= first.position)
""")
_LEFT = text("""
    SELECT EXISTS (SELECT 1 FROM event WHERE tenant_id = :tenant
    AND position < (SELECT max(position) FROM event WHERE tenant_id = :tenant))
""")


class Event(BaseModel):
    """Something that happened. Its fields are ids, moments and slugs; what they are of is read behind the link."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]
    link: ClassVar[str]

    @property
    def url(self) -> str:
        """The path of what it is about, on this service."""
        return self.link.format_map({name: str(value) for name, value in self})

    def stored(self) -> dict[str, Any]:
        """Its fields, as the database keeps them."""
        return self.model_dump(mode="json")

    def data(self) -> dict[str, Any]:
        """What receivers get."""
        return self.stored() | {"url": self.url}


async def add(tx: AsyncSession, tenant: UUID, event: Event, now: datetime) -> UUID:
    """Tell of it if, and only if, this transaction commits; the event's id."""
    ident = new_id()
    tx.add(EventRow(tenant_id=tenant, event_id=ident, type=event.type, occurred_at=now, data=event.stored()))
    await tx.flush()
    await jobs.enqueue(tx, tenant, NUMBER, ident, now)
    return ident


async def number(tx: AsyncSession, tenant: UUID) -> Sequence[UUID]:
    """Give positions to what has committed and has none; which these are. One transaction of a tenant at a time."""
    await tx.execute(_LOCK, {"tenant": str(tenant)})
    return (await tx.scalars(_NUMBER, {"tenant": tenant})).all()


async def prune(tx: AsyncSession, tenant: UUID, now: datetime) -> datetime | None:
    """Forget what is older than it is kept, so many at once; when to come again, if not only with the next event."""
    if await changed(tx, _PRUNE, {"tenant": tenant, "before": now - KEPT, "number": AT_ONCE}) == AT_ONCE:
        return now
    return now + A_DAY if await tx.scalar(_LEFT, {"tenant": tenant}) else None
