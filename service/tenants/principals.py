"""Who is calling, and the transaction they call in. A handler's annotations say all of it.

`Transaction` is the caller's tenant's, committed before the answer leaves; `holding(Scope.x)` is the caller with
that right. Both come from the one key in the request and share one transaction.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import idempotency
from service.kit.crypto import same
from service.kit.db import Database
from service.problems import Forbidden
from service.tenants.access_tokens import AccessToken
from service.tenants.presented import Presented, presented_key, unauthenticated
from service.tenants.rate_limits import RateLimits
from service.tenants.registrar import Registrar, Unit, unit_of
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey

_CALLER = "pouls.caller"


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated key.

    `unit`: whose results it reads, with those below it; None: all. `recipient`: as whom it reads what a contract opens
    to some recipients alone; None: nothing of that.
    """

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]
    unit: Unit | None = None
    recipient: str | None = None

    @classmethod
    def of(cls, row: ApiKey, scopes: frozenset[str]) -> Self:
        """Who holds the key of this row, with these of its scopes."""
        return cls(row.tenant_id, row.key_id, scopes, unit_of(row.unit_source, row.unit), row.recipient)

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def registrar_of(request: Request) -> Registrar:
    registrar: Registrar = request.app.state.registrar
    return registrar


def now_of(request: Request) -> datetime:
    now: datetime = request.app.state.clock()
    return now


def base_of(request: Request) -> str:
    """Where people find this service: as the settings say, or as this caller did; without a slash at the end."""
    return (request.app.state.settings.http.public_url or str(request.base_url)).rstrip("/")


# A dependency that is no coroutine is run in a thread, at twice the cost of a look at the caller's key.
async def _database(request: Request) -> Database:
    return database_of(request)


async def _now(request: Request) -> datetime:
    return now_of(request)


OpenDatabase = Annotated[Database, Depends(_database)]
"""For transactions of one's own, beside or instead of the request's."""


async def transaction(
    key: Annotated[Presented, Depends(presented_key)], database: OpenDatabase
) -> AsyncIterator[AsyncSession]:
    async with database.transaction(key.tenant_id) as tx:
        yield tx


# "function": committed before the answer leaves. The default commits after it, which would acknowledge too early.
Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]
Now = Annotated[datetime, Depends(_now)]


async def authenticated(
    request: Request, key: Annotated[Presented, Depends(presented_key)], tx: Transaction, now: Now
) -> Principal:
    """The key, known, as we made it, neither expired nor revoked; or an access token's, by the same row.

    Raises Unauthenticated, RateLimited.
    """
    row = await tx.get(ApiKey, (key.tenant_id, key.key_id))
    limits: RateLimits = request.app.state.rate_limits
    if not isinstance(key, AccessToken) and not has_secret(row, key.secret_hash()):
        limits.count_failure(key.key_id)
        raise unauthenticated(request)
    if row is None or not is_good(row, registrar_of(request), now):
        raise unauthenticated(request)
    await limits.count(request, key.key_id)
    held = frozenset(row.scopes)
    scopes = held & key.scopes if isinstance(key, AccessToken) else held
    caller = Principal.of(row, scopes)
    request.scope[_CALLER] = caller
    return caller


async def recognised(request: Request, caller: Principal, tx: AsyncSession) -> Principal:
    """Who called with this key before, if it is still good; its secret was right then. Raises Unauthenticated."""
    row = await tx.get(ApiKey, (caller.tenant_id, caller.key_id))
    if row is None or not is_good(row, registrar_of(request), now_of(request)):
        raise unauthenticated(request)
    return Principal.of(row, frozenset(row.scopes))


def caller_of(request: Request) -> Principal:
    """Who was found to be calling, once that is known; for what does not ask for it."""
    caller: Principal = request.scope[_CALLER]
    return caller


def has_secret(row: ApiKey | None, secret_hash: bytes) -> bool:
    """Whether this is the row's secret; of no row, never, and it takes as long."""
    known = row.secret_hash if row is not None else bytes(32)
    return same(known, secret_hash) and row is not None


def is_good(row: ApiKey, registrar: Registrar, now: datetime) -> bool:
    """Whether the row is as we made it (not written to the database, or a part of it), neither revoked nor expired."""
    ended = row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now)
    return registrar.knows(row) and not ended


def demand(principal: Principal, scope: Scope) -> None:
    """Raises Forbidden where the caller does not hold the scope."""
    if scope not in principal.scopes:
        raise Forbidden(f"The scope {scope} is needed.")


def holding(scope: Scope) -> Any:
    """A dependency: the caller, who must hold `scope`; and who is answered as before what they send again.

    The second in the same place, since it comes after the one, and before anything is looked up for the request.
    """

    async def check(
        request: Request, principal: Annotated[Principal, Depends(authenticated)], tx: Transaction, now: Now
    ) -> Principal:
        demand(principal, scope)
        await idempotency.claim(request, principal.tenant_id, principal.key_id, tx, now)
        return principal

    check.scope = scope  # type: ignore[attr-defined]  # read by the test that every operation has a scope
    return Depends(check)


__all__ = [
    "Now",
    "OpenDatabase",
    "Presented",
    "Principal",
    "Transaction",
    "authenticated",
    "base_of",
    "caller_of",
    "database_of",
    "demand",
    "holding",
    "now_of",
    "presented_key",
    "recognised",
    "registrar_of",
    "transaction",
]
