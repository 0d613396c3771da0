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

MOST_STEPS = 100_000
"""Answers and pairs of cases looked at in one document; after that, anything is taken to be possible."""

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
    search = _Search()
    found = []
    for item in items:
        cases: list[_Case] = [{}]
        for condition in needed.get(item.id, ()):
            cases = search.both(cases, search.cases(condition, wanted=True))
        if not cases:
            found.append(item.id)
        search.asked[item.id] = _Gate(item, cases, always=item.id not in needed)
    return found


class _Gate(NamedTuple):
    """An item, and the ways in which it comes to be asked; too many are any. `always`: of everybody."""

    item: Item
    asked: list[_Case]
    always: bool


class _Search:
    """The ways in which conditions come out, of one document; where there are too many, any."""

    def __init__(self) -> None:
        self.asked: dict[str, _Gate] = {}
        self._left = MOST_STEPS

    def cases(self, condition: Condition, *, wanted: bool) -> list[_Case]:
        """The ways in which a condition comes out as wanted."""
        if self._left < 0:
            return [{}]
        if condition.negated is not None:
            return self.cases(condition.negated, wanted=not wanted)
        if condition.item is not None:
            gate = self.asked.get(condition.item)
            return [{}] if gate is None else self._ways(condition, gate, wanted=wanted)
        joined = condition.every or condition.some or ()
        if (condition.every is not None) == wanted:
            return reduce(self.both, (self.cases(one, wanted=wanted) for one in joined))
        found: list[_Case] = []
        for one in joined:  # one of them is enough
            found += self.cases(one, wanted=wanted)
            if len(found) > MOST_CASES:
                return [{}]
        return found

    def both(self, some: list[_Case], others: list[_Case]) -> list[_Case]:
        """The ways of one condition and another."""
        self._left -= len(some) * len(others)
        if len(some) * len(others) > MOST_JOINED or self._left < 0:
            return [{}]
        found = [case for one in some for other in others if (case := _and(one, other)) is not None]
        return found if len(found) <= MOST_CASES else [{}]

    def _ways(self, leaf: Condition, gate: _Gate, *, wanted: bool) -> list[_Case]:
        item = gate.item
        offered = values(item)
        self._left -= len(offered)
        true = frozenset(value for value in offered if fact(leaf, value))
        # Whoever is always asked it and has to answer has answered.
        answered = gate.always and must_answer(item)
        if isinstance(item, MultipleChoiceItem):
            most = item.max_choices or len(offered)
            places = [(item.id, str(option), most) for option in sorted(map(str, true))]
            if wanted:
                return self.both([{place: frozenset({True})} for place in places], gate.asked)
            none_left = answered and len(places) == len(offered)
            return [] if none_left else [{place: frozenset({False}) for place in places}]
        if wanted:
            return self.both([{item.id: true}], gate.asked) if true else []
        left = frozenset(offered) - true
        return [{item.id: left if answered else left | {None}}] if left or not answered else []


def _and(one: _Case, other: _Case) -> "_Case | None":
    """Both at once; None where no answer is left."""
    both = {gate: one.get(gate, left) & left for gate, left in other.items()}
    if not all(both.values()):
        return None
    joined = {**one, **both}
    chosen = Counter(gate[::2] for gate, left in joined.items() if isinstance(gate, tuple) and left == {True})
    return None if any(count > most for (_, most), count in chosen.items()) else joined
