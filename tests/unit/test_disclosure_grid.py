"""Places of a plan, and the small groups that one subtraction gives: refusals, sums, and the tree as a special case."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import coding
from service.disclosure.derivable import nearby
from service.disclosure.grid import Grid
from service.disclosure.tree import Tree

ALONE: list[tuple[int, ...]] = [()]


def grid(parents: list[int], node: list[int], values: list[list[int]], sizes: list[int], plan: Any) -> Grid:
    return Grid(Tree(np.array(parents)), np.array(node), np.array(values).reshape(len(node), len(sizes)), sizes, plan)


def test_places_are_units_group_by_group() -> None:
    one = grid([-1, 0, 0], [0, 1, 1, 2], [[-1], [0], [1], [1]], [2], [(), (0,)])
    assert one.groups == ((), ((0, 0),), ((0, 1),))
    people = np.array([7, 10, 20, 40])
    assert one.sums(people).tolist() == [77, 30, 40, 10, 10, 0, 60, 20, 40]
    assert one.by_node(people).tolist() == [7, 30, 40]
    assert one.rank.tolist() == [0, 1, 1, 1, 2, 2, 1, 2, 2]
    assert one.without[0].tolist() == [-1, -1, -1, 0, 1, 2, 0, 1, 2]
    start, classes = one.members
    held = [one.order[classes[start[place] : start[place + 1]]].tolist() for place in range(one.size)]
    assert [people[inside].sum() for inside in held] == one.sums(people).tolist()


@pytest.mark.parametrize(
    ("node", "values", "sizes", "plan"),
    [
        ([0, 3], [[0], [0]], [1], [()]),
        ([0, 1], [[0], [1]], [1], [()]),
        ([0, 1], [[0], [-2]], [1], [()]),
        ([1, 1], [[0], [0]], [1], [()]),
        ([0, 1], [[0], [0]], [1], [(0,)]),
        ([0, 1], [[0], [0]], [1], [(), (0,), (0,)]),
        ([0, 1], [[0], [0]], [1], [(), (1,)]),
        ([0, 1], [[0], [0]], [1], [(), (0, 0)]),
    ],
)
def test_what_does_not_fit_together_is_refused(node: list[int], values: Any, sizes: list[int], plan: Any) -> None:
    with pytest.raises(ValueError, match=r"class|breakdown"):
        grid([-1, 0, 0], node, values, sizes, plan)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_of_a_tree_alone_the_derivable_groups_are_its_residuals(data: st.DataObject) -> None:
    nodes = data.draw(st.integers(1, 7))
    parents = [-1] + [data.draw(st.integers(0, node - 1)) for node in range(1, nodes)]
    own = np.array(data.draw(st.lists(st.sampled_from([0, 3, 12, 40, 300]), min_size=nodes, max_size=nodes)))
    shown = np.array(data.draw(st.lists(st.booleans(), min_size=nodes, max_size=nodes)))
    one = grid(parents, list(range(nodes)), [[] for _ in range(nodes)], [], ALONE)
    n = one.sums(own)
    found, expected = nearby(one, n, shown), coding.nearby(one.tree, n[:, None], shown[:, None])
    for mine, theirs in zip(
        (found.small, found.middling, found.large), (expected.small, expected.middling, expected.large), strict=True
    ):
        assert mine[shown].tolist() == theirs[shown, 0].tolist()


def test_the_complement_of_a_dimension_counts() -> None:
    """500 people less 480 of one site are 20 others: both figures keep their step; who has no value counts as well."""
    one = grid([-1, 0], [1, 1, 1], [[0], [1], [-1]], [2], [(), (0,)])
    n = one.sums(np.array([480, 12, 8]))
    shown = np.array([False, True, False, True, False, False])
    near = nearby(one, n, shown)
    assert near.small[[1, 3]].tolist() == [20, 20]
    everything = np.array([False, True, False, True, False, True])
    assert nearby(one, n, everything).small[[1, 3, 5]].tolist() == [8, 8, 12]
