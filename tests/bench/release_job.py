"""`python -m tests.bench.release_job OPTIONS`: one release in a process of its own, then the floor under it.

Runs what the worker runs, under the worker's role: the sweeper takes the due job. The floor is what no release can do
without: reading the batches' bytes, and one `bincount` per item and breakdown over the same answers.
"""

import asyncio
import json
import sys
import time
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
from structlog.testing import capture_logs

from service.kit.clock import system_clock
from service.kit.db import Database, driver_url, session_settings
from service.settings import DatabaseSettings, Settings
from service.worker import create_sweeper
from tests.bench import processes, sealed, survey

ROLE = "pouls_work"
FLOORS = 3
_READ = "SELECT records FROM sealed_batch WHERE tenant_id = $1 AND wave_id = $2"


async def job(settings: Settings, url: str, patient: DatabaseSettings) -> dict[str, Any]:
    """Let the sweeper do what is due, the release among it; wall time in all and by stage as the job logs it."""
    database = Database(url, ROLE, patient)
    sweeper = create_sweeper(settings, database, system_clock)
    try:
        while True:
            before, _ = processes.memory_mib()
            cpu, started = time.process_time(), time.perf_counter()
            with capture_logs() as lines:
                if not await sweeper.step():
                    raise RuntimeError("no release was due")
            took, cpu = time.perf_counter() - started, time.process_time() - cpu
            for line in lines:
                if line["event"] == "release published":
                    _, peak = processes.memory_mib()
                    return {
                        "seconds": took,
                        "stages": line["seconds"],
                        "cpu_s": cpu,
                        "memory_mib": {"before": before, "peak": peak},
                    }
                if line["log_level"] == "error":
                    raise RuntimeError(f"{line['event']}: {line.get('reason') or line.get('problem')}")
    finally:
        await database.close()


async def read(url: str, patient: DatabaseSettings, tenant: UUID, wave: UUID) -> tuple[float, int]:
    """Seconds to read all batches in one query, and their bytes."""
    dsn = driver_url(url)
    connection = await asyncpg.connect(dsn, server_settings=dict(session_settings(ROLE, patient)))
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('pouls.tenant', $1, true)", str(tenant))
            started = time.perf_counter()
            rows = await connection.fetch(_READ, tenant, wave)
            return time.perf_counter() - started, sum(len(row["records"]) for row in rows)
    finally:
        await connection.close()


def bincounts(answers: sealed.Answers, class_count: int) -> float:
    """Seconds for one histogram of (class, point) per item; columns contiguous, skips 0 beforehand."""
    columns = np.ascontiguousarray(np.maximum(answers.matrix.T, 0))
    width = survey.POINTS + 1
    key = np.empty(len(answers.classes), np.intp)
    started = time.perf_counter()
    scaled = answers.classes * width
    for column in columns:
        np.bincount(np.add(scaled, column, out=key), minlength=class_count * width)
    return time.perf_counter() - started


async def main(told: dict[str, Any]) -> None:
    """Run the job, then the floor; print one JSON line."""
    settings = Settings()
    if settings.database.url is None:
        raise SystemExit("POULS_DATABASE_URL is missing")
    url = settings.database.url.get_secret_value()
    patient = settings.database.model_copy(update={"statement_timeout_s": 3600.0})
    found = await job(settings, url, patient)
    answers = sealed.draw(told["seed"], told["members"], told["items"], told["skips"])
    reads = [await read(url, patient, UUID(told["tenant"]), UUID(told["wave"])) for _ in range(FLOORS)]
    counts = [bincounts(answers, len(told["members"])) for _ in range(FLOORS)]
    floor = {
        "read": float(np.median([seconds for seconds, _ in reads])),
        "bincount": float(np.median(counts)),
        "bytes": reads[0][1],
    }
    print(json.dumps(found | {"floor": floor}))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
