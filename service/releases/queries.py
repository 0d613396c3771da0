"""Reading releases: rows by index, a page at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, any_, exists, false, func, literal, select, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from service.campaigns.plan import MOST_CROSSED, ORG
from service.kit.reasons import ParameterFault
from service.problems import Invalid, NotFound
from service.releases.tables import NUMBERS, Release, ReleaseCell, ReleaseCertificate, ReleaseMeasure, ReleaseUnit
from service.tenants.principals import Principal
from service.tenants.registrar import Unit

Position = tuple[int, int]
Condition = ColumnElement[bool]
START: Position = (-1, -1)
_LISTED = (
    "release_id", "wave_id", "recut_id", "part", "status", "reason", "digest", "released_at", "withdrawn_at",
    "withdrawn_because", "replaced_by",
)  # fmt: skip
OVERLAP = timedelta(days=1)
"""What changed before it is committed by now, or never: no transaction that writes a release takes as long."""


@dataclass(frozen=True, slots=True)
class CellFilter:
    """Which cells of a release; `within`: of this unit and of what is below it alone."""

    within: Unit | None = None
    unit: str | None = None
    measure: str | None = None
    kind: str | None = None
    family: str | None = None
    breakdown: str | None = None
    dimension: str | None = None
    value: str | None = None

    def text(self) -> str:
        """The filter as one string, for the ETag."""
        parts = (
            *(self.within or (None, None)),
            self.unit,
            self.measure,
            self.kind,
            self.family,
            self.breakdown,
            self.dimension,
            self.value,
        )
        return "\0".join("" if part is None else "=" + part for part in parts)


async def releases(
    tx: AsyncSession, caller: Principal, wave: UUID | None, since: datetime | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Releases in the order they were made, one more than `limit` where there are more; of a manifest, its head.

    Those that the caller may read, and that were released or withdrawn since the moment, where one is given.
    """
    statement: Select[Any] = select(
        *(col(getattr(Release, name)) for name in _LISTED),
        *(col(Release.manifest)[name].label(name) for name in ("campaign", "wave")),
    ).where(col(Release.tenant_id) == caller.tenant_id, told_to(caller))
    if since is not None:
        statement = statement.where(col(Release.changed_at) >= since)
    if wave is not None:
        statement = statement.where(col(Release.wave_id) == wave)
    if after is not None:
        statement = statement.where(col(Release.release_id) > after)
    rows: Sequence[Row[Any]] = (await tx.execute(statement.order_by(col(Release.release_id)).limit(limit + 1))).all()
    return rows


async def as_of(tx: AsyncSession) -> datetime:
    """From when on a reader of all releases up to now has to ask again, by the database's clock."""
    found: datetime | None = await tx.scalar(select(func.statement_timestamp() - OVERLAP))
    if found is None:
        raise RuntimeError("the database has no time")
    return found


async def release(tx: AsyncSession, caller: Principal, release_id: UUID) -> Release:
    """One that the caller may read something of. Raises NotFound."""
    mine = (col(Release.tenant_id) == caller.tenant_id) & (col(Release.release_id) == release_id)
    found = (await tx.scalars(select(Release).where(mine, told_to(caller)))).one_or_none()
    if found is None:
        raise NotFound
    return found


def told_to(caller: Principal) -> Condition:
    """That a release has the caller's unit, and that its contract opens it to the caller."""
    named: Condition = col(Release.recipients).is_(None)
    if caller.recipient is not None:
        named |= literal(caller.recipient) == any_(col(Release.recipients))
    return and_(named, _has_unit(caller.unit))


def _has_unit(unit: Unit | None) -> Condition:
    if unit is None:
        return true()
    return exists().where(
        col(ReleaseUnit.tenant_id) == col(Release.tenant_id),
        col(ReleaseUnit.release_id) == col(Release.release_id),
        col(ReleaseUnit.source) == unit.source,
        col(ReleaseUnit.unit) == unit.external_id,
    )


def below(unit: Unit | None) -> Condition:
    """That a place is this unit or below it."""
    if unit is None:
        return true()
    top = aliased(ReleaseUnit)
    return exists().where(
        col(top.tenant_id) == col(ReleaseUnit.tenant_id),
        col(top.release_id) == col(ReleaseUnit.release_id),
        col(top.source) == unit.source,
        col(top.unit) == unit.external_id,
        col(top.dimensions) == col(ReleaseUnit.dimensions),
        col(ReleaseUnit.node).between(col(top.node), col(top.last)),
    )


async def of_recuts(tx: AsyncSession, tenant: UUID, recuts: Sequence[UUID]) -> dict[UUID, Release]:
    """The release that came of each recut, where it was made."""
    mine = (col(Release.tenant_id) == tenant) & col(Release.recut_id).in_(recuts)
    found = (await tx.scalars(select(Release).where(mine))).all()
    return {release.recut_id: release for release in found if release.recut_id is not None}


async def certificate(tx: AsyncSession, found: Release) -> dict[str, Any]:
    """Certificate, signature and public key. Raises NotFound: a refused release has none, nor has an old one."""
    row = await tx.get(ReleaseCertificate, (found.tenant_id, found.release_id))
    if row is None:
        raise NotFound
    return row.signed


