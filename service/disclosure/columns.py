"""The figures of one measure in one family, from its counts and its pattern. Pure.

What a cell is (a node of the tree, a place of a grid) stands in a `Layout`; how its figures are shown does not hang on
it.
"""

from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.disclosure import coding
from service.disclosure.measures import Family, Measure
from service.disclosure.patterns import Pattern
from service.disclosure.table import Column, Figures, sealed
from service.disclosure.tree import Ints, Mask, Tree

_Number = TypeVar("_Number", bound=np.generic)


class Layout(Protocol):
    """The cells of a plan."""

    @property
    def size(self) -> int:
        """Number of cells."""

    def sums(self, own: Ints) -> Ints:
        """Sum over the classes of each cell, [size]; `own` is [classes]."""

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:
        """The derivable groups that each published cell takes part in, [size]; `n` by cell."""


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
        near = coding.nearby(self._tree, n[:, None], published[:, None])
        return coding.Nearby(near.small[:, 0], near.middling[:, 0], near.large[:, 0])


def column(layout: Layout, measure: Measure, family: Family, pattern: Pattern) -> Column:
    """All cells of a measure in a family."""
    cells = _Cells(layout, measure.n, pattern.published)
    if family is Family.mean:
        return _mean_column(measure, pattern, cells)
    return _distribution_column(measure, pattern, cells)


def widened(narrow: Column, size: int) -> Column:
    """A column with more cells behind its own, all of them withheld."""

    def wide(array: NDArray[_Number]) -> NDArray[_Number]:
        return sealed(np.concatenate([array, np.zeros(size - len(array), array.dtype)]))

    def figures(given: Figures | None) -> Figures | None:
        return None if given is None else Figures(wide(given.units), wide(given.bounds))

    options = None if narrow.distribution is None else [figures(one) for one in narrow.distribution]
    return Column(
        measure=narrow.measure,
        family=narrow.family,
        published=wide(narrow.published),
        n_from=wide(narrow.n_from),
        n_to=wide(narrow.n_to),
        decimals=wide(narrow.decimals),
        mean=None if narrow.mean is None else wide(narrow.mean),
        sd=None if narrow.sd is None else wide(narrow.sd),
        has_sd=None if narrow.has_sd is None else wide(narrow.has_sd),
        favourable=figures(narrow.favourable),
        neutral=figures(narrow.neutral),
        unfavourable=figures(narrow.unfavourable),
        distribution=None if options is None else tuple(one for one in options if one is not None),
    )


class _Cells:
    """The published cells of one column: sums over them, and their figures put back among the withheld ones."""

    def __init__(self, layout: Layout, n: Ints, published: Mask) -> None:
        self.layout = layout
        self.published = published
        self.everywhere = layout.sums(n)
        self.n = self.everywhere[published]
        self.near = self.nearby(published)

    def nearby(self, pattern: Mask) -> coding.Nearby:
        """Derivable groups of a pattern (this one or one inside it) that each published cell takes part in."""
        near = self.layout.nearby(self.everywhere, pattern)
        return coding.Nearby(*(size[self.published] for size in (near.small, near.middling, near.large)))

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
    # The standard deviation has the decimals of its mean, so the residuals of both patterns count for both.
    near = cells.near.with_those_of(cells.nearby(pattern.sd))
    coded = coding.means(total, denominator, cells.n, lowest=measure.score_min, highest=measure.score_max, near=near)
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
