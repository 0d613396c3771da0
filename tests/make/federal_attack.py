"""Which groups of people a release isolates: linear algebra of an attacker who knows everything but the answers.

The unknowns are sums of answers, one for each question and kind of person (class, and what they skipped). Each
published figure is a sum of some of them, and a combination of figures isolates whoever has a coefficient in it that is
not zero. For each kind of person the smallest such group with them in it is looked for by a linear programme: in their
unit, then in their agency, then everywhere; where its bound leaves a group under k possible, in whole numbers. What is
found is confirmed modulo a prime. Nothing of the service's own search is used.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import lcm
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, hstack, vstack

from tests.make.federal import INDEX, ITEMS, SCALES, Class, Federal, Place

Kind = tuple[Class, frozenset[str]]
Shown = Mapping[str, Iterable[Place]]
"""By measure, the places of which a figure is told."""
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
PRIME = 2**31 - 1
SLACK = 1e-6
WIDTH = len(ITEMS)


class Isolated(NamedTuple):
    """A group of so many people that some combination of figures describes alone."""

    people: int
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class System:
    """Independent figures as sums over (kind, question), [figures, kinds * questions]; people of each kind.

    Kinds of person that no figure tells apart are one.
    """

    kinds: Sequence[tuple[Kind, ...]]
    sizes: Ints
    rows: Ints

    @cached_property
    def questions(self) -> list[int]:
        """One question of those that all figures treat alike."""
        cube = self.rows.reshape(len(self.rows), -1, WIDTH)
        found: list[int] = []
        for number in range(WIDTH):
            if not any(_alike(cube, number, other) for other in found):
                found.append(number)
        return found

    @cached_property
    def surroundings(self) -> list[list["Programme"]]:
        """Of each kind programmes of their unit, of their agency, and of everybody."""
        units = np.array([kinds[0][0][0] for kinds in self.kinds])
        agencies = np.array([unit[:2] for unit in units])
        everybody = Programme.of(self, np.ones(len(units), np.bool_))
        of_agency = {agency: Programme.of(self, agencies == agency) for agency in agencies}
        of_unit = {unit: Programme.of(self, units == unit) for unit in units}
        return [[of_unit[unit], of_agency[unit[:2]], everybody] for unit in units]

    def isolates(self, group: Sequence[int]) -> bool:
        """Whether a combination of the figures is zero outside of some kinds and not zero among them."""
        outside = np.ones(len(self.kinds), np.bool_)
        outside[list(group)] = False
        return len(independent(self.rows[:, np.repeat(outside, WIDTH)])) < len(self.rows)


def system(people: Federal, shown: Shown) -> System:
    """All figures of one sort (means, or shares) that are told."""
    kinds = sorted(people.respondents, key=lambda kind: (kind[0], sorted(kind[1])))
    inside: dict[Place, Mask] = {}
    rows = []
    for measure, places in shown.items():
        weights = WEIGHTS[measure]
        counted = np.array([[weights.get(item, 0) * (weights.keys() <= kind[1]) for item in ITEMS] for kind in kinds])
        for place in places:
            if place not in inside:
                inside[place] = np.array([people.holds(place, kind[0]) for kind in kinds])
            rows.append((counted * inside[place][:, None]).ravel())
    every = np.array(rows, np.int64).reshape(len(rows), len(kinds) * WIDTH)
    cube = every[independent(every)].reshape(-1, len(kinds), WIDTH)
    alike: dict[bytes, list[int]] = {}
    for at in np.flatnonzero(cube.any(axis=(0, 2))).tolist():
        alike.setdefault(cube[:, at].tobytes(), []).append(at)
    sizes = [sum(people.respondents[kinds[at]] for at in group) for group in alike.values()]
    first = [group[0] for group in alike.values()]
    merged = [tuple(kinds[at] for at in group) for group in alike.values()]
    return System(merged, np.array(sizes), cube[:, first].reshape(len(cube), -1))


def _weights() -> Iterator[tuple[str, dict[str, int]]]:
    """What an answer counts in each measure, in whole numbers."""
    common = lcm(*map(len, SCALES.values()))
    for items in SCALES.values():
        yield from ((item, {item: 1}) for item in items)
    yield from ((scale, dict.fromkeys(items, 1)) for scale, items in SCALES.items())
    yield INDEX, {item: common // len(items) for items in SCALES.values() for item in items}


WEIGHTS = dict(_weights())


def isolated(found: System, k: int, among: Collection[str] | None = None) -> list[Isolated]:
    """Groups of fewer than k people that the figures isolate; none is there if this is empty.

    `among`: only groups with somebody of these units in them, who has their largest coefficient.
    """
    groups = set()
    for at in np.flatnonzero(found.sizes < k).tolist():
        if among is not None and found.kinds[at][0][0][0] not in among:
            continue
        for question in found.questions:
            group = _smallest(found, at, question, k)
            if group is not None and found.isolates(group):
                groups.add(group)
    return sorted(
        (
            Isolated(int(found.sizes[list(group)].sum()), tuple(kind for at in group for kind in found.kinds[at]))
            for group in groups
        ),
        key=lambda one: one.people,
    )


def _smallest(found: System, at: int, question: int, k: int) -> tuple[int, ...] | None:
    """The smallest group in which a kind of person has the largest coefficient, in one question, if it is under k."""
    for programme in found.surroundings[at]:
        if programme.bound(at, question) >= k - SLACK:
            return None
    return found.surroundings[at][-1].group(at, question, k)


@dataclass(frozen=True)
class Programme:
    """How few people of some kinds can have a coefficient where one of them has it one, and nobody a larger one.

    Attributes:
        near: the kinds; of all others nothing is asked.
        sizes: people of these.
        figures: independent figures as these see them, [figures, kinds * questions].
        above: with both signs, each coefficient less its kind's largest, as sums of what figures and kinds count.
    """

    near: Ints
    sizes: Ints
    figures: Ints
    above: csr_array

    @classmethod
    def of(cls, found: System, near: Mask) -> "Programme":
        figures = found.rows[:, np.repeat(near, WIDTH)]
        figures = figures[independent(figures)]
        some = np.flatnonzero(figures.any(axis=0))
        seen = csr_array(figures.T[some].astype(float))
        kinds = csr_array(np.repeat(np.eye(int(near.sum())), WIDTH, axis=0)[some])
        above = vstack([hstack([seen, -kinds]), hstack([-seen, -kinds])]).tocsr()
        return cls(np.flatnonzero(near), found.sizes[near], figures, above)

    def bound(self, at: int, question: int) -> float:
        """At least so many people."""
        one, _, limits = self._asked(at, question)
        if not one.any():
            return np.inf
        cost, zeros = np.concatenate([np.zeros(len(self.figures)), self.sizes]), np.zeros(self.above.shape[0])
        done = linprog(
            cost, A_ub=self.above, b_ub=zeros, A_eq=one[None], b_eq=[1], bounds=np.stack(limits, axis=1), method="highs"
        )
        if not done.success:
            raise RuntimeError(done.message)
        return float(done.fun)

    def group(self, at: int, question: int, k: int) -> tuple[int, ...] | None:
        """The fewest people, in whole numbers, where they are fewer than k."""
        one, whole, limits = self._asked(at, question)
        done = milp(
            np.concatenate([np.zeros(len(self.figures)), self.sizes]),
            constraints=[LinearConstraint(self.above, ub=0), LinearConstraint(one[None], 1, 1)],
            integrality=whole,
            bounds=Bounds(*limits),
        )
        if not done.success:
            raise RuntimeError(done.message)
        chosen = np.flatnonzero(done.x[len(self.figures) :] > 0.5)
        return tuple(self.near[chosen].tolist()) if done.fun < k - SLACK else None

    def _asked(self, at: int, question: int) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
        """The coefficient that is one, which unknowns are whole numbers, and between what all of them lie."""
        column = int(np.flatnonzero(self.near == at)[0]) * WIDTH + question
        free, kinds = len(self.figures), len(self.near)
        one = np.concatenate([self.figures[:, column].astype(float), np.zeros(kinds)])
        whole = np.concatenate([np.zeros(free), np.ones(kinds)])
        limits = np.where(whole > 0, 0.0, -np.inf), np.where(whole > 0, 1.0, np.inf)
        return one, whole, limits


def _alike(cube: Ints, one: int, other: int) -> bool:
    """Whether all figures together are the same with two questions in each other's place."""
    turned = list(range(WIDTH))
    turned[one], turned[other] = other, one
    return {row.tobytes() for row in cube} == {np.ascontiguousarray(row[:, turned]).tobytes() for row in cube}


def independent(rows: Ints) -> list[int]:
    """The first rows that are no combination of those before them, modulo a prime."""
    left = rows.T % PRIME
    found: list[int] = []
    for number in range(len(rows)):
        hits = np.flatnonzero(left[len(found) :, number])
        if hits.size == 0:
            continue
        top, pivot = len(found), len(found) + int(hits[0])
        left[[top, pivot]] = left[[pivot, top]]
        left[top, number:] = left[top, number:] * pow(int(left[top, number]), -1, PRIME) % PRIME
        below = top + 1 + np.flatnonzero(left[top + 1 :, number])
        left[below, number:] = (
            left[below, number:] - left[below, number][:, None] * left[top, number:] % PRIME
        ) % PRIME
        found.append(number)
        if len(found) == len(left):
            break
    return found
