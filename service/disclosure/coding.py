"""Display coding: how finely a figure is shown, by numbers of people and never by the figure itself.

Everything is exact integer arithmetic on counts, vectorised over cells, and rounded once, at the end, halves away from
zero; but for what is no quotient of counts, see `nearest`. A coded figure is a whole number of units of its last
decimal (`units`) with the number of decimals, so that a renderer can show 58.0.

`Nearby` tells, for each cell, the largest group of each size class that can be computed with it. The step of such a
cell, *in people* (step times n), is at least that of the residual, unless it already has the residual's own step; the
same goes for end bands and for the clipping of means.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.disclosure.tree import NOBODY, Ints, Mask, Tree

Floats = NDArray[np.float64]

EXACT_FROM = 30
FINE_FROM = 100
BANDLESS_FROM = 1_000

# Steps of shares in tenths of a point; ends (width of the end bands) likewise; both by n, finest first.
SHARE_STEPS = (1, 10, 50)
SHARE_ENDS = (0, 20, 50, 100)
# Steps and clipping of means in hundredths of a score. The clip of 0.1 is for large cells beside small residuals.
MEAN_STEPS = (1, 10)
HALF_SCORE = 50
HUNDREDTHS = 100
LEAST_SUMS = 3
"""Sums of scores that the mean of an item stands for where its distribution is withheld: steps times people. Of five
people, whose mean comes in halves as well, it may be two."""
MEAN_CLIPS = (0, 10, 30)
WHOLE_SHARE = 1_000
FINER = 10
"""A standard error has one decimal more than its mean: it is far smaller, and made of shown figures."""
LARGEST_EXACT = 2**63 - 1
NUDGE = 1e-9
"""Far under any step and far over what float arithmetic loses."""
# Sizes from and under, and how much a sibling of under 30, 100, 1,000 and more people shelters, per person, against the
# first figure for each person of the group: the ratio of their steps, the smaller one of shares and of means. The last
# class has no step to keep, only an end band, and follows the one before it.
SIZE_CLASSES = (
    (1, EXACT_FROM, (50, 10, 1, 1)),
    (EXACT_FROM, FINE_FROM, (10, 10, 1, 1)),
    (FINE_FROM, BANDLESS_FROM, (10, 10, 10, 1)),
)


class Bound(IntEnum):
    """Whether a share is the figure shown, or only known to lie at or beyond it."""

    at_most = -1
    none = 0
    at_least = 1


class Nearby(NamedTuple):
    """Largest derivable group under 30, under 100 and under 1,000 people that each cell takes part in; 0: none."""

    small: Ints
    middling: Ints
    large: Ints

    @classmethod
    def side_by_side(cls, parts: "Sequence[Nearby]") -> "Nearby":
        """One or more columns each, behind one another."""
        return cls(*map(np.column_stack, zip(*parts, strict=True)))

    def at(self, cells: Mask, column: int) -> "Nearby":
        """Those of some cells in one column."""
        return Nearby(*(size[cells, column] for size in self))

    def with_those_of(self, other: "Nearby") -> "Nearby":
        """The larger of both, cell by cell."""
        return Nearby(*map(np.maximum, self, other))


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Coded percentages: `units` of the last of `decimals` decimals, and the `Bound` of each."""

    units: Ints
    decimals: Ints
    bounds: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Means:
    """Coded means: `units` of the last of `decimals` decimals, clipped by `margin` units at both ends of the scale.

    `step`: what they are rounded to, in these units.
    """

    units: Ints
    decimals: Ints
    margin: Ints
    step: Ints


