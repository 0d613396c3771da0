"""The auditor of whole waves on scales and indices beside their parts, and on deviations, counted by hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from service.disclosure.audit import Finding, Report, Verdict, audit_wave
from tests.make.counted_wave import AB, CROSSING, EVERYBODY, A, means, measured, of, one_item, scale, wave


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
