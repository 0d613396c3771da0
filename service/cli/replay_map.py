"""The map of a past survey: which column of the file is what. Pure.

An example, with all there is:

name: Survey 2018                    # of the campaign; its questionnaire's key is made from it
language: en
units:
  source: survey_2018                # the source that units and people are kept under
  root: {id: all, name: Everyone}
  levels: [AGENCY, TEAM]             # columns, top down; a blank cell: the person belongs to the unit above
person: ID                           # a column without repetitions; absent: the number of the row
blanks: [NA]                         # cells that mean a skip, besides empty ones
items:
  - {columns: Q1..Q20, type: rating, points: 5}
  - {columns: [Q21, Q23], type: rating, points: 5, reverse: true}
  - {columns: SITE, type: single_choice, options: [North, South], sensitive: true}
  - {columns: YEARS, type: number, minimum: 0, maximum: 60}
scales:
  climate: [Q1..Q4]
indices:
  engagement: [climate]
titles: {Q1: My own text, climate: Climate}
policy: {k_mean: 10}
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from service.campaigns.schemas import PolicyIn
from service.cli.replay_failed import ReplayFailed
from service.kit import strict_yaml
from service.kit.reasons import Fault, fault_at
from service.kit.text import ExternalId, Language, Name, Slug, plain
from service.questionnaires.document import Document, DocumentRefused

_RANGE = re.compile(r"(.*?)(0|[1-9][0-9]{0,3}|0[0-9]{1,3})\.\.(.*?)(0|[1-9][0-9]{0,3}|0[0-9]{1,3})")
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ID_LENGTH = 63
MOST_COLUMNS = 300


def _refused(reason: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def _columns(given: object) -> object:
    """`Q1..Q71`, a name, or a list of both, as names."""
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
        raise _refused("must be a column, a range of columns such as Q1..Q9, or a list of them")
    names = [name for entry in listed for name in _expanded(entry)]
    if not names:
        raise _refused("must name at least one column")
    if len(names) > MOST_COLUMNS:
        raise _refused(f"must name at most {MOST_COLUMNS} columns")
    if len(set(names)) < len(names):
        raise _refused("must not name a column twice")
    return tuple(names)


def _expanded(entry: str) -> Iterator[str]:
    if ".." not in entry:
        yield entry
        return
    found = _RANGE.fullmatch(entry)
    if found is None or found[1] != found[3] or int(found[2]) > int(found[4]):
        raise _refused("a range has the same name and rising numbers at both ends, such as Q1..Q9")
    width = len(found[2]) if found[2].startswith("0") else 0
    yield from (f"{found[1]}{number:0{width}}" for number in range(int(found[2]), int(found[4]) + 1))


def _once(given: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(given)) < len(given):
        raise _refused("must not hold an entry twice")
    return given


def _list(given: object) -> object:
    return tuple(given) if isinstance(given, list) else given


Column = Annotated[str, Field(min_length=1, max_length=200)]
Columns = Annotated[tuple[Column, ...], BeforeValidator(_columns)]
Cells = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(plain)], ...],
    BeforeValidator(_list),
    AfterValidator(_once),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Root(_Part):
    """The unit above all others."""

    id: ExternalId
    name: Name


class Units(_Part):
    source: Slug
    root: Root
    levels: Annotated[tuple[Column, ...], BeforeValidator(_list), AfterValidator(_once), Field(max_length=20)]


class _Items(_Part):
    columns: Columns
    sensitive: bool = False


class Ratings(_Items):
    """Cells hold a whole number 1..points."""

    type: Literal["rating"]
    points: Annotated[int, Field(ge=2, le=11)]
    reverse: bool = False


class SingleChoices(_Items):
    """Cells hold one of the options, word for word."""

    type: Literal["single_choice"]
    options: Annotated[Cells, Field(min_length=2, max_length=50)]

    def option_ids(self) -> tuple[str, ...]:
        """Readable where the words allow it, numbered where not; unique."""
        ids: list[str] = []
        for number, words in enumerate(self.options, 1):
            word = slug(words)
            ids.append(word if _ID.fullmatch(word) and word not in ids else f"option_{number}")
        numbered = [f"option_{number}" for number in range(1, len(ids) + 1)]
        return tuple(ids if len(set(ids)) == len(ids) else numbered)


class Numbers(_Items):
    """Cells hold a whole number between two bounds, both allowed."""

    type: Literal["number"]
    minimum: Annotated[int, Field(ge=-32_000, le=32_000)]
    maximum: Annotated[int, Field(ge=-32_000, le=32_000)]


_KINDS = {("rating",), ("single_choice",), ("number",)}
Items = Annotated[Ratings | SingleChoices | Numbers, Field(discriminator="type")]


class ItemColumn(NamedTuple):
    """One column of answers: its header in the file, its item's id, and what its cells hold."""

    header: str
    id: str
    items: Ratings | SingleChoices | Numbers


