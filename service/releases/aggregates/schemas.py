"""Results put side by side, on the wire. Every figure stands in a released cell, or follows from two of them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from service.kit.text import Wire
from service.releases.cell_schemas import CellOut, Number
from service.releases.shown_change import ShownChange
from service.releases.statistics_schemas import Drivers, Weight
from service.releases.trend import Point, Series

MEANS = (
    "status", "reason", "n_from", "n_to", "mean", "mean_bound", "sd", "se", "low", "high", "basis", "rwg",
)  # fmt: skip
SHARES = (
    "status", "reason", "n_from", "n_to", "favourable", "favourable_bound", "neutral", "neutral_bound", "unfavourable",
    "unfavourable_bound", "enps", "enps_bound",
)  # fmt: skip


def _said(name: str) -> Any:
    """As a cell says it."""
    return Field(description=CellOut.model_fields[name].description)


def _driven(name: str) -> Any:
    """As a release's statistics say it."""
    return Field(description=Drivers.model_fields[name].description)


def _weighed(name: str) -> Any:
    return Field(description=Weight.model_fields[name].description)


class Shares(Wire):
    """What a cell of the family `distribution` shows of a measure, which is judged apart from its mean."""

    status: Annotated[Literal["published", "withheld"], _said("status")]
    reason: Annotated[str | None, _said("reason")]
    n_from: Annotated[int | None, _said("n_from")]
    n_to: Annotated[int | None, _said("n_to")]
    favourable: Annotated[Number | None, _said("favourable")]
    favourable_bound: Annotated[str | None, _said("favourable_bound")]
    neutral: Annotated[Number | None, _said("neutral")]
    neutral_bound: Annotated[str | None, _said("neutral_bound")]
    unfavourable: Annotated[Number | None, _said("unfavourable")]
    unfavourable_bound: Annotated[str | None, _said("unfavourable_bound")]
    enps: Annotated[Number | None, _said("enps")]
    enps_bound: Annotated[str | None, _said("enps_bound")]

    @classmethod
    def of(cls, cell: Any) -> Self:
        return cls(**{name: cell[name] for name in SHARES})


_SHARES = Field(description="of the same measure, judged apart from its mean; null where it has none")


class Figures(Wire):
    """What a cell of the family `mean` shows, with the measure's shares; a withheld one has a reason and no number."""

    status: Annotated[Literal["published", "withheld"], _said("status")]
    reason: Annotated[str | None, _said("reason")]
    n_from: Annotated[int | None, _said("n_from")]
    n_to: Annotated[int | None, _said("n_to")]
    mean: Annotated[Number | None, _said("mean")]
    mean_bound: Annotated[str | None, _said("mean_bound")]
    sd: Annotated[Number | None, _said("sd")]
    se: Annotated[Number | None, _said("se")]
    low: Annotated[Number | None, _said("low")]
    high: Annotated[Number | None, _said("high")]
    basis: Annotated[Literal["cell", "release"] | None, _said("basis")]
    rwg: Annotated[Number | None, _said("rwg")]
    shares: Annotated[Shares | None, _SHARES]

    @classmethod
    def of(cls, mean: Any, shares: Any, **more: Any) -> Self:
        """Out of a cell of each family; the second may be None."""
        told = {name: mean[name] for name in MEANS}
        return cls(**told, shares=None if shares is None else Shares.of(shares), **more)


class MeanChange(Wire):
    """Of the mean, since an earlier wave; both waves' people are taken as independent, which finds too little."""

    since_wave: Annotated[int, Field(description="number of the wave that it is compared with")]
    difference: Annotated[Number, Field(description="of the two means as they are shown, in their unit")]
    low: Annotated[
        Number | None,
        Field(description="where its 95 % interval begins, the rounding of both means allowed for; null: not known"),
    ]
    high: Annotated[Number | None, Field(description="where it ends")]
    p_value: Annotated[Number | None, Field(description="of Welch's test, rounded up")]

    @classmethod
    def of(cls, change: ShownChange, since_wave: int) -> "MeanChange":
        return cls(
            since_wave=since_wave,
            difference=change.difference,
            low=change.low,
            high=change.high,
            p_value=change.p_value,
        )


class PointOut(Figures):
    """One wave."""

    release_id: UUID
    wave_number: int
    released_at: datetime
    change: MeanChange | None
    no_change: Annotated[
        Literal["first", "withheld", "not_comparable", "no_mean"] | None,
        Field(
            description="why no change is told: `first` of the series; one of the two is `withheld`; what is measured "
            "is not the same in both (`not_comparable`); no mean is shown (`no_mean`)"
        ),
    ]

    @classmethod
    def of_point(cls, point: Point) -> Self:
        change = point.change
        since = point.since_wave
        return cls.of(
            point.cell,
            point.shares,
            release_id=point.release.release_id,
            wave_number=point.release.wave_number,
            released_at=point.release.released_at,
            change=None if change is None or since is None else MeanChange.of(change, since),
            no_change=point.no_change,
        )


