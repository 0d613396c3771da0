"""A campaign's results wave after wave: what each release shows of one unit, and how means changed in between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.tables import Campaign, Wave
from service.kit.reasons import ParameterFault
from service.problems import Invalid, NotFound
from service.releases.queries import below, told_to
from service.releases.shown_change import Shown, ShownChange, shown_change
from service.releases.tables import NUMBERS, Release, ReleaseCell, ReleaseMeasure, ReleaseUnit
from service.tenants.principals import Principal

_TEXTS = frozenset({"text", "labels"})
_PLACE = ("source", "unit", "unit_name")
_MEASURE = ("measure", "kind")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which unit (None: the top that the caller sees), and which measures."""

    unit: str | None = None
    measure: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseOfWave:
    """A wave's own release.

    Attributes:
        described: its measures, as its manifest describes them, by their ids.
        meanings: the same without words: what the scores are, so that like is compared with like.
    """

    release_id: UUID
    wave_number: int
    released_at: datetime
    digest: str
    described: Mapping[str, Mapping[str, Any]]
    meanings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Point:
    """What one release shows of a measure, and the change since the one before, or why none is told.

    `cell` is of its mean, `shares` of its answers' shares, where it has any.
    """

    release: ReleaseOfWave
    cell: Mapping[str, Any]
    shares: Mapping[str, Any] | None
    change: ShownChange | None
    since_wave: int | None
    no_change: str | None


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of one unit, wave after wave; the unit's name, and what is said of the measure, are the latest."""

    source: str | None
    unit: str | None
    unit_name: str
    measure: str
    kind: str
    described: Mapping[str, Any]
    points: list[Point]


async def releases_of(tx: AsyncSession, caller: Principal, campaign: UUID, waves: int) -> list[ReleaseOfWave]:
    """The last waves' own releases that the caller sees something of, oldest first. Raises NotFound."""
    if await tx.get(Campaign, (caller.tenant_id, campaign)) is None:
        raise NotFound
    statement = (
        select(
            *(col(getattr(Release, name)) for name in ("release_id", "released_at", "digest")),
            col(Release.manifest)["measures"].label("measures"),
            col(Wave.number),
        )
        .join(Wave, (col(Wave.tenant_id) == col(Release.tenant_id)) & (col(Wave.wave_id) == col(Release.wave_id)))
        .where(col(Release.tenant_id) == caller.tenant_id, col(Wave.campaign_id) == campaign, told_to(caller))
        .where(col(Release.status) == "published", col(Release.withdrawn_at).is_(None))
        .where(col(Release.recut_id).is_(None), col(Release.part).is_(None))
        .order_by(col(Wave.number).desc())
        .limit(waves)
    )
    found = (await tx.execute(statement)).all()
    return [
        ReleaseOfWave(
            row.release_id,
            row.number,
            row.released_at,
            row.digest,
            {measure["id"]: measure for measure in row.measures or ()},
            _meanings(row.measures),
        )
        for row in reversed(found)
    ]


