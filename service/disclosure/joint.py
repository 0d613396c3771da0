"""An item, its scale and its index, published by one plan: from their sums together no small group may be computed.

**One set of items at a time.** Whatever is published about a wave is a sum over people of functions of their answers:
to the item itself; to the items of a scale, over those who answered all of them; to those of an index, over those who
answered all its scales. Such a function is a constant plus a component for each set T of items that hangs on all of T
and averages out over each of them. Take any linear combination of the sums that is not zero: for some T there are
people of whom it says something of T. Keep only that. Who is described by it is described by the whole.

What is kept is a combination of three tables, for an item q of T: of q over all who answered it, of its scale over
those of them who are complete on the scale, of its index over those who are complete on that, since no measure is part
of two. If T holds other items, that of q has the coefficient zero, and across scales so has the scale's. So nothing
describes fewer than k people if, for each item, no combination of these three tables does: a question about the
classes, each split in *layers* by how far its people got, and about numbers of people alone. The search of `attack`
answers it, whatever the coefficients. No condition on the shape of the plan is needed, nor that the cells of a scale
lie inside those of its items, nor that a scale treats its items alike.

**Functions.** Coefficients are numbers where the component of each measure is a multiple of one function: means, T of
one item. In general (shares, distributions, bands of a score, squares) they are functions of the answers to T. Apply to
them a linear form that is not zero on them all: what comes out is a combination of the tables of means, as the cells of
each distribution lie inside those of its mean. With a form that is zero on the score, what is more than a mean is a
combination of the tables of distributions, which are held to their own k in the same way.

**Gaps.** Where who answered s < m items of a scale is scored by their mean, the scale is judged as if its sums were
published apart for each s, which is more than is. The layers of q are then: not scored; scored by s items, for each s;
complete. The scale's table for s is what it says of q over those of size s who answered q, by one function for all of
them, as it treats its items alike. For T of two items or more the tables of the scale stand alone, and the function is
the same for each T of equal size: a combination that is not zero at size s in some class describes all there of size s,
and the search for an item that one of them answered has counted a part of these and found k. Such a scale is in no
index.

**Squares** (standard deviations) of one item are functions of its answer, and shown inside its distribution's cells or,
where there is none, inside its mean's. Their pattern is one of whole units alone, safe for the k of deviations by the
tree lemma. Those of a sum of several parts are shown inside its distribution's cells, and are covered there as above.
Without bands, nothing else holds their products of two answers (across the scales of an index, those are held by the
index's squares alone; within a scale, by the scale's once no index is used): everybody whom the pattern of deviations
describes stays in. Of one part, they are the part's own, in its cells.

**Who answered at all.** Each pattern lies inside one that is safe when everybody counts who answered anything, so that
no combination tells of fewer than k people that they skipped something.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from service.disclosure.atoms import World
from service.disclosure.checks import Int64s, Sparse
from service.disclosure.grid import Grid
from service.disclosure.linked import BUDGET, TOTAL, gives_nothing, protect_linked
from service.disclosure.tree import Ints, Mask


class Unproved(Exception):
    """The work ran out before the pattern was proved; nothing may be published by it."""


class Joint:
    """Patterns over one grid; work that was done for equal numbers of people is not done again.

    Args:
        grid: the plan.
        budget: groups that the search may look at for one class.
        total: groups that it may look at for one table.
    """

    def __init__(self, grid: Grid, budget: int = BUDGET, total: int = TOTAL) -> None:
        self.grid = grid
        self.budget = budget
        self.total = total
        self._proved: dict[tuple[bytes, int], list[Mask]] = {}
        self._beside: dict[tuple[bytes, int, bytes, bytes], Mask] = {}
        self._regions = grid.tree.regions()

    def safe(self, n: Ints, allowed: Mask, k: int, kept: Mask | None = None) -> Mask:
        """The cells of one measure that stay: no combination of them describes fewer than k of its respondents.

        Args:
            n: respondents of each class, [classes].
            allowed: places that may be published at all, [places].
            k: smallest group.
            kept: places that are published already, [places], all of them allowed; they stay, whatever they say.

        Raises:
            Unproved: the work ran out.
        """
        if kept is not None:
            # What is published already stays whether it can be proved or not: only the same question has this answer.
            asked = (n.tobytes(), k, allowed.tobytes(), kept.tobytes())
            if asked not in self._beside:
                self._beside[asked] = self.together([n], [allowed], k, [kept])[0]
            return self._beside[asked]
        known = self._proved.setdefault((n.tobytes(), k), [])
        if not any(bool((allowed <= mask).all()) for mask in known):
            # What is left out of a safe pattern takes nothing from its safety.
            known.append(self.together([n], [allowed], k)[0])
            return known[-1]
        return allowed

    def together(
        self, respondents: Sequence[Ints], allowed: Sequence[Mask], k: int, kept: Sequence[Mask] | None = None
    ) -> list[Mask]:
        """The cells that stay of a chain: an item, its scale, its index; the item's come first, the index's last.

        Args:
            respondents: of each measure of the chain in each class; those of one are among those of the one before.
            allowed: places of each measure.
            k: smallest group of the item.
            kept: places of each that are published already. Where these alone are not proved, nothing comes to them.

        Raises:
            Unproved: the work ran out.
        """
        counts = [*respondents, np.zeros_like(respondents[0])]
        layers = np.stack([mine - further for mine, further in pairwise(counts)])
        last = len(allowed)
        return self._stay(layers, [[range(number, last)] for number in range(last)], allowed, k, kept)

    def with_gaps(
        self, item: Ints, answered: Ints, complete: Ints, allowed: Sequence[Mask], k: int, kept: Sequence[Mask]
    ) -> list[Mask]:
        """The cells that stay of an item and of its scale, whose respondents may have skipped other items.

        Args:
            item: respondents of the item in each class.
            answered: those of them who are respondents of the scale with a gap, by size, [sizes, classes].
            complete: those who answered all items of the scale.
            allowed: places of both.
            k: smallest group of the item.
            kept: see `together`.

        Raises:
            Unproved: the work ran out.
        """
        layers = np.stack([item - answered.sum(axis=0) - complete, *answered, complete])
        by_size = [range(layer, layer + 1) for layer in range(1, len(layers))]
        return self._stay(layers, [[range(len(layers))], by_size], allowed, k, kept)

    def _stay(
        self,
        layers: Ints,
        tables: Sequence[Sequence[range]],
        allowed: Sequence[Mask],
        k: int,
        kept: Sequence[Mask] | None,
    ) -> list[Mask]:
        """The cells that stay of measures that are published as one or more tables each, of some layers each."""
        if bool((layers < 0).any()):
            raise ValueError("a measure has respondents that the one it is made of has not")
        rows = _Rows(self.grid, layers[:, self.grid.order])
        for number, mask in enumerate(allowed):
            for table in tables[number]:
                rows.add(mask, table, number)
        for number in range(len(allowed) - 1):
            # Who skipped something stands in the difference of two cells: named here, so that it is protected at once.
            rows.add(np.logical_or.reduce(allowed[number + 1 :]), range(number, number + 1), None)
        if not rows.place:
            return [np.zeros_like(mask) for mask in allowed]  # nobody is in any of them
        world, may = rows.world(self._regions)
        stay = None if kept is None else rows.of(kept)
        if stay is None or not stay.any():
            pattern = protect_linked(world, k, may, self.budget, self.total)
        elif gives_nothing(world, stay, k, self.budget):
            pattern = protect_linked(world, k, may, self.budget, self.total, kept=stay)
        else:
            return list(kept or ())
        if pattern.fell_back:
            raise Unproved
        return rows.masks(pattern.published, len(allowed))


class _Rows:
    """Cells of a chain as vectors over (class, layer)."""

    def __init__(self, grid: Grid, layers: Ints) -> None:
        self.grid = grid
        # Layers of a class stand side by side: neighbours in the org tree are neighbours here.
        self.flat = np.flatnonzero(layers.T.reshape(-1))
        self.n: Int64s = layers.T.reshape(-1)[self.flat]
        self.depth_of = len(layers)
        self.atom = np.full(layers.size, -1, np.int64)
        self.atom[self.flat] = np.arange(len(self.flat))
        self.place: list[tuple[Ints, int, int | None]] = []
        self.atoms: list[Ints] = []
        self.sizes: list[Ints] = []

    def add(self, mask: Mask, layers: range, measure: int | None) -> None:
        """One cell for each place of a mask that holds anybody of these layers; without a measure, none to publish."""
        start, classes = self.grid.members
        places = np.flatnonzero(mask)
        length = start[places + 1] - start[places]
        row = np.repeat(np.arange(len(places)), length)
        held = classes[_ranges(start[places], length)]
        rows = np.concatenate([row] * len(layers))
        atoms = np.concatenate([self.atom[held * self.depth_of + layer] for layer in layers])
        there = atoms >= 0
        rows, atoms = rows[there], atoms[there]
        sorted_ = np.lexsort((atoms, rows))
        size = np.bincount(rows, minlength=len(places))
        if size.any():
            self.place.append((places[size > 0], layers.start, measure))
            self.atoms.append(atoms[sorted_])
            self.sizes.append(size[size > 0])

    def world(self, regions: Ints) -> tuple[World, Mask]:
        """What the engine works on, and which of its cells may be published."""
        place = np.concatenate([places for places, _, _ in self.place])
        layer = np.concatenate([np.full(len(places), layer) for places, layer, _ in self.place])
        may = np.concatenate([np.full(len(places), measure is not None) for places, _, measure in self.place])
        start = np.zeros(len(place) + 1, np.int64)
        start[1:] = np.cumsum(np.concatenate(self.sizes))
        atom = np.concatenate(self.atoms)
        people = np.add.reduceat(self.n[atom], start[:-1])
        node = self.grid.node[self.grid.order][self.flat // self.depth_of]
        depth = self.grid.depth[place]
        home = self.grid.tree.position[place % self.grid.tree.size]
        value = np.lexsort((place, -people, home, depth, layer))
        cells = Sparse(start, atom.astype(np.int32), np.ones(len(atom), np.uint64))
        return World((), self.n, regions[:, node], cells, people, value, depth, (), {}), may

    def of(self, masks: Sequence[Mask]) -> Mask:
        """The cells that stand for these places of each measure, [cells]."""
        nothing = np.zeros(self.grid.size, np.bool_)
        return np.concatenate(
            [(nothing if measure is None else masks[measure])[places] for places, _, measure in self.place]
        )

    def masks(self, published: Mask, count: int) -> list[Mask]:
        """The published cells back at their places: a measure is shown where all its tables with anybody there are."""
        held = np.zeros((count, self.grid.size), np.bool_)
        withheld = np.zeros_like(held)
        first = 0
        for places, _, measure in self.place:
            if measure is not None:
                held[measure, places] = True
                withheld[measure, places] |= ~published[first : first + len(places)]
            first += len(places)
        return list(held & ~withheld)


def _ranges(start: Ints, length: Ints) -> Ints:
    """The numbers from each start on, as many as its length, end to end."""
    ends = np.cumsum(length)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(start - ends + length, length)
