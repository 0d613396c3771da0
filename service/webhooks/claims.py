"""Taking what is due for an endpoint, a few at a time. In the worker, as jobs of the courier's own.

A claim is a lease, committed before anything is sent, so that no transaction is open while a receiver is waited for;
whoever claims and dies has claimed for a minute. What may be under way for one endpoint at once is bounded, so that
one that hangs keeps few of the courier's hands.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import jobs
from service.kit.clock import Clock
from service.kit.jobs import Due
from service.webhooks.catalogue import envelope, shown
from service.webhooks.due import DELIVER
from service.webhooks.endpoint_keys import EndpointKeys
from service.webhooks.message import Message
from service.webhooks.tables import WebhookEndpoint

AT_ONCE = 2
LOOK_AGAIN = timedelta(hours=1)
log = structlog.get_logger()
_BUSY = text("""
    SELECT count(*) AS number, min(leased_until) AS until FROM webhook_delivery
    WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND status = 'pending' AND leased_until > :now
""")
# Chosen once: a subquery that locks may be run anew for each row that is joined, and choose more than it should.
_CLAIM = text("""
    WITH chosen AS MATERIALIZED (
        SELECT tenant_id, endpoint_id, event_id FROM webhook_delivery
        WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND status = 'pending' AND due_at <= :now
        AND (leased_until IS NULL OR leased_until <= :now)
        ORDER BY due_at, event_id LIMIT :free FOR UPDATE SKIP LOCKED)
    UPDATE webhook_delivery AS delivery SET leased_until = :until
    FROM chosen JOIN event USING (tenant_id, event_id)
    WHERE delivery.tenant_id = chosen.tenant_id AND delivery.endpoint_id = chosen.endpoint_id
    AND delivery.event_id = chosen.event_id
    RETURNING event.event_id, event.type, event.occurred_at, event.data
""")
_NEXT = text("""
    SELECT min(greatest(due_at, coalesce(leased_until, due_at))) FROM webhook_delivery
    WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND status = 'pending'
""")
_GIVE_BACK = text("""
    UPDATE webhook_delivery SET leased_until = NULL
    WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND event_id = :event AND status = 'pending'
    AND leased_until = :until
""")
# Not an event of ours: somebody wrote it to the database.
_REFUSE = text("""
    UPDATE webhook_delivery SET status = 'failed', last_problem = 'not-an-event'
    WHERE tenant_id = :tenant AND endpoint_id = :endpoint AND event_id = :event
""")


async def give_back(tx: AsyncSession, message: Message, now: datetime) -> None:
    """What was claimed is not sent after all: it is due at once, for whoever looks next."""
    scope = {"tenant": message.tenant, "endpoint": message.endpoint}
    await tx.execute(_GIVE_BACK, scope | {"event": message.event, "until": message.leased_until})
    await jobs.enqueue(tx, message.tenant, DELIVER, message.endpoint, now)


class Claims:
    """Fills `taken` with what is to be sent now."""

    def __init__(self, keys: EndpointKeys, lease: timedelta, clock: Clock) -> None:
        self._keys = keys
        self._lease = lease
        self._clock = clock
        self.taken: list[Message] = []

    async def take(self, tx: AsyncSession, due: Due) -> datetime | None:
        """The job of an endpoint that something is due for; when to look again."""
        self.taken = []
        endpoint = await tx.get(WebhookEndpoint, (due.tenant_id, due.subject_id))
        if endpoint is None or not endpoint.enabled:
            return None
        now = self._clock()
        if not self._keys.knows(endpoint):
            log.error("webhook endpoint altered; nothing is sent there", endpoint=str(endpoint.endpoint_id))
            return now + LOOK_AGAIN
        scope: dict[str, Any] = {"tenant": due.tenant_id, "endpoint": due.subject_id}
        busy = (await tx.execute(_BUSY, scope | {"now": now})).one()
        free = AT_ONCE - busy.number
        if free <= 0:
            return busy.until  # type: ignore[no-any-return]  # of a row
        until = now + self._lease
        found = (await tx.execute(_CLAIM, scope | {"now": now, "until": until, "free": free})).all()
        for row in found:
            data = shown(row.type, row.data)
            if data is None:
                log.error("event altered; it is not sent", event_id=str(row.event_id))
                await tx.execute(_REFUSE, scope | {"event": row.event_id})
                continue
            body = envelope(row.type, row.occurred_at, data)
            self.taken.append(
                Message(
                    due.tenant_id, due.subject_id, row.event_id, until, endpoint.url, body,
                    self._keys.secrets(endpoint, now),
                )
            )  # fmt: skip
        if len(self.taken) >= free:
            return until  # or as soon as one of them is through
        following: datetime | None = await tx.scalar(_NEXT, scope)
        return following
