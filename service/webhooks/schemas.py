"""Endpoints, deliveries and events on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from service.kit.addresses import LONGEST_URL
from service.kit.outbox_tables import EventRow
from service.kit.text import Flag, Moment, Wire, plain, refused
from service.webhooks.catalogue import TYPES, shown
from service.webhooks.endpoint_keys import previous_until
from service.webhooks.tables import WebhookDelivery, WebhookEndpoint


def _known(value: str) -> str:
    if value not in TYPES:
        raise refused("is not a type of event")
    return value


Url = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL), AfterValidator(plain)]
EventType = Annotated[
    str, StringConstraints(max_length=63), AfterValidator(_known), Field(json_schema_extra={"enum": list(TYPES)})
]
EventTypes = Annotated[
    list[EventType],
    Field(min_length=1, max_length=len(TYPES), description="which events; null: all there are and will be"),
]
_URL = "https://hris.example/hooks/pouls"


class EndpointIn(Wire):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": _URL, "event_types": ["wave.opened", "release.published"]}]}
    )

    url: Url
    event_types: EventTypes | None = None


class EndpointPatch(Wire):
    """What is named is changed (RFC 7396)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event_types": None}]})

    url: Url | None = None
    event_types: EventTypes | None = None


class RedeliverIn(Wire):
    """Events of a period; by default also those that were delivered."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2027-03-01T00:00:00Z", "until": None, "only_failed": True}]}
    )

    since: Moment
    until: Moment | None = None
    only_failed: Flag = False


class EndpointOut(Wire):
    id: UUID
    url: str
    event_types: list[str] | None
    enabled: bool
    disabled_at: datetime | None
    disabled_reason: str | None = Field(
        description="`failing`: nothing was taken for five days; `gone`: it answered 410"
    )
    failing_since: datetime | None
    previous_secret_until: datetime | None = Field(description="until then the secret before this one signs too")
    created_at: datetime

    @classmethod
    def of(cls, row: WebhookEndpoint) -> "EndpointOut":
        return cls(**_told(row))


class EndpointMade(EndpointOut):
    """With the secret, which is told in this answer and in no other."""

    secret: str

    @classmethod
    def told(cls, row: WebhookEndpoint, secret: str) -> "EndpointMade":
        return cls(**_told(row), secret=secret)


def _told(row: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": row.endpoint_id,
        "url": row.url,
        "event_types": row.event_types,
        "enabled": row.enabled,
        "disabled_at": row.disabled_at,
        "disabled_reason": row.disabled_reason,
        "failing_since": row.failing_since,
        "previous_secret_until": previous_until(row),
        "created_at": row.created_at,
    }


class SentOut(Wire):
    """The event that is on its way."""

    event_id: UUID


class RedeliveredOut(Wire):
    """How many events are sent again."""

    events: int


class DeliveryOut(Wire):
    event_id: UUID
    type: str
    status: str = Field(description="`pending`, `delivered` or `failed`")
    attempts: int
    last_status: int | None = Field(description="the receiver's last status code")
    last_problem: str | None = Field(description="why there was none, as a slug")
    due_at: datetime = Field(description="when it is tried next, or was to be")
    delivered_at: datetime | None

    @classmethod
    def of(cls, row: WebhookDelivery, type_: str) -> "DeliveryOut":
        return cls(
            event_id=row.event_id,
            type=type_,
            status=row.status,
            attempts=row.attempts,
            last_status=row.last_status,
            last_problem=row.last_problem,
            due_at=row.due_at,
            delivered_at=row.delivered_at,
        )


class DeliveryPage(Wire):
    data: list[DeliveryOut]
    next: str | None


class EventOut(Wire):
    id: UUID
    type: str
    timestamp: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, row: EventRow) -> "EventOut | None":
        """None where the row is not an event of ours."""
        data = shown(row.type, row.data)
        return None if data is None else cls(id=row.event_id, type=row.type, timestamp=row.occurred_at, data=data)


class EventPage(Wire):
    data: list[EventOut]
    next: str | None = Field(description="the next page, where there is one already")
    cursor: str = Field(description="where to go on another time: what comes later comes behind it")
