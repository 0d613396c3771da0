"""The auditor of whole waves: what it refuses at sight, and each rule of who answered and of items, counted by hand."""

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from service.disclosure.audit import Report, Verdict, audit_wave, tallies
from tests.make.counted_wave import (
    AB,
    BC,
    CD,
    CROSSING,
    EVERYBODY,
    LAYERED,
    A,
    column,
    means,
    measured,
    of,
    one_item,
    reasons,
    scale,
    wave,
)


def test_nested_places_of_enough_people_are_safe() -> None:
    places = [EVERYBODY, AB, CD, A]
    report = audit_wave(one_item({"mean": places, "distribution": places, "deviation": places}))
    assert report.refusals == ()
    assert report.verdict == Verdict.safe
    assert [(one.family, one.by, one.systems, one.proved, one.open) for one in tallies(report)] == [
        ("respondents", "residuals", 2, (6, 0), 0),
        ("mean", "residuals", 1, (3, 0), 0),
        ("distribution", "residuals", 1, (3, 0), 0),
        ("deviation", "residuals", 1, (3, 0), 0),
    ]


def test_a_wave_without_figures_is_safe() -> None:
    assert audit_wave(one_item({})).verdict == Verdict.safe


# At sight.


@pytest.mark.parametrize(
    ("published", "n", "reason"),
    [
        ({"mean": [A]}, (4, 40, 40, 40), "it counts 4 people, fewer than 5"),
        ({"mean": [EVERYBODY, A]}, (0, 40, 40, 40), "it counts nobody"),
        ({"mean": [A], "distribution": [A]}, (9, 40, 40, 40), "it counts 9 people, fewer than 10"),
        ({"mean": [A], "deviation": [A]}, (29, 40, 40, 40), "it counts 29 people, fewer than 30"),
        ({"mean": [AB], "distribution": [A]}, (40, 40, 40, 40), "it is a distribution whose mean is not published"),
        ({"mean": [AB], "deviation": [A]}, (40, 40, 40, 40), "it is a deviation whose mean is not published"),
        ({"deviation": [A]}, (40, 40, 40, 40), "it is a deviation whose mean is not published"),
        (
            {"mean": [EVERYBODY, A], "distribution": [EVERYBODY], "deviation": [A]},
            (40, 40, 40, 40),
            "it is a deviation whose distribution is not published",
        ),
    ],
)
def test_what_may_not_stand_is_refused(published: dict[str, list[int]], n: tuple[int, ...], reason: str) -> None:
    report = audit_wave(one_item(published, n))
    assert reasons(report) == [reason]
    assert report.verdict == Verdict.unsafe


def test_a_printed_number_holds_what_it_says() -> None:
    item = measured("q", (12, 40, 40, 40))
    good = wave([item], {})
    for band in (0, 2):
        assert audit_wave(replace(good, published=[column(item, "mean", [A], band)])).verdict == Verdict.safe
    for least, most, said in ((13, 13, "13"), (13, 15, "13 to 15"), (9, 11, "9 to 11")):
        wrong = replace(column(item, "mean", [A]), least=np.array([least]), most=np.array([most]))
        report = audit_wave(replace(good, published=[wrong]))
        assert reasons(report) == [f"it says {said} people and counts 12"]
        assert report.verdict == Verdict.unsafe


def test_few_who_skipped_a_part_are_seen_in_the_numbers() -> None:
    report = audit_wave(scale(means(EVERYBODY), [9, 9, 9, 9], [2, 2, 0, 0], [0, 0, 3, 4]))
    assert reasons(report) == ["its part p counts 4 people more, fewer than 5"]
    assert report.refusals[0].row.measure == "s"
    assert audit_wave(scale(means(EVERYBODY), [9, 9, 9, 9], [2, 2, 1, 0], [0, 0, 3, 4])).verdict == Verdict.safe


# Who answered at all, and items.