def _meanings(measures: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """By measure what its description says, but for how it is worded."""
    meanings: dict[str, Any] = {}
    for measure in measures or ():
        meaning = {name: value for name, value in measure.items() if name not in _TEXTS}
        if options := meaning.get("options"):
            meaning["options"] = [option["id"] for option in options]
        meanings[measure["id"]] = meaning
    return meanings


async def trend(tx: AsyncSession, caller: Principal, releases: Sequence[ReleaseOfWave], wanted: Wanted) -> list[Series]:
    """The means of one unit over these releases, as `shown_by` them.

    Raises Invalid for a unit that none of them has, or a measure of which none has means.
    """
    found = await shown_by(tx, caller, releases, wanted)
    if releases and not found:
        absent = await _absent(tx, caller, releases, wanted)
        faults = [ParameterFault(name, "query", f"is not a {name} of these releases") for name in absent]
        if faults:
            raise Invalid(faults=faults)
    return found


async def shown_by(
    tx: AsyncSession, caller: Principal, releases: Sequence[ReleaseOfWave], wanted: Wanted
) -> list[Series]:
    """The means of one unit over these releases, in the order of the latest questionnaire; none where none has any."""
    if not releases:
        return []
    rows = (await tx.execute(_cells(caller, releases, wanted, "mean"))).all()
    beside = (await tx.execute(_cells(caller, releases, wanted, "distribution"))).all()
    shares = {_which(row): dict(row._mapping) for row in beside}  # noqa: SLF001 - SQLAlchemy's documented name
    by_id = {one.release_id: one for one in releases}
    series: dict[tuple[Any, ...], list[Row[Any]]] = {}
    for row in sorted(rows, key=lambda row: by_id[row.release_id].wave_number):
        series.setdefault((row.source, row.unit, row.measure), []).append(row)
    last = {key: (by_id[found[-1].release_id].wave_number, -found[-1].number) for key, found in series.items()}
    ordered = sorted(series, key=lambda key: (str(key[:2]), last[key]), reverse=True)
    return [_series(series[key], by_id, shares) for key in ordered]


def _which(row: Row[Any]) -> tuple[Any, ...]:
    return row.release_id, row.source, row.unit, row.measure


async def _absent(tx: AsyncSession, caller: Principal, releases: Sequence[ReleaseOfWave], wanted: Wanted) -> list[str]:
    """What is asked for by name and has no means: a unit that is there may be one of which only choices were asked."""
    found = [name for name in ("measure", "kind") if getattr(wanted, name) is not None]
    if wanted.unit is None:
        return found
    here = (
        col(ReleaseUnit.tenant_id) == caller.tenant_id,
        col(ReleaseUnit.release_id).in_([one.release_id for one in releases]),
        col(ReleaseUnit.unit) == wanted.unit,
        below(caller.unit),
    )
    return found if await tx.scalar(select(exists().where(*here))) else ["unit", *found]


def _cells(caller: Principal, releases: Sequence[ReleaseOfWave], wanted: Wanted, family: str) -> Select[Any]:
    """The cells of the whole unit in these releases, of one family, each by its key."""
    # The unit asked for, or the key's own, or the top.
    if wanted.unit is not None:
        which = col(ReleaseUnit.unit) == wanted.unit
    elif caller.unit is not None:
        which = (col(ReleaseUnit.unit) == caller.unit.external_id) & (col(ReleaseUnit.source) == caller.unit.source)
    else:
        which = col(ReleaseUnit.parent).is_(None)
    exact = {"measure": wanted.measure, "kind": wanted.kind}
    measures = [col(getattr(ReleaseMeasure, name)) == value for name, value in exact.items() if value is not None]
    return (
        select(
            col(ReleaseUnit.release_id),
            *(col(getattr(ReleaseUnit, name)) for name in _PLACE),
            *(col(getattr(ReleaseMeasure, name)) for name in (*_MEASURE, "number")),
            *(col(getattr(ReleaseCell, name)) for name in ("status", "reason", *NUMBERS)),
        )
        .select_from(ReleaseUnit)
        .join(
            ReleaseMeasure,
            (col(ReleaseMeasure.tenant_id) == col(ReleaseUnit.tenant_id))
            & (col(ReleaseMeasure.release_id) == col(ReleaseUnit.release_id)),
        )
        .join(
            ReleaseCell,
            (col(ReleaseCell.tenant_id) == col(ReleaseUnit.tenant_id))
            & (col(ReleaseCell.release_id) == col(ReleaseUnit.release_id))
            & (col(ReleaseCell.node) == col(ReleaseUnit.node))
            & (col(ReleaseCell.number) == col(ReleaseMeasure.number)),
        )
        .where(col(ReleaseUnit.tenant_id) == caller.tenant_id)
        .where(col(ReleaseUnit.release_id).in_([one.release_id for one in releases]))
        .where(which, col(ReleaseUnit.dimensions) == literal({}, JSONB), below(caller.unit))
        .where(col(ReleaseMeasure.family) == family, *measures)
    )


def _series(
    rows: Sequence[Row[Any]], releases: Mapping[UUID, ReleaseOfWave], shares: Mapping[tuple[Any, ...], Any]
) -> Series:
    points: list[Point] = []
    for row in rows:
        cell = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
        before = points[-1] if points else None
        points.append(_point(releases[row.release_id], cell, shares.get(_which(row)), before))
    latest = rows[-1]
    described = releases[latest.release_id].described.get(latest.measure, {})
    return Series(latest.source, latest.unit, latest.unit_name, latest.measure, latest.kind, described, points)


def _point(
    release: ReleaseOfWave, cell: Mapping[str, Any], shares: Mapping[str, Any] | None, before: Point | None
) -> Point:
    if before is None:
        return Point(release, cell, shares, None, None, "first")
    reason = _no_change(before, release, cell)
    if reason is not None:
        return Point(release, cell, shares, None, before.release.wave_number, reason)
    change = shown_change(_shown(before.cell), _shown(cell))
    return Point(release, cell, shares, change, before.release.wave_number, None)


def _no_change(before: Point, release: ReleaseOfWave, cell: Mapping[str, Any]) -> str | None:
    """Why a change can not be told: what is compared must be shown both times, and mean the same."""
    if "withheld" in {before.cell["status"], cell["status"]}:
        return "withheld"
    meanings = [one.meanings.get(cell["measure"]) for one in (before.release, release)]
    if meanings[0] is None or meanings[0] != meanings[1]:
        return "not_comparable"
    # Of an eNPS, or where an end of the scale hides it, no mean is shown, or only where it ends.
    if any(one["mean"] is None or one["mean_bound"] is not None for one in (before.cell, cell)):
        return "no_mean"
    return None


def _shown(cell: Mapping[str, Any]) -> Shown:
    error: Decimal | None = cell["se"]
    return Shown(cell["mean"], error, cell["n_from"])
