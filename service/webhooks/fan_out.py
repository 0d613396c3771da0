"""Events numbered, and put down for each endpoint that wants them; forgotten after 30 days. In the worker."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import jobs, outbox
from service.kit.clock import Clock
from service.kit.jobs import Due, Handler
from service.webhooks.catalogue import TEST
from service.webhooks.due import DELIVER, PRUNE

_PUT_DOWN = text("""
    INSERT INTO webhook_delivery (tenant_id, endpoint_id, event_id, status, attempts, due_at)
    SELECT event.tenant_id, endpoint.endpoint_id, event.event_id, 'pending', 0, :now
    FROM event JOIN webhook_endpoint AS endpoint ON endpoint.tenant_id = event.tenant_id
    WHERE event.tenant_id = :tenant AND event.event_id = ANY(:events) AND event.type <> :test AND endpoint.enabled
    AND (endpoint.event_types IS NULL OR event.type = ANY(endpoint.event_types))
    ORDER BY endpoint.endpoint_id, event.event_id
    ON CONFLICT (tenant_id, endpoint_id, event_id) DO NOTHING
    RETURNING endpoint_id
""")


def numberer(clock: Clock) -> Handler:
    """The job of an event that has no position: all of the tenant's get theirs, and go to whom they concern.

    Both in one transaction, so that no event is put down twice or not at all.
    """

    async def number(tx: AsyncSession, due: Due) -> None:
        numbered = await outbox.number(tx, due.tenant_id)
        if not numbered:
            return  # another one's job was first
        now = clock()
        whose = {"tenant": due.tenant_id, "events": list(numbered), "now": now, "test": TEST}
        endpoints = set((await tx.scalars(_PUT_DOWN, whose)).all())
        for endpoint in sorted(endpoints):  # in one order, since two that lock them crosswise would stop each other
            await jobs.enqueue(tx, due.tenant_id, DELIVER, endpoint, now)
        await jobs.enqueue(tx, due.tenant_id, PRUNE, due.tenant_id, now + outbox.A_DAY)

    return number


def pruner(clock: Clock) -> Handler:
    """The job that forgets events, and their deliveries, 30 days later; a day apart, as long as there are any to be."""

    async def prune(tx: AsyncSession, due: Due) -> datetime | None:
        return await outbox.prune(tx, due.tenant_id, clock())

    return prune
