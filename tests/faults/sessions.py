"""A database as the service has it, with few connections; and what is left of its sessions."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from service.kit.db import Database
from service.settings import DatabaseSettings
from tests.faults.writer import write
from tests.fixtures.house import House

CONNECTIONS = 3
ROLE = "pouls_app"


@asynccontextmanager
async def a_database(house: House, role: str = ROLE, **settings: Any) -> AsyncIterator[Database]:
    given = DatabaseSettings(pool_size=CONNECTIONS, **({"pool_wait_s": 0.3} | settings))
    database = Database(house.postgres.url(role), role, given)
    try:
        yield database
    finally:
        await database.close()


def left_open(house: House, name: str) -> list[str]:
    """States of a role's sessions that are neither idle nor gone."""
    for _ in range(50):
        found = write(
            house,
            "SELECT state FROM pg_stat_activity WHERE application_name = $1 AND state IS DISTINCT FROM 'idle'",
            name,
        )
        if not found:
            return []
        time.sleep(0.02)
    return [str(row[0]) for row in found]