class Map(_Part):
    """A map whose every name is sound; whether the file has the columns is seen when it is read."""

    name: Name
    language: Language
    units: Units
    person: Column | None = None
    blanks: Cells = ()
    items: Annotated[tuple[Items, ...], BeforeValidator(_list), Field(min_length=1, max_length=MOST_COLUMNS)]
    scales: dict[Slug, Columns] = {}
    indices: dict[Slug, Annotated[tuple[Slug, ...], BeforeValidator(_list), Field(min_length=1)]] = {}
    titles: dict[Column, Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(plain)]] = {}
    policy: PolicyIn = PolicyIn()

    @property
    def columns(self) -> tuple[ItemColumn, ...]:
        """All columns of answers, in the order of the map."""
        return tuple(ItemColumn(name, name.lower(), group) for group in self.items for name in group.columns)

    def headers(self) -> tuple[str, ...]:
        """Every column that the file must have."""
        people = (self.person,) if self.person is not None else ()
        return tuple(dict.fromkeys((*self.units.levels, *people, *(column.header for column in self.columns))))

    def digest(self) -> str:
        """SHA-256 of what the map says, however it is written."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """The questionnaire; texts are the columns' names unless the map gives titles."""
        return {
            "format": "pouls/1",
            "key": _key(self.name),
            "languages": [self.language],
            "title": {self.language: self.name},
            "items": [self._item(column) for column in self.columns],
            "scales": [
                {"id": name, "title": self._text(name), "items": [column.lower() for column in columns]}
                for name, columns in self.scales.items()
            ],
            "indices": [
                {"id": name, "title": self._text(name), "scales": list(scales)} for name, scales in self.indices.items()
            ],
        }

    def _text(self, name: str) -> dict[str, str]:
        return {self.language: self.titles.get(name, name)}

    def _item(self, column: ItemColumn) -> dict[str, Any]:
        items = column.items
        item: dict[str, Any] = {"id": column.id, "type": items.type, "text": self._text(column.header)}
        if items.sensitive:
            item["sensitive"] = True
        match items:
            case Ratings():
                return item | {"points": items.points} | ({"reverse": True} if items.reverse else {})
            case SingleChoices():
                named = zip(items.option_ids(), items.options, strict=True)
                return item | {"options": [{"id": word, "text": {self.language: words}} for word, words in named]}
            case Numbers():
                return item | {"minimum": items.minimum, "maximum": items.maximum}


def parse(text: str) -> Map:
    """The map in a YAML text. Raises ReplayFailed with every fault and its place."""
    try:
        given = strict_yaml.load(text)
    except yaml.YAMLError as error:
        raise ReplayFailed(f"the map is not sound YAML: {strict_yaml.where(error)}") from None
    try:
        found = Map.model_validate(given)
    except ValidationError as error:
        faults = [_fault(one) for one in error.errors(include_url=False, include_input=False)]
        raise _refusal((fault.pointer or "it", fault.reason) for fault in faults) from None
    faults_between = list(_between(found))
    if faults_between:
        raise _refusal(faults_between)
    try:
        Document.parse(found.document())
    except DocumentRefused as error:
        raise _refusal((f"questionnaire {fault.pointer}", fault.reason) for fault in error.faults) from None
    return found


