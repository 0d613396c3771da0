"""Reading releases: rows by index, a page at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.db import Database
from service.problems import NotFound
from service.releases.tables import Release, ReleaseCell

CELLS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class CellFilter:
    """Which cells of a release."""

    unit: str | None = None
    measure: str | None = None
    kind: str | None = None
    family: str | None = None

    def text(self) -> str:
        """The filter as one string, for the ETag."""
        parts = (self.unit, self.measure, self.kind, self.family)
        return "\0".join("" if part is None else "=" + part for part in parts)


async def releases(tx: AsyncSession, tenant: UUID, wave: UUID | None, after: UUID | None, limit: int) -> list[Release]:
    """Releases in the order they were made, one more than `limit` where there are more."""
    statement = select(Release).where(col(Release.tenant_id) == tenant)
    if wave is not None:
        statement = statement.where(col(Release.wave_id) == wave)
    if after is not None:
        statement = statement.where(col(Release.release_id) > after)
    return list(await tx.scalars(statement.order_by(col(Release.release_id)).limit(limit + 1)))


async def release(tx: AsyncSession, tenant: UUID, release_id: UUID) -> Release:
    """Raises NotFound."""
    found = await tx.get(Release, (tenant, release_id))
    if found is None:
        raise NotFound
    return found


async def cells(tx: AsyncSession, found: Release, wanted: CellFilter, after: int, limit: int) -> Sequence[ReleaseCell]:
    """Cells after a position, in order."""
    statement = select(ReleaseCell).where(
        col(ReleaseCell.tenant_id) == found.tenant_id,
        col(ReleaseCell.release_id) == found.release_id,
        col(ReleaseCell.position) > after,
    )
    for name in ("unit", "measure", "kind", "family"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(col(getattr(ReleaseCell, name)) == value)
    return (await tx.scalars(statement.order_by(col(ReleaseCell.position)).limit(limit))).all()


async def all_cells(database: Database, found: Release, wanted: CellFilter) -> AsyncIterator[Sequence[ReleaseCell]]:
    """Every cell, in chunks, each read in a transaction of its own: a slow reader holds no connection.

    A release never changes, so the chunks agree.
    """
    after = -1
    while True:
        async with database.transaction(found.tenant_id) as tx:
            chunk = await cells(tx, found, wanted, after, CELLS_AT_ONCE)
        if chunk:
            yield chunk
        if len(chunk) < CELLS_AT_ONCE:
            return
        after = chunk[-1].position
