"""Pages of other hosts that call the service out of a browser (the Fetch standard's CORS). Pure ASGI.

There are no cookies: whoever calls holds a code or a token and sends it. So a browser may show any page the answer; and
which pages a tenant allows is decided where the tenant is known, by a refusal that the page can read.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# What a page may call: `*` is one part of a path.
OPEN = ("/v1/respond", "/v1/respond/*", "/v1/aggregates/trend")
KEPT_FOR_S = 7200
_PORTS = {"http": ":80", "https": ":443"}
_OPEN = re.compile("|".join(re.escape(path).replace(r"\*", "[^/]+") for path in OPEN))
_ANY = (b"access-control-allow-origin", b"*")
_SHOWN = (b"access-control-expose-headers", b"Retry-After, ETag, X-Request-ID")
_PREFLIGHT = [
    _ANY,
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"Authorization, Content-Type"),
    (b"access-control-max-age", str(KEPT_FOR_S).encode()),
]


def header(scope: Scope, wanted: bytes) -> str | None:
    """A header of a request."""
    headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
    for name, value in headers:  # each answer comes by here: a generator costs three times as much
        if name == wanted:
            return value.decode("latin-1")
    return None


def foreign_origin(scope: Scope, own: str | None) -> str | None:
    """The origin of the page that calls, where a browser says one and it is not this service's.

    Args:
        scope: of the request.
        own: where people find this service, as the settings say; else it is where this caller did.
    """
    origin = header(scope, b"origin")
    if origin is None:
        return None
    if own is not None:
        return None if origin == origin_of(own) else origin
    # A browser tells the host that it called, and no page can have it tell another. By which scheme, a proxy may hide.
    host = header(scope, b"host")
    return None if origin in {f"http://{host}", f"https://{host}"} else origin


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as a browser writes them."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{parts.scheme}://{host.removesuffix(_PORTS[parts.scheme])}"


class CrossOrigin:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or header(scope, b"origin") is None or not _OPEN.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and header(scope, b"access-control-request-method") is not None:
            await send({"type": "http.response.start", "status": 204, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
        else:
            # Without the extensions: an answer in one piece would leave without these headers.
            await self.app({**scope, "extensions": {}}, receive, _allowing(send))


def _allowing(send: Send) -> Send:
    async def allow(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], _ANY, _SHOWN]}
        await send(message)

    return allow
