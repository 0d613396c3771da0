"""The auditor on what only some people are asked: gates, numbers as bands, and brute force over answers to two."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray

from service.disclosure.audit import Measured, Published, Verdict, Wave, audit_wave
from tests.make.banded_wave import AB, CD, EVERYBODY, A, K, banded, measured, reasons, wave
from tests.make.groups import largest_groups, rank
from tests.make.organisations import organisation

Ints = NDArray[np.int64]


def asked(gate: str) -> str:
    return f"whether it is asked is an answer to {gate}, whose distribution is not published"


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


def test_what_numbers_of_the_asked_add_to_the_gates_describes_nobody_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brute force over all answers to two gates: shares, means, and the number of those who were asked.

    However many these are: what is asked of their number beside would leave few worlds to look at.
    """
    monkeypatch.setattr("service.disclosure.audit.sight.asked", lambda _: ())
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
