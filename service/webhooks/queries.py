"""Reading endpoints, deliveries and events back."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.outbox_tables import EventRow
from service.kit.pages import Page, page_of
from service.kit.reasons import ParameterFault
from service.problems import Invalid, NotFound
from service.webhooks.problems import CursorAhead, EventsGone
from service.webhooks.schemas import DeliveryOut, EventOut
from service.webhooks.tables import WebhookDelivery, WebhookEndpoint

_MOST = 2**63 - 1


async def endpoint(tx: AsyncSession, tenant: UUID, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """One endpoint. Raises NotFound."""
    # As deliveries that are being written refer to it, which is no reason to wait for them.
    how = {"key_share": True} if lock else None
    found = await tx.get(WebhookEndpoint, (tenant, endpoint_id), with_for_update=how)
    if found is None:
        raise NotFound
    return found


async def endpoints(tx: AsyncSession, tenant: UUID) -> list[WebhookEndpoint]:
    """All of them, in the order they were made."""
    mine = col(WebhookEndpoint.tenant_id) == tenant
    return list(await tx.scalars(select(WebhookEndpoint).where(mine).order_by(col(WebhookEndpoint.endpoint_id))))


async def deliveries(tx: AsyncSession, of: WebhookEndpoint, before: UUID | None, limit: int) -> Page[DeliveryOut]:
    """What was sent to an endpoint, or is to be, the newest first."""
    joined = (col(EventRow.tenant_id) == col(WebhookDelivery.tenant_id)) & (
        col(EventRow.event_id) == col(WebhookDelivery.event_id)
    )
    mine = (col(WebhookDelivery.tenant_id) == of.tenant_id) & (col(WebhookDelivery.endpoint_id) == of.endpoint_id)
    statement = select(WebhookDelivery, col(EventRow.type)).join(EventRow, joined).where(mine)
    if before is not None:
        statement = statement.where(col(WebhookDelivery.event_id) < before)
    found = (await tx.execute(statement.order_by(col(WebhookDelivery.event_id).desc()).limit(limit + 1))).all()
    return page_of(found, limit, key=lambda row: str(row[0].event_id), show=lambda row: DeliveryOut.of(row[0], row[1]))


async def events(
    tx: AsyncSession, tenant: UUID, after: str | None, limit: int, type_: str | None
) -> tuple[Page[EventOut], str]:
    """Events in the order of their positions, and the position to go on from.

    Raises Invalid, CursorAhead, EventsGone.
    """
    position = _position(after)
    mine = col(EventRow.tenant_id) == tenant
    # Asked before the page, so that none can be numbered in between and be skipped.
    last = await tx.scalar(select(func.max(col(EventRow.position))).where(mine)) or 0
    # A cursor is told when its event is there, and the newest one is never forgotten.
    if position is not None and position > last:
        raise CursorAhead
    numbered = mine & (col(EventRow.position) > (position or 0))
    statement = select(EventRow).where(numbered if type_ is None else numbered & (col(EventRow.type) == type_))
    found = (await tx.scalars(statement.order_by(col(EventRow.position)).limit(limit + 1))).all()
    # And this after it: what is forgotten in between must not be missing without a word.
    first = await tx.scalar(select(func.min(col(EventRow.position))).where(mine))
    if position is not None and first is not None and position < first - 1:
        raise EventsGone
    page = page_of(found, limit, key=lambda row: str(row.position), show=EventOut.of)
    shown = [row.position or 0 for row in found[:limit]]
    seen = shown[-1] if len(found) >= limit else max([last, *shown])
    told = Page([one for one in page.rows if one is not None], page.next_key)
    return told, str(max(seen, position or 0))


def _position(after: str | None) -> int | None:
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and int(after[:20]) <= _MOST):
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")])
    return int(after[:20])
