"""The audit log's chain: each entry's MAC covers the one before it, so that one taken out or altered is missed. Pure.

Under a key from outside the database: whoever can write there can not mend the chain behind them. What such a writer
can still do unseen is to cut off the log's end, entries and links together; so whoever wants to be sure writes down
number and MAC of the last link now and then, elsewhere, or exports the log. Entries are chained by the worker some
minutes after they were written, and those few are not covered yet.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from service.kit.crypto import derive, mac, same

START = bytes(16)


class Entry(Protocol):
    """A row of the audit log."""

    entry_id: UUID
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    before: str | None
    after: str | None


class Link(Protocol):
    """A row of the chain."""

    number: int
    entry_id: UUID
    mac: bytes


class Chain:
    """Makes links and knows them, under the intake key."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls audit log")

    def mac(self, tenant: UUID, number: int, previous: bytes, entry: Entry) -> bytes:
        """What an entry's link holds."""
        said = [
            entry.at.astimezone(UTC).isoformat(), entry.actor, entry.action, entry.subject,
            entry.detail, entry.before, entry.after,
        ]  # fmt: skip
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return mac(self._key, b"audit link", tenant.bytes, number.to_bytes(8, "big"), previous, entry.entry_id.bytes,
                   text.encode())  # fmt: skip

    def cut(self, tenant: UUID, through: int, last: bytes) -> str:
        """That entries up to this link were deleted because they were old; in hex, for the entry that says so."""
        return mac(self._key, b"audit log cut", tenant.bytes, through.to_bytes(8, "big"), last).hex()


@dataclass(slots=True)
class Walk:
    """A chain as it is walked, link by link.

    Where entries were deleted because they were old, the last deleted one's link stays, without its entry; the walk
    starts from it, and `cuts` must vouch for it, as number and MAC of it.

    Attributes:
        last: number and MAC of the last link that was looked at.
        checked: how many entries hold.
    """

    chain: Chain
    tenant: UUID
    cuts: Collection[tuple[int, str]] = ()
    last: tuple[int, bytes] | None = None
    checked: int = 0

    def step(self, link: Link, entry: Entry | None) -> bool:
        """Whether the next link holds."""
        is_first = self.last is None
        number, previous = (0, START) if self.last is None else self.last
        self.last = (link.number, link.mac)
        if entry is None:
            return is_first and (link.number, self.chain.cut(self.tenant, link.number, link.mac)) in self.cuts
        if link.number != number + 1 or not same(self.chain.mac(self.tenant, link.number, previous, entry), link.mac):
            return False
        self.checked += 1
        return True
