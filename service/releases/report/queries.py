"""Reading what a report shows: one unit's cells, the scores of those directly below it, earlier waves, the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import queries as campaigns
from service.campaigns.problems import ContractBroken
from service.campaigns.promises.contract import Notary
from service.campaigns.promises.contract import digest as contract_digest
from service.campaigns.promises.wording import sentences
from service.kit.reasons import ParameterFault
from service.problems import Invalid, NotFound
from service.releases import queries, trend
from service.releases.certificate import CertificateRefused, verified
from service.releases.queries import below, of_release
from service.releases.report.charts.trend import TrendPoint
from service.releases.report.content import Below, Cell, Certificate, Content, Measure, Place, Promise, Told, Wave
from service.releases.report.wording import Language
from service.releases.statistics_schemas import Statistics
from service.releases.tables import NUMBERS, Release, ReleaseCell, ReleaseMeasure, ReleaseUnit
from service.releases.trend import ReleaseOfWave, Wanted
from service.tenants.principals import Principal

UNITS_SHOWN, WAVES_SHOWN = 200, 16
_WHOLE: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Spot:
    """A unit of a release, whole."""

    node: int
    place: Place


@dataclass(frozen=True, slots=True)
class Asked:
    """A report of one unit: the release, who asks, and the releases that its trend is made of."""

    release: Release
    caller: Principal
    spot: Spot
    waves: Sequence[ReleaseOfWave]

    def parts(self) -> tuple[str, ...]:
        """All that decides what it shows, beside the release and the language; for its ETag."""
        place = self.spot.place
        mine = self.caller.unit or (None, None)
        names = ["" if one is None else f"={one}" for one in (place.source, place.unit, *mine)]
        return (*names, *(wave.digest for wave in self.waves))


async def asked(tx: AsyncSession, release: Release, caller: Principal, unit: str | None, source: str | None) -> Asked:
    """What is to be reported.

    Raises NotFound of a refused release and of a recut, Invalid for a unit that is not to be seen.
    """
    if release.status != "published" or release.recut_id is not None:  # a recut shows groups, and no whole unit
        raise NotFound
    spot = await _spot(tx, release, caller, unit, source)
    campaign = await campaigns.wave(tx, release.tenant_id, release.wave_id)
    waves = await trend.releases_of(tx, caller, campaign.campaign_id, WAVES_SHOWN)
    # Interim results stand before their wave's own, and after those of the waves before.
    last = release.manifest["wave"]["number"] - (release.part is not None)
    return Asked(release, caller, spot, [wave for wave in waves if wave.wave_number <= last])


async def _spot(tx: AsyncSession, release: Release, caller: Principal, unit: str | None, source: str | None) -> Spot:
    """The unit asked for, else the key's own, else the top."""
    statement = select(*(col(getattr(ReleaseUnit, name)) for name in ("node", "source", "unit", "unit_name"))).where(
        of_release(ReleaseUnit, release), below(caller.unit), col(ReleaseUnit.dimensions) == literal(_WHOLE, JSONB)
    )
    if unit is not None:
        statement = statement.where(col(ReleaseUnit.unit) == unit)
    if source is not None:
        statement = statement.where(col(ReleaseUnit.source) == source)
    found = (await tx.execute(statement.order_by(col(ReleaseUnit.node)).limit(2))).all()
    if not found and unit is None and source is None:
        raise NotFound
    if not found:
        name = "source" if unit is None else "unit"
        raise Invalid(faults=[ParameterFault(name, "query", f"is not a {name} of this release")])
    # By nodes, parents come first: without a unit, the first is above all that is seen.
    if unit is not None and len(found) > 1:
        raise Invalid(faults=[ParameterFault("unit", "query", "is a unit of several sources: needs a `source`")])
    first = found[0]
    return Spot(first.node, Place(first.unit_name, first.source, first.unit))


async def figures(tx: AsyncSession, wanted: Asked) -> Content:
    """What the cells show, without contract and certificate: for a drawing alone."""
    release, spot = wanted.release, wanted.spot
    measures = await _measures(tx, release)
    children, count = await _children(tx, release, wanted.caller, spot)
    named = {row.number: row.measure for row in measures}
    rows = await _cells(tx, release, [spot.node], list(named))
    only_items = all(row.kind == "item" for row in measures)
    of_means = [row.number for row in measures if row.family == "mean" and (only_items or row.kind != "item")]
    scores: dict[int, dict[str, Cell]] = {}
    for row in await _cells(tx, release, [row.node for row in children], of_means):
        scores.setdefault(row.node, {})[named[row.number]] = _cell(row)
    manifest = release.manifest
    return Content(
        release_id=release.release_id,
        digest=release.digest,
        campaign=manifest["campaign"]["name"],
        wave_number=manifest["wave"]["number"],
        interim=release.part,
        released_at=release.released_at,
        place=spot.place,
        told=_told(manifest["measures"], measures, rows),
        below=[Below(Place(row.unit_name, row.source, row.unit), scores.get(row.node, {})) for row in children],
        below_count=count,
        trends=await _trends(tx, wanted),
        statistics=_statistics(wanted),
        promise=None,
        certificate=Certificate(None),
    )


