"""What webhooks tell of themselves."""

from typing import ClassVar
from uuid import UUID

from service.kit.outbox import Event


class _OfEndpoint(Event):
    link: ClassVar[str] = "/v1/webhook-endpoints/{endpoint_id}"
    endpoint_id: UUID


class WebhookEndpointDisabled(_OfEndpoint):
    """Nothing is sent there any more, since nothing was taken for days or the receiver said that it is gone."""

    type: ClassVar[str] = "webhook_endpoint.disabled"


class WebhookTest(_OfEndpoint):
    """Sent because somebody asked for it, to this endpoint alone."""

    type: ClassVar[str] = "webhook.test"
