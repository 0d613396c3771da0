"""Calls that write a tenant's organisation take turns in this process, in memory, before they have a connection.

One of a tenant's calls at a time has its turn; it takes the organisation's lock in the database (see `lock`), and waits
there only for another process, or for the worker. Each place has its patience; then the call is refused, and may be
sent again.

So of a pool of P connections waiting calls hold P/4 at the most (one of a pool of less than four), whatever is written
and however many call: a tenant's calls one, those in memory none. With the pool's usual eight, an import of a tenant
and twenty SCIM writes of the same hold one connection, the import's own; where another process imports, they hold one
as well, and of all tenants together that wait for other processes no more than two. Whoever does not wait but writes
holds a connection, one for a tenant.

Only callers who may write stand in a tenant's line: else whoever knows the tenant's id could fill it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from service.people.problems import OrganisationBusy
from service.problems import Problem
from service.tenants.admission import admitting
from service.tenants.principals import Principal
from service.tenants.scopes import Scope

# Longer than a call of a few thousand rows holds it, shorter than people wait for an answer.
PATIENCE_S = 5.0
"""In the line; and for the lock as long again."""
MOST_IN_LINE = 64
"""Calls of a tenant that wait in memory, each with its body; whoever comes then is refused at once."""

Refusal = Callable[[], Problem]


@dataclass(slots=True)
class _Line:
    """A tenant's calls: one has its turn, the others wait for it."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    calls: int = 0


class Turns:
    """Whose turn it is in this process, by tenant."""

    def __init__(self) -> None:
        self._lines: dict[UUID, _Line] = {}

    def calls(self, tenant: UUID) -> int:
        """How many of the tenant's calls are here, the one whose turn it is among them."""
        line = self._lines.get(tenant)
        return line.calls if line is not None else 0

    def tenants(self) -> frozenset[UUID]:
        """Whose calls are here."""
        return frozenset(self._lines)

    @asynccontextmanager
    async def turn(self, tenant: UUID, refusal: Refusal = OrganisationBusy) -> AsyncIterator[None]:
        """The tenant's turn. Raises `refusal` where it does not come soon, or too many wait for it."""
        line = self._lines.setdefault(tenant, _Line())
        if line.calls > MOST_IN_LINE:
            raise refusal()
        line.calls += 1
        try:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await line.turn.acquire()
            except TimeoutError:
                raise refusal() from None
            try:
                yield
            finally:
                line.turn.release()
        finally:
            line.calls -= 1
            if not line.calls:
                del self._lines[tenant]


def turns_of(request: Request) -> Turns:
    turns: Turns = request.app.state.turns
    return turns


def in_turn(scope: Scope, refusal: Refusal = OrganisationBusy) -> Any:
    """For an operation's `dependencies`, which come before its transaction: it waits for its turn first.

    The caller is asked for before, in a transaction that ends then, and must hold `scope`.
    """

    async def turn(request: Request, caller: Annotated[Principal, admitting(scope)]) -> AsyncIterator[None]:
        async with turns_of(request).turn(caller.tenant_id, refusal):
            yield

    return Depends(turn, scope="function")
