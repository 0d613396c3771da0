"""The auditor on scales that score people who skipped some items, against brute force over all they may have answered.

Brute force knows no layers, sizes or blocks. Its people are those who answered the same items in the same class, and
its unknowns how many of them gave each combination of answers. A published figure is a function of a person's answers,
added up over the people of a place; a combination of figures describes a group of people if what it adds up to there
depends on their answers.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import lcm
from random import Random

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.disclosure.audit import Gaps, Measured, Published, Report, Verdict, Wave, audit_wave
from service.disclosure.audit.model import worst
from tests.make.groups import largest_groups, rank
from tests.make.organisations import organisation

Ints = NDArray[np.int64]
Group = tuple[int, frozenset[str]]
PRIME = 2**31 - 1
READ_AS = {
    "mean": ("mean", "distribution", "deviation"),
    "distribution": ("distribution",),
    "deviation": ("deviation",),
}


@dataclass
class Scale:
    """Items, how many of them a person must have answered, and where bands of scores begin (after the first)."""

    items: tuple[str, ...]
    needed: int
    cuts: tuple[float, ...]


@dataclass
class World:
    """An organisation that answered.

    Attributes:
        people: by class and set of answered items.
        points: answers to any item are 1 to so many.
        places: classes of each place.
        k: by family.
        rows: by measure and family the places published.
    """

    classes: int
    people: dict[Group, int]
    points: int
    scales: dict[str, Scale]
    places: list[tuple[int, ...]]
    k: dict[str, int]
    rows: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def counts(self, measure: str, answered: frozenset[str]) -> bool:
        """Whether who answered these is among the respondents."""
        scale = self.scales.get(measure)
        return measure in answered if scale is None else len(answered.intersection(scale.items)) >= scale.needed

    def count(self, classes: Sequence[int], who: Callable[[frozenset[str]], bool]) -> int:
        return sum(n for (one, answered), n in self.people.items() if one in classes and who(answered))

    def by_class(self, who: Callable[[frozenset[str]], bool]) -> Ints:
        return np.array([self.count([one], who) for one in range(self.classes)], np.int64)

    def wave(self) -> Wave:
        published = []
        for (one, family), places in self.rows.items():
            n = np.array([self.count(self.places[place], self._in(one)) for place in places], np.int64)
            published.append(Published(one, family, np.array(places, np.int64), n, n))
        names = [{"place": str(number)} for number in range(len(self.places))]
        members = [np.array(sorted(place), np.int64) for place in self.places]
        return Wave(names, members, self.by_class(lambda _: True), list(self._measures()), published)

    def _in(self, measure: str) -> Callable[[frozenset[str]], bool]:
        return lambda answered: self.counts(measure, answered)

    def _measures(self) -> Iterator[Measured]:
        for name, scale in self.scales.items():
            for item in scale.items:
                n = self.by_class(self._in(item))
                yield Measured(item, (), n, np.zeros_like(n), self.k)

            def some(answered: frozenset[str], name: str = name, scale: Scale = scale) -> bool:
                return bool(answered.intersection(scale.items)) and not self.counts(name, answered)

            yield Measured(
                name,
                scale.items,
                self.by_class(self._in(name)),
                self.by_class(some),
                self.k,
                gaps=self._gaps(scale) if scale.needed < len(scale.items) else None,
            )

    def _gaps(self, scale: Scale) -> Gaps:
        def of(size: int, *items: str) -> Ints:
            return self.by_class(
                lambda answered: len(answered.intersection(scale.items)) == size and answered >= set(items)
            )

        sizes = range(scale.needed, len(scale.items) + 1)
        answered = np.array([[of(size, item) for item in scale.items] for size in sizes])
        return Gaps(np.array([of(size) for size in sizes]), answered)


# Brute force.


class Equations:
    """Of one scale and its items: a column for each group of people and each set of answers of theirs but one."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.scale = world, name, world.scales[name]
        self.groups = [group for group, n in world.people.items() if n and group[1].intersection(self.scale.items)]
        self.column: dict[tuple[int, tuple[int, ...]], int] = {}
        for number, (_, answered) in enumerate(self.groups):
            for answers in list(self._answers(answered))[1:]:
                self.column[number, answers] = len(self.column)
        self.group_of = np.array([group for group, _ in self.column], np.int64)

    def leaky(self) -> list[str]:
        return [family for family in READ_AS if self._isolates(family)]

    def _isolates(self, family: str) -> bool:
        """Whether a combination of rows depends on the answers of somebody, and of fewer than k people."""
        measures = (*self.scale.items, self.name)
        rows = [
            row
            for (one, of) in self.world.rows
            if one in measures and of in READ_AS[family]
            for row in self._rows(one, of)
        ]
        if not rows:
            return False
        matrix = np.array(rows)
        whole = rank(matrix.copy())
        n = [self.world.people[group] for group in self.groups]
        return any(
            rank(matrix[:, ~np.isin(self.group_of, list(group))]) < whole
            for group in largest_groups(n, self.world.k[family])
        )

    def _answers(self, answered: frozenset[str]) -> Iterator[tuple[int, ...]]:
        """What these people may have answered; 0 where they skipped."""
        some = range(1, self.world.points + 1)
        return product(*(some if item in answered else (0,) for item in self.scale.items))

    def _rows(self, measure: str, family: str) -> Iterator[list[int]]:
        """Whatever is told of a place: differences from the first set of answers, which everybody in it may have."""
        for place in self.world.rows[measure, family]:
            for figure in self._figures(measure, family):
                row = [0] * len(self.column)
                for number, (one, answered) in enumerate(self.groups):
                    if one in self.world.places[place] and self.world.counts(measure, answered):
                        first, *others = self._answers(answered)
                        for answers in others:
                            row[self.column[number, answers]] = figure(answers) - figure(first)
                yield row

    def _figures(self, measure: str, family: str) -> list[Callable[[tuple[int, ...]], int]]:
        """Functions of a person's answers, in whole numbers."""
        points = range(1, self.world.points + 1)
        if measure != self.name:
            at = self.scale.items.index(measure)
            if family == "distribution":
                return [lambda answers, point=point: int(answers[at] == point) for point in points]  # type: ignore[misc]
            return [lambda answers: answers[at] ** (1 + (family == "deviation"))]
        times = lcm(*range(1, len(self.scale.items) + 1))

        def score(answers: tuple[int, ...]) -> int:
            return sum(answers) * times // sum(map(bool, answers))

        if family == "mean":
            return [score]
        if family == "deviation":
            return [lambda answers: score(answers) ** 2]

        def favourable(answers: tuple[int, ...]) -> int:
            return answers.count(self.world.points) * times // sum(map(bool, answers))

        cuts = self.scale.cuts
        bands = [lambda answers, cut=cut: int(score(answers) >= cut * times) for cut in cuts]
        return [favourable, *bands]


