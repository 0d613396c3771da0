"""A part of the system: some points, the rows as far as they reach into them, and how the points can move."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.branch import LARGEST_MOVE, MOST_MOVES, STUCK, search
from service.disclosure.audit.simplex import echelon
from service.disclosure.audit.system import System

LARGEST_SCALE = 360
"""Movements are made whole by a factor up to this; others are left out, which can only lose a proof."""

NEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Points that move while every row's sum stays.

    Attributes:
        points: their numbers in the system, base first, then free; large points in the base, which never stop a move,
            are left out.
        base: how many of them are in the base.
        table: float [base, free], x[base] = -table @ x[free].
        moves: int64 [free, points]; each, with what large points add, unseen by every row: checked in whole numbers.
        unseen: the prints of the points, int64 [points, vectors].
        n: respondents, int64 [points].
        work: elementary operations spent to get here.
    """

    points: Ints
    base: int
    table: Floats
    moves: Ints
    unseen: Ints
    n: Ints
    work: int

    @classmethod
    def of(
        cls, system: System, rows_of: Sequence[Sequence[int]], points: Ints, k: int, unseen: Ints
    ) -> "Neighbourhood":
        """Of these points. `rows_of` gives the remainders that hold each point."""
        # The large first: once in the base they are free to move, and their rows need not be looked at again.
        points = points[np.argsort(-system.n[points], kind="stable")]
        equations = _restricted(rows_of, points)
        matrix = equations.copy()
        pivot_row = echelon(matrix)
        based, free = np.flatnonzero(pivot_row >= 0), np.flatnonzero(pivot_row < 0)
        table = matrix[pivot_row[based]][:, free]
        scale = _scales(table)
        kept = scale > 0
        free, table, scale = free[kept][:MOST_MOVES], table[:, kept][:, :MOST_MOVES], scale[kept][:MOST_MOVES]
        whole = np.zeros((len(free), len(points)), np.int64)
        whole[:, based] = -np.rint(table.T * scale[:, None]).astype(np.int64)
        whole[np.arange(len(free)), free] = scale
        # In floating point, yet exact: whole numbers far under 2^53, since larger entries are refused.
        sums = whole.astype(np.float64) @ equations.T
        true = ~sums.any(axis=1) & (np.abs(whole).max(axis=1, initial=0) < LARGEST_MOVE)
        stops = system.n[points[based]] < k
        local = np.concatenate([based[stops], free[true]])
        return cls(
            points[local],
            int(stops.sum()),
            np.ascontiguousarray(table[stops][:, true]),
            np.ascontiguousarray(whole[true][:, local]),
            np.ascontiguousarray(unseen[points[local]]),
            system.n[points[local]],
            matrix.size * len(based),
        )

    def judge(self, aim: int, k: int, most: int) -> tuple[int, Ints, int, int]:
        """All cases of the point with this number in the system; see `branch.search`. So are those of the group."""
        base, free = np.arange(self.base), np.arange(self.base, len(self.points))
        place = np.flatnonzero(self.points == aim)
        if not len(place):  # it moves in no way that could be made whole
            return STUCK, place, 0, 0
        ended, group, cases, pivots = search(
            self.table.copy(), base, free.copy(), self.moves, free, self.unseen, self.n, int(place[0]), k, most
        )
        return ended, self.points[group], cases, pivots * self.table.size + cases * self.moves.size


def _restricted(rows_of: Sequence[Sequence[int]], points: Ints) -> Floats:
    """The different equations [rows, points] that the points see, as zeros and ones."""
    place = {point: number for number, point in enumerate(points.tolist())}
    inside: dict[int, list[int]] = {}
    for point, number in place.items():
        for row in rows_of[point]:
            inside.setdefault(row, []).append(number)
    different = sorted({tuple(members) for members in inside.values()})
    equations = np.zeros((len(different), len(points)))
    for number, members in enumerate(different):
        equations[number, list(members)] = 1
    return equations


def _scales(table: Floats) -> Ints:
    """For each column the smallest factor that makes it whole; 0 if none is small enough."""
    scale = np.zeros(table.shape[1], np.int64)
    for factor in range(1, LARGEST_SCALE + 1):
        left = np.flatnonzero(scale == 0)
        if not len(left):
            break
        scaled = table[:, left] * factor
        whole = np.all(np.abs(scaled - np.rint(scaled)) < NEAR, axis=0)
        scale[left[whole]] = factor
    return scale
