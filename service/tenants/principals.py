"""Who is calling, and the transaction they call in. A handler's annotations say all of it.

`Transaction` is the caller's tenant's, committed before the answer leaves; `holding(Scope.x)` is the caller with
that right. Both come from the one key in the request and share one transaction.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.crypto import same
from service.kit.db import Database
from service.problems import Forbidden, Unauthenticated
from service.tenants.keys import Key, NotAKey
from service.tenants.registrar import Registrar
from service.tenants.scopes import Scope
from service.tenants.tables import ApiKey

bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`Authorization: Bearer pouls_...`")


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated key."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        return f"key:{self.key_id}"


def presented_key(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Key:
    """The key in the request, as text only: nothing says yet that it is known."""
    if credentials is None:
        raise Unauthenticated
    try:
        return Key.read(credentials.credentials)
    except NotAKey:
        raise Unauthenticated from None


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


async def transaction(
    key: Annotated[Key, Depends(presented_key)], database: Annotated[Database, Depends(database_of)]
) -> AsyncIterator[AsyncSession]:
    async with database.transaction(key.tenant_id) as tx:
        yield tx


# "function": committed before the answer leaves. The default commits after it, which would acknowledge too early.
Transaction = Annotated[AsyncSession, Depends(transaction, scope="function")]
Now = Annotated[datetime, Depends(now_of)]


async def authenticated(
    request: Request, key: Annotated[Key, Depends(presented_key)], tx: Transaction, now: Now
) -> Principal:
    """The key, known, as we made it, neither expired nor revoked."""
    row = await tx.get(ApiKey, (key.tenant_id, key.key_id))
    known = row.secret_hash if row is not None else bytes(32)
    if not same(known, key.secret_hash()) or row is None:
        raise Unauthenticated
    if not registrar_of(request).knows(row):  # somebody wrote it, or a part of it, to the database
        raise Unauthenticated
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Unauthenticated
    return Principal(key.tenant_id, key.key_id, frozenset(row.scopes))


def holding(scope: Scope) -> Any:
    """A dependency: the caller, who must hold `scope`."""

    async def check(principal: Annotated[Principal, Depends(authenticated)]) -> Principal:
        if scope not in principal.scopes:
            raise Forbidden(f"The scope {scope} is needed.")
        return principal

    check.scope = scope  # type: ignore[attr-defined]  # read by the test that every operation has a scope
    return Depends(check)
