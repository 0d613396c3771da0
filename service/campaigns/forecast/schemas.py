"""Forecasts of drafts on the wire."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from service.kit.text import Wire


class ForecastIn(Wire):
    """How many of those invited are expected to answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"response_rate": 0.7}]})

    response_rate: Annotated[
        float,
        Field(strict=True, gt=0, le=1, allow_inf_nan=False, description="probability that somebody answers"),
    ] = 0.7


class PublishedShare(Wire):
    """From 0 to 1: of the cells that anybody invited is in, and of these people, once for each cell that holds them.

    As everybody is in a cell at each level of the tree, `people` is high where large units are published.
    """

    cells: float
    people: float


class ShareOverDraws(Wire):
    """A tenth, half, and nine tenths of the draws have this or less."""

    low: PublishedShare
    median: PublishedShare
    high: PublishedShare


class BreakdownForecast(Wire):
    """One breakdown of the plan, for one item: a cell is a unit, or its part with some values."""

    breakdown: list[str]
    cells: Annotated[int, Field(description="cells that anybody invited is in")]
    published: Annotated[
        PublishedShare,
        Field(
            description="what a release would hold if those of the first draw answered. More answers make more cells "
            "large enough, and may need more of them withheld to protect others: this need not grow with the rate"
        ),
    ]
    large_enough: Annotated[
        ShareOverDraws,
        Field(description="cells of k people or more; what is published lies below, as some protect others"),
    ]


class FamilyForecast(Wire):
    """Means, or distributions with favourable shares, under their threshold."""

    family: Literal["mean", "distribution"]
    k: int
    fell_back: Annotated[
        bool,
        Field(
            description="the breakdowns were not proved safe in the time of a forecast: `published` is the org tree "
            "alone. A release takes longer, and may prove them."
        ),
    ]
    tree_alone: Annotated[
        ShareOverDraws, Field(description="what would be published of the units if the plan were the org tree alone")
    ]
    breakdowns: list[BreakdownForecast]


class MergedUnit(Wire):
    source: str
    unit: str
    unit_name: str


class MergeForecast(Wire):
    """Units next to each other whose means are mostly withheld apart, and would be published were they one unit.

    That is: all their people in one of them, which is for the organisation to decide. Each merge is judged by itself,
    in the org tree alone.
    """

    units: list[MergedUnit]
    invited: int
    published_in_draws: Annotated[float, Field(description="share of the draws in which they are published together")]
    people_gained: Annotated[
        float,
        Field(
            description="people more who live in a published unit, once for each; mean over the draws. Other units may "
            "be published as well then, so it can be more than those invited"
        ),
    ]


class WaveForecast(Wire):
    """Which wave is foretold: the first one."""

    opens_on: Annotated[
        date, Field(description="its first day, or a later time where too many were invited often of late")
    ]
    audience: Annotated[
        int,
        Field(
            description="people who fit the audience on that day; `invited` is fewer where a "
            "sample is drawn, or the organisation limits how often anybody is invited"
        ),
    ]
    sample_of_every: Annotated[
        int | None,
        Field(
            description="the forecast is of a sample: of this wave's part of the audience, which is cut into so many. "
            "The other waves ask others, and may show somewhat more or less. null: everybody is asked each time"
        ),
    ]


class ForecastOut(Wire):
    """What the plan would let be published of an item that everybody who answers answers, and that is not sensitive.

    Sensitive items are shown as far as distributions are, or less; scales and indices count those alone who answered
    all their items, and show fewer cells the more people skip some. Who answers is drawn at random: the same people of
    the same units for every plan, and at a higher rate the same and more.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "wave": {"opens_on": "2027-01-04", "audience": 134, "sample_of_every": None},
                    "invited": 134,
                    "response_rate": 0.7,
                    "draws": 20,
                    "families": [
                        {
                            "family": "mean",
                            "k": 5,
                            "fell_back": False,
                            "tree_alone": {
                                "low": {"cells": 0.667, "people": 0.966},
                                "median": {"cells": 0.667, "people": 0.966},
                                "high": {"cells": 0.833, "people": 0.985},
                            },
                            "breakdowns": [
                                {
                                    "breakdown": ["org"],
                                    "cells": 6,
                                    "published": {"cells": 0.667, "people": 0.966},
                                    "large_enough": {
                                        "low": {"cells": 0.667, "people": 0.966},
                                        "median": {"cells": 0.667, "people": 0.966},
                                        "high": {"cells": 0.833, "people": 0.985},
                                    },
                                }
                            ],
                        }
                    ],
                    "merges": [
                        {
                            "units": [
                                {"source": "hris", "unit": "D", "unit_name": "Deliveries"},
                                {"source": "hris", "unit": "E", "unit_name": "Errands"},
                            ],
                            "invited": 9,
                            "published_in_draws": 0.95,
                            "people_gained": 8.6,
                        }
                    ],
                }
            ]
        }
    )

    wave: WaveForecast
    invited: int
    response_rate: float
    draws: int
    families: list[FamilyForecast]
    merges: Annotated[list[MergeForecast], Field(description="at most 10, those that help most first")]
