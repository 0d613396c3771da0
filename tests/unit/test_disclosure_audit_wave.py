"""The auditor of whole waves: each refusal, each rule, on waves small enough to count by hand."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from service.disclosure.audit import (
    AuditRefused,
    Finding,
    Measured,
    Published,
    Report,
    Verdict,
    Wave,
    audit_wave,
    tallies,
)

K = {"mean": 5, "distribution": 10, "deviation": 30}
EVERYBODY, AB, CD, A, BC = range(5)
MEMBERS = ((0, 1, 2, 3), (0, 1), (2, 3), (0,), (1, 2))


def measured(
    name: str, n: Sequence[int], parts: tuple[str, ...] = (), partial: Sequence[int] = (), **more: int | bool
) -> Measured:
    """Thresholds by family and `alike` among the rest."""
    alike = bool(more.pop("alike", True))
    some = np.array(partial or [0] * len(n), np.int64)
    return Measured(name, parts, np.array(n, np.int64), some, K | more, alike)


def column(measure: Measured, family: str, places: Sequence[int], band: int = 0) -> Published:
    n = np.array([sum(int(measure.n[one]) for one in MEMBERS[place]) for place in places], np.int64)
    return Published(measure.id, family, np.array(places, np.int64), n - band, n + band)


def wave(
    measures: Sequence[Measured], published: Mapping[tuple[str, str], Sequence[int]], respondents: Sequence[int] = ()
) -> Wave:
    by_id = {measure.id: measure for measure in measures}
    everybody = np.maximum.reduce([measure.n + measure.partial for measure in measures])
    return Wave(
        names=[{"place": str(number)} for number in range(len(MEMBERS))],
        members=[np.array(classes, np.int64) for classes in MEMBERS],
        respondents=np.array(respondents, np.int64) if respondents else everybody,
        measures=measures,
        published=[column(by_id[name], family, places) for (name, family), places in published.items()],
    )


def one_item(published: Mapping[str, Sequence[int]], n: Sequence[int] = (40, 40, 40, 40), **k: int) -> Wave:
    return wave([measured("q", n, **k)], {("q", family): places for family, places in published.items()})


def scale(
    published: Mapping[tuple[str, str], Sequence[int]],
    complete: Sequence[int],
    only_p: Sequence[int],
    only_q: Sequence[int],
    **more: int | bool,
) -> Wave:
    """Two items p and q, and s of both: by class who answered both, and who one alone."""
    both, p, q = (np.array(n) for n in (complete, only_p, only_q))
    items = measured("p", (both + p).tolist()), measured("q", (both + q).tolist())
    whole = measured("s", list(complete), ("p", "q"), (p + q).tolist(), **more)
    return wave([*items, whole], published, (both + p + q).tolist())


def means(*places: int) -> dict[tuple[str, str], Sequence[int]]:
    return {(measure, "mean"): places for measure in "pqs"}


def of(report: Report, family: str, measure: str, by: str) -> Finding:
    found = [one for one in report.findings if (one.family, one.measure, one.by) == (family, measure, by)]
    assert len(found) == 1
    return found[0]


def reasons(report: Report) -> list[str]:
    return [refusal.reason for refusal in report.refusals]


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

CROSSING = [EVERYBODY, AB, BC]
LAYERED = [EVERYBODY, AB, CD, A, BC]


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


# Wholes at nested places.


def blocks_of(report: Report) -> Finding:
    assert report.refusals == ()
    return of(report, "mean", "s", "blocks")


def test_a_block_may_not_leave_few_partial_people() -> None:
    report = audit_wave(scale(means(AB, A), [9, 9, 9, 9], [5, 1, 0, 0], [5, 1, 0, 0]))
    found = blocks_of(report)
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert found.leak.people == 2
    assert {(row.measure, row.labels["place"], int(factor)) for row, factor in found.leak.terms} == {
        ("s", "1", 1), ("s", "3", -1), ("p", "1", -1), ("p", "3", 1), ("q", "1", -1), ("q", "3", 1),
    }  # fmt: skip
    assert "class 1 (p)" in str(found.leak)
    assert blocks_of(audit_wave(scale(means(AB, A), [9] * 4, [5, 0, 0, 0], [5, 0, 0, 0]))).verdict == Verdict.safe
    assert blocks_of(audit_wave(scale(means(AB, A), [9] * 4, [5, 5, 0, 0], [5, 5, 0, 0]))).verdict == Verdict.safe


def test_an_example_is_held_to_the_threshold_of_what_it_describes() -> None:
    """The whole has the threshold of its sensitive item, which the partial people skipped."""
    report = audit_wave(scale(means(AB, A), [19] * 4, [10, 7, 0, 0], [0] * 4, mean=10))
    assert report.refusals == ()
    assert report.verdict == Verdict.safe
    assert "blocks" not in {one.by for one in report.findings}
    found = blocks_of(audit_wave(scale(means(AB, A), [19] * 4, [10, 4, 0, 0], [0] * 4, mean=10)))
    assert found.leak is not None
    assert (found.leak.people, found.leak.k, found.k) == (4, 5, 10)


def test_a_block_may_not_leave_few_complete_people() -> None:
    report = audit_wave(scale(means(AB, A), [9, 3, 9, 9], [5, 5, 0, 0], [5, 5, 0, 0]))
    found = blocks_of(report)
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert (found.leak.people, [row.measure for row, _ in found.leak.terms]) == (3, ["s", "s"])
    assert audit_wave(scale(means(AB, A), [9, 0, 9, 9], [5, 5, 0, 0], [5, 5, 0, 0])).verdict == Verdict.safe


def test_a_block_is_held_to_the_threshold_of_the_whole() -> None:
    for k, verdict in ((7, Verdict.safe), (8, Verdict.unsafe)):
        assert audit_wave(scale(means(AB, A), [19, 7, 0, 0], [0] * 4, [0] * 4, mean=k)).verdict == verdict


def test_a_combination_may_save_complete_people_here_and_partial_ones_there() -> None:
    published = {("p", "mean"): [AB, A], ("q", "mean"): [AB, A], ("s", "mean"): [AB]}
    report = audit_wave(scale(published, [10, 2, 0, 0], [1, 5, 0, 0], [1, 5, 0, 0]))
    found = blocks_of(report)
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert found.leak.people == 4
    assert set(zip((one for one, _ in found.leak.classes), found.leak.items, strict=True)) == {
        (0, "p"), (0, "q"), (1, "s"),
    }  # fmt: skip
    assert audit_wave(scale(published, [10, 3, 0, 0], [1, 5, 0, 0], [1, 5, 0, 0])).verdict == Verdict.safe


def test_few_missing_in_a_part_are_not_proved() -> None:
    report = audit_wave(scale(means(AB, A), [9, 9, 9, 9], [5, 1, 0, 0], [5, 9, 0, 0]))
    assert report.refusals == ()
    assert report.verdict == Verdict.not_proved


def test_a_whole_without_its_parts_beside_it_is_searched() -> None:
    fine = audit_wave(scale({("s", "mean"): [AB, A]}, [9, 9, 9, 9], [5, 1, 0, 0], [5, 1, 0, 0]))
    assert fine.refusals == ()
    assert fine.verdict == Verdict.safe
    half = {("s", "mean"): [AB, A], ("p", "mean"): [AB]}
    assert audit_wave(scale(half, [9, 9, 9, 9], [5, 1, 0, 0], [5, 1, 0, 0])).verdict != Verdict.unsafe


def test_with_different_answers_the_least_missing_part_counts() -> None:
    """Of an answer that p alone has, the whole's share is of p alone."""
    places = {(one, "mean"): [AB, A] for one in "pq"} | {("s", "mean"): [AB]}
    shares = {(one, "distribution"): [AB] for one in "pqs"}
    people = [10, 0, 0, 0], [1, 10, 0, 0], [10, 0, 0, 0]
    assert audit_wave(scale(places | shares, *people)).verdict == Verdict.safe
    assert audit_wave(scale(places, *people, alike=False)).verdict == Verdict.safe
    assert audit_wave(scale(places | shares, *people, alike=False)).verdict == Verdict.not_proved


