"""Secrets of endpoints, and who vouches for their rows, both from the intake key. Pure.

A secret is a MAC over tenant, endpoint and generation: it is told once, stands in no database and no dump, and both
processes can make it again. A row's MAC covers where and how it is sent: whoever can write to the database, but has no
key of the key folder, can point no endpoint elsewhere, nor enable one. What such a writer can still do: keep events
from being sent, and put back a row as it was at an earlier time.
"""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from service.kit.crypto import derive, mac, same

PREFIX = "whsec_"
BOTH_SIGN = timedelta(hours=24)


class Held(Protocol):
    """An endpoint's row."""

    tenant_id: UUID
    endpoint_id: UUID
    url: str
    generation: int
    rotated_at: datetime | None
    enabled: bool
    mac: bytes


class EndpointKeys:
    """Makes the secrets, signs the rows, and knows its signature."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls webhooks")

    def secret(self, tenant: UUID, endpoint: UUID, generation: int) -> bytes:
        """32 bytes, for HMAC-SHA256."""
        whose = (tenant.bytes, endpoint.bytes, _number(generation))
        return b"".join(mac(self._key, b"webhook secret", *whose, half) for half in (b"left", b"right"))

    def text(self, row: Held) -> str:
        """The present secret, as receivers' libraries take it."""
        return PREFIX + b64encode(self.secret(row.tenant_id, row.endpoint_id, row.generation)).decode("ascii")

    def secrets(self, row: Held, now: datetime) -> list[bytes]:
        """Those that sign now, the present one first."""
        return [self.secret(row.tenant_id, row.endpoint_id, one) for one in _generations(row, now)]

    def sign(self, row: Held) -> bytes:
        """That it is sent there, with this secret, or not."""
        rotated = b"" if row.rotated_at is None else row.rotated_at.astimezone(UTC).isoformat().encode()
        whose = (row.tenant_id.bytes, row.endpoint_id.bytes)
        how = (row.url.encode(), _number(row.generation), rotated, b"on" if row.enabled else b"off")
        return mac(self._key, b"webhook row", *whose, *how)

    def knows(self, row: Held) -> bool:
        """Whether the row is as it was made."""
        return row.generation >= 1 and same(self.sign(row), row.mac)


def previous_until(row: Held) -> datetime | None:
    """Until when the secret before the present one signs too."""
    return None if row.rotated_at is None or row.generation < 2 else row.rotated_at + BOTH_SIGN  # noqa: PLR2004 - the second


def _generations(row: Held, now: datetime) -> Iterator[int]:
    yield row.generation
    until = previous_until(row)
    if until is not None and now < until:
        yield row.generation - 1


def _number(generation: int) -> bytes:
    return generation.to_bytes(8, "big")
