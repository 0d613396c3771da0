"""The auditor on what only some people are asked, on figures made of figures, and on those that relate answers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from service.disclosure.audit import AuditRefused, Measured, Published, Report, Verdict, Wave, audit_wave, relations
from tests.property.test_disclosure_audit_wave import largest_groups, organisation, rank

K = {"mean": 5, "distribution": 10, "deviation": 30}
EVERYBODY, AB, CD, A = range(4)
MEMBERS = ((0, 1, 2, 3), (0, 1), (2, 3), (0,))
Ints = NDArray[np.int64]


def measured(name: str, n: Sequence[int], parts: tuple[str, ...] = (), /, **more: Any) -> Measured:
    counts = np.array(n, np.int64)
    return replace(Measured(name, parts, counts, np.zeros_like(counts), K), **more)


def banded(n: int) -> tuple[int, int]:
    """As numbers of gated measures are printed."""
    wide = 5 if n < 100 else 20 if n < 1_000 else 1
    return n // wide * wide, n // wide * wide + wide - 1


def wave(measures: Sequence[Measured], published: Mapping[tuple[str, str], Sequence[int]]) -> Wave:
    """Every number as a band."""
    by_id = {measure.id: measure for measure in measures}

    def people(name: str, place: int) -> int:
        if by_id[name].derived:
            return min(people(part, place) for part in by_id[name].parts)
        return sum(int(by_id[name].n[one]) for one in MEMBERS[place])

    columns = []
    for (name, family), places in published.items():
        bands = np.array([banded(people(name, place)) for place in places], np.int64).reshape(-1, 2)
        columns.append(Published(name, family, np.array(places, np.int64), bands[:, 0], bands[:, 1]))
    return Wave(
        names=[{"place": str(number)} for number in range(len(MEMBERS))],
        members=[np.array(classes, np.int64) for classes in MEMBERS],
        respondents=np.maximum.reduce([measure.n + measure.partial for measure in measures]),
        measures=measures,
        published=columns,
    )


def reasons(report: Report) -> list[tuple[str, str, str]]:
    return [(one.row.measure, one.row.labels["place"], one.reason) for one in report.refusals]


def asked(gate: str) -> str:
    return f"whether it is asked is an answer to {gate}, whose distribution is not published"


# What only some are asked.

GATE = measured("g", (60, 60, 60, 60))
BRANCH = measured("q", (20, 20, 20, 20), gates=("g",))
BOTH = {("g", "mean"): [EVERYBODY, AB, CD], ("g", "distribution"): [EVERYBODY, AB]}


def test_a_gated_item_stands_only_where_its_gate_has_a_distribution() -> None:
    good = BOTH | {("q", "mean"): [EVERYBODY, AB], ("q", "distribution"): [AB], ("q", "deviation"): [AB]}
    assert audit_wave(wave([GATE, BRANCH], good)).verdict == Verdict.safe
    for family in ("mean", "distribution", "deviation"):
        report = audit_wave(wave([GATE, BRANCH], good | {("q", "mean"): [EVERYBODY, AB, CD], ("q", family): [AB, CD]}))
        assert ("q", "2", asked("g")) in reasons(report)
        assert report.verdict == Verdict.unsafe
    report = audit_wave(wave([GATE, BRANCH], {("g", "mean"): [AB], ("q", "mean"): [AB]}))
    assert reasons(report) == [("q", "1", asked("g"))]
    assert (
        audit_wave(wave([GATE, replace(BRANCH, gates=())], {("g", "mean"): [AB], ("q", "mean"): [AB]})).refusals == ()
    )


def test_every_gate_counts() -> None:
    items = [GATE, replace(GATE, id="h"), replace(BRANCH, gates=("g", "h"))]
    report = audit_wave(wave(items, BOTH | {("q", "mean"): [AB]}))
    assert reasons(report) == [("q", "1", asked("h"))]
    other = {("h", family): places for (_, family), places in BOTH.items()}
    report = audit_wave(wave(items, other | {("q", "mean"): [AB]}))
    assert reasons(report) == [("q", "1", asked("g"))]


def skipped(gate: str, items: int = 2) -> str:
    return f"whether it is asked is an answer to {items} items, of which not everybody answered {gate}"


def in_one_class(measure: Measured, fewer: int, at: int = 2) -> Measured:
    """The same with fewer respondents in one class."""
    n = measure.n.copy()
    n[at] -= fewer
    return replace(measure, n=n)


def test_several_gates_are_answered_by_everybody() -> None:
    """One person is enough, wherever: the class need not be in the place, nor the place be small."""
    both = BOTH | {("h", family): places for (_, family), places in BOTH.items()} | {("q", "mean"): [AB]}
    free = measured("free", [60] * 4)
    branch = replace(BRANCH, gates=("g", "h"))
    for at in range(4):
        items = [free, GATE, replace(in_one_class(GATE, 1, at), id="h"), branch]
        assert reasons(audit_wave(wave(items, both))) == [("q", "1", skipped("h"))]
        items = [free, in_one_class(GATE, 7, at), replace(GATE, id="h"), branch]
        assert reasons(audit_wave(wave(items, both))) == [("q", "1", skipped("g"))]
    assert audit_wave(wave([free, GATE, replace(GATE, id="h"), branch], both)).refusals == ()
    for few in (
        [free, in_one_class(GATE, 20), BRANCH],
        [free, in_one_class(GATE, 20), replace(BRANCH, gates=("g", "g"))],
    ):
        assert audit_wave(wave(few, BOTH | {("q", "mean"): [AB]})).refusals == ()


def test_a_gate_that_only_some_were_asked_is_no_gate_of_several() -> None:
    """Seeded defect: a gate of a gate, which by the numbers of each alone could stand."""
    items = [GATE, measured("h", [30] * 4, gates=("g",)), replace(BRANCH, gates=("g", "h"))]
    shown = BOTH | {("h", "mean"): [AB], ("h", "distribution"): [AB]}
    assert audit_wave(wave(items, shown)).refusals == ()
    for family in ("mean", "distribution"):
        report = audit_wave(wave(items, shown | {("q", "mean"): [AB], ("q", family): [AB]}))
        assert set(reasons(report)) == {("q", "1", skipped("h"))}
        assert report.verdict == Verdict.unsafe
    one = [*items[:2], replace(BRANCH, gates=("h",))]
    assert audit_wave(wave(one, shown | {("q", "mean"): [AB]})).refusals == ()


def test_items_of_a_whole_may_not_have_a_gate_each_but_where_everybody_answered_these() -> None:
    """Each item has one gate, and how many answered both is a joint answer; of a mean of means it is told nowhere."""
    gates = [in_one_class(GATE, 12), replace(in_one_class(GATE, 12), id="h")]
    parts = [replace(BRANCH, id="p"), replace(BRANCH, gates=("h",))]
    shown = BOTH | {("h", family): places for (_, family), places in BOTH.items()}
    shown |= {("p", "mean"): [AB], ("q", "mean"): [AB], ("s", "mean"): [AB]}
    free = measured("free", [60] * 4)
    whole = measured("s", [20] * 4, ("p", "q"))
    report = audit_wave(wave([free, *gates, *parts, whole], shown))
    assert reasons(report) == [("s", "1", skipped("g")), ("s", "1", skipped("h"))]
    answered = [GATE, replace(GATE, id="h")]
    assert audit_wave(wave([free, *answered, *parts, whole], shown)).refusals == ()
    derived = measured("s", [0] * 4, ("p", "q"), derived=True)
    assert audit_wave(wave([free, *gates, *parts, derived], shown)).refusals == ()


@pytest.mark.parametrize("derived", [False, True])
def test_a_whole_obeys_the_gates_of_what_it_is_made_of(derived: bool) -> None:
    n = [0] * 4 if derived else [20] * 4
    made = [GATE, replace(BRANCH), measured("p", [20] * 4), measured("s", n, ("p", "q"), derived=derived)]
    made += [measured("i", n, ("s",), derived=derived)]
    parts = {("p", "mean"): [EVERYBODY, AB, CD], ("q", "mean"): [EVERYBODY, AB, CD]}
    report = audit_wave(wave(made, BOTH | parts | {("s", "mean"): [CD], ("i", "mean"): [CD]}))
    assert reasons(report) == [(one, "2", asked("g")) for one in "qsi"]
    parts[("q", "mean")] = [EVERYBODY, AB]
    assert audit_wave(wave(made, BOTH | parts | {("s", "mean"): [AB], ("i", "mean"): [AB]})).verdict == Verdict.safe


@pytest.mark.parametrize(
    ("n", "least", "most", "values"),
    [
        (72, 70, 74, 0),
        (72, 71, 74, 5),
        (72, 72, 72, 5),
        (99, 95, 99, 0),
        (100, 96, 100, 20),
        (100, 100, 119, 0),
        (100, 100, 118, 20),
        (999, 980, 999, 0),
        (999, 981, 999, 20),
        (1_000, 1_000, 1_000, 0),
    ],
)
def test_the_number_of_a_gated_measure_is_a_band(n: int, least: int, most: int, values: int) -> None:
    items = [measured("g", [2_000] * 4), measured("q", [n, 0, 0, 0], gates=("g",)), measured("s", [n, 0, 0, 0], ("q",))]
    places = {("g", "mean"): [A], ("g", "distribution"): [A], ("q", "mean"): [A], ("s", "mean"): [A]}
    made = wave(items, places)
    bands = {"least": np.array([least]), "most": np.array([most])}
    for name in "gqs":
        narrow = [replace(one, **bands) if one.measure == name else one for one in made.published]
        said = reasons(audit_wave(replace(made, published=narrow)))
        wrong = f"its number is an answer, and is printed as one of fewer than {values}"
        if name != "g":
            assert said == ([(name, "3", wrong)] if values else [])
        else:
            assert wrong not in {reason for _, _, reason in said}


Group = tuple[int, frozenset[str]]
CONDITIONS = {
    ("g",): lambda g, _: g == 2,
    ("g", "h"): lambda g, h: g == 2 and h == 2,
    ("h", "g"): lambda g, h: g == 2 or h == 3,
}


def test_what_numbers_of_the_asked_add_to_the_gates_describes_nobody_more() -> None:
    """Brute force over all answers to two gates: shares, means, and the number of those who were asked."""
    verdicts = []
    for seed in range(150):
        random = Random(seed)
        classes, places = organisation(random, random.choice([0, 0, 1]))
        k = random.choice([2, 3])
        gates = random.choice(list(CONDITIONS))
        people: dict[Group, int] = {}
        for one in range(classes):
            people[one, frozenset("gh")] = random.choice([0, 1, 2, k, k + 1, 2 * k])
            # With several gates, people answered all of them or none.
            if len(gates) == 1 and random.random() < 0.3:
                people[one, frozenset(random.choice("gh"))] = random.choice([k, k, k + 1, 1])
        made, shown = branched(random, people, places, classes, gates, k)
        report = audit_wave(made)
        own = {one.verdict for one in report.findings if one.measure in ("g", "h")}
        if report.refusals or own != {Verdict.safe}:
            continue
        verdicts.append(bool(shown["q"]))
        assert not leaky(people, places, shown, gates, k), seed
    assert sum(verdicts) > 25


def branched(
    random: Random,
    people: Mapping[Group, int],
    places: Sequence[tuple[int, ...]],
    classes: int,
    gates: tuple[str, ...],
    k: int,
) -> tuple[Wave, dict[str, list[int]]]:
    """Where each gate, and the item asked by it, is shown."""
    n = {gate: np.zeros(classes, np.int64) for gate in "gh"}
    for (one, those), many in people.items():
        for gate in those:
            n[gate][one] += many
    q = np.array(
        [random.randint(0, int(n["g"][one])) if random.random() < 0.5 else n["g"][one] for one in range(classes)]
    )
    base = {place for place in range(len(places)) if random.random() < random.choice([0.3, 0.7])}
    shown: dict[str, list[int]] = {}
    for gate in "gh":
        shown[gate] = [one for one in sorted(base) if n[gate][list(places[one])].sum() >= k and random.random() < 0.9]
    both = set(range(len(places))).intersection(*(shown[gate] for gate in gates))
    where = both if random.random() < 0.7 else range(len(places))
    shown["q"] = [one for one in sorted(where) if q[list(places[one])].sum() >= k and random.random() < 0.8]
    measures = [
        Measured(name, (), counts, np.zeros_like(counts), dict.fromkeys(K, k), gates=gates if name == "q" else ())
        for name, counts in (n | {"q": q.astype(np.int64)}).items()
    ]
    columns = []
    for measure in measures:
        for family in ("mean",) if measure.id == "q" else ("mean", "distribution"):
            counted = [banded(int(measure.n[list(places[one])].sum())) for one in shown[measure.id]]
            bands = np.array(counted, np.int64).reshape(-1, 2)
            columns.append(Published(measure.id, family, np.array(shown[measure.id], np.int64), *bands.T))
    names = [{"place": str(number)} for number in range(len(places))]
    members = [np.array(sorted(place), np.int64) for place in places]
    everybody = np.array(
        [sum(many for (at, _), many in people.items() if at == one) for one in range(classes)], np.int64
    )
    everybody = np.maximum(everybody, q.astype(np.int64))
    return Wave(names, members, everybody, measures, columns), shown


def leaky(
    people: Mapping[Group, int],
    places: Sequence[tuple[int, ...]],
    shown: Mapping[str, Sequence[int]],
    gates: tuple[str, ...],
    k: int,
) -> bool:
    """Whether shares of the gates' answers with exact numbers of those asked depend on the answers of few people.

    Who skipped a gate is not asked by it.
    """
    groups = [group for group, many in people.items() if many]
    given = {
        number: [(g, h) for g in ((1, 2, 3) if "g" in those else (0,)) for h in ((1, 2, 3) if "h" in those else (0,))]
        for number, (_, those) in enumerate(groups)
    }
    column = [(number, answers) for number, those in given.items() for answers in those[1:]]
    figures = [(place, "g", lambda g, _, want=want: g == want) for place in shown["g"] for want in (1, 2)]
    figures += [(place, "h", lambda _, h, want=want: h == want) for place in shown["h"] for want in (1, 2)]
    figures += [(place, "", CONDITIONS[gates]) for place in shown["q"]]
    rows = [
        [
            int(figure(*answers)) - int(figure(*given[number][0])) if groups[number][0] in places[place] else 0
            for number, answers in column
        ]
        for place, _, figure in figures
    ]
    matrix = np.array(rows, np.int64).reshape(len(rows), -1)
    if not matrix.size:
        return False
    group_of = np.array([number for number, _ in column])
    whole = rank(matrix.copy())
    return any(
        rank(matrix[:, ~np.isin(group_of, list(few))]) < whole
        for few in largest_groups([people[group] for group in groups], k)
    )


# Figures made of figures.


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


# Figures that relate answers.


def related(n: Sequence[int], places: Sequence[int] = (EVERYBODY,)) -> Wave:
    """Two items, answered by 40 people in each class, and by so many; and the mean of their means."""
    items = [measured("p", (40, 40, 40, 40)), measured("q", n), measured("s", [0] * 4, ("p", "q"), derived=True)]
    families = ("mean", "deviation")
    return wave(items, {(one, family): places for one in "pq" for family in families} | {("s", "mean"): places})


def said(statistics: object, made: Wave, people: int = 120) -> list[str]:
    """Of so many people, 40 in each class as far as they go."""
    counted: list[tuple[str, ...]] = []

    def together(measures: tuple[str, ...]) -> Ints:
        counted.append(measures)
        return np.clip(people - np.arange(0, 160, 40), 0, 40)

    found = relations({"statistics": statistics}, made, together)
    assert set(counted) <= {("p", "q")}
    return [f"{one.row.measure}: {one.reason}" for one in found]


def test_what_relates_answers_is_of_a_hundred_people() -> None:
    made = related((40, 40, 40, 0))
    assert relations({}, made, lambda _: np.zeros(4, np.int64)) == ()
    for measures in (["p", "q"], ["p", "q", "s"], ["s"]):
        good = {"scale": "s", "n": 120, "measures": measures, "alpha": "0.8"}
        assert said({"scales": [good], "drivers": good}, made) == []
    good = {"scale": "s", "n": 120, "measures": ["p", "q"]}
    assert said({"scales": [good]}, made, 130)[:1] == ["s: it says 120 people and counts 130"]
    assert said({"scales": [good]}, made, 119)[:1] == ["s: it says 120 people and counts 119"]
    assert said({"drivers": good | {"n": 99}}, made, 99)[:1] == ["s: it counts 99 people, fewer than 100"]
    assert said({"drivers": {"n": 100, "measures": ["p", "q"]}}, made, 100) == [
        "drivers: q counts 20 people more, fewer than 30"
    ]


def test_what_relates_answers_leaves_nobody_or_enough_beside_it() -> None:
    entry = {"n": 120, "measures": ["p", "q"]}
    for extra, few in ((0, False), (1, True), (29, True), (30, False)):
        found = said({"drivers": entry}, related((40, 40, 40, extra)))
        assert found == ([f"drivers: q counts {extra} people more, fewer than 30"] if few else [])


def test_what_relates_answers_stands_beside_their_means_and_deviations() -> None:
    entry = {"n": 120, "measures": ["p", "q"]}
    made = related((40, 40, 40, 0))
    for family in ("mean", "deviation"):
        less = [one for one in made.published if (one.measure, one.family) != ("q", family)]
        lacks = [f"drivers: it is made of q, whose {family} for everybody is not published"]
        assert said({"drivers": entry}, replace(made, published=less)) == lacks
    elsewhere = said({"drivers": entry}, related((40, 40, 40, 0), (AB,)))
    assert [one.split(", ")[0] for one in elsewhere] == ["drivers: it is made of p", "drivers: it is made of q"]


@pytest.mark.parametrize(
    ("statistics", "reason"),
    [
        ([], "statistics: it does not say"),
        ({"drivers": {"n": 120}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": []}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": "p"}}, "drivers: it does not say"),
        ({"drivers": {"measures": ["p", "q"]}}, "drivers: it does not say"),
        ({"drivers": {"n": "120", "measures": ["p", "q"]}}, "drivers: it does not say"),
        ({"drivers": {"n": True, "measures": ["p", "q"]}}, "drivers: it does not say"),
        ({"more": {"icc": 0.1}}, "more: it does not say"),
        ({"scales": [7]}, "scales: it does not say"),
        ({"drivers": {"n": 120, "measures": ["p", "q", 7]}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": ["p", ["q"]]}}, "drivers: it does not say"),
        ({"drivers": {"n": 120, "measures": ["p", "r"]}}, "drivers: it is made of r, which is no measure"),
    ],
)
def test_what_does_not_say_whom_it_is_made_of_may_not_stand(statistics: object, reason: str) -> None:
    (found,) = said(statistics, related((40, 40, 40, 0)))
    assert found.startswith(reason)


# What they are compared with, whatever they say.

People = Mapping[frozenset[str], Sequence[int]]
BOTH_FIGURES = ("mean", "deviation")


def answered_by(people: People, parts: Mapping[str, Sequence[str]], **more: dict[str, Any]) -> list[Measured]:
    """Measures counted over groups of people, by class, who answered the same items; wholes are of all their parts."""

    def items(name: str) -> set[str]:
        return {one for part in parts.get(name, ()) for one in items(part)} or {name}

    names = dict.fromkeys([*(one for group in people for one in sorted(group)), *parts])
    found = []
    for name in names:
        needed = [items(part) for part in parts.get(name, ())]
        n = sum((np.array(by) for group, by in people.items() if items(name) <= group), np.zeros(4, np.int64))
        some = [by for group, by in people.items() if any(one <= group for one in needed) and not items(name) <= group]
        partial = np.sum([np.zeros(4, np.int64), *map(np.array, some)], axis=0)
        found.append(
            measured(name, n.tolist(), tuple(parts.get(name, ())), **{"partial": partial} | more.get(name, {}))
        )
    return found


def beside(
    entry: object, key: str, people: People, made: Sequence[Measured], shown: Mapping[tuple[str, str], Sequence[int]]
) -> list[str]:
    """What is wrong with one entry; who counts together is counted from the people."""
    below = {measure.id: measure.parts for measure in made}

    def items(name: str) -> set[str]:
        return {one for part in below[name] for one in items(part)} or {name}

    def together(measures: tuple[str, ...]) -> Ints:
        asked = set().union(*map(items, measures))
        return sum((np.array(by) for group, by in people.items() if asked <= group), np.zeros(4, np.int64))

    found = relations({"statistics": {key: entry}}, wave(made, shown), together)
    return [one.reason for one in found]


def everywhere(*names: str, places: Sequence[int] = (EVERYBODY,)) -> dict[tuple[str, str], Sequence[int]]:
    return {(name, family): places for name in names for family in BOTH_FIGURES}


IN_INDEX = {"a": ("p",), "b": ("q",), "c": ("r",), "i": ("a", "b")}


def of_drivers(few: int) -> People:
    """200 answered all, 40 one item alone, 40 another, and few these two and not the third."""
    groups = {"pqr": 200, "p": 40, "q": 40, "pq": few}
    return {frozenset(group): (n // 2, n - n // 2, 0, 0) for group, n in groups.items()}


@pytest.mark.parametrize("named", [["c", "a", "b"], ["c", "a", "b", "p", "q", "r"], ["c", "a", "b", "i"]])
def test_an_index_of_scales_that_are_weighed_stands_beside_them(named: list[str]) -> None:
    """Its squares are those of its scales and their product: three people could be told by the difference."""
    drivers = {"outcome": "c", "n": 200, "measures": named, "weights": [{"scale": "a"}, {"scale": "b"}]}
    shown = everywhere(*"abcipqr")
    for few in (0, 3, 29, 30):
        people = of_drivers(few)
        for made in (answered_by(people, IN_INDEX), answered_by(people, IN_INDEX)[::-1]):
            wrong = beside(drivers, "drivers", people, made, shown)
            assert wrong == ([f"i counts {few} people more, fewer than 30"] if few in (3, 29) else [])
            assert beside({"n": 200, "measures": ["p", "q", "r"]}, "drivers", people, made, shown) == wrong
    people = of_drivers(3)
    made = answered_by(people, IN_INDEX)
    for hidden in BOTH_FIGURES:
        less = {key: places for key, places in shown.items() if key != ("i", hidden)}
        assert beside(drivers, "drivers", people, made, less) != []
    hidden_index = {key: places for key, places in shown.items() if key[0] != "i"}
    assert bool(beside(drivers, "drivers", people, made, hidden_index)) == ("i" in named)


def test_an_index_with_another_scale_holds_products_that_they_do_not() -> None:
    people = of_drivers(3) | {frozenset("pqs"): (5, 0, 0, 0), frozenset("pqrs"): (0, 0, 50, 0)}
    made = answered_by(people, IN_INDEX | {"d": ("s",), "i": ("a", "b", "d")})
    entry = {"n": 250, "measures": ["c", "a", "b"]}
    assert beside(entry, "drivers", people, made, everywhere(*"abcdi")) == []
    entry["measures"] = ["c", "a", "b", "i"]
    entry["n"] = 50
    assert "i counts 5 people more, fewer than 30" in beside(entry, "drivers", people, made, everywhere(*"abcdi"))


def test_the_parts_of_an_index_are_compared_and_the_items_of_a_score_are_not() -> None:
    parts = {"a": ("p", "q"), "b": ("r",), "c": ("s",), "i": ("a", "b")}
    people = {frozenset("pqrs"): (60, 60, 0, 0), frozenset("p"): (3, 0, 0, 0), frozenset("pqs"): (0, 4, 0, 0)}
    made = answered_by(people, parts)
    shown = everywhere(*"abcipqrs")
    entry = {"n": 120, "measures": ["i", "c"]}
    more = [f"{one} counts 4 people more, fewer than 30" for one in "cas"]
    assert sorted(beside(entry, "drivers", people, made, shown)) == sorted(more)
    items = [f"{one} counts {n} people more, fewer than 30" for one, n in (("p", 7), ("q", 4))]
    assert sorted(beside(entry, "more", people, made, shown)) == sorted(more + items)
    # Alpha is of items, whatever it says; what belongs to units is not.
    alpha = {"n": 124, "measures": ["a"], "scale": "a"}
    assert beside(alpha, "scales", people, made, shown) == ["p counts 3 people more, fewer than 30"]
    assert beside(alpha, "units", people, made, shown) == []
    assert beside(alpha | {"n": 120, "measures": ["b"]}, "units", people, made, shown) == [
        "a counts 4 people more, fewer than 30"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"measures": ["a"], "scale": "c"},
        {"measures": ["a"], "outcome": "c"},
        {"measures": ["a"], "weights": [{"scale": "a"}, {"scale": "c"}]},
    ],
)
def test_whatever_it_names_counts(entry: dict[str, Any]) -> None:
    people = {frozenset("pr"): (60, 60, 0, 0), frozenset("p"): (3, 0, 0, 0)}
    made = answered_by(people, {"a": ("p",), "c": ("r",)})
    wrong = beside(entry | {"n": 120}, "drivers", people, made, everywhere(*"acpr"))
    assert sorted(wrong) == [f"{one} counts 3 people more, fewer than 30" for one in "ap"]
    other = {key: "x" if value == "c" else value for key, value in entry.items() if key != "weights"}
    if "weights" in entry:
        other["weights"] = [{"scale": "x"}]
    assert beside(other | {"n": 120}, "drivers", people, made, everywhere(*"acpr")) == [
        "it is made of x, which is no measure"
    ]


@pytest.mark.parametrize(
    ("gates", "measures", "key"),
    [
        ({"a": ("g",)}, ["a"], "units"),
        ({"p": ("g",)}, ["a"], "units"),
        ({"p": ("g",)}, ["c", "i"], "drivers"),
        ({"q": ("g",)}, ["p", "q"], "scales"),
        ({"q": ("g",)}, ["p"], "more"),
    ],
)
def test_what_would_tell_how_many_were_asked_may_not_stand(
    gates: Mapping[str, tuple[str, ...]], measures: list[str], key: str
) -> None:
    """Bands of numbers hide how many gave the answers that the question hangs on; an exact number does not."""
    people = {frozenset("pqrg"): (60, 60, 0, 0)}
    parts = {"a": ("p", "q"), "c": ("r",), "i": ("a",)}
    shown = everywhere(*"acipqrg") | {("g", "distribution"): [EVERYBODY]}
    entry = {"n": 120, "measures": measures}
    assert beside(entry, key, people, answered_by(people, parts), shown) == []
    made = answered_by(people, parts, **{name: {"gates": own} for name, own in gates.items()})
    said = set(beside(entry, key, people, made, shown))
    wrong = {f"how many count in {one} is an answer to g, and would be told exactly" for one in "aipq"}
    assert bool(said & wrong) == (key != "more")
    assert said <= wrong


@pytest.mark.parametrize("family", ["mean", "distribution", "deviation"])
def test_places_may_not_set_apart_all_but_a_few(family: str) -> None:
    """Sixty people more, nearly all of them in a place of their own: two of the others are left beside them."""
    entry = {"n": 122, "measures": ["p", "q"]}
    for few, wrong in ((1, True), (14, True), (15, False)):
        people = {frozenset("pq"): (120, 0, few, 0), frozenset("p"): (few, 0, 60, 0)}
        made = answered_by(people, {})
        entry["n"] = 120 + few
        more = f"p counts {60 + few} people more, of whom its figures set apart all but {2 * few}"
        shown = everywhere("p", "q")
        assert beside(entry, "drivers", people, made, shown) == []
        shown |= {("p", family): [EVERYBODY, AB]}
        assert beside(entry, "drivers", people, made, shown) == ([more] if wrong else [])
        shown = everywhere("p", "q") | {("q", family): [EVERYBODY, AB]}
        assert beside(entry, "drivers", people, made, shown) == []


@pytest.mark.parametrize("family", BOTH_FIGURES)
def test_an_index_that_is_not_named_need_not_stand_for_everybody(family: str) -> None:
    drivers = {"outcome": "c", "n": 200, "measures": ["c", "a", "b"], "weights": [{"scale": "a"}, {"scale": "b"}]}
    people = of_drivers(0)
    made = answered_by(people, IN_INDEX)
    shown = everywhere(*"abcipqr") | {("i", family): [A]}
    assert beside(drivers, "drivers", people, made, shown) == []
    lacks = [f"it is made of i, whose {family} for everybody is not published"]
    assert beside(drivers | {"measures": [*"cabi"]}, "drivers", people, made, shown) == lacks
    assert beside(drivers | {"outcome": "i"}, "drivers", people, made, shown) == lacks


def test_places_that_cross_set_apart_whoever_is_in_different_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a plain count of who is in the same places."""
    for seed in range(400):
        random = Random(seed)
        crossing = [tuple(one for one in range(4) if random.random() < 0.5) for _ in range(3)]
        monkeypatch.setitem(globals(), "MEMBERS", (MEMBERS[EVERYBODY], *crossing))
        places = [EVERYBODY, *(one for one in (1, 2, 3) if random.random() < 0.6)]
        inside = [random.choice([0, 5, 60, 100]) for _ in range(3)] + [100]
        others = [random.choice([0, 1, 15, 30, 60]) for _ in range(4)]
        people = {frozenset("pq"): inside, frozenset("p"): others}
        pieces: dict[tuple[bool, ...], list[int]] = {}
        for one in range(4):
            sums = pieces.setdefault(tuple(one in MEMBERS[place] for place in places), [0, 0])
            sums[0] += inside[one]
            sums[1] += others[one]
        kept, more = sum(min(sums) for sums in pieces.values()), sum(others)
        shown = everywhere("p", "q") | everywhere("p", places=places)
        found = beside({"n": sum(inside), "measures": ["q", "p"]}, "drivers", people, answered_by(people, {}), shown)
        assert bool(found) == bool(more and kept < 30), seed


@pytest.mark.parametrize(("place", "everybody"), [((0, 1, 2), True), ((0, 1, 2, 3), True), ((0, 1, 3), False)])
def test_everybody_is_whoever_took_part(
    place: tuple[int, ...], everybody: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "MEMBERS", (place,))
    people = {frozenset("pq"): (60, 60, 60, 0)}
    shown = everywhere("p", "q")
    wrong = beside({"n": 180, "measures": ["p", "q"]}, "more", people, answered_by(people, {}), shown)
    assert wrong == [f"it is made of {one}, whose mean for everybody is not published" for one in "pq" if not everybody]
