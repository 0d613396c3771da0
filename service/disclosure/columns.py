"""The figures of the measures in each family, from their counts and their patterns. Pure.

What a cell is (a node of the tree, a place of a grid) stands in a `Layout`; how its figures are shown does not hang on
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

import numpy as np

from service.disclosure import agreement, coding, group_means
from service.disclosure.bands import n_band, widened_for_gate
from service.disclosure.ends import Ends, moved
from service.disclosure.intervals import ShownMeans, intervals
from service.disclosure.measures import Family, GroupMean, Kind, Measure
from service.disclosure.patterns import Pattern, Patterns
from service.disclosure.table import AGREEMENT_DECIMALS, Column, Figures, sealed
from service.disclosure.tree import Ints, Mask, Tree

_CACHED_NUMBERS = 2**15


class Layout(Protocol):
    """The cells of a plan."""

    @property
    def size(self) -> int:
        """Number of cells."""

    @property
    def everybody(self) -> int:
        """The cell that everybody is in."""

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

    @property
    def everybody(self) -> int:
        return self._tree.root

    def sums(self, own: Ints) -> Ints:
        return self._tree.sums(own)

    def nearby(self, n: Ints, published: Mask) -> coding.Nearby:
        # So many columns at once as fit the processor's cache: fewer are slower in small trees, more in large ones.
        width = max(1, _CACHED_NUMBERS // self.size)
        parts = (slice(first, first + width) for first in range(0, n.shape[1], width))
        return coding.Nearby.side_by_side([coding.nearby(self._tree, n[:, part], published[:, part]) for part in parts])


def columns(
    layout: Layout,
    measures: Sequence[Measure],
    decided: Patterns,
    derived: Sequence[GroupMean] = (),
    invited: Ints | None = None,
    sd_of_all: Mapping[str, Decimal] | None = None,
    *,
    participation_from: int,
) -> list[Column]:
    """All cells of every measure in every family it has, then those of every group mean.

    Args:
        layout: the cells.
        measures: counted by class.
        decided: which cells are published.
        derived: group means; `group_means.check` first.
        invited: people who were asked, [classes]. None: means have no intervals.
        sd_of_all: by measure, the standard deviation of everybody as it was published before. None: as it is now.
        participation_from: the fewest people invited whose participation is told.
    """
    return _Columns(layout, measures, decided, participation_from).all(derived, invited, sd_of_all)


def widened(narrow: Column, size: int) -> Column:
    """A column with more cells behind its own, all of them withheld."""
    return narrow.changed(lambda array: np.concatenate([array, np.zeros(size - len(array), array.dtype)]))


def some(column: Column, cells: slice) -> Column:
    """The column's cells of a stretch."""
    return column.changed(lambda array: array[cells])


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The published cells of one column: sums over them, and their figures put back among the withheld ones."""

    layout: Layout
    published: Mask
    n: Ints
    near: coding.Nearby
    band: tuple[Ints, Ints]

    def sums(self, own: Ints) -> Ints:
        return self.layout.sums(own)[self.published]

    def put(self, figures: Ints) -> Ints:
        column = np.zeros(self.layout.size, dtype=np.int64)
        column[self.published] = figures
        return sealed(column)

    def where(self, some: Mask) -> Mask:
        column = np.zeros(self.layout.size, dtype=np.bool_)
        column[self.published] = some
        return sealed(column)


class _Columns:
    def __init__(self, layout: Layout, measures: Sequence[Measure], decided: Patterns, participation_from: int) -> None:
        self.layout = layout
        self.participation_from = participation_from
        self.known = {measure.id: measure for measure in measures}
        self.decided = decided
        self.asked = [(measure.id, family) for measure in measures for family in measure.families]
        self.number = {column: number for number, column in enumerate(self.asked)}
        self.people = {measure.id: layout.sums(measure.n) for measure in measures}
        self.deviations: dict[str, Mask] = {}
        patterns = [decided[column] for column in self.asked]
        n = np.stack([self.people[name] for name, _ in self.asked], axis=1)
        near = layout.nearby(n, np.stack([pattern.published for pattern in patterns], axis=1))
        # A standard deviation has the decimals of its mean, so the residuals of both patterns count for both.
        self.near = near.with_those_of(layout.nearby(n, np.stack([pattern.sd for pattern in patterns], axis=1)))
        told = {name: decided[name, family].published for name, family in self.asked if family is Family.distribution}
        self.ends = Ends(self.known, self.people, layout.sums, self._near, told)

    def all(
        self, derived: Sequence[GroupMean], invited: Ints | None, sd_of_all: Mapping[str, Decimal] | None
    ) -> list[Column]:
        asked = None if invited is None else self.layout.sums(invited)
        shares = {
            name: _distribution_column(
                self.known[name],
                self.decided[name, family],
                self._cells(name, family),
                self.ends.shares_moved(self.known[name]),
            )
            for name, family in self.asked
            if family is Family.distribution
        }
        found = []
        for name, family in self.asked:
            if family is Family.distribution:
                found.append(shares[name])
                continue
            measure, pattern, cells = self.known[name], self.decided[name, family], self._cells(name, family)
            nearly_all = _nearly_all(shares.get(name), self.layout.size)
            column, means = _mean_column(measure, pattern, cells, nearly_all, self.ends)
            self.deviations[name] = pattern.sd if column.has_sd is None else column.has_sd
            if asked is not None:
                everybody = self._sd_of_all(column) if sd_of_all is None else sd_of_all.get(name)
                column = _with_intervals(
                    column, means, cells, asked[cells.published], everybody, self.participation_from
                )
            found.append(_times(self._with_agreement(column, measure), measure.times))
        parts: dict[str, group_means.Part] = {}
        for one in derived:
            for name in one.parts:
                if name not in parts:
                    parts[name] = self._part(self.known[name])
            parts[one.id] = group_means.combined(one, [parts[name] for name in one.parts])
            found.extend(group_means.columns(one, parts[one.id]))
        return found

    def _near(self, name: str, family: Family) -> coding.Nearby:
        return coding.Nearby(*(size[:, self.number[name, family]] for size in self.near))

    def _cells(self, name: str, family: Family) -> _Cells:
        published = self.decided[name, family].published
        near = self.near.at(published, self.number[name, family])
        return _Cells(self.layout, published, self.people[name][published], near, self._band(name, published))

    def _band(self, name: str, some: Mask) -> tuple[Ints, Ints]:
        """The numbers of respondents that a reader is told, of some cells."""
        n, gates = self.people[name][some], self._gates(name)
        band = n_band(n, gated=bool(gates))
        for gate in gates:
            if (gate, Family.distribution) in self.number:
                near = self.near.at(some, self.number[gate, Family.distribution])
                people = self.people[gate][some]
                _, end = coding.share_format(people, near)
                band = widened_for_gate(band, n, people, self._band(gate, some), end)
        return band

    def _gates(self, name: str) -> list[str]:
        """Whose answers decide who is asked, for the measure itself or for a part of it."""
        measure = self.known[name]
        return sorted({*measure.gates, *(gate for part in measure.parts for gate in self._gates(part))})

    def _sd_of_all(self, column: Column) -> Decimal | None:
        """The standard deviation of everybody as the column shows it."""
        root = self.layout.everybody
        if column.sd is None or column.has_sd is None or not column.has_sd[root]:
            return None
        return Decimal(int(column.sd[root])).scaleb(-int(column.decimals[root]))

    def _with_agreement(self, column: Column, measure: Measure) -> Column:
        """The column of a scale with its people's agreement where its own deviation and all of its items' are shown."""
        items = [self.known[part] for part in measure.parts]
        formats = {(item.score_min, item.score_max, item.denominator) for item in items}
        if measure.kind is not Kind.scale or len(formats) != 1:
            return column
        ((lowest, highest, denominator),) = formats
        if lowest is None or highest is None or denominator != 1:
            return column
        shown = np.logical_and.reduce(
            [self.deviations.get(name, self.decided[name, Family.mean].sd) for name in (measure.id, *measure.parts)]
        )
        if not shown.any():
            return column
        spread = [
            agreement.variances(*(self.layout.sums(own)[shown] for own in (item.total, item.square_total, item.n)))
            for item in items
            if item.total is not None and item.square_total is not None
        ]
        agreed = agreement.within_group_agreement(np.array(spread), points=highest - lowest + 1)
        rwg = np.zeros(self.layout.size, np.int64)
        rwg[shown] = coding.nearest(agreed * 10**AGREEMENT_DECIMALS)
        return replace(column, rwg=sealed(rwg), has_rwg=sealed(shown))

    def _part(self, measure: Measure) -> group_means.Part:
        shares = (measure.favourable, measure.neutral, measure.unfavourable) if measure.has_shares else ()
        families = measure.families
        return group_means.Part(
            n=self.people[measure.id],
            band=self._band(measure.id, np.ones(self.layout.size, np.bool_)),
            gated=bool(self._gates(measure.id)),
            k={family: self.decided[measure.id, family].k for family in families},
            published={family: self.decided[measure.id, family].published for family in families},
            near={family: self._near(measure.id, family) for family in families},
            alone=self.ends.alone(measure),
            lowest=Fraction(measure.score_min or 0),
            highest=Fraction(measure.score_max or 0),
            mean=self.ends.exact(measure, measure.total, measure.denominator) + self.ends.mean_hidden(measure),
            shares=[
                self.ends.exact(measure, share, measure.share_denominator) + hidden
                for share, hidden in zip(shares, self.ends.shares_hidden(measure), strict=True)
            ],
        )


def _nearly_all(shares: Column | None, size: int) -> Mask:
    """Cells of which a share is only told to be large: a standard deviation would tell how many are left."""
    if shares is None:
        return np.zeros(size, np.bool_)
    figures = (shares.favourable, shares.neutral, shares.unfavourable, *(shares.distribution or ()))
    found: Mask = np.logical_or.reduce(
        [np.zeros(size, np.bool_), *(one.bounds == coding.Bound.at_least for one in figures if one is not None)]
    )
    return found


def _mean_column(
    measure: Measure, pattern: Pattern, cells: _Cells, nearly_all: Mask, ends_of: Ends
) -> tuple[Column, ShownMeans]:
    if measure.total is None or measure.square_total is None or measure.score_min is None or measure.score_max is None:
        raise ValueError(f"measure {measure.id}: has no mean")
    total, squares = cells.sums(measure.total), cells.sums(measure.square_total)
    denominator = np.full_like(total, measure.denominator)
    ends = {"lowest": measure.score_min, "highest": measure.score_max}
    known, parts = moved(total, measure.denominator, cells.n, ends_of.mean_moved(measure)[cells.published])
    bounds, unit = None, (1, 1)
    if measure.percent:
        step, end = coding.share_format(cells.n, cells.near)
        percent = coding.percent_means(known, parts, cells.n, **ends, step=step, end=end)
        bounds, unit = percent.bounds, (100, measure.score_max - measure.score_min)
        whole = 100 * 10**percent.decimals
        step, none = coding.share_units(step), np.zeros_like(step)
        means = ShownMeans(percent.units, percent.decimals, step, none, lowest=none, highest=whole)
    else:
        alike, alone = (mask[cells.published] for mask in (ends_of.nearly_all(measure), ends_of.alone(measure)))
        plain = coding.means(known, parts, cells.n, **ends, near=cells.near, alike=alike, alone=alone)
        low, high = (score * 10**plain.decimals for score in ends.values())
        means = ShownMeans(plain.units, plain.decimals, plain.step, plain.margin, lowest=low, highest=high)
    shown = (pattern.sd & ~nearly_all)[pattern.published]
    if bounds is not None:
        shown = shown & (bounds == coding.Bound.none)  # beside a mean of "95 or more", 0 would say that all are alike
    deviation = np.zeros_like(total)
    places, (times, over) = means.decimals[shown], unit
    deviation[shown] = coding.deviations(
        total[shown], squares[shown], denominator[shown], cells.n[shown], places, times=times, over=over
    )
    column = Column(
        measure=measure.id,
        family=Family.mean,
        published=sealed(pattern.published),
        n_from=cells.put(cells.band[0]),
        n_to=cells.put(cells.band[1]),
        decimals=cells.put(means.decimals),
        mean=cells.put(means.units),
        mean_bound=None if bounds is None else cells.put(bounds),
        sd=cells.put(deviation),
        has_sd=cells.where(shown),
    )
    return column, means


def _times(column: Column, times: int) -> Column:
    """The column of a sum, from that of its mean."""
    if times == 1:
        return column

    def each(one: Ints | None) -> Ints | None:
        return None if one is None else sealed(one * times)

    return replace(
        column,
        mean=each(column.mean),
        sd=each(column.sd),
        se=each(column.se),
        low=each(column.low),
        high=each(column.high),
    )


def _with_intervals(
    column: Column,
    means: ShownMeans,
    cells: _Cells,
    invited: Ints,
    everybody: Decimal | None,
    participation_from: int,
) -> Column:
    """The column with an interval around each mean that is shown as such and has a standard deviation to go by."""
    if column.sd is None or column.has_sd is None:
        return column
    own = column.has_sd[cells.published]
    # The number of people as shown and never the exact one: an interval must not tell more of it than the row does.
    shown = column.sd[cells.published]
    found = intervals(means, shown, own, everybody, cells.band[0], invited, participation_from=participation_from)
    known = own | (everybody is not None)
    if column.mean_bound is not None:
        known &= column.mean_bound[cells.published] == coding.Bound.none
    return replace(
        column,
        se=cells.put(np.where(known, found.se, 0)),
        low=cells.put(np.where(known, found.low, 0)),
        high=cells.put(np.where(known, found.high, 0)),
        has_interval=cells.where(known),
        basis=cells.where(known & own),
    )


def _distribution_column(
    measure: Measure, pattern: Pattern, cells: _Cells, shares_moved: Sequence[coding.Floats]
) -> Column:
    step, end = coding.share_format(cells.n, cells.near)

    def coded(own: Ints, denominator: int) -> coding.Shares:
        return coding.shares(cells.sums(own), cells.n * denominator, step, end)

    def figures(shares: coding.Shares) -> Figures:
        return Figures(cells.put(shares.units), cells.put(shares.bounds))

    column = Column(
        measure=measure.id,
        family=Family.distribution,
        published=sealed(pattern.published),
        n_from=cells.put(cells.band[0]),
        n_to=cells.put(cells.band[1]),
        decimals=cells.put(coding.share_decimals(step)),
        distribution=None
        if measure.counts is None
        else tuple(figures(coded(own, 1)) for own in measure.counts.T) or None,
    )
    if measure.favourable is None or measure.neutral is None or measure.unfavourable is None:
        return column
    high, middle, low = (
        coding.shares(known, cells.n * parts, step, end)
        for own, by in zip((measure.favourable, measure.neutral, measure.unfavourable), shares_moved, strict=True)
        for known, parts in (moved(cells.sums(own), measure.share_denominator, cells.n, by[cells.published]),)
    )
    column = replace(column, favourable=figures(high), neutral=figures(middle), unfavourable=figures(low))
    if not measure.enps:
        return column
    difference = cells.sums(measure.favourable - measure.unfavourable)
    net = coding.net(high, middle, low, difference, cells.n * measure.share_denominator, step)
    return replace(column, enps=Figures(cells.put(net.units), cells.put(net.bounds)), has_enps=cells.where(net.known))
