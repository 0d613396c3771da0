"""The yardsticks for reading: bytes that lie ready, given by a bare FastAPI; a 304 behind our own authentication."""

import hashlib
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import FileResponse, Response

from service.main import create_app
from service.settings import Settings
from service.tenants.presented import presented, unauthenticated
from service.tenants.principals import Principal, authenticated, database_of, demand, holding, now_of
from service.tenants.scopes import Scope

FOLDER = "BENCH_FOLDER"
KNOWN_S = "BENCH_KNOWN_S"
BEHIND = "/bare"
PAGES = "pages"


def prepared() -> FastAPI:
    """`/bytes/NAME` from memory, `/file/NAME` from the disk, `/page/NUMBER` of the walk; nobody is asked who."""
    folder = Path(os.environ[FOLDER])
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".json"}
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/bytes/{name}")
    async def from_memory(name: str) -> Response:
        return Response(kept[name], media_type="application/json")

    @app.get("/file/{name}")
    async def from_disk(name: str) -> FileResponse:
        return FileResponse(folder / name)

    @app.get("/page/{number}")
    async def page(number: int) -> Response:
        # As quick as memory, since the kernel has it there, and a walk of a million cells has 400 MB of pages.
        body = (folder / PAGES / str(number)).read_bytes()
        return Response(body, media_type="application/json")

    return app


def behind() -> FastAPI:
    """The service, with one more route that says 304 to whoever may read aggregates, and nothing else.

    Its key is looked up as often as ours is in what it is compared with: each time, or again after `KNOWN_S` seconds.
    It is the first route, as if there were no others to be tried before.
    """
    app = create_app(Settings())
    known_s = float(os.environ[KNOWN_S])
    reader = Depends(_remembering(known_s)) if known_s else holding(Scope.aggregates_read)

    @app.get(BEHIND)
    async def not_modified(caller: Annotated[Principal, reader]) -> Response:
        del caller
        return Response(status_code=304)

    app.router.routes.insert(0, app.router.routes.pop())
    return app


def _remembering(known_s: float) -> Callable[..., Awaitable[Principal]]:
    """Whoever was found to be calling, for so long, as answers kept in memory have it; counted each time."""
    known: dict[bytes, tuple[Principal, float]] = {}

    async def reader(request: Request) -> Principal:
        shown = request.headers.get("authorization", "")
        sign = hashlib.sha256(shown.encode("latin-1")).digest()
        caller, until = known.get(sign, (None, 0.0))
        now = time.monotonic()
        if caller is not None and now < until:
            await request.app.state.rate_limits.count(request, caller.key_id)
            return caller
        key = presented(request, shown.removeprefix("Bearer "))
        if key is None:
            raise unauthenticated(request)
        async with database_of(request).transaction(key.tenant_id) as tx:
            caller = await authenticated(request, key, tx, now_of(request))
        demand(caller, Scope.aggregates_read)
        known[sign] = caller, now + known_s
        return caller

    return reader
