"""Scales whose people skip items, bands of their scores, and items asked by what somebody answered: nothing leaks.

The judge knows every function of a person's answers (`tests.make.functions`), and nothing of pieces, layers or gates.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import linked_patterns, patterns
from service.disclosure.breakdowns import protect_more, protect_tree_alone
from service.disclosure.joint import Joint, _Rows
from service.disclosure.measures import Family
from service.disclosure.parts import withdraw
from service.disclosure.policy import Policy
from service.disclosure.table import Row, SafeTable
from service.disclosure.thresholds import Thresholds
from tests.make.functions import leaks
from tests.make.skips import Atom, World, a_world

POLICIES = [Policy(), Policy(), Policy(collusion=1), Policy(k_mean=7, k_sensitive=12)]


def a_case(seed: int, **kind: bool) -> tuple[World, Policy]:
    random = Random(seed)
    return a_world(random, **kind), random.choice(POLICIES)


def told(seed: int, **kind: bool) -> list[str]:
    world, policy = a_case(seed, **kind)
    return leaks(world, world.protect(policy), policy)


def places(table: SafeTable, name: str, family: Family) -> set[int]:
    return {row.node for row in table.rows() if (row.measure, row.family, row.status) == (name, family, "published")}


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32))
def test_no_figures_of_the_tree_describe_a_small_group(seed: int) -> None:
    assert told(seed) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_no_figures_of_breakdowns_describe_a_small_group(seed: int) -> None:
    assert told(seed, linked=True) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_no_figures_behind_a_gate_describe_a_small_group(seed: int, linked: bool) -> None:
    assert told(seed, gated=True, linked=linked) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_no_bands_of_an_index_describe_a_small_group(seed: int, linked: bool) -> None:
    assert told(seed, index=True, linked=linked) == []


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_no_figures_of_two_releases_describe_a_small_group(seed: int) -> None:
    world, policy = a_case(seed, linked=True, gated=seed % 2 == 0)
    both = Both(world, policy)
    assert leaks(world, both, policy) == []  # type: ignore[arg-type]  # rows are all that is asked of it


class Both:
    """Rows of the org tree's release, and of the breakdowns that are asked for later."""

    def __init__(self, world: World, policy: Policy) -> None:
        told = (world.grid, world.respondents(), world.measures(), policy)
        self.first = list(protect_tree_alone(*told).table.rows())
        nodes = len(world.tree)
        kept = {(row.measure, row.family): np.zeros(world.grid.size, np.bool_) for row in self.first}
        for row in self.first:
            kept[row.measure, row.family][row.node] = row.status == "published"
        self.later = [
            row._replace(node=row.node + nodes) for row in protect_more(*told, kept, slice(nodes, None)).rows()
        ]

    def rows(self) -> list[Row]:
        return self.first + self.later


def test_something_is_shown_later() -> None:
    """Or the test above would prove nothing."""
    later = [row for seed in range(30) for row in Both(*a_case(seed, linked=True, gated=seed % 2 == 0)).later]
    assert {row.measure for row in later if row.status == "published"} >= {"q0", "s", "g", "f"}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_numbers_of_respondents(seed: int, linked: bool) -> None:
    world, policy = a_case(seed, linked=linked)
    table = world.protect(policy)
    for family, k in zip(Family, (policy.mean_k(sensitive=False), policy.distribution_k(sensitive=False)), strict=True):
        for place in places(table, "s", family):
            here = [atom for atom in world.atoms if atom.at in world.inside(place)]
            numbers = [
                [atom.size for atom in here if atom.answered[q] == answered and world.scored(atom.answered) != answered]
                for q in range(world.items)
                for answered in (True, False)
            ]
            if world.bands and family is Family.distribution:
                sizes = range(world.fewest, world.items)
                numbers += [[atom.size for atom in here if sum(atom.answered) == size] for size in sizes]
            assert not [people for people in numbers if 0 < sum(people) < k]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_nesting(seed: int, linked: bool) -> None:
    world, policy = a_case(seed, linked=linked, gated=True)
    table = world.protect(policy)
    for name in ("s", "f", *(f"q{q}" for q in range(world.items))):
        shown = places(table, name, Family.distribution)
        assert shown <= places(table, name, Family.mean)
        deviations = {row.node for row in table.rows() if row.measure == name and row.sd is not None}
        assert deviations <= shown
        if name == "s" and world.fewest == 1 < world.items:
            assert not deviations
    for family in Family:
        assert places(table, "f", family) <= places(table, "g", Family.distribution)
        if not linked:
            assert all(places(table, "s", family) <= places(table, f"q{q}", family) for q in range(world.items))


@pytest.mark.parametrize("linked", [False, True])
def test_scales_with_gaps_are_shown(linked: bool) -> None:
    """Or the tests above would prove nothing."""
    shown = set()
    for seed in range(60):
        world, policy = a_case(seed, linked=linked)
        table = world.protect(policy)
        for family in Family:
            inside = set[int]().union(*map(world.inside, places(table, "s", family)))
            if any(atom.at in inside and world.fewest <= sum(atom.answered) < world.items for atom in world.atoms):
                shown.add((seed, family))
    assert len(shown) > 8
    assert {family for _, family in shown} == set(Family)


def test_items_behind_a_gate_are_shown() -> None:
    shown = 0
    for seed in range(30):
        world, policy = a_case(seed, gated=True)
        shown += bool(places(world.protect(policy), "f", Family.mean))
    assert shown > 5


