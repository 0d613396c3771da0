"""What came of an attempt, written down: the delivery, the endpoint's state, and whom to tell. In the worker."""

from datetime import datetime

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit import jobs, outbox
from service.telemetry import metrics
from service.tenants.actions import audit
from service.webhooks.due import DELIVER
from service.webhooks.endpoint_keys import EndpointKeys
from service.webhooks.events import WebhookEndpointDisabled
from service.webhooks.message import Message
from service.webhooks.outcome import FAILING, GONE, Attempt, gives_up, retry_at
from service.webhooks.tables import WebhookDelivery, WebhookEndpoint

WORKER = "worker"
log = structlog.get_logger()


async def record(
    tx: AsyncSession, keys: EndpointKeys, sent: Message, attempt: Attempt, now: datetime, drawn: float
) -> None:
    """In the tenant's transaction; nothing, where the endpoint is no more or somebody else has claimed it since."""
    whose = (sent.tenant, sent.endpoint)
    endpoint = await tx.get(WebhookEndpoint, whose, with_for_update={"key_share": True})
    delivery = await tx.get(WebhookDelivery, (*whose, sent.event), with_for_update={"key_share": True})
    if endpoint is None or delivery is None or delivery.leased_until != sent.leased_until:
        return
    delivery.attempts += 1
    delivery.leased_until = None
    delivery.last_status, delivery.last_problem = attempt.status, attempt.problem
    if attempt.outcome == "delivered":
        delivery.status, delivery.delivered_at = "delivered", now
        endpoint.failing_since = None
    else:
        _put_off(delivery, attempt, now, drawn)
        endpoint.failing_since = endpoint.failing_since or now
        if not endpoint.enabled:
            delivery.status = "failed"  # disabled while this was under way
        elif attempt.outcome == "gone":
            await _disable(tx, keys, endpoint, GONE, now)
        elif gives_up(endpoint.failing_since, now):
            await _disable(tx, keys, endpoint, FAILING, now)
    await tx.flush()
    if endpoint.enabled:
        await jobs.enqueue(tx, sent.tenant, DELIVER, sent.endpoint, now)


def _put_off(delivery: WebhookDelivery, attempt: Attempt, now: datetime, drawn: float) -> None:
    following = retry_at(delivery.attempts, attempt.retry_after, now, drawn)
    if following is None:
        delivery.status = "failed"
    else:
        delivery.due_at = following


async def _disable(tx: AsyncSession, keys: EndpointKeys, endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    """Nothing is sent there any more; its tenant is told by the log and by the other endpoints."""
    await tx.flush()
    if not keys.knows(endpoint):  # somebody wrote to it meanwhile: what they wrote is not signed
        log.error("webhook endpoint altered; nothing is sent there", endpoint=str(endpoint.endpoint_id))
        return
    endpoint.enabled, endpoint.disabled_at, endpoint.disabled_reason = False, now, reason
    endpoint.revision += 1
    endpoint.mac = keys.sign(endpoint)
    waiting = (
        (col(WebhookDelivery.tenant_id) == endpoint.tenant_id)
        & (col(WebhookDelivery.endpoint_id) == endpoint.endpoint_id)
        & (col(WebhookDelivery.status) == "pending")
    )
    await tx.execute(update(WebhookDelivery).where(waiting).values(status="failed"))
    subject = str(endpoint.endpoint_id)
    audit(tx, endpoint.tenant_id, now, WORKER, "webhook_endpoint.disabled", subject, reason=reason)
    await outbox.add(tx, endpoint.tenant_id, WebhookEndpointDisabled(endpoint_id=endpoint.endpoint_id), now)
    metrics.WEBHOOKS_DISABLED.labels(reason).inc()
    log.warning("webhook endpoint disabled", endpoint=subject, reason=reason)
