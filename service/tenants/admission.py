"""Whether somebody may call, asked in a transaction that ends before the work begins.

For bodies that come in for long, for calls that wait for their turn and for work that takes long: until that is done
the call holds no connection. Where something is written then, the request's own transaction comes after it, and with
it the caller, who is asked for once more, since a key may be revoked meanwhile.
"""

from typing import Annotated, Any

from fastapi import Depends, Request

from service.kit import idempotency
from service.kit.db import Database
from service.tenants.principals import (
    OpenDatabase,
    Presented,
    Principal,
    authenticated,
    demand,
    now_of,
    presented_key,
)
from service.tenants.scopes import Scope


async def admitted(request: Request, key: Presented, database: Database, scope: Scope) -> Principal:
    """The caller, who must hold `scope`. Raises Unauthenticated, Forbidden, RateLimited, Replayed.

    The moment is not the request's `Now`, which is taken when the work is done: a key that expires meanwhile is refused
    then.
    """
    async with database.transaction(key.tenant_id) as tx:
        now = now_of(request)
        principal = await authenticated(request, key, tx, now)
        demand(principal, scope)
        # What was done before need not be looked at again; what it was about may be no more.
        await idempotency.look(request, principal.tenant_id, principal.key_id, tx, now)
    return principal


def admitting(scope: Scope) -> Any:
    """A dependency: the caller, admitted."""

    async def check(
        request: Request, key: Annotated[Presented, Depends(presented_key)], database: OpenDatabase
    ) -> Principal:
        return await admitted(request, key, database, scope)

    check.scope = scope  # type: ignore[attr-defined]  # read by the test that every operation has a scope
    return Depends(check)
