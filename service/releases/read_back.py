"""A release as it stands in its rows, for those who check it: nothing here remembers how the rows were made."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.releases.cells import Shown
from service.releases.comments import pinned
from service.releases.digest import Released

_PLACES = text("""
    SELECT node, parent, source, unit, unit_name, level, dimensions FROM release_unit
    WHERE tenant_id = :tenant AND release_id = :release ORDER BY node
""")
_MEASURES = text("""
    SELECT number, measure, family, kind, options FROM release_measure
    WHERE tenant_id = :tenant AND release_id = :release ORDER BY number
""")
# Arrays, one row a column: rows of single cells would take ten times as long to read.
_PUBLISHED = text("""
    SELECT number, array_agg(node ORDER BY node) AS places,
           array_agg(n_from ORDER BY node) AS n_from, array_agg(n_to ORDER BY node) AS n_to,
           array_agg(node ORDER BY node) FILTER (WHERE sd IS NOT NULL) AS deviations
    FROM release_cell WHERE tenant_id = :tenant AND release_id = :release AND status = 'published' GROUP BY number
""")
_OF_ALL = text("""
    SELECT measure, sd FROM release_cell JOIN release_measure USING (tenant_id, release_id, number)
    WHERE tenant_id = :tenant AND release_id = :release AND node = 0 AND sd IS NOT NULL
""")
_COLUMN = text("""
    SELECT node, status, reason, n_from, n_to, mean::text AS mean, sd::text AS sd,
           favourable::text AS favourable, favourable_bound, neutral::text AS neutral, neutral_bound,
           unfavourable::text AS unfavourable, unfavourable_bound,
           replace(distribution::text, ', ', ',') AS distribution, mean_bound, se::text AS se, low::text AS low,
           high::text AS high, basis, rwg::text AS rwg, enps::text AS enps, enps_bound
    FROM release_cell WHERE tenant_id = :tenant AND release_id = :release AND number = :number ORDER BY node
""")
_COMMENTS = text("""
    SELECT item, node, comment FROM release_comment WHERE tenant_id = :tenant AND release_id = :release
""")


@dataclass(frozen=True, slots=True)
class Place:
    """A row of `release_unit`: a unit, or everybody where it has none, whole or with these values.

    `parent` is the number of the place above, of the same values.
    """

    parent: int | None
    source: str | None
    unit: str | None
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cells:
    """The published cells of one measure in one family; lists of one length but `deviations`.

    Attributes:
        places: numbers of the places, ascending.
        n_from: printed number of respondents, at least.
        n_to: and at most.
        deviations: places that also show a standard deviation.
    """

    measure: str
    family: str
    places: list[int]
    n_from: list[int]
    n_to: list[int]
    deviations: list[int]


@dataclass(frozen=True, slots=True)
class Published:
    """All that is published of a wave, place by place."""

    places: list[Place]
    cells: list[Cells]


async def published(tx: AsyncSession, tenant: UUID, release: UUID) -> Published:
    """The published cells, with where they are."""
    scope = {"tenant": tenant, "release": release}
    places = [Place(row.parent, row.source, row.unit, row.dimensions) for row in await tx.execute(_PLACES, scope)]
    measures = {row.number: row for row in await tx.execute(_MEASURES, scope)}
    cells = [
        Cells(
            measures[row.number].measure,
            measures[row.number].family,
            row.places,
            row.n_from,
            row.n_to,
            row.deviations or [],
        )
        for row in await tx.execute(_PUBLISHED, scope)
    ]
    return Published(places, cells)


async def deviations_of_all(tx: AsyncSession, tenant: UUID, release: UUID) -> dict[str, Decimal]:
    """The standard deviation that is shown of everybody, by measure."""
    rows = await tx.execute(_OF_ALL, {"tenant": tenant, "release": release})
    return {row.measure: row.sd for row in rows}


async def columns(tx: AsyncSession, tenant: UUID, release: UUID) -> list[Released]:
    """Every cell as its texts, withheld ones included, in the order of the release.

    A column whose cells are not those of places 0, 1, 2, ... is no column of ours, and comes without any.
    """
    scope = {"tenant": tenant, "release": release}
    out = []
    for measure in (await tx.execute(_MEASURES, scope)).all():
        rows = (await tx.execute(_COLUMN, scope | {"number": measure.number})).all()
        if [row.node for row in rows] != list(range(len(rows))):
            rows = []
        figures: list[Any] = [[row[1 + at] for row in rows] for at in range(len(Shown._fields))]
        out.append(Released(measure.measure, measure.family, measure.kind, measure.options, Shown(*figures)))
    return out


async def places(tx: AsyncSession, tenant: UUID, release: UUID) -> dict[str, list[Any]]:
    """The places column by column, as they were written; beside them the comments, where the release has any."""
    rows = (await tx.execute(_PLACES, {"tenant": tenant, "release": release})).all()
    names = {"nodes": "node", "parents": "parent", "sources": "source", "units": "unit", "names": "unit_name"}
    found = {name: [getattr(row, column) for row in rows] for name, column in names.items()}
    found |= {"levels": [row.level for row in rows], "dimensions": [dict(row.dimensions) for row in rows]}
    comments = await tx.execute(_COMMENTS, {"tenant": tenant, "release": release})
    return found | pinned((row.item, row.node, row.comment) for row in comments)
