"""A company of any size for the disclosure engine: an org tree, five dimensions partly tied to it, and who answered."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.disclosure.plan import Plan

TEAM = 8
BRANCHING = 6
RESPONSE = 0.75
SITES, SITE_TIED = 6, 0.7
FAMILIES, FAMILY_TIED = 8, 0.6
TENURE = (0.14, 0.22, 0.31, 0.18, 0.15)
GENDER = (0.56, 0.42, 0.02)
GRADE = (0.27, 0.31, 0.21, 0.105, 0.075, 0.03)
TIED_LEVELS = 3
"""A place is shared by the teams under one unit so many levels above them."""


@dataclass(frozen=True, slots=True)
class Company:
    """Those who answered, one row each by column, and the plan: the org tree by nothing, and by each dimension."""

    plan: Plan
    table: dict[str, list[str]]
    respondents: int


def company(people: int, seed: int) -> Company:
    """The same company for the same seed."""
    draw = np.random.default_rng(seed)
    team = np.arange(people) // TEAM
    region = team // BRANCHING**TIED_LEVELS
    family = _tied(draw, region * 3, FAMILIES, FAMILY_TIED)  # three apart: places of one site differ in their trade
    dimensions = {
        "site": _tied(draw, region, SITES, SITE_TIED),
        "tenure": _drawn(draw, people, TENURE),
        "family": family,
        "gender": _drawn(draw, people, GENDER),
        "grade": _drawn(draw, people, GRADE),
    }
    answered = draw.random(people) < RESPONSE
    columns = _levels(team) | dimensions
    levels = [name for name in columns if name not in dimensions]
    table = {name: [f"{name}.{number}" for number in column[answered].tolist()] for name, column in columns.items()}
    return Company(Plan.default(levels, list(dimensions)), table, int(answered.sum()))


def _levels(team: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Number of the unit at each level under the top, top down; the top holds at most `BRANCHING` units."""
    upwards = [team]
    while upwards[-1][-1] >= BRANCHING:
        upwards.append(upwards[-1] // BRANCHING)
    return {f"level{depth}": units for depth, units in enumerate(reversed(upwards), 1)}


def _tied(draw: np.random.Generator, place: NDArray[np.int64], values: int, share: float) -> NDArray[np.int64]:
    """For this share of the people the value of their place, for the others any."""
    anywhere = draw.integers(values, size=len(place))
    return np.where(draw.random(len(place)) < share, place % values, anywhere)


def _drawn(draw: np.random.Generator, people: int, shares: tuple[float, ...]) -> NDArray[np.int64]:
    return draw.choice(len(shares), size=people, p=shares)
