"""The auditor on tables small enough to follow by hand: safe as they stand, and every seeded defect found."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from service.disclosure.audit import THRESHOLDS, AuditRefused, Classes, Report, Row, Verdict, audit, by_rows_alone
from tests.make.documented import instance
from tests.make.team_table import CELLS, COUNTS, MEANS, judged, leak_of, merged, people


def test_the_table_is_safe_as_it_stands() -> None:
    report = judged(*MEANS)
    assert report.verdict == Verdict.safe
    mean, distribution = report.findings
    assert (mean.rows, mean.small, mean.open, mean.leak) == (8, 2, 0, None)
    assert sum(mean.proved) == 2
    assert (distribution.rows, distribution.verdict) == (0, Verdict.safe)


def test_one_suppression_dropped() -> None:
    leak = leak_of(judged(*MEANS, Row("mean", {"team": "2", "sex": "m"})))
    assert leak.people == 2
    assert leak.classes == ((3, Fraction(1)),)
    # Some sums of rows are the same sum: what counts is that this one gives the class.
    assert str(leak).endswith("= + class 3: 2 people, fewer than 5")


def test_one_cell_added_whose_double_is_the_leak() -> None:
    """Two classes are known as a sum and as a difference: twice each of them follows."""
    leak = leak_of(judged(*MEANS, merged(("2", "m"), ("3", "f"), ("1", "f"))))
    assert leak.classes == ((3, Fraction(1)),)
    assert {abs(factor) for _, factor in leak.terms} >= {Fraction(1, 2)}


def test_one_person_less_in_the_table() -> None:
    leak = leak_of(judged(*MEANS, counts=COUNTS | {("2", "f"): 1}))
    assert leak.people == 4
    assert dict(leak.classes) == {3: 1, 5: 1}


def test_a_difference_of_three_classes() -> None:
    counts = {("1", "m"): 1, ("1", "f"): 2, ("2", "m"): 1, ("2", "f"): 20}
    rows = merged(("1", "m"), ("1", "f"), ("2", "f")), merged(("2", "m"), ("2", "f"))
    leak = leak_of(judged(*rows, counts=counts))
    assert dict(leak.classes) == {0: 1, 1: 1, 2: -1}
    assert leak.people == 4
    assert judged(*rows, counts=counts | {("1", "f"): 3}).verdict == Verdict.safe


def test_a_factor_of_two_in_the_group_itself() -> None:
    counts = {("a", ""): 1, ("b", ""): 1, ("c", ""): 1, ("d", ""): 9, ("e", ""): 9}
    rows = (("a", "b", "d"), ("a", "c", "e"), ("d", "e"))
    given = [Row("mean", members=[{"team": one} for one in row]) for row in rows]
    leak = leak_of(judged(*given, counts=counts))
    assert dict(leak.classes) == {0: 2, 1: 1, 2: 1}
    assert [factor for _, factor in leak.terms] == [1, 1, -1]


def test_a_merged_cell_laid_over_published_ones() -> None:
    leak = leak_of(judged(*MEANS, merged(("1", "m"), ("2", "f"))))
    assert dict(leak.classes) == {3: 1}


def test_a_distribution_is_held_to_its_own_threshold_and_seen_by_the_mean() -> None:
    shares = [Row("distribution", cell) for cell in CELLS[:2]]
    report = judged(*MEANS, *shares)
    assert report.verdict == Verdict.safe
    assert report.findings[1].rows == 2
    # Everybody less team 1 less team 2 are nine people: enough for a mean, too few for a distribution.
    report = judged(*MEANS, *shares, Row("distribution", {"team": "2"}))
    assert [finding.verdict for finding in report.findings] == [Verdict.safe, Verdict.unsafe]
    assert report.findings[1].leak is not None
    assert report.findings[1].leak.people == 9


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row("mean", {"team": "3", "sex": "f"}), "it counts 3 people, fewer than 5"),
        (Row("distribution", {"team": "3"}), "it counts 9 people, fewer than 10"),
        (Row("mean", {"team": "1"}, n=14), "it says 14 people and counts 15"),
        (Row("mean", {"team": "4"}), "it counts nobody"),
        (Row("mean", {"site": "4"}), "it names a column that the class table has not"),
        (Row("mean", {"team": ""}), "it is broken down by an empty label"),
        (Row("mean", members=[{"team": "1"}, {"sex": "m"}]), "its cells share people"),
        (Row("mean", measure="Q1"), "the class table does not tell who answered its measure"),
        (Row("median"), "its family has no threshold"),
        (Row("distribution", {"team": "1", "sex": "m"}), "it counts 8 people, fewer than 10"),
        (
            Row("distribution", members=[{"team": "1"}, {"team": "2"}]),
            "it is a distribution whose mean is not published",
        ),
    ],
)
def test_a_row_is_refused_at_sight(row: Row, reason: str) -> None:
    report = judged(*MEANS, row)
    assert (row, reason) in [(refusal.row, refusal.reason) for refusal in report.refusals]
    assert report.verdict == Verdict.unsafe


def test_an_unknown_label_is_in_no_cell_of_its_column() -> None:
    report = judged(Row("mean", {"team": "1"}, n=15), counts=COUNTS | {("1", ""): 0, ("", "m"): 4})
    assert report.verdict == Verdict.safe
    report = judged(Row("mean", n=39), Row("mean", {"sex": "m"}, n=27), counts=COUNTS | {("", "m"): 4})
    assert report.verdict == Verdict.safe


def test_without_budget_nothing_is_called_safe() -> None:
    report = judged(*MEANS, budget=0)
    assert report.verdict == Verdict.not_proved
    assert report.findings[0].open == 2


@pytest.mark.parametrize("k", [{"mean": 5}, {"mean": 0, "distribution": 10}, {"mean": 5, "distribution": 1000}])
def test_thresholds_that_make_no_sense_are_refused(k: dict[str, int]) -> None:
    with pytest.raises(AuditRefused, match="thresholds"):
        audit(people(COUNTS), MEANS, k)


def test_a_class_table_that_makes_no_sense_is_refused() -> None:
    for columns, labels, n in (
        (("a", "a"), [("x", "y")], [1]),
        (("a",), [("x",)], []),
        (("a",), [("x", "y")], [1]),
        (("a",), [("x",)], [-1]),
    ):
        with pytest.raises(AuditRefused):
            Classes(columns, labels, n)
    with pytest.raises(AuditRefused, match="nobody"):
        audit(Classes(("a",), [("x",)], [0]), [])


# Rows alone.


def test_what_merged_rows_leave_is_seen_without_a_table() -> None:
    unit = Row("mean", {"unit": "U"}, n=20)
    teams = [Row("mean", {"unit": "U", "team": team}, n=n) for team, n in (("a", 7), ("b", 5))]
    small = [{"unit": "U", "team": team} for team in "cd"]
    assert by_rows_alone([unit, *teams, Row("mean", {"unit": "U"}, small, 8)], THRESHOLDS) == []
    found = by_rows_alone([unit, *teams, Row("mean", {"unit": "U"}, small, 6)], THRESHOLDS)
    assert [refusal.reason for refusal in found] == ["less its parts by team it leaves 2 people, fewer than 5"]
    # A merged cell over a team that stands for itself says nothing about what is left.
    over = [*small, {"unit": "U", "team": "a"}]
    assert by_rows_alone([unit, *teams, Row("mean", {"unit": "U"}, over, 6)], THRESHOLDS) == []
    found = by_rows_alone([unit, *teams, Row("mean", {"unit": "U"}, small, 9)], THRESHOLDS)
    assert [refusal.reason for refusal in found] == ["it says 20 people, and its parts by team are 21"]
    found = by_rows_alone([unit, Row("distribution", {"unit": "U"}, n=19)], THRESHOLDS)
    assert [refusal.reason for refusal in found] == ["it says 19 people, and its mean 20"]


# Items and scales.

BOTH = frozenset({"p", "q"})
SCALE = {"scale": ("p", "q")}


def items(answered: dict[tuple[str, frozenset[str]], int], *rows: Row) -> Report:
    table = Classes(
        ("team",), [(team,) for team, _ in answered], list(answered.values()), [a for _, a in answered], SCALE
    )
    return audit(table, rows)


def test_an_item_is_held_to_its_own_respondents() -> None:
    answered = {("A", BOTH): 9, ("B", BOTH): 5, ("B", frozenset("p")): 4}
    report = items(answered, Row("mean", {"team": "B"}, n=9, measure="p"), Row("mean", measure="p", n=18))
    assert report.verdict == Verdict.safe
    report = items(answered, Row("mean", measure="q", n=14), Row("mean", {"team": "A"}, measure="q", n=9))
    assert report.verdict == Verdict.safe
    short = answered | {("B", BOTH): 4}
    report = items(short, Row("mean", {"team": "B"}, measure="q"))
    assert [refusal.reason for refusal in report.refusals] == ["it counts 4 people, fewer than 5"]
    report = items(short, Row("mean", measure="q"), Row("mean", {"team": "A"}, measure="q"))
    assert report.refusals == ()
    assert (report.findings[0].measure, report.findings[0].verdict) == ("q", Verdict.unsafe)


def test_items_less_their_scale_are_the_one_who_skipped() -> None:
    answered = {("A", BOTH): 9, ("A", frozenset("p")): 1}
    rows = (Row("mean", measure="p"), Row("mean", measure="q"), Row("mean", measure="scale"))
    report = items(answered, *rows)
    assert report.verdict == Verdict.unsafe
    leak = next(finding.leak for finding in report.findings if finding.leak is not None)
    assert leak.people == 1
    assert (leak.classes, leak.items) == (((1, Fraction(1)),), ("p",))
    assert "class 1 (p): 1 people" in str(leak)
    # Without the other item the scale's sum is of two unknown answers each.
    assert items(answered, rows[0], rows[2]).verdict == Verdict.not_proved
    assert items(answered | {("A", frozenset("p")): 5}, *rows).verdict == Verdict.safe


def test_a_measure_that_nobody_answered_is_refused() -> None:
    report = items({("A", BOTH): 9}, Row("mean", measure="r"))
    assert [refusal.reason for refusal in report.refusals] == ["nobody answered its measure"]


def test_patterns_that_make_no_sense_are_refused() -> None:
    with pytest.raises(AuditRefused, match="set of answered items"):
        Classes(("a",), [("x",)], [1], [])
    with pytest.raises(AuditRefused, match="no item"):
        Classes(("a",), [("x",)], [1], None, {"scale": ()})


# Documented instances.


def cells_of(given: dict[str, Any], names: list[str], k: int) -> Report:
    atoms = Classes(("atom",), [(name,) for name in given["atoms"]], list(given["atoms"].values()))
    rows = [Row("mean", members=[{"atom": atom} for atom in given["cells"][name]]) for name in names]
    return audit(atoms, rows, {"mean": k, "distribution": 10})


@pytest.mark.shared
def test_the_pair_that_named_cells_leave(shared_data: Path) -> None:
    given = instance(shared_data, "pairs")
    said = given["expected"]
    leak = leak_of(cells_of(given, said["named_cell_publishes"], given["k"]))
    assert leak.people == 4
    assert [list(given["atoms"])[number] for number, _ in leak.classes] == said["still_derivable_group"]
    for names in said["group_safe_publishes_one_of"]:
        assert cells_of(given, names, given["k"]).verdict == Verdict.safe


@pytest.mark.shared
def test_the_table_of_a_manual(shared_data: Path) -> None:
    given = instance(shared_data, "vendor")
    leak = leak_of(cells_of(given, given["vendor_publishes"], given["expected"]["with_k"]))
    assert [list(given["atoms"])[number] for number, _ in leak.classes] == given["expected"]["vendor_leaks"]
