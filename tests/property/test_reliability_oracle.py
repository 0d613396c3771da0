"""Sums, alpha, omega and ICC equal plain fractions, a two-way analysis of variance, and an independent library."""

from fractions import Fraction
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.multivariate.factor import Factor
from statsmodels.regression.linear_model import OLS

from service.releases import reliability
from service.releases.reliability import Moments, alpha, icc, omega, pairwise_covariance

MISSING = -999
Rows = list[list[int]]


@st.composite
def _answers(draw: st.DrawFn, *, gaps: bool = False, most: int = 32000) -> Rows:
    """A table of whole numbers, often small and often alike, people by items."""
    items = draw(st.integers(1, 5))
    answer = st.integers(1, 5) | st.integers(-most, most)
    row = st.lists(st.just(MISSING) | answer if gaps else answer, min_size=items, max_size=items)
    return draw(st.lists(row, min_size=1, max_size=9))


def _covariance(pairs: list[tuple[int, int]]) -> Fraction | None:
    if len(pairs) < 2:
        return None
    means = [Fraction(sum(pair[at] for pair in pairs), len(pairs)) for at in range(2)]
    return sum((one - means[0]) * (other - means[1]) for one, other in pairs) / Fraction(len(pairs) - 1)


def _expected(rows: Rows) -> list[list[float]] | None:
    """The covariance matrix, each pair of items over those who answered both; None where one of them is not defined."""
    items = range(len(rows[0]))
    found = [
        [
            _covariance([(row[one], row[other]) for row in rows if MISSING not in (row[one], row[other])])
            for other in items
        ]
        for one in items
    ]
    if any(value is None for line in found for value in line):
        return None
    return [[float(value) for value in line if value is not None] for line in found]


def _listed(found: npt.NDArray[np.float64] | None) -> list[list[float]] | None:
    return None if found is None else found.tolist()


@given(_answers())
def test_covariances_are_exact(rows: Rows) -> None:
    with patch.object(reliability, "_BLOCK", 2):
        assert _listed(Moments.of(np.array(rows, np.int16)).covariance()) == _expected(rows)


@given(_answers(gaps=True))
def test_pairwise_covariances_are_exact(rows: Rows) -> None:
    with patch.object(reliability, "_BLOCK", 2):
        assert _listed(pairwise_covariance(np.array(rows, np.int16), MISSING)) == _expected(rows)


def _hoyt(rows: Rows) -> float | None:
    """Alpha by analysis of variance (Hoyt, 1941): 1 - mean square of people by items over that of people."""
    people, items = len(rows), len(rows[0])
    if people < 2 or items < 2:
        return None
    grand = Fraction(sum(map(sum, rows)), people * items)
    of_person = [Fraction(sum(row), items) for row in rows]
    of_item = [Fraction(sum(row[at] for row in rows), people) for at in range(items)]
    between = items * sum((own - grand) ** 2 for own in of_person) / Fraction(people - 1)
    if not between:
        return None
    rest = sum(
        (row[at] - own - of_item[at] + grand) ** 2
        for row, own in zip(rows, of_person, strict=True)
        for at in range(items)
    )
    return float(1 - rest / Fraction((people - 1) * (items - 1)) / between)


@given(_answers(most=50))
def test_alpha_is_that_of_an_analysis_of_variance(rows: Rows) -> None:
    found, expected = alpha(Moments.of(np.array(rows, np.int16)).covariance()), _hoyt(rows)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(st.lists(st.lists(st.integers(1, 5), max_size=6), max_size=6))
@settings(deadline=None)
def test_icc_follows_from_the_f_of_a_library(groups: list[list[int]]) -> None:
    found = icc(map(len, groups), map(sum, groups), [sum(score**2 for score in own) for own in groups])
    groups = [own for own in groups if own]
    people = sum(map(len, groups))
    if len(groups) < 2 or people == len(groups) or len({score for own in groups for score in own}) == 1:
        assert found == (None, None)
        return
    if all(len(set(own)) == 1 for own in groups):
        assert found == (1, 1)  # nothing within: F is infinite
        return
    belongs = np.repeat(np.eye(len(groups)), [len(own) for own in groups], axis=0)
    ratio = float(OLS(np.concatenate(groups).astype(float), belongs).fit().fvalue)
    size = people / len(groups)
    assert found.icc1 == pytest.approx((ratio - 1) / (ratio + size - 1), abs=1e-9)
    if found.icc2 is None:
        assert ratio == pytest.approx(0, abs=1e-12)
    else:
        assert found.icc2 == pytest.approx(1 - 1 / ratio, rel=1e-9)


@given(st.integers(0, 1 << 32), st.integers(3, 8), st.booleans())
@settings(deadline=None, max_examples=40)
def test_omega_is_that_of_the_principal_factors_of_a_library(seed: int, items: int, turned: bool) -> None:
    """Iterated to the end, principal factors are the loadings of least squares."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(400, items)) + rng.normal(size=(400, 1)) * rng.uniform(0.7, 2, items)
    scores *= rng.uniform(0.5, 3, items)
    if turned:
        scores[:, 0] *= -1
    covariance = np.cov(scores.T)
    deviations = np.sqrt(np.diag(covariance))
    fitted = Factor(corr=covariance / np.outer(deviations, deviations), n_factor=1, method="pa")
    loadings = fitted.fit(maxiter=5000, tol=1e-12).loadings[:, 0]
    assume(np.abs(loadings).max() < 0.99)  # the library stops where one would leave its limits
    common = float(deviations @ loadings) ** 2
    unique = float(np.diag(covariance) @ (1 - loadings**2))
    assert omega(covariance) == pytest.approx(common / (common + unique), abs=1e-8)


@given(_answers())
def test_omega_is_a_share_or_not_defined(rows: Rows) -> None:
    found = omega(Moments.of(np.array(rows, np.int16)).covariance())
    assert found is None or 0 <= found <= 1 + 1e-9
