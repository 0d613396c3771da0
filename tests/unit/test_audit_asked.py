"""The auditor on how many are asked, of those who answered what decides about it: each clause."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.disclosure.audit import AuditRefused, Gaps, Measured, Verdict, Wave, Where, audit_wave
from tests.make.banded_wave import AB, CD, EVERYBODY, A, K, measured, reasons, wave

BELOW, SPLIT = " outside the places below it", " outside the places that split it"
FREE = measured("free", [60] * 4)
GATE = measured("g", (60, 60, 60, 60))
ALL = [EVERYBODY, AB, CD, A]
GATES = {("g", "mean"): ALL, ("g", "distribution"): ALL}


def branch(*n: int, **more: Any) -> Measured:
    return measured(more.pop("id", "q"), n, **({"gates": ("g",)} | more))


def said(people: int, those: int, others: int, area: str = "", gate: str = "g") -> str:
    counted = f"{those} were asked and {others} were not, which is too few"
    return f"of {people} people who answered {gate}{area}, {counted}"


def of_q(measures: Sequence[Measured], families: Mapping[str, Sequence[int]], **more: Any) -> list[tuple[str, str]]:
    """What is said of an item at these places, by place; `more` is of the wave."""
    shown = GATES | {("q", family): places for family, places in families.items()}
    members = more.pop("members", None)
    made = wave(measures, shown) if members is None else wave(measures, shown, members)
    return [(place, reason) for measure, place, reason in reasons(audit_wave(replace(made, **more))) if measure == "q"]


def test_enough_people_on_both_sides_everywhere_are_safe() -> None:
    places = {"mean": ALL, "distribution": [EVERYBODY, AB], "deviation": [AB]}
    shown = GATES | {("q", family): where for family, where in places.items()}
    assert audit_wave(wave([GATE, branch(20, 20, 20, 20)], shown)).verdict == Verdict.safe
    assert of_q([GATE, branch(20, 20, 20, 20)], places) == []


@pytest.mark.parametrize(("n", "those"), [((20, 20, 0, 0), 0), ((20, 20, 60, 60), 120), ((20, 20, 2, 2), 4)])
def test_what_is_left_of_a_unit_without_those_below_has_people_asked_and_not(n: tuple[int, ...], those: int) -> None:
    """Seeded defect: all places could stand by themselves. Nobody, everybody or few are asked in the unit withheld."""
    wrong = ("0", said(120, those, 120 - those, BELOW))
    assert of_q([GATE, branch(*n)], {"mean": [EVERYBODY, AB]}) == [wrong]
    assert of_q([GATE, branch(*n)], {"mean": [EVERYBODY]}) == []
    assert of_q([GATE, branch(*n)], {"mean": [AB]}) == []
    assert of_q([FREE, measured("g", (60, 60, 0, 0)), branch(20, 20, 0, 0)], {"mean": [EVERYBODY, AB]}) == []


def test_the_next_places_below_are_taken_away_and_not_those_in_them() -> None:
    families = {"mean": [EVERYBODY, AB, A]}
    assert of_q([GATE, branch(20, 20, 20, 20)], families) == []
    assert of_q([GATE, branch(20, 0, 20, 20)], families) == [("1", said(60, 0, 60, BELOW))]
    # A alone is below everybody where the unit between is withheld.
    assert of_q([GATE, branch(20, 0, 0, 0)], {"mean": [EVERYBODY, A]}) == [("0", said(180, 0, 180, BELOW))]


def test_each_family_leaves_what_its_own_places_leave() -> None:
    item = branch(20, 20, 0, 0)
    assert of_q([GATE, item], {"mean": [EVERYBODY], "distribution": [EVERYBODY]}) == []
    assert of_q([GATE, item], {"mean": [EVERYBODY, AB], "distribution": [EVERYBODY]}) == [
        ("0", said(120, 0, 120, BELOW))
    ]
    assert of_q([GATE, branch(20, 20, 14, 0)], {"mean": [EVERYBODY, AB]}) == []
    both = {"mean": [EVERYBODY, AB], "distribution": [EVERYBODY, AB]}
    assert of_q([GATE, branch(20, 20, 8, 0)], both) == [("0", said(120, 8, 112, BELOW))]  # of the distribution alone
    # What deviations leave is made of what means leave, whatever their own threshold.
    assert of_q([GATE, branch(20, 20, 8, 0)], {"mean": [EVERYBODY, AB], "deviation": [EVERYBODY, AB]}) == []


@pytest.mark.parametrize(
    ("people", "fewer", "safe"),
    [
        (20, 2, False),
        (20, 3, True),
        (29, 2, False),
        (29, 3, True),
        (30, 1, False),
        (30, 2, True),
        (40, 2, False),
        (40, 3, True),
        (99, 4, False),
        (99, 5, True),
        (100, 2, False),
        (100, 3, True),
        (999, 19, False),
        (999, 20, True),
        (1_000, 1, True),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_fewer_are_outside_the_end_bands(people: int, fewer: int, safe: bool, turned: bool) -> None:
    k = {"mean": 1, "distribution": 1}
    n = people - fewer if turned else fewer
    wrong = said(people, n, people - n)
    gate = measured("g", (people, 0, 0, 0), k=k)
    found = of_q([gate, branch(n, 0, 0, 0, k=k)], {"mean": [A]})
    assert found == ([] if safe else [("3", wrong)])
    # The same as what a place leaves: all others have as many as they need.
    gate = measured("g", (60, 60, people, 0), k=k)
    found = of_q([gate, branch(20, 20, n, 0, k=k)], {"mean": [EVERYBODY, AB]})
    assert found == ([] if safe else [("0", said(people, n, people - n, BELOW))])


@pytest.mark.parametrize(("fewer", "mean", "distribution"), [(4, 1, 1), (5, 0, 1), (9, 0, 1), (10, 0, 0)])
def test_both_sides_have_the_threshold_of_the_family(fewer: int, mean: int, distribution: int) -> None:
    wrong = ("3", said(60, 60 - fewer, fewer))
    item = branch(60 - fewer, 0, 0, 0)
    assert of_q([GATE, item], {"mean": [A]}) == [wrong] * mean
    assert of_q([GATE, item], {"mean": [A], "distribution": [A]}) == [wrong] * (mean + distribution)
    item = branch(60 - fewer, 0, 0, 0, k=K | {"mean": 20})
    assert of_q([GATE, item], {"mean": [A]}) == [wrong]


def test_who_answered_without_an_answer_to_the_gate_is_not_proved() -> None:
    assert of_q([FREE, measured("g", [40] * 4), branch(45, 0, 0, 0)], {"mean": [A]}) == [("3", said(40, 45, -5))]


@pytest.mark.parametrize(
    ("n", "those", "others", "safe"),
    [(30, 10, 30, True), (25, 5, 35, True), (24, 4, 36, False), (55, 35, 5, True), (56, 36, 4, False), (12, -8, 48, 0)],
)
def test_people_who_skipped_the_gate_may_be_asked_as_well(n: int, those: int, others: int, safe: bool) -> None:
    """Of 60 people 20 did."""
    items = [FREE, measured("g", [40] * 4), branch(n, 0, 0, 0, asks_skippers=True)]
    assert of_q(items, {"mean": [A]}) == ([] if safe else [("3", said(40, those, others))])


def test_several_gates_are_answered_by_everybody() -> None:
    other = measured("h", [60] * 4)
    few = measured("h", (60, 60, 60, 59))
    shown = {("h", family): places for (_, family), places in GATES.items()}
    item = branch(20, 20, 20, 20, gates=("g", "h"))
    made = wave([FREE, GATE, other, item], GATES | shown | {("q", "mean"): ALL})
    assert audit_wave(made).refusals == ()
    made = wave([FREE, GATE, few, item], GATES | shown | {("q", "mean"): [A]})
    assert [reason for _, _, reason in reasons(audit_wave(made))] == [
        "whether it is asked is an answer to 2 items, of which not everybody answered h"
    ]
    item = branch(57, 20, 20, 20, gates=("g", "h"), asks_skippers=True)
    made = wave([FREE, GATE, other, item], GATES | shown | {("q", "mean"): [A]})
    assert [reason for _, _, reason in reasons(audit_wave(made))] == [said(60, 57, 3, gate=one) for one in "gh"]


# By dimensions: two sites x and y and people of neither, two ages; a region r that unites the sites.

CLASSES = [(site, age) for site in ("x", "y", "") for age in ("o", "m")]
VALUES = [
    {},
    {"site": "x"},
    {"site": "y"},
    *({"site": site, "age": age} for site in "xy" for age in "om"),
    {"region": "r"},
    {"age": "m"},
]
WHOLE, X, Y, XO, XM, YO, YM, R, M = range(9)


def value(name: str, site: str, age: str) -> str:
    return {"site": site, "age": age, "region": "r" if site else ""}[name]


def by_dimensions(
    n: Sequence[int], shown: Sequence[int], united: Mapping[str, str], shares: Sequence[int] = ()
) -> list[tuple[str, str]]:
    """What is said of the item at these places, and of its shares."""
    members = [
        [at for at, one in enumerate(CLASSES) if all(value(name, *one) == of for name, of in values.items())]
        for values in VALUES
    ]
    where = [Where("unit", tuple(sorted(values.items()))) for values in VALUES]
    every = list(range(len(VALUES)))
    made = wave(
        [measured("g", [60] * 6), branch(*n)],
        {("g", "mean"): every, ("g", "distribution"): every, ("q", "mean"): shown, ("q", "distribution"): shares},
        members,
    )
    found = audit_wave(replace(made, where=where, united=united))
    return [(place, reason) for measure, place, reason in reasons(found) if measure == "q"]


SITES = {"region": "site"}


def test_dimensions_with_enough_on_both_sides_are_not_refused() -> None:
    assert by_dimensions([20] * 6, range(8), SITES) == []


@pytest.mark.parametrize(
    ("n", "shown", "wrong"),
    [
        # One dimension: people of no site.
        ((20, 20, 20, 20, 0, 0), [WHOLE, X, Y], (WHOLE, 120, 0)),
        ((20, 20, 20, 20, 60, 60), [WHOLE, X, Y], (WHOLE, 120, 120)),
        # One withheld.
        ((20, 20, 0, 0, 10, 0), [WHOLE, X], None),
        ((20, 20, 0, 0, 0, 0), [WHOLE, X], (WHOLE, 240, 0)),
        # Two at once, of the unit whole; and one more, of a site.
        ((20, 20, 20, 20, 0, 0), [WHOLE, XO, XM, YO, YM], (WHOLE, 120, 0)),
        ((20, 0, 20, 20, 20, 20), [X, XO], (X, 60, 0)),
        ((20, 0, 20, 20, 20, 20), [X, YO], None),
    ],
)
def test_what_is_left_without_the_places_that_split_it_has_people_asked_and_not(
    n: tuple[int, ...], shown: list[int], wrong: tuple[int, int, int] | None
) -> None:
    found = by_dimensions(n, shown, {})
    if wrong is None:
        assert found == []
    else:
        place, people, those = wrong
        assert found == [(str(place), said(people, those, people - those, SPLIT))]


def test_each_family_is_split_by_its_own_places() -> None:
    """Eight of the other site are few for shares, which are not shown of the whole, or not of the site."""
    n = (20, 20, 8, 0, 0, 0)
    assert by_dimensions(n, [WHOLE, X], {}, [X]) == by_dimensions(n, [WHOLE, X], {}, [WHOLE]) == []
    assert by_dimensions(n, [WHOLE, X], {}, [WHOLE, X]) == [(str(WHOLE), said(240, 8, 232, SPLIT))]


def test_one_group_of_places_is_taken_away_at_a_time() -> None:
    """By site or by site and age, each leaves enough."""
    assert by_dimensions((20, 20, 20, 20, 20, 0), [WHOLE, X, YO, YM], {}) == []


def test_values_that_a_value_unites_are_taken_away_from_it() -> None:
    """A recut of sites as one region: what it leaves of a site that is shown is the other."""
    n = (20, 20, 0, 0, 20, 20)
    wrong = [(str(R), said(120, 0, 120, SPLIT))]
    assert by_dimensions(n, [X, R], SITES) == wrong
    assert by_dimensions(n, [X, R], {"region": "area", "area": "site"}) == wrong
    assert by_dimensions(n, [XO, XM, R], SITES) == wrong
    assert by_dimensions(n, [X, R], {}) == []
    assert by_dimensions((20, 20, 20, 20, 20, 20), [X, R], SITES) == []


def test_places_that_are_not_inside_are_never_taken_away() -> None:
    """Whatever is said to be united: some people of that age are in no region."""
    assert by_dimensions((8, 20, 8, 20, 0, 20), [R, M], {"region": "age"}) == []


def test_a_place_of_two_releases_is_one() -> None:
    """It is published again at its own number, and is taken away once."""
    members = [(0, 1, 2, 3), (0, 1), (0, 1), (2, 3)]
    site = [Where("unit", (("site", one),)) for one in "xxy"]
    every = {("g", family): range(4) for family in ("mean", "distribution")}
    for places in ([0, 1, 2], [0, 1], [0, 2]):
        for n, wrong in (((20, 20, 20, 20), []), ((20, 20, 0, 0), [said(120, 0, 120, SPLIT)])):
            made = wave([GATE, branch(*n)], every | {("q", "mean"): places}, members)
            found = audit_wave(replace(made, where=[Where("unit"), *site]))
            assert [reason for _, _, reason in reasons(found)] == wrong


def test_places_that_cross_and_of_which_nothing_is_told_are_not_proved() -> None:
    members = [(0, 1), (1, 2)]
    shown = {("g", "mean"): [0, 1], ("g", "distribution"): [0, 1], ("q", "mean"): [0, 1]}
    made = wave([GATE, branch(20, 20, 20, 20)], shown, members)
    words = "whether it is asked is an answer to g, and its places leave of each other nobody knows whom"
    assert reasons(audit_wave(made)) == [("q", "0", words), ("q", "1", words)]
    told = [Where("unit", (("site", "x"),)), Where("unit", (("age", "o"),))]
    assert audit_wave(replace(made, where=told)).refusals == ()


# Wholes.


def test_a_whole_is_judged_by_its_own_respondents() -> None:
    plain, item = measured("p", [60] * 4), branch(57, 20, 20, 20)
    scale = measured("s", (54, 20, 20, 20), ("p", "q"), partial=np.array((6, 40, 40, 40)))
    index = measured("i", (54, 20, 20, 20), ("s",))
    shown = GATES | {("p", "mean"): ALL, ("s", "mean"): [A], ("i", "mean"): [A]}
    wrong = [("s", "3", said(60, 54, 6))]
    made = [GATE, plain, item, replace(scale, k=K | {"mean": 7}), index]
    assert [one for one in reasons(audit_wave(wave(made, shown))) if "asked" in one[2]] == wrong
    skips = [GATE, plain, replace(item, asks_skippers=True), scale, index]
    assert [one for one in reasons(audit_wave(wave(skips, shown))) if "asked" in one[2]] == []


def test_whoever_counts_in_a_scale_answered_the_gate_if_one_of_its_items_needs_it() -> None:
    """60 took part, 40 answered the gate."""
    gate, item = measured("g", [40] * 4), branch(22, 0, 0, 0)
    other = measured("p", (22, 0, 0, 0), gates=("g",), asks_skippers=True)
    scale = measured("s", (22, 0, 0, 0), ("p", "q"))
    shown = GATES | {("s", "mean"): [A]}
    assert reasons(audit_wave(wave([FREE, gate, item, other, scale], shown))) == []
    items = [FREE, gate, replace(item, asks_skippers=True), other, scale]
    assert reasons(audit_wave(wave(items, shown))) == [("s", "3", said(40, 2, 38))]


def test_a_scale_with_gaps_counts_people_who_skipped_the_gate_or_none() -> None:
    """60 took part, 40 answered the gate; the fewest on each side count."""
    gate, plain = measured("g", [40] * 4), measured("p", [24] * 4)

    def scale(items: Sequence[Measured], n: int) -> Wave:
        people = np.array([[0] * 4, [n] * 4])
        gaps = Gaps(people, np.stack([people] * len(items), axis=1))
        made = measured("s", [n] * 4, tuple(one.id for one in items), gaps=gaps, partial=np.array([24 - n] * 4))
        return wave([FREE, gate, *items, made], GATES | {("s", "mean"): [A]})

    def found(*items: Measured, n: int = 24) -> list[str]:
        return [one for name, _, one in reasons(audit_wave(scale(items, n))) if name == "s"]

    assert found(plain, branch(24, 24, 24, 24)) == [said(40, 4, 16)]
    assert found(plain, branch(24, 24, 24, 24, asks_skippers=True)) == [said(40, 4, 36)]
    assert found(replace(plain, gates=("g",)), branch(24, 24, 24, 24)) == []
    # Who answered two of three answered one that needs the gate.
    other = branch(24, 24, 24, 24, id="r")
    assert found(plain, other, branch(24, 24, 24, 24)) == []
    assert found(plain, replace(other, asks_skippers=True), branch(24, 24, 24, 24)) == [said(40, 4, 16)]
    assert found(replace(plain, gates=("g",), asks_skippers=True), branch(24, 24, 24, 24)) == [said(40, 4, 16)]


def test_what_is_derived_from_figures_is_as_safe_as_these() -> None:
    """Its parts are refused, and it says nothing of its own."""
    items = [GATE, measured("p", [60] * 4), branch(57, 0, 0, 0), measured("s", [0] * 4, ("p", "q"), derived=True)]
    shown = GATES | {("p", "mean"): [A], ("q", "mean"): [A], ("s", "mean"): [A]}
    assert reasons(audit_wave(wave(items, shown))) == [("q", "3", said(60, 57, 3))]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"where": [Where("u")]}, "there is not one unit with values for each place"),
        ({"where": [Where("u"), Where("u"), Where("v"), Where("w")]}, "place 1: it stands twice, with other classes"),
        ({"united": {"a": "b", "b": "a"}}, "a: its values unite its own"),
    ],
)
def test_what_is_told_of_places_does_not_contradict_itself(more: dict[str, Any], words: str) -> None:
    with pytest.raises(AuditRefused, match=words):
        audit_wave(replace(wave([GATE], {}), **more))
