"""Scales and indices by the group rule: functions of their parts' figures, where all of these are published."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.measures import Family, Kind
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import Share
from service.disclosure.tree import Tree
from tests.make.measures import a_measure
from tests.unit.disclosure_company import TEAMS, column, company, group_mean, rating, rows

OTHERS = [[0] * 5, [20, 20, 20, 20, 10], [10, 10, 10, 10, 5], [4, 4, 4, 4, 4]]
"""Answers 1 to 5 of 90, 45 and 20 people."""


def means(by_class: list[list[int]]) -> list[Fraction]:
    counts = np.array(by_class)
    counts[0] = counts.sum(axis=0)
    return [
        Fraction(sum(point * people for point, people in enumerate(team, start=1)), sum(team))
        for team in counts.tolist()
    ]


def test_a_group_mean_is_that_of_its_parts_means() -> None:
    table = company(rating("a"), rating("b", OTHERS), derived=[group_mean("s", ["a", "b"], weights=[1, 3])])
    assert [(one.measure, one.family) for one in table.columns][-2:] == [("s", Family.mean), ("s", Family.distribution)]
    found = rows(table, "s")
    for row, one, other in zip(found, means(TEAMS), means(OTHERS), strict=True):
        assert row.mean is not None
        assert row.decimals is not None
        assert abs(Fraction(row.mean) - (one + 3 * other) / 4) <= Fraction(51, 100 * 10**row.decimals)
    # Of the fewest people of both: 20 of 24, 45 of 48, 90 of 96, 155 of 168.
    assert [(row.n_from, row.n_to) for row in found] == [(155, 159), (90, 94), (45, 49), (20, 24)]
    assert all(row.sd is row.se is row.low is row.rwg is None for row in found)
    shares = rows(table, "s", Family.distribution)
    # 48 of 96 are favourable and 30 of 90: a quarter of a half and three quarters of a third.
    assert shares[1].favourable is not None
    assert shares[1].favourable.value == round(100 * (Fraction(1, 4) / 2 + Fraction(3, 4) / 3))


def test_a_group_mean_may_be_turned_summed_and_shown_of_100() -> None:
    parts = [rating("a"), rating("b", OTHERS)]
    derived = [
        group_mean("turned", ["a", "b"], negative=True),
        group_mean("sum", ["a", "b"], factor=2),
        group_mean("of100", ["a", "b"], percent=True),
        group_mean("turned100", ["turned"], percent=True, kind=Kind.index),
        group_mean("ratio", ["a", "sum"], ratio=True, kind=Kind.index),
        group_mean("sum100", ["sum"], percent=True, kind=Kind.index),
        group_mean("plain", ["a", "b"]),
    ]
    table = company(*parts, derived=derived)
    one, other = means(TEAMS)[1], means(OTHERS)[1]
    both = (one + other) / 2
    found = {name: rows(table, name)[1].mean for name in ("turned", "sum", "of100", "turned100", "ratio", "sum100")}
    assert found == {
        "turned": float(round(6 - both, 1)),
        "sum": 2 * float(round(both, 1)),
        "of100": round(25 * (both - 1)),
        "turned100": round(25 * (5 - both)),
        # Of the means that the sums are made of.
        "ratio": float(round(one / both, 1)),
        "sum100": round(25 * (both - 1)),
    }
    assert [one.family for one in table.columns if one.measure == "ratio"] == [Family.mean]
    # What is favourable stays so.
    turned, plain = (rows(table, name, Family.distribution)[1] for name in ("turned", "plain"))
    assert turned.favourable == plain.favourable


def test_a_group_mean_is_withheld_where_a_part_is() -> None:
    small = [[0] * 5, TEAMS[1], TEAMS[2], [1, 1, 2, 1, 1]]
    table = company(rating("a"), rating("b", small), derived=[group_mean("s", ["a", "b"])])
    for family in Family:
        parts = [column(table, name, family).published for name in ("a", "b")]
        assert column(table, "s", family).published.tolist() == (parts[0] & parts[1]).tolist()
    assert not column(table, "s", Family.distribution).published.all()


def test_unanimous_small_teams_are_clipped_in_a_group_mean_too() -> None:
    same = [[0] * 5, TEAMS[1], TEAMS[2], [0, 0, 0, 0, 20]]
    derived = [group_mean("s", ["a", "b"]), group_mean("p", ["a", "b"], percent=True)]
    table = company(rating("a", same), rating("b", same), derived=derived)
    assert rows(table, "s")[3].mean == 4.7
    assert rows(table, "s", Family.distribution)[3].favourable == Share(90, "at_least")
    assert (rows(table, "p")[3].mean, rows(table, "p")[3].mean_bound) == (90, "at_least")

    least = [[0] * 5, TEAMS[1], TEAMS[2], [20, 0, 0, 0, 0]]
    table = company(rating("a", least), rating("b", least), derived=derived)
    assert rows(table, "s")[3].mean == 1.3
    assert rows(table, "s", Family.distribution)[3].favourable == Share(10, "at_most")
    assert (rows(table, "p")[3].mean, rows(table, "p")[3].mean_bound) == (10, "at_most")


def test_a_sum_is_rounded_and_clipped_as_the_group_mean_it_is_made_of() -> None:
    same = [[0] * 5, TEAMS[1], TEAMS[2], [0, 0, 0, 0, 20]]
    derived = [group_mean("s", ["a", "b"]), group_mean("sum", ["a", "b"], factor=100)]
    table = company(rating("a", same), rating("b", OTHERS[:3] + same[3:]), derived=derived)
    assert (rows(table, "s")[3].mean, rows(table, "sum")[3].mean) == (4.7, 470)
    one, other = column(table, "s"), column(table, "sum")
    assert other.mean is not None
    assert one.mean is not None
    assert other.mean.tolist() == (100 * one.mean).tolist()
    assert other.decimals.tolist() == one.decimals.tolist()


def test_a_group_mean_keeps_to_the_largest_threshold_of_its_parts() -> None:
    """Seven people are enough for the mean of the second item, and too few to stand beside a sensitive one."""
    few = [*TEAMS[:3], [1, 1, 2, 1, 2]]
    derived = [
        group_mean("s", ["a", "b"]),
        group_mean("enough", ["c", "a"]),
        group_mean("x", ["enough", "b"], kind=Kind.index),
    ]
    for sensitive in (False, True):
        table = company(rating("a", sensitive=sensitive), rating("b", few), rating("c"), derived=derived)
        assert column(table, "enough").published.all()
        assert column(table, "a").published.all()
        assert column(table, "b").published.all()
        for name in ("s", "x"):
            assert column(table, name).published.tolist() == [True, True, True, not sensitive]


def test_a_group_mean_beside_two_neighbouring_answers_keeps_to_their_threshold() -> None:
    """Their mean is a distribution, for which seven people are too few."""
    few = [*TEAMS[:3], [1, 1, 2, 1, 2]]
    two = rating("a", [[0, 0], [40, 56], [20, 28], [10, 14]], favourable=None, neutral=None, unfavourable=None)
    table = company(two, rating("b", few), derived=[group_mean("s", ["a", "b"])])
    assert column(table, "a").published.all()
    assert column(table, "b").published.all()
    assert column(table, "s").published.tolist() == [True, True, True, False]


def test_a_group_mean_is_as_coarse_as_its_coarsest_part() -> None:
    """Twelve managers answered the second item only: tenths of a point of the company would give them away."""
    first = [[0] * 5, [20] * 5, [20] * 5, [20] * 5]
    second = [[2, 2, 4, 2, 2], *first[1:]]
    table = company(rating("a", first), rating("b", second), derived=[group_mean("s", ["a", "b"])])
    decimals = {name: rows(table, name, Family.distribution)[0].decimals for name in ("a", "b", "s")}
    assert decimals == {"a": 1, "b": 0, "s": 0}


def test_a_group_mean_of_gated_parts_tells_no_more_of_their_number() -> None:
    gate, other = (rating(name, [[2 * people for people in team] for team in TEAMS]) for name in ("gate", "other"))
    gated = rating("gated", [[0] * 5, [0, 0, 24, 20, 28], [0, 0, 12, 10, 14], [0, 0, 6, 5, 7]], gates=["gate"])
    table = company(gate, other, gated, derived=[group_mean("s", ["gated", "other"])])
    found = [(row.n_from, row.n_to) for row in rows(table, "s")]
    assert found == [(row.n_from, row.n_to) for row in rows(table, "gated")]
    assert found == [(120, 139), (70, 74), (35, 39), (15, 19)]
    # Where fewer answered the other, their number is in a band as wide, and in wholes of such parts as well.
    fewer = rating("fewer", [[0] * 5, [0, 0, 24, 20, 20], [0, 0, 12, 10, 11], [0, 0, 6, 5, 7]])
    derived = [group_mean("s", ["gated", "fewer"]), group_mean("x", ["s", "fewer"], kind=Kind.index)]
    table = company(gate, fewer, gated, derived=derived)
    assert [(row.n_from, row.n_to) for row in rows(table, "fewer")] == [(115, 119), (60, 64), (30, 34), (15, 19)]
    for name in ("s", "x"):
        assert [(row.n_from, row.n_to) for row in rows(table, name)] == [(100, 119), (60, 64), (30, 34), (15, 19)]


def test_an_exact_half_of_a_group_mean_goes_away_from_zero() -> None:
    """Halves that a float may hold just under: 3.05 of 2 and 4.1, 3.25 of 3.2 and 3.3."""
    for pair, expected in (((40, 82), 3.1), ((64, 66), 3.3)):
        answers = []
        for total in pair:  # twenty people whose scores add up to so many
            low, more = divmod(total, 20)
            answers.append(
                [[0] * 5, TEAMS[1], TEAMS[2], [(20 - more) * (low == p) + more * (low + 1 == p) for p in range(1, 6)]]
            )
        table = company(rating("a", answers[0]), rating("b", answers[1]), derived=[group_mean("s", ["a", "b"])])
        assert rows(table, "s")[3].mean == expected


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=5, max_size=5), min_size=2, max_size=4),
    st.lists(st.integers(1, 100), min_size=4, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_a_group_mean_is_exact_to_the_digit(
    answers: list[list[int]], weights: list[int], negative: bool, percent: bool
) -> None:
    answers = [[one + 2 for one in part] for part in answers]
    parts = [rating(f"q{number}", [part]) for number, part in enumerate(answers)]
    weights = weights[: len(parts)]
    one = group_mean("s", [part.id for part in parts], weights=weights, negative=negative, percent=percent)
    table = protect(
        Tree(np.array([-1])), parts[0].n.max() + sum(part.n for part in parts), parts, Policy(), derived=[one]
    )
    (row,) = rows(table, "s")
    exact = sum(
        (
            weight * Fraction(int(part.total[0]), int(part.n[0]))
            for weight, part in zip(weights, parts, strict=True)
            if part.total is not None
        ),
        Fraction(0),
    ) / sum(weights)
    exact = 6 - exact if negative else exact
    n = min(int(part.n[0]) for part in parts)
    assert row.mean is not None
    assert row.decimals is not None
    if percent:
        exact = (exact - 1) * 25
        step = Fraction(1, 10) if n >= 100 else Fraction(1) if n >= 30 else Fraction(5)
        if row.mean_bound is not None:
            assert (exact >= Fraction(row.mean)) if row.mean_bound == "at_least" else (exact <= Fraction(row.mean))
            return
    else:
        step = Fraction(1, 100) if n >= 100 else Fraction(1, 10)
        clip = Fraction(3, 10) if n < 30 else Fraction(0)
        exact = min(max(exact, 1 + clip), 5 - clip)
    rounded = (exact / step + Fraction(1, 2)).__floor__() * step
    assert Fraction(str(row.mean)) == rounded


def test_group_means_that_cannot_be_are_refused() -> None:
    first, choice = (
        rating("a"),
        a_measure(id="c", kind=Kind.item, n=np.array([0, 96, 48, 24]), counts=np.zeros((4, 2), int)),
    )
    zero = rating("z", score_min=0)
    cases = [
        ("same id", [group_mean("a", ["a"])]),
        ("same id", [group_mean("s", ["a"]), group_mean("s", ["a"])]),
        ("neither a measure", [group_mean("s", ["nothing"])]),
        ("neither a measure", [group_mean("s", ["t"]), group_mean("t", ["a"])]),
        ("no mean", [group_mean("s", ["a", "c"])]),
        ("may be zero", [group_mean("s", ["a", "z"], ratio=True)]),
    ]
    for why, derived in cases:
        with pytest.raises(ValueError, match=why):
            company(first, choice, zero, derived=derived)
    assert company(first, choice, zero, derived=[group_mean("s", ["z", "a"], ratio=True)])


def test_a_ratio_stays_off_the_ends_of_its_range() -> None:
    """Between a fifth and five, three tenths off at both ends for twenty people."""
    best = [[0] * 5, TEAMS[1], TEAMS[2], [0, 0, 0, 0, 20]]
    least = [[0] * 5, TEAMS[1], TEAMS[2], [20, 0, 0, 0, 0]]
    derived = [group_mean("up", ["a", "b"], ratio=True), group_mean("down", ["b", "a"], ratio=True)]
    table = company(rating("a", best), rating("b", least), derived=derived)
    assert [rows(table, name)[3].mean for name in ("up", "down")] == [3.6, 0.5]  # 4.7 over 1.3, as both may be known


def test_a_ratio_whose_range_holds_no_two_margins_stands_in_its_middle() -> None:
    """Four or five of twenty people each: 0.8 to 1.25."""
    people = np.array([0, 96, 48, 20])
    one, other = (
        rating(name, TEAMS, counts=None, n=people, total=people * score, square_total=people * score**2, score_min=4,
               favourable=None, neutral=None, unfavourable=None)
        for name, score in (("a", 5), ("b", 4))
    )  # fmt: skip
    assert rows(company(one, other, derived=[group_mean("r", ["a", "b"], ratio=True)]), "r")[3].mean == 1
