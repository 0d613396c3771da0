"""Small worlds whose people skip items of one scale, are scored all the same, or are asked by what they answered.

Everything is counted from one line per person, as a release would count it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import lcm
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.disclosure.breakdowns import protect_breakdowns
from service.disclosure.grid import Grid
from service.disclosure.measures import Gaps, Kind, Measure
from service.disclosure.policy import Policy
from service.disclosure.protect import protect
from service.disclosure.table import SafeTable
from service.disclosure.tree import Tree
from tests.make.measures import a_measure

Ints = NDArray[np.int64]
Answers = tuple[int | None, ...]
Line = tuple[int, Answers]
SIZES = [1, 2, 3, 4, 5, 6, 7, 10, 12, 25]
PLANS: list[list[tuple[int, ...]]] = [[(), (0,)], [(), (0,), (1,)], [(), (0, 1)]]
SHAPES = [(2, 2, 1), (2, 3, 1), (3, 2, 2), (3, 2, 2), (3, 3, 2), (3, 3, 3), (4, 2, 2), (4, 2, 3), (2, 5, 2)]
"""Items of the scale, points of each, how many of them a person must have answered."""


@dataclass(frozen=True)
class Atom:
    """People of one class who answered the same items.

    Attributes:
        at: the class.
        answered: which items of the scale.
        gate: what they answered to the gate, True for those who are asked item f; None: nothing.
        size: how many.
    """

    at: int
    answered: tuple[bool, ...]
    gate: bool | None
    size: int


@dataclass(frozen=True, kw_only=True)
class World:
    """A scale s of the items q0, q1 and so on; a gate g, and an item f asked of those who said yes.

    Attributes:
        tree: parents of the units.
        classes: unit of each, and values of the dimensions.
        values: number of values of each dimension.
        plan: breakdowns, see `Grid`.
        atoms: who there is.
        points: of each item.
        weights: of each item of a scale.
        fewest: items of s to be answered by whoever is scored.
        bands: where each but the first band of a score begins.
        sensitive: whether item q0 is.
        gated: whether there are g and f.
        split: items from here on make a scale r, and both scales an index x; everybody scored has answered all.
        one_sided: the bands of the index look at r alone.
    """

    tree: Sequence[int]
    classes: Sequence[tuple[int, tuple[int, ...]]]
    values: Sequence[int]
    plan: Sequence[tuple[int, ...]]
    atoms: Sequence[Atom]
    points: int
    weights: Sequence[int]
    fewest: int
    bands: Sequence[Fraction]
    sensitive: bool = False
    gated: bool = False
    split: int | None = None
    one_sided: bool = False

    @property
    def items(self) -> int:
        return len(self.weights)

    @property
    def wholes(self) -> dict[str, range]:
        """The items of each scale and of the index."""
        every = range(self.items)
        return {"s": every} if self.split is None else {"s": every[: self.split], "r": every[self.split :], "x": every}

    @cached_property
    def grid(self) -> Grid:
        nodes = np.array([node for node, _ in self.classes])
        held = np.array([values for _, values in self.classes]).reshape(len(nodes), len(self.values))
        return Grid(Tree(np.array(self.tree)), nodes, held, self.values, self.plan)

    def inside(self, place: int) -> set[int]:
        """The classes in a place."""
        groups = [
            dict(zip(breakdown, chosen, strict=True))
            for breakdown in self.plan
            for chosen in product(*(range(self.values[dimension]) for dimension in breakdown))
        ]
        group, unit = divmod(place, len(self.tree))
        found = set()
        for number, (node, values) in enumerate(self.classes):
            above = node
            while above not in (-1, unit):
                above = self.tree[above]
            if above == unit and all(values[dimension] == value for dimension, value in groups[group].items()):
                found.add(number)
        return found

    def scored(self, answered: Sequence[bool], name: str = "s") -> bool:
        held = sum(answered[column] for column in self.wholes[name])
        return held >= (self.fewest if self.split is None else len(self.wholes[name]))

    def score(self, name: str, answers: Answers) -> Fraction:
        """The weighted mean of the items answered; of an index, the mean of its scales."""
        return self._mean(name, answers, lambda answer: answer)

    def share(self, name: str, answers: Answers, which: int) -> Fraction:
        """As `score`, of the answers that are favourable (0), neutral, unfavourable."""
        return self._mean(name, answers, lambda answer: int(self.third(answer) == which))

    def _mean(self, name: str, answers: Answers, of: Callable[[int], int]) -> Fraction:
        if name == "x":
            return (self._mean("s", answers, of) + self._mean("r", answers, of)) / 2
        held = [(self.weights[q], one) for q in self.wholes[name] if (one := answers[q]) is not None]
        return Fraction(sum(weight * of(one) for weight, one in held), sum(weight for weight, _ in held))

    def third(self, answer: int) -> int:
        return 0 if answer == self.points else 2 if answer == 1 else 1

    def band(self, name: str, answers: Answers) -> int:
        score = self.score("r" if name == "x" and self.one_sided else name, answers)
        return sum(score >= edge for edge in self.bands)

    def respondents(self) -> Ints:
        out = np.zeros(len(self.classes), np.int64)
        for atom in self.atoms:
            out[atom.at] += atom.size
        return out

    def measures(self, seed: int = 0) -> list[Measure]:
        lines = self._lines(Random(seed))
        made = [self._rating(lines, f"q{q}", q, sensitive=self.sensitive and q == 0) for q in range(self.items)]
        made += [self._whole(lines, name) for name in self.wholes]
        if self.gated:
            said = np.stack([self._sum(lines, lambda a, v=v: a[self.items] == v) for v in (0, 1)], axis=1)  # type: ignore[misc]  # a default binds
            made.append(a_measure(id="g", kind=Kind.item, n=said.sum(axis=1), counts=said))
            made.append(self._rating(lines, "f", self.items + 1, gates=["g"]))
        return made

    def _lines(self, random: Random) -> list[Line]:
        """Class and answers of each person: to the scale's items, to the gate, to f."""
        lines: list[Line] = []
        for atom in self.atoms:
            for _ in range(atom.size):
                scale = [random.randint(1, self.points) if one else None for one in atom.answered]
                asked = random.randint(1, self.points) if atom.gate else None
                lines.append((atom.at, (*scale, None if atom.gate is None else int(atom.gate), asked)))
        return lines

    def _sum(self, lines: list[Line], of: Callable[[Answers], Fraction | int]) -> Ints:
        out = np.zeros(len(self.classes), np.int64)
        for at, answers in lines:
            out[at] += int(of(answers))
        return out

    def _rating(self, lines: list[Line], name: str, column: int, **more: Any) -> Measure:
        points = range(1, self.points + 1)
        counts = np.stack([self._sum(lines, lambda a, v=v: a[column] == v) for v in points], axis=1)  # type: ignore[misc]  # a default binds
        held = [line for line in lines if line[1][column] is not None]
        thirds = [self._sum(held, lambda a, w=w: self.third(a[column] or 0) == w) for w in range(3)]  # type: ignore[misc]  # same
        return a_measure(
            id=name, kind=Kind.item, n=counts.sum(axis=1), total=counts @ points,
            square_total=counts @ np.square(points), score_min=1, score_max=self.points, counts=counts,
            favourable=thirds[0], neutral=thirds[1], unfavourable=thirds[2], **more,
        )  # fmt: skip

    def _whole(self, lines: list[Line], name: str) -> Measure:
        held = [line for line in lines if self.scored([one is not None for one in line[1]], name)]
        over = 2 * lcm(*(sum(self.weights[q] for q in columns) for columns in self.wholes.values()), *range(1, 5))
        bands = range(len(self.bands) + 1)
        counts = [self._sum(held, lambda a, b=b: self.band(name, a) == b) for b in bands]  # type: ignore[misc]  # same
        shares = [self._sum(held, lambda a, w=w: self.share(name, a, w) * over) for w in range(3)]  # type: ignore[misc]  # same
        parts = ["s", "r"] if name == "x" else [f"q{q}" for q in self.wholes[name]]
        return a_measure(
            id=name, kind=Kind.index if name == "x" else Kind.scale, n=self._sum(held, lambda _: 1),
            total=self._sum(held, lambda a: self.score(name, a) * over),
            square_total=self._sum(held, lambda a: (self.score(name, a) * over) ** 2),
            denominator=over, score_min=1, score_max=self.points,
            counts=np.stack(counts, axis=1) if self.bands else None,
            favourable=shares[0], neutral=shares[1], unfavourable=shares[2], share_denominator=over, parts=parts,
            alike=not self.one_sided if name == "x" else len({self.weights[q] for q in self.wholes[name]}) == 1,
            partial=self._sum([line for line in lines if line not in held], lambda a: self._some(parts, a)),
            gaps=self._gaps(held) if self.split is None else None,
        )  # fmt: skip

    def _some(self, parts: list[str], answers: Answers) -> bool:
        """Whether somebody is a respondent of any of these."""
        answered = [one is not None for one in answers]
        return any(self.scored(answered, part) if part in "sr" else answered[int(part[1:])] for part in parts)

    def _gaps(self, held: list[Line]) -> Gaps | None:
        by_size = [
            [line for line in held if sum(line[1][q] is not None for q in range(self.items)) == size]
            for size in range(self.fewest, self.items)
        ]
        if not by_size:
            return None
        people = [self._sum(lines, lambda _: 1) for lines in by_size]
        answered = [
            [self._sum(lines, lambda a, q=q: a[q] is not None) for q in range(self.items)]  # type: ignore[misc]  # same
            for lines in by_size
        ]
        return Gaps(np.array(people), np.array(answered))

    def protect(self, policy: Policy) -> SafeTable:
        """By the engine of the org tree alone, or by that of breakdowns."""
        if len(self.plan) == 1:
            return protect(self.grid.tree, self.respondents(), self.measures(), policy)
        made = protect_breakdowns(self.grid, self.respondents(), self.measures(), policy)
        assert not made.fell_back
        return made.table


