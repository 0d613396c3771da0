"""Figures beside mean and shares: 0 to 100, agreement, net scores, numbers that are answers."""

from decimal import Decimal
from math import sqrt
from typing import Any

import numpy as np
import pytest

from service.disclosure.columns import some, widened
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import Column, Row, Share
from service.disclosure.tree import Tree
from service.releases.cells import Shown, shown
from tests.unit.disclosure_company import TEAMS, column, company, group_mean, rating, rows, scale

TWICE = [[2 * people for people in team] for team in TEAMS]
"""Answers to a gate that half of the people pass."""


def test_a_mean_as_0_to_100_is_shown_as_a_share_is() -> None:
    answers = [[0] * 5, [8, 16, 24, 20, 28], [0, 0, 0, 2, 46], [24, 0, 0, 0, 0]]
    found = rows(company(rating("q", answers, percent=True)), "q")
    # 332, 238 and 24 points of 168 people: 594 less one each, of four each, is 63.4; whole points beside 24 people.
    assert found[0].mean == 63
    assert (found[2].mean, found[2].mean_bound) == (95, "at_least")
    assert (found[3].mean, found[3].mean_bound) == (10, "at_most")
    assert found[1].mean_bound is None
    # In points of a hundred as well: 1.29 of four is 32 in a hundred.
    plain = rows(company(rating("q", answers)), "q")
    assert plain[1].sd is not None
    assert found[1].sd == round(plain[1].sd * 25)


def test_no_deviation_where_nearly_all_answers_are_alike() -> None:
    """One of 96 people, or two, gave another answer: the distribution says "95 or more" of both."""
    invited = np.array([0, 192, 60, 40])
    for answers, alike in (
        ([0, 0, 0, 0, 96], True),  # the best third
        ([0, 0, 96, 0, 0], True),  # the middle one
        ([95, 0, 1, 0, 0], True),  # the worst
        ([0, 0, 4, 46, 46], True),  # not one answer, but a third of them
        ([0, 0, 6, 45, 45], False),
    ):
        table = company(rating("q", [[0] * 5, answers, *TEAMS[2:]]), invited=invited)
        found, told = rows(table, "q"), rows(table, "q", Family.distribution)[1]
        figures = (told.favourable, told.neutral, told.unfavourable)
        assert any(one is not None and one.bound == "at_least" for one in figures) == alike
        assert (found[1].sd is None) == alike
        # The interval goes by everybody's deviation, as that of a small cell.
        assert found[1].basis == ("release" if alike else "cell")
        assert found[0].basis == "cell"
        if alike:
            assert found[0].sd is not None
            assert found[1].se == round(found[0].sd * sqrt(0.55 / 95), 2)  # told as 95 to 99, of 192


def test_no_deviation_where_nearly_all_scores_lie_in_a_band() -> None:
    for bands, alike in (([96, 0], True), ([92, 4], True), ([90, 6], False)):
        items = [rating("a"), rating("b")]
        counts = np.array([[0, 0], bands, [24, 24], [12, 12]])
        table = company(*items, scale("s", items, counts=counts))
        assert rows(table, "a")[1].sd is not None
        found = rows(table, "s")
        assert (found[1].sd is None) == (found[1].rwg is None) == alike
        assert found[0].sd is not None


