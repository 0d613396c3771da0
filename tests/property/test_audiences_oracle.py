"""Audiences judged jointly, against every small combination, every support and a judgement from the definition."""

from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.campaigns.inviting.audiences import Isolation, Place, isolated, judge

SIZES = st.integers(1, 6)
SMALL = st.integers(1, 4)


@st.composite
def tables(draw: st.DrawFn, audiences: int = 4, patterns: int = 8) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Which audiences the people of each pattern are in, and how many they are."""
    count, width = draw(st.integers(1, audiences)), draw(st.integers(1, patterns))
    row = st.lists(st.booleans(), min_size=width, max_size=width)
    members = draw(st.lists(row, min_size=count, max_size=count))
    people = draw(st.lists(SIZES, min_size=width, max_size=width))
    return np.array(members, np.bool_), np.array(people, np.int64)


def rank(rows: list[list[Fraction]]) -> int:
    if not rows or not rows[0]:
        return 0
    for number, row in enumerate(rows):
        if row[0]:
            rest = [
                [x - other[0] / row[0] * y for x, y in zip(other[1:], row[1:], strict=True)]
                for at, other in enumerate(rows)
                if at != number
            ]
            return 1 + rank(rest)
    return rank([row[1:] for row in rows])


def by_supports(members: np.ndarray[Any, Any], people: np.ndarray[Any, Any], k: int) -> bool:
    """Whether the rank falls without some patterns that have fewer than k people together."""
    exact = [[Fraction(int(x)) for x in row] for row in members]
    whole = rank(exact)
    places = range(len(people))
    return any(
        people[list(left)].sum() < k and rank([[row[at] for at in places if at not in left] for row in exact]) < whole
        for size in range(1, len(people) + 1)
        for left in combinations(places, size)
    )


def by_coefficients(members: np.ndarray[Any, Any], people: np.ndarray[Any, Any], k: int) -> bool:
    """Up to four audiences no coefficient of a smallest support exceeds 2: a determinant of three ones and zeros."""
    every = np.array(list(product(range(-2, 3), repeat=len(members))))
    left = (every @ members.astype(np.int64) != 0) @ people
    return bool(((left > 0) & (left < k)).any())


def check(found: Isolation | None, members: np.ndarray[Any, Any], people: np.ndarray[Any, Any], k: int) -> None:
    """The combination that is told leaves the people that are told."""
    if found is None:
        return
    left = np.array(found.coefficients, object) @ members.astype(object)
    assert len(found.coefficients) == len(members)
    assert found.people == people[left != 0].sum()
    assert 0 < people[left != 0].sum() < k


@settings(max_examples=200, deadline=None)
@given(tables(), st.integers(1, 12))
def test_a_combination_is_found_where_one_of_small_numbers_isolates(
    table: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], k: int
) -> None:
    found = isolated(*table, k)
    assert (found is not None) == by_coefficients(*table, k)
    check(found, *table, k)


@settings(max_examples=60, deadline=None)
@given(tables(audiences=6, patterns=6), st.integers(1, 10))
def test_a_combination_is_found_where_the_rank_falls_without_a_few_people(
    table: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], k: int
) -> None:
    found = isolated(*table, k)
    assert (found is not None) == by_supports(*table, k)
    check(found, *table, k)


@settings(max_examples=100, deadline=None)
@given(tables(), st.integers(1, 10), st.randoms(use_true_random=False))
def test_the_order_of_audiences_and_patterns_does_not_matter(
    table: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], k: int, chance: Any
) -> None:
    members, people = table
    rows, columns = list(range(len(members))), list(range(len(people)))
    chance.shuffle(rows)
    chance.shuffle(columns)
    turned = isolated(members[rows][:, columns], people[columns], k)
    assert (isolated(members, people, k) is None) == (turned is None)


@settings(max_examples=100, deadline=None)
@given(tables(), st.integers(2, 10), st.integers(0, 3))
def test_too_small_a_budget_never_calls_safe_what_is_not(
    table: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]], k: int, budget: int
) -> None:
    if by_coefficients(*table, k):
        assert isolated(*table, k, budget) is not None


@st.composite
def companies(draw: st.DrawFn) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    units = draw(st.integers(1, 6))
    parents = [draw(st.integers(-1, unit - 1)) for unit in range(units)]
    people = draw(st.integers(1, 30))
    homes = draw(st.lists(st.integers(-1, units - 1), min_size=people, max_size=people))
    # Mostly everybody is in all: that is where a few make the difference.
    inside = st.lists(st.integers(0, 5).map(bool), min_size=people, max_size=people)
    audiences = draw(st.lists(inside, min_size=1, max_size=3))
    return np.array(audiences), np.array(homes), np.array(parents), draw(SMALL)


def above(parents: np.ndarray[Any, Any], unit: int) -> list[int]:
    """The unit and those above it."""
    return [] if unit < 0 else [unit, *above(parents, int(parents[unit]))]


def isolates(audiences: np.ndarray[Any, Any], inside: np.ndarray[Any, Any], k: int) -> bool:
    """Whether the audiences that have k of these people isolate some of them, person by person."""
    here = audiences[:, inside]
    here = here[here.sum(axis=1) >= k]
    return len(here) > 1 and by_coefficients(here, np.ones(here.shape[1], np.int64), k)


def judged(
    audiences: np.ndarray[Any, Any], homes: np.ndarray[Any, Any], parents: np.ndarray[Any, Any], k: int
) -> tuple[int | None, bool] | None:
    """The definition, unit by unit."""
    path = [above(parents, int(home)) for home in homes]
    if isolates(audiences, np.ones(len(homes), np.bool_), k):
        return None, False
    within = [np.array([unit in one for one in path]) for unit in range(len(parents))]
    shown = [(audiences[:, inside].sum(axis=1) >= k).any() for inside in within]
    for unit, inside in enumerate(within):
        if isolates(audiences, inside, k):
            return unit, False
        beside = [unit in one and not any(shown[lower] for lower in one[: one.index(unit)]) for one in path]
        if isolates(audiences, np.array(beside), k) and (audiences[:, inside].sum(axis=1) >= k).sum() > 1:
            return unit, True
    return None


@settings(max_examples=200, deadline=None)
@given(companies())
def test_the_first_place_is_that_of_the_definition(
    company: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], int],
) -> None:
    found = judge(*company)
    assert (None if found is None else (found.unit, found.beside_lower)) == judged(*company)


@settings(max_examples=80, deadline=None)
@given(companies())
def test_the_combination_of_a_place_leaves_the_people_that_it_tells(
    company: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], int],
) -> None:
    audiences, homes, parents, k = company
    found = judge(audiences, homes, parents, k)
    if found is None or found.beside_lower:
        return
    inside = np.array([found.unit is None or found.unit in above(parents, int(home)) for home in homes])
    left = np.array(found.isolation.coefficients) @ audiences[:, inside]
    assert isinstance(found, Place)
    assert (left != 0).sum() == found.isolation.people
