"""Answers about releases, kept in this process for whoever asks the same again. Pure ASGI, around the routes.

A release never changes, so what was said of it can be said again, if two things still hold: that the key is good, and
that the tenant's releases are what they were. Both are looked up together, in one transaction, at most every
`known_s` seconds for each key; so long may a key that another process has revoked still be shown what it was shown
before. Whatever is written through this process is known at once. A request that is answered from here is counted,
limited, measured and logged as any other.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit.etags import held
from service.kit.heads import IS_HEAD
from service.problems import RateLimited, Unauthenticated
from service.releases.answer_store import Answer, Answers, Key
from service.releases.release_state import KEEPS, State, looked
from service.tenants.keys import PREFIX
from service.tenants.principals import Principal, caller_of

LARGEST = 1 << 20
MOST_KEYS = 10_000
_KEYS = (f"Bearer {PREFIX}", "Basic ")
_SHAPING = ("accept", "accept-language")
KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class _Known:
    """A caller whose key was good at a moment, and the state of their tenant's releases."""

    caller: Principal
    state: State
    until: float


class KeptAnswers:
    """The layer; nothing is kept where `known_s` is 0."""

    def __init__(self, app: ASGIApp, known_s: float, budget: int, timer: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self._known_s = known_s
        self._timer = timer
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._answers = Answers(budget)
        self._writes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._known_s:
            await self.app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._read(scope, receive, send)
        else:
            await self.app(scope, receive, self._forgetting(scope, send))

    def _forgetting(self, scope: Scope, send: Send) -> Send:
        """Whatever a caller writes, nothing of theirs is taken for known after it."""

        async def forget(message: Message) -> None:
            if message["type"] == "http.response.start":
                caller = _caller_in(scope)
                if caller is not None:  # whoever is nobody's key changes nothing of a tenant's
                    self._writes += 1
                    for sign in [sign for sign, one in self._known.items() if one.caller.tenant_id == caller.tenant_id]:
                        del self._known[sign]
            await send(message)

        return forget

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        shown = headers.get("authorization", "")
        # An access token ends by itself; which pages may show results is for the operation to say.
        if not shown.startswith(_KEYS) or "origin" in headers:
            await self.app(scope, receive, send)
            return
        sign = hashlib.sha256(shown.encode("latin-1")).digest()
        known = self._known.get(sign)
        if known is None:
            await self._ask(scope, receive, send, sign, headers)
            return
        key = _key(known.caller, scope, headers)
        found = self._answers.find(key)
        if found is None:
            await self._ask(scope, receive, send, sign, headers)
            return
        if known.until <= self._timer():
            writes = self._writes
            fresh = await self._look(scope, known.caller)
            if fresh is None:
                self._known.pop(sign, None)
                await self.app(scope, receive, send)
                return
            if writes != self._writes:  # somebody may have been forgotten meanwhile
                await self._ask(scope, receive, send, sign, headers)
                return
            self._known[sign] = known = fresh
        holds = held(found.etag, headers.get("if-none-match"))
        is_enough = holds or found.body is not None
        if found.state != known.state or found.until <= self._timer() or not is_enough:
            await self._ask(scope, receive, send, sign, headers)
            return
        await self._tell(scope, receive, send, found, known.caller, unchanged=holds)

    async def _tell(
        self, scope: Scope, receive: Receive, send: Send, found: Answer, caller: Principal, *, unchanged: bool
    ) -> None:
        """As the operation would answer it now."""
        request = Request(scope)
        scope["route"], scope["path_params"] = found.route, found.path_params
        try:
            await request.app.state.rate_limits.count(request, caller.key_id)
        except RateLimited as refused:
            await refused.response()(scope, receive, send)
            return
        request.app.state.readings.count_route(request, caller)
        if unchanged:
            response = Response(status_code=304)
            response.raw_headers = [pair for pair in found.headers if not pair[0].startswith(b"content-")]
        else:
            response = Response(found.body)
            response.raw_headers = found.headers
        await response(scope, receive, send)

    async def _look(self, scope: Scope, caller: Principal) -> _Known | None:
        """Whether the key is still good, and the tenant's releases are as they were: one look-up."""
        request = Request(scope)
        until = self._timer() + self._known_s
        try:
            found, state = await looked(request, caller)
        except (Unauthenticated, DBAPIError, PoolTimeout, OSError):
            return None  # the operation itself will say what is wrong
        return _Known(found, state, until)

    async def _ask(self, scope: Scope, receive: Receive, send: Send, sign: bytes, headers: Headers) -> None:
        """Let the operation answer, and keep what it says."""
        start: Message | None = None
        body = bytearray()

        async def note(message: Message) -> None:
            nonlocal start
            if KEEPS in scope:
                if message["type"] == "http.response.start":
                    start = message
                elif len(body) <= LARGEST:
                    body.extend(message.get("body", b""))
            await send(message)

        until, writes = self._timer() + self._known_s, self._writes
        await self.app(scope, receive, note)
        if start is None or len(body) > LARGEST or IS_HEAD in scope:  # of a HEAD, a file gives no body
            return
        if start["status"] not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            return
        whole = bytes(body) if start["status"] == HTTPStatus.OK else None
        etag = Headers(raw=start["headers"]).get("etag")
        if etag is None:
            return
        caller, state = caller_of(Request(scope)), scope[KEEPS]
        if writes != self._writes:  # somebody may have been forgotten meanwhile
            return
        self._known[sign] = _Known(caller, state, until)
        self._known.move_to_end(sign)
        while len(self._known) > MOST_KEYS:
            self._known.popitem(last=False)
        params = dict(scope.get("path_params", {}))
        kept_until = self._timer() + KEPT_S
        route = scope.get("route")
        answer = Answer(list(start["headers"]), whole, etag, route, params, state, kept_until)
        self._answers.keep(_key(caller, scope, headers), answer)


def _key(caller: Principal, scope: Scope, headers: Headers) -> Key:
    shaping = "\n".join(headers.get(name, "") for name in _SHAPING)
    return caller.tenant_id, (caller.unit, caller.recipient), scope["path"], scope["query_string"], shaping


def _caller_in(scope: Scope) -> Principal | None:
    try:
        return caller_of(Request(scope))
    except KeyError:
        return None
