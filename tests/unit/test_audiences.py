"""Audiences of campaigns that share items: which combinations leave fewer than k people, and where."""

from time import process_time
from typing import Any

import numpy as np
import pytest

from service.campaigns.inviting.audiences import MOST_AUDIENCES, Isolation, isolated, judge
from tests.make.hangs import HANGS_S

ALONE = np.array([-1])


def table(*patterns: tuple[str, int]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Patterns as "110", in the first two audiences of three, with their people."""
    members = np.array([[letter == "1" for letter in name] for name, _ in patterns]).T
    return members, np.array([people for _, people in patterns])


def company(*rows: tuple[int, str, int]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """People as (unit, pattern, how many): audiences [audiences, people] and the unit of each person."""
    people = [(unit, name) for unit, name, count in rows for _ in range(count)]
    audiences = np.array([[letter == "1" for letter in name] for _, name in people]).T
    return audiences, np.array([unit for unit, _ in people])


def test_an_audience_alone_isolates_nobody() -> None:
    assert isolated(*table(("1", 5)), 5) is None


def test_two_audiences_that_differ_by_one_person_isolate_that_person() -> None:
    found = isolated(*table(("11", 19), ("10", 1)), 5)
    assert found is not None
    assert found.people == 1
    assert found.coefficients in {(1, -1), (-1, 1)}


def test_two_audiences_that_differ_by_k_people_isolate_nobody() -> None:
    assert isolated(*table(("11", 19), ("10", 5)), 5) is None
    assert isolated(*table(("11", 19), ("10", 4)), 5) is not None


def test_three_audiences_isolate_one_person_where_no_pair_does() -> None:
    # The first and the second less the third: the twenty in each cancel, and the one in all three stays.
    three = table(("101", 20), ("011", 20), ("111", 1))
    for pair in ([0, 1], [0, 2], [1, 2]):
        assert isolated(three[0][pair], three[1], 5) is None
    found = isolated(*three, 5)
    assert found is not None
    assert found.people == 1
    assert found.coefficients in {(1, 1, -1), (-1, -1, 1)}


def test_coefficients_beyond_one_are_found() -> None:
    # Four audiences of two in three: together twice the last one, but for two people.
    found = isolated(*table(("1101", 30), ("1011", 30), ("0111", 30), ("1111", 2)), 5)
    assert found is not None
    assert found.people == 2
    assert sorted(map(abs, found.coefficients)) == [1, 1, 1, 2]


def test_equal_audiences_leave_nobody_and_isolate_nobody() -> None:
    assert isolated(*table(("11", 3), ("11", 9)), 5) is None
    assert isolated(*table(("00", 1), ("11", 9)), 5) is None


def test_patterns_that_are_each_small_may_be_large_together() -> None:
    # Whatever leaves one of them leaves the other: they are in the same audience alone.
    assert isolated(*table(("11", 20), ("10", 3), ("10", 3)), 5) is None


def test_without_a_budget_nothing_is_shown_safe() -> None:
    close = table(("11", 3), ("10", 4), ("01", 5))
    assert isolated(*close, 7) is None
    assert isolated(*close, 8) is not None
    assert isolated(*close, 7, budget=0) == Isolation(None, ())


def test_what_spreads_over_k_sets_of_people_needs_no_search() -> None:
    assert isolated(*table(("11", 9), ("10", 9), ("01", 9)), 5, budget=0) is None


def test_a_unit_isolates_where_whole_audiences_do_not() -> None:
    # They differ by twelve people, one or two in each team.
    rows = [row for team in range(1, 9) for row in ((team, "11", 10), (team, "10", 1 + team % 2))]
    audiences, units = company(*rows)
    parents = np.array([-1] + [0] * 8)
    assert judge(audiences, np.zeros_like(units), ALONE, 5) is None
    found = judge(audiences, units, parents, 5)
    assert found is not None
    assert (found.unit, found.beside_lower, found.isolation.people) == (1, False, 2)


def test_people_directly_in_a_unit_isolate_where_the_unit_does_not() -> None:
    # Department and team differ by seven and six; of the department less the team one is left.
    audiences, units = company((0, "11", 10), (0, "10", 1), (1, "11", 10), (1, "10", 6))
    found = judge(audiences, units, np.array([-1, 0]), 5)
    assert found is not None
    assert (found.unit, found.beside_lower, found.isolation.people) == (0, True, 1)


def test_a_team_that_nobody_shows_counts_with_what_is_beside_the_others() -> None:
    audiences, units = company((1, "11", 30), (2, "11", 3), (2, "10", 1), (0, "11", 10), (0, "10", 9))
    assert judge(audiences, units, np.array([-1, 0, 0]), 5) is None
    audiences, units = company((1, "11", 30), (1, "10", 9), (2, "11", 3), (2, "10", 1), (0, "11", 10))
    found = judge(audiences, units, np.array([-1, 0, 0]), 5)
    assert found is not None
    assert (found.unit, found.beside_lower, found.isolation.people) == (0, True, 1)


def test_an_audience_that_is_too_small_in_a_unit_shows_nothing_there() -> None:
    # Four of the team are in the second audience: it is withheld there, and nothing can be taken from the first.
    audiences, units = company((0, "11", 20), (0, "10", 5), (1, "11", 4), (1, "10", 3))
    assert judge(audiences, units, np.array([-1, 0]), 5) is None
    audiences, units = company((0, "11", 20), (0, "10", 5), (1, "11", 5), (1, "10", 3))
    found = judge(audiences, units, np.array([-1, 0]), 5)
    assert found is not None
    assert (found.unit, found.isolation.people) == (1, 3)


def test_people_of_no_unit_count_in_the_whole() -> None:
    audiences, units = company((-1, "10", 2), (0, "11", 9))
    found = judge(audiences, units, ALONE, 5)
    assert found is not None
    assert (found.unit, found.isolation.people) == (None, 2)


def test_a_used_up_budget_is_a_place_that_is_not_shown_safe() -> None:
    audiences, units = company((0, "11", 4), (0, "10", 5), (0, "01", 5))
    found = judge(audiences, units, ALONE, 6, budget=0)
    assert found is not None
    assert found.isolation == Isolation(None, ())


def test_nobody_is_isolated_among_nobody() -> None:
    assert judge(np.zeros((2, 0), np.bool_), np.zeros(0, np.int64), ALONE, 5) is None
    assert judge(np.zeros((2, 3), np.bool_), np.zeros(3, np.int64), ALONE, 5) is None
    assert isolated(np.zeros((0, 2), np.bool_), np.array([1, 1]), 5) is None


@pytest.mark.parametrize(
    ("members", "people", "k"),
    [
        (np.ones((2, 2), np.int64), np.array([1, 1]), 5),
        (np.ones((2, 2), np.bool_), np.array([1]), 5),
        (np.ones((2, 2), np.bool_), np.array([1, 0]), 5),
        (np.ones((2, 2), np.bool_), np.array([1.0, 1.0]), 5),
        (np.ones((2, 2), np.bool_), np.array([1, 1]), 0),
        (np.ones((MOST_AUDIENCES + 1, 2), np.bool_), np.array([1, 1]), 5),
    ],
)
def test_patterns_that_are_none_are_refused(members: Any, people: Any, k: int) -> None:
    with pytest.raises(ValueError, match=r"audiences|people|members"):
        isolated(members, people, k)


@pytest.mark.parametrize(
    ("units", "parents", "k"),
    [
        ([0, 1], [-1], 5),
        ([0, -2], [-1], 5),
        ([0], [-1], 5),
        ([0, 0], [0], 5),
        ([0, 0], [1, -1], 5),
        ([0, 0], [-1], 0),
        ([0.0, 0.0], [-1], 5),
    ],
)
def test_people_and_trees_that_do_not_fit_are_refused(units: Any, parents: Any, k: int) -> None:
    with pytest.raises(ValueError, match=r"unit|audiences"):
        judge(np.ones((2, 2), np.bool_), np.array(units), np.array(parents), k)


def test_twenty_audiences_stay_exact() -> None:
    # As many patterns as audiences: one combination leaves the first pattern alone, and its coefficients are large.
    size = MOST_AUDIENCES
    members = np.random.default_rng(3).random((size, size)) < 0.5
    people = np.array([3] + [10] * (size - 1))
    found = isolated(members, people, 5)
    assert found is not None
    left = np.array(found.coefficients, object) @ members.astype(object)
    assert np.flatnonzero(left).tolist() == [0]
    assert max(map(abs, found.coefficients)) > 1000
    with pytest.raises(ValueError, match="audiences"):
        judge(np.ones((size + 1, 1), np.bool_), np.array([0]), ALONE, 5)


def test_a_company_of_a_hundred_thousand_is_judged() -> None:
    chance = np.random.default_rng(5)
    units = chance.integers(0, 2000, 100_000)
    parents = np.array([-1] + [(unit - 1) // 8 for unit in range(1, 2000)])
    audiences = chance.random((6, 100_000)) < 0.5
    start = process_time()
    assert judge(audiences, units, parents, 4) is None
    assert process_time() - start < HANGS_S
