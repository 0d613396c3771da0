"""The change between two waves: published roundings, Welch's test against a library, and the edges."""

from fractions import Fraction
from itertools import combinations, product
from math import inf, nan
from statistics import mean, stdev

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from service.releases.change import Change, Wave, change, discoveries, marked, rounded

MANY = 10**18


def _wave(n: int, mean: Fraction | float | None, sd: float | None, population: int = MANY) -> Wave:
    return Wave(n=n, mean=mean, sd=sd, population=population)


def _change(before: Wave, after: Wave) -> Change:
    found = change(before, after)
    assert found is not None
    return found


def test_shares_of_the_civil_service_guide() -> None:
    """Rounded last, from counts: 48 % are positive, not 18 + 29."""
    counts = [103, 166, 176, 96, 24]
    assert [rounded(Fraction(100 * count, 565)) for count in counts] == [18, 29, 31, 17, 4]
    assert rounded(Fraction(100 * (103 + 166), 565)) == 48


def test_a_change_of_the_civil_service_guide() -> None:
    """Rounded last, from the means: -6, not 53 - 58."""
    found = _change(_wave(565, 58.495, 20.0), _wave(565, 52.952, 20.0))
    assert rounded(found.difference) == -6
    assert (rounded(58.495), rounded(52.952)) == (58, 53)


def test_halves_are_rounded_away_from_zero() -> None:
    assert [rounded(value) for value in (0.5, 1.5, 2.5, -0.5, -1.5, -2.5)] == [1, 2, 3, -1, -2, -3]
    assert [rounded(Fraction(value, 40), 2) for value in (1, -1, 3)] == [0.03, -0.03, 0.08]
    assert str(rounded(-0.2)) == "0.0"
    # As doubles, these means are 2.2 and a little more than 2.7.
    exact = _change(_wave(9, Fraction(22, 10), 1.0), _wave(9, Fraction(27, 10), 1.0))
    assert exact.difference == Fraction(1, 2)
    assert rounded(exact.difference) == 1


def test_welch_by_hand() -> None:
    # Errors of 9 / 9 and 16 / 16, so the root of 2; 4 / (1 / 8 + 1 / 15) degrees.
    found = _change(_wave(9, 10.0, 3.0), _wave(16, 13.0, 4.0))
    assert found.difference == 3
    assert found.fewest == 9
    assert found.standard_error == pytest.approx(2**0.5, abs=1e-12)
    assert found.degrees_of_freedom == pytest.approx(4 / (1 / 8 + 1 / 15), abs=1e-12)


def test_welch_of_random_answers_equals_a_library() -> None:
    rng = np.random.default_rng(8)
    for _ in range(60):
        answers = [
            rng.integers(1, 6, rng.integers(2, 50)) + rng.normal(size=1) * rng.choice([0.01, 1, 100]) for _ in range(2)
        ]
        answers = [own + rng.normal(size=len(own)) for own in answers]
        before, after = (_wave(len(own), float(own.mean()), float(own.std(ddof=1))) for own in answers)
        found = _change(before, after)
        compared = CompareMeans(DescrStatsW(answers[1]), DescrStatsW(answers[0]))
        _, p_value, degrees = compared.ttest_ind(usevar="unequal")
        assert found.p_value == pytest.approx(p_value, rel=1e-9, abs=1e-300)
        assert found.degrees_of_freedom == pytest.approx(degrees, rel=1e-12)
        assert found.interval == pytest.approx(compared.tconfint_diff(usevar="unequal"), rel=1e-9)
        assert found.standard_error == pytest.approx(compared.std_meandiff_separatevar, rel=1e-12)


def test_the_error_is_right_on_average_over_all_samples_of_a_small_unit() -> None:
    """What the correction for a finite population is for: here all samples that could have answered are looked at."""
    populations = [1, 2, 2, 5, 4], [3, 5, 5, 4]
    samples = [list(combinations(people, 3)) for people in populations]
    found = [
        _change(*(_wave(3, mean(map(Fraction, own)), stdev(own), len(people)) for own, people in drawn))
        for drawn in (zip(pair, populations, strict=True) for pair in product(*samples))
    ]
    truth = Fraction(sum(populations[1]), 4) - Fraction(sum(populations[0]), 5)
    squares = [float(one.difference - truth) ** 2 for one in found]
    errors = [one.standard_error**2 for one in found if one.standard_error is not None]
    assert len(errors) == len(found) == 40
    assert mean(errors) == pytest.approx(mean(squares), rel=1e-12)


def test_more_answers_of_the_same_people_are_surer() -> None:
    few, most = (_change(_wave(n, 3.0, 1.0, 40), _wave(n, 3.5, 1.0, 40)) for n in (20, 39))
    assert few.p_value is not None
    assert most.p_value is not None
    assert most.p_value < few.p_value
    assert most.standard_error == pytest.approx((2 / 39 / 40) ** 0.5, rel=1e-12)


def test_where_everybody_answered_the_change_is_known() -> None:
    found = _change(_wave(12, 3.0, 1.0, 12), _wave(11, 3.5, 0.0, 11))
    assert (found.standard_error, found.p_value, found.interval, found.degrees_of_freedom) == (0, 0, (0.5, 0.5), None)
    found = _change(_wave(12, 3.5, 1.0, 12), _wave(1, 3.5, None, 1))
    assert (found.standard_error, found.p_value, found.interval, found.degrees_of_freedom) == (0, 1, (0, 0), None)


