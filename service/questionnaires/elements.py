"""The elements of a questionnaire document: items, options, scales, indices and support contacts.

Each model enforces what can be said of it alone; what binds elements together is in lint.py.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticKnownError

from service.kit.text import Slug, prose

MAX_TEXT = 2000
MAX_LANGUAGES = 10
MAX_ITEMS = 300
MAX_OPTIONS = 50
MAX_POINTS = 11
MAX_CONTACTS = 20
NUMBER_LIMIT = 32_000

# BCP 47, the part of it that names a language, a script and a region.
_LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"


def at_most(limit: int) -> BeforeValidator:
    """Refuses a longer collection before its entries are looked at: a megabyte of wrong entries costs seconds."""

    def check(entries: object) -> object:
        if isinstance(entries, list | dict) and len(entries) > limit:
            sizes = {"field_type": "List", "max_length": limit, "actual_length": len(entries)}
            raise PydanticKnownError("too_long", sizes)
        return entries

    return BeforeValidator(check)


Id = Slug
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE_PATTERN)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(prose)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ().-]{1,38}$")]
Url = Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=r"^https://[!-~]+$")]
PointLabel = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
Bound = Annotated[int, Field(ge=-NUMBER_LIMIT, le=NUMBER_LIMIT)]
# Language to text. JSON has no order of keys and neither has this mapping.
Texts = Annotated[dict[Language, Text], Field(max_length=MAX_LANGUAGES), at_most(MAX_LANGUAGES)]


class Element(BaseModel):
    """What all elements share: nothing is coerced, nothing unknown is accepted, nothing changes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Contact(Element):
    """Confidential support that every respondent is shown."""

    name: Texts
    detail: Texts
    phone: Phone | None = None
    url: Url | None = None


class Option(Element):
    id: Id
    text: Texts


Options = Annotated[tuple[Option, ...], Field(min_length=2, max_length=MAX_OPTIONS, strict=False), at_most(MAX_OPTIONS)]


class _Item(Element):
    id: Id
    text: Texts
    required: bool = False
    sensitive: bool = False


class RatingItem(_Item):
    """A statement rated 1..points, the last point the most positive unless `reverse`."""

    type: Literal["rating"]
    points: Annotated[int, Field(ge=2, le=MAX_POINTS)]
    labels: Annotated[dict[PointLabel, Texts], at_most(MAX_POINTS)] | None = None
    reverse: bool = False


class SingleChoiceItem(_Item):
    type: Literal["single_choice"]
    options: Options


class MultipleChoiceItem(_Item):
    type: Literal["multiple_choice"]
    options: Options
    max_choices: Annotated[int, Field(ge=1)] | None = None


class NumberItem(_Item):
    """A whole number between two bounds, both allowed."""

    type: Literal["number"]
    minimum: Bound
    maximum: Bound


class TextItem(_Item):
    """Free text of at most `max_length` characters (Unicode code points)."""

    type: Literal["text"]
    max_length: Annotated[int, Field(ge=1, le=MAX_TEXT)] = 500


Item = Annotated[
    RatingItem | SingleChoiceItem | MultipleChoiceItem | NumberItem | TextItem, Field(discriminator="type")
]


class Scale(Element):
    """A scored set of rating items with the same points."""

    id: Id
    title: Texts
    items: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)]


class Index(Element):
    """The mean of several scales, person by person."""

    id: Id
    title: Texts
    scales: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)]
