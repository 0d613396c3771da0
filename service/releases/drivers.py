"""Which scales go with an outcome: relative weights from correlations. Pure numpy; shows no cause."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_FEWEST_PREDICTORS = 2
# Below this eigenvalue one predictor is a sum of the others, up to rounding.
_SINGULAR = 1e-10
# Correlations taken pair by pair may fit no data at all; then more than everything is explained.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelativeWeights:
    """By predictor [p], in the order given: `raw` weights, which add up to `r_squared`, and their `shares`, up to 1.

    `shares` is None where the predictors explain nothing that could be shared.
    """

    raw: Matrix
    shares: Matrix | None
    r_squared: float


def correlations(covariance: Matrix | None) -> Matrix | None:
    """Correlations from a covariance matrix [variables, variables]; None where one of them does not vary."""
    if covariance is None or not len(covariance):
        return None
    variances = np.diag(covariance)
    if variances.min() <= 0:
        return None
    deviations = np.sqrt(variances)
    found: Matrix = np.clip(covariance / np.outer(deviations, deviations), -1, 1)
    np.fill_diagonal(found, 1)
    return found


def relative_weights(correlation: Matrix | None, outcome: int, n: int) -> RelativeWeights | None:
    """How much of an outcome's variance each predictor stands for, what they share being divided among them.

    After Johnson (Multivariate Behavioral Research 35, 2000): the outcome is regressed on the uncorrelated variables
    closest to the predictors, and what each of these explains is handed back to the predictors by their squared
    correlations with it. `correlation` [p + 1, p + 1] of `n` people has the outcome in the row `outcome`; a
    predictor's sign is that of its correlation. None where that is not defined: fewer than two predictors or p + 2
    people, a predictor that is a sum of others, correlations that fit no data.
    """
    if correlation is None or not _FEWEST_PREDICTORS <= len(correlation) - 1 <= n - 2:
        return None
    between = np.delete(np.delete(correlation, outcome, axis=0), outcome, axis=1)
    values, vectors = np.linalg.eigh(between)
    if values[0] < _SINGULAR:
        return None
    own = vectors.T @ np.delete(correlation[outcome], outcome)
    # Loadings of the predictors on their uncorrelated neighbours: the symmetric square root.
    loadings = (vectors * np.sqrt(values)) @ vectors.T
    slopes = vectors @ (own / np.sqrt(values))
    raw = loadings**2 @ slopes**2
    r_squared = float(raw.sum())
    if r_squared > 1 + _ROUNDING:
        return None
    return RelativeWeights(raw=raw, shares=raw / r_squared if r_squared > _ROUNDING else None, r_squared=r_squared)
