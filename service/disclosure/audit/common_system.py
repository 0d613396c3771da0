"""What is proved once for many systems of a wave, by the people who are in all of them.

The systems of two items differ in the few people who skipped one of them, and in some rows. Take the classes as far as
their people are in every whole of every system of a group, at the least number that any system has there, and the rows
of all the systems as far as they reach into these: the common system. A system's own combination v is, on these people,
a combination of the common system's rows; it has no fewer people in it, and if its largest coefficient is at one of
these classes, that is so here too. So a class that is closed in the common system (no combination whose largest
coefficient is there has fewer than k people in it) is closed in each system of the group.

The reverse is not so, and what stays open is judged in each system by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.book import Book
from service.disclosure.audit.figures import DISTRIBUTION, MEAN
from service.disclosure.audit.hunt import MILLION, Hunt
from service.disclosure.audit.layers import Layers
from service.disclosure.audit.model import Told
from service.disclosure.audit.respondents import thresholds
from service.disclosure.audit.system import System

FEWEST = 4
"""Items of a group: with fewer it hardly pays."""


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """Of a group of systems.

    Attributes:
        k: their threshold.
        places: numbers of the places of all their rows.
        n: people of each class, no more than in any of the systems, int64 [classes].
        closed: whether no combination with fewer than k people has its largest coefficient there, bool [classes].
        budget: what there was for it, in millions of elementary operations.
        work: how many of them were spent.
        cut: whether the budget ended before all was looked at.
    """

    k: int
    places: frozenset[int]
    n: Ints
    closed: Bools
    budget: int
    work: int
    cut: bool

    @classmethod
    def of(
        cls, k: int, places: Ints, members: Sequence[Ints], n: Ints, known: Bools, budget: int, told: Told
    ) -> "Common":
        """By cheap looks alone, within so many millions of operations. `known` [classes] are closed already."""
        system = System.of([members[place] for place in places.tolist()], n)
        # What looks like an example here need not be one of any system.
        hunt = Hunt.of(system, k, budget, told, lambda *_: lambda _: False, system.points(known & (n > 0)))
        hunt.by_rows()
        at = system.point_of
        closed = known | ((at >= 0) & (hunt.closed[at] if len(hunt.closed) else False))
        cut = hunt.work >= hunt.budget and bool(hunt.open.any())
        return cls(k, frozenset(places.tolist()), n, closed, budget, -(-hunt.work // MILLION), cut)

    def holds_for(self, layers: Layers) -> Bools | None:
        """The unknowns of a system that are closed, bool [layers x classes]; None where it is not of the group."""
        top = len(layers.n) - len(self.n)
        if layers.k != self.k or (layers.n[top:] < self.n).any():
            return None
        if not self.places.issuperset(place for _, place, *_ in layers.sources):
            return None
        closed = np.zeros(len(layers.n), np.bool_)
        closed[top:] = self.closed & (self.n > 0)
        return closed


class Commons:
    """The common systems of a wave: for each threshold one of all measures, and one of each tree of measures."""

    def __init__(self, book: Book, told: Told) -> None:
        self._book, self._told = book, told
        self._places = dict(thresholds(book))
        self._made: dict[tuple[int, tuple[str, ...]], Common] = {}

    def closed(self, layers: Layers, budget: int) -> tuple[Bools | None, int]:
        """The unknowns of a system that are closed in common ones, bool [unknowns], and millions of operations spent.

        None: nothing is known of it. The budget is for all common systems together that are still to be judged.
        """
        found, spent, known = None, 0, np.zeros(self._book.width, np.bool_)
        if layers.k not in self._places:
            return None, 0
        for tops in self._groups(layers):
            common, left = self._made.get((layers.k, tops)), budget - spent
            # One that a small budget cut short is judged once more where there is a larger one.
            if left > 0 and (common is None or (common.cut and left > common.budget)):
                known = known if common is None else known | common.closed
                common = self._made[layers.k, tops] = self._judged(layers.k, tops, known, left)
                spent += common.work
            if common is not None:
                known, found = common.closed, common.holds_for(layers)
        return found, spent

    def _judged(self, k: int, tops: Sequence[str], known: Bools, budget: int) -> Common:
        n = np.minimum.reduce([self._book.complete(one) for one in tops])
        return Common.of(k, self._places[k], self._book.members, n, known, budget, self._told)

    def _groups(self, layers: Layers) -> list[tuple[str, ...]]:
        """By the measures on top of their trees: all with rows of this threshold, then the system's own tree."""
        book = self._book
        tops = [one.id for one in book.tops if self._is_held(book.tree(one.id), layers.k)]
        own = [top for top in tops if layers.chain[0] in book.tree(top)]
        return [group for group in (tuple(tops), tuple(own)) if self._items(group) >= FEWEST]

    def _items(self, tops: Sequence[str]) -> int:
        return sum(len(self._book.items(top)) for top in tops)

    def _is_held(self, tree: Sequence[str], k: int) -> bool:
        book = self._book
        families = [(one, family) for one in tree for family in (MEAN, DISTRIBUTION)]
        return any(len(book.places(*one)) and book.k(*one) == k for one in families)
