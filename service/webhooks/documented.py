"""The `webhooks` part of the OpenAPI document, made from the catalogue."""

from typing import Any

from service.kit.outbox import Event
from service.webhooks.catalogue import EVENTS, example

_TEXT = {"type": "string"}
HEADERS = [
    {
        "name": "webhook-id", "in": "header", "required": True, "schema": _TEXT | {"format": "uuid"},
        "description": "the event's id, the same at each attempt: what was seen already need not be done again",
    },
    {
        "name": "webhook-timestamp", "in": "header", "required": True, "schema": {"type": "integer"},
        "description": "when this attempt was made, in seconds since 1970; refuse one that is minutes off",
    },
    {
        "name": "webhook-signature", "in": "header", "required": True, "schema": _TEXT,
        "description": (
            "`v1,` and the base64 of HMAC-SHA256 over id, timestamp and body, joined by dots, as Standard Webhooks "
            "says; two of them, separated by a space, while a secret is being rotated"
        ),
    },
]  # fmt: skip
_RESPONSES = {
    "2XX": {"description": "taken"},
    "410": {"description": "gone: nothing is sent to this endpoint any more"},
    "default": {"description": "not taken; it comes again, with the same id, up to ten times over three days"},
}


def name_of(event: type[Event]) -> str:
    """The name of its schema."""
    return f"{event.__name__}Event"


def schemas() -> dict[str, Any]:
    """A closed schema for each event's payload."""
    return {name_of(event): _schema(event) for event in EVENTS}


def _schema(event: type[Event]) -> dict[str, Any]:
    properties = event.model_json_schema()["properties"]
    data = {name: {key: one[key] for key in ("type", "format")} for name, one in properties.items()}
    data["url"] = {"type": "string", "description": "path of what it is about, on this service"}
    return {
        "type": "object",
        "description": event.__doc__,
        "additionalProperties": False,
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event.type},
            "timestamp": {"type": "string", "format": "date-time", "description": "when it happened"},
            "data": {
                "type": "object",
                "additionalProperties": False,
                "required": list(data),
                "properties": data,
            },
        },
    }


def webhooks() -> dict[str, Any]:
    """One entry for each type of event."""
    return {event.type: {"post": _operation(event)} for event in EVENTS}


def _operation(event: type[Event]) -> dict[str, Any]:
    return {
        "operationId": f"events.{event.type.replace('.', '_')}",
        "summary": event.type,
        "description": event.__doc__,
        "tags": ["HRIS"],
        "parameters": HEADERS,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{name_of(event)}"},
                    "example": example(event),
                }
            },
        },
        "responses": _RESPONSES,
    }