def test_where_everybody_answered_once_the_other_wave_decides() -> None:
    found = _change(_wave(1, 3.0, None, 1), _wave(9, 4.0, 3.0))
    assert (found.standard_error, found.degrees_of_freedom) == (1, 8)
    assert found.p_value == pytest.approx(0.346594, abs=5e-7)  # t = 1 with 8 degrees
    found = _change(_wave(40, 3.0, 1.0, 40), _wave(9, 4.0, 3.0))
    assert (found.standard_error, found.degrees_of_freedom) == (1, 8)


def test_a_sample_that_all_agree_tells_nothing_of_the_others() -> None:
    for population in (40, 60):
        found = _change(_wave(40, 3.0, 0.0, 60), _wave(40, 4.0, 0.0, population))
        assert found == Change(difference=1.0, fewest=40, standard_error=0.0)
    found = _change(_wave(40, 3.0, 0.0, 60), _wave(9, 4.0, 3.0))
    assert (found.standard_error, found.degrees_of_freedom) == (1, 8)


def test_too_few_answers_for_a_deviation() -> None:
    assert _change(_wave(1, 3.0, None), _wave(9, 4.0, 3.0)) == Change(difference=1.0, fewest=1)
    # Nor one that was measured on others.
    assert _change(_wave(9, 3.0, 1.0), _wave(1, 4.0, 1.0)) == Change(difference=1.0, fewest=1)
    assert _change(_wave(9, 3.0, None), _wave(9, 4.0, 3.0)) == Change(difference=1.0, fewest=9)


def test_no_answers_no_change() -> None:
    assert change(_wave(0, None, None), _wave(9, 4.0, 3.0)) is None
    assert change(_wave(9, 4.0, 3.0), _wave(0, None, None, 0)) is None


@pytest.mark.parametrize("sd", [1e-300, 1e-160, 1e150, 1e300])
def test_deviations_of_any_size(sd: float) -> None:
    found = _change(_wave(30, 3.0, sd), _wave(30, 3.0, sd))
    assert found.p_value == 1
    assert found.degrees_of_freedom == pytest.approx(58, rel=1e-12)
    assert found.standard_error == pytest.approx(sd * (2 / 30) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "mean_", "sd", "population"),
    [
        (-1, None, None, 5),
        (6, 3.0, 1.0, 5),
        (0, 3.0, None, 5),
        (3, None, 1.0, 5),
        (3, nan, 1.0, 5),
        (3, inf, 1.0, 5),
        (3, 3.0, -0.1, 5),
        (3, 3.0, nan, 5),
        (3, 3.0, inf, 5),
    ],
)
def test_what_cannot_be_is_refused(n: int, mean_: float | None, sd: float | None, population: int) -> None:
    with pytest.raises(ValueError, match=r"mean|deviation|answers"):
        _wave(n, mean_, sd, population)


def _stepped_up(p_values: list[float], rate: float) -> list[bool]:
    """Benjamini and Hochberg as they wrote it: all up to the last rank whose p value is under its share of the rate."""
    ranked = sorted(p_values)
    under = [at for at, value in enumerate(ranked, 1) if value <= at / len(ranked) * rate]
    return [bool(under) and value <= ranked[under[-1] - 1] for value in p_values]


def test_discoveries_by_hand() -> None:
    # Limits of .01, .02, .03, .04 and .05: the third is over its own, and passes with the fourth.
    assert discoveries([0.5, 0.005, 0.031, 0.038, 0.012], 0.05) == [False, True, True, True, True]
    assert discoveries([0.5, 0.005, 0.031, 0.041, 0.012], 0.05) == [False, True, False, False, True]


def test_discoveries_among_random_tests_equal_a_library() -> None:
    rng = np.random.default_rng(9)
    for _ in range(100):
        p_values = (rng.random(rng.integers(1, 40)) ** rng.integers(1, 5)).tolist()
        rate = float(rng.choice([0.01, 0.05, 0.2]))
        found = discoveries(p_values, rate)
        assert found == _stepped_up(p_values, rate)
        assert found == multipletests(p_values, rate, method="fdr_bh")[0].tolist()


def test_a_cell_without_a_test_is_none_of_the_tests() -> None:
    # With four tests the limit of the first is .0125; with two, .025.
    assert discoveries([0.02, None, 0.9, nan], 0.05) == [True, None, False, None]
    assert discoveries([0.02, 0.9, 0.9, 0.9], 0.05) == [False] * 4
    assert discoveries([None, nan], 0.05) == [None, None]
    assert discoveries([], 0.05) == []


@pytest.mark.parametrize("rate", [0, 1, -0.1, nan])
def test_a_rate_of_false_discoveries_lies_between_0_and_1(rate: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        discoveries([0.5], rate)


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_p_value_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        discoveries([value, 0.5], 0.05)


def test_small_cells_are_not_marked_and_do_not_count() -> None:
    large, still = (_change(_wave(30, 3.0, 1.0), _wave(30, to, 1.0)) for to in (3.6, 3.01))
    small = _change(_wave(29, 3.0, 1.0), _wave(500, 5.0, 1.0))
    single = _change(_wave(1, 3.0, None), _wave(500, 5.0, 1.0))
    assert large.p_value is not None
    assert 0.0125 < large.p_value < 0.025
    cells = [large, small, None, single, still]
    assert marked(cells, least=30, rate=0.05) == [True, None, None, None, False]
    assert marked([large, still, still, still], least=30, rate=0.05) == [False] * 4
    # The guide of the civil service survey asks for ten.
    assert marked(cells, least=10, rate=0.05) == [True, True, None, None, False]
    assert marked(cells, least=1, rate=0.05) == [True, True, None, None, False]