def of_release(table: type[ReleaseUnit] | type[ReleaseMeasure] | type[ReleaseCell], found: Release) -> Condition:
    """That a row is of this release."""
    return (col(table.tenant_id) == found.tenant_id) & (col(table.release_id) == found.release_id)


async def check(tx: AsyncSession, found: Release, wanted: CellFilter) -> None:
    """Raises Invalid for a unit, measure or value that the release does not have: no cell would look like a result."""
    if wanted.value is not None and wanted.dimension is None:
        raise Invalid(faults=[ParameterFault("value", "query", "needs a dimension")])
    faults = []
    for name, table, condition in _conditions(wanted):
        if not await tx.scalar(select(exists().where(of_release(table, found), condition))):
            faults.append(ParameterFault(name, "query", f"is not a {name} of this release"))
    if faults:
        raise Invalid(faults=faults)


def _conditions(wanted: CellFilter) -> Iterator[tuple[str, type[ReleaseUnit] | type[ReleaseMeasure], Condition]]:
    """What is asked, each with the rows that must have it."""
    if wanted.unit is not None:
        yield "unit", ReleaseUnit, (col(ReleaseUnit.unit) == wanted.unit) & below(wanted.within)
    if wanted.measure is not None:
        yield "measure", ReleaseMeasure, col(ReleaseMeasure.measure) == wanted.measure
    values = col(ReleaseUnit.dimensions)
    if wanted.breakdown is not None:
        yield "breakdown", ReleaseUnit, _broken_down(wanted.breakdown.split("*"))
    if wanted.dimension is not None:
        yield "dimension", ReleaseUnit, values.op("?")(wanted.dimension)
    if wanted.dimension is not None and wanted.value is not None:
        yield "value", ReleaseUnit, values.op("->>")(wanted.dimension) == wanted.value


def _broken_down(names: Sequence[str]) -> Condition:
    """Places that have a value in each of these dimensions and in no other."""
    if names[0] != ORG or len(names) > 1 + MOST_CROSSED:
        return false()
    values = col(ReleaseUnit.dimensions)
    rest: Any = values
    for name in names[1:]:
        rest = rest.op("-")(name)
    return and_(rest == literal({}, JSONB), *(values.op("?")(name) for name in names[1:]))


def measures_wanted(found: Release, wanted: CellFilter) -> Select[Any]:
    """The measures asked for."""
    exact = {"kind": wanted.kind, "family": wanted.family}
    return (
        select(*(col(getattr(ReleaseMeasure, name)) for name in ("number", "measure", "kind", "family", "options")))
        .where(of_release(ReleaseMeasure, found))
        .where(*(condition for _, table, condition in _conditions(wanted) if table is ReleaseMeasure))
        .where(*(col(getattr(ReleaseMeasure, name)) == value for name, value in exact.items() if value is not None))
    )


def places_wanted(found: Release, wanted: CellFilter) -> Select[Any]:
    """The places asked for, of those that may be seen."""
    names = ("node", "source", "unit", "unit_name", "level", "dimensions")
    return (
        select(*(col(getattr(ReleaseUnit, name)) for name in names))
        .where(of_release(ReleaseUnit, found), below(wanted.within))
        .where(*(condition for _, table, condition in _conditions(wanted) if table is ReleaseUnit))
    )


def _cells(found: Release, wanted: CellFilter, after: Position, limit: int) -> Select[Any]:
    """A page of cells: as many places as it can need, by the measures asked for, each pair's cell by its key.

    In this order whatever the planner thinks of tables that nobody has analysed since they were filled: the other way
    round, a release of 100,000 cells is read once for each of its places. Every place has a cell of every measure.
    """
    measures = measures_wanted(found, wanted).cte("measure")
    # The first place may have been shown to its last measure.
    enough = select(limit / func.greatest(func.count(), 1) + 2).select_from(measures).scalar_subquery()
    place = (
        places_wanted(found, wanted)
        .where(col(ReleaseUnit.node) >= after[0])
        .order_by(col(ReleaseUnit.node))
        .limit(enough)
        .subquery("place")
    )
    cell = (
        select(*(col(getattr(ReleaseCell, name)) for name in ("status", "reason", *NUMBERS)))
        .where(
            of_release(ReleaseCell, found),
            col(ReleaseCell.node) == place.c.node,
            col(ReleaseCell.number) == measures.c.number,
        )
        .offset(0)  # keeps it from being merged into the joins above
        .lateral("cell")
    )
    return (
        select(place, measures, cell)
        .select_from(place.join(measures, true()).join(cell, true()))
        .where(tuple_(place.c.node, measures.c.number) > after)
        .order_by(place.c.node, measures.c.number)
        .limit(limit)
    )


async def cells(
    tx: AsyncSession, found: Release, wanted: CellFilter, after: Position, limit: int
) -> Sequence[Row[Any]]:
    """Cells after a position, unit by unit, in the order of the questionnaire."""
    rows: Sequence[Row[Any]] = (await tx.execute(_cells(found, wanted, after, limit))).all()
    return rows
