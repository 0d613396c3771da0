"""What a campaign asks for beside plan and policy, on the wire: whom, when, what of a bank, and how they take part."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from service.kit.text import Day, ExternalId, Flag, Language, LocalTime, Name, Slug, Wire

MOST_INTERIM = 3
MOST_RECIPIENTS = 10
WITH_RECORD: Mapping[str, Any] = {"ways": ["links"], "reminders": False, "spending_record": True}
"""How people take part by a contract, or a draft, from before it said so."""
Days = Annotated[int, Field(strict=True, ge=0, le=36_500)]
Values = Annotated[list[Slug], Field(min_length=1, max_length=500)]
Way = Literal["links", "kiosk", "intranet", "sign_in"]
ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Hired(Wire):
    """By how long ago people were hired, on the day of the opening; whoever's day is not known is not asked."""

    days_at_least: Days | None = None
    days_at_most: Days | None = None


class Audience(Wire):
    """Org units, and everybody in them and below who fits the rules. Never a hand-picked list of people."""

    source: Slug = "hris"
    units: Annotated[list[ExternalId], Field(min_length=1, max_length=1000)]
    dimensions: Annotated[
        dict[Slug, Values], Field(max_length=10, description="only people with one of these values, of each dimension")
    ] = Field(default_factory=dict)
    hired: Hired | None = None


class SiteZone(Wire):
    """A unit whose people live by another zone; with all units below it, but for those that are named themselves."""

    unit: ExternalId
    zone: ZoneName


class ScheduleIn(Wire):
    """When waves open: the days of an RFC 5545 rule, at a local time that stays the same over summer and winter."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rule": "FREQ=WEEKLY;BYDAY=MO",
                    "starts_on": "2027-01-04",
                    "at": "09:00",
                    "zone": "Europe/Paris",
                    "window_hours": 55,
                    "sites": [{"unit": "NYC", "zone": "America/New_York"}],
                    "holidays": ["2027-04-05"],
                }
            ]
        }
    )

    rule: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    starts_on: Day
    at: LocalTime
    zone: ZoneName
    window_hours: Annotated[int, Field(strict=True, ge=1, le=92 * 24, description="how long a wave stays open")]
    sites: Annotated[
        list[SiteZone],
        Field(max_length=50, description="a wave closes for everybody with the last of its zones"),
    ] = Field(default_factory=list)
    holidays: Annotated[list[Day], Field(max_length=366, description="local days on which no wave opens")] = Field(
        default_factory=list
    )


class RotationIn(Wire):
    """Each wave asks some items of the questionnaire, which is a bank: every item once before any comes again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"length": 6, "anchors": ["workload_week_fits"], "cadence": None}]}
    )

    length: Annotated[int, Field(strict=True, ge=1, le=300, description="most items of a wave, anchors included")]
    anchors: Annotated[list[Slug], Field(max_length=300, description="items of every wave")] = Field(
        default_factory=list
    )
    cadence: Annotated[
        dict[Slug, Annotated[int, Field(strict=True, ge=1, le=52)]] | None,
        Field(
            max_length=300,
            description="by driver (a scale), in how many waves it is asked one item; drivers that are not named are "
            "not asked. Absent: all items take turns",
        ),
    ] = None


class SamplingIn(Wire):
    """Everybody is asked in one wave of so many; a small unit is asked whole, so that something can be shown of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"every": 4}]})

    every: Annotated[int, Field(strict=True, ge=2, le=52)]


def _links() -> list[Way]:
    return ["links"]


class InterimIn(Wire):
    """Results before the closing, a few times, at moments that are settled; between them nothing changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hours_after_opening": [24, 72]}]})

    hours_after_opening: Annotated[
        list[Annotated[int, Field(strict=True, ge=1, le=92 * 24)]], Field(min_length=1, max_length=MOST_INTERIM)
    ]


class RecipientIn(Wire):
    """Somebody who reads the results, with keys of their own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "works_council", "name": {"en": "the works council", "fr": "le comité social"}}]
        }
    )

    id: Annotated[Slug, Field(description="as their keys name them")]
    name: Annotated[
        dict[Language, Name], Field(min_length=1, max_length=10, description="as respondents read it in the contract")
    ]


class ParticipationIn(Wire):
    """How people take part, and what is known of who has."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ways": ["links", "kiosk"], "reminders": True, "spending_record": True}]}
    )

    ways: Annotated[
        list[Way],
        Field(
            min_length=1,
            max_length=4,
            description="`links`: one for each person; `kiosk`: short codes to type; `intranet`: a server of yours "
            "asks for whoever is logged in; `sign_in`: the company's own sign-in, in the browser",
        ),
    ] = Field(default_factory=_links)
    reminders: Annotated[
        Flag, Field(description="links of those who have not answered are handed out once there are enough of both")
    ] = False
    spending_record: Annotated[
        Flag,
        Field(
            description="false: codes are drawn at random and handed out once, so that nothing stored tells who has "
            "answered; a lost one can not be replaced, and nobody is reminded"
        ),
    ] = True
