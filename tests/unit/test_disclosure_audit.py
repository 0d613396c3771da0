"""The auditor on tables small enough to follow by hand: safe as they stand, and every seeded defect found."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.disclosure.audit import (
    THRESHOLDS,
    AuditRefused,
    Classes,
    Labels,
    Leak,
    Measured,
    Published,
    Report,
    Row,
    Verdict,
    Wave,
    audit,
    audit_wave,
    branch,
    by_rows_alone,
    inverse,
    machine,
    modular,
    neighbourhood,
    settled,
    simplex,
    solution,
)
from service.disclosure.audit.exchange import solved
from service.disclosure.audit.hunt import Hunt

COUNTS = {("1", "m"): 8, ("1", "f"): 7, ("2", "m"): 9, ("2", "f"): 2, ("3", "m"): 6, ("3", "f"): 3}
CELLS: tuple[Labels, ...] = (
    {},
    *({"team": team} for team in "123"),
    *({"sex": sex} for sex in "mf"),
    {"team": "1", "sex": "m"},
    {"team": "1", "sex": "f"},
)
MEANS = tuple(Row("mean", cell) for cell in CELLS)


def people(counts: dict[tuple[str, str], int]) -> Classes:
    return Classes(("team", "sex"), list(counts), list(counts.values()))


def judged(*rows: Row, counts: dict[tuple[str, str], int] = COUNTS, budget: int = 1000) -> Report:
    return audit(people(counts), rows, budget=budget)


def leak_of(report: Report) -> Leak:
    assert report.refusals == ()
    assert report.verdict == Verdict.unsafe
    leak = report.findings[0].leak
    assert leak is not None
    return leak


def merged(*cells: tuple[str, str]) -> Row:
    return Row("mean", members=[{"team": team, "sex": sex} for team, sex in cells])


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


def instance(shared_data: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data.parent / "reference" / "sdc" / f"{name}.json").read_text("utf-8"))
    return found


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


# Whole waves.

K = 5
# Two by two classes, and their margins: nothing but x = (1, -1, -1, 1) is unseen.
MARGINS = ((0, 1), (2, 3), (0, 2), (1, 3))
FEW = (2, 9, 9, 9)


def crossed(*items: Sequence[int]) -> Wave:
    """Items by the respondents of each class, published at all margins."""
    members = [np.array(row, np.int64) for row in MARGINS]
    measures, published = [], []
    for number, n in enumerate(items):
        people = np.array(n, np.int64)
        measures.append(Measured(f"q{number}", (), people, np.zeros(4, np.int64), {"mean": K}))
        counted = np.array([people[place].sum() for place in members])
        published.append(Published(f"q{number}", "mean", np.arange(4), counted, counted))
    names = [{"place": str(number)} for number in range(4)]
    return Wave(names, members, np.array(FEW, np.int64), measures, published)


def without_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaks of one or two points are noticed before anything is proved; here they have to be noticed by the proof."""
    monkeypatch.setattr(Hunt, "_look_up", lambda _: False)


def test_a_leak_is_not_proved_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody of class 3 answered the item, which isolates class 0."""
    without_look_up(monkeypatch)
    report = audit_wave(crossed((2, 9, 9, 0)))
    assert [one.verdict for one in report.findings] == [Verdict.safe, Verdict.unsafe]


def test_a_row_left_out_is_caught_by_the_check_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row is solved for nothing, as if it depended on the others."""
    without_look_up(monkeypatch)

    def sloppy(matrix: Any, first: int) -> Any:
        matrix[-1] = 0.0
        return solved(matrix, first)

    monkeypatch.setattr(solution, "solved", sloppy)
    assert Verdict.safe not in [one.verdict for one in audit_wave(crossed((2, 9, 9, 0))).findings]
    monkeypatch.setattr(solution, "bound_of", lambda *_: (10, 0))
    assert [one.verdict for one in audit_wave(crossed((2, 9, 9, 0))).findings] == [Verdict.safe, Verdict.safe]


