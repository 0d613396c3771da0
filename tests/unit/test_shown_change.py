"""A change out of two cells: exact differences, intervals that allow for rounding, and Welch's test by another hand."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_ind_from_stats

from service.releases.shown_change import Shown, shown_change


def shown(mean: str, error: str | None = "0.1", n: int = 30) -> Shown:
    return Shown(Decimal(mean), None if error is None else Decimal(error), n)


MEANS = st.decimals(1, 5, places=1) | st.decimals(1, 5, places=2)
CELLS = st.builds(Shown, MEANS, st.decimals("0.01", "0.9", places=2), st.integers(5, 500))


def test_the_difference_is_what_a_reader_subtracts() -> None:
    assert shown_change(shown("3.1"), shown("3.4")).difference == Decimal("0.3")
    assert shown_change(shown("3.40"), shown("3.1")).difference == Decimal("-0.30")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (shown("3.1", None), shown("3.4")),
        (shown("3.1"), shown("3.4", None)),
        (shown("3.1", "0"), shown("3.4", "0")),
        (shown("3.1", n=1), shown("3.4")),
    ],
)
def test_without_an_error_there_is_neither_interval_nor_test(before: Shown, after: Shown) -> None:
    found = shown_change(before, after)
    assert (found.difference, found.low, found.high, found.p_value) == (Decimal("0.3"), None, None, None)


@given(CELLS, CELLS)
def test_the_interval_holds_for_whatever_the_means_were_before_they_were_rounded(before: Shown, after: Shown) -> None:
    found = shown_change(before, after)
    assert found.low is not None
    assert found.high is not None
    halves = [(one.step / 2, -one.step / 2) for one in (before, after)]
    for first, second in product(*halves):
        low, high = interval(before, after, float(after.mean + second - before.mean - first))
        assert float(found.low) <= low + 1e-9
        assert float(found.high) >= high - 1e-9
    # And is no wider than a step at each end.
    low, high = interval(before, after, float(found.difference))
    margin = float((before.step + after.step) / 2 + min(before.step, after.step))
    assert float(found.low) >= low - margin - 1e-9
    assert float(found.high) <= high + margin + 1e-9


def interval(before: Shown, after: Shown, difference: float) -> tuple[float, float]:
    """By the textbook."""
    first, second = (float(one.error or 0) ** 2 for one in (before, after))
    degrees = (first + second) ** 2 / (first**2 / (before.n - 1) + second**2 / (after.n - 1))
    reach = t.ppf(0.975, degrees) * (first + second) ** 0.5
    return difference - reach, difference + reach


@given(CELLS, CELLS)
def test_the_test_is_welchs_of_the_least_difference_that_there_can_be(before: Shown, after: Shown) -> None:
    found = shown_change(before, after)
    assert found.p_value is not None
    least = max(0.0, float(abs(found.difference) - (before.step + after.step) / 2))
    deviations = [float(one.error or 0) * one.n**0.5 for one in (before, after)]
    exact = ttest_ind_from_stats(least, deviations[0], before.n, 0.0, deviations[1], after.n, equal_var=False).pvalue
    assert exact - 1e-9 <= float(found.p_value) <= min(1.0, exact + 0.001) + 1e-9
