"""What one request works with: its transaction, its tenant's mapping, and the count of what it did."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from service.people.lock import lock_organisation
from service.people.problems import OrganisationBusy
from service.people.turns import turns_of
from service.problems import Busy
from service.scim.mapping import Mapping
from service.tenants.principals import database_of


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


def busy() -> Busy:
    """The organisation is being written: as 503, after which directories try again. A 409 is to them a duplicate."""
    return Busy(headers=OrganisationBusy().headers)


@asynccontextmanager
async def opened(request: Request, tenant: UUID, *, writes: bool) -> AsyncIterator[AsyncSession]:
    """A request's transaction; one that writes has its turn and the organisation before it reads anything.

    Raises Busy.
    """
    async with AsyncExitStack() as stack:
        if writes:
            await stack.enter_async_context(turns_of(request).turn(tenant, busy))
        tx = await stack.enter_async_context(database_of(request).transaction(tenant))
        if writes:
            await lock_organisation(tx, tenant, busy)
        yield tx


def uuid_behind(text: str | None) -> UUID | None:
    """The id, if it is one and is written as we write it."""
    try:
        found = UUID(text or "")
    except ValueError:
        return None
    return found if str(found) == text else None