def slug(words: str) -> str:
    """Lower-case letters, digits and single underscores; may be empty or begin with a digit."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:_ID_LENGTH].rstrip("_")


def _key(name: str) -> str:
    word = slug(name)
    return word if _ID.fullmatch(word) else f"survey_{word}".rstrip("_")[:_ID_LENGTH]


def _refusal(faults: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> ReplayFailed:
    return ReplayFailed("the map is refused: " + "; ".join(f"{place} {reason}" for place, reason in faults))


def _fault(error: ErrorDetails) -> Fault:
    """Pydantic names the kind of an item behind its number, which is no place in the map."""
    steps = error["loc"]
    if steps[:1] == ("items",) and steps[2:3] in _KINDS:
        steps = steps[:2] + steps[3:]
    if error["type"].startswith("union_tag"):
        steps = (*steps, "type")
    return fault_at(steps, error)


def _between(found: Map) -> Iterator[tuple[str, str]]:
    """What binds the parts of a map together."""
    yield from _columns_between(found)
    yield from _groups(found)
    columns = {column.header: column for column in found.columns}
    yield from _scales_between(found, columns)
    yield from _indices_between(found, columns)
    known = {*columns, *found.scales, *found.indices}
    for name in found.titles:
        if name not in known:
            yield f"/titles/{name[:64]}", "is not a column of an item, a scale or an index"


def _columns_between(found: Map) -> Iterator[tuple[str, str]]:
    uses = Counter(column.header for column in found.columns)
    ids: dict[str, str] = {}
    for at, group in enumerate(found.items):
        for name in group.columns:
            place = f"/items/{at}/columns"
            if uses[name] > 1:
                yield place, f"name {name} in more than one group"
            elif not _ID.fullmatch(name.lower()):
                yield place, f"name {name}, which in lower case is not an id (letters, digits, _; a letter first)"
            elif ids.setdefault(name.lower(), name) != name:
                yield place, f"name {name}, whose id is that of {ids[name.lower()]}"
            elif name == found.person:
                yield place, f"name {name}, which tells who the person is"
    if found.person in found.units.levels:
        yield "/person", "must not be a level of the units"
    if len(uses) > MOST_COLUMNS:
        yield "/items", f"must name at most {MOST_COLUMNS} columns together"


def _groups(found: Map) -> Iterator[tuple[str, str]]:
    for at, group in enumerate(found.items):
        if isinstance(group, Numbers) and group.minimum >= group.maximum:
            yield f"/items/{at}/maximum", "must be greater than minimum"
        if isinstance(group, SingleChoices) and set(group.options) & set(found.blanks):
            yield f"/items/{at}/options", "hold a text that means a skip"


def _scales_between(found: Map, columns: Mapping[str, ItemColumn]) -> Iterator[tuple[str, str]]:
    ids = {column.id for column in columns.values()}
    seen: dict[str, str] = {}
    for name, members in found.scales.items():
        place = f"/scales/{name}"
        if name in ids:
            yield place, "has the id of an item"
        points = set()
        for member in members:
            column = columns.get(member)
            if column is None:
                yield place, f"names {member}, which is not a column of an item"
            elif not isinstance(column.items, Ratings):
                yield place, f"names {member}, which is not a rating"
            else:
                points.add(column.items.points)
            if seen.setdefault(member, name) != name:
                yield place, f"names {member}, which is part of {seen[member]}"
        if len(points) > 1:
            yield place, "must have items with the same number of points"


def _indices_between(found: Map, columns: Mapping[str, ItemColumn]) -> Iterator[tuple[str, str]]:
    ids = {column.id for column in columns.values()}
    seen: dict[str, str] = {}
    for name, members in found.indices.items():
        place = f"/indices/{name}"
        if name in ids or name in found.scales:
            yield place, "has the id of an item or a scale"
        for member in members:
            if member not in found.scales:
                yield place, f"names {member}, which is not a scale"
            elif seen.setdefault(member, name) != name or members.count(member) > 1:
                yield place, f"names {member}, which is part of an index already"
