"""Bodies of SCIM: read once their sender is known, no further than they may be long, and not for ever."""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any

import pytest

from service.kit import pace
from tests.fixtures.house import TenantUnderTest
from tests.make.scim import ERROR, USER
from tests.make.wire import ask, raw

LIMIT = 1 << 20
WITH_BODY = [("POST", "/Users"), ("PUT", "/Users/x"), ("PATCH", "/Groups/x"), ("POST", "/Bulk"), ("POST", "/.search")]
USER_BODY = b'{"schemas": ["' + USER.encode() + b'"], "userName": "anna"}'


def headers(tenant: TenantUnderTest, scope: str | None) -> dict[str, bytes]:
    key = {"authorization": b"Bearer " + tenant.keys[scope].encode()} if scope is not None else {}
    return {"content-type": b"application/scim+json"} | key


@pytest.mark.parametrize(("scope", "status"), [(None, 401), ("aggregates:read", 403)])
@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_nothing_is_read_of_whoever_may_not(
    tenant: TenantUnderTest, scope: str | None, status: int, method: str, path: str
) -> None:
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        taken.append(1)
        yield b"{}"

    answer = raw(tenant.house, method, f"/scim/v2{path}", headers=headers(tenant, scope), chunks=chunks())
    assert (answer.status_code, answer.json()["schemas"]) == (status, [ERROR])
    assert taken == []


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_without_an_end_is_refused_at_its_limit(tenant: TenantUnderTest, method: str, path: str) -> None:
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1 << 16
            yield b" " * (1 << 16)

    answer = raw(tenant.house, method, f"/scim/v2{path}", headers=headers(tenant, "people:write"), chunks=chunks())
    assert answer.status_code == (404 if method == "PUT" else 413)  # whom to put is looked for first
    assert taken == LIMIT + (1 << 16)


def test_a_body_that_nobody_needs_is_not_read(tenant: TenantUnderTest) -> None:
    def chunks() -> Iterator[bytes]:
        raise AssertionError
        yield b""

    given = headers(tenant, "people:write")
    assert raw(tenant.house, "GET", "/scim/v2/Users", headers=given, chunks=chunks()).status_code == 200
    assert raw(tenant.house, "DELETE", "/scim/v2/Users/x", headers=given, chunks=chunks()).status_code == 404


def test_while_a_body_comes_no_connection_is_held(tenant: TenantUnderTest) -> None:
    app: Any = tenant.house.client.app
    held: list[int] = []

    def chunks() -> Iterator[bytes]:
        yield USER_BODY[:10]
        held.append(app.state.database.engine.pool.checkedout())
        yield USER_BODY[10:]

    async def post() -> Any:
        return await ask(app, "POST", "/scim/v2/Users", headers=headers(tenant, "people:write"), chunks=chunks())

    assert tenant.house.run(post).status_code == 201
    assert held == [0]


def test_a_body_that_stops_coming_is_not_waited_for(tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "PATIENCE_S", 0)

    def chunks() -> Iterator[bytes | Awaitable[object]]:
        yield USER_BODY[:10]
        yield asyncio.Event().wait()

    given = headers(tenant, "people:write")
    answer = raw(tenant.house, "POST", "/scim/v2/Users", headers=given, chunks=chunks())
    assert (answer.status_code, answer.json()) == (
        408,
        {"schemas": [ERROR], "status": "408", "detail": "The body comes too slowly."},
    )
    assert answer.headers["Connection"] == "close"
