"""Bodies read strictly: JSON with each name once and finite numbers, of bounded length, not encoded.

The framework's own reading would let a repeated name win, and would answer a body that is too long in its own words.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from service.problems import Malformed, TooLarge, UnsupportedMediaType

BODY_LIMIT = 1 << 20
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise ValueError("a name comes twice")
    return out


def _no_constant(_: str) -> Any:
    raise ValueError("not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("not a finite number")
    return number


_DECODE = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite).decode


def loads(body: bytes) -> Any:
    """The JSON value of a body. Raises ValueError for whatever is not exactly one, too deep or ambiguous."""
    try:
        return _DECODE(body.decode("utf-8"))
    except RecursionError:
        raise ValueError("too deep") from None


async def read(request: Request, limit: int, sentence: str) -> bytes:
    """The whole body. Raises TooLarge as soon as it is longer."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(sentence)
    return bytes(body)


class _StrictRequest(Request):
    async def json(self) -> Any:
        return self._value

    async def take(self) -> None:
        """Read and decode the body before the framework does."""
        self._body = await read(self, BODY_LIMIT, "A body may have 1 MiB.")
        self._value: Any = None
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self._body and kind != "application/json":
            raise UnsupportedMediaType("Send application/json.")
        if self._body:
            try:
                self._value = loads(self._body)
            except ValueError:
                raise Malformed from None


class StrictRoute(APIRoute):
    """An operation whose body is read by us; one that takes the request itself reads it on its own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            if request.method in _WITH_BODY:
                if request.headers.get("content-encoding", "identity").lower() != "identity":
                    raise UnsupportedMediaType("Send the body without an encoding.")
                if self.body_field is not None:
                    strict = _StrictRequest(request.scope, request.receive)
                    await strict.take()
                    return await handle(strict)
            return await handle(request)

        return strictly


def api_router() -> APIRouter:
    """A router of the versioned API."""
    return APIRouter(prefix="/v1", route_class=StrictRoute)