def nearby(tree: Tree, n: Ints, published: Mask) -> Nearby:
    """The derivable groups each published cell takes part in.

    A residual is computed from its cell and that cell's maximal published descendants. Where the residual above a cell
    is empty, the cell is also the one above less its siblings: unless the siblings' own steps, in people, are coarse
    enough together, the one above takes part in whatever the cell does, and in the cell itself, and so on upwards.

    Args:
        tree: the org tree.
        n: respondents of each cell (subtree sums), [size, measures].
        published: the pattern, same shape.
    """
    upper = tree.above(published)
    inside = published & (upper != NOBODY)
    column = np.broadcast_to(np.arange(n.shape[1]), n.shape)
    places = (upper[inside], column[inside])
    rest = np.where(published, n, 0)
    np.subtract.at(rest, places, n[inside])
    found = []
    for low, high, shelter in SIZE_CLASSES:
        own = np.where(published & (rest >= low) & (rest < high), rest, 0)
        cell = np.where(published & (n >= low) & (n < high), n, 0)
        coarse = sheltered(n, shelter)
        together = np.zeros_like(n)
        np.add.at(together, places, coarse[inside])
        reach = own.copy()
        for level in reversed(tree.levels):
            rows, columns = np.nonzero(inside[level])
            nodes = level[rows]
            over = upper[nodes, columns]
            derived = np.maximum(reach[nodes, columns], cell[nodes, columns])
            siblings = together[over, columns] - coarse[nodes, columns]
            bare = (rest[over, columns] == 0) & (siblings < shelter[0] * derived)
            np.maximum.at(reach, (over[bare], columns[bare]), derived[bare])
        beside = np.where(inside, np.take_along_axis(own, np.maximum(upper, 0), axis=0), 0)
        found.append(np.maximum(reach, beside))
    return Nearby(*found)


def sheltered(n: Ints, shelter: Sequence[int]) -> Ints:
    """How many people of a group the step of a cell of n people hides, by `SIZE_CLASSES`."""
    people: Ints = n * np.select([n < EXACT_FROM, n < FINE_FROM, n < BANDLESS_FROM], shelter[:3], shelter[3])
    return people


def divide(numerator: Ints, denominator: Ints) -> Ints:
    """Quotient rounded to the nearest whole number, halves away from zero; denominators > 0."""
    size = (2 * np.abs(numerator) + denominator) // (2 * denominator)
    return np.where(numerator < 0, -size, size)


def nearest(values: Floats) -> Ints:
    """Rounded to whole numbers, halves away from zero: an exact half may come as a float just under it."""
    size: Ints = np.floor(np.abs(values) + 0.5 + NUDGE).astype(np.int64)
    return np.where(values < 0, -size, size)


def percentages(numerator: Ints, denominator: Ints, decimals: int) -> Ints:
    """Exact percentage in units of the last decimal, rounded last: 269 of 565 without decimals is 48."""
    return divide(numerator * 100 * 10**decimals, denominator)


def mean_decimals(n: Ints, near: Nearby) -> Ints:
    """Decimals of a mean, and of the standard deviation beside it: 2 from 100 people, else 1."""
    step = np.where(n >= FINE_FROM, *MEAN_STEPS)
    for size in (near.small, near.middling):
        step = _coarsened(step, MEAN_STEPS, n, need=MEAN_STEPS[1] * size, coarsest=MEAN_STEPS[1])
    return np.where(step == MEAN_STEPS[0], 2, 1)


class MeanFormat(NamedTuple):
    """How means of cells are shown: their decimals, and in units of the last one their steps and what is cut off."""

    decimals: Ints
    step: Ints
    margin: Ints


