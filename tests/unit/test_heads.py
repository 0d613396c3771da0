"""HEAD as GET without a body, and what the server and the routes see meanwhile."""

import asyncio
from typing import Any

import pytest

from service.kit.heads import IS_HEAD, Heads

START: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]}
BODY = [{"type": "http.response.body", "body": b"abc", "more_body": more} for more in (True, False)]


@pytest.mark.parametrize(("method", "seen"), [("HEAD", "GET"), ("GET", "GET"), ("POST", "POST")])
def test_the_route_is_asked_to_get_and_the_server_is_told_of_a_head(method: str, seen: str) -> None:
    scope: dict[str, Any] = {"type": "http", "method": method}
    asked, told = [], []

    async def app(inner: Any, _: Any, send: Any) -> None:
        asked.append((inner["method"], IS_HEAD in inner))
        for message in (START, *BODY):
            await send(message)
            assert inner["method"] == seen

    async def receive() -> Any:
        raise AssertionError("nobody reads")

    async def send(message: Any) -> None:
        told.append((message, scope["method"]))

    asyncio.run(Heads(app)(scope, receive, send))
    is_head = method == "HEAD"
    assert asked == [(seen, is_head)]
    # By the method the server knows that a length is told of a body that does not come.
    assert {said for _, said in told} == {method}
    sent = [message for message, _ in told]
    assert sent == (
        [START, {"type": "http.response.body", "body": b"", "more_body": False}] if is_head else [START, *BODY]
    )
    assert scope["method"] == method
