from fractions import Fraction
from statistics import stdev

import numpy as np
import pytest

from service.disclosure import coding
from service.disclosure.tree import Tree


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
    for shown, given in scores.items():
        assert coding.divide(column(sum(given)), column(len(given))).tolist() == [shown]


def test_halves_go_away_from_zero() -> None:
    assert coding.divide(column(5, -5, 4, -4, 15, -15, 0), column(10)).tolist() == [1, -1, 0, 0, 2, -2, 0]


def test_numbers_of_people_come_in_bands_under_thirty() -> None:
    low, high = coding.n_band(column(5, 9, 10, 14, 29, 30, 12_433))
    assert low.tolist() == [5, 5, 10, 10, 25, 30, 12_433]
    assert high.tolist() == [9, 9, 14, 14, 29, 30, 12_433]


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
