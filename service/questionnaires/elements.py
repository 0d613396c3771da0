"""The elements of a questionnaire document: items, options, sections, scales, indices and support contacts.

Each model enforces what can be said of it alone; what binds elements together is in lint/. A field that came later is
absent by default, and absent fields are not written: a document's digest, once in a contract, stays what it was.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from service.kit.text import Slug, prose

MAX_TEXT = 2000
MAX_LANGUAGES = 10
MAX_ITEMS = 300
MAX_OPTIONS = 50
MAX_POINTS = 11
MAX_CONTACTS = 20
MAX_SECTIONS = 100
MAX_BANDS = 10
MAX_WEIGHT = 100
MAX_CONDITION_DEPTH = 4
MAX_CONDITIONS = 20
"""Conditions joined by one `all` or `any`."""
NUMBER_LIMIT = 32_000
ENPS_MOST = 10

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
MAX_ID = 63
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE_PATTERN)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(prose)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ().-]{1,38}$")]
Url = Annotated[str, StringConstraints(max_length=MAX_TEXT, pattern=r"^https://[!-~]+$")]
PointLabel = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
EnpsLabel = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]
Bound = Annotated[int, Field(ge=-NUMBER_LIMIT, le=NUMBER_LIMIT)]
# Language to text. JSON has no order of keys and neither has this mapping.
Texts = Annotated[dict[Language, Text], Field(max_length=MAX_LANGUAGES), at_most(MAX_LANGUAGES)]


class Element(BaseModel):
    """What all elements share: nothing is coerced, nothing unknown is accepted, nothing changes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _no_deeper(limit: int) -> BeforeValidator:
    """Refuses a condition nested too deep before anything recursive looks at it."""

    def check(condition: object) -> object:
        layer, depth = [condition], 0
        while layer:
            depth += 1
            if depth > limit:
                raise PydanticCustomError("refused", "{reason}", {"reason": f"must be nested at most {limit} deep"})
            inner: list[object] = []
            for one in layer:
                if isinstance(one, dict):
                    for joined in (one.get("all"), one.get("any")):
                        inner += joined if isinstance(joined, list) else []
                    inner += [one["not"]] if "not" in one else []
            layer = inner
        return condition

    return BeforeValidator(check)


def _choice(value: object) -> object:
    if type(value) is int or (isinstance(value, str) and 0 < len(value) <= MAX_ID):
        return value
    raise PydanticCustomError("refused", "{reason}", {"reason": "must be an option's id or a whole number"})


_ID_OR_NUMBER = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
Choice = Annotated[Any, AfterValidator(_choice), WithJsonSchema(_ID_OR_NUMBER)]
_Joined = Annotated[
    tuple["Condition", ...], Field(min_length=1, max_length=MAX_CONDITIONS, strict=False), at_most(MAX_CONDITIONS)
]


class Condition(Element):
    """Whether something is asked, by earlier answers: a fact about one item, or such facts joined."""

    item: Id | None = None
    chosen: Annotated[
        tuple[Choice, ...] | None,
        Field(alias="is", min_length=1, max_length=MAX_OPTIONS, strict=False, description="any of these was answered"),
        at_most(MAX_OPTIONS),
    ] = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    every: Annotated[_Joined | None, Field(alias="all")] = None
    some: Annotated[_Joined | None, Field(alias="any")] = None
    negated: Annotated["Condition | None", Field(alias="not")] = None


Visibility = Annotated[Condition, _no_deeper(MAX_CONDITION_DEPTH)]


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
    """What all items have. Whoever prefers not to answer a sensitive item may, whatever `required` says."""

    id: Id
    text: Texts
    required: bool = False
    sensitive: bool = False
    visible_if: Visibility | None = None


class RatingItem(_Item):
    """A statement rated 1..points, the last point the most positive unless `reverse`."""

    type: Literal["rating"]
    points: Annotated[int, Field(ge=2, le=MAX_POINTS)]
    labels: Annotated[dict[PointLabel, Texts], at_most(MAX_POINTS)] | None = None
    reverse: bool = False


