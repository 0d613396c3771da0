"""The auditor of waves against brute force: small organisations, every group of few people, ranks modulo a prime.

Brute force knows nobody's classes by layers or pieces: its people are those who answered the same items in the same
class, its unknowns what a combination makes of each answer of theirs to each item (and of each pair of answers, for
squares of scores). It is told all rows of all families at once.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from service.disclosure.audit import Report, Verdict, audit_wave
from service.disclosure.audit.common_system import Commons
from service.disclosure.audit.model import worst
from tests.make.groups import isolates
from tests.make.organisations import World, a_world

FAMILIES = ("respondents", "mean", "distribution", "deviation")


class Equations:
    """One column for each group, item and answer but the first; then one for each group and pair of items."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.groups = [group for group, n in world.people.items() if n]
        self.column: dict[tuple[int, str, str | int], int] = {}
        for number, (_, answered) in enumerate(self.groups):
            for item in sorted(answered):
                for place in range(1, len(world.options[item])):
                    self.column[number, item, place] = len(self.column)
            for pair in combinations(sorted(answered), 2):
                self.column[(number, *pair)] = len(self.column)

    def leaky(self) -> list[str]:
        """The families in which something is said of too few."""
        n = [self.world.people[group] for group in self.groups]
        group_of = np.array([group for group, _, _ in self.column], np.int64)
        found = ["respondents"] if self._who_answered(n) else []
        wanted = {"mean": ("mean", "distribution", "deviation"), "distribution": ("distribution",)}
        for family, of in {**wanted, "deviation": ("deviation",)}.items():
            rows = [row for one in self.world.rows if one[1] in of for row in self._rows(*one)]
            k_of = np.array([self.world.k[item][family] for _, item, _ in self.column], np.int64)
            if rows and isolates(np.array(rows), group_of, n, k_of):
                found.append(family)
        return found

    def _who_answered(self, n: Sequence[int]) -> bool:
        held = {one: self.world.k[one[0]][one[1]] for one in self.world.rows if one[1] != "deviation"}
        for k in set(held.values()):
            places = sorted({place for one, own in held.items() if own >= k for place in self.world.rows[one]})
            matrix = [[int(group[0] in self.world.places[place]) for group in self.groups] for place in places]
            groups = np.arange(len(n))
            if isolates(np.array(matrix), groups, n, np.full(len(n), k)):
                return True
        return False

    def _rows(self, measure: str, family: str) -> Iterator[list[int]]:
        items, options = self.world.items(measure), self.world.options
        answers = sorted({answer for item in items for answer in options[item]})
        for place in self.world.rows[measure, family]:
            who = [
                number
                for number, (one, answered) in enumerate(self.groups)
                if one in self.world.places[place] and answered >= set(items)
            ]
            for wanted in answers if family == "distribution" else [0]:
                row = [0] * len(self.column)
                for number, item in product(who, items):
                    for at, answer in enumerate(options[item][1:], 1):
                        now, first = (
                            self._figure(family, given, wanted, item, items) for given in (answer, options[item][0])
                        )
                        row[self.column[number, item, at]] = now - first
                if family == "deviation":
                    for number, pair in product(who, combinations(sorted(items), 2)):
                        row[self.column[(number, *pair)]] = 2
                yield row

    def _figure(self, family: str, answer: int, wanted: int, item: str, items: Sequence[str]) -> int:
        if family == "mean":
            return answer
        if family == "distribution":
            return int(answer == wanted)
        # Products are counted from the first answers: what that leaves is a multiple of the answer.
        return answer**2 + 2 * answer * sum(self.world.options[other][0] for other in items if other != item)


def contradictions(world: World, report: Report) -> list[str]:
    """Families of which the auditor says safe where brute force finds a leak, or unsafe where it finds none."""
    leaky = Equations(world).leaky()
    event(f"{report.verdict} where brute force says {'leaky' if leaky else 'safe'}")
    found = []
    # Distributions without means are judged among distributions alone.
    for family in FAMILIES:
        of = {family, "distribution"} if family == "mean" else {family}
        own = worst(one.verdict for one in report.findings if one.family == family)
        if family in leaky and worst(one.verdict for one in report.findings if one.family in of) == Verdict.safe:
            found.append(f"{family} is safe")
        if own == Verdict.unsafe and family not in leaky:
            found.append(f"{family} is unsafe")
        event(f"{family}: {own} where brute force says {'leaky' if family in leaky else 'safe'}")
    return found


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_safe_is_never_said_of_a_leak_nor_unsafe_of_none(random: Random) -> None:
    world = a_world(random)
    report = audit_wave(world.wave())
    assert not report.refusals
    assert contradictions(world, report) == []


def test_nor_where_as_much_as_can_be_is_proved_for_many_systems_at_once() -> None:
    """Any two items have a common system, and any row serves as a neighbourhood in it."""
    closures: list[int] = []

    # Closed at once is about each tenth: with fewer dimensions places seldom cross, and drawn numbers are mostly small.
    @settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
    @given(st.randoms(use_true_random=True))
    def holds(random: Random) -> None:
        world = a_world(random, dimensions=(2,))
        report, closed = judged_with_commons(world)
        closures.append(closed)
        assert contradictions(world, report) == []

    holds()
    assert any(closures)


def judged_with_commons(world: World) -> tuple[Report, int]:
    """With the number of unknowns that common systems close, over all systems that ask for them."""
    closed = []
    real = Commons.closed

    def counted(self: Commons, *asked: Any) -> tuple[Any, int]:
        found, work = real(self, *asked)
        closed.append(0 if found is None else int(found.sum()))
        return found, work

    with (
        patch.multiple("service.disclosure.audit.hunt", _ROWS=((1, 300, 60, 1),), _WORTH=1),
        patch("service.disclosure.audit.hunt.Hunt._mobile", lambda *_: True),
        # Leaks of one or two points are noticed before anything is proved; here they have to be noticed by the proof.
        patch("service.disclosure.audit.hunt.Hunt._look_up", lambda _: False),
        patch("service.disclosure.audit.common_system.FEWEST", 2),
        patch.object(Commons, "closed", counted),
    ):
        return audit_wave(world.wave()), sum(closed)


def test_shares_of_a_whole_of_unlike_items_tell_the_mean_of_one() -> None:
    """Only p has the answer 3, which tells its mean among the ten who answered both; one more answered it."""
    people = {(0, "pq"): 10, (0, "p"): 1, (0, "q"): 10, (1, "p"): 10}
    k = {"mean": 5, "distribution": 10, "deviation": 30}
    for answers, leaky in (((1, 3), True), ((1, 2), False)):
        world = World(
            classes=2,
            people={(one, frozenset(answered)): n for (one, answered), n in people.items()},
            options={"p": answers, "q": (1, 2)},
            parts={"p": (), "q": (), "s": ("p", "q")},
            places=[(0, 1), (0,)],
            k=dict.fromkeys("pqs", k),
            rows={(one, family): [0] for one in "pqs" for family in ("mean", "distribution")},
        )
        world.rows |= {("p", "mean"): [0, 1], ("q", "mean"): [0, 1]}
        assert Equations(world).leaky() == (["mean"] if leaky else [])
        assert audit_wave(world.wave()).verdict == (Verdict.not_proved if leaky else Verdict.safe)
