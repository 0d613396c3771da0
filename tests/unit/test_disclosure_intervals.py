"""How sure each published mean is: by whose deviation and of how many invited, in a tree and in its breakdowns."""

from decimal import Decimal
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.breakdowns import protect_breakdowns, protect_more, protect_tree_alone
from service.disclosure.grid import Grid
from service.disclosure.measures import Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.tree import Ints, Tree
from tests.unit.disclosure_company import COMPANY, TEAMS, company, group_mean, rating, rows


def test_each_mean_says_how_sure_it_is() -> None:
    invited = np.array([0, 192, 60, 40])
    found = rows(company(rating("q"), invited=invited), "q")
    # The company less both larger teams would be a deviation of 24 people, so that one of them shows none.
    assert [row.basis for row in found] == ["cell", "cell", "release", "release"]
    own = found[1]
    assert own.sd is not None
    # 96 people are told as 95 to 99, so that 95 of 192 count: nine twentieths.
    assert own.se == round(own.sd * sqrt(0.55 / 95), own.decimals + 1)
    # 24 people are told as 20 to 24, so that 20 of 40 count, and the deviation is the company's.
    assert (found[3].n_from, found[3].n_to, found[3].sd) == (20, 24, None)
    assert found[0].sd is not None
    assert found[3].se == round(found[0].sd * sqrt(0.5 / 20), 2)
    for row in found:
        assert row.low is not None
        assert row.mean is not None
        assert row.high is not None
        assert 1 <= row.low < row.mean < row.high <= 5
    # Without a word on who was invited there is none, and nothing else changes.
    before = rows(company(rating("q")), "q")
    assert [row[:15] for row in before] == [row[:15] for row in found]
    assert all(row.se is row.low is row.high is row.basis is None for row in before)


def test_that_nobody_is_missing_is_told_as_nine_of_ten() -> None:
    measure = rating("q", [[0] * 5, *TEAMS[1:3], [2, 4, 4, 3, 7]])
    found = rows(company(measure, invited=measure.n), "q")
    assert found[0].sd is not None
    # Of the last team, a reader knows twenty of twenty.
    for row, n in zip(found, (164, 96, 48, 20), strict=True):
        sd = found[0].sd if row.sd is None else row.sd
        assert row.decimals is not None
        assert row.se == round(sd * sqrt(0.1 / n), row.decimals + 1) > 0
    # Two, one and one people more, who did not answer.
    assert rows(company(measure, invited=np.array([0, 98, 49, 21])), "q") == found
    assert rows(company(measure, invited=np.array([0, 120, 60, 30])), "q") != found


def test_an_interval_tells_no_participation_that_the_policy_withholds() -> None:
    measure = rating("q")
    for invited, told in ((38, False), (40, True)):  # in the team of 24, told as 20 to 24
        asked = np.array([0, 192, 60, invited])
        found = protect(COMPANY, measure.n, [measure], Policy(participation_from=39), invited=asked)
        everybody, *_, row = rows(found, "q")
        assert everybody.sd is not None
        assert row.se == round(everybody.sd * sqrt((0.5 if told else 1) / 20), 2)


def test_a_mean_of_which_only_a_bound_is_shown_has_no_interval() -> None:
    answers = [[0] * 5, TEAMS[1], [0, 0, 0, 2, 46], TEAMS[3]]
    found = rows(company(rating("q", answers, percent=True), invited=np.array([0, 500, 500, 500])), "q")
    assert (found[2].mean_bound, found[2].se, found[2].low, found[2].high, found[2].basis) == ("at_least", *[None] * 4)
    assert all(found[node].low is not None for node in (0, 1, 3))


def test_where_everybody_has_no_deviation_others_have_no_interval() -> None:
    small = [[0] * 5, [0, 1, 2, 2, 1], [1, 1, 2, 2, 1], [1, 1, 2, 2, 1]]
    found = rows(company(rating("q", small), invited=np.array([0, 50, 50, 50])), "q")
    assert any(row.status == "published" for row in found)
    assert all(row.low is None and row.basis is None for row in found)


def test_an_interval_of_the_whole_release_is_the_same_for_all_numbers_of_a_band() -> None:
    """Two worlds: the third team has 20 or 24 people with the same mean, and everybody has the same figures."""
    others = [[0] * 5, [80, 160, 240, 200, 280], [40, 80, 120, 100, 140]]
    worlds = [[*others, team] for team in ([4, 4, 4, 4, 4], [2, 5, 10, 5, 2])]
    invited = np.array([0, 2_000, 900, 60])
    first, second = (rows(company(rating("q", world), invited=invited), "q") for world in worlds)
    assert first[0].sd == second[0].sd
    assert first[3].basis == second[3].basis == "release"
    assert first[3] == second[3]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), min_size=5, max_size=5), min_size=3, max_size=3), st.integers(0, 3))
