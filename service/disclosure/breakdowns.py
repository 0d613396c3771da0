"""From counts to figures for a plan of several breakdowns: the linked tables where they are proved, else the tree's.

The figures of the fallback are those of a plan of the org tree alone, and every other place is withheld.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from service.disclosure import coding
from service.disclosure.columns import columns, tail, widened
from service.disclosure.derivable import nearby
from service.disclosure.grid import Grid
from service.disclosure.joint import Unproved
from service.disclosure.linked import BUDGET
from service.disclosure.linked_patterns import Kept, linked_patterns
from service.disclosure.measures import Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import checked, protect, report
from service.disclosure.table import BUILT_BY_PROTECT, SafeTable
from service.disclosure.tree import Ints, Mask

_BY_CLASS = ("n", "total", "square_total", "counts", "favourable", "neutral", "unfavourable", "partial")


class Protected(NamedTuple):
    """A safe table over the places of a grid, and whether the breakdowns were given up for the org tree alone."""

    table: SafeTable
    fell_back: bool


def protect_breakdowns(
    grid: Grid, respondents: Ints, measures: Sequence[Measure], policy: Policy, budget: int = BUDGET
) -> Protected:
    """The safe table of a wave whose plan has breakdowns.

    Args:
        grid: classes and places.
        respondents: people of each class who answered anything at all, [classes].
        measures: what may be published, counted by class. The result for one does not depend on their order.
        policy: the thresholds of the campaign.
        budget: groups that the search may look at for one class; never seconds, so that equal input gives equal bytes.

    Raises:
        ValueError: the numbers contradict each other or break a condition of the proof; names the measure.
    """
    everybody = checked(len(grid.node), respondents, measures)
    try:
        decided = linked_patterns(grid, everybody, measures, policy, budget)
    except Unproved:
        return protect_tree_alone(grid, everybody, measures, policy)
    found = columns(_OfGrid(grid), measures, decided)
    table = SafeTable(key=BUILT_BY_PROTECT, columns=found, report=report(decided), policy=policy)
    return Protected(table, fell_back=False)


def protect_tree_alone(grid: Grid, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> Protected:
    """The safe table of the org tree alone, whatever else the plan has; every other place is withheld. See above."""
    everybody = checked(len(grid.node), respondents, measures)
    return Protected(_tree_alone(grid, everybody, measures, policy), fell_back=True)


def protect_more(
    grid: Grid,
    respondents: Ints,
    measures: Sequence[Measure],
    policy: Policy,
    kept: Kept,
    first: int,
    budget: int = BUDGET,
) -> SafeTable:
    """What may be published of a wave beside all that is published of it already.

    Args:
        grid: classes, and the places of everything: those of earlier releases, and behind them those asked for.
        respondents: see `protect_breakdowns`.
        measures: the same.
        policy: the same.
        kept: places that earlier releases published. They are not shown again, and nothing of them changes.
        first: number of the first place asked for. The table begins there.
        budget: see `protect_breakdowns`.

    Raises:
        ValueError: the numbers contradict each other; something is kept that was asked for only now.
        Unproved: the work ran out.
    """
    everybody = checked(len(grid.node), respondents, measures)
    if any(bool(mask[first:].any()) for mask in kept.values()):
        raise ValueError("a place that is asked for now was published before")
    decided = linked_patterns(grid, everybody, measures, policy, budget, kept)
    found = [tail(one, first) for one in columns(_OfGrid(grid), measures, decided)]
    return SafeTable(key=BUILT_BY_PROTECT, columns=found, report=report(decided), policy=policy)


class _OfGrid:
    """Cells are the places of a grid."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    @property
    def size(self) -> int:
        return self._grid.size

    def sums(self, own: Ints) -> Ints:
        return self._grid.sums(own)

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:
        both = zip(n.T, published.T, strict=True)
        return coding.Nearby.side_by_side([nearby(self._grid, cells, shown) for cells, shown in both])


def _tree_alone(grid: Grid, respondents: Ints, measures: Sequence[Measure], policy: Policy) -> SafeTable:
    narrow = protect(grid.tree, grid.by_node(respondents), [_by_node(grid, measure) for measure in measures], policy)
    return SafeTable(
        key=BUILT_BY_PROTECT,
        columns=[widened(one, grid.size) for one in narrow.columns],
        report=narrow.operator_report(),
        policy=policy,
    )


def _by_node(grid: Grid, measure: Measure) -> Measure:
    """The measure counted by node."""
    summed: dict[str, Any] = {
        name: grid.by_node(array) for name in _BY_CLASS if (array := getattr(measure, name)) is not None
    }
    return replace(measure, **summed)
