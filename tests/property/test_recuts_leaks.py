"""What is shown later, together with all that was shown before: the judge of one release judges them both.

A world is released by one plan; then other breakdowns of the same classes are asked for. Batches are a dimension, too:
an interim release shows the people of the first batch alone, and the next one everybody.
"""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import linked_patterns
from service.disclosure.breakdowns import protect_breakdowns, protect_more
from service.disclosure.grid import Grid
from service.disclosure.joint import Joint
from service.disclosure.measures import Family
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from tests.property.test_breakdowns_leaks import Linked, a_world
from tests.property.test_disclosure_leaks import leaks, published

Kept = dict[tuple[str, Family], Any]
FIRST: list[list[tuple[int, ...]]] = [[()], [(), (0,)], [(), (1,)]]
LATER: list[list[tuple[int, ...]]] = [[(1,)], [(0, 1)], [(0, 1), (1,)], [(1,), (0,)]]


class Both:
    """Rows of two releases as those of one, place by place of the wider grid."""

    def __init__(self, kept: Kept, later: SafeTable, first: int) -> None:
        self._kept, self._later, self._first = kept, later, first

    def rows(self) -> Any:
        shown = published(self._later)
        for key, mask in self._kept.items():
            for place in np.flatnonzero(mask).tolist():
                yield _Cell(*key, place)
        for key, places in shown.items():
            for place in places:
                yield _Cell(*key, self._first + place)


class _Cell:
    status = "published"

    def __init__(self, measure: str, family: Family, node: int) -> None:
        self.measure, self.family, self.node = measure, family, node


def a_story(seed: int) -> tuple[Linked, Policy, list[tuple[int, ...]], list[tuple[int, ...]]]:
    """A world, its policy, the breakdowns of the first release, and those asked for later."""
    random = Random(seed)
    world, policy = a_world(random)
    first = random.choice(FIRST)
    later = [one for one in random.choice(LATER) if one not in first]
    return replace(world, plan=[*first, *later]), policy, first, later


def first_release(world: Linked, policy: Policy, plan: list[tuple[int, ...]]) -> Kept:
    """As the job makes it: of the org tree alone by the tree programme; places of the wider grid."""
    grid, measures = world.grid, world.measures()
    if plan == [()]:
        from tests.property.test_breakdowns_leaks import _counted_by_node  # noqa: PLC0415 - a helper of that module

        by_node = [_counted_by_node(grid, measure) for measure in measures]
        table = protect(grid.tree, grid.by_node(world.respondents()), by_node, policy)
    else:
        narrow = Grid(grid.tree, grid.node, grid.values, grid.sizes, plan)
        table = protect_breakdowns(narrow, world.respondents(), measures, policy).table
    kept: Kept = {}
    for key, places in published(table).items():
        kept[key] = np.zeros(grid.size, np.bool_)
        kept[key][places] = True
    return kept


def told(seed: int) -> list[str]:
    """What both releases give away."""
    world, policy, first, later = a_story(seed)
    if not later:
        return []
    kept = first_release(world, policy, first)
    before = Grid(world.grid.tree, world.grid.node, world.grid.values, world.grid.sizes, first).size
    more = protect_more(world.grid, world.respondents(), world.measures(), policy, kept, slice(before, None))
    both: Any = Both(kept, more, before)
    return leaks(world, both, policy)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_no_combination_of_two_releases_describes_a_small_group(seed: int) -> None:
    assert told(seed) == []


def test_something_is_shown_later() -> None:
    """Or the test above would prove nothing."""
    shown = 0
    for seed in range(30):
        world, policy, first, later = a_story(seed)
        if later:
            kept = first_release(world, policy, first)
            before = Grid(world.grid.tree, world.grid.node, world.grid.values, world.grid.sizes, first).size
            more = protect_more(world.grid, world.respondents(), world.measures(), policy, kept, slice(before, None))
            shown += any(places for places in published(more).values())
    assert shown > 5


def test_an_interim_release_and_the_next_one() -> None:
    """Ten people of a team answered, then three more: its cell is not refreshed, or the three would stand alone."""
    # A value of the dimension is the first batch; who came later has none.
    classes = [(1, (0,)), (1, (-1,)), (2, (0,)), (2, (-1,))]
    atoms = [(at, (True, True), size) for at, size in enumerate([10, 3, 30, 30])]
    world = Linked(
        parents=[-1] * 4, atoms=atoms, scales=[[0, 1]], index=False, sensitive=set(),
        tree=[-1, 0, 0], classes=classes, values=(1,), plan=[(), (0,)],
    )  # fmt: skip
    grid, size = world.grid, len(world.tree)
    shown = np.arange(grid.size) >= size
    kept: Kept = {(measure.id, family): shown for measure in world.measures() for family in Family}
    found = linked_patterns.linked_patterns(grid, world.respondents(), world.measures(), Policy(), kept=kept)
    for (name, family), pattern in found.items():
        assert pattern.published[size:].all(), "what was shown stays"
        # Of the company, or of the other team, 33 or 30 people are new: one of the two, else the three of the first.
        assert pattern.published[:size].tolist() == [True, False, False], (name, family)


def test_forgetting_what_was_shown_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    safe, together = Joint.safe, Joint.together
    with monkeypatch.context() as patch:
        patch.setattr(Joint, "safe", lambda self, n, allowed, k, kept=None: _forgetful(safe, self, n, allowed, k, kept))
        patch.setattr(Joint, "together", lambda self, n, allowed, k, _=None: together(self, n, allowed, k))
        seed = next((seed for seed in range(300) if told(seed)), None)
    assert seed is not None
    assert told(seed) == []


def _forgetful(safe: Any, joint: Joint, n: Any, allowed: Any, k: int, kept: Any) -> Any:
    """What is new is judged as if it were all there is."""
    if kept is None or not kept.any():
        return safe(joint, n, allowed, k)
    return safe(joint, n, allowed & ~kept, k) | kept