def test_a_place_less_those_inside_it() -> None:
    report = audit_wave(one_item({"mean": [AB, A]}, (40, 4, 40, 40)))
    assert report.verdict == Verdict.unsafe
    found = of(report, "mean", "q", "residuals")
    assert (found.small, found.proved, found.open) == (2, (1, 0), 1)
    assert found.leak is not None
    assert [(row.labels, factor) for row, factor in found.leak.terms] == [({"place": "1"}, 1), ({"place": "3"}, -1)]
    assert (found.leak.classes, found.leak.people, found.leak.k) == (((1, Fraction(1)),), 4, 5)
    assert audit_wave(one_item({"mean": [AB, A]}, (40, 5, 40, 40))).verdict == Verdict.safe
    assert audit_wave(one_item({"mean": [AB, A]}, (40, 0, 40, 40))).verdict == Verdict.safe


def test_an_item_is_held_to_its_own_respondents() -> None:
    counted = wave([measured("q", (40, 4, 40, 40))], {("q", "mean"): [AB, A]}, (40, 40, 40, 40))
    report = audit_wave(counted)
    assert of(report, "respondents", "", "residuals").verdict == Verdict.safe
    assert of(report, "mean", "q", "residuals").verdict == Verdict.unsafe


def test_two_measures_tell_together_who_answered_at_all() -> None:
    items = [measured("p", (40, 0, 40, 40)), measured("q", (40, 40, 40, 40))]
    report = audit_wave(wave(items, {("p", "mean"): [A], ("q", "mean"): [AB]}, (40, 40, 40, 40)))
    assert report.verdict == Verdict.safe
    items = [measured("p", (40, 4, 40, 40)), measured("q", (40, 4, 40, 40))]
    report = audit_wave(wave(items, {("p", "mean"): [A], ("q", "mean"): [AB]}))
    assert [(one.family, one.measure) for one in report.findings if one.verdict != Verdict.safe] == [
        ("respondents", "")
    ]
    assert report.verdict == Verdict.unsafe


def test_who_answered_at_all_is_judged_for_each_threshold_by_itself() -> None:
    def report(least: int) -> Report:
        items = [measured("p", (40, 7, 40, 40)), measured("q", (40, 7, 40, 40), mean=least)]
        return audit_wave(wave(items, {("p", "mean"): [A], ("q", "mean"): [AB]}))

    assert report(5).verdict == report(10).verdict == Verdict.safe
    # The row of a larger threshold is among those of the smaller one.
    assert [(one.k, one.rows) for one in report(10).findings if one.family == "respondents"] == [(5, 2), (10, 1)]


# Places that cross.


def test_places_that_cross_are_searched() -> None:
    report = audit_wave(one_item({"mean": CROSSING}))
    assert report.verdict == Verdict.safe
    assert {one.by for one in report.findings} == {"search"}
    # Twice nothing: what AB and BC share can not be told from the rest.
    assert audit_wave(one_item({"mean": CROSSING}, (8, 4, 8, 4))).verdict == Verdict.safe
    report = audit_wave(one_item({"mean": LAYERED}, (40, 4, 40, 40)))
    found = of(report, "mean", "q", "search")
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert found.leak.people == 4


def test_without_budget_nothing_is_called_safe() -> None:
    small = one_item({"mean": CROSSING}, (8, 4, 8, 4))
    report = audit_wave(small, budget=0)
    assert report.refusals == ()
    assert report.verdict == Verdict.not_proved


def test_items_that_the_same_people_answered_share_a_verdict() -> None:
    told: list[tuple[int, int]] = []
    items = [measured(f"q{number}", (8, 4, 8, 4)) for number in range(3)]
    published = {(item.id, "mean"): CROSSING for item in items}
    report = audit_wave(wave(items, published), told=lambda done, all_: told.append((done, all_)))
    assert report.verdict == Verdict.safe
    assert [one.measure for one in report.findings] == ["", "q0", "q1", "q2"]
    one = len(told)
    audit_wave(wave(items[:1], {("q0", "mean"): CROSSING}), told=lambda done, all_: told.append((done, all_)))
    assert len(told) == 2 * one


