"""Reading releases: rows by index, a page at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.db import Database
from service.kit.reasons import ParameterFault
from service.problems import Invalid, NotFound
from service.releases.tables import NUMBERS, Release, ReleaseCell, ReleaseMeasure, ReleaseUnit

CELLS_AT_ONCE = 5000
Position = tuple[int, int]
START: Position = (-1, -1)
_LISTED = ("release_id", "wave_id", "status", "reason", "digest", "released_at")


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


async def releases(
    tx: AsyncSession, tenant: UUID, wave: UUID | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Releases in the order they were made, one more than `limit` where there are more; of a manifest, its head."""
    statement: Select[Any] = select(
        *(col(getattr(Release, name)) for name in _LISTED),
        *(col(Release.manifest)[name].label(name) for name in ("campaign", "wave")),
    ).where(col(Release.tenant_id) == tenant)
    if wave is not None:
        statement = statement.where(col(Release.wave_id) == wave)
    if after is not None:
        statement = statement.where(col(Release.release_id) > after)
    rows: Sequence[Row[Any]] = (await tx.execute(statement.order_by(col(Release.release_id)).limit(limit + 1))).all()
    return rows


async def release(tx: AsyncSession, tenant: UUID, release_id: UUID) -> Release:
    """Raises NotFound."""
    found = await tx.get(Release, (tenant, release_id))
    if found is None:
        raise NotFound
    return found


async def check(tx: AsyncSession, found: Release, wanted: CellFilter) -> None:
    """Raises Invalid for a unit or a measure that the release does not have: no cell would look like a result."""
    faults = []
    for name, table, value in (("unit", ReleaseUnit, wanted.unit), ("measure", ReleaseMeasure, wanted.measure)):
        if value is not None:
            here = (col(table.tenant_id) == found.tenant_id) & (col(table.release_id) == found.release_id)
            if not await tx.scalar(select(exists().where(here, col(getattr(table, name)) == value))):
                faults.append(ParameterFault(name, "query", f"is not a {name} of this release"))
    if faults:
        raise Invalid(faults=faults)


def _cells(found: Release, wanted: CellFilter) -> Select[Any]:
    statement = (
        select(
            *(col(getattr(ReleaseUnit, name)) for name in ("source", "unit", "unit_name", "level")),
            *(col(getattr(ReleaseMeasure, name)) for name in ("measure", "kind", "family", "options")),
            *(col(getattr(ReleaseCell, name)) for name in ("node", "number", "status", "reason", *NUMBERS)),
        )
        .select_from(ReleaseCell)
        .join(ReleaseUnit, _same(ReleaseUnit) & (col(ReleaseUnit.node) == col(ReleaseCell.node)))
        .join(ReleaseMeasure, _same(ReleaseMeasure) & (col(ReleaseMeasure.number) == col(ReleaseCell.number)))
        .where(
            col(ReleaseCell.tenant_id) == found.tenant_id,
            col(ReleaseCell.release_id) == found.release_id,
            col(ReleaseUnit.tenant_id) == found.tenant_id,
            col(ReleaseUnit.release_id) == found.release_id,
            col(ReleaseMeasure.tenant_id) == found.tenant_id,
            col(ReleaseMeasure.release_id) == found.release_id,
        )
        .order_by(col(ReleaseCell.node), col(ReleaseCell.number))
    )
    if wanted.unit is not None:
        statement = statement.where(col(ReleaseUnit.unit) == wanted.unit)
    for name in ("measure", "kind", "family"):
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(col(getattr(ReleaseMeasure, name)) == value)
    return statement


def _same(table: type[ReleaseUnit] | type[ReleaseMeasure]) -> ColumnElement[bool]:
    return (col(table.tenant_id) == col(ReleaseCell.tenant_id)) & (col(table.release_id) == col(ReleaseCell.release_id))


async def cells(
    tx: AsyncSession, found: Release, wanted: CellFilter, after: Position, limit: int
) -> Sequence[Row[Any]]:
    """Cells after a position, unit by unit, in the order of the questionnaire."""
    here = tuple_(col(ReleaseCell.node), col(ReleaseCell.number))
    rows: Sequence[Row[Any]] = (await tx.execute(_cells(found, wanted).where(here > after).limit(limit))).all()
    return rows


async def all_cells(database: Database, found: Release, wanted: CellFilter) -> AsyncIterator[Sequence[Row[Any]]]:
    """Every cell, in chunks, each read in a transaction of its own: a slow reader holds no connection.

    A release never changes, so the chunks agree.
    """
    after = START
    while True:
        async with database.transaction(found.tenant_id) as tx:
            chunk = await cells(tx, found, wanted, after, CELLS_AT_ONCE)
        if chunk:
            yield chunk
        if len(chunk) < CELLS_AT_ONCE:
            return
        after = (chunk[-1].node, chunk[-1].number)
