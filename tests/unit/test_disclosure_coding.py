from collections import Counter
from fractions import Fraction
from functools import cache
from statistics import stdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import coding
from service.disclosure.tree import Ints, Tree


def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def alone(size: int) -> coding.Nearby:
    return coding.Nearby(*(np.zeros(size, dtype=np.int64) for _ in range(3)))


def beside(*, small: int = 0, middling: int = 0, large: int = 0) -> coding.Nearby:
    return coding.Nearby(column(small), column(middling), column(large))


def test_rounding_facts_of_the_civil_service_people_survey() -> None:
    counts = column(103, 166, 176, 96, 24)
    assert coding.percentages(counts, column(565), 0).tolist() == [18, 29, 31, 17, 4]
    # Positive is rounded from 103 + 166, not added from 18 + 29.
    assert coding.percentages(column(103 + 166), column(565), 0).tolist() == [48]
    # The difference is rounded, not the two figures.
    assert coding.divide(column(52_952 - 58_495), column(1_000)).tolist() == [-6]
    scores = {65: (100, 75, 75, 50, 25), 53: (65, 25, 70, 35, 50, 100, 90, 40, 20, 35)}
    for shown, values in scores.items():
        assert coding.divide(column(sum(values)), column(len(values))).tolist() == [shown]


def test_halves_go_away_from_zero() -> None:
    assert coding.divide(column(5, -5, 4, -4, 15, -15, 0), column(10)).tolist() == [1, -1, 0, 0, 2, -2, 0]


def shown(numerator: int, n: int, near: coding.Nearby | None = None) -> tuple[int, int, int]:
    step, end = coding.share_format(column(n), near or alone(1))
    coded = coding.shares(column(numerator), column(n), step, end)
    return int(coded.units[0]), int(coded.decimals[0]), int(coded.bounds[0])


@pytest.mark.parametrize(
    ("numerator", "n", "expected"),
    [
        (7, 16, (45, 0, 0)),  # 43.75 in steps of 5
        (17, 40, (43, 0, 0)),  # 42.5, half up
        (58, 100, (580, 1, 0)),
        (1, 3_000, (0, 1, 0)),
        (9, 10, (90, 0, 1)),
        (10, 10, (90, 0, 1)),
        (22, 25, (90, 0, 0)),  # 88 is about 90, not 90 or more
        (1, 10, (10, 0, -1)),
        (0, 29, (10, 0, -1)),
        (57, 60, (95, 0, 1)),
        (3, 60, (5, 0, -1)),
        (56, 60, (93, 0, 0)),
        (98, 100, (980, 1, 1)),
        (0, 999, (20, 1, -1)),
        (979, 999, (980, 1, 0)),
        (1_000, 1_000, (1_000, 1, 0)),
        (0, 1_000, (0, 1, 0)),
    ],
)
def test_shares_by_number_of_people(numerator: int, n: int, expected: tuple[int, int, int]) -> None:
    assert shown(numerator, n) == expected


def test_shares_of_a_scale_have_its_items_in_the_denominator() -> None:
    step, end = coding.share_format(column(200), alone(1))
    assert coding.shares(column(333), column(200 * 5), step, end).units.tolist() == [333]


@pytest.mark.parametrize(
    ("n", "near", "step", "end"),
    [
        (12_433, beside(), 1, 0),
        # 0.1 point of 12,433 people is 12 of them; 5 points of 20 are one.
        (12_433, beside(small=20), 1, 0),
        (1_200, beside(small=12), 1, 20),
        (400, beside(small=12), 10, 20),
        (32, beside(small=12), 50, 50),
        (150, beside(small=29), 10, 20),
        (110, beside(small=29), 50, 50),
        (150, beside(middling=40), 10, 20),
        # A large residual never makes its small neighbour coarse.
        (40, beside(large=900), 10, 50),
        (100, beside(middling=99), 10, 50),
    ],
)
def test_a_derivable_group_coarsens_its_cells_in_people(n: int, near: coding.Nearby, step: int, end: int) -> None:
    found = coding.share_format(column(n), near)
    assert (int(found[0][0]), int(found[1][0])) == (step, end)


