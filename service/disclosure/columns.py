"""The figures of one measure in one family, from its counts and its pattern. Pure.

What a cell is (a node of the tree, a place of a grid) stands in a `Layout`; how its figures are shown does not hang on
it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.disclosure import coding
from service.disclosure.measures import Family, Measure
from service.disclosure.patterns import Pattern, Patterns
from service.disclosure.table import Column, Figures, sealed
from service.disclosure.tree import Ints, Mask, Tree

_Number = TypeVar("_Number", bound=np.generic)
_CACHED_NUMBERS = 2**15


class Layout(Protocol):
    """The cells of a plan."""

    @property
    def size(self) -> int:
        """Number of cells."""

    def sums(self, own: Ints) -> Ints:
        """Sum over the classes of each cell, [size]; `own` is [classes]."""

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:
        """The derivable groups that each published cell takes part in; all are [size, columns]."""


class OfTree:
    """Cells are the nodes of a tree, each with those below it, and so are the classes."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    @property
    def size(self) -> int:
        return self._tree.size

    def sums(self, own: Ints) -> Ints:
        return self._tree.sums(own)

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:
        # So many columns at once as fit the processor's cache: fewer are slower in small trees, more in large ones.
        width = max(1, _CACHED_NUMBERS // self.size)
        parts = (slice(first, first + width) for first in range(0, n.shape[1], width))
        return coding.Nearby.side_by_side([coding.nearby(self._tree, n[:, part], published[:, part]) for part in parts])


def columns(layout: Layout, measures: Sequence[Measure], decided: Patterns) -> list[Column]:
    """All cells of every measure in every family it has."""
    asked = [(measure, family) for measure in measures for family in measure.families]
    patterns = [decided[measure.id, family] for measure, family in asked]
    everywhere = {measure.id: layout.sums(measure.n) for measure in measures}
    n = np.stack([everywhere[measure.id] for measure, _ in asked], axis=1)
    near = layout.nearby(n, np.stack([pattern.published for pattern in patterns], axis=1))
    # A standard deviation has the decimals of its mean, so the residuals of both patterns count for both.
    near = near.with_those_of(layout.nearby(n, np.stack([pattern.sd for pattern in patterns], axis=1)))
    found = []
    for number, ((measure, family), pattern) in enumerate(zip(asked, patterns, strict=True)):
        cells = _Cells(layout, n[:, number], pattern.published, near.at(pattern.published, number))
        build = _mean_column if family is Family.mean else _distribution_column
        found.append(build(measure, pattern, cells))
    return found


def widened(narrow: Column, size: int) -> Column:
    """A column with more cells behind its own, all of them withheld."""
    return _each(narrow, lambda array: np.concatenate([array, np.zeros(size - len(array), array.dtype)]))


def tail(column: Column, first: int) -> Column:
    """The column's cells from a number on."""
    return _each(column, lambda array: array[first:])


def _each(column: Column, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Column:
    """The column with all its arrays changed alike."""

    def one(array: NDArray[_Number]) -> NDArray[_Number]:
        return sealed(change(array))

    def figures(given: Figures | None) -> Figures | None:
        return None if given is None else Figures(one(given.units), one(given.bounds))

    options = None if column.distribution is None else [figures(option) for option in column.distribution]
    return Column(
        measure=column.measure,
        family=column.family,
        published=one(column.published),
        n_from=one(column.n_from),
        n_to=one(column.n_to),
        decimals=one(column.decimals),
        mean=None if column.mean is None else one(column.mean),
        sd=None if column.sd is None else one(column.sd),
        has_sd=None if column.has_sd is None else one(column.has_sd),
        favourable=figures(column.favourable),
        neutral=figures(column.neutral),
        unfavourable=figures(column.unfavourable),
        distribution=None if options is None else tuple(option for option in options if option is not None),
    )


class _Cells:
    """The published cells of one column: sums over them, and their figures put back among the withheld ones."""

    def __init__(self, layout: Layout, everywhere: Ints, published: Mask, near: coding.Nearby) -> None:
        self.layout = layout
        self.published = published
        self.n = everywhere[published]
        self.near = near

    def sums(self, own: Ints) -> Ints:
        return self.layout.sums(own)[self.published]

    def put(self, figures: Ints) -> Ints:
        column = np.zeros(self.layout.size, dtype=np.int64)
        column[self.published] = figures
        return sealed(column)


def _mean_column(measure: Measure, pattern: Pattern, cells: _Cells) -> Column:
    if measure.total is None or measure.square_total is None or measure.score_min is None or measure.score_max is None:
        raise ValueError(f"measure {measure.id}: has no mean")
    total = cells.sums(measure.total)
    denominator = np.full_like(total, measure.denominator)
    ends = {"lowest": measure.score_min, "highest": measure.score_max}
    coded = coding.means(total, denominator, cells.n, **ends, near=cells.near)
    shown = pattern.sd[pattern.published]
    deviation = np.zeros_like(total)
    squares = cells.sums(measure.square_total)
    deviation[shown] = coding.deviations(
        total[shown], squares[shown], denominator[shown], cells.n[shown], coded.decimals[shown]
    )
    n_from, n_to = coding.n_band(cells.n)
    return Column(
        measure=measure.id,
        family=Family.mean,
        published=sealed(pattern.published),
        n_from=cells.put(n_from),
        n_to=cells.put(n_to),
        decimals=cells.put(coded.decimals),
        mean=cells.put(coded.units),
        sd=cells.put(deviation),
        has_sd=sealed(pattern.sd),
    )


def _distribution_column(measure: Measure, pattern: Pattern, cells: _Cells) -> Column:
    step, end = coding.share_format(cells.n, cells.near)

    def figures(own: Ints | None, denominator: int) -> Figures | None:
        if own is None:
            return None
        coded = coding.shares(cells.sums(own), cells.n * denominator, step, end)
        return Figures(cells.put(coded.units), cells.put(coded.bounds))

    n_from, n_to = coding.n_band(cells.n)
    options = () if measure.counts is None else (figures(own, 1) for own in measure.counts.T)
    return Column(
        measure=measure.id,
        family=Family.distribution,
        published=sealed(pattern.published),
        n_from=cells.put(n_from),
        n_to=cells.put(n_to),
        decimals=cells.put(np.where(step == coding.SHARE_STEPS[0], 1, 0)),
        favourable=figures(measure.favourable, measure.share_denominator),
        neutral=figures(measure.neutral, measure.share_denominator),
        unfavourable=figures(measure.unfavourable, measure.share_denominator),
        distribution=tuple(one for one in options if one is not None) or None,
    )