# -- defects that the judge must notice -------------------------------------------------------------------------------


def _withdraw(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    return lambda *arguments, **facts: withdraw(*arguments, **facts | change(facts))


def _as_if_complete(self: Joint, item: Any, answered: Any, complete: Any, *others: Any) -> Any:
    return self.together([item, complete + answered.sum(axis=0)], *others)


def _one_size(self: Joint, item: Any, answered: Any, *others: Any) -> Any:
    return _WITH_GAPS(self, item, answered.sum(axis=0, keepdims=True), *others)


def _no_sizes(self: Thresholds, whole: Any, family: Family) -> Any:
    return _APART(self, whole, family)[: 2 * len(whole.parts)]


def _any_table(self: _Rows, published: Any, count: int) -> Any:
    """A scale is shown where some of its tables may be."""
    out = np.zeros((count, self.grid.size), np.bool_)
    first = 0
    for at, _, measure in self.place:
        if measure is not None:
            out[measure, at] |= published[first : first + len(at)]
        first += len(at)
    return list(out)


def _of(parents: list[int], atoms: list[tuple[int, str, int]], values: int = 0, **more: Any) -> World:
    """A world of these people: class, which items they answered, how many."""
    every = [(node, held) for node in range(len(parents)) for held in product(range(2), repeat=values)]
    plan: list[tuple[int, ...]] = [(), *((dimension,) for dimension in range(values))]
    found = [Atom(at, tuple(one == "1" for one in answered), None, size) for at, answered, size in atoms]
    facts: dict[str, Any] = {"bands": [], "fewest": len(atoms[0][1]), "weights": [1] * len(atoms[0][1]), **more}
    return World(tree=parents, classes=every, values=[2] * values, plan=plan, atoms=found, **facts)


_WITH_GAPS, _APART = Joint.with_gaps, Thresholds.apart
_THREE_OF_FOUR = [(0, answered, 10) for answered in ("1110", "1101", "1011", "0111")]
DEFECTS: dict[str, tuple[World | dict[str, bool], Any, str, Any]] = {
    "people with gaps are complete": (
        {}, patterns, "withdraw",
        _withdraw(lambda f: {"complete": f["scored"], "uneven": f["uneven"] + f["complete"] - f["scored"]}),
    ),
    # Two people answered two of four items, among forty who answered three.
    "a block where nobody is complete is safe": (
        _of([-1], [*_THREE_OF_FOUR, (0, "1100", 2)], points=2, fewest=2),
        patterns, "withdraw", _withdraw(lambda f: {"scored": f["complete"]}),
    ),
    # A band holds the score 4/3: no four answers have that mean, nor have two.
    "bands that one size alone falls in": (
        _of(
            [-1], [(0, "1111", 25), (0, "1100", 12), (0, "0011", 12), (0, "1110", 2)],
            points=2, fewest=2, bands=[Fraction(13, 10), Fraction(27, 20)],
        ),
        Thresholds, "apart", _no_sizes,
    ),
    # The band hangs on item 1 alone. Those of the unit cancel by its item 1; the three above it do not.
    "items of unequal weights are alike": (
        _of(
            [-1, 0], [(1, "11", 20), (1, "10", 20), (0, "11", 3), (0, "01", 10)],
            points=2, weights=[1, 5], bands=[Fraction(3, 2)],
        ),
        Thresholds, "alike", lambda *_: True,
    ),
    "scales of which a band looks at one are alike": (
        _of(
            [-1, 0], [(1, "11", 20), (1, "10", 20), (0, "11", 3), (0, "01", 10)],
            points=2, split=1, one_sided=True, bands=[Fraction(3, 2)],
        ),
        Thresholds, "alike", lambda *_: True,
    ),
    # Twelve of these thirty-two answered both items.
    "squares of single answers": (
        _of([-1], [(0, "11", 12), (0, "10", 10), (0, "01", 10)], points=3, fewest=1),
        Thresholds, "has_deviations", lambda *_: True,
    ),
    "gates": ({"gated": True}, patterns, "hide_behind_gates", lambda *_: None),
    "people with gaps are complete in breakdowns": ({"linked": True}, Joint, "with_gaps", _as_if_complete),
    "all sizes of gaps are one": (
        _of(
            [-1], [(1, "111", 25), (3, "111", 3), (0, "100", 12), (0, "011", 12), (2, "110", 10)],
            values=2, points=2, fewest=1,
        ),
        Joint, "with_gaps", _one_size,
    ),
    "one table of a scale will do": (
        _of(
            [-1],
            [
                (0, "1111", 10), (1, "1111", 12), (2, "1111", 25), (3, "1111", 30),
                (0, "1100", 12), (1, "1100", 3), (1, "0111", 20), (3, "0110", 5),
            ],
            values=2, points=2, fewest=2,
        ),
        _Rows, "masks", _any_table,
    ),
    "gates in breakdowns": ({"linked": True, "gated": True}, linked_patterns, "hide_behind_gates", lambda *_: None),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_noticed(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worlds in which the sound engine leaks nothing, and one that forgets something does."""
    given, target, name, broken = DEFECTS[defect]
    cases = [(given, Policy())] if isinstance(given, World) else (a_case(seed, **given) for seed in range(400))
    with monkeypatch.context() as patch:
        patch.setattr(target, name, broken)
        found = next(((world, policy) for world, policy in cases if leaks(world, world.protect(policy), policy)), None)
    assert found is not None
    world, policy = found
    assert leaks(world, world.protect(policy), policy) == []
