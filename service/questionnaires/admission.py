"""Whether somebody may write questionnaires, asked in a transaction that ends before the work begins.

A document may take seconds to look at. Until that is done the call holds no connection; where something is written
then, the transaction comes after it, and with it the caller, who is asked for once more.
"""

from typing import Annotated, Any

from fastapi import Body, Depends, Request

from service.kit import idempotency
from service.kit.db import Database
from service.questionnaires.lint.checked import Sound, sound
from service.questionnaires.schemas import EXAMPLE
from service.tenants.principals import (
    Presented,
    Principal,
    authenticated,
    database_of,
    demand,
    holding,
    now_of,
    presented_key,
)
from service.tenants.scopes import Scope

may_write = holding(Scope.questionnaires_write)
Writer = Annotated[Principal, may_write]
DatabaseOf = Annotated[Database, Depends(database_of)]


async def _admitted(
    request: Request, key: Annotated[Presented, Depends(presented_key)], database: DatabaseOf
) -> Principal:
    async with database.transaction(key.tenant_id) as tx:
        now = now_of(request)
        principal = await authenticated(request, key, tx, now)
        demand(principal, Scope.questionnaires_write)
        # What was done before need not be looked at again; a draft that was published then is no more.
        await idempotency.look(request, principal.tenant_id, principal.key_id, tx, now)
    return principal


_admitted.scope = Scope.questionnaires_write  # type: ignore[attr-defined]  # read by the test that every operation has a scope
Admitted = Annotated[Principal, Depends(_admitted)]


async def _sound(_: Admitted, document: Annotated[dict[str, Any], Body(examples=[EXAMPLE])]) -> Sound:
    return await sound(document)


SoundDocument = Annotated[Sound, Depends(_sound)]
"""The body, a document without a fault. It must be the handler's first parameter: they are resolved in order."""
