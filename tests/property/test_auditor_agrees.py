"""Engine and auditor on the same worlds: whatever is published is called safe, and what gives away is not.

The auditor is handed the rows, and who answered what counted from one line per person.
"""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure.audit import Measured, Published, Report, Verdict, Wave, audit_wave
from service.disclosure.policy import Policy
from service.disclosure.table import SafeTable
from service.releases.judged import thresholds
from tests.property.test_breakdowns_leaks import DEFECTS, a_world
from tests.property.test_disclosure_leaks import World, leaks, policies, worlds

ENOUGH = 2
"""Leaks looked at for each defect."""


def measured(world: World, policy: Policy) -> list[Measured]:
    classes, answers = world.people(0)
    counts_in = {f"q{item}": answers[:, item] > 0 for item in range(world.items)}
    below = {f"q{item}": [item] for item in range(world.items)}
    parts: dict[str, list[str]] = {name: [] for name in counts_in}
    for number, scale in enumerate(world.scales):
        name = f"s{number}"
        counts_in[name], below[name] = np.all(answers[:, scale] > 0, axis=1), scale
        parts[name] = [f"q{item}" for item in scale]
    if world.index:
        parts["x"] = [f"s{number}" for number in range(len(world.scales))]
        counts_in["x"], below["x"] = np.all(answers > 0, axis=1), list(range(world.items))

    def count(who: Any) -> Any:
        return np.bincount(classes[who], minlength=len(world.parents)).astype(np.int64)

    found = []
    for name, of in parts.items():
        some = np.logical_or.reduce([counts_in[part] for part in of]) if of else counts_in[name]
        found.append(
            Measured(
                id=name,
                parts=tuple(of),
                n=count(counts_in[name]),
                partial=count(some & ~counts_in[name]),
                k=thresholds(policy.as_dict(), sensitive=bool(world.sensitive & set(below[name])), two_answers=False),
            )
        )
    return found


def judged(world: World, table: SafeTable, policy: Policy, places: int) -> Report:
    """As a new release: all numbers of people have to be bands."""
    return audit_wave(wave_of(world, table, policy, places))


def wave_of(world: World, table: SafeTable, policy: Policy, places: int) -> Wave:
    members = [np.array(sorted(world.inside(place)), np.int64) for place in range(places)]
    measures = measured(world, policy)
    shown = []
    for column in table.columns:
        at = np.flatnonzero(column.published)
        shown.append(Published(column.measure, str(column.family), at, column.n_from[at], column.n_to[at]))
        if column.has_sd is not None:
            at = np.flatnonzero(column.has_sd)
            shown.append(Published(column.measure, "deviation", at, column.n_from[at], column.n_to[at]))
    names = [{"place": str(place)} for place in range(places)]
    return Wave(names, members, world.respondents(), measures, shown, bands_from=0)


@settings(max_examples=80, deadline=None)
@given(worlds(), policies)
def test_what_the_tree_programme_publishes_is_called_safe(world: World, policy: Policy) -> None:
    report = judged(world, world.protect(policy), policy, len(world.parents))
    assert report.verdict == Verdict.safe, report


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_what_linked_breakdowns_publish_is_called_safe(seed: int) -> None:
    world, policy = a_world(Random(seed))
    made = world.linked(policy)
    report = judged(world, made.table, policy, world.grid.size)
    assert report.verdict == Verdict.safe, report


@settings(max_examples=20, deadline=None)
@given(worlds(), policies)
def test_an_exact_number_is_noticed(world: World, policy: Policy) -> None:
    """Of all that is shown, one number told exactly; of what is out already, none need be a band."""
    made = wave_of(world, world.protect(policy), policy, len(world.parents))
    shown = [number for number, one in enumerate(made.published) if len(one.places)]
    for number in shown:
        one = made.published[number]
        people = made_of(made, one.measure, int(one.places[-1]))
        least, most = one.least.copy(), one.most.copy()
        least[-1] = most[-1] = people
        told = [*made.published]
        told[number] = replace(one, least=least, most=most)
        exact = replace(made, published=told)
        refused = [(one.row.measure, one.reason) for one in audit_wave(exact).refusals]
        assert refused == [(one.measure, f"it says {people} people, which is fewer than 5 numbers")]
        assert audit_wave(replace(exact, bands_from=None)).verdict == Verdict.safe


def made_of(wave: Wave, measure: str, place: int) -> int:
    (n,) = (one.n for one in wave.measures if one.id == measure)
    return int(n[wave.members[place]].sum())


TREE_DEFECTS: dict[str, tuple[str, Any]] = {
    "a scale against its items": ("service.disclosure.parts._safe", lambda _block, _k: True),
    "residuals": (
        "service.disclosure.patterns.programme",
        lambda tree, own, k, allowed=None: (tree.sums(own) >= k) & (True if allowed is None else allowed),
    ),
    "a distribution's own threshold": (
        "service.disclosure.patterns.Thresholds.k",
        lambda self, measure, _: self.policy.mean_k(sensitive=self._sensitive(measure)),
    ),
    "who is sensitive": ("service.disclosure.patterns.Thresholds._sensitive", lambda *_: False),
}


@pytest.mark.parametrize("defect", TREE_DEFECTS)
def test_a_defect_of_the_tree_programme_is_noticed(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In some small world, and never where the sound engine publishes."""
    target, broken = TREE_DEFECTS[defect]

    def verdicts() -> list[Verdict]:
        found = []
        for seed in range(25):
            world, policy = a_tree(Random(seed))
            found.append(judged(world, world.protect(policy), policy, len(world.parents)).verdict)
        return found

    assert set(verdicts()) == {Verdict.safe}
    with monkeypatch.context() as patch:
        patch.setattr(target, broken)
        assert set(verdicts()) - {Verdict.safe}


def a_tree(random: Random) -> tuple[World, Policy]:
    parents = [-1] + [random.randrange(node) for node in range(1, random.randint(2, 6))]
    scales = random.choice([[[0, 1]], [[0], [1, 2]], [[0, 1], [2, 3]]])
    items = sum(map(len, scales))
    atoms = {}
    for node in range(len(parents)):
        atoms[node, (True,) * items] = random.choice([2, 6, 9, 12, 25])
        if random.random() < 0.5:
            atoms[node, tuple(random.random() < 0.6 for _ in range(items))] = random.choice([1, 2, 3, 6])
    kept = [(node, mask, size) for (node, mask), size in atoms.items() if any(mask)]
    return World(parents, kept, scales, random.random() < 0.5, {0} if random.random() < 0.3 else set()), Policy()


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_of_the_linked_engine_is_noticed(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The auditor says no wherever the judge of every combination sees a leak."""
    target, broken = DEFECTS[defect]
    seen = 0
    with monkeypatch.context() as patch:
        patch.setattr(target, broken)
        for seed in range(400):
            world, policy = a_world(Random(seed))
            table = world.linked(policy).table
            if leaks(world, table, policy):
                seen += 1
                assert judged(world, table, policy, world.grid.size).verdict != Verdict.safe
            if seen == ENOUGH:
                break
    assert seen