def interpret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search as it is written, so that parts of it can be replaced."""
    for module in (branch, modular, settled, simplex):
        for name, one in list(vars(module).items()):
            if hasattr(one, "py_func"):
                monkeypatch.setattr(module, name, one.py_func)
    monkeypatch.setattr(neighbourhood, "search", branch.search)


def test_what_rows_may_see_counts_against_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they may see is said to be one person, each time; the rest of the proof is what it was."""
    fine = crossed(FEW)
    interpret(monkeypatch)
    assert audit_wave(fine).verdict == Verdict.safe
    real, seen = settled.settled, []

    def seeing(*given: Any) -> tuple[int, int]:
        seen.append(real(*given)[0])
        return settled.UNIT, 0

    monkeypatch.setattr(branch, "settled", seeing)
    assert audit_wave(fine).verdict == Verdict.not_proved
    assert seen
    assert set(seen) == {0}  # truly, so that it was nothing else


def test_no_sum_of_a_check_leaves_64_bits() -> None:
    # Points are rounded once and then moved in turns, by less than FARTHEST each time and half a unit for each point.
    rounded = settled.UNIT  # more points than that there are not
    moved = (1 + settled._TURNS) * (int(settled.FARTHEST) * settled.UNIT + rounded)
    assert moved + 40 * settled.UNIT + settled.MOST_SEEN < 1 << 63  # `weighed` adds people under a threshold
    assert inverse.LARGEST * inverse.MOST_ROWS <= 1 << 62
    assert inverse.MOST_ROWS >= 1 << 12
    # Parts of a row, each for its row of S, and the row itself.
    assert inverse.MOST_ROWS * inverse.LARGEST_PART + inverse.LARGEST_SCALE < 1 << 63


def test_a_bound_that_is_far_too_large_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where anything is seen at all: thirds are not whole multiples of one over UNIT."""
    counts = {(team, ""): n for team, n in zip("abcde", (9, 2, 9, 9, 4), strict=True)}
    rows = [Row("mean", members=[{"team": team} for team in row]) for row in ("ac", "abde", "bcd")]
    assert judged(*rows, counts=counts).verdict == Verdict.safe
    monkeypatch.setattr(solution, "bound_of", lambda *_: (1 << 40, 0))
    assert judged(*rows, counts=counts).verdict == Verdict.not_proved


def test_nothing_is_proved_where_rows_could_not_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """An example may be found still."""
    without_look_up(monkeypatch)
    monkeypatch.setattr(solution, "bound_of", lambda *_: (0, 0))
    assert audit_wave(crossed(FEW)).verdict == Verdict.not_proved
    assert audit_wave(crossed((2, 9, 9, 0))).findings[-1].verdict == Verdict.unsafe


def test_all_systems_together_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    items = (2, 8, 9, 9), (1, 9, 9, 9)
    assert audit_wave(crossed(*items), budget=1).verdict == Verdict.safe
    monkeypatch.setattr("service.disclosure.audit.wave.TOTAL", 2)
    report = audit_wave(crossed(*items), budget=1)
    assert [one.verdict for one in report.findings] == [Verdict.safe, Verdict.safe, Verdict.not_proved]
    assert report.findings[2].open == 1
    # A larger budget for each is one for all as well.
    assert audit_wave(crossed(*items), budget=3).verdict == Verdict.safe


def test_only_files_that_machine_code_hangs_on_say_where_it_is_kept() -> None:
    """An edit of any other compiles nothing anew."""
    texts = {file.stem: file.read_text("utf-8") for file in Path(machine.__file__).parent.glob("*.py")}
    found = {file.stem for file in machine._kernels()}
    assert {name for name, text in texts.items() if "\n@compiled\n" in text or "\n@inner\n" in text} < found
    assert {"arrays", "machine"} <= found
    assert not found & {"wave", "hunt", "case", "model", "together"}
