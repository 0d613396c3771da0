"""What an HRIS sends about the organisation, and what it gets back."""

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from service.kit.text import Day, ExternalId, Flag, Language, Name, Slug, Wire

Hierarchy = Literal["line", "project"]
ValidFrom = Annotated[
    Day | None,
    Field(
        description="since when, where the row changes something, or has been so for longer than is known; today or "
        "before, and not before the first day of the unit above; left out: today. UTC."
    ),
]


class OrgUnitIn(Wire):
    """A unit, keyed by (source, external_id). The whole row is replaced; `parent` must exist or be in the call.

    A tree for the line, where everybody has one place, and one for projects, where people can have several or none.
    Results are by the line.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"source": "hris", "external_id": "D12", "name": "Logistics", "parent": "D1"}]}
    )

    source: Slug = "hris"
    external_id: ExternalId
    name: Name
    parent: ExternalId | None = None
    hierarchy: Annotated[Hierarchy, Field(description="never changes; a unit's parent is in the same one")] = "line"
    manager: Annotated[
        ExternalId | None,
        Field(description="a person of the same `source`, who need not be known yet: units are sent before people"),
    ] = None
    active: Flag = True
    valid_from: ValidFrom = None


class OrgUnitOut(Wire):
    source: str
    external_id: str
    name: str
    parent: str | None
    hierarchy: Hierarchy
    manager: str | None
    active: bool
    since: Annotated[date | None, Field(description="since when it is so; null: from before there was a history")]


class PersonIn(Wire):
    """A person, keyed by (source, external_id). The whole row is replaced; no e-mail is wanted, and seldom a name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "hris",
                    "external_id": "E1042",
                    "unit": "D12",
                    "language": "fr",
                    "dimensions": {"site": "lyon"},
                }
            ]
        }
    )

    source: Slug = "hris"
    external_id: ExternalId
    unit: ExternalId
    language: Language | None = None
    dimensions: Annotated[dict[Slug, Slug], Field(max_length=50)] = Field(default_factory=dict)
    hired_on: Annotated[Day | None, Field(description="for audiences by how long people have been here")] = None
    name: Annotated[
        Name | None,
        Field(description="only used to take names out of comments; leave it out where comments are not published"),
    ] = None
    manager: Annotated[
        ExternalId | None, Field(description="another person of the same `source`, known or in the call")
    ] = None
    projects: Annotated[
        list[ExternalId], Field(max_length=50, description="units of the project hierarchy that they are in")
    ] = Field(default_factory=list)
    active: Flag = True
    valid_from: ValidFrom = None


class PersonOut(Wire):
    """A person as they are known."""

    source: str
    external_id: str
    unit: Annotated[str | None, Field(description="null: in no unit yet, and so in no audience")]
    language: str | None
    dimensions: dict[str, str]
    hired_on: date | None
    name: Annotated[str | None, Field(description="null: none is kept")]
    manager: str | None
    projects: list[str]
    active: bool


class DimensionValue(Wire):
    id: Slug
    label: Annotated[dict[Language, Name], Field(min_length=1, max_length=10)]


class Dimension(Wire):
    """A declared attribute with its closed list of values."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "site", "values": [{"id": "lyon", "label": {"fr": "Lyon", "en": "Lyon"}}]}]
        }
    )

    name: Slug
    values: Annotated[list[DimensionValue], Field(min_length=1, max_length=500)]


class Refusal(Wire):
    pointer: str
    reason: str


class UpsertOut(Wire):
    """What a bulk upsert did, in rows."""

    created: int
    updated: int
    unchanged: int
    refused: int
    refusals: Annotated[list[Refusal], Field(description="the first 200, with `on_error=skip`")]


OnError = Literal["abort", "skip"]
