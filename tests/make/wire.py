"""Requests as they come over the wire, and problems as they must leave: for tests of what is refused."""

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.types import ASGIApp, Message

from tests.fixtures.house import House

MEMBERS = {"type", "title", "status", "detail", "errors", "errors_total"}
MORE = {
    "import-not-undone": {"people", "people_total"},
    "import-too-risky": {"import_id"},
    "release-withdrawn": {"reason", "replaced_by"},
    "scim-groups-in-use": {"groups"},
}
"""What some say beside these."""


class Answer(Protocol):
    """What an HTTP client's response and `Sent` have in common."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def text(self) -> str: ...
    def json(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to a request that was handed to the application without an HTTP client."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    *,
    headers: Mapping[str, bytes] | None = None,
    chunks: Iterable[bytes | Awaitable[object]] = (),
    vanish: bool = False,
    hesitate: Awaitable[object] | None = None,
) -> Sent:
    """One request, its body in chunks, its header values as raw bytes; no client tidies it up or waits for others.

    With `vanish` the client is gone after the last chunk; with `hesitate` it waits for that before the first. What can
    be awaited among the chunks is waited for in its place.
    """
    rest = iter(chunks)
    started: dict[str, Any] = {}
    body = bytearray()

    is_whole = False

    async def receive() -> Message:
        nonlocal hesitate, is_whole
        if is_whole:  # whoever listens for the client to go away hears nothing
            await asyncio.Event().wait()
        if hesitate is not None:
            waited, hesitate = hesitate, None
            await waited
        chunk = next(rest, None)
        while chunk is not None and not isinstance(chunk, bytes):
            await chunk
            chunk = next(rest, None)
        if chunk is None and vanish:
            return {"type": "http.disconnect"}
        is_whole = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    target, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode("utf-8", "surrogatepass"),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"pouls.test"), *((name.encode(), value) for name, value in (headers or {}).items())],
        "client": ("192.0.2.1", 1),
        "server": ("pouls.test", 80),
    }
    await app(scope, receive, send)
    named = {name.decode(): value.decode() for name, value in started["headers"]}
    return Sent(started["status"], named, bytes(body))


def raw(house: House, method: str, path: str, **request: Any) -> Sent:
    """`ask` in the service's own event loop."""
    sent: Sent = house.run(ask, house.client.app, method, path, **request)
    return sent


def problem(answer: Answer, status: int, slug: str) -> dict[str, Any]:
    """The body of an answer that must be this problem (RFC 9457), whole and with nothing else in it."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:pouls:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    assert set(body) <= MEMBERS | MORE.get(slug, set())
    return body


def places(body: Mapping[str, Any]) -> dict[str, str]:
    """Reasons by place: a JSON pointer into the body, or the kind and name of a parameter."""
    return {
        error["pointer"] if "pointer" in error else f"{error['in']}:{error['parameter']}": error["reason"]
        for error in body["errors"]
    }
