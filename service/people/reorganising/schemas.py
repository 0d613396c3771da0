"""A reorganisation on the wire: moves, merges and splits of units, and people who change units, from one day on."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from service.kit.text import Day, ExternalId, Name, Slug, Wire
from service.people.tables import Reorganisation

MOST = 500
MOST_PEOPLE = 5000
State = Literal["planned", "done", "refused", "cancelled"]


class MoveIn(Wire):
    """A unit with all that is below it comes under another; null: to the top."""

    unit: ExternalId
    parent: ExternalId | None


class MergeIn(Wire):
    """Units that become one: their people and the units below them go there, and they are active no more."""

    units: Annotated[list[ExternalId], Field(min_length=1, max_length=MOST)]
    into: ExternalId


class PartIn(Wire):
    """A new unit made of some people of the old one, beside it."""

    external_id: ExternalId
    name: Name
    people: Annotated[list[ExternalId], Field(max_length=MOST_PEOPLE)]


class SplitIn(Wire):
    """A unit some of whose people form new ones; who is not named stays."""

    unit: ExternalId
    parts: Annotated[list[PartIn], Field(min_length=1, max_length=50)]


class ReorganisationIn(Wire):
    """What is to hold from a day on; all of it or nothing. Rosters that are frozen stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "on": "2027-01-01",
                    "moves": [{"unit": "D12", "parent": "D2"}],
                    "merges": [{"units": ["D13", "D14"], "into": "D15"}],
                    "splits": [
                        {"unit": "D20", "parts": [{"external_id": "D21", "name": "Returns", "people": ["E1042"]}]}
                    ],
                }
            ]
        }
    )

    source: Slug = "hris"
    on: Annotated[Day | None, Field(description="UTC; today where left out; a later day is planned")] = None
    moves: Annotated[list[MoveIn], Field(max_length=MOST)] = Field(default_factory=list)
    merges: Annotated[list[MergeIn], Field(max_length=MOST)] = Field(default_factory=list)
    splits: Annotated[list[SplitIn], Field(max_length=MOST)] = Field(default_factory=list)


class Effect(Wire):
    """What a reorganisation changes, in numbers."""

    units_moved: int
    units_merged: int
    units_created: int
    people_moved: int


class Unmet(Wire):
    pointer: str
    reason: str


class ReorganisationOut(Wire):
    id: Annotated[UUID | None, Field(description="null for a dry run, of which nothing is kept")]
    on: date
    state: State
    created_at: datetime
    effect: Annotated[Effect | None, Field(description="where planned: as things stood when it was")]
    errors: Annotated[
        list[Unmet], Field(description="why it could not be carried out on its day; nothing was changed then")
    ]

    @classmethod
    def of(cls, row: Reorganisation) -> "ReorganisationOut":
        return cls(
            id=row.reorganisation_id,
            on=row.on_day,
            state=row.state,
            created_at=row.created_at,
            effect=Effect.model_validate(row.effect) if row.effect is not None else None,
            errors=[Unmet.model_validate(fault) for fault in row.faults or ()],
        )


class ReorganisationPage(Wire):
    data: list[ReorganisationOut]
    next: str | None


class LineageOut(Wire):
    """What became of a unit."""

    source: str
    unit: str
    into: str
    on: date
    kind: Literal["merge", "split"]
