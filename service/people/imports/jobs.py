"""Forgetting an import, with whom it changed, thirty days after it."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.jobs import Due

PRUNE = "prune_import"
KEPT = timedelta(days=30)
_FORGET = text("DELETE FROM people_import WHERE tenant_id = :tenant AND import_id = :import")


async def prune_import(tx: AsyncSession, due: Due) -> datetime | None:
    """The row; its lines go with it."""
    await tx.execute(_FORGET, {"tenant": due.tenant_id, "import": due.subject_id})
    return None