async def content(tx: AsyncSession, wanted: Asked, notary: Notary, language: Language) -> Content:
    """All that the report shows. Raises ContractBroken where the contract is not the one of the launch."""
    release = wanted.release
    promise = await _promise(tx, release, notary, language)
    certificate = await _certificate(tx, release)
    return replace(await figures(tx, wanted), promise=promise, certificate=certificate)


async def _measures(tx: AsyncSession, release: Release) -> Sequence[Row[Any]]:
    names = ("number", "measure", "kind", "family", "options")
    statement = select(*(col(getattr(ReleaseMeasure, name)) for name in names))
    statement = statement.where(of_release(ReleaseMeasure, release)).order_by(col(ReleaseMeasure.number))
    found: Sequence[Row[Any]] = (await tx.execute(statement)).all()
    return found


async def _children(
    tx: AsyncSession, release: Release, caller: Principal, spot: Spot
) -> tuple[Sequence[Row[Any]], int]:
    """The first units directly below, and how many there are."""
    here = (
        of_release(ReleaseUnit, release),
        below(caller.unit),
        col(ReleaseUnit.dimensions) == literal(_WHOLE, JSONB),
        col(ReleaseUnit.parent) == spot.node,
    )
    names = ("node", "source", "unit", "unit_name")
    statement = select(*(col(getattr(ReleaseUnit, name)) for name in names)).where(*here)
    found = (await tx.execute(statement.order_by(col(ReleaseUnit.node)).limit(UNITS_SHOWN))).all()
    count = await tx.scalar(select(func.count()).select_from(ReleaseUnit).where(*here))
    return found, count or 0


async def _cells(
    tx: AsyncSession, release: Release, nodes: Sequence[int], numbers: Sequence[int]
) -> Sequence[Row[Any]]:
    statement = select(
        col(ReleaseCell.node),
        col(ReleaseCell.number),
        *(col(getattr(ReleaseCell, name)) for name in ("status", "reason", *NUMBERS)),
    ).where(
        of_release(ReleaseCell, release),
        col(ReleaseCell.node) == func.any(list(nodes)),
        col(ReleaseCell.number) == func.any(list(numbers)),
    )
    found: Sequence[Row[Any]] = (await tx.execute(statement)).all()
    return found


def _cell(row: Row[Any]) -> Cell:
    return Cell.of(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's documented name


def _told(said: Sequence[Mapping[str, Any]], measures: Sequence[Row[Any]], rows: Sequence[Row[Any]]) -> list[Told]:
    """In the order of the manifest, which is the questionnaire's."""
    cells = {row.number: _cell(row) for row in rows}
    known = {(row.measure, row.family): (cells[row.number], row.options) for row in measures}
    found = []
    for one in said:
        mean, _ = known.get((one["id"], "mean"), (None, None))
        shares, options = known.get((one["id"], "distribution"), (None, None))
        if mean is not None or shares is not None:
            found.append(Told(Measure(one, tuple(options or ())), mean, shares))
    return found


async def _trends(tx: AsyncSession, wanted: Asked) -> dict[str, list[Wave]]:
    """By measure what each wave up to this one showed of the same unit, of the same source."""
    place = wanted.spot.place
    if not wanted.waves:
        return {}
    found = await trend.shown_by(tx, wanted.caller, wanted.waves, Wanted(unit=place.unit))
    return {
        series.measure: [_wave(point) for point in series.points]
        for series in found
        if (series.source, series.unit) == (place.source, place.unit)
    }


def _wave(point: trend.Point) -> Wave:
    cell = point.cell
    shown = TrendPoint(
        point.release.wave_number,
        point.release.released_at,
        cell["status"],
        cell["mean"],
        cell["low"],
        cell["high"],
        cell["mean_bound"],
    )
    return Wave(shown, Cell.of(cell))


def _statistics(wanted: Asked) -> Statistics | None:
    """Of everybody together: told to whoever sees everybody, in the report of everybody."""
    told = wanted.release.manifest.get("statistics")
    return None if told is None or wanted.caller.unit is not None else Statistics.model_validate(told)


async def _promise(tx: AsyncSession, release: Release, notary: Notary, language: Language) -> Promise:
    """The contract that the release was made under. Raises ContractBroken where it is another one."""
    wave = await campaigns.wave(tx, release.tenant_id, release.wave_id)
    campaign = await campaigns.campaign(tx, wave.tenant_id, wave.campaign_id)
    contract = campaigns.promised_of(wave, campaign, notary)
    digest = release.manifest["contract_digest"]
    if contract_digest(contract) != digest:
        raise ContractBroken
    return Promise(sentences(contract, language), digest)


async def _certificate(tx: AsyncSession, release: Release) -> Certificate:
    """The certificate, if it is of this release and verifies under the key beside it."""
    try:
        signed = await queries.certificate(tx, release)
    except NotFound:
        return Certificate(None)
    try:
        said = verified(signed)
    except CertificateRefused:
        return Certificate(None, is_broken=True)
    if said["release"] != {"id": str(release.release_id), "digest": release.digest}:
        return Certificate(None, is_broken=True)
    return Certificate(said, signed["signature"], signed["public_key"])
