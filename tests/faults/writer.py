"""Somebody with every right in the database and no key."""

import asyncio
from typing import Any

import asyncpg

from tests.fixtures.house import House, TenantUnderTest
from tests.make.world import LaunchedWave, ok


def write(house: House, statement: str, *values: Any) -> list[asyncpg.Record]:
    """Run a statement as the superuser, whom row security does not bind."""

    async def go() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(
            house.postgres.admin_url(), timeout=10, server_settings={"search_path": "pouls"}
        )
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(go())


def answer_all(wave: LaunchedWave, people: int = 20) -> None:
    """Each alone, so that each is a batch."""
    for number, person in enumerate(list(wave.codes)[:people]):
        answers = {
            "load": 1 + number % 5,
            "help": 4,
            "place": "home",
            "tools": ["chat"],
            "years": number,
            "comment": "x",
        }
        ok(wave.submit(person, answers), 201)


def outcome(wave: LaunchedWave) -> tuple[str, str | None, int]:
    """Close, let the worker look at it; status and reason of the release, and how many cells a reader gets."""
    release = wave.release()
    tenant: TenantUnderTest = wave.tenant
    cells = tenant.call("aggregates:read", "GET", f"/v1/releases/{release['id']}/cells")
    shown = len(cells.json()["data"]) if cells.status_code == 200 else 0
    stored = write(
        tenant.house, "SELECT count(*) FROM release_cell WHERE tenant_id = $1 AND release_id::text = $2",
        tenant.tenant_id, release["id"],
    )[0][0]  # fmt: skip
    return release["status"], release.get("reason"), shown + stored