def test_a_sum_is_rounded_and_clipped_as_the_mean_it_is_made_of() -> None:
    """Else its unit, which is its author's choice, would undo both: 500 is no nearer to seven answers than 5 is."""
    answers = [[0] * 5, *TEAMS[1:3], [0, 0, 0, 0, 7]]
    invited = np.array([0, 192, 60, 40])
    found = [company(rating("q", answers, times=times), invited=invited) for times in (1, 100)]
    assert [rows(table, "q")[3].mean for table in found] == [4.5, 450]
    one, other = (column(table, "q") for table in found)
    for name in ("mean", "sd", "se", "low", "high"):
        plain, multiple = getattr(one, name), getattr(other, name)
        assert plain.any()
        assert multiple.tolist() == (100 * plain).tolist()
    for name in ("decimals", "n_from", "n_to", "has_sd", "has_interval", "basis"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    shares = [list(rows(table, "q", Family.distribution)) for table in found]
    assert shares[0] == shares[1]
    with pytest.raises(ValueError, match="times"):
        rating("q", times=0)


def test_agreement_on_a_sum_is_that_on_its_mean() -> None:
    items = [rating("a"), rating("b")]
    found = [rows(company(*items, scale("s", items, times=times)), "s") for times in (1, 2)]
    assert found[0][0].rwg
    assert [row.rwg for row in found[0]] == [row.rwg for row in found[1]]


def test_agreement_is_shown_where_all_its_deviations_are() -> None:
    items = [rating("a"), rating("b"), rating("c")]
    table = company(*items, scale("s", items))
    found = rows(table, "s")
    scores = np.repeat([1, 2, 3, 4, 5], np.sum(TEAMS, axis=0))
    ratio = scores.var(ddof=1) / 2
    assert found[0].rwg == round(3 * (1 - ratio) / (3 * (1 - ratio) + ratio), 2)
    assert [row.rwg is not None for row in found] == [row.sd is not None for row in found]
    assert all(row.rwg is None for row in rows(table, "a"))
    # Ninety of 96 of one mind in the first team: a variance of six over 95. Of all of them nothing is told.
    for answers, expected in (([0, 3, 90, 3, 0], 0.99), ([0, 0, 96, 0, 0], None)):
        items = [rating(name, [[0] * 5, answers, *TEAMS[2:]]) for name in "abc"]
        found = rows(company(*items, scale("s", items)), "s")
        assert found[1].rwg == expected
        assert (found[1].sd is None) == (expected is None)


def test_no_agreement_where_nearly_all_answers_to_one_item_are_alike() -> None:
    """The scale shows its deviation: half of it is the other item, of which no share is large."""
    one, other = rating("a", [[0] * 5, [0, 0, 96, 0, 0], *TEAMS[2:]]), rating("b")
    points = np.arange(1, 6)
    squares = np.array(TEAMS) @ (2 * points) ** 2
    squares[1] = np.array(TEAMS[1]) @ (3 + points) ** 2
    assert one.total is not None
    assert other.total is not None
    shares = {name: getattr(one, name) + getattr(other, name) for name in ("favourable", "neutral", "unfavourable")} | {
        "share_denominator": 2
    }
    whole = scale("s", [one, other], total=one.total + other.total, square_total=squares, **shares)
    table = company(one, other, whole)
    assert [rows(table, name)[1].sd is not None for name in ("a", "b", "s")] == [False, True, True]
    assert [row.rwg is not None for row in rows(table, "s")][:2] == [True, False]


def test_no_agreement_where_one_item_shows_no_deviation() -> None:
    # The second item has ten people fewer in the third team; only 38 and 86 of its teams are left to show any.
    fewer = [[0] * 5, TEAMS[1], TEAMS[2], [1, 2, 4, 3, 4]]
    items = [rating("a"), rating("b", fewer)]
    whole = scale("s", [rating("b", fewer), items[1]], parts=["a", "b"], partial=items[0].n - items[1].n)
    table = company(*items, whole)
    every = [np.array([row.sd is not None for row in rows(table, name)]) for name in ("a", "b", "s")]
    agreed = np.array([row.rwg is not None for row in rows(table, "s")])
    assert agreed.tolist() == np.logical_and.reduce(every).tolist()


def test_no_agreement_where_the_scale_shows_no_deviation() -> None:
    """Fifty people answered each item, and only half of them both."""
    items = [rating(name, [[10] * 5]) for name in "ab"]
    whole = scale("s", [rating("s", [[5] * 5])], parts=["a", "b"], partial=np.array([50]))
    table = protect(Tree(np.array([-1])), np.array([75]), [*items, whole], Policy())
    assert [rows(table, name)[0].sd is not None for name in ("a", "b", "s")] == [True, True, False]
    found = rows(table, "s")[0]
    assert (found.status, found.rwg) == ("published", None)


def test_promoters_less_detractors_beside_their_shares() -> None:
    answers = [[0] * 5, TEAMS[1], [0, 0, 1, 23, 24], [6, 5, 6, 3, 4]]
    table = company(rating("q", answers, enps=True))
    found = rows(table, "q", Family.distribution)
    assert (found[1].enps, found[1].enps_bound) == (25, None)  # 24 of 96: 50 less 25
    assert (found[2].favourable, found[2].unfavourable) == (Share(95, "at_least"), Share(5, "at_most"))
    assert (found[2].enps, found[2].enps_bound) == (90, "at_least")
    assert (found[3].enps, found[3].enps_bound) == (-15, None)  # 7 less 11 of 24, -16.7
    assert all(row.enps is None for row in rows(company(rating("q", answers)), "q", Family.distribution))
    nobody = [[0] * 5, TEAMS[1], [0, 0, 48, 0, 0], TEAMS[3]]
    hidden = rows(company(rating("q", nobody, enps=True)), "q", Family.distribution)[2]
    assert (hidden.status, hidden.enps, hidden.enps_bound) == ("published", None, None)


def test_how_many_were_asked_after_an_answer_is_told_in_wide_bands() -> None:
    gate = rating("gate", TWICE)
    asked = [[0] * 5, [0, 0, 24, 20, 28], [0, 0, 12, 10, 14], [0, 0, 6, 5, 7]]
    gated = rating("gated", asked, gates=["gate"])
    found = rows(company(gate, gated), "gated")
    # 126, 72, 36 and 18 people.
    assert [(row.n_from, row.n_to) for row in found] == [(120, 139), (70, 74), (35, 39), (15, 19)]
    other = rating("other", TWICE)
    whole = scale("s", [gated, gated], parts=["gated", "other"], partial=other.n - gated.n)
    told = [(row.n_from, row.n_to) for row in rows(company(gate, gated, other, whole), "s")]
    assert told == [(120, 139), (70, 74), (35, 39), (15, 19)]


def test_all_or_nearly_all_who_were_asked_are_told_alike() -> None:
    """All 48 passed the gate, or 46: the gate says "95 or more" of both, and nothing is told of those asked."""
    told = set()
    for others in (0, 1, 2, 12):
        gate = rating("gate", [[0] * 5, TWICE[1], [0, others, 0, 0, 48 - others], TWICE[3]])
        gated = rating("gated", [[0] * 5, TEAMS[1], [0, 0, 0, 24, 24 - others], TEAMS[3]], gates=["gate"])
        table = company(gate, gated)
        passed = rows(table, "gate", Family.distribution)[2].favourable
        assert (passed == Share(95, "at_least")) == (others < 12)
        told.add((passed, rows(table, "gated")[2].n_from, rows(table, "gated")[2].n_to))
    assert told == {(Share(95, "at_least"), None, None), (Share(75, None), 35, 39)}


def test_intervals_of_gated_measures_go_by_their_bands() -> None:
    gated = rating("gated", gates=["gate"])
    found = rows(company(rating("gate", TWICE), gated, invited=np.array([0, 240, 120, 80])), "gated")
    assert found[1].n_from == 95  # of 96
    assert found[1].sd is not None
    assert found[1].decimals is not None
    # 95 of 240 are told as 35 %, and 96 would be as 40.
    assert found[1].se == round(found[1].sd * sqrt(0.65 / 95), found[1].decimals + 1)
    assert found[1].se != round(found[1].sd * sqrt(0.6 / 95), found[1].decimals + 1)


def everything(**more: Any) -> tuple[list[Measure], dict[str, Any]]:
    answers = [[0] * 5, TEAMS[1], TEAMS[2], [1, 1, 2, 1, 1]]
    items = [rating("a", answers), rating("b", answers)]
    measures = [
        *items,
        scale(
            "s", items, percent=True, counts=np.column_stack([items[0].n - 3 * (items[0].n > 0), 3 * (items[0].n > 0)])
        ),
        rating("e", answers, enps=True),
        rating("g", answers, gates=["e"]),
    ]
    derived = [group_mean("d", ["a", "g"], percent=True), group_mean("x", ["d", "d2"][:1], kind=Kind.index)]
    return measures, {"derived": derived, "invited": np.array([0, 120, 60, 30])} | more


def arrays(one: Column) -> dict[str, Any]:
    out = {}
    for name in Column.__dataclass_fields__:
        value = getattr(one, name)
        for number, part in enumerate(value if isinstance(value, tuple) else [value]):
            if isinstance(part, np.ndarray):
                out[f"{name}{number}"] = part
            elif hasattr(part, "units"):
                out |= {f"{name}{number}.units": part.units, f"{name}{number}.bounds": part.bounds}
    return out


def test_no_figure_where_a_cell_is_withheld_and_none_can_be_changed() -> None:
    measures, more = everything()
    table = company(*measures, **more)
    assert not all(one.published.all() for one in table.columns)
    for one in table.columns:
        for array in arrays(one).values():
            assert not array[~one.published].any()
            with pytest.raises(ValueError, match="WRITEABLE"):
                array.setflags(write=True)
    for row in table.rows():
        assert row.status == "published" or set(row[5:]) == {None}


def test_bands_of_a_scale_are_a_distribution() -> None:
    measures, more = everything()
    table = company(*measures, **more)
    first = rows(table, "s", Family.distribution)[1]
    assert first.distribution == (Share(95.0, "at_least"), Share(5.0, "at_most"))  # 93 and 3 of 96


def test_columns_keep_all_they_have_when_cells_come_and_go() -> None:
    measures, more = everything()
    for one in company(*measures, **more).columns:
        wide = arrays(widened(one, 9))
        narrow = arrays(some(one, slice(2, None)))
        for name, array in arrays(one).items():
            assert wide[name].tolist() == [*array.tolist(), *[0] * 5]
            assert narrow[name].tolist() == array[2:].tolist()


def test_texts_say_what_rows_say() -> None:
    measures, more = everything()
    names = ["mean_bound", "se", "low", "high", "basis", "rwg", "enps", "enps_bound"]
    assert list(Shown._fields[-8:]) == list(Row._fields[-8:]) == names
    seen = set()
    for one in company(*measures, **more).columns:
        texts = shown(one)
        for row in one.rows():
            for name in names:
                text, value = getattr(texts, name)[row.node], getattr(row, name)
                assert (text is None) == (value is None)
                if value is not None:
                    seen.add(name)
                    assert text == value if isinstance(value, str) else Decimal(text) == Decimal(str(value))
                    places = {"rwg": 2, "se": (row.decimals or 0) + 1}.get(name, row.decimals)
                    assert isinstance(value, str) or -int(Decimal(text).as_tuple().exponent) == places
    assert seen >= set(names) - {"mean_bound", "enps_bound"}


def test_old_columns_are_as_they_were() -> None:
    """Whatever else is asked for, the measures' own figures do not change."""
    measures, more = everything()
    before, after = company(*measures), company(*measures, **more)
    for old, new in zip(before.columns, after.columns, strict=False):
        kept, now = arrays(old), arrays(new)
        assert all(np.array_equal(kept[name], now[name]) for name in kept)
        assert {name[:-1] for name in set(now) - set(kept)} <= {"se", "low", "high", "has_interval", "basis"}
    assert len(after.columns) == len(before.columns) + 4
