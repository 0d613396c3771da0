"""The usual way, for comparison: one INSERT and one commit per request, through a pool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI

from tests.bench.bare import Submission

TABLE = "CREATE TABLE bench_answer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body json NOT NULL)"
COUNT = "SELECT count(*) FROM bench_answer"
_KEEP = "INSERT INTO bench_answer (body) VALUES ($1)"


def insert(dsn: str, connections: int) -> FastAPI:
    """The bare endpoint that also keeps its body as a row; 201 means committed."""
    pool: asyncpg.Pool[Any] | None = None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(
            dsn, min_size=connections, max_size=connections, server_settings={"search_path": "pouls"}
        ) as pool:
            yield

    app = FastAPI(lifespan=lifespan, telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/v1/respond", status_code=201)
    async def respond(submission: Submission) -> dict[str, str]:
        assert pool is not None
        await pool.execute(_KEEP, submission.model_dump_json())
        return {"status": "recorded"}

    return app
