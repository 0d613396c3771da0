"""OData 4.0, mounted at /odata: one ASGI application over our keys, our transactions and our errors.

Read-only. The caller is who every other operation that reads releases has, by Bearer or by HTTP Basic, and is counted
as there. One transaction for a request, which sees one moment of the database.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from service.kit.etags import held
from service.odata import connections, visible, wire
from service.odata.asked import (
    FORMAT,
    OF_COUNT,
    OF_ONE,
    OF_ROWS,
    OF_SERVICE,
    PAGE,
    asked,
    check_format,
    check_version,
    options,
    page_size,
)
from service.odata.metadata import metadata, service_document
from service.odata.model import BY_NAME, EntitySet
from service.odata.refusals import JSON, VERSION, NotAcceptable, Refused, Unknown, Unsupported, refusal_of
from service.odata.rows import Reader, only_of
from service.problems import Busy, Internal, Problem, Unauthenticated, place_of_error, problem_of
from service.tenants.presented import Presented, basic_of, key_behind, presented
from service.tenants.principals import Principal, authenticated, base_of, database_of, demand, now_of
from service.tenants.scopes import Scope

log = structlog.get_logger()
PREFIX: Final = "/odata"
OPERATION: Final = "odata.read"
"""What a reading is counted as, with the entity set that was read."""
# To be raised when the same rows are shown otherwise: what a reader kept of them is then out of date.
SHAPE: Final = "1"
METADATA, COUNT, BATCH = "$metadata", "$count", "$batch"
_OF_FILES = frozenset[str]()
_SEGMENT = re.compile(r"([A-Za-z]+)(?:\((?:Id=)?'((?:[^']|'')*)'\))?", re.ASCII)


class _Readings(Protocol):
    """Where readings are counted."""

    def count(self, caller: Principal, day: date, operation: str, subject: str) -> None: ...


class _Route:
    """What metrics and the access log call a request by; never the path as sent. Basic is taken here."""

    takes_basic = True

    def __init__(self, path: str) -> None:
        self.path = f"{PREFIX}/{path}"


_ROUTES: Final = {
    "service": _Route(""),
    METADATA: _Route(METADATA),
    connections.PBIDS: _Route(connections.PBIDS),
    connections.ODC: _Route(connections.ODC),
    "rows": _Route("{entity_set}"),
    "one": _Route("{entity_set}({key})"),
    COUNT: _Route(f"{{entity_set}}/{COUNT}"),
    "other": _Route("{other}"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """What an address names: `what` as in the routes; of an entity set which, and which of its entities."""

    what: str
    entity_set: EntitySet | None = None
    key: str | None = None


def target_of(path: str) -> Target:
    """What a path below the root names; what it does not know is `other`."""
    first, _, rest = path.partition("/")
    if path in {"", METADATA, connections.PBIDS, connections.ODC}:
        return Target(path or "service")
    found = _SEGMENT.fullmatch(first)
    entity_set = BY_NAME.get(found[1]) if found else None
    if found is None or entity_set is None:
        return Target("other")
    key = None if found[2] is None else found[2].replace("''", "'")
    if not rest:
        return Target("rows" if key is None else "one", entity_set, key)
    return Target(COUNT, entity_set) if (rest, key) == (COUNT, None) else Target("other", entity_set)


class ODataApplication:
    """One for a process. What it works with it finds in the state of the application that it is mounted in."""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        path = request.scope["path"].removeprefix(request.scope["root_path"]).removeprefix("/")
        target = target_of(path)
        request.scope["route"] = _ROUTES[target.what]
        try:
            response = await self._answer(request, target, path)
        except ClientDisconnect:
            return  # nobody reads an answer
        except Exception as error:  # noqa: BLE001 - the last stop, as OData wants it said: to the log by its name alone
            response = _refusal(error)
        await response(scope, receive, send)

    async def _answer(self, request: Request, target: Target, path: str) -> Response:
        key = _presented(request)
        if key is None:
            raise Unauthenticated(basic=True)
        async with database_of(request).transaction(key.tenant_id, of_one_moment=True) as tx:
            caller = await authenticated(request, key, tx, now_of(request))
            demand(caller, Scope.aggregates_read)
            _check(request, target, path)
            root = f"{base_of(request)}{PREFIX}/"
            if target.entity_set is None:
                return _of_service(request, target.what, root)
            response = await _of_rows(request, tx, caller, target, root)
        readings: _Readings = request.app.state.readings
        readings.count(caller, now_of(request).date(), OPERATION, target.entity_set.name)
        return response


def _presented(request: Request) -> Presented | None:
    """What the request shows of its caller, if anything."""
    header = request.headers.get("authorization", "")
    scheme, _, text = header.partition(" ")
    if scheme.lower() == "bearer":
        return presented(request, text.strip())
    basic = basic_of(header)
    return None if basic is None else key_behind(basic[1])


def _check(request: Request, target: Target, path: str) -> None:
    """Raises Refused for what this service does not do, or has not."""
    if request.method != "GET":  # a HEAD comes as one
        raise Unsupported("The feed can be read, and not be written.", headers={"Allow": "GET, HEAD"})
    check_version(request.headers.get("odata-maxversion"))
    if target.what == "other":
        if target.entity_set is not None or path.partition("/")[0] == BATCH:
            raise Unsupported("This part of OData is not supported.")
        raise Unknown("There is no such entity set.")


def _of_service(request: Request, what: str, root: str) -> Response:
    """What the feed says of itself, and the files that open it."""
    pairs = request.query_params.multi_items()
    if what in connections.FILES:
        options(pairs, _OF_FILES)
        body = connections.pbids(root) if what == connections.PBIDS else connections.odc(root)
        disposition = {"Content-Disposition": f'attachment; filename="{connections.FILES[what]}"'}
        return _kept(request, body.encode(), connections.MEDIA[what], disposition)
    given = options(pairs, OF_SERVICE)
    if what == METADATA:
        if given.get(FORMAT, "xml").partition(";")[0] not in {"xml", "application/xml"}:
            raise NotAcceptable("The metadata is XML alone.", FORMAT)
        return _kept(request, metadata(), "application/xml", {})
    check_format(given, request.headers.get("accept"))
    return _kept(request, wire.document(service_document(root)).encode(), JSON, {})


def _kept(request: Request, body: bytes, media: str, headers: Mapping[str, str]) -> Response:
    """An answer that is told by its own bytes."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _answered(request, body, media, _caching(etag) | dict(headers))


