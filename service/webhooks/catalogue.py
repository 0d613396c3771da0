"""Every event there is, and how a receiver gets it. Pure.

The envelope is that of Standard Webhooks: type, timestamp, data. An event is read back through its class before it is
shown or sent, so that a row that somebody wrote to the database carries nothing but ids, moments and slugs.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service.campaigns import events as campaigns
from service.kit.outbox import Event
from service.people import events as people
from service.releases import events as releases
from service.tenants import events as tenants
from service.webhooks import events as webhooks

EVENTS: tuple[type[Event], ...] = (
    campaigns.CampaignProposed,
    campaigns.CampaignLaunched,
    campaigns.CampaignExtended,
    campaigns.CampaignRescheduled,
    campaigns.CampaignClosed,
    campaigns.CampaignCancelled,
    campaigns.WaveOpened,
    campaigns.WaveSkipped,
    campaigns.WaveClosed,
    campaigns.WaveCancelled,
    campaigns.WaveDestroyed,
    releases.ReleasePublished,
    releases.ReleaseWithdrawn,
    releases.ReleaseWithheld,
    people.ImportFinished,
    tenants.KeyExpiring,
    webhooks.WebhookEndpointDisabled,
    webhooks.WebhookTest,
)
BY_TYPE: Mapping[str, type[Event]] = {event.type: event for event in EVENTS}
TYPES = tuple(BY_TYPE)
# Sent to the endpoint that it was asked for, whatever that is subscribed to, and to no other.
TEST = webhooks.WebhookTest.type


def shown(type_: str, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    """An event's data as others get it; None where the row is not an event of ours."""
    event = BY_TYPE.get(type_)
    try:
        return None if event is None else event.model_validate(stored).data()
    except ValueError:
        return None


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def envelope(type_: str, occurred_at: datetime, data: Mapping[str, Any]) -> bytes:
    """The body that is sent, the same bytes at each attempt."""
    return json.dumps(
        {"type": type_, "timestamp": moment(occurred_at), "data": data}, ensure_ascii=True, separators=(",", ":")
    ).encode("ascii")


_EXAMPLES: dict[Any, Any] = {
    UUID: UUID("0199c5a2-7c1e-7f3a-9b40-2f6d1c8e5a77"),
    datetime: datetime(2027, 3, 1, 8, tzinfo=UTC),
}


def example(event: type[Event]) -> dict[str, Any]:
    """A payload as it is sent."""
    fields = {name: _EXAMPLES[field.annotation] for name, field in event.model_fields.items()}
    body = envelope(event.type, _EXAMPLES[datetime], event.model_validate(fields).data())
    read: dict[str, Any] = json.loads(body)
    return read
