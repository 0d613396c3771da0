"""Who read what, counted by day: in memory, and written every few seconds, so that reading stays a SELECT.

An upsert in the reader's own transaction would have made every read a write, and all readers of one release wait for
one row. The price: whoever kills a process with -9 loses what it counted in the last seconds. A process that stops in
order writes first. What can not be written (the database is away) is kept, and written with the next.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

import structlog
from fastapi import Depends, Request
from sqlalchemy import text

from service.kit.db import Database
from service.tenants.principals import Principal, caller_of, now_of

EVERY_S = 5.0
log = structlog.get_logger()
# In one order everywhere: two processes that count the same must not wait for each other in a circle.
_COUNT = text("""
    INSERT INTO read_access (tenant_id, day, reader, operation, subject, reads)
    SELECT CAST(:tenant AS uuid), given.* FROM unnest(CAST(:days AS date[]), CAST(:readers AS text[]),
        CAST(:operations AS text[]), CAST(:subjects AS text[]), CAST(:reads AS bigint[]))
        AS given (day, reader, operation, subject, reads)
    ORDER BY day, reader, operation, subject
    ON CONFLICT (tenant_id, day, reader, operation, subject) DO UPDATE SET reads = read_access.reads + excluded.reads
""")

# By operation, the parameter of its path that says what is read; none where it is of no one thing.
COUNTED = {
    "aggregates.comparison": None,
    "aggregates.drivers": None,
    "aggregates.heat_map": None,
    "aggregates.latest": None,
    "aggregates.trend": None,
    "benchmarks.get": None,
    "benchmarks.list": None,
    "audit_log.export": None,
    "audit_log.list": None,
    "data_subjects.export": None,
    "people.list": None,
    "read_access.list": None,
    "recuts.list": "wave_id",
    "releases.cells": "release_id",
    "releases.cells_arrow": "release_id",
    "releases.cells_csv": "release_id",
    "releases.cells_json": "release_id",
    "releases.cells_parquet": "release_id",
    "releases.certificate": "release_id",
    "releases.chart": "release_id",
    "releases.comments": "release_id",
    "releases.get": "release_id",
    "releases.list": None,
    "releases.report": "release_id",
    "releases.report_pdf": "release_id",
    "waves.invitations": "wave_id",
    "waves.participation": "wave_id",
}


class Reading(NamedTuple):
    """One kind of reading, on one day."""

    day: date
    reader: str
    operation: str
    subject: str


class Readings:
    """What one process counted and has not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: dict[UUID, Counter[Reading]] = {}
        self._writing = asyncio.Lock()

    def add(self, tenant: UUID, reading: Reading) -> None:
        self._counts.setdefault(tenant, Counter())[reading] += 1

    def count(self, caller: Principal, day: date, operation: str, subject: str) -> None:
        """For what is no route of ours, and counts by itself: OData, as `odata.read` of an entity set."""
        self.add(caller.tenant_id, Reading(day, caller.actor, operation, subject))

    def count_route(self, request: Request, caller: Principal) -> None:
        """An operation of ours that has answered; nothing where it is none that is counted."""
        operation = request.scope["route"].operation_id
        if operation in COUNTED:
            name = COUNTED[operation]
            subject = "" if name is None else request.path_params[name]
            self.count(caller, now_of(request).date(), operation, str(subject))

    async def write(self) -> None:
        """Write everything down, a transaction for each tenant."""
        async with self._writing:
            for tenant in list(self._counts):
                counts = self._counts.pop(tenant)
                is_written = False
                try:
                    await self._write(tenant, counts)
                    is_written = True
                finally:
                    if not is_written:
                        self._counts.setdefault(tenant, Counter()).update(counts)

    async def _write(self, tenant: UUID, counts: Counter[Reading]) -> None:
        rows = sorted(counts.items())
        values = {
            "tenant": tenant,
            "days": [reading.day for reading, _ in rows],
            "readers": [reading.reader for reading, _ in rows],
            "operations": [reading.operation for reading, _ in rows],
            "subjects": [reading.subject for reading, _ in rows],
            "reads": [reads for _, reads in rows],
        }
        async with self._database.transaction(tenant) as tx:
            await tx.execute(_COUNT, values)

    async def run(self) -> None:
        """Write every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.try_write()

    async def try_write(self) -> None:
        """The same as `write`; of what fails the counts are kept."""
        try:
            await self.write()
        except Exception as error:  # noqa: BLE001 - the database may be away for a while
            log.warning("readings not written yet", problem=type(error).__name__)


async def counted(request: Request) -> AsyncIterator[None]:
    """A dependency of routers: counts what was read, once it was; a refusal is no reading.

    It comes before all others, so it asks neither for the caller nor for the time: that would open the transaction of a
    call that still waits for its body, or for its turn.
    """
    yield
    readings: Readings = request.app.state.readings
    if request.scope["route"].operation_id in COUNTED:  # else nobody may have asked who is calling
        readings.count_route(request, caller_of(request))


COUNTS = Depends(counted, scope="function")
