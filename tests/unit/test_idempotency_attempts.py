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

from service.kit import idempotency
from service.kit.idempotency import Attempt, attempt
from service.kit.repeats import Repeats
from service.problems import TooLarge

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


def mac_of(chunks: Iterable[bytes], *, by_handler: bool) -> tuple[bytes, bytes]:
    """The request's MAC, and the body as the handler has it; read before the claim, or only after it."""

    async def go() -> tuple[bytes, bytes]:
        request = request_of(chunks)
        followed = begun(request)
        body = await read_by_handler(followed, request) if by_handler else b""
        assert await followed.finish()
        asked = followed.ask(TENANT, HOLDER).request
        if not by_handler:
            body = await read_by_handler(followed, request)
        followed.close()
        return asked, body

    return asyncio.run(go())


@pytest.mark.parametrize("chunks", [[], [b"abc"], [b"a", b"bc"], [b"x" * 70_000] * 40])
def test_it_is_the_same_whoever_reads_first(chunks: list[bytes]) -> None:
    first, body = mac_of(chunks, by_handler=True)
    second, later = mac_of([b"".join(chunks)], by_handler=False)
    assert body == later == b"".join(chunks)
    assert first == second
    assert mac_of([*chunks, b"."], by_handler=False)[0] != first


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


def test_a_body_that_somebody_gave_up_is_not_claimed() -> None:
    async def go() -> bool:
        request = request_of([b"a", b"b"])
        followed = begun(request)
        async for _ in Request(request.scope, followed.receive).stream():
            break
        return await followed.finish()

    assert asyncio.run(go()) is False


def test_what_is_read_ahead_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_BODY_LIMIT", 100)

    async def go() -> None:
        followed = begun(request_of([b"x" * 60, b"x" * 60]))
        with pytest.raises(TooLarge):
            await followed.finish()
        followed.close()

    asyncio.run(go())


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
        await followed.finish()
        asked = followed.ask(changed.get("tenant", TENANT), changed.get("holder", HOLDER))
        followed.close()
        return asked.key, asked.request

    other: dict[str, Any] = {
        "method": "POST", "path": "/v1/people/", "tenant": UUID(int=3), "holder": UUID(int=3), "key": b"l",
    }  # fmt: skip
    plain, changed = asyncio.run(go()), asyncio.run(go(**{of: other[of]}))
    assert plain[1] != changed[1]
    assert (plain[0] == changed[0]) == (of in {"method", "path"})
