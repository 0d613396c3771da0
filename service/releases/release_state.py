"""The state of a tenant's releases, by which an answer that was kept is known to be out of date."""

from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.releases.tables import Release
from service.tenants.principals import Principal, Transaction, authenticated, recognised

KEEPS = "pouls.keeps"
"""In the scope of an answer that follows from path, query, two headers, what the caller's key is limited to and
released rows alone: the state of the tenant's releases as it was begun."""
State = tuple[Any, ...]
"""Of a tenant's releases: how many there are, were withdrawn and replaced, and the last change. Each change moves one
of them, in whatever order transactions commit: the moment alone may be one that came before another."""


async def keeps(request: Request, caller: Annotated[Principal, Depends(authenticated)], tx: Transaction) -> None:
    """A dependency of operations whose answers may be kept, the first that looks at releases.

    What changes after this look makes the answer out of date, never the look.
    """
    request.scope[KEEPS] = await _state(tx, caller)


KEPT = Depends(keeps)


async def looked(request: Request, caller: Principal) -> tuple[Principal, State]:
    """The caller as the key's row has it now, and the state of the tenant's releases, in one transaction.

    Raises Unauthenticated.
    """
    async with request.app.state.database.transaction(caller.tenant_id) as tx:
        found = await recognised(request, caller, tx)
        return found, await _state(tx, caller)


async def _state(tx: AsyncSession, caller: Principal) -> State:
    counted = [func.count(col(getattr(Release, name))) for name in ("release_id", "withdrawn_at", "replaced_by")]
    mine = select(*counted, func.max(Release.changed_at)).where(col(Release.tenant_id) == caller.tenant_id)
    return tuple((await tx.execute(mine)).one())
