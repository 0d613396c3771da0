"""Items of a document and the sections they stand in: ids, what each asks, and of whom."""

from collections.abc import Mapping
from typing import Any

from service.questionnaires.branching import conditions, fact, gates, inner, leaves, must_answer, never_asked, values
from service.questionnaires.elements import (
    Condition,
    Item,
    MultipleChoiceItem,
    NumberItem,
    RankingItem,
    RatingItem,
    Section,
    SingleChoiceItem,
)
from service.questionnaires.lint.decoded import ANY, Decoded, Found, Steps

_NAMED = ("items", "sections", "scales", "indices")


def _unique_ids(decoded: Decoded) -> Found:
    seen: set[str] = set()
    for steps, name in decoded.ids(*_NAMED):
        if name in seen:
            yield steps, "is already the id of another item, section, scale or index"
        seen.add(name)


def _items(decoded: Decoded) -> Found:
    for at, item in decoded.items.items():
        match item:
            case RatingItem():
                yield from _labels(at, item.labels, item.points)  # those of eNPS are checked with the element
            case NumberItem() if item.minimum >= item.maximum:
                yield ("items", at, "maximum"), "must be greater than minimum"
            case SingleChoiceItem() | MultipleChoiceItem() | RankingItem():
                yield from _options(at, item)
            case _:
                pass


def _labels(at: int, labels: Mapping[Any, object] | None, most: int) -> Found:
    for point in labels or {}:
        if int(point) > most:
            yield ("items", at, "labels", point), "must be one of the item's points"


def _options(at: int, item: SingleChoiceItem | MultipleChoiceItem | RankingItem) -> Found:
    seen: set[str] = set()
    for place, option in enumerate(item.options):
        if option.id in seen:
            yield ("items", at, "options", place, "id"), "is already the id of another option"
        seen.add(option.id)
    if isinstance(item, MultipleChoiceItem) and (item.max_choices or 0) > len(item.options):
        yield ("items", at, "max_choices"), "must be at most the number of options"
    if isinstance(item, RankingItem) and (item.max_ranks or 0) > len(item.options):
        yield ("items", at, "max_ranks"), "must be at most the number of options"


def _sections(decoded: Decoded) -> Found:
    if not decoded.sections:
        return
    places = {name: int(steps[1]) for steps, name in decoded.ids("items")}
    last, used = -1, set[str]()
    for at, section in decoded.sections.items():
        for number, name in enumerate(section.items):
            steps = ("sections", at, "items", number)
            if name not in places:
                yield steps, "is not an item of this document"
            elif name in used:
                yield steps, "is already in a section"
            elif places[name] < last:
                yield steps, "must come in the order of the document's items"
            else:
                last = places[name]
            used.add(name)
        if section.layout == "matrix":
            yield from _matrix(decoded, at, section)
    whole = len(decoded.sections) == sum(1 for _ in decoded.at("sections", ANY))
    for name, place in places.items():
        if whole and name not in used:
            yield ("items", place), "must be in a section, as the others are"


def _matrix(decoded: Decoded, at: int, section: Section) -> Found:
    held = [item for item in decoded.items.values() if item.id in section.items]
    rows = [item for item in held if isinstance(item, RatingItem)]
    if len(rows) < len(held):
        yield ("sections", at, "layout"), "must hold rating items alone"
    elif any((item.points, item.labels) != (rows[0].points, rows[0].labels) for item in rows):
        yield ("sections", at, "layout"), "must hold rating items with the same points and labels"
    if any(item.visible_if for item in held):
        yield ("sections", at, "layout"), "must not hold items that are asked of some people only"


def _branches(decoded: Decoded) -> Found:
    known = {item.id: (at, item) for at, item in decoded.items.items()}
    named = {name for _, name in decoded.ids("items")}
    for at, item in decoded.items.items():
        if item.visible_if:
            yield from _facts(("items", at, "visible_if"), item.visible_if, at, known, named)
    for at, section in decoded.sections.items():
        first = min((known[name][0] for name in section.items if name in known), default=None)
        if section.visible_if and first is not None:
            yield from _facts(("sections", at, "visible_if"), section.visible_if, first, known, named)
        if section.order == "random":
            together = set(section.items)
            for name in section.items:
                if name in known and gates(known[name][1].visible_if) & together:
                    yield ("items", known[name][0], "visible_if"), "must not depend on an item that may come after it"