def mean_of(total: int, n: int, near: coding.Nearby | None = None, denominator: int = 1) -> tuple[int, int]:
    coded = coding.means(column(total), column(denominator), column(n), lowest=1, highest=5, near=near or alone(1))
    return int(coded.units[0]), int(coded.decimals[0])


@pytest.mark.parametrize(
    ("total", "n", "expected"),
    [
        (37, 10, (37, 1)),
        (50, 10, (47, 1)),
        (10, 10, (13, 1)),
        (150, 30, (50, 1)),
        (345, 100, (345, 2)),
        (135, 36, (38, 1)),  # 3.75, half up
    ],
)
def test_means_by_number_of_people(total: int, n: int, expected: tuple[int, int]) -> None:
    assert mean_of(total, n) == expected


def test_means_of_negative_scores_round_away_from_zero() -> None:
    coded = coding.means(column(-135), column(1), column(36), lowest=-5, highest=5, near=alone(1))
    assert coded.units.tolist() == [-38]


def test_means_beside_a_small_residual() -> None:
    assert mean_of(500, 100, beside(small=12)) == (50, 1)
    assert mean_of(500, 100, beside(small=29)) == (49, 1)
    assert mean_of(150, 30, beside(small=29)) == (47, 1)
    assert mean_of(60_000, 12_433, beside(small=12)) == (483, 2)


def test_a_scale_of_five_items_is_exact() -> None:
    # 3.24 as 81/25: five people, five items.
    assert mean_of(81, 5, denominator=5) == (32, 1)


def test_deviations_are_exact_to_the_digit() -> None:
    scores = [1] * 14 + [2] * 7 + [5] * 19
    found = coding.deviations(
        column(sum(scores)), column(sum(s * s for s in scores)), column(1), column(len(scores)), column(2)
    )
    assert found.tolist() == [round(stdev(scores) * 100)]
    # Two million people on a fine scale: four times n times the squares leaves 64 bits.
    huge = coding.deviations(column(0), column(2 * 10**6 * 10**8), column(10**4), column(2 * 10**6), column(2))
    assert huge.tolist() == [100]
    # 16 scores, 4 of +1.5 and 4 of -1.5: the variance is 1.2, the deviation 1.0954.
    assert coding.deviations(column(0), column(8 * 9), column(2), column(16), column(1)).tolist() == [11]


def test_a_half_deviation_goes_up() -> None:
    # Two people at 0 and 0.5 * sqrt(2) would be needed for an exact half; here 4 * variance is 1 exactly.
    assert Fraction(2 * 1, 2 * 1 * 2 * 2) == Fraction(1, 4)
    assert coding.deviations(column(0), column(2), column(4), column(2), column(1)).tolist() == [4]
    assert coding.deviations(column(0), column(50), column(100), column(2), column(1)).tolist() == [1]


def test_residuals_are_found_up_a_chain_that_leaves_nobody_out() -> None:
    """Company 0 is the sum of 1 and 4; unit 1 has 29 people in no published team; the company can stand in for it."""
    tree = Tree(np.array([-1, 0, 1, 1, 0]))
    own = column(0, 29, 60, 0, 200)
    n = tree.sums(own)[:, None]
    pattern = np.array([[True], [True], [True], [False], [True]])
    near = coding.nearby(tree, n, pattern)
    assert near.small[:, 0].tolist() == [29, 29, 29, 0, 0]
    assert near.middling[:, 0].tolist() == [89, 0, 60, 0, 0]
    assert near.large[:, 0].tolist() == [200, 0, 0, 0, 200]


def test_coarse_siblings_shelter_a_group_from_above() -> None:
    """A company of twenty teams of 60 keeps its decimals: to single out a team takes all the others."""
    tree = Tree(np.array([-1] + [0] * 20))
    n = tree.sums(column(0, *[60] * 20))[:, None]
    near = coding.nearby(tree, n, np.ones_like(n, dtype=bool))
    assert (near.small[0, 0], near.middling[0, 0], near.large[0, 0]) == (0, 0, 0)
    step, end = coding.share_format(n, near)
    assert (step[0, 0], end[0, 0], step[1, 0], end[1, 0]) == (1, 0, 10, 50)