# Small worlds.


def a_scale(random: Random, name: str) -> Scale:
    items = tuple(f"{name}{number}" for number in range(random.choice([2, 2, 3, 3, 4])))
    cuts = tuple(sorted({random.choice([1.2, 1.4, 1.5, 1.6, 1.75, 2.0]) for _ in range(random.choice([0, 1, 2, 4]))}))
    return Scale(items, random.choice([1, len(items) - 1, random.randint(1, len(items))]), cuts)


def a_world(random: Random) -> World:
    classes, places = organisation(random, random.choice([0, 0, 0, 1, 1, 2]))
    classes = min(classes, 5)
    places = sorted(
        {tuple(one for one in place if one < classes) for place in places} - {()}, key=lambda p: (-len(p), p)
    )
    scales = {name: a_scale(random, name) for name in random.choice(["s", "s", "st"])}
    points = random.choice([2, 2, 3]) if max(len(one.items) for one in scales.values()) < 4 else 2
    k = random.choice([2, 3])
    ks = {"mean": k, "distribution": k + random.choice([0, 0, 1]), "deviation": k + random.choice([0, 1])}
    world = World(classes, {}, points, scales, places, ks)
    items = [item for scale in scales.values() for item in scale.items]
    few = random.random() < 0.5
    for one in range(classes):
        for number in range(random.choice([1, 2, 2, 3, 3])):
            share = random.choice([0.4, 0.7, 0.85]) if number else random.choice([1.0, 1.0, 0.8])
            some = frozenset(item for item in items if random.random() < share)
            sizes = [0, 1, 1, 2, k, k + 1, 2 * k] if few else [0, k, k + 1, k + 1, 2 * k]
            world.people[one, some] = world.people.get((one, some), 0) + random.choice(sizes)
    publish(random, world)
    return world


