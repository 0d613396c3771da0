"""Who vouches for API keys: a MAC over what a key may do, and until when, under the intake key. Pure.

Whoever can write to the database, but has no key of the key folder, can put rows there; without this MAC a row is no
key, nor is one whose scopes were widened or whose end was put off. What such a writer can still do: refuse a key, by
deleting or revoking it, and undo that. To speak with it takes its secret, of which the database has only a hash.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from service.kit.crypto import derive, mac, same


class Unit(NamedTuple):
    """A unit of the organisation by its name in the system it comes from."""

    source: str
    external_id: str


def unit_of(source: str | None, external_id: str | None) -> Unit | None:
    """The unit in two columns, which are empty together."""
    return None if source is None or external_id is None else Unit(source, external_id)


class Held(Protocol):
    """A key's row."""

    tenant_id: UUID
    key_id: UUID
    secret_hash: bytes
    scopes: list[str]
    expires_at: datetime | None
    unit_source: str | None
    unit: str | None
    recipient: str | None
    mac: bytes | None


class Registrar:
    """Signs the rows of keys, and knows its signature."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls registrar")

    def sign(
        self,
        tenant: UUID,
        key_id: UUID,
        secret_hash: bytes,
        scopes: Iterable[str],
        expires_at: datetime | None,
        unit: Unit | None,
        recipient: str | None,
    ) -> bytes:
        """That whoever has this secret holds these scopes, until then (None: for good), of this unit (None: of all).

        And reads results as this recipient of contracts (None: as none that a contract names).
        """
        until = b"" if expires_at is None else expires_at.astimezone(UTC).isoformat().encode()
        held = (str(scope).encode() for scope in sorted(scopes))
        # Keys of a unit or a recipient are signed as another kind of thing, so that none passes for another.
        kind = [b"api key"] if unit is None else [b"key of a unit", *(name.encode() for name in unit)]
        if recipient is not None:
            kind = [b"recipient's key", recipient.encode(), *kind]
        return mac(self._key, *kind, tenant.bytes, key_id.bytes, secret_hash, until, *held)

    def knows(self, row: Held) -> bool:
        """Whether the row is as it was made. One of before keys were signed is not."""
        unit = unit_of(row.unit_source, row.unit)
        signed = self.sign(row.tenant_id, row.key_id, row.secret_hash, row.scopes, row.expires_at, unit, row.recipient)
        return row.mac is not None and same(signed, row.mac)
