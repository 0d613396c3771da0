"""How sure a shown mean is: its standard error and its 95 % interval, from figures that are shown. Pure.

Everything here is computed from what a reader is told already (the mean, the deviation and the number of people as
shown) and from how many were invited. An interval around the exact mean would tell that mean: with its two ends and the
rounded mean beside it, a reader has it three times over in unlike steps.

So the ends leave room for what rounding took away, and are rounded outwards: the interval is never shorter than the one
around the exact mean with the exact deviation.
"""

from decimal import Decimal
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from service.disclosure.coding import FINER, Floats, nearest
from service.disclosure.tree import Ints, Mask

LEVEL = 0.95
NORMAL = NormalDist().inv_cdf((1 + LEVEL) / 2)
"""Quantile of the normal distribution that leaves half of what the interval leaves out above it."""

# Of participation, in twentieths: "under 20 %" and "90 % or more" are its ends.
_LEAST_SHOWN, _MOST_SHOWN = 4, 18


class ShownMeans(NamedTuple):
    """Means of some cells as shown, in units of the last decimal; arrays of one length.

    Attributes:
        units: the means.
        decimals: of each.
        step: what they are rounded to.
        margin: by how much they are clipped at both ends of the scale.
        lowest: the lowest score there is.
        highest: the highest.
    """

    units: Ints
    decimals: Ints
    step: Ints
    margin: Ints
    lowest: Ints
    highest: Ints


class Interval(NamedTuple):
    """Ends in units of the last decimal of the means; the standard error in tenths of these."""

    se: Ints
    low: Ints
    high: Ints


def intervals(
    shown: ShownMeans,
    sd: Ints,
    own: Mask,
    everybody: Decimal | None,
    n: Ints,
    invited: Ints,
    *,
    participation_from: int,
) -> Interval:
    """The interval of each mean, cut off at the ends of the scale.

    Args:
        shown: the means.
        sd: standard deviation of each cell, in the units of its mean; nothing where `own` is false.
        own: cells that show a standard deviation of their own. Theirs is a Student's interval.
        everybody: standard deviation of everybody, as shown, for the others. None: they get no interval worth having.
        n: people who answered, as shown: at least so many.
        invited: people who were asked, in the same cells.
        participation_from: the fewest of these whose participation is told.
    """
    scale = 10.0**shown.decimals
    pooled = (0.0, 0.0) if everybody is None else (float(everybody), float(everybody + _half(everybody)))
    spread, most = (np.where(own, mine, theirs * scale) for mine, theirs in zip((sd, sd + 0.5), pooled, strict=True))
    per_deviation = of_a_deviation(n, invited, participation_from)
    reach = np.where(own, student(n - 1), NORMAL) * most * per_deviation
    # A clipped mean may stand for any score up to the end of the scale.
    bottom = (shown.margin > 0) & (shown.units <= shown.lowest + shown.margin)
    top = (shown.margin > 0) & (shown.units >= shown.highest - shown.margin)
    low = np.where(bottom, shown.lowest, np.floor(shown.units - shown.step / 2 - reach))
    high = np.where(top, shown.highest, np.ceil(shown.units + shown.step / 2 + reach))
    return Interval(
        se=nearest(FINER * spread * per_deviation),
        low=np.maximum(low, shown.lowest).astype(np.int64),
        high=np.minimum(high, shown.highest).astype(np.int64),
    )


def _half(shown: Decimal) -> Decimal:
    """Half a unit of the last decimal of a number as it is shown."""
    return Decimal((0, (5,), int(shown.as_tuple().exponent) - 1))


def of_a_deviation(n: Ints, invited: Ints, participation_from: int) -> Floats:
    """Standard error of a mean, per unit of the standard deviation, of n answers out of so many people.

    With the correction for a finite population: where eleven of twelve answered, little is left to chance. The share
    that answered is taken as participation is shown: in steps of 5 points, rounded down, nothing under 20 % or where
    fewer were invited than participation is told of, 90 % at most. Else the error told how many exactly did not answer.
    """
    twentieths = 20 * n // np.maximum(invited, 1)
    answered = np.where(
        (twentieths >= _LEAST_SHOWN) & (invited >= participation_from), np.minimum(twentieths, _MOST_SHOWN), 0
    )
    error: Floats = np.sqrt((1 - answered / 20) / np.maximum(n, 1))
    return error


def student(freedom: Ints) -> Floats:
    """Quantile of Student's t that leaves half of what the interval leaves out above it; of 1 degree at least."""
    quantile: Floats = stdtrit(np.maximum(freedom, 1), (1 + LEVEL) / 2)
    return quantile
