"""One attempt, as it goes out: the same id and the same bytes at each one, its own moment and signatures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks import Webhook

AGENT = "Pouls-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent, where, and by whose claim."""

    tenant: UUID
    endpoint: UUID
    event: UUID
    leased_until: datetime
    url: str
    body: bytes
    secrets: Sequence[bytes] = field(repr=False)

    def headers(self, now: datetime) -> Mapping[str, str]:
        """Those of Standard Webhooks; a signature by each secret that is good now."""
        at = now.astimezone(UTC)  # the library takes whatever it is given for UTC
        ident = str(self.event)
        signed = [Webhook(secret).sign(ident, at, self.body.decode("ascii")) for secret in self.secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "webhook-id": ident,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signed),
        }