async def _of_rows(request: Request, tx: AsyncSession, caller: Principal, target: Target, root: str) -> Response:
    """Entities, one entity, or how many there are."""
    entity_set = target.entity_set
    if entity_set is None:
        raise TypeError("rows are of an entity set")
    given = options(request.query_params.multi_items(), _KNOWN[target.what])
    if target.what != COUNT:
        check_format(given, request.headers.get("accept"))
    wanted = asked(entity_set, given, request.headers.get("accept-language"))
    seen = await visible.releases(tx, caller, only_of(entity_set, wanted.filter, target.key))
    size = page_size(request.headers.get("prefer"))
    reader = Reader(tx, caller, entity_set, wanted, given, [one for one, _ in seen], size or PAGE)
    caching = _caching(_etag(caller, seen, root, target, given, wanted.languages, reader.size))
    if size is not None:
        caching["Preference-Applied"] = f"odata.maxpagesize={size}"
    if held(caching["ETag"], request.headers.get("if-none-match")):
        return Response(status_code=304, headers=VERSION | caching)
    if target.what == COUNT:
        return Response(str(await reader.count()), headers=VERSION | caching, media_type="text/plain")
    if target.key is not None:
        found = await reader.one(target.key)
        if found is None:
            raise Unknown("There is no such entity.")
        body = wire.entity(root, entity_set, wanted, reader.names, found)
        return Response(body, headers=VERSION | caching, media_type=JSON)
    page = await reader.page()
    count = await reader.count() if wanted.is_counted else None
    link = None
    if page.token is not None:
        link = wire.next_link_of(root, entity_set, given, page.token, wanted.languages)
    body = wire.collection(root, entity_set, wanted, reader.names, page.rows, count, link)
    return Response(body, headers=VERSION | caching, media_type=JSON)


_KNOWN: Final = {"rows": OF_ROWS, "one": OF_ONE, COUNT: OF_COUNT}


def _etag(caller: Principal, seen: Any, root: str, target: Target, *of_query: Any) -> str:
    """Strong: over the releases that the answer is made of, and everything that shapes it."""
    name = target.entity_set.name if target.entity_set else ""
    parts = [SHAPE, root, target.what, name, target.key, caller.unit, seen, *of_query]
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def _caching(etag: str) -> dict[str, str]:
    return {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Authorization, Accept, Accept-Language, Prefer",
    }


def _answered(request: Request, body: bytes, media: str, headers: Mapping[str, str]) -> Response:
    if held(headers["ETag"], request.headers.get("if-none-match")):
        return Response(status_code=304, headers=VERSION | dict(headers))
    return Response(body, headers=VERSION | dict(headers), media_type=media)


def _refusal(error: Exception) -> Response:
    if isinstance(error, Refused):
        return refusal_of(error)
    problem = problem_of(error)
    if isinstance(problem, Internal | Busy) and not isinstance(error, Problem):
        log.error("request failed", problem=type(error).__name__, at=place_of_error(error), shown_as=problem.slug)
    return refusal_of(problem)
