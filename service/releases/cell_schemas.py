"""Cells on the wire: one flat shape, of which every format is made, so that no value can differ between them."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer
from sqlalchemy import Row

from service.campaigns.plan import ORG
from service.kit.text import Wire

Number = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]


class OptionShare(Wire):
    option: str
    value: Annotated[float, Field(description="percent")]
    bound: Literal["at_least", "at_most"] | None


def breakdown_of(values: dict[str, str]) -> str:
    """What a place is broken down by, as text: `org`, `org*site`, `org*site*tenure`, names by the alphabet."""
    return "*".join([ORG, *sorted(values)])


def shares(options: list[str], stored: list[list[Any]]) -> list[dict[str, Any]]:
    """A stored distribution with the names of its options."""
    return [
        {"option": option, "value": value, "bound": bound}
        for option, (value, bound) in zip(options, stored, strict=True)
    ]


class CellOut(Wire):
    """One unit, or its part with some values, one measure, one family.

    A withheld cell has the same shape, a reason, and no number.
    """

    unit: Annotated[
        str | None, Field(description="the unit's id in the system it comes from; null: everybody, above several tops")
    ]
    source: Annotated[str | None, Field(description="the system that the unit comes from")]
    unit_name: Annotated[str, Field(description="what the unit was called when the wave opened")]
    level: Annotated[int, Field(description="how many units stand above it; 0 at the top")]
    breakdown: Annotated[str, Field(description="`org` for the whole unit, else with its dimensions: `org*site`")]
    dimensions: Annotated[dict[str, str], Field(description="value by dimension; empty for the whole unit")]
    measure: Annotated[str, Field(description="id of an item, scale or index")]
    kind: Annotated[Literal["item", "scale", "index"], Field(description="what the measure is")]
    family: Annotated[
        Literal["mean", "distribution"],
        Field(description="`mean`: figures of the score; `distribution`: shares of the answers"),
    ]
    status: Annotated[Literal["published", "withheld"], Field(description="`withheld`: no number, and a reason")]
    reason: Annotated[str | None, Field(description="of a withheld cell: `protected`, whatever the cause")]
    n_from: Annotated[
        int | None,
        Field(
            description="respondents, at least; a range of 5 (in an older release exact from 30 on). Of what is asked "
            "of some people 5 or more under 100, 20 or more from there on; of the group rule the fewest of its parts"
        ),
    ]
    n_to: Annotated[int | None, Field(description="respondents, at most")]
    mean: Annotated[
        Number | None,
        Field(
            description="of the scores, from `lowest` to `highest` of the measure in the release's manifest; of a "
            "reversed item turned, so that higher is better. Coarser where a smaller group could be derived from it, "
            "and in halves under 30 people of an item whose distribution is withheld; "
            "of an item with an answer whose share is only told as `at_least`, that answer's score. A scale's is made "
            "of its items' as told"
        ),
    ]
    sd: Annotated[
        Number | None,
        Field(description="in the unit of the mean; where at least 30 people, and no smaller group, stand behind it"),
    ]
    favourable: Annotated[
        Number | None,
        Field(
            description="percent of answers in the top two fifths of the points (4 and 5 of 5), turned where an item "
            "is reversed; of eNPS promoters. Steps of 5 under 30 people, whole points under 100, and coarser where a "
            "smaller group could be worked out from it"
        ),
    ]
    favourable_bound: Annotated[str | None, Field(description="`at_least`: read 90 as 90 or more; `at_most` likewise")]
    neutral: Annotated[Number | None, Field(description="percent of answers between; of eNPS passives")]
    neutral_bound: Annotated[str | None, Field(description="as that of `favourable`")]
    unfavourable: Annotated[
        Number | None, Field(description="percent of answers in the lowest two fifths; of eNPS detractors")
    ]
    unfavourable_bound: Annotated[str | None, Field(description="as that of `favourable`")]
    distribution: Annotated[
        list[OptionShare] | None,
        Field(
            description="by point as it was answered or by option; of a ranking who put it first, of a scale or "
            "index people by band of the score"
        ),
    ]
    mean_bound: Annotated[str | None, Field(description="of a mean shown as 0 to 100, as those of shares")]
    se: Annotated[
        Number | None,
        Field(
            description="standard error of the mean, in its unit, corrected for participation as it is shown: in "
            "steps of 5 points, 90 % at most"
        ),
    ]
    low: Annotated[Number | None, Field(description="the mean's 95 % interval, rounded outwards")]
    high: Annotated[Number | None, Field(description="the upper end of the interval")]
    basis: Annotated[
        Literal["cell", "release"] | None,
        Field(
            description="whose standard deviation the interval is made with: the cell's own, from 30 people on, or "
            "that of the whole release, with the least number of people that the cell may have"
        ),
    ]
    rwg: Annotated[
        Number | None,
        Field(
            description="rwg(j): how far people agree on a scale's items, 1: wholly; where their deviations are shown"
        ),
    ]
    enps: Annotated[
        Number | None,
        Field(description="promoters less detractors, -100 to 100; null where their bounds leave its sign open"),
    ]
    enps_bound: Annotated[str | None, Field(description="as those of shares")]

    @classmethod
    def of(cls, row: Row[Any]) -> "CellOut":
        found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
        del found["node"], found["number"]
        options = found.pop("options")
        if found["distribution"] is not None:
            found["distribution"] = shares(options, found["distribution"])
        return cls(**found, breakdown=breakdown_of(found["dimensions"]))


class CellPage(Wire):
    data: list[CellOut]
    next: str | None
