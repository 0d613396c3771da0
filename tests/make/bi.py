"""Logins of BI servers, and what they read."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.engine import make_url

from service.cli import bi
from service.kit.scram import SALT_BYTES, verifier
from service.tenants import bi_logins
from tests.fixtures.house import House, TenantUnderTest

PASSWORD = "of a test"  # noqa: S105 - of nobody


def grant(house: House, tenant: UUID, suffix: str | None = None, recipient: str | None = None) -> str:
    """A login of a tenant's: its URL."""
    login = bi_logins.name_of(tenant, suffix)
    secret = verifier(PASSWORD, secrets.token_bytes(SALT_BYTES))

    async def go() -> None:
        database = bi.as_itself(house.settings, house.postgres)
        try:
            async with database.transaction() as tx:
                assert await bi_logins.grant(tx, tenant, login, recipient, secret, datetime.now(UTC), "operator")
        finally:
            await database.close()

    asyncio.run(go())
    return url_of(house, login, PASSWORD)


def url_of(house: House, login: str, password: str) -> str:
    url = make_url(house.postgres.admin_url()).set(username=login, password=password)
    return url.render_as_string(hide_password=False)


@asynccontextmanager
async def session(url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(url, timeout=10)
    try:
        yield opened
    finally:
        await opened.close()


def read(url: str, *statements: str) -> list[dict[str, Any]]:
    """The rows of the last statement, under the login that the URL names."""

    async def go() -> list[dict[str, Any]]:
        async with session(url) as opened:
            for statement in statements[:-1]:
                await opened.execute(statement)
            return [dict(row) for row in await opened.fetch(statements[-1])]

    return asyncio.run(go())


def a_login(tenant: TenantUnderTest) -> str:
    """The URL of a new login of a tenant's."""
    return grant(tenant.house, tenant.tenant_id)
