"""The auditor on figures made of figures: where they stand, and what of them contradicts itself."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.disclosure.audit import AuditRefused, Measured, Verdict, audit_wave
from tests.make.banded_wave import AB, EVERYBODY, A, K, measured, reasons, wave


def derived(**more: Any) -> list[Measured]:
    """Two items of which 9 and 40 people answered in class 0, and the mean of their means."""
    items = [measured("p", (9, 40, 40, 40)), measured("q", (40, 40, 40, 40))]
    return [*items, measured("s", [0] * 4, ("p", "q"), derived=True, **more)]


def test_a_figure_made_of_figures_stands_where_these_do() -> None:
    parts = {("p", "mean"): [EVERYBODY, A], ("q", "mean"): [EVERYBODY, A], ("q", "distribution"): [EVERYBODY, A]}
    good = parts | {("s", "mean"): [EVERYBODY, A]}
    report = audit_wave(wave(derived(), good))
    assert report.verdict == Verdict.safe
    assert "s" not in {finding.measure for finding in report.findings}
    assert reasons(audit_wave(wave(derived(), good | {("p", "mean"): [EVERYBODY]}))) == [
        ("s", "3", "it is derived from p, whose mean is not published")
    ]
    assert reasons(audit_wave(wave(derived(), good | {("s", "distribution"): [EVERYBODY]}))) == [
        ("s", "0", "it is derived from p, whose distribution is not published")
    ]
    both = good | {("p", "distribution"): [EVERYBODY], ("s", "distribution"): [EVERYBODY]}
    assert audit_wave(wave(derived(), both)).verdict == Verdict.safe
    deviations = {(one, "deviation"): [EVERYBODY] for one in "pqs"}
    assert reasons(audit_wave(wave(derived(), both | deviations))) == [
        ("s", "0", "it is a deviation of figures, not of people")
    ]


def test_its_items_are_judged_like_any_others() -> None:
    items = [measured("p", (40, 4, 40, 40)), *derived()[1:]]
    report = audit_wave(wave(items, {(one, "mean"): [AB, A] for one in "pqs"}))
    found = [(one.measure, one.verdict) for one in report.findings if one.measure]
    assert found == [("p", Verdict.unsafe), ("q", Verdict.safe)]


def test_it_is_held_to_the_fewest_people_of_its_parts() -> None:
    parts = {("p", "mean"): [A], ("q", "mean"): [A], ("s", "mean"): [A]}
    assert audit_wave(wave(derived(), parts)).verdict == Verdict.safe
    stricter = audit_wave(wave(derived(k=K | {"mean": 10}), parts))
    assert reasons(stricter) == [("s", "3", "it counts 9 people, fewer than 10")]
    made = wave(derived(), parts)
    wrong = [replace(one, least=one.most, most=one.most + 40) if one.measure == "s" else one for one in made.published]
    assert audit_wave(replace(made, published=wrong)).verdict == Verdict.safe
    wrong = [
        replace(one, least=one.most + 1, most=one.most + 40) if one.measure == "s" else one for one in made.published
    ]
    assert reasons(audit_wave(replace(made, published=wrong))) == [("s", "3", "it says 10 to 49 people and counts 9")]


def test_it_tells_nothing_of_who_answered_that_its_parts_do_not() -> None:
    """Held to more people than its items, it makes no row of that threshold: 9 of class 0 are left, of 10."""
    places = {(one, "mean"): [EVERYBODY, AB, A] for one in "pq"}
    items = [measured("p", (40, 9, 40, 40)), measured("q", (40, 9, 40, 40))]
    items.append(measured("s", [0] * 4, ("p", "q"), derived=True, k=K | {"mean": 10}))
    assert audit_wave(wave(items, places | {("s", "mean"): [AB, A]})).verdict == Verdict.safe


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"parts": ()}, "s: derived from nothing"),
        ({"n": np.array([1, 0, 0, 0])}, "s: it is derived from figures, and has respondents of its own"),
        ({"partial": np.array([1, 0, 0, 0])}, "s: it is derived from figures, and has respondents of its own"),
        ({"gates": ("r",)}, "s: an item that decides whether it is asked is missing"),
        ({"gates": ("s",)}, "s: what decides whether it is asked is no other item"),
        ({"gates": ("t",)}, "s: what decides whether it is asked is no other item"),
    ],
)
def test_a_derived_measure_that_contradicts_itself_is_refused(change: dict[str, Any], text: str) -> None:
    items = [*derived()[:2], measured("u", [9] * 4), measured("t", [9] * 4, ("u",)), derived(**change)[2]]
    with pytest.raises(AuditRefused, match=text):
        audit_wave(wave(items, {}))


def test_people_have_no_score_on_what_is_derived() -> None:
    index = measured("i", [0] * 4, ("s",))
    with pytest.raises(AuditRefused, match="i: a part of it is derived from figures, and it is not"):
        audit_wave(wave([*derived(), index], {}))
    assert audit_wave(wave([*derived(), replace(index, derived=True)], {})).verdict == Verdict.safe
