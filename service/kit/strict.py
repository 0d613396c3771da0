"""Requests read strictly: only what the operation knows, each name once; JSON with finite numbers, of bounded length.

The framework's own reading would let a repeated name win, would ignore a query parameter that nobody knows (a filter
with a slip in its name would show everything), and would answer a body that is too long in its own words.
"""

from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any

from fastapi import APIRouter, Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from service.kit import idempotency, strict_json
from service.kit.pace import body_of
from service.kit.reasons import AnyFault, ParameterFault, pointer
from service.problems import Invalid, Malformed, TooLarge, UnsupportedMediaType

BODY_LIMIT = 1 << 20
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
Handle = Callable[[Request], Coroutine[Any, Any, Response]]


async def read(request: Request, limit: int, sentence: str) -> bytes:
    """The whole body. Raises TooLarge as soon as it is longer, and TooSlow."""
    body = bytearray()
    async for chunk in body_of(request):
        body += chunk
        if len(body) > limit:
            raise TooLarge(sentence)
    return bytes(body)


def query_faults(given: Iterable[str], known: Collection[str] = ()) -> list[AnyFault]:
    """What is wrong with the names in a query. Each may come once, since no operation takes a list there."""
    faults = []
    for name, times in Counter(given).items():
        shown = pointer([name])[1:]  # a name that is not shaped like one is text of the sender
        if name not in known:
            faults.append(ParameterFault(shown, "query", "is not a known parameter"))
        elif times > 1:
            faults.append(ParameterFault(shown, "query", "must be given once"))
    return list(dict.fromkeys(faults))


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
                self._value = strict_json.loads(self._body)
            except ValueError:
                raise Malformed from None


def _missing(model: object) -> str:
    """What is said where a body of this model is missing: at least what it must hold."""
    fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    needed = [f"`{field.alias or name}`" for name, field in fields.items() if field.is_required()]
    return f"a body with {' and '.join(needed)} is required" if needed else "a body is required"


def _said(line: Any, missing: str) -> Any:
    """One entry of the framework's error list; of a body that is missing it would say no more than so."""
    if (line["type"], tuple(line["loc"])) != ("missing", ("body",)):
        return line
    return line | {"type": "refused", "ctx": {"reason": missing}}


class StrictRoute(APIRoute):
    """An operation whose query and body are read by us; one that takes the request itself reads its body on its own."""

    def get_route_handler(self) -> Handle:
        strictly = self._strictly(super().get_route_handler())
        return self._once(strictly) if set(self.methods or ()) & idempotency.WRITES else strictly

    def _strictly(self, handle: Handle) -> Handle:
        fields = get_flat_params(self.dependant)
        known = frozenset(field.alias for field in fields if isinstance(field.field_info, params.Query))
        missing = _missing(self.body_field.field_info.annotation) if self.body_field is not None else ""

        async def strictly(request: Request) -> Response:
            faults = query_faults((name for name, _ in request.query_params.multi_items()), known)
            if faults:
                raise Invalid(faults=faults)
            if request.method in _WITH_BODY:
                if request.headers.get("content-encoding", "identity").lower() != "identity":
                    raise UnsupportedMediaType("Send the body without an encoding.")
                if self.body_field is not None:
                    strict = _StrictRequest(request.scope, request.receive)
                    await strict.take()
                    try:
                        return await handle(strict)
                    except RequestValidationError as error:
                        raise RequestValidationError([_said(line, missing) for line in error.errors()]) from None
            return await handle(request)

        return strictly

    def _once(self, handle: Handle) -> Handle:
        """A write may be sent again: its reply is kept, in its own transaction, which is still open here."""
        without_key = idempotency.reason_without(self.dependant)
        is_read = self.body_field is not None or "requestBody" in (self.openapi_extra or {})

        async def once(request: Request) -> Response:
            if without_key is idempotency.secret_reply and idempotency.HEADER in request.headers:
                idempotency.refuse("is not taken here: the reply holds a secret, and is never kept")
            attempt = idempotency.attempt(request) if without_key is None else None
            if attempt is None:
                return await handle(request)
            followed = Request(request.scope, attempt.receive)
            try:
                if not is_read:  # it is followed all the same, since another body is another request
                    await read(followed, BODY_LIMIT, "A body may have 1 MiB.")
                response = await handle(followed)
                await attempt.keep(response)
            except idempotency.Replayed as replayed:
                return replayed.response
            return response

        return once


def api_router() -> APIRouter:
    """A router of the versioned API."""
    return APIRouter(prefix="/v1", route_class=StrictRoute)
