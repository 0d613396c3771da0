"""Making, changing and trying endpoints, and sending events once more."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit import jobs, outbox
from service.kit.addresses import Guard, UrlRefused
from service.kit.etags import meant, tag
from service.kit.ids import new_id
from service.kit.outbox_tables import EventRow
from service.kit.reasons import Fault
from service.problems import Invalid
from service.tenants.actions import audit
from service.tenants.principals import Principal
from service.webhooks.catalogue import TEST
from service.webhooks.due import DELIVER
from service.webhooks.endpoint_keys import EndpointKeys
from service.webhooks.events import WebhookTest
from service.webhooks.problems import (
    EndpointDisabled,
    EndpointMoved,
    EndpointRevisionMissing,
    TooManyEndpoints,
    TooManyEvents,
)
from service.webhooks.schemas import EndpointIn, EndpointPatch, RedeliverIn
from service.webhooks.tables import WebhookDelivery, WebhookEndpoint

MOST = 20
MOST_EVENTS = 10_000
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('webhooks ' || CAST(:tenant AS text), 0))")
# What is on its way already goes on; the rest begins anew.
_AGAIN = text("""
    INSERT INTO webhook_delivery (tenant_id, endpoint_id, event_id, status, attempts, due_at)
    SELECT tenant_id, CAST(:endpoint AS uuid), event_id, 'pending', 0, :now FROM event
    WHERE tenant_id = :tenant AND event_id = ANY(:events)
    ON CONFLICT (tenant_id, endpoint_id, event_id) DO UPDATE
    SET status = 'pending', attempts = 0, due_at = excluded.due_at, last_status = NULL, last_problem = NULL
    WHERE webhook_delivery.status <> 'pending'
