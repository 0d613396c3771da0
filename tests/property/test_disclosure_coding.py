"""Display coding against exact fractions, and against what a reader can work out about the groups between cells."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.disclosure import coding
from service.disclosure.programme import programme
from service.disclosure.tree import Tree

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


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_derivable_group_is_known_in_finer_steps_than_its_own(data: st.DataObject) -> None:
    """Whoever derives a group from the cell above it must use one figure at least as coarse, counted in people."""
    nodes = data.draw(st.integers(2, 9))
    parents = [-1] + [data.draw(st.integers(0, node - 1)) for node in range(1, nodes)]
    own = data.draw(st.lists(st.sampled_from([0, 0, 5, 12, 29, 40, 99, 100, 300]), min_size=nodes, max_size=nodes))
    tree = Tree(np.array(parents))
    published = programme(tree, np.array(own), 5)[:, None]
    n = tree.sums(np.array(own))[:, None]
    near = coding.nearby(tree, n, published)
    step, end = coding.share_format(n, near)
    above = tree.above(published)[:, 0]
    left = tree.blocks(np.array(own), published[:, 0])

    def own_step(size: int) -> int:
        return 1 if size >= 100 else 10 if size >= 30 else 50

    def own_end(size: int) -> int:
        return 0 if size >= 1000 else 20 if size >= 100 else 50 if size >= 30 else 100

    for cell in np.flatnonzero(published[:, 0]).tolist():
        assert step[cell, 0] >= own_step(int(n[cell, 0]))
        carriers, up = [cell], int(above[cell])
        derived = [int(left[cell])]
        while up != -1 and left[up] == 0:
            carriers.append(up)
            up = int(above[up])
        for group in derived:
            for carrier in carriers:
                size = int(n[carrier, 0])
                assert group == 0 or step[carrier, 0] * size >= own_step(group) * group
                assert group == 0 or max(2 * end[carrier, 0], step[carrier, 0]) * size >= 2 * own_end(group) * group
        for carrier in carriers[1:]:
            size = int(n[cell, 0])
            assert step[carrier, 0] * n[carrier, 0] >= own_step(size) * size


@settings(max_examples=100, deadline=None)
@given(st.integers(30, 10**6))
def test_a_cell_that_leaves_nobody_out_is_never_coarse(n: int) -> None:
    """A unit that is the sum of two published halves of its size class keeps the steps of its own number of people."""
    tree = Tree(np.array([-1, 0, 0]))
    sizes = np.array([0, n, n])
    cells = tree.sums(sizes)[:, None]
    near = coding.nearby(tree, cells, np.ones((3, 1), dtype=bool))
    step, _ = coding.share_format(cells, near)
    assert step[0, 0] == (1 if n >= 100 or 2 * n >= 10 * n else 10)
