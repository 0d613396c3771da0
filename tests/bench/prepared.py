"""The yardsticks for reading: bytes that lie ready, given by a bare FastAPI; a 304 behind our own authentication."""

import os
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from service.main import create_app
from service.settings import Settings
from service.tenants.principals import Principal, holding
from service.tenants.scopes import Scope

FOLDER = "BENCH_FOLDER"
BEHIND = "/bare"
Reader = Annotated[Principal, holding(Scope.aggregates_read)]


def prepared() -> FastAPI:
    """`/bytes/NAME` from memory, `/file/NAME` from the disk; nobody is asked who they are."""
    folder = Path(os.environ[FOLDER])
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".json"}
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.get("/bytes/{name}")
    async def from_memory(name: str) -> Response:
        return Response(kept[name], media_type="application/json")

    @app.get("/file/{name}")
    async def from_disk(name: str) -> FileResponse:
        return FileResponse(folder / name)

    return app


def behind() -> FastAPI:
    """The service, with one more route that says 304 to whoever may read aggregates, and nothing else."""
    app = create_app(Settings())

    @app.get(BEHIND)
    async def not_modified(caller: Reader) -> Response:
        del caller
        return Response(status_code=304)

    return app
