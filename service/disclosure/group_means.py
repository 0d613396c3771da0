"""Scales and indices by the group rule: figures of cells from the figures of their parts in the same cells. Pure.

A mean of means has as many denominators as parts, and no whole number holds their product. So values are floats here,
good to some fifteen digits, and rounded once, at the end. An exact half must go away from zero as everywhere else,
whatever the last bit of the float says; hence a nudge, far under any step and far over what float arithmetic loses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

from service.disclosure import coding
from service.disclosure.bands import n_band
from service.disclosure.coding import NUDGE, Floats, nearest
from service.disclosure.measures import Family, GroupMean, Measure
from service.disclosure.table import Column, Figures, sealed
from service.disclosure.tree import Ints, Mask

_Ends = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Part:
    """What a group mean needs of a part, or is to a group mean above it; arrays are [cells].

    Attributes:
        n: respondents.
        band: lowest and highest number of respondents that a reader is told.
        gated: the number of respondents is an answer.
        k: by family, the smallest group that is kept to.
        published: by family; a family that is absent has no figures.
        near: residuals beside the cells, in the families that there are.
        alone: cells in which it is a single item, whose mean may be told and whose distribution is not.
        lowest: lowest score there is.
        highest: the highest.
        mean: mean of the scores as their ends leave it to be known, see `Ends`, anything where nobody answered.
        shares: favourable, neutral and unfavourable share, as the mean; 0 to 1 each.
    """

    n: Ints
    band: tuple[Ints, Ints]
    gated: bool
    k: Mapping[Family, int]
    published: Mapping[Family, Mask]
    near: Mapping[Family, coding.Nearby]
    alone: Mask
    lowest: Fraction
    highest: Fraction
    mean: Floats
    shares: Sequence[Floats]


def check(measures: Sequence[Measure], derived: Sequence[GroupMean]) -> None:
    """Refuse group means whose figures would be undefined.

    Raises:
        ValueError: an id comes twice; a part is no measure and no group mean before it, or has no mean; a ratio's
            second part may be zero.
    """
    known = {one.id for one in measures}
    scores: dict[str, _Ends] = {
        one.id: (Fraction(one.score_min), Fraction(one.score_max))
        for one in measures
        if one.score_min is not None and one.score_max is not None
    }
    for one in derived:
        if one.id in known:
            raise ValueError(f"group mean {one.id}: two measures have the same id")
        if any(part not in known for part in one.parts):
            raise ValueError(f"group mean {one.id}: a part is neither a measure nor a group mean before it")
        if any(part not in scores for part in one.parts):
            raise ValueError(f"group mean {one.id}: a part has no mean")
        if one.ratio and scores[one.parts[1]][0] <= 0:
            raise ValueError(f"group mean {one.id}: the second part of a ratio may be zero")
        known.add(one.id)
        scores[one.id] = _range(one, [scores[part] for part in one.parts])


def combined(one: GroupMean, parts: Sequence[Part]) -> Part:
    """The group mean, as a part for others: published where all its parts are, and about the fewest people of any."""
    ends = _range(one, [(part.lowest, part.highest) for part in parts])
    shares: list[Floats] = []
    if one.ratio:
        above, under = (part.mean for part in parts)
        mean = np.divide(above, under, out=np.zeros_like(above), where=under != 0)
    else:
        mean = _weighted(one, [part.mean for part in parts])
        if all(part.shares for part in parts):
            shares = [_weighted(one, third) for third in zip(*(part.shares for part in parts), strict=True)]
    families = (Family.mean, Family.distribution) if shares else (Family.mean,)
    near = {family: [part.near[family] for part in parts] for family in families}
    n = np.minimum.reduce([part.n for part in parts])
    k = {family: max(part.k[family] for part in parts) for family in families}
    gated = any(part.gated for part in parts)
    return Part(
        n=n,
        band=_band(n, parts, gated=gated),
        gated=gated,
        k=k,
        published={
            family: np.logical_and.reduce([n >= k[family], *(part.published[family] for part in parts)])
            for family in families
        },
        near={family: coding.Nearby(*map(np.maximum.reduce, zip(*near[family], strict=True))) for family in families},
        alone=parts[0].alone if len(parts) == 1 else np.zeros_like(parts[0].alone),
        lowest=ends[0],
        highest=ends[1],
        mean=float(sum(ends)) - mean if one.negative else mean,
        shares=shares,
    )


def _band(n: Ints, parts: Sequence[Part], *, gated: bool) -> tuple[Ints, Ints]:
    """Of the fewest people as well, and no narrower than what the parts tell of theirs."""
    least, most = (np.minimum.reduce([part.band[side] for part in parts]) for side in (0, 1))
    if not gated:
        return least, most
    wide = n_band(n, gated=True)
    return np.minimum(least, wide[0]), np.maximum(most, wide[1])


def columns(one: GroupMean, figures: Part) -> list[Column]:
    """The group mean in every family it has, coded by the number of people as any figure is."""
    return [
        (_mean_column if family is Family.mean else _distribution_column)(one, figures, _Cells(figures, family))
        for family in figures.published
    ]


class _Cells:
    """The published cells of one family: their figures, and these put back among the withheld ones."""

    def __init__(self, figures: Part, family: Family) -> None:
        self.published = figures.published[family]
        self.n = figures.n[self.published]
        self.near = coding.Nearby(*(size[self.published] for size in figures.near[family]))
        self.band = figures.band[0][self.published], figures.band[1][self.published]

    def put(self, values: Ints) -> Ints:
        column = np.zeros(len(self.published), dtype=np.int64)
        column[self.published] = values
        return sealed(column)


def _mean_column(one: GroupMean, figures: Part, cells: _Cells) -> Column:
    value, bounds = figures.mean[cells.published], None
    if one.percent:
        tenths = (value - float(figures.lowest)) * (coding.WHOLE_SHARE / float(figures.highest - figures.lowest))
        shown = _shares(tenths, *coding.share_format(cells.n, cells.near))
        units, decimals, bounds = shown.units, shown.decimals, cells.put(shown.bounds)
    else:
        alone = figures.alone[cells.published]
        decimals, step, margin = coding.mean_format(cells.n, cells.near, alone=alone)
        low, high = (
            np.array([end(figure * 10**places) for places in decimals.tolist()], np.int64)
            for end, figure in ((ceil, figures.lowest), (floor, figures.highest))
        )
        # A ratio's range need not hold two margins.
        margin = np.minimum(margin, (high - low) // 2)
        units = np.clip(nearest(value * 10.0**decimals / step) * step, low + margin, high - margin)
    return Column(
        measure=one.id,
        family=Family.mean,
        published=sealed(cells.published),
        n_from=cells.put(cells.band[0]),
        n_to=cells.put(cells.band[1]),
        decimals=cells.put(decimals),
        # A sum is rounded as the mean that it is a multiple of.
        mean=cells.put(units * one.factor),
        mean_bound=bounds,
    )


def _distribution_column(one: GroupMean, figures: Part, cells: _Cells) -> Column:
    step, end = coding.share_format(cells.n, cells.near)
    coded = [_shares(share[cells.published] * coding.WHOLE_SHARE, step, end) for share in figures.shares]
    favourable, neutral, unfavourable = (Figures(cells.put(each.units), cells.put(each.bounds)) for each in coded)
    return Column(
        measure=one.id,
        family=Family.distribution,
        published=sealed(cells.published),
        n_from=cells.put(cells.band[0]),
        n_to=cells.put(cells.band[1]),
        decimals=cells.put(coding.share_decimals(step)),
        favourable=favourable,
        neutral=neutral,
        unfavourable=unfavourable,
    )


def _range(one: GroupMean, ends: Sequence[_Ends]) -> _Ends:
    """Lowest and highest score there is."""
    if one.ratio:
        corners = [above / under for above in ends[0] for under in ends[1]]
        return min(corners), max(corners)
    lowest, highest = (
        sum((weight * end for weight, end in zip(one.weights, side, strict=True)), Fraction(0))
        for side in zip(*ends, strict=True)
    )
    return lowest / sum(one.weights), highest / sum(one.weights)


def _weighted(one: GroupMean, values: Sequence[Floats]) -> Floats:
    total: Floats = sum(
        (weight * value for weight, value in zip(one.weights, values, strict=True)), np.zeros_like(values[0])
    )
    return total / sum(one.weights)


def _shares(tenths: Floats, step: Ints, end: Ints) -> coding.Shares:
    """As `coding.shares`, of tenths of a point that are no whole numbers yet."""
    high = (end > 0) & (tenths >= coding.WHOLE_SHARE - end - NUDGE)
    low = (end > 0) & (tenths <= end + NUDGE)
    return coding.banded(nearest(tenths / step) * step, high, low, step, end)
