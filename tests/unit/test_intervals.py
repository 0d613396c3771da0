"""Standard errors, intervals and agreement: against tables, by hand, and against the exact mean that is never shown."""

import csv
from decimal import Decimal
from fractions import Fraction
from math import isfinite, sqrt
from pathlib import Path
from statistics import fmean, median, stdev, variance

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import agreement
from service.disclosure.intervals import NORMAL, Interval, ShownMeans, intervals, of_a_deviation, student
from service.disclosure.tree import Ints


def array(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def interval(
    mean: int,
    sd: int | None,
    n: int,
    invited: int,
    *,
    decimals: int = 1,
    everybody: str | None = None,
    step: int = 1,
    margin: int = 0,
    ends: tuple[int, int] = (1, 5),
) -> tuple[int, int, int]:
    low, high = (end * 10**decimals for end in ends)
    shown = ShownMeans(*map(array, (mean, decimals, step, margin, low, high)))
    found = intervals(
        shown,
        array(sd or 0),
        np.array([sd is not None]),
        None if everybody is None else Decimal(everybody),
        array(n),
        array(invited),
        participation_from=10,
    )
    return tuple_of(found)


def tuple_of(found: Interval) -> tuple[int, int, int]:
    return int(found.se[0]), int(found.low[0]), int(found.high[0])


@pytest.mark.parametrize(
    ("freedom", "expected"),
    # From printed tables.
    [(1, 12.706), (2, 4.303), (3, 3.182), (10, 2.228), (29, 2.045), (30, 2.042), (60, 2.000), (120, 1.980)],
)
def test_quantiles_are_those_of_the_tables(freedom: int, expected: float) -> None:
    assert student(array(freedom))[0] == pytest.approx(expected, abs=0.0005)


def test_quantiles_fall_towards_the_normal_one() -> None:
    every = student(np.arange(1, 400))
    assert (np.diff(every) < 0).all()
    assert (every > NORMAL).all()
    assert student(array(10**7))[0] == pytest.approx(1.959964, abs=1e-6)
    assert student(array(0))[0] == student(array(1))[0]


def test_eleven_of_twelve_are_no_sample_of_infinity() -> None:
    """Nine in ten or more: sqrt(1/11) times sqrt(1/10) of a deviation is less than a tenth, not three tenths."""
    assert of_a_deviation(array(11), array(12), 10)[0] == pytest.approx(sqrt(0.1 / 11))
    assert of_a_deviation(array(11), array(10**9), 10)[0] == pytest.approx(sqrt(1 / 11))


@pytest.mark.parametrize(
    ("n", "invited", "left"),
    [
        (20, 100, 0.8),  # from 20 % on
        (19, 100, 1),
        (24, 100, 0.8),
        (25, 100, 0.75),  # in steps of 5 points
        (89, 100, 0.15),
        (90, 100, 0.1),
        (99, 100, 0.1),  # 90 % at most
        (100, 100, 0.1),
        (10, 10, 0.1),  # from 10 people on
        (9, 9, 1),
        (0, 0, 1),
    ],
)
def test_participation_counts_as_it_is_shown(n: int, invited: int, left: float) -> None:
    assert of_a_deviation(array(n), array(invited), 10)[0] == pytest.approx(sqrt(left / max(n, 1)))


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 3000))
def test_an_error_is_never_smaller_than_the_exact_one(n: int, missing: int) -> None:
    """But for the one person that a sample's variance has less than a population's."""
    invited = n + missing
    error = float(of_a_deviation(array(n), array(invited), 10)[0])
    assert error >= sqrt(missing / invited / n) - 1e-12
    assert error >= sqrt(0.1 / n) - 1e-12
    if invited >= 10 and 5 * n >= invited:  # by no more than a step of 5 points, or the tenth that may be missing
        assert error <= sqrt(max(missing / invited + 0.05, 0.1) / n) + 1e-12


def test_an_interval_by_hand() -> None:
    # 100 of 10,000: a tenth of the deviation. 1.984 times a tenth of at most 1.005, and half a unit.
    low, high = 346 - 19.94 - 0.5, 346 + 19.94 + 0.5
    assert interval(346, 100, 100, 10_000, decimals=2) == (100, int(low), int(high) + 1)
    # The same people, all of them, told as nine of ten or more: 1.984 times 0.0316 of at most 1.005 is 0.063.
    assert interval(346, 100, 100, 100, decimals=2) == (32, 339, 353)
    # Ten of forty, of whom only the deviation of everybody is known: sqrt(3 / 4 / 10) of 1.2 is 0.329.
    assert interval(30, None, 10, 40, everybody="1.20") == (33, 23, 37)


def test_an_interval_ends_where_the_scale_does() -> None:
    assert interval(48, None, 5, 500, everybody="1.2") == (54, 36, 50)
    assert interval(12, None, 5, 500, everybody="1.2") == (54, 10, 24)
    # A mean clipped to 4.7 may be any up to 5, also where the error, a tenth of the deviation, reaches no further.
    assert interval(47, None, 10, 10, everybody="0.2", margin=3) == (2, 46, 50)
    assert interval(13, None, 10, 10, everybody="0.2", margin=3) == (2, 10, 14)


def test_without_variance_an_interval_is_as_wide_as_the_rounding() -> None:
    assert interval(40, 0, 40, 400) == (0, 39, 41)
    assert interval(40, 0, 40, 40) == (0, 39, 41)


