"""Cells of one release side by side: a unit with those above it, and many units by many measures."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.reasons import ParameterFault
from service.problems import Invalid
from service.releases.aggregates.schemas import (
    MEANS,
    SHARES,
    Against,
    Beside,
    ComparedMeasure,
    Figures,
    HeatCell,
    HeatColumn,
    HeatRow,
    HeatShares,
)
from service.releases.queries import below, of_release
from service.releases.tables import Release, ReleaseCell, ReleaseMeasure, ReleaseUnit
from service.tenants.registrar import Unit

Cell = Mapping[str, Any]
_NAMES = ("node", "parent", "source", "unit", "unit_name", "level")
_FIGURES = tuple(dict.fromkeys((*MEANS, *SHARES)))
_HEAT = ("status", "reason", "mean", "mean_bound")
_HEAT_SHARES = tuple(HeatShares.model_fields)


class Place(NamedTuple):
    """A whole unit that may be seen."""

    node: int
    parent: int | None
    source: str | None
    unit: str | None
    unit_name: str
    level: int


class Column(NamedTuple):
    """A measure that has means; `number`: of its means, `shares`: of its shares, where it has any."""

    number: int
    measure: str
    kind: str
    shares: int | None


async def places(
    tx: AsyncSession,
    found: Release,
    within: Unit | None,
    *which: ColumnElement[bool],
    limit: int | None = None,
) -> list[Place]:
    """Whole units that may be seen, and of which this holds; parents first."""
    statement = (
        select(*(col(getattr(ReleaseUnit, name)) for name in _NAMES))
        .where(of_release(ReleaseUnit, found), below(within), col(ReleaseUnit.dimensions) == literal({}, JSONB))
        .where(*which)
        .order_by(col(ReleaseUnit.node))
        .limit(limit)
    )
    return [Place(*row) for row in await tx.execute(statement)]


async def listed(
    tx: AsyncSession, found: Release, within: Unit | None, under: Place | None, after: int, limit: int
) -> list[Place]:
    """Whole units behind a node; those directly below one, where it is given."""
    which = [] if under is None else [col(ReleaseUnit.parent) == under.node]
    return await places(tx, found, within, col(ReleaseUnit.node) > after, *which, limit=limit)


async def place(tx: AsyncSession, found: Release, within: Unit | None, unit: str | None, name: str = "unit") -> Place:
    """The unit asked for, else the topmost that may be seen. Raises Invalid for one that is not there."""
    which = [] if unit is None else [col(ReleaseUnit.unit) == unit]
    one = await places(tx, found, within, *which, limit=1)
    if not one:
        raise Invalid(faults=[ParameterFault(name, "query", "is not a unit of this release")])
    return one[0]


async def columns(tx: AsyncSession, found: Release, kind: str | None) -> list[Column]:
    """The measures that have means, in the order of the questionnaire."""
    names = ("number", "measure", "kind", "family")
    statement = select(*(col(getattr(ReleaseMeasure, name)) for name in names)).where(of_release(ReleaseMeasure, found))
    if kind is not None:
        statement = statement.where(col(ReleaseMeasure.kind) == kind)
    rows = (await tx.execute(statement.order_by(col(ReleaseMeasure.number)))).all()
    shares = {row.measure: row.number for row in rows if row.family == "distribution"}
    return [Column(row.number, row.measure, row.kind, shares.get(row.measure)) for row in rows if row.family == "mean"]


def _numbers(shown: Sequence[Column]) -> list[int]:
    return [number for column in shown for number in (column.number, column.shares) if number is not None]


async def _cells(
    tx: AsyncSession, found: Release, names: Sequence[str], nodes: Sequence[int], numbers: Sequence[int]
) -> dict[tuple[int, int], Cell]:
    """Cells by node and measure, each by its key."""
    statement = select(
        col(ReleaseCell.node), col(ReleaseCell.number), *(col(getattr(ReleaseCell, name)) for name in names)
    ).where(
        of_release(ReleaseCell, found),
        col(ReleaseCell.node) == func.any(list(nodes)),
        col(ReleaseCell.number) == func.any(list(numbers)),
    )
    rows: Sequence[Row[Any]] = (await tx.execute(statement)).all()
    return {(row.node, row.number): dict(row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's documented name


async def comparison(
    tx: AsyncSession,
    found: Release,
    within: Unit | None,
    one: Place,
    benchmark: Mapping[str, Mapping[str, str]],
    kind: str | None,
) -> list[ComparedMeasure]:
    """Each measure of a unit, beside the unit above, the topmost that may be seen, and uploaded figures."""
    nodes = [node for node in {one.parent, 0} if node is not None]
    above = {own.node for own in await places(tx, found, within, col(ReleaseUnit.node).in_(nodes))}
    shown = await columns(tx, found, kind)
    cells = await _cells(tx, found, _FIGURES, [*{one.node, *above}], _numbers(shown))

    def beside(node: int | None, column: Column) -> Beside | None:
        if node is None or node == one.node or node not in above:
            return None
        other = cells[node, column.number]
        figures = Figures.of(other, _shares(cells, node, column))
        return Beside(figures=figures, difference=_difference(cells[one.node, column.number], other))

    return [
        ComparedMeasure(
            measure=column.measure,
            kind=column.kind,
            unit=Figures.of(cells[one.node, column.number], _shares(cells, one.node, column)),
            parent=beside(one.parent, column),
            whole=beside(0, column),
            benchmark=_against(
                cells[one.node, column.number], _shares(cells, one.node, column), benchmark.get(column.measure)
            ),
        )
        for column in shown
    ]


def _shares(cells: Mapping[tuple[int, int], Cell], node: int, column: Column) -> Cell | None:
    return None if column.shares is None else cells[node, column.shares]


def _exactly(cell: Cell | None, name: str) -> Decimal | None:
    """A figure that is shown as it is, not only where it ends."""
    figure: Decimal | None = None if cell is None else cell[name]
    return figure if cell is not None and cell[f"{name}_bound"] is None else None


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


def _difference(cell: Cell, other: Cell) -> Decimal | None:
    return _less(_exactly(cell, "mean"), _exactly(other, "mean"))


def _against(cell: Cell, shares: Cell | None, benchmark: Mapping[str, str] | None) -> Against | None:
    if benchmark is None:
        return None
    mean, favourable = (None if name not in benchmark else Decimal(benchmark[name]) for name in ("mean", "favourable"))
    return Against(
        mean=mean,
        difference=_less(_exactly(cell, "mean"), mean),
        favourable=favourable,
        favourable_difference=_less(_exactly(shares, "favourable"), favourable),
    )


async def heat_rows(tx: AsyncSession, found: Release, units: Sequence[Place], shown: Sequence[Column]) -> list[HeatRow]:
    """What each unit shows of each measure."""
    names = dict.fromkeys((*_HEAT, *_HEAT_SHARES))
    cells = await _cells(tx, found, tuple(names), [one.node for one in units], _numbers(shown))

    def heat(node: int, column: Column) -> HeatCell:
        of_mean, of_shares = cells[node, column.number], _shares(cells, node, column)
        shares = None if of_shares is None else HeatShares(**{name: of_shares[name] for name in _HEAT_SHARES})
        return HeatCell(**{name: of_mean[name] for name in _HEAT}, shares=shares)

    return [
        HeatRow(
            source=one.source,
            unit=one.unit,
            unit_name=one.unit_name,
            level=one.level,
            cells=[heat(one.node, column) for column in shown],
        )
        for one in units
    ]


def heat_columns(found: Release, shown: Sequence[Column]) -> list[HeatColumn]:
    """The measures with what they are called, and their ends."""
    described = {one["id"]: one for one in found.manifest["measures"]}
    return [
        HeatColumn(
            measure=column.measure,
            kind=column.kind,
            text=described[column.measure]["text"],
            lowest=described[column.measure].get("lowest"),
            highest=described[column.measure].get("highest"),
        )
        for column in shown
    ]
