"""The auditor on scales that score people who skipped some items, by hand; brute force agrees wherever it is asked."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from service.disclosure.audit import AuditRefused, Gaps, Measured, Verdict, audit_wave
from service.disclosure.audit.model import worst
from tests.property.test_audit_gaps import READ_AS, Equations, Group, Scale, World, contradictions

# Four items, of which three are enough.
FEW = dict.fromkeys(READ_AS, 5)
ALL = frozenset({"q0", "q1", "q2", "q3"})


def by_hand(people: dict[Group, int], rows: dict[tuple[str, str], list[int]], *cuts: float, needed: int = 3) -> World:
    """Two classes; place 0 is of both."""
    return World(2, people, 2, {"q": Scale(tuple(sorted(ALL)), needed, cuts)}, [(0, 1), (0,)], FEW, rows)


def everywhere(*families: str, places: Sequence[int] = (0,)) -> dict[tuple[str, str], list[int]]:
    return {(one, family): list(places) for one in (*sorted(ALL), "q") for family in families}


def verdicts(world: World) -> dict[str, Verdict]:
    report = audit_wave(world.wave())
    assert contradictions(world, report, tell=False) == []
    found = {family: worst(one.verdict for one in report.findings if one.family == family) for family in READ_AS}
    return found | {"sight": Verdict.unsafe if report.refusals else Verdict.safe}


def test_one_person_with_a_gap_is_seen() -> None:
    for few in range(7):
        world = by_hand({(0, ALL): 20, (1, ALL - {"q0"}): few}, everywhere("mean"))
        said = verdicts(world)
        safe = few in (0, 5, 6)
        assert said["mean"] == (Verdict.safe if safe else Verdict.unsafe)
        reasons = [one.reason for one in audit_wave(world.wave()).refusals]
        assert reasons == ([] if safe else [f"it counts {few} people who are not in its part q0, fewer than 5"])


def test_an_example_is_what_is_left_of_the_complete() -> None:
    world = by_hand({(0, ALL): 20, (1, ALL - {"q0"}): 2}, everywhere("mean"))
    (found,) = [one for one in audit_wave(world.wave()).findings if one.verdict == Verdict.unsafe]
    assert found.leak is not None
    assert {(row.measure, int(factor)) for row, factor in found.leak.terms} == {
        ("q", 4), ("q0", -1), ("q1", -1), ("q2", -1), ("q3", -1),
    }  # fmt: skip
    assert found.leak.people == 2
    assert set(zip(found.leak.classes, found.leak.items, strict=True)) == {
        ((1, Fraction(1, 3)), item) for item in ("q1", "q2", "q3")
    }


def test_few_who_answered_too_little_are_seen() -> None:
    """Whether places are nested or cross, and whoever else has a gap."""
    for few, verdict in ((4, Verdict.unsafe), (5, Verdict.safe)):
        people = {(0, ALL): 20, (1, frozenset({"q0", "q1"})): few}
        assert verdicts(by_hand(people, everywhere("mean")))["mean"] == verdict


def test_few_of_a_size_hide_among_others_but_not_in_bands() -> None:
    """No multiple of the items' sums leaves three people alone; by bands of their scores they can be told."""
    people = {(0, ALL): 20, (0, frozenset({"q0", "q1"})): 5, (0, frozenset({"q2", "q3"})): 5, (1, ALL - {"q0"}): 3}
    assert verdicts(by_hand(people, everywhere("mean"), needed=2))["mean"] == Verdict.safe
    told = by_hand(people, everywhere("mean", "distribution"), 1.3, 1.4, needed=2)
    assert Equations(told, "q").leaky() == ["mean", "distribution"]
    assert verdicts(told)["distribution"] == Verdict.not_proved


@pytest.mark.parametrize(("few", "verdict"), [(2, Verdict.unsafe), (3, Verdict.not_proved)])
def test_an_example_where_places_cross_is_in_published_sums(few: int, verdict: Verdict) -> None:
    """All who count have a gap, so that a sum by their size is the published one over three; twice as many are left."""
    people = {(1, ALL - {"q2"}): few, (1, ALL - {"q3"}): few} | {(one, frozenset({"q0", "q1"})): 20 for one in (0, 2)}
    rows = {(one, "mean"): [1, 2] for one in ("q0", "q1", "q")}
    crossing = by_hand(people, rows)
    crossing.classes, crossing.places = 3, [(0, 1, 2), (0, 1), (1, 2)]
    assert verdicts(crossing)["mean"] == verdict
    leaks = [one.leak for one in audit_wave(crossing.wave()).findings if one.leak and one.family == "mean"]
    assert [one.people for one in leaks] == ([] if few == 3 else [4] * len(leaks))
    assert {(row.measure, factor) for one in leaks for row, factor in one.terms} == ({("q", 3)} if few == 2 else set())


