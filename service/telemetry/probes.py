"""Is the process alive, and may it be sent traffic?"""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

from service.kit.migrate import head
from service.kit.text import Wire

router = APIRouter()
WORKER_SILENT_AFTER = timedelta(seconds=30)


class Alive(Wire):
    status: str


@router.get("/livez", operation_id="service.alive")
async def livez() -> Alive:
    """The process answers. Looks at nothing else: a database that is away is no reason to restart."""
    return Alive(status="ok")


@router.get("/readyz", operation_id="service.ready", responses={503: {"description": "not ready", "model": None}})
async def readyz(request: Request) -> JSONResponse:
    """Database reachable and at the revision this code expects; the worker is reported, not required.

    Answers are taken and aggregates served without it, and a rollout of the worker must not take the API away.
    """
    checks: dict[str, Any] = {"database": "unreachable", "migrations": "unknown", "worker": "unknown"}
    ready = False
    try:
        async with request.app.state.database.transaction() as tx:
            revision = await tx.scalar(text("SELECT version_num FROM alembic_version"))
            checks["database"] = "ok"
            ready = revision == head()
            checks["migrations"] = "ok" if ready else "behind"
            seen = await tx.scalar(text("SELECT max(seen_at) FROM worker_heartbeat"))
            now = request.app.state.clock()
            checks["worker"] = "ok" if seen is not None and now - seen < WORKER_SILENT_AFTER else "silent"
    except Exception:  # noqa: BLE001 - whatever it is, the answer is "not ready"; its text is nobody's business
        ready = False
    return JSONResponse(checks | {"ready": ready}, 200 if ready else 503)
