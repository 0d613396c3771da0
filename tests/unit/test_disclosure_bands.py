"""Bands of numbers of people: at any size, and of what is asked after an answer."""

from itertools import product

import numpy as np
import pytest

from service.disclosure import coding
from service.disclosure.bands import n_band, widened_for_gate
from tests.unit.test_disclosure_coding import alone, column


def test_numbers_of_people_come_in_bands() -> None:
    low, high = n_band(column(5, 9, 10, 14, 29, 30, 12_433))
    assert low.tolist() == [5, 5, 10, 10, 25, 30, 12_430]
    assert high.tolist() == [9, 9, 14, 14, 29, 34, 12_434]


def test_no_number_of_people_follows_from_two_others() -> None:
    """Of a group of 5 to 9 that another group and both together have in between, at least four numbers are left."""
    for small, other in product(range(5, 10), range(5, 60)):
        (least, least_of_both), (most, most_of_both) = (side.tolist() for side in n_band(column(other, small + other)))
        left = {n for n in range(5, 10) if least_of_both - most <= n <= most_of_both - least}
        assert small in left
        assert len(left) >= 4


def own_ends(people: int) -> int:
    return int(coding.share_format(column(people), alone(1))[1][0])


@pytest.mark.parametrize(
    ("n", "band"),
    [
        (5, (5, 9)),
        (29, (25, 29)),
        (30, (30, 34)),
        (99, (95, 99)),
        (100, (100, 119)),
        (999, (980, 999)),
        (1000, (1000, 1019)),
    ],
)
def test_where_an_answer_decides_who_is_asked_n_comes_in_wide_bands(n: int, band: tuple[int, int]) -> None:
    low, high = n_band(column(n), gated=True)
    assert (int(low[0]), int(high[0])) == band


def test_bands_of_a_gated_measure_hold_as_many_numbers_as_the_end_bands() -> None:
    for people in (*range(100, 1_000), 30, 59, 99):
        left_open = people * own_ends(people) // 1_000 + 1
        low, high = n_band(column(people), gated=True)
        assert high[0] - low[0] + 1 >= left_open


def test_a_gated_number_tells_nothing_that_the_end_band_of_its_gate_hides() -> None:
    """Bands alone would: of a gate of 60 people that shows "95 or more", 57 to 59 would come out apart from 60."""
    told = [int(n_band(column(n), gated=True)[0][0]) for n in (57, 59, 60)]
    assert told == [55, 55, 60]
    for people in range(5, 1_100):
        end = own_ends(people)
        least = -(-people * (1_000 - end) // 1_000)
        asked = np.arange(least, people + 1)
        gate = np.full_like(asked, people)
        band, told = n_band(asked, gated=True), n_band(gate)
        low, high = widened_for_gate(band, asked, gate, told, np.full_like(asked, end))
        assert (low <= asked).all()
        assert (asked <= high).all()
        if end:
            assert len(set(zip(low.tolist(), high.tolist(), strict=True))) == 1


def test_a_gated_number_short_of_the_end_band_keeps_its_band() -> None:
    for n in (56, 61):  # 56 of 60 is shown as 93; and more people than the gate has are no share of it
        band = n_band(column(n), gated=True)
        found = widened_for_gate(band, column(n), column(60), n_band(column(60)), column(50))
        assert [part.tolist() for part in found] == [part.tolist() for part in band]
