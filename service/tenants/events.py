"""What a tenant's keys tell others."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from service.kit.outbox import Event


class KeyExpiring(Event):
    """An API key ends in 30, in 7 days or in one; make another and put it in its place."""

    type: ClassVar[str] = "key.expiring"
    link: ClassVar[str] = "/v1/api-keys"
    key_id: UUID
    expires_at: datetime
