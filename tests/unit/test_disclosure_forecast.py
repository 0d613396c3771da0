"""The forecast of a plan: what it counts, against the real thing and against trees that are really merged."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.breakdowns import protect_breakdowns
from service.disclosure.forecast import Shares, forecast
from service.disclosure.grid import Grid
from service.disclosure.measures import Kind
from service.disclosure.policy import Policy
from service.disclosure.programme import programme
from service.disclosure.tree import Ints, Tree
from tests.make.measures import a_measure

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
    measure = a_measure(
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
            large = there >= foretold.k
            assert set(outlook.large) == {Shares(large.sum() / outlook.cells, there[large].sum() / there.sum())}
        tree = programme(grid.tree, grid.by_node(invited), foretold.k)
        assert set(foretold.tree_alone) == {Shares(tree.sum() / 8, people[:8][tree].sum() / people[:8].sum())}
    assert 0 < found.families[1].outlooks[1].published.cells < found.families[0].outlooks[1].published.cells < 1


def test_fewer_answers_show_less_and_vary() -> None:
    grid, invited = a_company(crossed=False)
    often, seldom = (forecast(grid, invited, rate, [5]).families[0] for rate in (0.9, 0.3))
    for one, other in ((seldom.tree_alone, often.tree_alone), (seldom.outlooks[0].large, often.outlooks[0].large)):
        assert one.low.cells < one.high.cells < other.high.cells <= 1
        assert one.low.cells <= one.median.cells <= one.high.cells
        assert one.median.people < other.median.people


def test_the_draws_hang_on_people_and_units_alone() -> None:
    crossed, alone = (forecast(a_company(crossed=wide)[0], a_company()[1], 0.6, [5, 10]) for wide in (True, False))
    for one, other in zip(crossed.families, alone.families, strict=True):
        assert one.tree_alone == other.tree_alone
        assert one.outlooks[0].large == other.outlooks[0].large
    assert crossed.merges == alone.merges


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
        assert foretold.outlooks[1].large.low.cells > 0


def test_two_teams_too_small_each_are_told_to_merge() -> None:
    grid = a_grid(PARENTS, [3, 4, 5, 6, 7], [0] * 5, crossed=False)
    (merge,) = forecast(grid, np.array([4, 3, 20, 15, 12]), 1.0, [5]).merges
    assert (merge.nodes, merge.people, merge.published, merge.gained) == ((3, 4), 7, 1.0, 7.0)


def test_a_team_left_over_is_merged_as_well() -> None:
    """Two of them would be enough, and leave the third alone in what is left of the unit above."""
    grid = a_grid(PARENTS, [3, 4, 5, 6, 7, 1], [0] * 6, crossed=False)
    (merge,) = forecast(grid, np.array([4, 4, 3, 15, 12, 0]), 1.0, [5]).merges
    assert (merge.nodes, merge.people) == ((3, 4, 5), 11)


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
    before = tree.sums(invited)[programme(tree, invited, 5)].sum()
    for merge in forecast(grid, invited, 1.0, [5]).merges:
        (top,) = {parents[node] for node in merge.nodes}
        gone = {int(node) for unit in merge.nodes for node in tree.below(unit)}
        kept = [node for node in range(len(own)) if node not in gone]
        above = [-1, *(kept.index(parents[node]) for node in kept[1:]), kept.index(top)]
        people = np.array([*invited[kept], sum(own[node] for node in gone)])
        one = Tree(np.array(above))
        shown = programme(one, people, 5)
        assert (merge.people, merge.gained) == (people[-1], one.sums(people)[shown].sum() - before)
        assert (merge.published, merge.gained >= 1) == (float(shown[-1]), True)


@pytest.mark.parametrize(("rate", "thresholds"), [(0.0, [5]), (1.1, [5]), (float("nan"), [5]), (0.5, [])])
def test_what_makes_no_sense_is_refused(rate: float, thresholds: list[int]) -> None:
    grid, invited = a_company(crossed=False)
    with pytest.raises(ValueError, match="the rate lies over 0"):
        forecast(grid, invited, rate, thresholds)
