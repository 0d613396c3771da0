"""What one request works with: its transaction, its tenant's mapping, and the count of what it did."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.people.actions import lock_organisation
from service.scim.mapping import Mapping


@dataclass
class Within:
    """One request of one tenant.

    Attributes:
        dimensions: the declared values by dimension.
        base: what a reference to another resource begins with; empty: it is relative.
        done: what was done, by a short name; written to the audit log when the request ends.
    """

    tx: AsyncSession
    tenant: UUID
    mapping: Mapping
    dimensions: dict[str, set[str]]
    now: datetime
    base: str = ""
    done: Counter[str] = field(default_factory=Counter)
    is_locked: bool = False

    async def lock(self) -> None:
        """Before the first write: one writer of a tenant's organisation at a time."""
        if not self.is_locked:
            await lock_organisation(self.tx, self.tenant)
            self.is_locked = True


def uuid_behind(text: str | None) -> UUID | None:
    """The id, if it is one and is written as we write it."""
    try:
        found = UUID(text or "")
    except ValueError:
        return None
    return found if str(found) == text else None
