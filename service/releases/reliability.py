"""How far a scale can be trusted: alpha and omega of its items, and how much its units differ (ICC). Pure numpy.

Scores come as whole numbers, reversed where the item says so. Sums and cross products are exact, so that a constant
item is known to be constant. A figure that is not defined is None, never NaN.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Whole = npt.NDArray[np.integer]

# People per product: the doubles of forty items stay in the cache.
_BLOCK = 1 << 14
# Doubles hold every whole number up to here, so that a sum of products is exact in whatever order it is added up.
_EXACT = 1 << 53
# A total variance this small against its parts is what rounding leaves of none.
_NOTHING = 1e-12
_FEWEST_FOR_A_FACTOR = 3
_ROUNDS = 100
_HALVINGS = 30
_FLAT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Exact sums over `n` people who answered everything: int64 `total` [items] and `products` [items, items]."""

    n: int
    total: npt.NDArray[np.int64]
    products: npt.NDArray[np.int64]

    @classmethod
    def of(cls, block: Whole) -> Self:
        """The sums of whole-number scores [people, items]; blocks add up.

        Raises `TypeError` for other numbers than whole ones, `OverflowError` for scores too large to be multiplied.
        """
        ones = np.ones((len(block), 1), np.int8)
        return cls(len(block), _products(ones, block)[0], _products(block, block))

    def __add__(self, other: Self) -> Self:
        """The sums over the people of both. Raises `OverflowError` where they could leave 64 bits."""
        # No product and no total is larger than the largest sum of squares.
        if sum(int(part.products.max(initial=0)) for part in (self, other)) >= 1 << 63:
            raise OverflowError("the sums of products leave 64 bits")
        return type(self)(self.n + other.n, self.total + other.total, self.products + other.products)

    def covariance(self) -> Matrix | None:
        """The covariance matrix [items, items] with n - 1 below; None for fewer than two people."""
        return _covariance(np.full(self.products.shape, self.n), self.total[:, None], self.total, self.products)


def pairwise_covariance(scores: Whole, missing: int) -> Matrix | None:
    """The covariance matrix of scores [people, items] in which `missing` stands for no answer.

    Each pair of items is taken over the people who answered both, so that nobody is left out for one skipped item.
    None where fewer than two people answered some pair. Errors as `Moments.of`.
    """
    answered = scores != missing
    present = answered.astype(np.int8)
    filled = np.where(answered, scores, 0)
    totals = _products(filled, present)
    return _covariance(_products(present, present), totals, totals.T, _products(filled, filled))


def alpha(covariance: Matrix | None) -> float | None:
    """Cronbach's raw alpha from the covariance matrix of a scale's items [items, items].

    Not defined, and None, for fewer than two items or a sum score that does not vary.
    """
    if covariance is None or len(covariance) < 2 or not _varies(covariance):  # noqa: PLR2004 - two items
        return None
    size = len(covariance)
    return float(size / (size - 1) * (1 - np.trace(covariance) / covariance.sum()))


def omega(covariance: Matrix | None) -> float | None:
    """Omega of a one-factor model (McDonald, Test Theory, 1999, chapter 6) from a covariance matrix [items, items].

    The share of the sum score's variance that the factor explains: the squared sum of the loadings over itself plus
    the unique variances. Loadings are of least squares (`_one_factor`) on the correlations, so that no item weighs
    more for its larger variance, then taken back to the items' units; they may be negative. Not defined, and None,
    for fewer than three items, an item or a sum score that does not vary, or loadings that do not settle.
    """
    if covariance is None or len(covariance) < _FEWEST_FOR_A_FACTOR or not _varies(covariance):
        return None
    variances = np.diag(covariance)
    if variances.min() <= 0:
        return None
    deviations = np.sqrt(variances)
    loadings = _one_factor(covariance / np.outer(deviations, deviations))
    if loadings is None:
        return None
    common = float(deviations @ loadings) ** 2
    unique = float(variances @ (1 - loadings**2))
    return common / (common + unique) if common + unique > _NOTHING * variances.sum() else None


class Icc(NamedTuple):
    """`icc1`: what a person's unit tells of the person; `icc2`: how reliable the mean of a unit is. None: undefined."""

    icc1: float | None
    icc2: float | None


def icc(n: Iterable[int], total: Iterable[int], square_total: Iterable[int]) -> Icc:
    """ICC(1) and ICC(2) of a one-way analysis of variance by group, as the R package multilevel defines them.

    Given by group, as many of each: people, sum of scores, sum of squared scores (of which only the sum over the
    groups counts), in whole numbers over a common denominator, which cancels out. With B and W the mean squares
    between and within G groups of N people: ICC(1) = (B - W) / (B + (N/G - 1) W), the group size being the plain
    mean; ICC(2) = (B - W) / B. Both may be negative. Groups of nobody do not count. Neither is defined for fewer than
    two groups, where no group has two people, or where no score differs; nor ICC(2) where all groups have the same
    mean. Raises `ValueError` for squares that no scores have.
    """
    given = [(int(size), int(own), int(square)) for size, own, square in zip(n, total, square_total, strict=True)]
    groups = [(size, own) for size, own, _ in given if size]
    squares = sum(square for _, _, square in given)
    people = sum(size for size, _ in groups)
    if len(groups) < 2 or people == len(groups):  # noqa: PLR2004 - two groups
        return Icc(None, None)
    by_size: Counter[int] = Counter()
    for size, own in groups:
        by_size[size] += own**2
    of_groups = sum((Fraction(own, size) for size, own in by_size.items()), Fraction())
    if squares < of_groups:
        raise ValueError("no scores have sums of squares so small")
    between = (of_groups - Fraction(sum(own for _, own in groups) ** 2, people)) / (len(groups) - 1)
    within = (squares - of_groups) / (people - len(groups))
    if not between and not within:
        return Icc(None, None)
    icc1 = (between - within) / (between + (Fraction(people, len(groups)) - 1) * within)
    return Icc(float(icc1), float((between - within) / between) if between else None)


