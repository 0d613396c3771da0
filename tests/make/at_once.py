"""Calls at once to an API process of its own: sent, looked at while they wait, and answered in the end."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.cli import local
from service.main import create_app
from service.people.lock import lock_organisation
from service.people.turns import Turns
from tests.fixtures.house import House, TenantUnderTest
from tests.make.scim import USER
from tests.make.wire import Sent, ask

POOL = 8
PEOPLE = "people:write"
_WAITING = text("""
    SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND NOT l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
_HELD = text("""
    SELECT coalesce(c.relname, l.locktype) || ' ' || l.mode FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = :pid AND l.granted AND l.locktype IN ('advisory', 'relation', 'tuple') AND l.mode <> 'AccessShareLock'
    AND coalesce(c.relkind, 'r') = 'r' ORDER BY 1
""")


@dataclass
class Process:
    """A second API process, in the tests' own event loop."""

    house: House
    app: FastAPI

    @property
    def turns(self) -> Turns:
        turns: Turns = self.app.state.turns
        return turns

    @property
    def taken(self) -> int:
        """How many of its connections are in use."""
        taken: int = self.app.state.database.engine.pool.checkedout()
        return taken

    def call(
        self, tenant: TenantUnderTest, method: str, path: str, body: Any = None, scope: str = PEOPLE, kind: str = ""
    ) -> "asyncio.Task[Sent]":
        """One call on its way, of text as it is or of anything else as JSON."""
        sent = body if isinstance(body, str) else json.dumps(body)
        headers = {
            "authorization": f"Bearer {tenant.keys[scope]}".encode(),
            "content-type": (kind or "application/json").encode(),
        }
        chunks = [] if body is None else [sent.encode()]
        if body is None:
            del headers["content-type"]
        return asyncio.ensure_future(ask(self.app, method, path, headers=headers, chunks=chunks))

    def a_user(self, tenant: TenantUnderTest, name: str) -> "asyncio.Task[Sent]":
        """A directory's write."""
        body = {"schemas": [USER], "userName": name}
        return self.call(tenant, "POST", "/scim/v2/Users", body, kind="application/scim+json")

    @asynccontextmanager
    async def another(self, tenant: UUID) -> AsyncIterator[AsyncSession]:
        """Another process that writes the tenant's organisation, as long as this lasts."""
        async with self.house.worker_database.transaction(tenant) as tx:
            await lock_organisation(tx, tenant)
            yield tx


@contextmanager
def a_process(house: House) -> Iterator[Process]:
    settings = local.acting_as(house.settings, house.postgres, "pouls_app")
    given = settings.database.model_copy(update={"pool_size": POOL})
    app = create_app(settings.model_copy(update={"database": given}), clock=house.clock)
    lifespan = app.router.lifespan_context(app)
    house.run(lifespan.__aenter__)
    yield Process(house, app)
    house.run(lifespan.__aexit__, None, None, None)


async def until(happens: Callable[[], Awaitable[bool]], *calls: "asyncio.Task[Any]") -> None:
    """Wait for it; none of the calls may end before."""
    for _ in range(3000):
        if await happens():
            return
        for call in calls:
            if call.done():
                raise AssertionError(f"it did not wait: {call.result()}")
        await asyncio.sleep(0.01)
    raise AssertionError("it does not come")


async def waiting(tx: AsyncSession) -> list[int]:
    """The sessions that wait for an advisory lock."""
    return list((await tx.scalars(_WAITING)).all())


async def held_by(tx: AsyncSession, pid: int) -> list[str]:
    """What a session has locked, but for what it reads."""
    return list((await tx.scalars(_HELD, {"pid": pid})).all())


def header(answer: Sent, name: str) -> str:
    """However it is written."""
    (found,) = (value for written, value in answer.headers.items() if written.lower() == name)
    return found
