"""Who is told what happens: endpoints that events are sent to, and the events themselves, for whoever asks."""

from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Depends, Header, Query, Request, Response

from service.kit.addresses import Guard
from service.kit.crypto import text_of
from service.kit.etags import tag
from service.kit.idempotency import SECRET_REPLY
from service.kit.pages import Cursor, Limit, key_behind, link_next, uuid_behind
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope
from service.webhooks import actions, queries
from service.webhooks.endpoint_keys import EndpointKeys
from service.webhooks.problems import (
    CursorAhead,
    EndpointAltered,
    EndpointDisabled,
    EndpointMoved,
    EndpointRevisionMissing,
    EventsGone,
    TooManyEndpoints,
    TooManyEvents,
)
from service.webhooks.schemas import (
    DeliveryPage,
    EndpointIn,
    EndpointMade,
    EndpointOut,
    EndpointPatch,
    EventPage,
    EventType,
    RedeliveredOut,
    RedeliverIn,
    SentOut,
)
from service.webhooks.tables import WebhookEndpoint

router = api_router()
log = structlog.get_logger()
Writer = Annotated[Principal, holding(Scope.webhooks_write)]
IfMatch = Annotated[
    str | None, Header(max_length=4000, description="the endpoint's `ETag`, as it came with what was seen")
]


async def _endpoint_to_read(caller: Writer, tx: Transaction, endpoint_id: UUID) -> WebhookEndpoint:
    return await queries.endpoint(tx, caller.tenant_id, endpoint_id)


async def _endpoint_to_delete(caller: Writer, tx: Transaction, endpoint_id: UUID) -> WebhookEndpoint:
    return await queries.endpoint(tx, caller.tenant_id, endpoint_id, lock=True)


async def _keys_of(request: Request) -> EndpointKeys:
    keys: EndpointKeys = request.app.state.endpoint_keys
    return keys


async def _guard_of(request: Request) -> Guard:
    allowed = request.app.state.settings.webhooks
    return Guard(allowed.allow_networks, allowed.allow_http)


Keys = Annotated[EndpointKeys, Depends(_keys_of)]
EndpointToRead = Annotated[WebhookEndpoint, Depends(_endpoint_to_read)]
EndpointToDelete = Annotated[WebhookEndpoint, Depends(_endpoint_to_delete)]


async def _endpoint_to_change(endpoint: EndpointToDelete, keys: Keys) -> WebhookEndpoint:
    """As it was made: what somebody wrote to the database must not be signed with the next change."""
    if not keys.knows(endpoint):
        log.warning("webhook endpoint was altered", endpoint=str(endpoint.endpoint_id))
        raise EndpointAltered
    return endpoint


EndpointToChange = Annotated[WebhookEndpoint, Depends(_endpoint_to_change)]
GuardOf = Annotated[Guard, Depends(_guard_of)]


@router.post(
    "/webhook-endpoints",
    status_code=201,
    operation_id="webhook_endpoints.create",
    responses=problems(Malformed, Invalid, TooManyEndpoints),
    dependencies=[SECRET_REPLY],
)
async def create_endpoint(
    caller: Writer, tx: Transaction, keys: Keys, guard: GuardOf, now: Now, response: Response, given: EndpointIn
) -> EndpointMade:
    """Have events sent to a URL, signed as Standard Webhooks says. The secret is in this answer and nowhere else.

    The URL is https and leads to the public internet, unless the operator allows more. 20 endpoints at most.
    """
    made = await actions.create(tx, caller, keys, guard, given, now)
    response.headers["ETag"] = tag(made.revision)
    response.headers["Cache-Control"] = "no-store"
    return EndpointMade.told(made, keys.text(made))


@router.get("/webhook-endpoints", operation_id="webhook_endpoints.list")
async def list_endpoints(caller: Writer, tx: Transaction) -> list[EndpointOut]:
    """All endpoints, without their secrets."""
    return [EndpointOut.of(row) for row in await queries.endpoints(tx, caller.tenant_id)]


@router.get(
    "/webhook-endpoints/{endpoint_id}", operation_id="webhook_endpoints.get", responses=problems(Invalid, NotFound)
)
async def get_endpoint(endpoint: EndpointToRead, response: Response) -> EndpointOut:
    """One endpoint; whether it is enabled, and if not, why."""
    response.headers["ETag"] = tag(endpoint.revision)
    return EndpointOut.of(endpoint)


