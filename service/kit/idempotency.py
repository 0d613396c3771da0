"""`Idempotency-Key`: a write that is sent again is not done again, and is answered as it was then.

The route reads the header and follows the body as it comes in; `claim` is asked once the caller and their scope are
known, in the request's own transaction; the route keeps the reply there before that is committed. FastAPI closes
dependencies of scope "function", the transaction among them, after the route's handler has the whole reply.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Message

from service.kit import repeats
from service.kit.reasons import ParameterFault
from service.kit.repeats import Ask, Repeats, Reply
from service.problems import Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = "^[!-~]([ -~]{0,253}[!-~])?$"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SCOPE_KEY = "pouls.attempt"
_KEY = re.compile(PATTERN.encode())
_SUCCESS = range(200, 300)


async def secret_reply() -> None:
    """The reply holds a secret, which is told once: it is never kept, and the header is refused."""


async def nothing_written() -> None:
    """Nothing is written: done twice is done once, and the header is of no use."""


SECRET_REPLY = Depends(secret_reply)
"""In an operation's `dependencies`: it writes, and takes no Idempotency-Key, since its reply holds a secret."""
NOTHING_WRITTEN = Depends(nothing_written)
"""In an operation's `dependencies`: it is a POST for its body's sake and takes no Idempotency-Key."""


class Replayed(Exception):
    """The reply of then, on its way past the handler."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Attempt:
    """One request under an Idempotency-Key: stands between the server and whoever reads the body, and follows it."""

    def __init__(self, request: Request, key: bytes) -> None:
        self._request = request
        self._key = key
        self._body = hashlib.blake2b()
        self._whole = False
        self._claimed: tuple[AsyncSession, Ask, datetime] | None = None
        request.scope[_SCOPE_KEY] = self

    @property
    def is_whole(self) -> bool:
        """Whether the body is in."""
        return self._whole

    async def receive(self) -> Message:
        """What the server receives; whoever reads the body reads it here, and says how much is too much."""
        message = await self._request.receive()
        if message["type"] == "http.request":
            self._body.update(message.get("body", b""))
            self._whole = not message.get("more_body", False)
        return message

    def ask(self, tenant: UUID, holder: UUID) -> Ask:
        """What is asked, by name; the body must be in."""
        scope, headers = self._request.scope, self._request.headers
        named: Repeats = self._request.app.state.repeats
        return named.ask(
            tenant,
            holder,
            self._key,
            scope["method"].encode(),
            scope.get("raw_path") or scope["path"].encode(),
            scope["query_string"],
            headers.get("content-type", "").encode("latin-1"),
            headers.get("if-match", "").encode("latin-1"),
            self._body.digest(),
        )

    def claim(self, tx: AsyncSession, ask: Ask, now: datetime) -> None:
        self._claimed = (tx, ask, now)

    async def keep(self, response: Response) -> None:
        """Keep a successful reply. One that must not be kept, or that nobody claimed, is a fault of ours: undone."""
        if response.status_code not in _SUCCESS:
            return
        if self._claimed is None:
            _fault("a write was done under an Idempotency-Key that nobody claimed")
        if "no-store" in response.headers.get("cache-control", ""):
            _fault("a reply that nobody may store can not be kept: SECRET_REPLY is missing")
        tx, ask, now = self._claimed
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        await repeats.keep(tx, ask, Reply(response.status_code, headers, bytes(response.body)), now)


def attempt(request: Request) -> Attempt | None:
    """What the header asks for. Raises Invalid where it is no key."""
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1:
        refuse("must be given once")
    key = given[0].encode("latin-1")
    if _KEY.fullmatch(key) is None:
        refuse("must have 1 to 255 printable ASCII characters")
    return Attempt(request, key)


def refuse(reason: str) -> NoReturn:
    """Raises Invalid, about the header."""
    raise Invalid(faults=[ParameterFault(HEADER, "header", reason)])


async def claim(request: Request, tenant: UUID, holder: UUID, tx: AsyncSession, now: datetime) -> None:
    """Ask for the right to carry the request out, for the holder of an API key. Raises Replayed, or a refusal.

    Before anything is looked up for the request: what it deleted then is not there now. The body is in by then; one
    that was given up is refused, whatever the key says, and `keep` sees to it that nothing else is.
    """
    found: Attempt | None = request.scope.get(_SCOPE_KEY)
    if found is None or not found.is_whole:
        return
    ask = found.ask(tenant, holder)
    reply = await repeats.claim(tx, ask, now)
    if reply is not None:
        raise Replayed(response_of(reply))
    found.claim(tx, ask, now)


async def look(request: Request, tenant: UUID, holder: UUID, tx: AsyncSession, now: datetime) -> None:
    """For long work in front of the transaction: raises Replayed, or a refusal, where it need not begin.

    Only where the body is in. Nothing is claimed: that comes with the transaction.
    """
    found: Attempt | None = request.scope.get(_SCOPE_KEY)
    if found is None or not found.is_whole:
        return
    reply = await repeats.look(tx, found.ask(tenant, holder), now)
    if reply is not None:
        raise Replayed(response_of(reply))


def response_of(reply: Reply) -> Response:
    """The reply of then, byte for byte, and that it is one."""
    response = Response(reply.body, reply.status)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    response.raw_headers = [*raw, (REPLAYED.lower().encode(), b"true")]
    return response


def reason_without(dependant: Dependant) -> Any:
    """Why an operation takes no key: `secret_reply`, `nothing_written`, or None where it takes one."""
    return next((call for call in _calls(dependant) if call in {secret_reply, nothing_written}), None)


def _calls(dependant: Dependant) -> Iterator[Any]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def _fault(sentence: str) -> NoReturn:
    raise RuntimeError(sentence)
