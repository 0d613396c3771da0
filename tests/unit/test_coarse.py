"""Coarse classes: what is closed, what is no longer told, and at what price."""

from time import process_time
from typing import Any

import numpy as np
import pytest

from service.campaigns.inviting.coarse import Coarse, _fewest, coarsened
from tests.make.hangs import HANGS_S


def coarse(parents: list[int], *classes: tuple[int, ...], k: int = 5) -> Coarse:
    """Classes as (unit, values..., people)."""
    table = np.array(classes)
    return coarsened(table[:, 0], table[:, 1:-1], table[:, -1], np.array(parents), k)


def price(found: Coarse) -> tuple[int, int, int]:
    return found.kept, found.thinner, found.lost


def test_classes_of_k_people_stay_as_they_are() -> None:
    found = coarse([-1, 0, 0], (0, 1, 5), (1, 0, 6), (1, -1, 5), (2, 1, 7))
    assert found.units.tolist() == [0, 1, 1, 2]
    assert found.values.tolist() == [[1], [0], [-1], [1]]
    assert price(found) == (3 + 4, 0, 0)


def test_a_team_of_fewer_than_k_is_counted_in_the_unit_above() -> None:
    found = coarse([-1, 0, 1, 1], (1, 6), (2, 4), (3, 9))
    assert found.units.tolist() == [1, 1, 3]
    assert price(found) == (3, 0, 0)


def test_few_people_directly_in_a_unit_are_joined_by_a_whole_team() -> None:
    # Two in the department itself; the team of three is too few with them only if k were six.
    found = coarse([-1, 0, 0, 0], (0, 2), (1, 3), (2, 8), (3, 9))
    assert found.units.tolist() == [0, 0, 2, 3]
    assert price(found) == (3, 0, 0)
    found = coarse([-1, 0, 0, 0], (0, 2), (1, 6), (2, 8), (3, 9))
    assert (found.units == [0, 0, 2, 3]).all()
    assert price(found) == (3, 0, 1)


def test_the_team_that_holds_the_fewest_cells_is_the_one_that_closes() -> None:
    # The first has a team below it, and would take that along.
    found = coarse([-1, 0, 0, 1], (0, 2), (1, 6), (2, 8), (3, 9))
    assert found.units.tolist() == [0, 1, 0, 3]
    assert price(found) == (3, 0, 1)


def test_a_unit_that_others_make_needless_stays() -> None:
    # The first is the cheapest for a gap, the second holds that gap too.
    assert _fewest(np.array([[True, False, False], [True, True, True]]), np.array([1, 6])) == [1]
    assert sorted(_fewest(np.array([[True, False], [False, True]]), np.array([1, 6]))) == [0, 1]


def test_a_team_with_one_odd_person_tells_nobodys_value() -> None:
    found = coarse([-1, 0, 0], (1, 0, 11), (1, 1, 1), (2, 0, 12), (0, 1, 8))
    assert found.units.tolist() == [1, 1, 2, 0]
    assert found.values.tolist() == [[-1], [-1], [0], [1]]
    # Kept: three units, the other team's value; thinner: both of the company; lost: the team's own.
    assert price(found) == (4, 2, 1)


def test_a_value_of_fewer_than_k_people_is_blanked_in_the_whole_company() -> None:
    found = coarse([-1, 0, 0], (1, 0, 11), (1, 2, 2), (1, -1, 5), (2, 0, 12), (2, 2, 1), (2, -1, 5))
    assert found.units.tolist() == [1, 1, 1, 2, 2, 2]
    assert found.values.tolist() == [[0], [-1], [-1], [0], [-1], [-1]]
    assert price(found) == (6, 0, 0)


def test_small_teams_close_so_that_a_dimension_with_more_cells_is_told() -> None:
    # Two teams of which each value has too few; together they have five of each of six values.
    rows = [(team, value, people) for team, people in ((1, 2), (2, 3)) for value in range(6)]
    found = coarse([-1, 0, 0], *rows)
    assert (found.units == 0).all()
    assert found.values[:, 0].tolist() == [0, 1, 2, 3, 4, 5] * 2
    assert price(found) == (7, 0, 2)


def test_the_dimension_with_fewer_cells_is_the_one_that_is_not_told() -> None:
    # Crossed there are too few: sites have three publishable cells each level, shifts two.
    rows = [(0, site, shift, 4) for site in range(3) for shift in range(2)]
    found = coarse([-1], *rows)
    assert found.values.tolist() == [[site, -1] for site in range(3) for _ in range(2)]
    assert price(found) == (4, 0, 2)


def test_fewer_than_k_in_all_are_one_class() -> None:
    found = coarse([-1, 0], (0, 1, 2), (1, 0, 2))
    assert found.units.tolist() == [0, 0]
    assert found.values.tolist() == [[-1], [-1]]
    assert price(found) == (0, 0, 0)


def test_no_class_is_no_work() -> None:
    none = np.zeros(0, np.int64)
    found = coarsened(none, np.zeros((0, 2), np.int64), none, np.array([-1]), 5)
    assert found.units.shape == (0,)
    assert found.values.shape == (0, 2)
    assert price(found) == (0, 0, 0)


def test_without_a_budget_everything_is_one_class() -> None:
    found = coarsened(np.array([0, 1]), np.array([[0], [1]]), np.array([9, 9]), np.array([-1, 0]), 5, 0)
    assert found.units.tolist() == [0, 0]
    assert (found.values == -1).all()
    assert price(found) == (1, 0, 4)


@pytest.mark.parametrize(
    ("units", "values", "invited", "parents", "k"),
    [
        ([0, 1], [[0], [0]], [5, 5], [-1], 5),
        ([-1, 0], [[0], [0]], [5, 5], [-1], 5),
        ([0, 0], [[0], [0]], [5, 5], [-1], 5),
        ([0, 0], [[0], [-2]], [5, 5], [-1], 5),
        ([0, 0], [[0], [1]], [5, 0], [-1], 5),
        ([0, 0], [[0], [1]], [5, 5], [-1], 0),
        ([0, 0], [[0], [1]], [5], [-1], 5),
        ([0, 0], [0, 1], [5, 5], [-1], 5),
        ([0, 0], [[0], [1]], [5.0, 5.0], [-1], 5),
        ([0, 0], [[0], [1]], [5, 5], [-1, -1], 5),
        ([0, 0], [[0], [1]], [5, 5], [-1, 2, 0], 5),
        ([0, 0], [[0], [1]], [5, 5], [0], 5),
        ([0, 0], [[0], [1]], [5, 5], [], 5),
    ],
)
def test_what_does_not_fit_together_is_refused(units: Any, values: Any, invited: Any, parents: Any, k: int) -> None:
    with pytest.raises(ValueError, match=r"class|unit|root|whole numbers"):
        coarsened(np.array(units), np.array(values), np.array(invited), np.array(parents), k)


def test_a_company_of_thousands_of_classes_is_done() -> None:
    chance = np.random.default_rng(1)
    parents = np.array([-1] + [(unit - 1) // 6 for unit in range(1, 500)])
    people = np.column_stack([chance.integers(0, 500, 6000), chance.integers(-1, 4, (6000, 2))])
    rows, invited = np.unique(people, axis=0, return_counts=True)
    start = process_time()
    found = coarsened(rows[:, 0], rows[:, 1:], invited, parents, 5)
    assert process_time() - start < HANGS_S
    classes = np.unique(np.column_stack([found.units, found.values]), axis=0, return_inverse=True)[1]
    assert np.bincount(classes, invited).min() >= 5
