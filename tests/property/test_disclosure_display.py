"""Display coding against exact fractions, and against what a reader can work out about the groups between cells."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.disclosure import coding
from service.disclosure.programme import programme
from service.disclosure.tree import Tree

# The same lines thousands of times: coverage learns nothing here, and would take three times as long.

Ints = NDArray[np.int64]


def array(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


sizes = st.one_of(st.integers(5, 40), st.integers(90, 110), st.integers(990, 1_010), st.integers(1, 10**6))
groups = st.tuples(st.integers(0, 29), st.integers(0, 99), st.integers(0, 999))


@settings(max_examples=500, deadline=None)
@given(st.data(), sizes, groups)
def test_a_share_is_within_half_a_step_or_beyond_its_bound(data: st.DataObject, n: int, near: tuple[int, ...]) -> None:
    numerator = data.draw(st.integers(0, n))
    beside = coding.Nearby(*(array(size) for size in near))
    step, end = coding.share_format(array(n), beside)
    coded = coding.shares(array(numerator), array(n), step, end)
    value = Fraction(int(coded.units[0]), 10 ** int(coded.decimals[0]))
    exact = Fraction(100 * numerator, n)
    if coded.bounds[0] == coding.Bound.at_least:
        assert exact >= value
        assert value == 100 - Fraction(int(end[0]), 10)
    elif coded.bounds[0] == coding.Bound.at_most:
        assert exact <= value
        assert value == Fraction(int(end[0]), 10)
    else:
        assert abs(value - exact) <= Fraction(int(step[0]), 20)
        assert end[0] == 0 or Fraction(int(end[0]), 10) < exact < 100 - Fraction(int(end[0]), 10)


@settings(max_examples=500, deadline=None)
@given(st.data(), sizes, groups)
def test_a_mean_is_within_half_a_step_of_the_clipped_mean(data: st.DataObject, n: int, near: tuple[int, ...]) -> None:
    items = data.draw(st.integers(1, 5))
    total = data.draw(st.integers(-3 * items * n, 5 * items * n))
    beside = coding.Nearby(*(array(size) for size in near))
    coded = coding.means(array(total), array(items), array(n), lowest=-3, highest=5, near=beside)
    value = Fraction(int(coded.units[0]), 10 ** int(coded.decimals[0]))
    exact = Fraction(total, items * n)
    clip = Fraction(3, 10) if n < 30 else Fraction(0)
    if not any(near):
        assert abs(value - min(max(exact, -3 + clip), 5 - clip)) <= Fraction(1, 2 * 10 ** int(coded.decimals[0]))
        assert coded.decimals[0] == (2 if n >= 100 else 1)
    assert -3 + clip <= value <= 5 - clip


def own_step(size: int) -> int:
    return 1 if size >= 100 else 10 if size >= 30 else 50


def own_end(size: int) -> int:
    return 0 if size >= 1000 else 20 if size >= 100 else 50 if size >= 30 else 100


class Reader:
    """Works out how precisely, in tenths of a person, each cell is known through every sum of other cells there is."""

    def __init__(self, tree: Tree, own: Ints) -> None:
        self.published = programme(tree, own, 5)
        self.n = tree.sums(own)
        self.left = tree.blocks(own, self.published).tolist()
        self.above = tree.above(self.published).tolist()
        near = coding.nearby(tree, self.n[:, None], self.published[:, None])
        step, end = coding.share_format(self.n[:, None], near)
        self.step, self.end = step[:, 0].tolist(), end[:, 0].tolist()
        self.cells = np.flatnonzero(self.published).tolist()

    def direct(self, cell: int) -> int:
        return int(self.step[cell] * self.n[cell])

    def within(self, cell: int) -> list[int]:
        return [other for other in self.cells if self.above[other] == cell]

    def from_below(self, cell: int) -> int:
        """Its own figure, or the sum of those it is made of."""
        if self.left[cell] or not self.within(cell):
            return self.direct(cell)
        return min(self.direct(cell), sum(self.from_below(other) for other in self.within(cell)))

    def from_above(self, cell: int) -> int | None:
        """What it is made of with others, less the others."""
        up = self.above[cell]
        if up == -1 or self.left[up]:
            return None
        higher = self.from_above(up)
        best = self.direct(up) if higher is None else min(self.direct(up), higher)
        return best + sum(self.from_below(other) for other in self.within(up) if other != cell)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_derivable_group_is_known_in_finer_steps_than_its_own(data: st.DataObject) -> None:
    nodes = data.draw(st.integers(2, 10))
    parents = [-1] + [data.draw(st.integers(0, node - 1)) for node in range(1, nodes)]
    sizes = st.sampled_from([0, 0, 5, 12, 29, 30, 40, 99, 100, 300, 1_200])
    reader = Reader(Tree(np.array(parents)), array(*data.draw(st.lists(sizes, min_size=nodes, max_size=nodes))))
    for cell in reader.cells:
        size, left = int(reader.n[cell]), int(reader.left[cell])
        assert reader.step[cell] >= own_step(size)
        assert reader.end[cell] >= own_end(size)
        ways = [reader.direct(cell), reader.from_above(cell)]
        # The residual: this cell, however it is known, less what is published in it.
        assert all(way is None or way >= own_step(left) * left for way in ways)
        # The cell itself, without its own figure.
        assert ways[1] is None or ways[1] >= own_step(size) * size
        assert max(2 * reader.end[cell], reader.step[cell]) * size >= 2 * own_end(left) * left


@settings(max_examples=100, deadline=None)
@given(st.integers(30, 10**6), st.integers(2, 5))
def test_equal_units_never_make_their_sum_coarse(n: int, units: int) -> None:
    tree = Tree(np.array([-1] + [0] * units))
    cells = tree.sums(array(0, *[n] * units))[:, None]
    step, end = coding.share_format(cells, coding.nearby(tree, cells, np.ones_like(cells, dtype=bool)))
    assert (step[0, 0], end[0, 0]) == (own_step(n * units), own_end(n * units))
