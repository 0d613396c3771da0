"""How many are asked, of those who answered what decides about it; also in what places leave of each other in one step.

Exact numbers are taken to be known, and that a figure stands says by itself that its number is enough. So each area has
enough people who were asked and enough who were not, and the fewer of them are not so few of all that it could be said
that nearly everybody answered alike. An area is a place with figures, or what it leaves of itself without

- the next places below it in the tree, of the same values,
- its places by more dimensions, one or several, and by dimensions whose values its own unite, one such group at a time.

Areas with enough on both sides have it together as well: the shares that are too few fall with the number of people. So
it is asked of no other sums of areas, nor of deviations, which stand only where means do and leave what these leave;
nor of what is derived from figures, which says nothing that these do not.

Of an area it is known how many answered the item, how many its gate, and how many took part; not who did both. Where
the item follows answers to the gate alone, whoever answered it answered the gate. Where it is asked of who skipped it,
too, all of these are taken to be among its respondents. A scale with gaps may count people of both kinds: the
fewest that there can be on each side have to be enough.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DEVIATION
from service.disclosure.audit.forest import Forest
from service.disclosure.audit.model import Refusal

END_BANDS = ((30, 10), (100, 5), (1_000, 2))
"""Under so many people, so many in a hundred say no more than that it is hardly anybody. From there on k alone does."""

_WHOLE, _BELOW, _SPLIT = range(3)
_AREA = ("", " outside the places below it", " outside the places that split it")


def asked(book: Book) -> Iterator[Refusal]:
    """Places where a gated measure tells too much of the answers to its gates, with the reason in words."""
    gated = {one.id for one in book.wave.measures if not one.derived and book.gates(one.id)}
    having = [one for one in book.wave.published if one.family != DEVIATION and one.measure in gated]
    if not having:
        return
    steps = Steps.of(book, np.unique(np.concatenate([one.places for one in having])))
    for published in having:
        shown = steps.shown(published.places)
        for gate in book.gates(published.measure):
            for place, reason in _said(book, steps, shown, published.measure, gate, published.family):
                yield Refusal(book.row(published.measure, published.family, place), reason)


def _said(book: Book, steps: "Steps", shown: Bools, measure: str, gate: str, family: str) -> Iterator[tuple[int, str]]:
    """What is wrong with each place."""
    for place in np.flatnonzero(shown & steps.crossing).tolist():
        yield place, f"whether it is asked is an answer to {gate}, and its places leave of each other nobody knows whom"
    k = book.k(measure, family)
    numbers = [book.people(one) for one in sides(book, measure, gate)]
    for area, places, (people, those, others) in steps.areas(shown, numbers):
        for at in np.flatnonzero((people > 0) & ~enough(those, others, people, k)).tolist():
            counted = f"{those[at]} were asked and {others[at]} were not, which is too few"
            yield int(places[at]), f"of {people[at]} people who answered {gate}{_AREA[area]}, {counted}"


def enough(those: Ints, others: Ints, people: Ints, k: int) -> Bools:
    """Whether both sides of so many people are k or more, and the smaller is outside the end bands."""
    fewer = np.minimum(those, others)
    share = np.zeros_like(people)
    for under, percent in reversed(END_BANDS):
        share[people < under] = percent
    found: Bools = (fewer >= k) & (100 * fewer > share * people)
    return found


def sides(book: Book, measure: str, gate: str) -> tuple[Ints, Ints, Ints]:
    """Who answered the gate, and at least how many of them were asked and were not; int64 [classes] each."""
    n, people, everybody = book.measures[measure].n, book.measures[gate].n, book.wave.respondents
    needs, may = _of_the_gate(book, measure, gate)
    those = n - (everybody - people) if may else n
    others = people - n if needs else everybody - n
    return people, those, others


def _of_the_gate(book: Book, measure: str, gate: str) -> tuple[bool, bool]:
    """Whether some of its items need an answer to the gate, and whether people may count in it without one."""
    items = [book.measures[one] for one in book.items(measure)]
    own = book.measures[measure]
    gated = [one for one in (own, *items) if gate in one.gates]
    needs = any(not one.asks_skippers for one in gated)
    if own.gaps is None:  # whoever counts answered all of them
        return needs, not needs
    without = sum(one.asks_skippers or gate not in one.gates for one in items)
    return needs, without >= own.gaps.sizes[0]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What lies in a place one step further in.

    Attributes:
        first: for each place the first of the same unit and values, which stands for all of them, int64 [places].
        tree: the order of places of the same values.
        crossing: places of which the tree does not say what they leave of each other.
        whole: for each way to split a place, the place, int64 [ways].
        part: the places that do it, of all ways, int64 [parts].
        way: to which way each of them belongs, int64 [parts].
    """

    first: Ints
    tree: Forest
    crossing: Bools
    whole: Ints
    part: Ints
    way: Ints

    @classmethod
    def of(cls, book: Book, places: Ints) -> "Steps":
        where = book.wave.where
        known = {one: at for at, one in reversed(list(enumerate(where)))}
        first = np.array([known[one] for one in where] or np.arange(len(book.members)), np.int64)
        places = np.unique(first[places])
        by_values: dict[object, list[int]] = {}
        for place in places.tolist():
            by_values.setdefault(where[place].values if where else None, []).append(place)
        trees, crossing = [], np.zeros(len(book.members), np.bool_)
        for group in by_values.values():
            tree = Forest.of(book.members, np.array(group, np.int64), book.width)
            if tree is None:
                crossing[group] = True
            else:
                trees.append(tree)
        return cls(first, _joined(trees, len(book.members)), crossing, *_ways(book, places if where else places[:0]))

    def shown(self, places: Ints) -> Bools:
        """These, each by the first of the same unit and values, bool [places]."""
        found = np.zeros(len(self.first), np.bool_)
        found[self.first[places]] = True
        return found

    def areas(self, shown: Bools, numbers: Sequence[Ints]) -> Iterator[tuple[int, Ints, list[Ints]]]:
        """Kinds of areas; the place that each is in, and its numbers, given those by place."""
        places = np.flatnonzero(shown)
        yield _WHOLE, places, [one[places] for one in numbers]
        nearest = self.tree.nearest(shown)[shown]
        places = np.unique(nearest[nearest >= 0])
        yield _BELOW, places, [self.tree.residuals(shown, one)[places] for one in numbers]
        taken = shown[self.part] & shown[self.whole[self.way]]
        ways = np.unique(self.way[taken])
        yield _SPLIT, self.whole[ways], [self._split(taken, one)[ways] for one in numbers]

    def _split(self, taken: Bools, people: Ints) -> Ints:
        left = people[self.whole]
        np.subtract.at(left, self.way[taken], people[self.part[taken]])
        return left


