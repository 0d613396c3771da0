"""Small worlds in which an item is asked by what people answered to another one, released once or once more in a recut.

The dimension of the recut unites values of the first one, as regions do sites. Who is in a place is worked out here
from the classes alone, with nothing of the engine's grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from random import Random

import numpy as np
from numpy.typing import NDArray

from service.disclosure.audit import Measured, Published, Wave, Where
from service.disclosure.breakdowns import protect_breakdowns, protect_more
from service.disclosure.grid import Grid
from service.disclosure.measures import Family, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.table import Column
from service.disclosure.tree import Tree
from service.releases.judged import thresholds
from tests.make.measures import a_measure

Ints = NDArray[np.int64]
Plan = list[tuple[int, ...]]

DIMENSIONS = ("site", "shift", "region")
SIZES = (3, 2, 2)
"""Number of values of each dimension."""

REGION_OF = {-1: -1, 0: 0, 1: 0, 2: 1}
"""By site, where -1 is one that is not known."""

GATE, BRANCHED = "gate", "branched"
ROOT = 0
"""The place of everybody."""

FIRST: list[Plan] = [[()], [(), (0,)], [(), (0,), (1,)], [(), (0, 1)], [(), (0,), (1,), (0, 1)]]
RECUTS: list[Plan] = [[(2,)], [(2,), (1, 2)], [(1,), (2,)], [(0, 1)]]
PEOPLE = [3, 8, 15, 30, 60, 120, 600]
"""Of one class."""

SHARES = [0.5, 0.5, 0.5, 0.3, 0, 1, 0.98, 0.9]
"""Of those who answered the gate: how many of them answered what the branched item is asked by."""

POLICIES = [Policy(), Policy(), Policy(collusion=1), Policy(k_mean=7, k_sensitive=12)]


@dataclass(frozen=True, kw_only=True)
class World:
    """A gate, and an item that is asked by the answers to it.

    Attributes:
        tree: parents of the units.
        classes: unit of each, and values of the dimensions.
        respondents: people of each class, [classes].
        n: by measure, how many of them answered, [classes].
        asks_skippers: whether the branched item is asked of those, too, who did not answer the gate.
        sensitive: the measures that are.
        first: breakdowns of the wave's release.
        recut: breakdowns that are asked for later.
    """

    tree: Sequence[int]
    classes: Sequence[tuple[int, tuple[int, ...]]]
    respondents: Ints
    n: dict[str, Ints]
    asks_skippers: bool
    sensitive: frozenset[str]
    first: Plan
    recut: Plan

    def grid(self, plan: Plan) -> Grid:
        units = np.array([unit for unit, _ in self.classes])
        values = np.array([held for _, held in self.classes])
        return Grid(Tree(np.array(self.tree)), units, values, SIZES, plan)

    @cached_property
    def first_places(self) -> int:
        """How many places the first release has; those of the recut come behind them."""
        return self.grid(self.first).size

    def measures(self) -> list[Measure]:
        half = self.n[GATE] // 2
        gate = a_measure(
            id=GATE,
            kind=Kind.item,
            n=self.n[GATE],
            counts=np.stack([half, self.n[GATE] - half], axis=1),
            sensitive=GATE in self.sensitive,
        )
        return [gate, self._branched()]

    def _branched(self) -> Measure:
        """Answers of five points, half of them 2 and half of them 4."""
        people = self.n[BRANCHED]
        low, none = people // 2, np.zeros_like(people)
        high = people - low
        return a_measure(
            id=BRANCHED,
            kind=Kind.item,
            n=people,
            total=2 * low + 4 * high,
            square_total=4 * low + 16 * high,
            score_min=1,
            score_max=5,
            counts=np.stack([none, low, none, high, none], axis=1),
            favourable=high,
            neutral=none,
            unfavourable=low,
            sensitive=BRANCHED in self.sensitive,
            gates=[GATE],
            asks_skippers=self.asks_skippers,
        )

    def published(self, policy: Policy) -> list[Published]:
        """What the engine shows of the first release, and of the recut beside it."""
        protected = protect_breakdowns(self.grid(self.first), self.respondents, self.measures(), policy)
        shown = [_shown(column, 0) for column in protected.table.columns]
        if self.recut:
            both = self.grid(self.first + self.recut)
            kept = {}
            for one in shown:
                kept[one.measure, Family(one.family)] = np.isin(np.arange(both.size), one.places)
            later = protect_more(both, self.respondents, self.measures(), policy, kept, slice(self.first_places, None))
            beside = [_shown(column, self.first_places) for column in later.columns]
            shown = [_together(one, other) for one, other in zip(shown, beside, strict=True)]
        return [one for one in shown if len(one.places)]

    def wave(self, published: Sequence[Published], policy: Policy) -> Wave:
        """What is published, as the auditor is handed it."""
        units, groups = range(len(self.tree)), self._groups()
        places = [(unit, group) for group in groups for unit in units]
        return Wave(
            names=[{"place": str(place)} for place in range(len(places))],
            members=[self._inside(unit, group) for unit, group in places],
            respondents=self.respondents,
            measures=[self._measured(name, policy) for name in self.n],
            published=published,
            where=[_where(unit, group) for unit, group in places],
            united={"region": "site"},
        )

    def _groups(self) -> list[dict[int, int]]:
        """The value of each dimension of each breakdown, combination by combination."""
        return [
            dict(zip(breakdown, chosen, strict=True))
            for breakdown in self.first + self.recut
            for chosen in product(*(range(SIZES[dimension]) for dimension in breakdown))
        ]

    def _inside(self, unit: int, group: dict[int, int]) -> Ints:
        """The classes of a place, ascending."""
        found = []
        for number, (node, values) in enumerate(self.classes):
            of_group = all(values[dimension] == value for dimension, value in group.items())
            if of_group and unit in self._line(node):
                found.append(number)
        return np.array(found, np.int64)

    def _line(self, unit: int) -> list[int]:
        """The unit and all above it."""
        found = []
        while unit >= 0:
            found.append(unit)
            unit = self.tree[unit]
        return found

    def _measured(self, name: str, policy: Policy) -> Measured:
        return Measured(
            id=name,
            parts=(),
            n=self.n[name],
            partial=np.zeros_like(self.respondents),
            k=thresholds(policy.as_dict(), sensitive=name in self.sensitive, two_answers=False),
            gates=(GATE,) if name == BRANCHED else (),
            asks_skippers=self.asks_skippers and name == BRANCHED,
        )


def _shown(column: Column, first: int) -> Published:
    """The rows of a table whose places begin with this one."""
    at = np.flatnonzero(column.published)
    return Published(column.measure, str(column.family), first + at, column.n_from[at], column.n_to[at])


def _together(one: Published, other: Published) -> Published:
    """The rows of the same measure and family in two releases."""
    assert (one.measure, one.family) == (other.measure, other.family)
    return Published(
        one.measure,
        one.family,
        np.concatenate([one.places, other.places]),
        np.concatenate([one.least, other.least]),
        np.concatenate([one.most, other.most]),
    )


def _where(unit: int, group: dict[int, int]) -> Where:
    return Where(str(unit), tuple(sorted((DIMENSIONS[dimension], str(value)) for dimension, value in group.items())))


def a_world(random: Random) -> World:
    """A few units, of whose people some have no site or no shift; a recut in every other one."""
    tree = [-1, *(random.randrange(unit) for unit in range(1, random.randint(1, 4)))]
    classes = []
    for unit, site, shift in product(range(len(tree)), REGION_OF, (-1, 0, 1)):
        if random.random() < random.choice([0.25, 0.5]):
            classes.append((unit, (site, shift, REGION_OF[site])))
    if not classes:
        classes = [(0, (0, 0, 0))]
    asks_skippers = random.random() < 0.3
    counted = [_people(random, asks_skippers=asks_skippers) for _ in classes]
    respondents, gate, branched = np.array(counted, np.int64).T
    first = random.choice(FIRST)
    recut = random.choice(RECUTS) if random.random() < 0.5 else []
    return World(
        tree=tree,
        classes=classes,
        respondents=respondents,
        n={GATE: gate, BRANCHED: branched},
        asks_skippers=asks_skippers,
        sensitive=frozenset(name for name in (GATE, BRANCHED) if random.random() < 0.2),
        first=first,
        recut=[breakdown for breakdown in recut if breakdown not in first],
    )


def _people(random: Random, *, asks_skippers: bool) -> tuple[int, int, int]:
    """Of one class: how many there are, and how many of them answered the gate and the branched item."""
    people = random.choice(PEOPLE)
    skipped = random.choice([0, 0, 0, min(people, 2), people // 4])
    gate = people - skipped
    branched = round(gate * random.choice(SHARES))
    if asks_skippers:
        branched += skipped
    return people, gate, branched
