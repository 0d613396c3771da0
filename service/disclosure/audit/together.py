"""The search itself, and examples sought over all answers: those to the other items of a scale or an index too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.case import Case
from service.disclosure.audit.confirm import Terms, confirmed
from service.disclosure.audit.layers import Layers, chain_of, layer_counts
from service.disclosure.audit.model import Finding, Leak, Told
from service.disclosure.audit.modular import Elimination
from service.disclosure.audit.system import System


def by_search(layers: Layers, budget: int, told: Told, known: Bools | None) -> Finding:
    """The verdict on one system, within so many millions of operations; unsafe where all answers bear it out.

    `known` unknowns are closed already.
    """
    ask = None if len(layers.chain) == 1 else _Ask(layers)
    case = Case(layers.family, layers.chain[0], layers.k, layers.rows(), layers.given, layers.n, ask)
    return case.judged(budget, told, known)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows over some unknowns, eliminated.

    Attributes:
        sources: by row, measure and place.
        given: the unknowns of each row.
        n: people of each unknown.
    """

    sources: Sequence[tuple[str, int]]
    given: Sequence[Ints]
    n: Ints
    system: System
    elimination: Elimination
    unseen: Ints

    @classmethod
    def of(cls, sources: Sequence[tuple[str, int]], given: Sequence[Ints], n: Ints, vectors: int) -> "_Rows":
        given = [members[n[members] > 0] for members in given]
        system = System.of(given, n)
        elimination = Elimination.of(list(system.remainders), len(system.n))
        return cls(sources, given, n, system, elimination, elimination.prints(vectors))

    def isolated(self, unknowns: Ints) -> tuple[Terms, Terms] | None:
        """Coefficients by row, and of the unknowns that they leave, all of them among these; None if no rows do."""
        inside = np.zeros(len(self.n), np.bool_)
        inside[unknowns] = True
        point_of = self.system.point_of
        outside = np.unique(point_of[~inside & (point_of >= 0) & (self.n > 0)])
        points = np.setdiff1d(point_of[inside & (point_of >= 0)], outside)
        return confirmed(self.system, self.elimination, self.unseen, points.tolist(), self.given)


class _Ask:
    """Asked for an example in some unknowns of the item's system. First of the item's rows alone, then of all."""

    def __init__(self, layers: Layers) -> None:
        self._layers, self._book = layers, layers.book
        self._tree = self._book.tree(layers.chain[0])
        items = [one for one in self._tree if not self._book.measures[one].parts]
        self._chains = [chain_of(self._book, layers.family, item) for item in items]
        self._made: dict[str, _Rows] = {}

    def __call__(self, unknowns: Sequence[int]) -> Leak | None:
        asked = np.array(unknowns, np.int64)
        return self._alone(asked) or self._together(asked)

    def _rows(self, name: str, make: Callable[[], _Rows]) -> _Rows:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _alone(self, unknowns: Ints) -> Leak | None:
        """In the item's own rows: they tell no layers apart, so that a class is described as a whole."""
        item, width = self._layers.chain[0], self._book.width
        if not len(self._book.places(item, self._layers.family)):
            return None
        own = Layers.of(self._book, self._layers.family, (item,))
        rows = self._rows("alone", lambda: _Rows.of(own.sources, own.given, own.n, own.k))
        other = np.setdiff1d(np.flatnonzero(self._layers.n), unknowns)
        found = rows.isolated(np.setdiff1d(unknowns % width, other % width))
        if found is None:
            return None
        people = int(own.n[list(found[1])].sum())
        return self._leak(rows, found, people, own.k, [(one, item) for one in found[1]])

    def _together(self, unknowns: Ints) -> Leak | None:
        """In all rows of the tree, over one unknown for each item, class and layer."""
        rows = self._rows("together", self._joint)
        chain, width = self._layers.chain, self._book.width
        suspects = {(one % width, one // width) for one in unknowns.tolist()}
        who = {(one, chain[layer]) for one, layer in suspects}
        short = {(one, chain[layer + 1 : layer + 2]) for one, layer in suspects}
        classes = {one for one, _ in suspects}
        filled = np.flatnonzero(rows.n).tolist()
        # First the suspects themselves, then whoever is missing in the same whole as they, then all of their classes.
        for numbers in (
            [one for one in filled if self._who(one) in who],
            [one for one in filled if self._short(one) in short],
            [one for one in filled if one % width in classes],
        ):
            found = rows.isolated(np.array(numbers, np.int64))
            if found is not None and (leak := self._example(rows, found)) is not None:
                return leak
        return None

    def _example(self, rows: _Rows, found: tuple[Terms, Terms]) -> Leak | None:
        """With an upper bound of its people: those of one class and layer of a whole are the same for all its items."""
        k = max(self._book.k(self._place(one)[0][0], self._layers.family) for one in found[1])
        people = sum({self._who(one): int(rows.n[one]) for one in found[1]}.values())
        items = [(self._who(one)[0], self._place(one)[0][0]) for one in found[1]]
        return self._leak(rows, found, people, k, items)

    def _leak(
        self, rows: _Rows, found: tuple[Terms, Terms], people: int, k: int, about: Sequence[tuple[int, str]]
    ) -> Leak | None:
        if not 0 < people < k:
            return None
        family, item = self._layers.family, self._layers.chain[0]
        sources = ((*rows.sources[row], factor) for row, factor in found[0].items())
        terms = [(self._book.row(measure, family, place), factor) for measure, place, factor in sources]
        classes = tuple((one, factor) for (one, _), factor in zip(about, found[1].values(), strict=True))
        return Leak(family, item, tuple(terms), classes, people, k, tuple(name for _, name in about))

    @property
    def _layer_count(self) -> int:
        return max(map(len, self._chains))

    def _place(self, number: int) -> tuple[tuple[str, ...], int]:
        """The chain of the unknown's item, and its layer."""
        item, layer = divmod(number // self._book.width, self._layer_count)
        return self._chains[item], layer

    def _who(self, number: int) -> tuple[int, str]:
        """The class, and the highest measure of the item's chain that these people count in."""
        chain, layer = self._place(number)
        return number % self._book.width, chain[layer]

    def _short(self, number: int) -> tuple[int, tuple[str, ...]]:
        """The class, and the lowest measure of the chain that these people do not count in, if there is one."""
        chain, layer = self._place(number)
        return number % self._book.width, chain[layer + 1 : layer + 2]

    def _joint(self) -> _Rows:
        width, layers, family = self._book.width, self._layer_count, self._layers.family
        n = np.zeros(len(self._chains) * layers * width, np.int64)
        starts: dict[str, list[int]] = {}
        for item, chain in enumerate(self._chains):
            for layer, people in enumerate(layer_counts(self._book, chain)):
                start = (item * layers + layer) * width
                n[start : start + width] = people
                for measure in chain[: layer + 1]:
                    starts.setdefault(measure, []).append(start)
        sources = [(one, place) for one in self._tree for place in self._book.places(one, family).tolist()]
        given = [
            np.concatenate([self._book.members[place] + start for start in sorted(starts[one])])
            for one, place in sources
        ]
        return _Rows.of(sources, given, n, self._layers.k * len(self._chains))