def a_world(random: Random, *, linked: bool = False, gated: bool = False, index: bool = False) -> World:
    """A few units; with breakdowns, two dimensions besides."""
    nodes = random.randint(1, 4)
    tree = [-1, *(random.randrange(node) for node in range(1, nodes))]
    values = (2, 2) if linked else ()
    every = [(node, held) for node in range(nodes) for held in product(*(range(-1, size) for size in values))]
    classes = random.sample(every, min(len(every), random.randint(2, 4))) if linked else every
    items, points, fewest = random.choice([shape for shape in SHAPES if shape[0] < 4 or not index])
    full = (True,) * items
    unlike = (index or not linked) and random.random() < 0.2
    if index or unlike or random.random() < 0.15:
        fewest = items
    often = [5, 10, 12, 12, 25] if random.random() < 0.8 else SIZES
    atoms = {(at, full): random.choice([10, 12, 25, *often]) for at in range(len(classes)) if random.random() < 0.9}
    for _ in range(random.randint(1, 2 if gated else 5)):
        held = random.randint(1 if index else fewest, items) if random.random() < 0.8 else random.randint(1, items)
        answered = set(random.sample(range(items), held))
        at = random.randrange(len(classes))
        atoms[at, tuple(item in answered for item in range(items))] = random.choice(often)
    found = [Atom(at, mask, None, size) for (at, mask), size in atoms.items()]
    if gated:
        found = [Atom(atom.at, atom.answered, gate, size) for atom in found for gate, size in _split(random, atom.size)]
    # Edges near the scores that some number of answers can give, and near no other.
    edges = sorted({Fraction(random.randint(0, 40 * (points - 1)), 40) + 1 for _ in range(random.choice([0, 1, 2, 2]))})
    if random.random() < 0.3:
        near = random.choice([Fraction(3, 2), Fraction(4, 3), Fraction(5, 3)])
        edges = [near - Fraction(1, 40), near + Fraction(1, 40)]
    return World(
        tree=tree, classes=classes, values=values, plan=random.choice(PLANS) if linked else [()],
        atoms=found, points=points, weights=[random.randint(1, 5) for _ in full] if unlike else [1] * items,
        fewest=fewest, bands=edges, sensitive=random.random() < 0.15, gated=gated,
        split=random.randint(1, items - 1) if index else None, one_sided=index and random.random() < 0.3,
    )  # fmt: skip


def _split(random: Random, size: int) -> list[tuple[bool | None, int]]:
    """The people of an atom by what they say to the gate: two answers, or one and none."""
    first, second = random.sample([True, False, None], 2)
    some = random.randint(0, size)
    return [(gate, people) for gate, people in ((first, some), (second, size - some)) if people]