def test_an_index_against_its_scales() -> None:
    def report(missing: int, other: int) -> Report:
        """By class: who answered both scales; `missing` of class 1 answered r alone, `other` t alone."""
        both, r, t = np.array([9, 9, 9, 9]), np.array([5, missing, 0, 0]), np.array([5, other, 0, 0])
        nobody = [0, 0, 0, 0]
        measures = [
            measured("r1", (both + r).tolist()),
            measured("r", (both + r).tolist(), ("r1",), nobody),
            measured("t1", (both + t).tolist()),
            measured("t", (both + t).tolist(), ("t1",), nobody),
            measured("x", both.tolist(), ("r", "t"), (r + t).tolist()),
        ]
        published = {(measure.id, "mean"): [AB, A] for measure in measures}
        return audit_wave(wave(measures, published, (both + r + t).tolist()))

    assert report(5, 5).verdict == report(0, 0).verdict == Verdict.safe
    found = of(report(1, 2), "mean", "x", "blocks")
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert found.leak.people == 3
    assert report(1, 9).verdict == Verdict.not_proved


def test_a_distribution_is_read_as_a_mean_beside_its_scale() -> None:
    published = {("p", "distribution"): [AB, A], ("q", "mean"): [AB, A], ("s", "mean"): [AB, A]}
    report = audit_wave(scale(published, [19, 19, 9, 9], [10, 1, 0, 0], [10, 1, 0, 0]))
    assert report.refusals == ()
    assert blocks_of(report).verdict == Verdict.unsafe