def mean_format(n: Ints, near: Nearby, alike: Mask | None = None, alone: Mask | None = None) -> MeanFormat:
    """How the means of cells of n people are shown; both ends of the scale are clipped by the margin.

    Args:
        n: respondents.
        near: residuals of the same cells.
        alike: cells where nearly all are told to have given the same answer: one decimal, since the mean then is their
            answer's score, and no finer truth.
        alone: cells of an item whose mean is told and whose distribution is not. In halves under 30 people, and cut by
            a half: their number may follow from others, or from several means, and that they gave two neighbouring
            answers only. A mean that stands for one sum of scores would then leave one distribution.
    """
    decimals = mean_decimals(n, near)
    if alike is not None:
        decimals = np.where(alike, 1, decimals)
    hidden = np.zeros(n.shape, np.bool_) if alone is None else alone
    decimals = np.where(hidden & (n * MEAN_STEPS[0] < LEAST_SUMS * HUNDREDTHS), 1, decimals)
    step = np.where(decimals == 2, *MEAN_STEPS)  # noqa: PLR2004 - two decimals are steps of a hundredth
    clip = np.where(n < EXACT_FROM, MEAN_CLIPS[-1], MEAN_CLIPS[0])
    clip = _widened(clip, MEAN_CLIPS, step, n, need=MEAN_CLIPS[-1] * near.small, widest=MEAN_CLIPS[-1])
    in_halves = hidden & (n * MEAN_STEPS[1] < LEAST_SUMS * HUNDREDTHS)
    margin = np.where(in_halves, HALF_SCORE, clip) * 10**decimals // HUNDREDTHS
    return MeanFormat(decimals, np.where(in_halves, HALF_SCORE // MEAN_STEPS[1], 1), margin)


def means(
    total: Ints,
    denominator: Ints,
    n: Ints,
    *,
    lowest: int,
    highest: int,
    near: Nearby,
    alike: Mask | None = None,
    alone: Mask | None = None,
) -> Means:
    """Means of cells, clipped at both ends of the answer scale where the cell, or a residual beside it, is small.

    Args:
        total: sum of scores times `denominator`.
        denominator: of a person's score.
        n: respondents, >= 1.
        lowest: lowest score there is.
        highest: highest score there is.
        near: residuals of the same cells.
        alike: see `mean_format`.
        alone: see `mean_format`.
    """
    decimals, step, margin = mean_format(n, near, alike, alone)
    scale = 10**decimals
    units = divide(total * scale, denominator * n * step) * step
    # The ends are whole units, so clipping what is rounded equals rounding what is clipped.
    return Means(np.clip(units, lowest * scale + margin, highest * scale - margin), decimals, margin, step)


def percent_means(
    total: Ints, denominator: Ints, n: Ints, *, lowest: int, highest: int, step: Ints, end: Ints
) -> "Shares":
    """Means as 0 to 100 between the lowest and the highest score, in the steps and end bands of a share."""
    per_person = denominator * (highest - lowest)
    # Python's integers where a product might leave 64 bits: in rounding, over two thousand times the whole.
    largest = int(per_person.max(initial=0)) * int(n.max(initial=0)) * WHOLE_SHARE * 4
    people = n.astype(object if largest > LARGEST_EXACT else np.int64)
    return shares(total - lowest * denominator * people, per_person * people, step, end)


def deviations(
    total: Ints, square_total: Ints, denominator: Ints, n: Ints, decimals: Ints, *, times: int = 1, over: int = 1
) -> Ints:
    """Sample standard deviations (n - 1) in units of the last of `decimals` decimals, exact to the digit; n >= 2.

    In the unit of the scores, or in one of which `times` are `over` of a score: 100 and the range for 0 to 100.
    """
    columns = (total, square_total, denominator, n, decimals)
    cells = zip(*(np.ravel(column).tolist() for column in np.broadcast_arrays(*columns)), strict=True)
    # Python's integers: four times a sum of squares times n need not fit in 64 bits.
    coded = [
        (
            math.isqrt(
                4
                * 100**places
                * times**2
                * (people * squares - scores * scores)
                // (people * (people - 1) * (per * over) ** 2)
            )
            + 1
        )
        // 2
        for scores, squares, per, people, places in cells
    ]
    return np.array(coded, dtype=np.int64).reshape(n.shape)


def share_format(n: Ints, near: Nearby) -> tuple[Ints, Ints]:
    """Step and width of the end bands, both in tenths of a point, of the shares of cells of n people."""
    step = np.select([n >= FINE_FROM, n >= EXACT_FROM], SHARE_STEPS[:2], SHARE_STEPS[2])
    end = np.select([n >= BANDLESS_FROM, n >= FINE_FROM, n >= EXACT_FROM], SHARE_ENDS[:3], SHARE_ENDS[3])
    for size, coarsest in ((near.small, SHARE_STEPS[2]), (near.middling, SHARE_STEPS[1])):
        step = _coarsened(step, SHARE_STEPS, n, need=coarsest * size, coarsest=coarsest)
    for size, widest in zip((near.small, near.middling, near.large), reversed(SHARE_ENDS[1:]), strict=True):
        end = _widened(end, SHARE_ENDS, step, n, need=widest * size, widest=widest)
    return step, end


def shares(numerator: Ints, denominator: Ints, step: Ints, end: Ints) -> Shares:
    """Percentages in steps and end bands of `share_format`; an end is judged on the exact share, so it is never untrue.

    Args:
        numerator: people (or shares of people times their denominator).
        denominator: of the whole cell, >= 1.
        step: tenths of a point.
        end: tenths of a point; 0: no end bands.
    """
    tenths = divide(numerator * WHOLE_SHARE, denominator * step) * step
    high = in_upper_end(numerator, denominator, end)
    low = (end > 0) & (numerator * WHOLE_SHARE <= end * denominator)
    return banded(tenths, high, low, step, end)


def in_upper_end(numerator: Ints, denominator: Ints, end: Ints) -> Mask:
    """Where a share is told as no more than large; arguments as those of `shares`."""
    found: Mask = (end > 0) & (numerator * WHOLE_SHARE >= (WHOLE_SHARE - end) * denominator)
    return found


def banded(tenths: Ints, high: Mask, low: Mask, step: Ints, end: Ints) -> Shares:
    """Percentages given in tenths of a point and rounded to their step, with the end bands where they are high or low.

    Args:
        tenths: rounded to `step`.
        high: those that are in the upper end band by their exact share.
        low: the same for the lower.
        step: tenths of a point.
        end: tenths of a point.
    """
    decimals = share_decimals(step)
    coded = np.where(high, WHOLE_SHARE - end, np.where(low, end, tenths)).astype(np.int64)
    bounds = np.where(high, int(Bound.at_least), np.where(low, int(Bound.at_most), int(Bound.none)))
    return Shares(np.where(decimals == 1, coded, coded // 10), decimals, bounds)


def share_decimals(step: Ints) -> Ints:
    """Decimals of percentages in steps of so many tenths of a point."""
    return np.where(step == SHARE_STEPS[0], 1, 0)


def share_units(step: Ints) -> Ints:
    """Steps in tenths of a point as units of the last decimal."""
    return np.where(share_decimals(step) == 1, step, step // 10)


class Net(NamedTuple):
    """Favourable less unfavourable share, coded: units of the shares' last decimal, `Bound`, where there is one."""

    units: Ints
    bounds: Ints
    known: Mask


def net(favourable: Shares, neutral: Shares, unfavourable: Shares, difference: Ints, whole: Ints, step: Ints) -> Net:
    """Favourable less unfavourable share in points, -100 to 100, from nothing that the end bands of the three hide.

    Exact and rounded once where no share is in an end band. Else what the shares as shown leave open: where the two
    ends of it are one, a bound; where only the neutral share is in a band, the difference of the two others as shown;
    nothing where both others are "10 or less".

    Args:
        favourable: as shown.
        neutral: the same.
        unfavourable: the same.
        difference: favourable less unfavourable people (or shares of people times their denominator).
        whole: of the cell, >= 1.
        step: tenths of a point.
    """
    unit = share_units(step)
    exact = divide(difference * WHOLE_SHARE, whole * step) * unit
    up, down = favourable.bounds, unfavourable.bounds
    open_ends = (up != Bound.none) | (down != Bound.none)
    # Where one of the two is "90 or more", the other one is "10 or less".
    at_least = open_ends & (up != Bound.at_most)
    at_most = open_ends & (down != Bound.at_most)
    shown = favourable.units - unfavourable.units
    # A share that is shown without a band may be half a step off, so that the bound is true only one step further out.
    slack = np.where((up == Bound.none) | (down == Bound.none), unit, 0)
    banded_units = shown - np.where(at_least, slack, 0) + np.where(at_most, slack, 0)
    most = 100 * 10**favourable.decimals
    units = np.where(~open_ends & (neutral.bounds == Bound.none), exact, np.clip(banded_units, -most, most))
    bounds = np.where(at_least, int(Bound.at_least), np.where(at_most, int(Bound.at_most), int(Bound.none)))
    known = ~open_ends | at_least | at_most
    return Net(np.where(known, units, 0), bounds, known)


def _coarsened(step: Ints, options: tuple[int, ...], n: Ints, *, need: Ints, coarsest: int) -> Ints:
    """The finest allowed step, not finer than `step`, whose step times n reaches `need`, or else `coarsest`."""
    for option in options:
        if option > coarsest:
            break
        short = (need > 0) & (step * n < need) & (step < option)
        step = np.where(short, option, step)
    return step


def _widened(end: Ints, options: tuple[int, ...], step: Ints, n: Ints, *, need: Ints, widest: int) -> Ints:
    """As `_coarsened` for an end band; without one, the end figure still covers half a step."""
    for option in options:
        if option > widest:
            break
        short = (need > 0) & (np.maximum(2 * end, step) * n < 2 * need) & (end < option)
        end = np.where(short, option, end)
    return end