def test_intervals_are_a_function_of_what_is_shown(teams: list[list[int]], more: int) -> None:
    """Who is shown the same mean, deviation and number of people, and had as many invited, has the same interval."""
    teams = [[one + (5 if point == 2 else 0) for point, one in enumerate(team)] for team in teams]
    measure = rating("q", [[0] * 5, *teams])
    invited = np.array([0, *(160 + more for _ in teams)])
    table = company(measure, invited=invited)
    found = [row for row in rows(table, "q") if row.status == "published"]
    seen: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in found:
        if row.node == 0:
            continue
        told = (row.mean, row.sd, row.n_from, row.decimals)
        said = (row.se, row.low, row.high, row.basis)
        assert seen.setdefault(told, said) == said
        assert (row.basis == "cell") == (row.sd is not None) or row.basis is None
        if row.low is not None:
            assert row.mean is not None
            assert row.high is not None
            assert row.low <= row.mean <= row.high


def test_people_invited_who_do_not_fit_are_refused() -> None:
    for wrong in ([0, 95, 48, 24], [0, 96, 48], [0.0, 96.0, 48.0, 24.0]):
        with pytest.raises(ValueError, match="invited"):
            company(rating("q"), invited=np.array(wrong))


def a_grid() -> tuple[Grid, list[Measure], Ints]:
    """Two teams of a company and two sites; 40 people each, as many of each answer."""
    grid = Grid(Tree(np.array([-1, 0, 0])), np.array([1, 1, 2, 2]), np.array([[0], [1], [0], [1]]), [2], [[], [0]])
    measures = [rating("a", [[8] * 5] * 4), rating("b", [[4, 6, 10, 12, 8]] * 4)]
    return grid, measures, np.array([50] * 4)


def test_parts_of_units_go_by_the_deviation_of_the_whole_release() -> None:
    grid, measures, invited = a_grid()
    derived = [group_mean("d", ["a", "b"])]
    found = protect_breakdowns(grid, measures[0].n, measures, Policy(), derived=derived, invited=invited)
    assert not found.fell_back
    every = rows(found.table, "a")
    assert every[0].sd is not None
    assert [row.basis for row in every] == ["cell"] * 3 + ["release"] * 6
    assert every[4].se == round(every[0].sd * sqrt(0.2 / 40), 2)
    assert all(row.status == "published" for row in rows(found.table, "d"))


def test_the_tree_alone_has_them_too() -> None:
    grid, measures, invited = a_grid()
    derived = [group_mean("d", ["a", "b"])]
    found = protect_tree_alone(grid, measures[0].n, measures, Policy(), derived=derived, invited=invited)
    assert found.fell_back
    given_up = protect_breakdowns(grid, measures[0].n, measures, Policy(), 0, derived=derived, invited=invited)
    assert list(given_up.table.rows()) == list(found.table.rows()) or not given_up.fell_back
    assert [row.basis for row in rows(found.table, "a")] == ["cell"] * 3 + [None] * 6
    assert [row.status for row in rows(found.table, "d")] == ["published"] * 3 + ["withheld"] * 6


def test_a_recut_goes_by_the_deviation_that_the_release_showed() -> None:
    """It shows no deviation itself, and must not tell one that was withheld."""
    grid, measures, invited = a_grid()
    kept = {
        (one.measure, one.family): np.concatenate([one.published, np.zeros(6, np.bool_)])
        for one in protect(
            grid.tree, grid.by_node(measures[0].n), [_by_node(grid, one) for one in measures], Policy()
        ).columns
    }
    given_ = {"derived": [group_mean("d", ["a", "b"])], "invited": invited}
    more = protect_more(
        grid, measures[0].n, measures, Policy(), kept, slice(3, None), **given_, sd_of_all={"a": Decimal("1.42")}
    )
    assert len(rows(more, "d")) == 6
    assert {row.se for row in rows(more, "a") if row.status == "published"} >= {round(1.42 * sqrt(0.2 / 40), 2)}
    assert {row.basis for row in rows(more, "a") if row.status == "published"} == {"release"}
    assert {row.basis for row in rows(more, "b")} == {None}


def _by_node(grid: Grid, measure: Measure) -> Measure:
    assert measure.counts is not None
    return rating(measure.id, grid.by_node(measure.counts).tolist())


def test_everybody_need_not_be_the_first_node() -> None:
    tree = Tree(np.array([3, 3, 3, -1]))
    unlike = [[0, 3, 90, 3, 0], TEAMS[2], TEAMS[3]]
    found = rows(company(rating("q", [*unlike, [0] * 5]), tree=tree, invited=np.array([192, 60, 40, 0])), "q")
    plain = rows(company(rating("q", [[0] * 5, *unlike]), invited=np.array([0, 192, 60, 40])), "q")
    assert plain[1].sd
    assert plain[0].sd
    assert plain[0].sd != plain[1].sd
    assert [row[5:] for row in found] == [row[5:] for row in (*plain[1:], plain[0])]
