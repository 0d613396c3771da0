"""All cells of a release, place by place, with their figures as text that the server has put together.

A cell as a row of objects takes ten times as long: a release may have a million of them.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, Text, cast, func, literal_column, select, true
from sqlmodel import col

from service.kit.db import Database
from service.releases.columns import AFTER, BEFORE, Column
from service.releases.queries import CellFilter, measures_wanted, of_release, places_wanted
from service.releases.tables import Release, ReleaseCell, ReleaseUnit

CELLS_AT_ONCE = 5000
COMMA, PART, LINE = ",", "\x1f", "\n"
"""Between figures, around the distribution, and between cells. No figure holds one of them."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure in a family; `options` are what its distribution is over."""

    measure: str
    kind: str
    family: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceOfCells:
    """A place, and what its cells show: a line each, in the order of the measures, in three parts, see `PART`."""

    source: str | None
    unit: str | None
    unit_name: str
    level: int
    dimensions: dict[str, str]
    cells: str


async def measures(database: Database, found: Release, wanted: CellFilter) -> tuple[list[int], list[Measure]]:
    """Numbers and names of the measures asked for, in the release's order."""
    async with database.transaction(found.tenant_id) as tx:
        rows = (await tx.execute(measures_wanted(found, wanted))).all()
    rows = sorted(rows, key=lambda row: row.number)
    return (
        [row.number for row in rows],
        [Measure(row.measure, row.kind, row.family, tuple(row.options or ())) for row in rows],
    )


async def places(
    database: Database, found: Release, wanted: CellFilter, numbers: Sequence[int]
) -> AsyncGenerator[list[PlaceOfCells]]:
    """The places asked for, with the cells of these measures; in chunks, each read in a transaction of its own.

    A release never changes, so the chunks agree, and a slow reader holds no connection.
    """
    if not numbers:
        return
    at_once = max(1, CELLS_AT_ONCE // len(numbers))
    after = -1
    while True:
        async with database.transaction(found.tenant_id) as tx:
            rows = (await tx.execute(_statement(found, wanted, numbers, after, at_once))).all()
        if rows:
            after = rows[-1].node
            yield [_place(row) for row in rows]
        if len(rows) < at_once:
            return


def _place(row: Row[Any]) -> PlaceOfCells:
    return PlaceOfCells(row.source, row.unit, row.unit_name, row.level, row.dimensions, row.lines)


def _statement(found: Release, wanted: CellFilter, numbers: Sequence[int], after: int, at_once: int) -> Select[Any]:
    place = (
        places_wanted(found, wanted)
        .where(col(ReleaseUnit.node) > after)
        .order_by(col(ReleaseUnit.node))
        .limit(at_once)
        .subquery("place")
    )
    shares = func.coalesce(cast(col(ReleaseCell.distribution), Text), "")
    line = _joined(BEFORE).concat(PART).concat(shares).concat(PART).concat(_joined(AFTER))
    cells = (
        select(line.label("line"))
        .where(of_release(ReleaseCell, found), col(ReleaseCell.node) == place.c.node)
        .where(col(ReleaseCell.number) == func.any(list(numbers)))
        .order_by(col(ReleaseCell.number))
        .correlate(place)
        .subquery("cell")
    )
    lines = select(func.string_agg(cells.c.line, LINE).label("lines")).select_from(cells).lateral("shown")
    return select(place, lines.c.lines).select_from(place.join(lines, true())).order_by(place.c.node)


def _joined(columns: Sequence[Column]) -> Any:
    """Figures as one text; nothing where there is none."""
    pieces: list[Any] = []
    for column in columns:
        pieces += [literal_column(f"release_cell.{column.name}"), literal_column("','")]
    return func.concat(*pieces[:-1])
