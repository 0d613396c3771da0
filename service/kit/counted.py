"""How many rows a statement changed, told by the database: no row comes here to be counted."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncSession


async def changed(tx: AsyncSession, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
    """Run an INSERT, UPDATE or DELETE; how many rows it was about."""
    done = cast("CursorResult[Any]", await tx.execute(statement, values))
    return done.rowcount