@pytest.mark.parametrize(
    ("total", "n", "expected"),
    [
        (16 * 3, 16, (50, 0, 0)),
        (16 * 3 + 8, 16, (65, 0, 0)),  # 62.5 of 100, in steps of 5 and half up
        (20 * 5, 20, (90, 0, 1)),
        (20 * 1 + 8, 20, (10, 0, -1)),  # 10 exactly
        (40 * 3 + 1, 40, (51, 0, 0)),  # 50.625
        (100 * 3 + 1, 100, (503, 1, 0)),  # 50.25
        (1_000 * 5, 1_000, (1_000, 1, 0)),
    ],
)
def test_a_mean_as_0_to_100_is_coded_like_a_share(total: int, n: int, expected: tuple[int, int, int]) -> None:
    step, end = coding.share_format(column(n), alone(1))
    coded = coding.percent_means(column(total), column(1), column(n), lowest=1, highest=5, step=step, end=end)
    assert (int(coded.units[0]), int(coded.decimals[0]), int(coded.bounds[0])) == expected


def test_a_mean_as_0_to_100_of_products_that_leave_64_bits() -> None:
    """Two thirds of a million people times a denominator of a million and ten thousand points."""
    n, whole = 10**6, 10**16
    step, end = coding.share_format(column(n), alone(1))
    coded = coding.percent_means(
        column(whole * 2 // 3), column(10**6), column(n), lowest=0, highest=10**4, step=step, end=end
    )
    assert (int(coded.units[0]), int(coded.bounds[0])) == (667, 0)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.integers(1, 10**6), st.integers(1, 10**9), st.integers(-5, 5), st.integers(1, 10**4))
def test_a_mean_as_0_to_100_is_exact_whatever_its_size(
    data: st.DataObject, n: int, denominator: int, lowest: int, span: int
) -> None:
    """Also where the products leave 64 bits: a million people, a denominator of a billion, 10,000 points."""
    per_person = denominator * span
    above = data.draw(st.integers(0, per_person * n))
    step, end = coding.share_format(column(n), alone(1))
    total = lowest * denominator * n + above
    if abs(total) >= 2**62:
        return
    coded = coding.percent_means(
        column(total), column(denominator), column(n), lowest=lowest, highest=lowest + span, step=step, end=end
    )
    exact = Fraction(100 * above, per_person * n)
    value = Fraction(int(coded.units[0]), 10 ** int(coded.decimals[0]))
    assert coded.units.dtype == np.int64
    if coded.bounds[0] == 0:
        assert abs(exact - value) <= Fraction(int(step[0]), 20)
    else:
        assert (exact - value) * int(coded.bounds[0]) >= 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=2, max_size=12), st.integers(1, 8), st.integers(1, 10), st.integers(0, 2))
def test_a_deviation_in_points_of_100_is_exact(scores: list[int], denominator: int, span: int, decimals: int) -> None:
    found = coding.deviations(
        column(sum(scores)),
        column(sum(one * one for one in scores)),
        column(denominator),
        column(len(scores)),
        column(decimals),
        times=100,
        over=span,
    )
    mean = Fraction(sum(scores), len(scores))
    variance = sum((one - mean) ** 2 for one in scores) / (len(scores) - 1)
    variance *= Fraction(100 * 10**decimals, denominator * span) ** 2
    units = int(found[0])
    assert (2 * units - 1) ** 2 <= 4 * variance or units == 0
    assert 4 * variance < (2 * units + 1) ** 2


def net_of(promoters: int, passives: int, detractors: int) -> tuple[int, int] | None:
    n = promoters + passives + detractors
    step, end = coding.share_format(column(n), alone(1))
    thirds = [coding.shares(column(one), column(n), step, end) for one in (promoters, passives, detractors)]
    found = coding.net(*thirds, column(promoters - detractors), column(n), step)
    return (int(found.units[0]), int(found.bounds[0])) if found.known[0] else None


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ((8, 6, 6), (10, 0)),  # 20 people: 40 less 30
        ((7, 5, 4), (20, 0)),  # 16 people: 18.75, rounded once; 45 less 25 would be 20 as well
        ((6, 5, 5), (5, 0)),  # 6.25, where 40 less 30 would be 10
        ((19, 1, 0), (80, 1)),  # "90 or more" less "10 or less"
        ((0, 0, 20), (-80, -1)),
        ((1, 9, 10), (-35, -1)),  # "10 or less" less 50, which may stand for 47.5
        ((10, 9, 1), (35, 1)),
        ((12, 1, 7), (25, 0)),  # passives alone are banded: 60 less 35 as shown
        ((1, 18, 1), None),
        ((0, 20, 0), None),
        ((60, 30, 30), (250, 0)),  # 120 people: one decimal
        ((1_000, 0, 0), (1_000, 0)),
    ],
)
def test_promoters_less_detractors(people: tuple[int, int, int], expected: tuple[int, int] | None) -> None:
    assert net_of(*people) == expected