def test_the_mean_of_0_to_100_leaves_open_half_a_step() -> None:
    # Steps of 5 points: 62.5 to 67.5, and 1.96 deviations of 20.5 over the root of twelve, with three in four missing.
    reach = 1.96 * 20.5 * sqrt(0.75 / 12)
    expected = (int(62.5 - reach), int(67.5 + reach) + 1)
    assert interval(65, None, 12, 48, decimals=0, everybody="20", step=5, ends=(0, 100))[1:] == expected


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=30, max_size=150),
    st.integers(0, 400),
    st.sampled_from([1, 2]),
)
def test_an_interval_holds_the_one_around_the_exact_mean(scores: list[int], missing: int, decimals: int) -> None:
    n, scale = len(scores), 10**decimals
    mean = Fraction(sum(scores), n)
    shown = int(mean * scale + Fraction(1, 2))
    sd = stdev(scores)
    se, low, high = interval(shown, round(sd * scale), n, n + missing, decimals=decimals)
    steps = 20 * n // (n + missing)
    error = sd * sqrt((1 - (min(steps, 18) / 20 if steps >= 4 else 0)) / n)
    reach = float(student(array(n - 1))[0]) * error
    assert low / scale <= max(float(mean) - reach, 1) + 1e-9
    assert high / scale >= min(float(mean) + reach, 5) - 1e-9
    assert low <= shown <= high
    # One decimal more than the mean, of a deviation with as many as the mean.
    assert se / scale / 10 == pytest.approx(error, abs=0.051 / scale + 0.5 / scale / sqrt(n))
    # And no wider than rounding of mean, deviation and ends can make it.
    assert high - low <= 2 * reach * scale + 2 * 2.5


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.one_of(st.none(), st.integers(0, 500)), st.integers(10, 50))
def test_there_is_always_a_number(n: int, missing: int, sd: int | None, mean: int) -> None:
    for everybody in (None, "0", "1.25"):
        found = interval(mean, sd, n, n + missing, everybody=everybody)
        assert all(isfinite(one) for one in found)
        assert found[0] >= 0
        assert 10 <= found[1] <= mean <= found[2] <= 50


def test_variances_are_exact() -> None:
    scores = [1, 2, 2, 5]
    sums = [array(of) for of in (sum(scores), sum(one**2 for one in scores), len(scores))]
    assert agreement.variances(*sums)[0] == pytest.approx(variance(scores))
    assert agreement.variances(array(3), array(9), array(1)).tolist() == [0]
    # Two million scores around a billion: their squares leave 64 bits, and their variance is one.
    many = 2 * 10**6
    total, squares = array(many // 2 * 10**6), array(many // 2 * 10**12)
    assert agreement.variances(total, squares, array(many))[0] == pytest.approx(10**12 / 4, rel=1e-5)


def test_agreement_by_hand() -> None:
    # Five points at random have a variance of 2. One item of half that: 1 - 1/2.
    assert agreement.within_group_agreement(np.array([[1.0]]), 5).tolist() == [0.5]
    # Two such items: 2 * 0.5 / (2 * 0.5 + 0.5).
    assert agreement.within_group_agreement(np.array([[1.0], [1.0]]), 5)[0] == pytest.approx(2 / 3)
    # As much as at random, more, so much more that the quotient turns positive again, and none.
    spread = np.array([[2.0, 2.5, 4.0, 0.0]] * 3)
    assert agreement.within_group_agreement(spread, 5).tolist() == [0, 0, 0, 1]


def agreements(file: Path, group: str, names: list[str]) -> list[float]:
    """rwg(j) of each group, ascending; five points."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    people: dict[str, list[list[int]]] = {}
    for row in rows:
        people.setdefault(row[group], []).append([int(float(row[name])) for name in names])
    answers = [np.array(one) for one in people.values()]
    totals = np.array([one.sum(axis=0) for one in answers]).T
    squares = np.array([(one**2).sum(axis=0) for one in answers]).T
    n = array(*map(len, answers))
    spread = [agreement.variances(total, square, n) for total, square in zip(totals, squares, strict=True)]
    return sorted(agreement.within_group_agreement(np.array(spread), 5).tolist())


@pytest.mark.shared
def test_agreement_on_leadership_in_99_companies_is_what_was_published(shared_data: Path) -> None:
    """The summary that the documentation of the R package multilevel prints of these data."""
    items = ["AF06", "AF07", "AP12", "AP17", "AP33", "AP34", "AS14", "AS15", "AS16", "AS17", "AS28"]
    found = agreements(shared_data / "multilevel" / "bhr2000.csv", "GRP", items)
    assert len(found) == 99
    quartiles = np.quantile(found, [0, 0.25, 0.5, 0.75, 1]).round(4).tolist()
    assert quartiles == [0.7859, 0.8708, 0.8925, 0.9088, 0.944]
    assert round(fmean(found), 4) == 0.8876


@pytest.mark.shared
def test_agreement_in_49_companies(shared_data: Path) -> None:
    """The figures noted beside these data (.771, .856, .861, .935) are of eleven columns from LEAD02 on.

    So they hold the first item on task significance in the place of the first on leadership.
    """
    lead = [f"LEAD{number:02}" for number in range(1, 12)]
    for items, expected in (
        ([*lead[1:], "TSIG01"], [0.771, 0.856, 0.861, 0.935]),
        (lead, [0.775, 0.870, 0.868, 0.942]),
    ):
        found = agreements(shared_data / "multilevel" / "lq2002.csv", "COMPID", items)
        assert len(found) == 49
        assert [round(one, 3) for one in (found[0], median(found), fmean(found), found[-1])] == expected