class SeriesOut(Wire):
    """One measure of one unit; a wave that did not ask it has no point."""

    source: str | None
    unit: str | None
    unit_name: Annotated[str, Field(description="the latest")]
    measure: str
    kind: Literal["item", "scale", "index"]
    text: Annotated[dict[str, str] | None, Field(description="the measure in words, by language; the latest")]
    lowest: Annotated[Number | None, Field(description="score of the measure; null where it has no such end")]
    highest: Number | None
    points: Annotated[list[PointOut], Field(description="oldest first")]

    @classmethod
    def of(cls, series: Series) -> "SeriesOut":
        return cls(
            source=series.source,
            unit=series.unit,
            unit_name=series.unit_name,
            measure=series.measure,
            kind=series.kind,
            text=series.described.get("text"),
            lowest=series.described.get("lowest"),
            highest=series.described.get("highest"),
            points=[PointOut.of_point(point) for point in series.points],
        )


class TrendOut(Wire):
    campaign_id: UUID
    series: list[SeriesOut]


class Beside(Wire):
    """A unit's figures, and how far its mean lies from another's; null where one of the two is not shown.

    A unit is a part of those above it, so there is no test of the two as if they were apart.
    """

    figures: Figures
    difference: Annotated[Number | None, Field(description="the unit's mean less this one, as they are shown")]


class Against(Wire):
    """What the organisation has uploaded of the measure; differences are null where one of the two is not known."""

    mean: Number | None
    difference: Annotated[Number | None, Field(description="the unit's mean less this one")]
    favourable: Number | None
    favourable_difference: Annotated[Number | None, Field(description="the unit's favourable share less this one")]


class ComparedMeasure(Wire):
    measure: str
    kind: Literal["item", "scale", "index"]
    unit: Figures
    parent: Annotated[Beside | None, Field(description="the unit above; null at the top, and beyond what the key sees")]
    whole: Annotated[Beside | None, Field(description="the topmost unit; null where this is it, or the key sees less")]
    benchmark: Annotated[Against | None, Field(description="of the set asked for; null where it has no such measure")]


class ComparisonOut(Wire):
    release_id: UUID
    source: str | None
    unit: str | None
    unit_name: str
    data: list[ComparedMeasure]


class HeatColumn(Wire):
    measure: str
    kind: Literal["item", "scale", "index"]
    text: Annotated[dict[str, str], Field(description="by language")]
    lowest: Annotated[float | None, Field(description="the lowest score there can be")]
    highest: float | None


class HeatShares(Wire):
    """Of a measure's answers."""

    status: Literal["published", "withheld"]
    reason: str | None
    favourable: Number | None
    favourable_bound: str | None


class HeatCell(Wire):
    """Of a measure, in the order of the columns."""

    status: Literal["published", "withheld"]
    reason: str | None
    mean: Number | None
    mean_bound: str | None
    shares: Annotated[HeatShares | None, _SHARES]


class HeatRow(Wire):
    source: str | None
    unit: str | None
    unit_name: str
    level: int
    cells: list[HeatCell]


class HeatMapOut(Wire):
    release_id: UUID
    columns: list[HeatColumn]
    data: Annotated[list[HeatRow], Field(description="units, parents before children")]
    next: str | None


class DriverMeasure(Wire):
    measure: str
    kind: Literal["item", "scale", "index"]
    text: Annotated[dict[str, str], Field(description="by language")]


class Driver(DriverMeasure):
    """A scale beside the outcome."""

    share: Annotated[float, _weighed("share")]
    correlation: Annotated[float, _weighed("correlation")]


class DriversOut(Wire):
    """Of everybody together, as `statistics` of the release has it; weights show no cause."""

    release_id: UUID
    wave_number: int
    released_at: datetime
    status: Annotated[Literal["published", "withheld"], _said("status")]
    reason: Annotated[
        Literal["protected"] | None,
        Field(
            description="where it is withheld: `protected`, whatever the cause. So it is where nothing could be "
            "weighed, and for every key of a unit"
        ),
    ]
    n: Annotated[int | None, _driven("n")]
    measures: Annotated[list[str] | None, _driven("measures")]
    outcome: DriverMeasure | None
    r_squared: Annotated[float | None, _driven("r_squared")]
    data: Annotated[list[Driver], Field(description="in the questionnaire's order; empty where it is withheld")]