def _products(left: Whole, right: Whole) -> npt.NDArray[np.int64]:
    """The exact sums over people of left [people, a] times right [people, b]: int64 [a, b]."""
    if left.dtype.kind not in "iu" or right.dtype.kind not in "iu":
        raise TypeError("sums are exact for whole numbers only")
    most = max(1, _magnitude(left) * _magnitude(right))
    if most > _EXACT or len(left) * most >= 1 << 63:
        raise OverflowError("the scores are too large for exact sums of products")
    step = min(_BLOCK, _EXACT // most)
    found = np.zeros((left.shape[1], right.shape[1]), np.int64)
    for start in range(0, len(left), step):
        rows = slice(start, start + step)
        factor = left[rows].astype(np.float64)
        other = factor if right is left else right[rows].astype(np.float64)
        found += (factor.T @ other).astype(np.int64)
    return found


def _magnitude(scores: Whole) -> int:
    return max(int(scores.max(initial=0)), -int(scores.min(initial=0)))


def _covariance(
    n: npt.NDArray[np.int64],
    totals: npt.NDArray[np.int64],
    other_totals: npt.NDArray[np.int64],
    products: npt.NDArray[np.int64],
) -> Matrix | None:
    """From the people [items, items] of each pair, the totals of its first and second item, and their products."""
    if n.min(initial=2) < 2:  # noqa: PLR2004 - two people
        return None
    # Python's whole numbers: the product of n and a sum of squares may leave 64 bits.
    people: npt.NDArray[Any] = n.astype(object)
    numerators = people * products - totals.astype(object) * other_totals
    found: Matrix = np.asarray(numerators / (people * (people - 1)), np.float64)
    return found


def _varies(covariance: Matrix) -> bool:
    """Whether the sum score has a variance."""
    return bool(covariance.sum() > _NOTHING * np.abs(covariance).sum())


def _one_factor(correlation: Matrix) -> Matrix | None:
    """Loadings [items] that leave the least squares of the correlations between different items unexplained.

    Minres after Harman and Jones (Psychometrika, 1966): one loading after the other is set to its best value given
    the others, and kept within -1..1 (Harman and Fukuda, 1966, for what is known as a Heywood case); then a Newton
    step for all of them. The start is the first principal component, so that the same matrix always gives the same
    loadings; where no factor stands out, others may do as well. None where the slope is not flat after a fixed number
    of rounds.
    """
    given = correlation - np.diag(np.diag(correlation))
    values, vectors = np.linalg.eigh(correlation)
    loadings: Matrix = np.clip(vectors[:, -1] * np.sqrt(max(values[-1], 0)), -1, 1)
    for _ in range(_ROUNDS):
        for at in range(len(loadings)):
            others = float(loadings @ loadings - loadings[at] ** 2)
            best = float(given[at] @ loadings) / others if others > 0 else 0.0
            loadings[at] = min(1.0, max(-1.0, best))
        slope = _slope(given, loadings)
        # A loading held by its limit would only leave it.
        free = (np.abs(loadings) < 1) | (slope * loadings > 0)
        if np.abs(slope[free]).max(initial=0) <= _FLAT:
            return loadings
        loadings = _newton(given, loadings, slope, free)
    return None


def _slope(given: Matrix, loadings: Matrix) -> Matrix:
    return loadings * (loadings @ loadings - loadings**2) - given @ loadings


def _newton(given: Matrix, loadings: Matrix, slope: Matrix, free: npt.NDArray[np.bool_]) -> Matrix:
    """The loadings after a Newton step of the free ones, shortened until it leads no higher."""
    curvature = 2 * np.outer(loadings, loadings) - given
    np.fill_diagonal(curvature, loadings @ loadings - loadings**2)
    # Where the surface curves downwards, the size of the curvature still tells how far to go.
    bends, ways = np.linalg.eigh(curvature[np.ix_(free, free)])
    step = ways @ (ways.T @ slope[free] / np.maximum(np.abs(bends), _FLAT))
    most = _unexplained(given, loadings) + _FLAT**2
    for _ in range(_HALVINGS):
        moved = loadings.copy()
        moved[free] = np.clip(moved[free] - step, -1, 1)
        if _unexplained(given, moved) <= most:
            break
        step /= 2
    return moved


def _unexplained(given: Matrix, loadings: Matrix) -> float:
    rest = given - np.outer(loadings, loadings)
    np.fill_diagonal(rest, 0)
    return float((rest**2).sum())