@settings(max_examples=500, deadline=None)
@given(st.tuples(*[st.one_of(st.integers(0, 4), st.integers(0, 500))] * 3).filter(lambda people: sum(people) > 4))
def test_a_net_score_is_true_and_hides_what_its_shares_hide(people: tuple[int, int, int]) -> None:
    n = sum(people)
    step, end = coding.share_format(column(n), alone(1))
    scale = 10 ** (1 if step[0] == 1 else 0)
    exact = Fraction(100 * (people[0] - people[2]), n)
    found = net_of(*people)
    banded = [one * 1_000 <= end[0] * n or one * 1_000 >= (1_000 - end[0]) * n for one in people]
    banded = [one and end[0] > 0 for one in banded]
    if found is None:
        assert banded[0]
        assert banded[2]
        return
    value, bound = Fraction(found[0], scale), found[1]
    if bound:
        assert banded[0] or banded[2]
        assert (exact - value) * bound >= 0
    else:
        assert not banded[0]
        assert not banded[2]
        assert abs(exact - value) <= Fraction(int(step[0]), 10 if banded[1] else 20)


def test_floats_that_should_be_halves_go_away_from_zero() -> None:
    short = 0.1 * 3 * 5  # 1.5 and a little
    under = 1.005 * 100  # 100.49999999999999
    assert coding.nearest(np.array([short, under, -under, 2.5, -0.4, 0.49])).tolist() == [2, 101, -101, 3, 0, 0]


@pytest.mark.parametrize("n", range(5, 30))
@pytest.mark.parametrize("lowest", range(1, 5))
def test_a_mean_beside_a_withheld_distribution_leaves_two_distributions_at_least(n: int, lowest: int) -> None:
    """Whoever knows how many people there are, and that they gave one of two neighbouring answers, is left with two.

    Of whom the answers are not known to be neighbours, three are left in any case.
    """
    both = shown_alone(n * lowest + np.arange(n + 1), n)
    assert min(both.values()) >= 2
    every = Counter[int]()
    for total, ways in enumerate(histograms(n)):
        if ways:
            (units,) = shown_alone(np.array([total]), n)
            every[units] += ways
    assert min(every.values()) >= 3


def shown_alone(totals: Ints, n: int) -> Counter[int]:
    """How many of these sums of scores each mean stands for."""
    coded = coding.means(
        totals,
        np.ones_like(totals),
        np.full_like(totals, n),
        lowest=1,
        highest=5,
        near=alone(len(totals)),
        alone=np.ones(len(totals), np.bool_),
    )
    return Counter(coded.units.tolist())


@cache
def histograms(n: int) -> list[int]:
    """By sum of scores from 1 to 5, how many histograms of n people have it."""
    ways = [[0] * (5 * n + 1) for _ in range(n + 1)]
    ways[0][0] = 1
    for score in range(1, 6):
        for people in range(1, n + 1):
            for total in range(score, 5 * n + 1):
                ways[people][total] += ways[people - 1][total - score]
    return ways[n]


def test_a_mean_beside_its_distribution_is_as_fine_as_ever() -> None:
    for n, expected in ((12, (38, 1)), (99, (38, 1)), (200, (380, 2))):
        for at, told in ((False, expected), (True, (40 if n < 30 else 38, 1))):
            coded = coding.means(
                column(19 * n // 5), column(1), column(n), lowest=1, highest=5, near=alone(1), alone=np.array([at])
            )
            assert (int(coded.units[0]), int(coded.decimals[0])) == told
