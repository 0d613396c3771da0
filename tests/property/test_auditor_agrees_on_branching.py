"""Engine and auditor on items that are asked by the answers to another one: whatever is published is accepted.

The auditor works out who was asked and who was not from the places alone, and nothing of how the engine does.
"""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.disclosure import gates
from service.disclosure.audit import Published, Refusal, Verdict, audit_wave
from service.disclosure.audit.asked import asked
from service.disclosure.audit.book import Book
from service.disclosure.grid import Grid
from service.disclosure.policy import Policy
from tests.make.branched_worlds import BRANCHED, POLICIES, ROOT, World, a_world


def a_case(seed: int) -> tuple[World, Policy]:
    random = Random(seed)
    return a_world(random), random.choice(POLICIES)


def refused(seed: int) -> list[Refusal]:
    """What the auditor has against the rows of the branched item."""
    world, policy = a_case(seed)
    return list(asked(Book(world.wave(world.published(policy), policy))))


@settings(max_examples=260, deadline=None)
@given(st.integers(0, 2**32))
def test_what_is_published_of_a_branched_item_is_accepted(seed: int) -> None:
    assert refused(seed) == []


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_all_that_is_published_beside_a_branched_item_is_called_safe(seed: int) -> None:
    world, policy = a_case(seed)
    report = audit_wave(replace(world.wave(world.published(policy), policy), bands_from=0))
    assert report.verdict == Verdict.safe, report


def test_branched_items_are_shown_below_the_top_and_in_recuts() -> None:
    """Or the tests above would prove nothing."""
    worlds = below = recuts = in_recuts = 0
    for seed in range(60):
        world, policy = a_case(seed)
        places = _places(world.published(policy))
        worlds += 1
        below += any(place != ROOT for place in places)
        recuts += bool(world.recut)
        in_recuts += any(place >= world.first_places for place in places)
    assert below > worlds / 2
    assert in_recuts > recuts / 2 > 10


def _places(published: list[Published]) -> set[int]:
    """Where the branched item is shown."""
    return {place for one in published if one.measure == BRANCHED for place in one.places.tolist()}


# -- defects that the auditor must notice -----------------------------------------------------------------------------


def _unchanged(_of: Any, _measure: Any, _family: Any, shown: Any, _kept: Any) -> Any:
    return shown


def _without_end_bands(self: Any, k: int) -> Any:
    return np.minimum(self.asked, self.left) >= k


@property  # type: ignore[misc]  # it takes the place of one
def _nothing_united(self: Grid) -> tuple[dict[int, dict[int, int]], ...]:
    return tuple({} for _ in self.sizes)


DEFECTS: dict[str, tuple[int, Any, str, Any]] = {
    "remainders of which all were asked, or nobody": (17, gates, "_without_bare_rests", _unchanged),
    "end bands": (63, gates._Sides, "plain", _without_end_bands),
    "who is asked without an answer to the gate": (303, gates, "_asks_skippers", lambda *_: False),
    "dimensions that unite values of others": (54, Grid, "united", _nothing_united),
}
"""By what is forgotten: the seed of a world in which it is noticed, and what to do about the engine."""


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_noticed(defect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of which the auditor accepts what the sound engine publishes, and not what one does that forgets this."""
    seed, target, name, broken = DEFECTS[defect]
    assert refused(seed) == []
    with monkeypatch.context() as patch:
        patch.setattr(target, name, broken)
        assert refused(seed)