def test_items_in_other_places_share_no_verdict() -> None:
    items = [measured("p", (40, 4, 40, 40)), measured("q", (40, 4, 40, 40))]
    report = audit_wave(wave(items, {("p", "mean"): CROSSING, ("q", "mean"): LAYERED}))
    verdicts = [of(report, "mean", name, "search").verdict for name in "pq"]
    assert verdicts == [Verdict.safe, Verdict.unsafe]


def test_those_who_skipped_are_told_apart_where_places_cross() -> None:
    report = audit_wave(scale(means(*LAYERED), [9, 9, 9, 9], [5, 1, 5, 9], [5, 5, 5, 5]))
    assert report.refusals == ()
    assert report.verdict == Verdict.not_proved  # q of the five stands in the way, yet p by itself tells one person
    report = audit_wave(scale(means(*LAYERED), [9, 9, 9, 9], [5, 1, 5, 9], [5, 2, 5, 5]))
    found = of(report, "mean", "p", "search")
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert found.leak.people == 3
    assert set(zip(found.leak.classes, found.leak.items, strict=True)) == {
        ((1, Fraction(1)), "p"),
        ((1, Fraction(1)), "q"),
    }
    assert audit_wave(scale(means(*LAYERED), [9, 9, 9, 9], [5, 5, 5, 9], [5, 5, 5, 5])).verdict == Verdict.safe


def test_what_all_answers_do_not_bear_out_is_not_proved() -> None:
    """Without the figures of q the scale's sum is of two unknown answers each."""
    published = {("p", "mean"): LAYERED, ("s", "mean"): LAYERED}
    report = audit_wave(scale(published, [9, 9, 9, 9], [5, 1, 5, 9], [5, 5, 5, 5]))
    assert report.refusals == ()
    assert report.verdict == Verdict.not_proved


def test_a_whole_is_held_to_its_own_threshold_where_places_cross() -> None:
    everybody = scale(means(*LAYERED), [9, 9, 9, 9], [0] * 4, [0] * 4)
    assert audit_wave(everybody).verdict == Verdict.safe
    for thresholds, verdict in (({"mean": 9}, Verdict.safe), ({"mean": 10}, Verdict.unsafe)):
        stricter = scale({**means(*LAYERED), ("s", "mean"): LAYERED[:4]}, [9] * 4, [0] * 4, [0] * 4, **thresholds)
        assert audit_wave(stricter).verdict == verdict


# Large thresholds.


def test_thresholds_too_large_to_search_for_hold_where_places_are_nested_and_prove_nothing_elsewhere() -> None:
    nested = one_item({"mean": [EVERYBODY, AB, CD]}, mean=41, distribution=60)
    assert audit_wave(nested).verdict == Verdict.safe
    crossing = audit_wave(one_item({"mean": [EVERYBODY, AB, BC]}, mean=41, distribution=60))
    assert crossing.verdict == Verdict.not_proved
    assert {finding.open for finding in crossing.findings if finding.verdict == Verdict.not_proved} == {4}
    assert audit_wave(one_item({"mean": [EVERYBODY, AB, BC]}, mean=40, distribution=60)).verdict == Verdict.safe


def test_the_threshold_of_deviations_may_be_large() -> None:
    assert audit_wave(one_item({"mean": [EVERYBODY]}, deviation=10_000)).verdict == Verdict.safe


# Nothing compiled.


def test_nested_waves_load_no_compiler() -> None:
    code = """
import sys
from service.disclosure.audit import audit_wave
from tests.make import counted_wave as here

places = [here.EVERYBODY, here.AB, here.CD, here.A]
published = {(one, family): places for one in "pqs" for family in here.K}
made = here.scale(published, [40] * 4, [30, 30, 30, 0], [30, 30, 30, 0])
report = audit_wave(made)
assert report.refusals == () and report.verdict == "safe", report
assert {one.by for one in report.findings} == {"residuals", "blocks"}
print("numba" in sys.modules)
"""
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.returncode) == ("False", 0), ran.stderr
