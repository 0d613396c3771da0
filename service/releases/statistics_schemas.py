"""What a release tells of everybody together, on the wire."""

from typing import Annotated

from pydantic import Field

from service.kit.text import Wire

_OF_PEOPLE = Field(description="people who count in all of `measures`, rounded down to fives")
_COMPARED = Field(description="what it is made of, and what that could be compared with")


class Reliability(Wire):
    """How well the items of a scale go together. What is not defined is null: omega of two items."""

    scale: str
    n: Annotated[int, _OF_PEOPLE]
    measures: Annotated[list[str], _COMPARED]
    alpha: float
    omega: float | None = None


class UnitShare(Wire):
    """How much of a score is its unit's, of the units as published and what they leave of those above."""

    scale: str
    n: Annotated[int, _OF_PEOPLE]
    measures: Annotated[list[str], _COMPARED]
    groups: Annotated[int, Field(description="how many units these are")]
    icc1: Annotated[float, Field(description="ICC(1): what a person's unit tells of the person")]
    icc2: Annotated[float | None, Field(description="ICC(2): how reliable the mean of a unit is")] = None


class Weight(Wire):
    """One scale beside the outcome."""

    scale: str
    share: Annotated[float, Field(description="of `r_squared`; all of them add up to 1")]
    correlation: Annotated[float, Field(description="with the outcome")]


class Drivers(Wire):
    """How much of the outcome's variance goes with each other scale: relative weights, which show no cause."""

    outcome: str
    n: Annotated[int, _OF_PEOPLE]
    measures: Annotated[list[str], _COMPARED]
    r_squared: Annotated[float, Field(description="share of the outcome's variance that goes with all of them")]
    weights: list[Weight]


class Statistics(Wire):
    """Of everybody together, from 100 people on; two decimals, three from 1,000 people on.

    Something is absent where it is not defined, where what it is made of shows no standard deviation of everybody, or
    where one to 29 people left out a part of it.
    """

    scales: Annotated[list[Reliability], Field(default_factory=list)]
    units: Annotated[list[UnitShare], Field(default_factory=list)]
    drivers: Drivers | None = None
