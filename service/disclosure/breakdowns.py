"""From counts to figures for a plan of several breakdowns: the linked tables where they are proved, else the tree's.

The figures of the fallback are those of a plan of the org tree alone, and every other place is withheld.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from service.disclosure import coding
from service.disclosure.columns import columns, widened
from service.disclosure.derivable import nearby
from service.disclosure.grid import Grid
from service.disclosure.joint import Unproved
from service.disclosure.linked import BUDGET
from service.disclosure.linked_patterns import linked_patterns
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
        return Protected(_tree_alone(grid, everybody, measures, policy), fell_back=True)
    found = columns(_OfGrid(grid), measures, decided)
    table = SafeTable(key=BUILT_BY_PROTECT, columns=found, report=report(decided), policy=policy)
    return Protected(table, fell_back=False)


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