def test_squares_of_single_answers_say_nothing_new() -> None:
    """Four people gave several answers, thirty others one: less the squares of items, the four are left."""
    for several, verdict in ((4, Verdict.not_proved), (5, Verdict.safe)):
        people = {(0, ALL): several, (0, frozenset({"q0"})): 30}
        rows = everywhere("mean") | {(one, "deviation"): [0] for one in ("q0", "q")}
        assert verdicts(by_hand(people, rows, needed=1))["deviation"] == verdict


GAPS = by_hand({(0, ALL): 20, (0, ALL - {"q0"}): 6, (1, ALL - {"q0", "q1"}): 7}, everywhere("mean")).wave()
WHOLE = GAPS.measures[-1]
assert WHOLE.gaps is not None
# Of class 0, [sizes, parts]: six people of size 3 skipped q0, twenty skipped nothing.
PEOPLE, ANSWERED = WHOLE.gaps.people, WHOLE.gaps.answered


def less(*counts: Sequence[int]) -> Gaps:
    """So many answers fewer in class 0, of people of size 3 and of the complete."""
    return Gaps(PEOPLE, ANSWERED - np.array(counts, np.int64)[:, :, None] * [1, 0])


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"gaps": Gaps(PEOPLE[:, :1], ANSWERED)}, "are not whole numbers by size"),
        ({"gaps": Gaps(PEOPLE.astype(float), ANSWERED)}, "are not whole numbers by size"),  # type: ignore[arg-type]
        ({"gaps": Gaps(PEOPLE, ANSWERED[:, :3])}, "are not whole numbers by size"),
        ({"gaps": Gaps(PEOPLE[:0], ANSWERED[:0])}, "who answered nothing, or more than all"),
        ({"gaps": less([0, -1, 1, 0], [0] * 4)}, "more people with gaps answered an item"),
        ({"gaps": less([1, 0, 0, -1], [0] * 4)}, "more people with gaps answered an item"),
        ({"gaps": less([0, 1, 0, 0], [0] * 4)}, "are not its respondents, or not by what"),
        ({"gaps": Gaps(np.add(PEOPLE, [[1, 0], [0, 0]]), ANSWERED)}, "are not its respondents, or not by what"),
        ({"n": WHOLE.n - [1, 0]}, "are not its respondents, or not by what"),
        ({"gaps": less([-1, 1, 0, 0], [0] * 4)}, "more of its respondents answered an item than did"),
        ({"partial": WHOLE.partial - [0, 1]}, "are not those who answered too few"),
        ({"partial": np.add(WHOLE.partial, [0, 8])}, "are not those who answered too few"),
        ({"parts": ("q0", "q1", "q2", "q")}, "part of itself"),
    ],
)
def test_people_with_gaps_agree_with_those_of_the_items(changed: dict[str, Any], text: str) -> None:
    room = GAPS.respondents + 20
    with pytest.raises(AuditRefused, match=text):
        audit_wave(replace(GAPS, respondents=room, measures=[*GAPS.measures[:-1], replace(WHOLE, **changed)]))


def test_who_does_not_count_answered_fewer_items_than_are_enough() -> None:
    """Of seven people with one answer each at most, seven can not have answered q0, and seven q1."""
    few = by_hand({(0, ALL): 20, (1, frozenset({"q0"})): 7}, everywhere("mean"), needed=2).wave()
    q0, q1, *others = few.measures
    with pytest.raises(AuditRefused, match="are not those who answered too few"):
        audit_wave(replace(few, measures=[q0, replace(q1, n=q0.n), *others]))
    single = by_hand({(0, ALL): 20, (1, frozenset({"q0"})): 7}, everywhere("mean")).wave()
    *items, whole = single.measures
    with pytest.raises(AuditRefused, match="are not those who answered too few"):
        audit_wave(replace(single, measures=[*items, replace(whole, partial=whole.partial - [0, 1])]))


@pytest.mark.parametrize("derived", [False, True])
def test_no_index_is_made_of_a_scale_with_gaps(derived: bool) -> None:
    nobody = np.zeros(2, np.int64)
    index = Measured("i", ("q",), nobody if derived else WHOLE.n, nobody, FEW, derived=derived)
    with pytest.raises(AuditRefused, match="i: a part of it scores people who skipped some of its items"):
        audit_wave(replace(GAPS, measures=[*GAPS.measures, index]))


def test_gaps_are_of_items() -> None:
    below = replace(GAPS.measures[0], id="below")
    measures = [below, replace(GAPS.measures[0], parts=("below",)), *GAPS.measures[1:]]
    with pytest.raises(AuditRefused, match="q: it scores people with gaps, and a part of it is no item"):
        audit_wave(replace(GAPS, measures=measures))
