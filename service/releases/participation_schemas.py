"""Participation by unit, on the wire."""

from datetime import date
from typing import Annotated

from pydantic import Field

from service.kit.text import Wire


class UnitParticipation(Wire):
    """One unit with all below it."""

    source: str | None
    unit: str | None
    unit_name: str
    invited: int
    status: Annotated[str, Field(description="`shown` or `withheld`")]
    reason: Annotated[str | None, Field(description="`not_enough_invited`, or `not_yet`: too few have answered so far")]
    percent: Annotated[
        int | None, Field(description="of those invited, rounded down in steps of 5, or as many more as two people are")
    ]
    bound: Annotated[
        str | None,
        Field(description="`or_more`: 90 or more; `or_less`: under 20; or the nearest steps of a small unit"),
    ]


class ParticipationByUnit(Wire):
    """A wave's participation when it was last looked at."""

    invited: int
    looked_at: Annotated[date | None, Field(description="refreshed daily, and only when k more have answered")]
    units: list[UnitParticipation]
