"""How a tenant's directory is read. Pure.

Each thing has one place where it is said: a person's unit is said by Groups, or by the User, never by both.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from service.kit.text import Slug, Wire, refused


class Groups(StrEnum):
    """What a Group is."""

    units = "units"
    projects = "projects"
    dimension = "dimension"


class Unit(StrEnum):
    """Where a person's unit of the line hierarchy is said."""

    groups = "groups"
    department = "department"
    extension = "extension"


class Mapping(Wire):
    """What Groups are, where a User's unit is said, and under which source both are kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"source": "scim", "groups": "units", "unit": "groups"},
                {"groups": "projects", "unit": "department"},
            ],
        }
    )

    source: Annotated[Slug, Field(description="of the people and units that the directory looks after")] = "scim"
    groups: Annotated[Groups, Field(description="`units` of the line hierarchy, `projects`, or values of `dimension`")]
    dimension: Annotated[Slug | None, Field(description="with `groups: dimension`, which one")] = None
    unit: Annotated[
        Unit,
        Field(description="`groups` (with `groups: units`), or a unit's external id in `department` or our extension"),
    ]

    @model_validator(mode="after")
    def _one_place_each(self) -> Self:
        if (self.groups is Groups.units) != (self.unit is Unit.groups):
            raise refused("`unit` is `groups` where `groups` is `units`, and only there")
        if (self.groups is Groups.dimension) != (self.dimension is not None):
            raise refused("`dimension` is named where `groups` is `dimension`, and only there")
        return self


DEFAULT = Mapping(groups=Groups.units, unit=Unit.groups)
