"""Who is asked what, by earlier answers. Pure.

A condition is a fact about the answer to one item (`is`, `at_least`, `at_most`), or conditions joined by `all`, `any`
and `not`. A fact about an item that was skipped or not asked is false, whatever the fact.

Only items with few answers may decide (ratings, eNPS, choices). How many people are asked is an answer, and is shown
only where the distribution of what decides is: a number or a text has none.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple, TypeAlias

from service.questionnaires.elements import (
    ENPS_MOST,
    Condition,
    EnpsItem,
    Item,
    MultipleChoiceItem,
    RatingItem,
    Section,
    SingleChoiceItem,
)

MOST_CASES = 300
"""Cases of a condition looked at one by one; with more, anything is taken to be possible."""

MOST_JOINED = 2_000
"""Pairs of cases looked at for one `all`."""

# By gate the answers that are left, None among them where it may be skipped. A multiple choice answers with a set, and
# so stands here option by option: (item, option, how many may be chosen) with True or False.
_Case: TypeAlias = "Mapping[str | tuple[str, str, int], frozenset[object]]"


def leaves(condition: Condition) -> Iterator[Condition]:
    """The facts about single items."""
    if condition.item is not None:
        yield condition
    for one in inner(condition):
        yield from leaves(one)


def inner(condition: Condition) -> Iterator[Condition]:
    """The conditions that it joins or denies."""
    yield from condition.every or ()
    yield from condition.some or ()
    if condition.negated is not None:
        yield condition.negated


def gates(*needed: Condition | None) -> frozenset[str]:
    """The items that conditions ask about; none where there is no condition."""
    return frozenset(leaf.item for condition in needed if condition for leaf in leaves(condition) if leaf.item)


def conditions(items: Sequence[Item], sections: Sequence[Section] | None) -> dict[str, tuple[Condition, ...]]:
    """What must hold for each item to be asked, its section's condition first; none where nothing must."""
    of_section = {name: section.visible_if for section in sections or () for name in section.items}
    found = {item.id: tuple(one for one in (of_section.get(item.id), item.visible_if) if one) for item in items}
    return {name: needed for name, needed in found.items() if needed}


def must_answer(item: Item) -> bool:
    """Whether whoever is asked it has to answer: nobody has to answer what is sensitive."""
    return item.required and not item.sensitive


def holds(condition: Condition, answers: Mapping[str, object]) -> bool:
    """Whether it does, of the answers to the items that were asked; a skip is absent or None."""
    if condition.item is not None:
        return fact(condition, answers.get(condition.item))
    if condition.every is not None:
        return all(holds(one, answers) for one in condition.every)
    if condition.some is not None:
        return any(holds(one, answers) for one in condition.some)
    return condition.negated is not None and not holds(condition.negated, answers)


def fact(leaf: Condition, answer: object) -> bool:
    """Whether a fact about one item is true of an answer to it; of none (None) nothing is."""
    if answer is None:
        return False
    if leaf.chosen is not None:
        given = answer if isinstance(answer, list) else [answer]
        return any(one in leaf.chosen for one in given)
    return isinstance(answer, int) and (
        (leaf.at_least is None or answer >= leaf.at_least) and (leaf.at_most is None or answer <= leaf.at_most)
    )


def values(item: Item) -> tuple[object, ...]:
    """Everything that one fact may ask for."""
    match item:
        case RatingItem():
            return tuple(range(1, item.points + 1))
        case EnpsItem():
            return tuple(range(ENPS_MOST + 1))
        case SingleChoiceItem() | MultipleChoiceItem():
            return tuple(option.id for option in item.options)
        case _:
            return ()


def never_asked(items: Sequence[Item], needed: Mapping[str, Sequence[Condition]]) -> list[str]:
    """Items that no answers lead to, in the document's order; `needed` as from `conditions`.

    Facts about items that are absent or come later are taken to be possible: what is wrong with them is said elsewhere.
    """
    asked: dict[str, _Gate] = {}
    found = []
    for item in items:
        cases: list[_Case] = [{}]
        for condition in needed.get(item.id, ()):
            cases = _both(cases, _cases(condition, asked, wanted=True))
        if not cases:
            found.append(item.id)
        asked[item.id] = _Gate(item, cases)
    return found


class _Gate(NamedTuple):
    """An item, and the ways in which it comes to be asked; too many are any."""

    item: Item
    asked: list[_Case]


def _cases(condition: Condition, asked: Mapping[str, _Gate], *, wanted: bool) -> list[_Case]:
    """The ways in which it comes out as wanted; too many are any."""
    if condition.negated is not None:
        return _cases(condition.negated, asked, wanted=not wanted)
    if condition.item is not None:
        gate = asked.get(condition.item)
        return [{}] if gate is None else _ways(condition, gate, wanted=wanted)
    each = [_cases(one, asked, wanted=wanted) for one in condition.every or condition.some or ()]
    if (condition.every is not None) == wanted:
        return reduce(_both, each)
    return _few([case for ways in each for case in ways])  # one of them is enough


def _ways(leaf: Condition, gate: _Gate, *, wanted: bool) -> list[_Case]:
    item = gate.item
    true = frozenset(value for value in values(item) if fact(leaf, value))
    # Whoever is always asked it and has to answer has answered.
    answered = gate.asked == [{}] and must_answer(item)
    if isinstance(item, MultipleChoiceItem):
        places = [(item.id, str(option), item.max_choices or len(item.options)) for option in sorted(map(str, true))]
        if wanted:
            return _both([{place: frozenset({True})} for place in places], gate.asked)
        none_left = answered and len(places) == len(item.options)
        return [] if none_left else [{place: frozenset({False}) for place in places}]
    if wanted:
        return _both([{item.id: true}], gate.asked) if true else []
    left = frozenset(values(item)) - true
    return [{item.id: left if answered else left | {None}}] if left or not answered else []


def _both(some: list[_Case], others: list[_Case]) -> list[_Case]:
    if len(some) * len(others) > MOST_JOINED:
        return [{}]
    return _few([case for one in some for other in others if (case := _and(one, other)) is not None])


def _few(cases: list[_Case]) -> list[_Case]:
    return cases if len(cases) <= MOST_CASES else [{}]


def _and(one: _Case, other: _Case) -> "_Case | None":
    """Both at once; None where no answer is left."""
    both = {gate: one.get(gate, left) & left for gate, left in other.items()}
    if not all(both.values()):
        return None
    joined = {**one, **both}
    chosen = Counter(gate[::2] for gate, left in joined.items() if isinstance(gate, tuple) and left == {True})
    return None if any(count > most for (_, most), count in chosen.items()) else joined