# Deviations.


def test_deviations_leave_enough_of_each_other() -> None:
    def verdict(n: int) -> Verdict:
        report = audit_wave(one_item({"mean": [AB, A], "deviation": [AB, A]}, (40, n, 40, 40)))
        assert report.refusals == ()
        return of(report, "deviation", "q", "residuals").verdict

    assert (verdict(29), verdict(30), verdict(0)) == (Verdict.unsafe, Verdict.safe, Verdict.safe)


def test_deviations_where_places_cross_are_not_proved() -> None:
    report = audit_wave(one_item({"mean": CROSSING, "deviation": CROSSING}))
    assert [(one.family, one.verdict) for one in report.findings if one.verdict != Verdict.safe] == [
        ("deviation", Verdict.not_proved)
    ]
    assert report.verdict == Verdict.not_proved
    assert audit_wave(one_item({"mean": CROSSING, "deviation": [EVERYBODY, AB]})).verdict == Verdict.safe


def single(published: Mapping[tuple[str, str], Sequence[int]], n: Sequence[int]) -> Report:
    """An item, and a scale of it alone."""
    items = [measured("p", n), measured("s", n, ("p",))]
    report = audit_wave(wave(items, published))
    assert report.refusals == ()
    return report


def test_a_whole_with_one_part_has_the_squares_of_its_part() -> None:
    means = {("p", "mean"): [AB, A], ("s", "mean"): [AB, A]}
    apart = {("p", "deviation"): [AB], ("s", "deviation"): [A]}
    assert single(means | apart, (40, 30, 40, 40)).verdict == Verdict.safe
    report = single(means | apart, (40, 29, 40, 40))
    found = of(report, "deviation", "p", "residuals")
    assert found.verdict == Verdict.unsafe
    assert found.leak is not None
    assert [(row.measure, row.family) for row, _ in found.leak.terms] == [("p", "deviation"), ("s", "deviation")]
    # The part's distribution tells squares too: the whole's deviations may not stand beside it.
    shares = {("p", "distribution"): [A]}
    assert single(means | shares | {("s", "deviation"): [A]}, (40, 30, 40, 40)).verdict == Verdict.safe
    assert single(means | shares | {("s", "deviation"): [AB]}, (40, 30, 40, 40)).verdict == Verdict.not_proved


