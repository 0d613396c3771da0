"""What the auditor calls safe is proved: each part of the proof, and defects of it that must be noticed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.disclosure.audit import (
    Measured,
    Published,
    Row,
    Verdict,
    Wave,
    audit_wave,
    branch,
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
from tests.make.team_table import judged

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