""")


async def create(
    tx: AsyncSession, caller: Principal, keys: EndpointKeys, guard: Guard, given: EndpointIn, now: datetime
) -> WebhookEndpoint:
    """A new endpoint, enabled. Raises Invalid, TooManyEndpoints."""
    _check(guard, given.url)
    await tx.execute(_ONE_AT_A_TIME, {"tenant": str(caller.tenant_id)})
    mine = col(WebhookEndpoint.tenant_id) == caller.tenant_id
    if (await tx.scalar(select(func.count()).select_from(WebhookEndpoint).where(mine)) or 0) >= MOST:
        raise TooManyEndpoints
    made = WebhookEndpoint(
        tenant_id=caller.tenant_id,
        endpoint_id=new_id(),
        url=given.url,
        event_types=_sorted(given.event_types),
        generation=1,
        enabled=True,
        revision=1,
        created_at=now,
        mac=b"",
    )
    made.mac = keys.sign(made)
    tx.add(made)
    _tell(tx, caller, made, "created", now)
    await tx.flush()
    return made


async def change(
    tx: AsyncSession,
    caller: Principal,
    keys: EndpointKeys,
    guard: Guard,
    endpoint: WebhookEndpoint,
    if_match: str | None,
    given: EndpointPatch,
    now: datetime,
) -> WebhookEndpoint:
    """Another URL, or other events. Raises Invalid, EndpointMoved, EndpointRevisionMissing."""
    if if_match is None:
        raise EndpointRevisionMissing
    if not meant(tag(endpoint.revision), if_match):
        raise EndpointMoved
    if "url" in given.model_fields_set:
        if given.url is None:
            raise Invalid(faults=[Fault("/url", "must be a string")])
        _check(guard, given.url)
        endpoint.url, endpoint.failing_since = given.url, None
    if "event_types" in given.model_fields_set:
        endpoint.event_types = _sorted(given.event_types)
    return await _changed(tx, caller, keys, endpoint, "changed", now)


async def rotate(
    tx: AsyncSession, caller: Principal, keys: EndpointKeys, endpoint: WebhookEndpoint, now: datetime
) -> WebhookEndpoint:
    """Another secret; the present one signs too for a day."""
    endpoint.generation += 1
    endpoint.rotated_at = now
    return await _changed(tx, caller, keys, endpoint, "secret_rotated", now)


async def enable(
    tx: AsyncSession, caller: Principal, keys: EndpointKeys, endpoint: WebhookEndpoint, now: datetime
) -> WebhookEndpoint:
    """Send there again what happens from now on; nothing changes where it is enabled already."""
    if endpoint.enabled:
        return endpoint
    endpoint.enabled, endpoint.disabled_at, endpoint.disabled_reason, endpoint.failing_since = True, None, None, None
    return await _changed(tx, caller, keys, endpoint, "enabled", now)


async def delete(tx: AsyncSession, caller: Principal, endpoint: WebhookEndpoint, now: datetime) -> None:
    """The endpoint is no more, and nothing that was to be sent to it."""
    await tx.delete(endpoint)
    _tell(tx, caller, endpoint, "deleted", now)


async def test(tx: AsyncSession, caller: Principal, endpoint: WebhookEndpoint, now: datetime) -> UUID:
    """Send an event that says nothing, to this endpoint alone; its id. Raises EndpointDisabled."""
    _must_be_enabled(endpoint)
    event = await outbox.add(tx, caller.tenant_id, WebhookTest(endpoint_id=endpoint.endpoint_id), now)
    await _send(tx, endpoint, [event], now)
    _tell(tx, caller, endpoint, "tested", now)
    return event


async def redeliver(
    tx: AsyncSession, caller: Principal, endpoint: WebhookEndpoint, asked: RedeliverIn, now: datetime
) -> int:
    """Send the events of a period once more, each with its own id; how many. Raises EndpointDisabled, TooManyEvents."""
    _must_be_enabled(endpoint)
    until = asked.until or now
    if until <= asked.since:
        raise Invalid(faults=[Fault("/since", "must be before `until`, and in the past")])
    wanted = (
        (col(EventRow.tenant_id) == caller.tenant_id)
        & (col(EventRow.occurred_at) >= asked.since)
        & (col(EventRow.occurred_at) < until)
        & col(EventRow.position).is_not(None)
        & (col(EventRow.type) != TEST)
    )
    if endpoint.event_types is not None:
        wanted &= col(EventRow.type).in_(endpoint.event_types)
    if asked.only_failed:
        failed = (
            (col(WebhookDelivery.tenant_id) == caller.tenant_id)
            & (col(WebhookDelivery.endpoint_id) == endpoint.endpoint_id)
            & (col(WebhookDelivery.status) == "failed")
        )
        wanted &= col(EventRow.event_id).in_(select(col(WebhookDelivery.event_id)).where(failed))
    found = (await tx.scalars(select(col(EventRow.event_id)).where(wanted).limit(MOST_EVENTS + 1))).all()
    if len(found) > MOST_EVENTS:
        raise TooManyEvents
    await _send(tx, endpoint, found, now)
    audit(
        tx, caller.tenant_id, now, caller.actor, "webhook_endpoint.redelivered", str(endpoint.endpoint_id),
        since=asked.since.isoformat(), until=until.isoformat(), only_failed=asked.only_failed,
    )  # fmt: skip
    return len(found)


async def _send(tx: AsyncSession, endpoint: WebhookEndpoint, events: Sequence[UUID], now: datetime) -> None:
    whose = {"tenant": endpoint.tenant_id, "endpoint": endpoint.endpoint_id}
    await tx.execute(_AGAIN, whose | {"events": list(events), "now": now})
    await jobs.enqueue(tx, endpoint.tenant_id, DELIVER, endpoint.endpoint_id, now)


async def _changed(
    tx: AsyncSession, caller: Principal, keys: EndpointKeys, endpoint: WebhookEndpoint, act: str, now: datetime
) -> WebhookEndpoint:
    endpoint.revision += 1
    endpoint.mac = keys.sign(endpoint)
    _tell(tx, caller, endpoint, act, now)
    await tx.flush()
    return endpoint


def _tell(tx: AsyncSession, caller: Principal, endpoint: WebhookEndpoint, act: str, now: datetime) -> None:
    audit(tx, caller.tenant_id, now, caller.actor, f"webhook_endpoint.{act}", str(endpoint.endpoint_id))


def _must_be_enabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.enabled:
        raise EndpointDisabled


def _check(guard: Guard, url: str) -> None:
    """Raises Invalid. What a name stands for is looked at whenever it is sent to, not here."""
    try:
        guard.target(url)
    except UrlRefused as refused:
        raise Invalid(faults=[Fault("/url", str(refused))]) from None


def _sorted(types: list[str] | None) -> list[str] | None:
    return None if types is None else sorted(set(types))
