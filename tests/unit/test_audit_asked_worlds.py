"""The auditor on how many are asked, against a brute force: person by person, in small worlds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st

from service.disclosure.audit import Measured, Published, Report, Verdict, Wave, Where, audit_wave
from service.disclosure.audit.asked import asked
from service.disclosure.audit.book import Book
from tests.make.banded_wave import K


@dataclass
class Person:
    unit: int
    values: dict[str, str]
    gate: bool
    item: bool


@dataclass
class World:
    """Parents of units, people, what was asked, and the places published: unit and values."""

    parents: list[int]
    people: list[Person]
    k: int
    asks_skippers: bool
    shown: list[tuple[int, dict[str, str]]]

    def line(self, unit: int) -> list[int]:
        return [] if unit < 0 else [unit, *self.line(self.parents[unit])]

    def inside(self, place: tuple[int, dict[str, str]]) -> set[int]:
        unit, values = place
        return {
            at
            for at, one in enumerate(self.people)
            if unit in self.line(one.unit) and values.items() <= one.values.items()
        }

    def left(self, place: tuple[int, dict[str, str]]) -> Iterator[set[int]]:
        """The people of a place, and those left after each step."""
        everybody = self.inside(place)
        yield everybody
        unit, values = place
        below = [one for one in self.shown if one[0] != unit and unit in self.line(one[0]) and one[1] == values]
        if below:
            yield everybody.difference(*map(self.inside, below))
        groups: dict[tuple[str, ...], list[tuple[int, dict[str, str]]]] = {}
        for one in self.shown:
            if one[0] == unit and one[1].keys() != values.keys() and self.of(one[1], values):
                groups.setdefault(tuple(one[1]), []).append(one)
        for group in groups.values():
            yield everybody.difference(*map(self.inside, group))

    @staticmethod
    def of(finer: Mapping[str, str], values: Mapping[str, str]) -> bool:
        """Whether all who have these values have those, by declaration: c unites values of a."""
        return all(
            finer[name] == one if name in finer else name == "c" and UNITED.get(finer.get("a", "")) == one
            for name, one in values.items()
        )

    def wrong(self) -> set[int]:
        """Numbers of published places where too few were asked or not."""
        return {at for at, place in enumerate(self.shown) if not all(map(self._enough, self.left(place)))}

    def _enough(self, some: set[int]) -> bool:
        people = [self.people[at] for at in some]
        answered = sum(one.gate for one in people)
        if not answered:
            return True
        n = sum(one.item for one in people)
        those, others = (n - (len(people) - answered), len(people) - n) if self.asks_skippers else (n, answered - n)
        share = next((one for under, one in SHARES.items() if answered < under), Fraction(0))
        return min(those, others) >= self.k and Fraction(min(those, others), answered) > share

    def wave(self) -> Wave:
        kinds = sorted({(one.unit, *sorted(one.values.items())) for one in self.people}, key=str)

        def count(people: Sequence[Person]) -> Any:
            held = [kinds.index((one.unit, *sorted(one.values.items()))) for one in people]
            return np.bincount(np.array(held, np.int64), minlength=len(kinds)).astype(np.int64)

        members = []
        for unit, values in self.shown:
            held = [
                at
                for at, (own, *of) in enumerate(kinds)
                if unit in self.line(int(str(own))) and values.items() <= dict(of).items()  # type: ignore[call-overload]
            ]
            members.append(np.array(held, np.int64))
        gate, item = count([one for one in self.people if one.gate]), count([one for one in self.people if one.item])
        zeros = np.zeros_like(gate)
        k = dict.fromkeys(K, self.k)
        everywhere = np.arange(len(self.shown))
        bands = np.zeros_like(everywhere), np.full_like(everywhere, 10_000)
        return Wave(
            names=[{"place": str(at)} for at in range(len(self.shown))],
            members=members,
            respondents=count(self.people),
            measures=[
                Measured("g", (), gate, zeros, k),
                Measured("q", (), item, zeros, k, gates=("g",), asks_skippers=self.asks_skippers),
            ],
            published=[Published("q", "mean", everywhere, *bands)],
            where=[Where(str(unit), tuple(sorted(values.items()))) for unit, values in self.shown],
            united={"c": "a"},
        )


SHARES = {30: Fraction(1, 10), 100: Fraction(1, 20), 1_000: Fraction(1, 50)}
UNITED = {"1": "u", "2": "u", "3": "v"}


def a_world(random: Random) -> World:
    parents = [-1] + [random.randrange(unit) for unit in range(1, random.randint(1, 4))]
    asks_skippers = random.random() < 0.3
    people = []
    for unit, a, b in product(range(len(parents)), ("", "1", "2", "3"), ("", "o", "m")):
        if random.random() < random.choice([0.2, 0.5, 0.7]):
            continue
        values = {name: one for name, one in (("a", a), ("b", b), ("c", UNITED.get(a, ""))) if one}
        likely = random.choice([0.5, 0.5, 0.5, 0.3, 0.0, 1.0])
        for _ in range(random.choice([1, 3, 10, 25])):
            gate = random.random() < random.choice([1.0, 1.0, 0.9])
            asked_at_all = gate or asks_skippers
            people.append(Person(unit, values, gate, asked_at_all and random.random() < (likely if gate else 0.9)))
    if not people:
        people.append(Person(0, {}, gate=True, item=True))
    world = World(parents, people, random.choice([1, 1, 2, 3]), asks_skippers, [])
    values_of = {"a": "123", "b": "om", "c": "uv"}
    breakdowns = [(), ("a",), ("b",), ("a", "b"), ("c",), ("b", "c"), ("a", "c")]
    share = random.choice([0.15, 0.4, 0.8])
    for names in random.sample(breakdowns, random.randint(1, len(breakdowns))):
        for unit, chosen in product(range(len(parents)), product(*(values_of[name] for name in names))):
            place = unit, dict(zip(names, chosen, strict=True))
            if random.random() < share and any(people[at].item for at in world.inside(place)):
                world.shown.append(place)
    return world


def refused(world: World) -> set[int]:
    return {int(one.row.labels["place"]) for one in asked(Book(world.wave()))}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_places_are_refused_as_people_are_counted_one_by_one(seed: int) -> None:
    world = a_world(Random(seed))
    wrong = world.wrong()
    event("refused" if wrong else "not refused")
    assert refused(world) == wrong


def test_the_worlds_are_of_both_kinds_and_steps_of_every_kind_decide() -> None:
    """Where each place could stand by itself, what it leaves decides; in some worlds nothing is wrong at all."""
    worlds = [a_world(Random(seed)) for seed in range(300)]
    assert sum(bool(world.shown) and not world.wrong() for world in worlds) > 20
    seen = {"tree": 0, "dimensions": 0}
    for world in worlds:
        for place in world.shown:
            whole, *steps = (world._enough(some) for some in world.left(place))
            if whole and not all(steps):
                kinds = {unit for unit, values in world.shown if values == place[1] and place[0] in world.line(unit)}
                seen["tree" if len(steps) == 1 and len(kinds) > 1 else "dimensions"] += 1
    assert min(seen.values()) > 20, seen


def report_of(world: World) -> Report:
    return audit_wave(world.wave())


def test_a_refusal_makes_the_whole_unsafe() -> None:
    world = next(world for world in map(a_world, map(Random, range(50))) if world.wrong())
    assert report_of(world).verdict == Verdict.unsafe