@router.patch(
    "/webhook-endpoints/{endpoint_id}",
    operation_id="webhook_endpoints.change",
    responses=problems(Malformed, Invalid, NotFound, EndpointMoved, EndpointRevisionMissing, EndpointAltered),
)
async def change_endpoint(
    endpoint: EndpointToChange,
    caller: Writer,
    tx: Transaction,
    keys: Keys,
    guard: GuardOf,
    now: Now,
    response: Response,
    given: EndpointPatch,
    if_match: IfMatch = None,
) -> EndpointOut:
    """Another URL, or other events; what is waiting goes to the new URL. `If-Match` must carry the `ETag`."""
    changed = await actions.change(tx, caller, keys, guard, endpoint, if_match, given, now)
    response.headers["ETag"] = tag(changed.revision)
    return EndpointOut.of(changed)


@router.delete(
    "/webhook-endpoints/{endpoint_id}",
    status_code=204,
    operation_id="webhook_endpoints.delete",
    responses=problems(Invalid, NotFound),
)
async def delete_endpoint(endpoint: EndpointToDelete, caller: Writer, tx: Transaction, now: Now) -> None:
    """Send nothing there any more, neither what is waiting."""
    await actions.delete(tx, caller, endpoint, now)


@router.post(
    "/webhook-endpoints/{endpoint_id}/rotate-secret",
    operation_id="webhook_endpoints.rotate_secret",
    responses=problems(Invalid, NotFound, EndpointAltered),
    dependencies=[SECRET_REPLY],
)
async def rotate_secret(
    endpoint: EndpointToChange, caller: Writer, tx: Transaction, keys: Keys, now: Now, response: Response
) -> EndpointMade:
    """Another secret, in this answer. For 24 hours the one before it signs too, beside it."""
    changed = await actions.rotate(tx, caller, keys, endpoint, now)
    response.headers["ETag"] = tag(changed.revision)
    response.headers["Cache-Control"] = "no-store"
    return EndpointMade.told(changed, keys.text(changed))


@router.post(
    "/webhook-endpoints/{endpoint_id}/enable",
    operation_id="webhook_endpoints.enable",
    responses=problems(Invalid, NotFound, EndpointAltered),
)
async def enable_endpoint(
    endpoint: EndpointToChange, caller: Writer, tx: Transaction, keys: Keys, now: Now, response: Response
) -> EndpointOut:
    """Send there again what happens from now on; what it missed meanwhile, `redeliver` sends."""
    changed = await actions.enable(tx, caller, keys, endpoint, now)
    response.headers["ETag"] = tag(changed.revision)
    return EndpointOut.of(changed)


@router.post(
    "/webhook-endpoints/{endpoint_id}/test",
    status_code=202,
    operation_id="webhook_endpoints.test",
    responses=problems(Invalid, NotFound, EndpointDisabled, EndpointAltered),
)
async def test_endpoint(endpoint: EndpointToChange, caller: Writer, tx: Transaction, now: Now) -> SentOut:
    """Send `webhook.test` to this endpoint alone; its deliveries tell what came of it."""
    return SentOut(event_id=await actions.test(tx, caller, endpoint, now))


@router.post(
    "/webhook-endpoints/{endpoint_id}/redeliver",
    status_code=202,
    operation_id="webhook_endpoints.redeliver",
    responses=problems(Malformed, Invalid, NotFound, EndpointDisabled, TooManyEvents, EndpointAltered),
)
async def redeliver(
    endpoint: EndpointToChange, caller: Writer, tx: Transaction, now: Now, asked: RedeliverIn
) -> RedeliveredOut:
    """Send the events of a period once more, each with the id it had; those of the last 30 days are kept."""
    return RedeliveredOut(events=await actions.redeliver(tx, caller, endpoint, asked, now))


@router.get(
    "/webhook-endpoints/{endpoint_id}/deliveries",
    operation_id="webhook_endpoints.deliveries",
    responses=problems(Invalid, NotFound),
)
async def list_deliveries(
    request: Request,
    response: Response,
    endpoint: EndpointToRead,
    tx: Transaction,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DeliveryPage:
    """What was sent to the endpoint, or is to be, newest first."""
    page = await queries.deliveries(tx, endpoint, uuid_behind(cursor), limit)
    return DeliveryPage(data=page.rows, next=link_next(request, response, page))


@router.get("/events", operation_id="events.list", responses=problems(Invalid, CursorAhead, EventsGone))
async def list_events(
    request: Request,
    response: Response,
    caller: Writer,
    tx: Transaction,
    limit: Limit = 100,
    cursor: Cursor = None,
    type: Annotated[EventType | None, Query(description="of this type alone")] = None,  # noqa: A002 - the parameter's name
) -> EventPage:
    """What happened in the last 30 days, in an order that stays: whoever goes on behind `cursor` misses nothing."""
    page, position = await queries.events(tx, caller.tenant_id, key_behind(cursor), limit, type)
    return EventPage(data=page.rows, next=link_next(request, response, page), cursor=text_of(position.encode()))