def test_a_whole_with_several_parts_is_judged_by_its_own_residuals() -> None:
    published = {**means(AB, A), ("p", "deviation"): [AB], ("s", "deviation"): [A]}
    assert audit_wave(scale(published, [40, 10, 40, 40], [0] * 4, [0] * 4)).verdict == Verdict.safe


def test_a_whole_over_distributions_shows_no_deviations_where_places_cross() -> None:
    published = {**means(*CROSSING), ("s", "deviation"): [EVERYBODY]}
    people = [40] * 4, [0] * 4, [0] * 4
    assert audit_wave(scale(published, *people)).verdict == Verdict.safe
    shares = {(one, "distribution"): [EVERYBODY] for one in "pq"}
    assert audit_wave(scale(published | shares, *people)).verdict == Verdict.not_proved
    shares[("s", "distribution")] = [EVERYBODY]
    assert audit_wave(scale(published | shares, *people)).verdict == Verdict.safe


# What can not be judged.


def broken(**parts: object) -> Wave:
    good = scale(means(EVERYBODY), [9, 9, 9, 9], [5, 0, 0, 0], [5, 0, 0, 0])
    return replace(good, **parts)  # type: ignore[arg-type]


GOOD = broken()
P, Q, S = GOOD.measures
COLUMN = GOOD.published[0]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (broken(respondents=np.array([19, 9, 9, 9, 9])), "p: its respondents"),
        (broken(respondents=np.array([19, 9, 9, -1])), "respondents: fewer than nobody"),
        (broken(respondents=np.array([19, 9, 9, 1 << 40])), "respondents: more people than can be added up"),
        (broken(respondents=np.full(4, 1 << 62)), "respondents: more people than can be added up"),
        (broken(measures=[replace(P, n=P.n + (1 << 38)), Q, S]), "p: its respondents: more people than can"),
        (broken(measures=[replace(P, n=P.n + (1 << 62)), Q, S]), "p: its respondents: more people than can"),
        (broken(measures=[P, Q, replace(S, partial=S.n + (1 << 62))]), "s: its partial respondents: more people than"),
        (broken(respondents=np.array([19, 9, 9, 8])), "p: more respondents than people"),
        (broken(respondents=np.array([19.0, 9, 9, 9])), "whole numbers"),
        (broken(names=[]), "not one name"),
        (broken(members=[*GOOD.members[:-1], np.array([3, 4])]), "place 4: its classes"),
        (broken(members=[*GOOD.members[:-1], np.array([2, 1])]), "place 4: its classes"),
        (broken(members=[*GOOD.members[:-1], np.array([1, 1])]), "place 4: its classes"),
        (broken(measures=[P, Q, S, P]), "a measure stands twice"),
        (broken(measures=[P, S]), "s: a part of it is missing"),
        (broken(measures=[P, Q, S, replace(S, id="r")]), "part of two"),
        (broken(measures=[P, Q, replace(S, parts=("p", "q", "p"))]), "part of two"),
        (broken(measures=[P, Q, replace(S, parts=("p", "q", "s"))]), "part of itself"),
        (broken(measures=[replace(P, n=P.n[:3]), Q, S]), "p: its respondents"),
        (broken(measures=[replace(P, n=P.n - 10), Q, S]), "p: its respondents"),
        (broken(measures=[replace(P, partial=P.partial + 1), Q, S]), "p: "),
        (broken(measures=[replace(P, n=P.n - 5, partial=P.n - P.n + 1), Q, S]), "p: partial respondents of an item"),
        (broken(measures=[replace(P, n=P.n - 6), Q, S]), "s: more respondents than a part"),
        (broken(measures=[P, Q, replace(S, partial=np.array([4, 0, 0, 0]))]), "s: its partial respondents"),
        (broken(measures=[P, Q, replace(S, n=S.n - 2, partial=np.array([5, 2, 2, 2]))]), "s: its partial respondents"),
        (broken(measures=[P, Q, replace(S, n=S.n - [3, 0, 0, 0], partial=np.array([7, 0, 0, 0]))]), "s: its partial"),
        (broken(respondents=GOOD.respondents + 9, measures=[P, Q, replace(S, partial=np.array([11, 0, 0, 0]))]), "s: "),
        (broken(measures=[P, Q, replace(S, parts=("p",), partial=P.n - S.n)]), "s: its partial respondents"),
        (broken(measures=[replace(P, k=K | {"mean": 0}), Q, S]), "p, mean: its threshold"),
        (broken(measures=[replace(P, k=K | {"distribution": 20_001}), Q, S]), "p, distribution: its threshold"),
        (broken(measures=[replace(P, k=K | {"deviation": 20_001}), Q, S]), "p, deviation: its threshold"),
        (broken(measures=[replace(P, k=K | {"median": 5}), Q, S]), "p: a threshold of an unknown family"),
        (broken(measures=[replace(P, k={"distribution": 10}), Q, S]), "p, mean: it has no threshold"),
        (broken(published=[replace(COLUMN, measure="r")]), "r, mean: an unknown measure"),
        (broken(published=[replace(COLUMN, family="median")]), "p, median: an unknown family"),
        (broken(published=[COLUMN, COLUMN]), "p, mean: published twice"),
        (broken(published=[replace(COLUMN, places=np.array([5]))]), "p, mean: its places"),
        (broken(published=[replace(COLUMN, places=np.array([-1]))]), "p, mean: its places"),
        (broken(published=[replace(COLUMN, places=np.array([1, 0]))]), "p, mean: its places"),
        (broken(published=[replace(COLUMN, least=np.array([1, 1]))]), "p, mean: its printed respondents"),
        (broken(published=[replace(COLUMN, most=np.array([[41]]))]), "p, mean: its printed respondents"),
    ],
)
def test_a_wave_that_contradicts_itself_is_refused(made: Wave, text: str) -> None:
    with pytest.raises(AuditRefused, match=text):
        audit_wave(made)


