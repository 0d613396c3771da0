"""What closed a point in one system of a wave, tried in the next ones: most of them are nearly the same.

An item's rows stand in some of the places where rows of who answered at all do, over the same classes with a few people
fewer. A perturbation that closed a point there may do it here too. It is put on the people of this system, a class at a
time, and nothing of it is believed: whether this system's rows see it is checked in whole numbers, and it is weighed
with this system's people, as `branch` does in a case of its own with nothing fixed yet. What does not pass says
nothing, and the point is searched as if there were no advice.
"""

from dataclasses import dataclass, field

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints, Shorts
from service.disclosure.audit.branch import UNIT
from service.disclosure.audit.machine import compiled, inner
from service.disclosure.audit.neighbourhood import Neighbourhood
from service.disclosure.audit.sparse import Sparse

MOST_KEPT = 4
"""Perturbations kept of each class; the oldest goes first."""

LARGEST = 1 << 50
"""No class is moved by more than this in what is kept: sums of as many as there may be stay within 64 bits."""

MOST_CLASSES = 1 << 12
"""What moves more classes is not kept; times the above under 2^63."""


# Elementary operations for each class of a perturbation: rows that hold it, added up, looked at, cleared.
_TIMES = 20


@inner
def unseen(start: Ints, row_of: Ints, points: Ints, values: Ints, sums: Ints) -> bool:
    """Whether each row's sum of `values` at `points` (-1: nowhere) is zero, in whole numbers.

    `start` and `row_of` tell for each point the rows that hold it. `sums` [rows] are zeros before and after.
    """
    nothing = True
    for i in range(len(points)):
        if points[i] >= 0:
            for e in range(start[points[i]], start[points[i] + 1]):
                sums[row_of[e]] += values[i]
    for i in range(len(points)):
        if points[i] >= 0:
            for e in range(start[points[i]], start[points[i] + 1]):
                nothing &= sums[row_of[e]] == 0
    for i in range(len(points)):
        if points[i] >= 0:
            for e in range(start[points[i]], start[points[i] + 1]):
                sums[row_of[e]] = 0
    return nothing


@inner
def enough(n: Ints, k: int, aim: int, points: Ints, values: Ints, total: Ints) -> bool:
    """Whether it closes the only case of the point `aim`, if no row sees it; as `branch.weighed` says.

    `total` [points] is zeros before and after.
    """
    for i in range(len(points)):
        if points[i] >= 0:
            total[points[i]] += values[i]
    worth = (n[aim] - k + 1) * UNIT + abs(total[aim])
    total[aim] = 0
    for i in range(len(points)):
        point = points[i]
        if point >= 0:
            # Classes may be one point here: the first one takes all of it.
            if n[aim] + n[point] < k:
                worth -= max(0, abs(total[point]) - n[point] * UNIT)
            total[point] = 0
    return bool(worth > 0)


@compiled
def closed_by(
    start: Ints, row_of: Ints, rows: int, n: Ints, k: int, aims: Ints, begin: Ints, points: Ints, values: Ints
) -> tuple[Bools, int]:
    """For each of the perturbations, whether it closes its point in `aims` and no earlier one did; [perturbations].

    `begin` tells where each begins in `points` and `values`, the other arguments are as above. Gives the elementary
    operations as well.
    """
    found, done, spent = np.zeros(len(aims), np.bool_), np.zeros(len(n), np.bool_), 0
    total, sums = np.zeros(len(n), np.int64), np.zeros(rows, np.int64)
    for one in range(len(aims)):
        aim, first, end = aims[one], begin[one], begin[one + 1]
        if not done[aim]:
            spent += _TIMES * (end - first)
            there, moved = points[first:end], values[first:end]
            found[one] = enough(n, k, aim, there, moved, total) and unseen(start, row_of, there, moved, sums)
            done[aim] = found[one]
    return found, spent


@compiled
def perturbation(
    total: Ints, points: Ints, moves: Shorts, large: Ints, others: Shorts, class_of: Ints
) -> tuple[Ints, Ints]:
    """What closed a case in a neighbourhood, by class: classes, and by how much they move.

    `total` is that of its `points`, of which the last ones make the `moves` [moves, points]; `others` is what these
    add at points that are left out there, `large`.
    """
    first, size = len(points) - len(moves), 0
    classes, values = np.zeros(len(points) + len(large), np.int64), np.zeros(len(points) + len(large), np.int64)
    for j in range(len(points)):
        if total[j]:
            classes[size], values[size] = class_of[points[j]], total[j]
            size += 1
    for z in range(len(large)):
        moved = 0
        for m in range(len(moves)):
            if total[first + m] and others[m, z]:
                # A free point has its own movement alone, in whole shares.
                moved += total[first + m] // moves[m, first + m] * others[m, z]
        if moved:
            classes[size], values[size] = class_of[large[z]], moved
            size += 1
    return classes[:size].copy(), values[:size].copy()


@dataclass(slots=True)
class Advice:
    """Of one wave.

    Attributes:
        width: number of classes.
        kept: by the class of the point that they closed, perturbations: classes, and whole multiples of one over UNIT.
    """

    width: int
    kept: dict[int, list[tuple[Ints, Ints]]] = field(default_factory=dict)

    def keep(self, one: int, classes: Ints, values: Ints) -> None:
        if len(classes) <= MOST_CLASSES and np.abs(values).max(initial=0) < LARGEST:
            known = self.kept.setdefault(one, [])
            known.append((classes, values))
            del known[:-MOST_KEPT]


@dataclass(slots=True)
class Adviser:
    """Of one system.

    Attributes:
        advice: of the wave.
        seat: the point where the people of each class take part who are in every whole, int64 [classes]; of a class
            without such people, the point of those in most wholes; -1 where nobody is, or no row counts them.
        class_of: a class of each point, int64 [points].
    """

    advice: Advice
    seat: Ints
    class_of: Ints

    @classmethod
    def of(cls, advice: Advice, point_of: Ints) -> "Adviser":
        """`point_of` gives the point of each unknown, [layers x classes], -1 for none."""
        seat = np.full(advice.width, -1, np.int64)
        class_of = np.zeros(point_of.max(initial=-1) + 1, np.int64)
        for layer in point_of.reshape(-1, advice.width):
            filled = np.flatnonzero(layer >= 0)
            seat[filled] = layer[filled]
            class_of[layer[filled]] = filled
        return cls(advice, seat, class_of)

    def closed(self, holding: Sparse, rows: int, n: Ints, k: int, asked: Bools) -> tuple[Ints, int]:
        """The points asked for that some perturbation closes, and the elementary operations spent.

        `holding` gives the rows, of so many, that hold each point.
        """
        # The newest first: of a system more like this one.
        tried = [
            (one, *given)
            for one in sorted(self.advice.kept)
            if self.seat[one] >= 0 and asked[self.seat[one]]
            for given in reversed(self.advice.kept[one])
        ]
        if not tried:
            return np.zeros(0, np.int64), 0
        classes = Sparse.of([classes for _, classes, _ in tried])
        aims, values = self.seat[[one for one, _, _ in tried]], np.concatenate([values for _, _, values in tried])
        points = self.seat[classes.member]
        found, work = closed_by(holding.start, holding.member, rows, n, k, aims, classes.start, points, values)
        return aims[found], work

    def keep(self, aim: int, near: Neighbourhood) -> None:
        """What closed this point in its only case."""
        found = perturbation(near.total, near.points, near.moves, near.large, near.others, self.class_of)
        self.advice.keep(int(self.class_of[aim]), *found)