def _joined(trees: Sequence[Forest], places: int) -> Forest:
    """Trees of different places as one."""
    levels = zip_longest(*(tree.levels for tree in trees), fillvalue=np.zeros(0, np.int64))
    above = np.maximum.reduce([np.full(places, -1, np.int64), *(tree.above for tree in trees)])
    return Forest(above, tuple(np.concatenate(level) for level in levels))


def _ways(book: Book, places: Ints) -> tuple[Ints, Ints, Ints]:
    """Each place, with its places by other dimensions: those that it is by itself, or that these unite, and more."""
    groups: dict[str, dict[frozenset[str], list[int]]] = {}
    for place in places.tolist():
        where = book.wave.where[place]
        groups.setdefault(where.unit, {}).setdefault(frozenset(name for name, _ in where.values), []).append(place)
    holder = np.full(book.width, -1, np.int64)  # the place of a group that holds each class
    whole: list[int] = []
    part: list[int] = []
    way: list[int] = []
    for unit in groups.values():
        for finer, parts in unit.items():
            coarser = [names for names in unit if names != finer and _united(book, names, finer)]
            for one in parts if coarser else ():
                holder[book.members[one]] = one
            for place in (place for names in coarser for place in unit[names]):
                held, sizes = np.unique(holder[book.members[place]], return_counts=True)
                found = zip(held.tolist(), sizes.tolist(), strict=True)
                inside = [one for one, size in found if one >= 0 and size == len(book.members[one])]
                part += inside
                way += [len(whole)] * len(inside)
                whole.append(place)
            for one in parts:
                holder[book.members[one]] = -1
    return np.array(whole, np.int64), np.array(part, np.int64), np.array(way, np.int64)


def _united(book: Book, names: frozenset[str], finer: frozenset[str]) -> bool:
    """Whether each dimension is among the finer ones, or unites their values, or what unites them."""
    left = set(names - finer)
    while left and left <= set(book.wave.united):
        left = {book.wave.united[name] for name in left} - finer
    return not left
