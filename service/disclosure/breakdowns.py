"""From counts to figures for a plan of several breakdowns: the linked tables where they are proved, else the tree's.

The figures of the fallback are those of a plan of the org tree alone, and every other place is withheld.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from service.disclosure import coding
from service.disclosure.columns import columns, some, widened
from service.disclosure.derivable import nearby
from service.disclosure.grid import Grid
from service.disclosure.joint import Unproved
from service.disclosure.linked import BUDGET
from service.disclosure.linked_patterns import Kept, linked_patterns
from service.disclosure.measures import Gaps, GroupMean, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import checked, checked_invited, protect, report
from service.disclosure.table import BUILT_BY_PROTECT, SafeTable
from service.disclosure.tree import Ints, Mask

_BY_CLASS = ("n", "total", "square_total", "counts", "favourable", "neutral", "unfavourable", "partial")


class Protected(NamedTuple):
    """A safe table over the places of a grid, and whether the breakdowns were given up for the org tree alone."""

    table: SafeTable
    fell_back: bool


def protect_breakdowns(
    grid: Grid,
    respondents: Ints,
    measures: Sequence[Measure],
    policy: Policy,
    budget: int = BUDGET,
    *,
    derived: Sequence[GroupMean] = (),
    invited: Ints | None = None,
) -> Protected:
    """The safe table of a wave whose plan has breakdowns.

    Args:
        grid: classes and places.
        respondents: people of each class who answered anything at all, [classes].
        measures: what may be published, counted by class. The result for one does not depend on their order.
        policy: the thresholds of the campaign.
        budget: groups that the search may look at for one class; never seconds, so that equal input gives equal bytes.
        derived: see `protect`.
        invited: the same.

    Raises:
        ValueError: the numbers contradict each other or break a condition of the proof; names the measure.
    """
    everybody = checked(len(grid.node), respondents, measures, derived)
    asked = checked_invited(everybody, invited)
    try:
        decided = linked_patterns(grid, everybody, measures, policy, budget)
    except Unproved:
        return protect_tree_alone(grid, everybody, measures, policy, derived=derived, invited=asked)
    found = columns(_OfGrid(grid), measures, decided, derived, asked, participation_from=policy.participation_from)
    table = SafeTable(key=BUILT_BY_PROTECT, columns=found, report=report(decided), policy=policy)
    return Protected(table, fell_back=False)


def protect_tree_alone(
    grid: Grid,
    respondents: Ints,
    measures: Sequence[Measure],
    policy: Policy,
    *,
    derived: Sequence[GroupMean] = (),
    invited: Ints | None = None,
) -> Protected:
    """The safe table of the org tree alone, whatever else the plan has; every other place is withheld. See above."""
    everybody = checked(len(grid.node), respondents, measures, derived)
    asked = checked_invited(everybody, invited)
    narrow = protect(
        grid.tree,
        grid.by_node(everybody),
        [_by_node(grid, measure) for measure in measures],
        policy,
        derived=derived,
        invited=None if asked is None else grid.by_node(asked),
    )
    table = SafeTable(
        key=BUILT_BY_PROTECT,
        columns=[widened(one, grid.size) for one in narrow.columns],
        report=narrow.operator_report(),
        policy=policy,
    )
    return Protected(table, fell_back=True)


def protect_more(
    grid: Grid,
    respondents: Ints,
    measures: Sequence[Measure],
    policy: Policy,
    kept: Kept,
    wanted: slice,
    budget: int = BUDGET,
    *,
    rows: int | None = None,
    derived: Sequence[GroupMean] = (),
    invited: Ints | None = None,
    sd_of_all: Mapping[str, Decimal] = MappingProxyType({}),
) -> SafeTable:
    """What may be published of a wave beside all that is published of it already.

    Args:
        grid: classes, and the places of everything: those of earlier releases, and those asked for.
        respondents: see `protect_breakdowns`.
        measures: the same.
        policy: the same.
        kept: places that earlier releases published. They are not shown again, and nothing of them changes.
        wanted: the places asked for, one stretch of all. The table has these.
        rows: places of the table, if there are more: those behind are withheld.
        budget: see `protect_breakdowns`.
        derived: see `protect`.
        invited: the same.
        sd_of_all: by measure, the standard deviation of everybody as the wave's release shows it. A recut shows none,
            and an interval that went by another than is published would publish it; without one there is no interval.

    Raises:
        ValueError: the numbers contradict each other; something is kept that was asked for only now.
        Unproved: the work ran out.
    """
    everybody = checked(len(grid.node), respondents, measures, derived)
    asked = checked_invited(everybody, invited)
    if any(bool(mask[wanted].any()) for mask in kept.values()):
        raise ValueError("a place that is asked for now was published before")
    decided = linked_patterns(grid, everybody, measures, policy, budget, kept)
    every = columns(
        _Later(grid), measures, decided, derived, asked, sd_of_all, participation_from=policy.participation_from
    )
    found = [some(one, wanted) for one in every]
    if rows is not None:
        found = [widened(one, rows) for one in found]
    return SafeTable(key=BUILT_BY_PROTECT, columns=found, report=report(decided), policy=policy)


class _OfGrid:
    """Cells are the places of a grid."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    @property
    def size(self) -> int:
        return self._grid.size

    @property
    def everybody(self) -> int:
        return self._grid.tree.root

    def sums(self, own: Ints) -> Ints:
        return self._grid.sums(own)

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:
        both = zip(n.T, published.T, strict=True)
        return coding.Nearby.side_by_side([nearby(self._grid, cells, shown) for cells, shown in both])


class _Later(_OfGrid):
    """Places that are shown beside others that were shown before.

    These keep their steps, and what was united lies in no axis of the grid: whatever can be computed takes a place
    that is new, which is as coarse as any group of fewer people would be.
    """

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:  # noqa: ARG002 - whatever is published
        return coding.Nearby(*(np.full_like(n, below - 1) for _, below, _ in coding.SIZE_CLASSES))


def _by_node(grid: Grid, measure: Measure) -> Measure:
    """The measure counted by node."""
    summed: dict[str, Any] = {
        name: grid.by_node(array) for name in _BY_CLASS if (array := getattr(measure, name)) is not None
    }
    if measure.gaps is not None:
        people, answered = measure.gaps.people, measure.gaps.answered
        summed["gaps"] = Gaps(grid.by_node(people.T).T, np.moveaxis(grid.by_node(np.moveaxis(answered, -1, 0)), 0, -1))
    return replace(measure, **summed)