def _several(decoded: Decoded) -> Found:
    """How many are asked by several items is a joint answer, of those as well who answered some of them only.

    The same goes for scales and indices of persons, whose respondents were asked all of their items.
    """
    items = [item for _, item in sorted(decoded.items.items())]
    needed = conditions(items, tuple(decoded.sections.values()))
    always = {item.id for item in items if must_answer(item) and item.id not in needed}
    behind = {item.id: gates(*needed.get(item.id, ())) for item in items}
    for at, item in decoded.items.items():
        if len(behind[item.id]) > 1 and not behind[item.id] <= always:
            yield ("items", at), f"is asked by several items: {_EACH_ALWAYS}"
    wholes = [("scales", at, scale.id, scale.items, scale.rule) for at, scale in decoded.scales.items()]
    wholes += [("indices", at, index.id, index.scales, index.rule) for at, index in decoded.indices.items()]
    for field, at, name, parts, rule in wholes:
        behind[name] = frozenset().union(*(behind.get(part, frozenset()) for part in parts))
        if rule != "group" and len(behind[name]) > 1 and not behind[name] <= always:
            yield (field, at), f"has items that are asked by several items: {_EACH_ALWAYS}"


_EACH_ALWAYS = "each must be required, not sensitive, and asked of everybody"


def _facts(
    steps: Steps, condition: Condition, here: int, known: Mapping[str, tuple[int, Item]], named: set[str]
) -> Found:
    form = _form(condition)
    if form is not None:
        yield steps, form
        return
    for leaf in leaves(condition):
        name = leaf.item or ""
        if name not in named:
            yield steps, "asks about what is not an item of this document"
        elif name in known:
            at, item = known[name]
            if at >= here:
                yield steps, "asks about an item that does not come earlier"
            elif not values(item):
                yield steps, "must ask about ratings, eNPS items and choices alone"
            else:
                yield from _values(steps, leaf, item)


def _values(steps: Steps, leaf: Condition, item: Item) -> Found:
    offered = values(item)
    if leaf.chosen is not None:
        if any(type(one) is not type(offered[0]) or one not in offered for one in leaf.chosen):
            yield steps, "asks for an answer that the item does not offer"
    elif type(offered[0]) is not int:
        yield steps, "must not compare options by size"
    elif not any(fact(leaf, one) for one in offered):
        yield steps, "asks for an answer that the item does not offer"


def _form(condition: Condition) -> str | None:
    """What is wrong with how a condition, or one inside it, is written."""
    about = condition.item is not None
    says = [condition.chosen, condition.at_least, condition.at_most]
    joins = [one for one in (condition.every, condition.some, condition.negated) if one is not None]
    if about and (joins or all(one is None for one in says)):
        return "must ask about an item by is, at_least or at_most"
    if about and condition.chosen is not None and says[1:] != [None, None]:
        return "must ask about an item by is, or by at_least and at_most"
    if not about and (len(joins) != 1 or any(one is not None for one in says)):
        return "must be a fact about an item, or one of all, any and not"
    return next((form for one in inner(condition) if (form := _form(one)) is not None), None)


def _reachable(decoded: Decoded) -> Found:
    items = [item for _, item in sorted(decoded.items.items())]
    needed = conditions(items, tuple(decoded.sections.values()))
    if any(_form(one) is not None for some in needed.values() for one in some):
        return
    never = set(never_asked(items, needed))
    for at, item in decoded.items.items():
        if item.id in never:
            yield ("items", at), "is never asked: no answers lead to it"


ITEM_CHECKS = (_unique_ids, _items, _sections, _branches, _several, _reachable)