class EnpsItem(_Item):
    """How likely someone is to recommend the organisation, 0..10: promoters from 9, detractors up to 6."""

    type: Literal["enps"]
    labels: Annotated[dict[EnpsLabel, Texts], at_most(ENPS_MOST + 1)] | None = None


class SingleChoiceItem(_Item):
    type: Literal["single_choice"]
    options: Options


class MultipleChoiceItem(_Item):
    type: Literal["multiple_choice"]
    options: Options
    max_choices: Annotated[int, Field(ge=1)] | None = None


class RankingItem(_Item):
    """Options put in order, the first one first; at most `max_ranks` of them, all of them where that is absent."""

    type: Literal["ranking"]
    options: Options
    max_ranks: Annotated[int, Field(ge=1)] | None = None


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
    RatingItem | EnpsItem | SingleChoiceItem | MultipleChoiceItem | RankingItem | NumberItem | TextItem,
    Field(discriminator="type"),
]
Ids = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)]


class Section(Element):
    """Items shown together, in the document's order or shuffled for each respondent.

    As a matrix, its ratings are the rows of a grid whose columns are their points; its text is what they complete.
    """

    id: Id
    title: Texts | None = None
    text: Texts | None = None
    items: Ids
    order: Literal["random"] | None = None
    layout: Literal["matrix"] | None = None
    visible_if: Visibility | None = None


Cut = Annotated[float, Field(ge=-NUMBER_LIMIT, le=NUMBER_LIMIT, allow_inf_nan=False)]
Rule = Literal["person", "group"]


class Limits(Element):
    """Scores from `at_least` on and under `below`."""

    at_least: Cut | None = None
    below: Cut | None = None


class Band(Element):
    """Scores from a cut-off on, up to that of the next band, with the words that explain them.

    A band of an index may instead say what the scores of its scales must be (`when`).
    """

    id: Id
    title: Texts
    text: Texts | None = None
    at_least: Cut | None = None
    when: Annotated[dict[Id, Limits], Field(min_length=1, max_length=MAX_BANDS), at_most(MAX_BANDS)] | None = None


Bands = Annotated[tuple[Band, ...], Field(min_length=2, max_length=MAX_BANDS, strict=False), at_most(MAX_BANDS)]
_Weight = Annotated[int, Field(ge=1, le=MAX_WEIGHT)]


class Scale(Element):
    """A scored set of rating items with the same points.

    Attributes:
        weights: of each item, in their order; all alike, where absent.
        score: the "mean" of the items (where absent), their "sum", or "percent": 0 to 100 between the lowest and the
            highest mean.
        favourable: "low": the more of it the worse, so that the score runs against the items' favourable ends; "high",
            where absent.
        rule: "person" (where absent): each person's score, then their mean; "group": the mean of the items' own means.
        answered: how many of the items a person must have answered, none weighing more; all, where absent.
        bands: by `at_least`, in the unit of `score`.
    """

    id: Id
    title: Texts
    items: Ids
    weights: Annotated[tuple[_Weight, ...], Field(max_length=MAX_ITEMS, strict=False), at_most(MAX_ITEMS)] | None = None
    score: Literal["mean", "sum", "percent"] | None = None
    favourable: Literal["high", "low"] | None = None
    rule: Rule | None = None
    answered: Annotated[int, Field(ge=1, le=MAX_ITEMS)] | None = None
    bands: Bands | None = None


class Index(Element):
    """Several scales in one figure.

    Attributes:
        combine: the "mean" of their scores (where absent), or the "ratio" of the first to the second.
        rule: as that of a scale.
        bands: as those of a scale, in the unit of its scales (of a ratio: its own), or by its scales' scores (`when`).
    """

    id: Id
    title: Texts
    scales: Ids
    combine: Literal["mean", "ratio"] | None = None
    rule: Rule | None = None
    bands: Bands | None = None