def publish(random: Random, world: World) -> None:
    """Places that stand by themselves, most of them in all measures; scales where their items do, most of them."""
    base = {place for place in range(len(world.places)) if random.random() < random.choice([0.4, 0.8, 1.0])}
    dropped = random.choice([0.0, 0.0, 0.2])
    for family in READ_AS:
        if family != "mean" and random.random() < 0.5:
            continue
        for name, scale in world.scales.items():
            for one in (*scale.items, name):
                k = world.k[family]
                enough = {place for place in base if enough_at(world, one, world.places[place], k)}
                shown = {place for place in enough if random.random() >= dropped}
                if one == name and random.random() < 0.9:
                    shown &= set.intersection(*(set(world.rows.get((item, family), ())) for item in scale.items))
                    if family != "deviation":
                        shown = {place for place in shown if not few_differ(world, name, world.places[place], k)}
                if family != "mean":
                    shown &= set(world.rows.get((one, "mean"), ()))
                if family == "deviation" and (one, "distribution") in world.rows:
                    shown &= set(world.rows[one, "distribution"])
                if shown:
                    world.rows[one, family] = sorted(shown)


def enough_at(world: World, one: str, classes: Sequence[int], k: int) -> bool:
    return world.count(classes, lambda answered: world.counts(one, answered)) >= k


def few_differ(world: World, name: str, classes: Sequence[int], k: int) -> bool:
    def differ(item: str, *, more: bool) -> int:
        return world.count(
            classes, lambda answered: world.counts(name, answered) == more and (item in answered) != more
        )

    both = product(world.scales[name].items, (True, False))
    return any(0 < differ(item, more=more) < k for item, more in both)


def has_gaps(world: World) -> bool:
    """Whether somebody is scored in spite of a gap, in a scale that is published."""
    return any(
        n and world.counts(name, answered) and not answered.issuperset(scale.items)
        for name, scale in world.scales.items()
        if (name, "mean") in world.rows
        for (_, answered), n in world.people.items()
    )


def contradictions(world: World, report: Report, *, tell: bool = True) -> list[str]:
    """Families of which the auditor says safe where brute force finds a leak, or unsafe where it finds none."""
    found = []
    said = {family: [one for one in report.findings if one.family == family] for family in READ_AS}
    for name, scale in world.scales.items():
        own = {
            family: worst(one.verdict for one in findings if one.measure in (name, *scale.items))
            for family, findings in said.items()
        }
        if all(verdict == Verdict.not_proved for verdict in own.values()):
            continue
        leaky = Equations(world, name).leaky()
        for family, verdict in own.items():
            # Distributions without means are judged among distributions alone.
            together = worst([verdict, own["distribution"]]) if family == "mean" else verdict
            if family in leaky and together == Verdict.safe:
                found.append(f"{family} of {name} is safe")
            if verdict == Verdict.unsafe and family not in leaky:
                found.append(f"{family} of {name} is unsafe")
            if tell:
                event(f"{family}: {verdict} where brute force says {'leaky' if family in leaky else 'safe'}")
    return found


def test_no_combination_of_a_safe_wave_describes_few() -> None:
    seen = Counter[str]()

    @settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow])
    @given(st.randoms(use_true_random=True))
    def holds(random: Random) -> None:
        world = a_world(random)
        report = audit_wave(world.wave())
        assert contradictions(world, report) == [], world
        means = [one for one in report.findings if one.family == "mean"]
        if has_gaps(world) and not report.refusals:
            seen[f"{worst(one.verdict for one in means)} by {max(one.by for one in means)}"] += 1

    holds()
    # Both ways to prove, and to find an example.
    assert min(seen[f"{verdict} by {way}"] for verdict in ("safe", "unsafe") for way in ("search", "residuals")) > 3
