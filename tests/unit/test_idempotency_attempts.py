"""The body of a request under an Idempotency-Key is followed as it comes in, whoever reads it, and held by nobody."""

import asyncio
import tracemalloc
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from fastapi import Request, Response
from starlette.types import Message

from service.kit.idempotency import Attempt, attempt
from service.kit.repeats import Repeats

TENANT, HOLDER = UUID(int=1), UUID(int=2)
APP = SimpleNamespace(state=SimpleNamespace(repeats=Repeats(bytes(32))))


def request_of(chunks: Iterable[bytes], method: str = "PUT", path: str = "/v1/people") -> Request:
    rest = iter(chunks)

    async def receive() -> Message:
        chunk = next(rest, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "app": APP,
        "headers": [(b"idempotency-key", b"k"), (b"content-type", b"application/x-ndjson")],
    }  # fmt: skip
    return Request(scope, receive)


def begun(request: Request) -> Attempt:
    found = attempt(request)
    assert found is not None
    return found


async def read_by_handler(followed: Attempt, request: Request) -> bytes:
    return b"".join([chunk async for chunk in Request(request.scope, followed.receive).stream()])


def mac_of(chunks: Iterable[bytes]) -> bytes:
    async def go() -> bytes:
        request = request_of(chunks)
        followed = begun(request)
        assert await read_by_handler(followed, request) == b"".join(chunks)
        assert followed.is_whole
        return followed.ask(TENANT, HOLDER).request

    return asyncio.run(go())


@pytest.mark.parametrize("chunks", [[], [b"abc"], [b"a", b"bc"], [b"x" * 70_000] * 40])
def test_it_is_the_same_in_whatever_pieces(chunks: list[bytes]) -> None:
    assert mac_of(chunks) == mac_of([b"".join(chunks)])
    assert mac_of([*chunks, b"."]) != mac_of(chunks)


def test_a_long_stream_is_never_held() -> None:
    """64 MiB go past; what is held of them is a hash."""
    piece = b"y" * (1 << 16)

    async def go() -> int:
        request = request_of(piece for _ in range(1 << 10))
        followed = begun(request)
        tracemalloc.start()
        async for _ in Request(request.scope, followed.receive).stream():
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert followed.is_whole
        return peak

    assert asyncio.run(go()) < 1 << 20


def test_a_body_that_somebody_gave_up_is_not_whole() -> None:
    async def go() -> bool:
        request = request_of([b"a", b"b"])
        followed = begun(request)
        async for _ in Request(request.scope, followed.receive).stream():
            break
        return followed.is_whole

    assert asyncio.run(go()) is False


def test_a_success_that_nobody_claimed_is_a_fault() -> None:
    """As where an operation writes, but asks for no scope: fail closed, since a second call would be done again."""

    async def go(response: Response) -> None:
        await begun(request_of([])).keep(response)

    with pytest.raises(RuntimeError, match="nobody claimed"):
        asyncio.run(go(Response(b"", 201)))
    asyncio.run(go(Response(b"", 304)))


@pytest.mark.parametrize("of", ["method", "path", "tenant", "holder", "key"])
def test_each_part_counts(of: str) -> None:
    async def go(**changed: Any) -> tuple[bytes, bytes]:
        request = request_of([b"abc"], changed.get("method", "PUT"), changed.get("path", "/v1/people"))
        if "key" in changed:
            request.scope["headers"][0] = (b"idempotency-key", changed["key"])
        followed = begun(request)
        await read_by_handler(followed, request)
        asked = followed.ask(changed.get("tenant", TENANT), changed.get("holder", HOLDER))
        return asked.key, asked.request

    other: dict[str, Any] = {
        "method": "POST", "path": "/v1/people/", "tenant": UUID(int=3), "holder": UUID(int=3), "key": b"l",
    }  # fmt: skip
    plain, changed = asyncio.run(go()), asyncio.run(go(**{of: other[of]}))
    assert plain[1] != changed[1]
    assert (plain[0] == changed[0]) == (of in {"method", "path"})
