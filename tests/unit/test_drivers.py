"""Relative weights: a published example, what holds for any correlations, and what is not defined."""

from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import pytest

from service.releases.drivers import RelativeWeights, correlations, relative_weights

Matrix = npt.NDArray[np.float64]


def _weights(correlation: Matrix, outcome: int = 0, n: int = 1000) -> RelativeWeights:
    found = relative_weights(correlation, outcome, n)
    assert found is not None
    return found


def _random(seed: int, size: int) -> Matrix:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(50, size)) + rng.normal(size=(50, 1))
    return np.corrcoef(scores.T)


def _explained(correlation: Matrix, predictors: tuple[int, ...]) -> float:
    """R squared of the variable 0 regressed on these, by the normal equations."""
    if not predictors:
        return 0
    chosen = list(predictors)
    own = correlation[chosen, 0]
    return float(own @ np.linalg.solve(correlation[np.ix_(chosen, chosen)], own))


def _dominance(correlation: Matrix) -> list[float]:
    """General dominance: what a predictor adds to R squared, averaged by the number of the others, then over these."""
    others = range(1, len(correlation))
    return [
        sum(
            (_explained(correlation, (*before, at)) - _explained(correlation, before))
            / comb(len(others) - 1, len(before))
            for count in range(len(others))
            for before in combinations([other for other in others if other != at], count)
        )
        / len(others)
        for at in others
    ]


def test_a_published_example() -> None:
    """Fuel, cylinders, displacement, power and gears of 32 cars (Motor Trend, 1974), as the R package rwa prints them.

    The correlations are given there to seven decimals, so the last printed digit may differ by one.
    """
    given = np.eye(5)
    given[np.triu_indices(5, 1)] = [
        *(-0.8521620, -0.8475514, -0.7761684, 0.4802848),
        *(0.9020329, 0.8324475, -0.4926866),
        *(0.7909486, -0.5555692),
        -0.1257043,
    ]
    found = _weights(np.maximum(given, given.T) + np.minimum(given, given.T) - np.eye(5), n=32)
    assert found.raw == pytest.approx([0.2284797, 0.2221469, 0.2321744, 0.0963886], abs=1e-7)
    assert found.shares is not None
    assert 100 * found.shares == pytest.approx([29.32274, 28.50999, 29.79691, 12.37037], abs=1e-5)
    assert found.r_squared == pytest.approx(0.7791896, abs=1e-7)


@pytest.mark.parametrize("size", [3, 4, 7])
def test_weights_add_up_to_what_a_regression_explains(size: int) -> None:
    for seed in range(20):
        given = _random(seed, size)
        found = _weights(given)
        assert found.r_squared == pytest.approx(_explained(given, tuple(range(1, size))), abs=1e-12)
        assert found.raw.sum() == pytest.approx(found.r_squared, abs=1e-14)
        assert found.raw.min() >= 0
        assert found.shares is not None
        assert found.shares.sum() == pytest.approx(1, abs=1e-12)
        assert found.shares * found.r_squared == pytest.approx(found.raw, abs=1e-14)


def test_weights_of_two_predictors_are_their_general_dominance() -> None:
    for seed in range(20):
        given = _random(seed, 3)
        assert _weights(given).raw == pytest.approx(_dominance(given), abs=1e-12)


def test_weights_of_more_predictors_come_close_to_it() -> None:
    """Which is what they are meant for; by how much they differ depends on the data."""
    for seed in range(20):
        given = _random(seed, 5)
        assert _weights(given).raw == pytest.approx(_dominance(given), abs=0.02)


def test_weights_of_unrelated_predictors_are_their_squared_correlations() -> None:
    given = np.eye(4)
    given[0, 1:] = given[1:, 0] = [0.5, -0.3, 0.0]
    found = _weights(given)
    assert found.raw == pytest.approx([0.25, 0.09, 0], abs=1e-15)
    assert found.shares == pytest.approx(np.array([0.25, 0.09, 0]) / 0.34, abs=1e-15)


def test_predictors_alike_weigh_alike() -> None:
    given = np.full((4, 4), 0.4)
    np.fill_diagonal(given, 1)
    found = _weights(given)
    # R squared of three such predictors: 3 * .4^2 / (1 + 2 * .4).
    assert found.raw == pytest.approx(np.full(3, 0.16 / 1.8), abs=1e-15)
    assert found.shares == pytest.approx(np.full(3, 1 / 3), abs=1e-12)


def test_the_outcome_may_stand_anywhere() -> None:
    given = _random(3, 5)
    order = [1, 2, 0, 3, 4]
    assert _weights(given[np.ix_(order, order)], outcome=2).raw == pytest.approx(_weights(given).raw, abs=1e-14)


def test_the_unit_of_a_score_does_not_matter() -> None:
    covariance = np.array([[4.0, 1.0, 0.6], [1.0, 1.0, 0.2], [0.6, 0.2, 1.0]])
    scaled = covariance * np.outer([1, 10, 0.1], [1, 10, 0.1])
    found = correlations(covariance)
    assert found is not None
    assert found == pytest.approx(np.array([[1, 0.5, 0.3], [0.5, 1, 0.2], [0.3, 0.2, 1]]), abs=1e-15)
    assert correlations(scaled) == pytest.approx(found, abs=1e-14)
    assert np.diag(found).tolist() == [1, 1, 1]


def test_correlations_need_variance() -> None:
    assert correlations(None) is None
    assert correlations(np.empty((0, 0))) is None
    assert correlations(np.zeros((2, 2))) is None
    assert correlations(np.array([[1.0, 0.0], [0.0, 0.0]])) is None


def test_an_outcome_that_nothing_explains_has_weights_but_no_shares() -> None:
    found = _weights(np.eye(4))
    assert found.raw.tolist() == [0, 0, 0]
    assert found.shares is None


def test_an_outcome_explained_in_full() -> None:
    """The mean of two unrelated predictors."""
    half = 0.5**0.5
    found = _weights(np.array([[1, half, half], [half, 1, 0], [half, 0, 1]]))
    assert found.raw == pytest.approx([0.5, 0.5], abs=1e-15)


def test_weights_are_not_defined() -> None:
    assert relative_weights(None, 0, 1000) is None
    # One predictor alone has nothing to be weighed against.
    assert relative_weights(np.array([[1, 0.5], [0.5, 1]]), 0, 1000) is None
    # As many people as it takes to fit any answers at all.
    assert relative_weights(_random(1, 4), 0, 4) is None
    assert relative_weights(_random(1, 4), 0, 5) is not None


def test_a_predictor_that_is_another_one_is_refused() -> None:
    scores = np.random.default_rng(6).integers(1, 6, (200, 4)).astype(float)
    scores[:, 3] = scores[:, 1] + 2 * scores[:, 2]
    assert relative_weights(np.corrcoef(scores.T), 0, 200) is None
    scores[:, 3] = -scores[:, 1]
    assert relative_weights(np.corrcoef(scores.T), 0, 200) is None


def test_correlations_that_fit_no_data_are_refused() -> None:
    # Nothing can go by .9 with two predictors that have nothing to do with each other.
    assert relative_weights(np.array([[1, 0.9, 0.9], [0.9, 1, 0], [0.9, 0, 1]]), 0, 1000) is None
    # Nor can three variables contradict each other like this.
    assert (
        relative_weights(
            np.array([[1, 0.1, 0.1, 0.1], [0.1, 1, -0.9, -0.9], [0.1, -0.9, 1, -0.9], [0.1, -0.9, -0.9, 1]]), 0, 1000
        )
        is None
    )