def test_as_many_people_as_can_be_added_up_are_judged() -> None:
    most = (1 << 40) - int(GOOD.respondents[1:].sum())
    n = np.array([most, *GOOD.respondents[1:]])
    measures = [replace(one, n=n, partial=np.zeros_like(n)) for one in (P, Q, S)]
    seen = replace(COLUMN, least=np.array([n.sum()]), most=np.array([n.sum()]))
    report = audit_wave(broken(respondents=n, measures=measures, published=[seen]))
    assert report.verdict == Verdict.safe


def test_the_threshold_of_deviations_may_be_large() -> None:
    assert audit_wave(one_item({"mean": [EVERYBODY]}, deviation=10_000)).verdict == Verdict.safe


# Nothing compiled.


def test_nested_waves_load_no_compiler() -> None:
    code = """
import sys
import tests.unit.test_disclosure_audit_wave as here

places = [here.EVERYBODY, here.AB, here.CD, here.A]
published = {(one, family): places for one in "pqs" for family in here.K}
made = here.scale(published, [40] * 4, [30, 30, 30, 0], [30, 30, 30, 0])
report = here.audit_wave(made)
assert report.refusals == () and report.verdict == "safe", report
assert {one.by for one in report.findings} == {"residuals", "blocks"}
print("numba" in sys.modules)
"""
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.returncode) == ("False", 0), ran.stderr


def test_thresholds_too_large_to_search_for_hold_where_places_are_nested_and_prove_nothing_elsewhere() -> None:
    nested = one_item({"mean": [EVERYBODY, AB, CD]}, mean=41, distribution=60)
    assert audit_wave(nested).verdict == Verdict.safe
    crossing = audit_wave(one_item({"mean": [EVERYBODY, AB, BC]}, mean=41, distribution=60))
    assert crossing.verdict == Verdict.not_proved
    assert {finding.open for finding in crossing.findings if finding.verdict == Verdict.not_proved} == {4}
    assert audit_wave(one_item({"mean": [EVERYBODY, AB, BC]}, mean=40, distribution=60)).verdict == Verdict.safe
