"""At which unit comments are shown: by hand, at the edges, and in time."""

import time

import numpy as np
import pytest

from service.disclosure.partition import partition
from tests.make.hangs import HANGS_S


def shown(parents: list[int], authors: list[int], k: int) -> list[int]:
    found: list[int] = partition(np.array(parents), np.array(authors), k).tolist()
    return found


def test_a_team_of_enough_authors_shows_its_own_comments() -> None:
    assert shown([-1, 0, 0], [0, 10, 12], 10) == [-1, 1, 2]
    assert shown([-1, 0, 0], [10, 10, 12], 10) == [0, 1, 2]


def test_too_few_authors_in_all_show_nothing() -> None:
    assert shown([-1, 0, 0], [3, 3, 3], 10) == [-1, -1, -1]
    assert shown([-1], [0], 1) == [-1]


def test_a_small_remainder_takes_the_smallest_team_with_it() -> None:
    """Nine authors in the small team: it and the team of ten are shown at the top, the larger team by itself."""
    assert shown([-1, 0, 0, 0], [0, 9, 10, 40], 10) == [0, 0, 0, 3]


def test_a_large_team_goes_up_where_the_remainder_has_nobody_else() -> None:
    assert shown([-1, 0], [1, 100], 10) == [0, 0]


def test_few_authors_go_to_the_next_unit_and_not_to_the_top() -> None:
    assert shown([-1, 0, 1, 1, 0], [0, 0, 4, 6, 12], 10) == [-1, 1, 1, 1, 4]


def test_how_many_are_shown_higher_is_weighed_and_not_only_whether() -> None:
    """The top lacks people: it takes the team of 11 whole and not the one of 40, wherever they stand."""
    assert shown([-1, 0, 0], [1, 11, 40], 10) == [0, 0, 2]
    assert shown([-1, 0, 0], [1, 40, 11], 10) == [0, 1, 0]
    # Eleven people who go up two levels lose 22 depths, and twenty who go up one lose 20.
    assert shown([-1, 0, 1, 1, 0], [1, 0, 11, 20, 20], 10) == [0, 0, 2, 3, 0]
    assert shown([-1, 0, 1, 1, 0], [1, 0, 11, 20, 23], 10) == [0, 0, 0, 3, 4]


def test_of_equals_the_order_of_the_nodes_decides_every_time_alike() -> None:
    first = shown([-1, 0, 0, 0], [1, 12, 12, 12], 10)
    assert first == shown([-1, 0, 0, 0], [1, 12, 12, 12], 10)
    assert sorted(first) == [0, 0, *sorted({1, 2, 3} & set(first))]


@pytest.mark.parametrize(
    ("parents", "authors", "k"),
    [
        ([-1, 0], [1, -1], 5),
        ([-1, 0], [1, 2, 3], 5),
        ([-1, 0], [1.0, 2.0], 5),
        ([-1, 0], [1, 2], 0),
        ([-1, -1], [1, 2], 5),
        ([1, 0], [1, 2], 5),
        ([-1, 0], [2**60, 0], 5),
    ],
    ids=["negative", "too many", "fractions", "no threshold", "two roots", "cycle", "beyond counting"],
)
def test_what_cannot_be_judged_is_refused(parents: list[int], authors: list[float], k: int) -> None:
    with pytest.raises(ValueError, match=r"author|tree"):
        partition(np.array(parents), np.array(authors), k)


@pytest.mark.parametrize("branching", [1, 3, 6, 5_000])
def test_large_trees_do_not_take_for_ever(branching: int) -> None:
    random = np.random.default_rng(7)
    size = 5_000 if branching > 1 else 1_000
    parents = np.array([-1] + [(node - 1) // branching for node in range(1, size)])
    authors = random.poisson(4, size)
    started = time.process_time()
    found = partition(parents, authors, 10)
    assert time.process_time() - started < HANGS_S
    held = np.bincount(found, weights=authors, minlength=size)
    assert (held[held > 0] >= 10).all()
    assert (found >= 0)[authors > 0].all()
