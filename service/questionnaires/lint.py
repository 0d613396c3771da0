"""What binds the elements of a questionnaire document together, checked all at once.

A draft holds the decoded JSON and those of its elements that are well formed, each under its position, so that these
checks also run on a document of which some other element is malformed: one reply names everything there is to correct.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import lcm

from service.kit.reasons import Fault, pointer
from service.questionnaires.elements import (
    MAX_ITEMS,
    Index,
    Item,
    MultipleChoiceItem,
    NumberItem,
    RatingItem,
    Scale,
    SingleChoiceItem,
)

# Scores of an index are integers over this denominator at most: the squares of a million people's scores, 11 x 2,520 at
# the most, then add up below 2^50, like those of the widest number item.
MAX_DENOMINATOR = 2_520

Steps = tuple[str | int, ...]

_ANY = None
_TEXTS: tuple[tuple[str | None, ...], ...] = (
    ("title",),
    ("introduction",),
    ("support", _ANY, "name"),
    ("support", _ANY, "detail"),
    ("items", _ANY, "text"),
    ("items", _ANY, "labels", _ANY),
    ("items", _ANY, "options", _ANY, "text"),
    ("scales", _ANY, "title"),
    ("indices", _ANY, "title"),
)
_NAMED = ("items", "scales", "indices")


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as decoded from JSON, and its well-formed elements by position."""

    source: object
    items: Mapping[int, Item]
    scales: Mapping[int, Scale]
    indices: Mapping[int, Index]


def lint(draft: Draft) -> list[Fault]:
    """Every fault between the elements."""
    return [Fault(pointer(steps), reason) for check in _CHECKS for steps, reason in check(draft)]


def _find(value: object, path: tuple[str | None, ...], steps: Steps = ()) -> Iterator[tuple[Steps, object]]:
    """The values at a path of field names, where None stands for every position or key."""
    if not path:
        yield steps, value
        return
    head, rest = path[0], path[1:]
    entries: dict[str | int, object] = {}
    if isinstance(value, dict):
        entries = value if head is _ANY else {head: value[head]} if head in value else {}
    elif isinstance(value, list | tuple) and head is _ANY:
        entries = dict(enumerate(value[:MAX_ITEMS]))
    for key, entry in entries.items():
        yield from _find(entry, rest, (*steps, key))


def _languages(draft: Draft) -> Iterator[tuple[Steps, str]]:
    languages = [name for _, name in _find(draft.source, ("languages", _ANY)) if isinstance(name, str)]
    listed = set(languages)
    if len(listed) < len(languages):
        yield ("languages",), "must not list a language twice"
    for path in _TEXTS if listed else ():
        for steps, texts in _find(draft.source, path):
            if not isinstance(texts, dict):
                continue
            if not listed <= texts.keys():
                yield steps, "must be given in every listed language"
            if not texts.keys() <= listed:
                yield steps, "must not be given in a language that is not listed"


def _ids(draft: Draft, *fields: str) -> Iterator[tuple[Steps, str]]:
    for field in fields:
        for steps, name in _find(draft.source, (field, _ANY, "id")):
            if isinstance(name, str):
                yield steps, name


def _unique_ids(draft: Draft) -> Iterator[tuple[Steps, str]]:
    seen: set[str] = set()
    for steps, name in _ids(draft, *_NAMED):
        if name in seen:
            yield steps, "is already the id of another item, scale or index"
        seen.add(name)


def _items(draft: Draft) -> Iterator[tuple[Steps, str]]:
    for at, item in draft.items.items():
        if isinstance(item, RatingItem):
            for point in item.labels or {}:
                if int(point) > item.points:
                    yield ("items", at, "labels", point), "must be one of the item's points"
        if isinstance(item, NumberItem) and item.minimum >= item.maximum:
            yield ("items", at, "maximum"), "must be greater than minimum"
        if isinstance(item, SingleChoiceItem | MultipleChoiceItem):
            seen: set[str] = set()
            for place, option in enumerate(item.options):
                if option.id in seen:
                    yield ("items", at, "options", place, "id"), "is already the id of another option"
                seen.add(option.id)
        if isinstance(item, MultipleChoiceItem) and (item.max_choices or 0) > len(item.options):
            yield ("items", at, "max_choices"), "must be at most the number of options"


def _scales(draft: Draft) -> Iterator[tuple[Steps, str]]:
    known = {name for _, name in _ids(draft, "items")}
    others = {item.id for item in draft.items.values() if not isinstance(item, RatingItem)}
    points = {item.id: item.points for item in draft.items.values() if isinstance(item, RatingItem)}
    used: set[str] = set()
    for at, scale in draft.scales.items():
        if len({points[name] for name in scale.items if name in points}) > 1:
            yield ("scales", at, "items"), "must be rating items with the same number of points"
        for place, name in enumerate(scale.items):
            steps = ("scales", at, "items", place)
            if name in used:
                yield steps, "is already part of a scale"
            elif name not in known:
                yield steps, "is not an item of this document"
            elif name in others:
                yield steps, "must be a rating item"
            used.add(name)


def _indices(draft: Draft) -> Iterator[tuple[Steps, str]]:
    known = {name for _, name in _ids(draft, "scales")}
    ratings = {item.id: item.points for item in draft.items.values() if isinstance(item, RatingItem)}
    points = {scale.id: {ratings[name] for name in scale.items if name in ratings} for scale in draft.scales.values()}
    sizes = {scale.id: len(scale.items) for scale in draft.scales.values()}
    used: set[str] = set()
    for at, index in draft.indices.items():
        for place, name in enumerate(index.scales):
            steps = ("indices", at, "scales", place)
            if name in used:
                yield steps, "is already part of an index"
            elif name not in known:
                yield steps, "is not a scale of this document"
            used.add(name)
        if len(set().union(*(points[name] for name in index.scales if name in points))) > 1:
            yield ("indices", at, "scales"), "must be scales with the same number of points"
        multiple = lcm(*(sizes[name] for name in index.scales if name in sizes))
        if multiple * len(index.scales) > MAX_DENOMINATOR:
            yield ("indices", at, "scales"), "have numbers of items whose common multiple is too large"


_CHECKS = (_languages, _unique_ids, _items, _scales, _indices)
