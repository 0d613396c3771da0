"""The forecast of a plan: what it counts, against the real thing and against trees that are really merged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.breakdowns import protect_breakdowns
from service.disclosure.forecast import Shares, forecast
from service.disclosure.grid import Grid
from service.disclosure.measures import Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.programme import programme
from service.disclosure.tree import Ints, Tree

PARENTS = np.array([-1, 0, 0, 1, 1, 1, 2, 2])


def a_grid(parents: Ints, node: list[int], value: list[int], *, crossed: bool = True) -> Grid:
    breakdowns = [[], [0]] if crossed else [[]]
    return Grid(Tree(parents), np.array(node), np.array(value).reshape(-1, 1), [3], breakdowns)


def a_company(*, crossed: bool = True) -> tuple[Grid, Ints]:
    places = [(node, value) for node in range(3, 8) for value in range(3)]
    grid = a_grid(PARENTS, [node for node, _ in places], [value for _, value in places], crossed=crossed)
    return grid, np.array([1 + (3 * node + 5 * value) % 7 for node, value in places])


def test_where_everybody_answers_it_is_the_release() -> None:
    grid, invited = a_company()
    policy = Policy()
    found = forecast(grid, invited, 1.0, [policy.k_mean, policy.k_distribution])
    measure = Measure(
        id="one", kind=Kind.item, n=invited, total=invited, square_total=invited, score_min=1, score_max=5,
        counts=np.column_stack([invited, *np.zeros((4, len(invited)), np.int64)]),
    )  # fmt: skip
    released = protect_breakdowns(grid, invited, [measure], policy)
    assert not released.fell_back
    people = grid.sums(invited)
    for foretold, column in zip(found.families, released.table.columns, strict=True):
        assert not foretold.fell_back
        for outlook, part in zip(foretold.outlooks, (slice(0, 8), slice(8, 32)), strict=True):
            shown, there = column.published[part], people[part]
            assert outlook.cells == (there > 0).sum()
            assert outlook.published == Shares(shown.sum() / outlook.cells, there[shown].sum() / there.sum())
            assert outlook.low == outlook.median == outlook.high
            assert outlook.low.cells >= outlook.published.cells
    assert 0 < found.families[1].outlooks[1].published.cells < found.families[0].outlooks[1].published.cells < 1


def test_fewer_answers_show_less_and_vary() -> None:
    grid, invited = a_company(crossed=False)
    often, seldom = (forecast(grid, invited, rate, [5]).families[0].outlooks[0] for rate in (0.9, 0.4))
    assert seldom.low.cells < seldom.median.cells <= seldom.high.cells < often.high.cells <= 1
    assert seldom.median.people < often.median.people


def test_the_order_of_the_classes_does_not_matter() -> None:
    grid, invited = a_company()
    turned = np.random.default_rng(0).permutation(len(invited))
    other = Grid(grid.tree, grid.node[turned], grid.values[turned], [3], [[], [0]])
    assert forecast(other, invited[turned], 0.7, [5, 10]) == forecast(grid, invited, 0.7, [5, 10])


def test_what_can_not_be_proved_is_foretold_as_the_tree_alone() -> None:
    grid, invited = a_company()
    alone = forecast(a_company(crossed=False)[0], invited, 0.8, [5, 10])
    found = forecast(grid, invited, 0.8, [5, 10], total=0)
    for foretold, tree in zip(found.families, alone.families, strict=True):
        assert foretold.fell_back
        assert foretold.outlooks[0] == tree.outlooks[0]
        assert foretold.outlooks[1].published == Shares(0, 0)
        assert foretold.outlooks[1].low.cells > 0


def test_two_teams_too_small_each_are_told_to_merge() -> None:
    grid = a_grid(PARENTS, [3, 4, 5, 6, 7], [0] * 5, crossed=False)
    (merge,) = forecast(grid, np.array([4, 3, 20, 15, 12]), 1.0, [5]).merges
    assert (merge.nodes, merge.people, merge.published, merge.gained) == ((3, 4), 7, 1.0, 7.0)


def test_nobody_is_told_to_merge_what_is_published() -> None:
    grid = a_grid(PARENTS, [3, 4, 5, 6, 7], [0] * 5, crossed=False)
    assert forecast(grid, np.array([9, 8, 20, 15, 12]), 1.0, [5]).merges == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=3, max_size=12), st.data())
def test_a_merge_gains_what_the_merged_tree_shows_more(own: list[int], data: st.DataObject) -> None:
    """Against the tree in which the units are one; the rest of the tree is what it was."""
    parents = [-1, *(data.draw(st.integers(0, node - 1)) for node in range(1, len(own)))]
    tree, invited = Tree(np.array(parents)), np.array(own)
    grid = Grid(tree, np.arange(len(own)), np.zeros((len(own), 0), np.int64), [], [[]])
    for merge in forecast(grid, invited, 1.0, [5]).merges:
        assert len({parents[node] for node in merge.nodes}) == 1
        top = tree.below(parents[merge.nodes[0]])
        gone = {int(node) for unit in merge.nodes for node in tree.below(unit)}
        kept = [int(node) for node in top if node not in gone]
        number = {node: place for place, node in enumerate(kept)}
        # The merged unit stands last, right below the top.
        above = [-1, *(number[parents[node]] for node in kept[1:]), 0]
        people = np.array([*invited[kept], sum(own[node] for node in gone)])
        one = Tree(np.array(above))
        after = one.sums(people)[programme(one, people, 5)].sum()
        here = Tree(np.array([-1, *(top.tolist().index(parents[node]) for node in top[1:])]))
        before = here.sums(invited[top])[programme(here, invited[top], 5)].sum()
        assert (merge.people, merge.gained) == (people[-1], after - before)
        assert merge.gained > 0


@pytest.mark.parametrize(("rate", "thresholds"), [(0.0, [5]), (1.1, [5]), (float("nan"), [5]), (0.5, [])])
def test_what_makes_no_sense_is_refused(rate: float, thresholds: list[int]) -> None:
    grid, invited = a_company(crossed=False)
    with pytest.raises(ValueError, match="the rate lies over 0"):
        forecast(grid, invited, rate, thresholds)
