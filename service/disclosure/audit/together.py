"""The search itself, and examples sought over all answers: those to the other items of a scale or an index too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.case import Case, Joint
from service.disclosure.audit.confirm import Terms, confirmed
from service.disclosure.audit.layers import Layer, Layers, Source, chain_of, layers_of, sizes_of
from service.disclosure.audit.model import Finding, Leak, Told
from service.disclosure.audit.modular import Elimination
from service.disclosure.audit.system import System


def by_search(layers: Layers, budget: int, told: Told, known: Bools | None) -> Finding:
    """The verdict on one system, within so many millions of operations; unsafe where all answers bear it out.

    `known` unknowns are closed already.
    """
    if len(layers.chain) > 1:
        ask: Joint | None = _Ask(layers)
    else:
        # A scale's sums by size are not published themselves: an example made of them may be none.
        ask = (lambda _: None) if any(source.size for source in layers.sources) else None
    case = Case(layers.family, layers.chain[0], layers.k, layers.rows(), layers.given, layers.n, ask)
    return case.judged(budget, told, known)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows over some unknowns, eliminated.

    Attributes:
        sources: what each row is.
        given: the unknowns of each row.
        n: people of each unknown.
    """

    sources: Sequence[Source]
    given: Sequence[Ints]
    n: Ints
    system: System
    elimination: Elimination
    unseen: Ints

    @classmethod
    def of(cls, sources: Sequence[Source], given: Sequence[Ints], n: Ints, vectors: int) -> "_Rows":
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
        layers = [(layer.top, layer.size) for layer in layers_of(self._book, chain)]
        suspects = {(one % width, *layers[one // width]) for one in unknowns.tolist()}
        who = {(one, chain[top], size) for one, top, size in suspects}
        short = {(one, chain[top + 1 : top + 2]) for one, top, _ in suspects}
        classes = {one for one, *_ in suspects}
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
        people = sum({self._who(one): self._people(rows, one) for one in found[1]}.values())
        items = [(self._who(one)[0], self._place(one)[0][0]) for one in found[1]]
        return self._leak(rows, found, people, k, items)

    def _leak(
        self, rows: _Rows, found: tuple[Terms, Terms], people: int, k: int, about: Sequence[tuple[int, str]]
    ) -> Leak | None:
        terms = self._published(rows, found[0])
        if terms is None or not 0 < people < k:
            return None
        family, item = self._layers.family, self._layers.chain[0]
        combined = tuple((self._book.row(measure, family, place), one) for (measure, place), one in terms.items())
        classes = tuple((one, factor) for (one, _), factor in zip(about, found[1].values(), strict=True))
        return Leak(family, item, combined, classes, people, k, tuple(name for _, name in about))

    def _published(self, rows: _Rows, terms: Terms) -> dict[tuple[str, int], Fraction] | None:
        """By measure and place, in published sums; None if these do not make up the terms.

        A scale's sum is made of its sums by size, each over that size.
        """
        total: dict[tuple[str, int], Fraction] = {}
        for row, (measure, place, size) in enumerate(rows.sources):
            if len(rows.given[row]):
                factor = terms.get(row, Fraction(0)) * max(size, 1)
                if total.setdefault((measure, place), factor) != factor:
                    return None
        return {source: factor for source, factor in total.items() if factor}

    @cached_property
    def _levels(self) -> list[list[Layer]]:
        """The layers of each item."""
        return [layers_of(self._book, chain) for chain in self._chains]

    @property
    def _layer_count(self) -> int:
        return max(map(len, self._levels))

    def _place(self, number: int) -> tuple[tuple[str, ...], Layer]:
        """The chain of the unknown's item, and its layer."""
        item, layer = divmod(number // self._book.width, self._layer_count)
        return self._chains[item], self._levels[item][layer]

    def _who(self, number: int) -> tuple[int, str, int]:
        """The class, the highest measure of the item's chain that these people count in, and their size there."""
        chain, layer = self._place(number)
        return number % self._book.width, chain[layer.top], layer.size

    def _people(self, rows: _Rows, number: int) -> int:
        """Those above. Of a size, not all answered each item."""
        one, measure, size = self._who(number)
        gaps = self._book.measures[measure].gaps
        return int(rows.n[number] if gaps is None else gaps.people[gaps.sizes.index(size), one])

    def _short(self, number: int) -> tuple[int, tuple[str, ...]]:
        """The class, and the lowest measure of the chain that these people do not count in, if there is one."""
        chain, layer = self._place(number)
        return number % self._book.width, chain[layer.top + 1 : layer.top + 2]

    def _joint(self) -> _Rows:
        width, layers, family = self._book.width, self._layer_count, self._layers.family
        n = np.zeros(len(self._chains) * layers * width, np.int64)
        starts: dict[tuple[str, int], list[int]] = {}
        for item, chain in enumerate(self._chains):
            for at, layer in enumerate(self._levels[item]):
                start = (item * layers + at) * width
                n[start : start + width] = layer.n
                for measure in chain[: layer.top]:
                    starts.setdefault((measure, 0), []).append(start)
                starts.setdefault((chain[layer.top], layer.size), []).append(start)
        sources = [
            Source(one, place, size)
            for one in self._tree
            for place in self._book.places(one, family).tolist()
            for size in sizes_of(self._book, one)
        ]
        given = [
            np.concatenate([self._book.members[place] + start for start in sorted(starts[one, size])])
            for one, place, size in sources
        ]
        return _Rows.of(sources, given, n, self._layers.k * len(self._chains))
