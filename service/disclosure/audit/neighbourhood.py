"""A part of the system: some points, the rows as far as they reach into them, and how the points can move."""

from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints, Shorts
from service.disclosure.audit.branch import STUCK, search
from service.disclosure.audit.movements import movements
from service.disclosure.audit.restricted import different, within
from service.disclosure.audit.simplex import echelon
from service.disclosure.audit.sparse import Sparse
from service.disclosure.audit.system import System


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Points that move while every row's sum stays.

    Attributes:
        points: their numbers in the system, base first, then free; large points in the base, which never stop a move,
            are left out.
        place: where each of them is in `points`.
        table: float [base, free], x[base] = -table @ x[free].
        scratch: the same between any two searches, which pivot in it.
        moves: int16 [free, points]; each, with what large points add, unseen by every row: checked in whole numbers.
        large: the numbers of the large points in the base.
        others: int16 [free, large], what each movement adds there.
        unseen: the prints of the points, int64 [points, vectors].
        n: respondents, int64 [points].
        total: what closed the last case, in whole multiples of one over `branch.UNIT`, int64 [points].
        work: elementary operations spent to get here.
    """

    points: Ints
    place: dict[int, int]
    table: Floats
    scratch: Floats
    moves: Shorts
    large: Ints
    others: Shorts
    unseen: Ints
    n: Ints
    total: Ints
    work: int

    @classmethod
    def of(cls, system: System, holding: Sparse, points: Ints, k: int, unseen: Ints) -> "Neighbourhood":
        """Of these points. `holding` gives the remainders that hold each point."""
        # The large first: once in the base they are free to move, and their rows need not be looked at again.
        points = points[np.argsort(-system.n[points], kind="stable")]
        equations = equations_of(holding, len(system.remainders), points)
        matrix = np.zeros((len(equations), len(points)))
        matrix[np.repeat(np.arange(len(equations)), np.diff(equations.start)), equations.member] = 1
        pivot_row, work = echelon(matrix)
        based, free = np.flatnonzero(pivot_row >= 0), np.flatnonzero(pivot_row < 0)
        slopes = np.ascontiguousarray(matrix[pivot_row[based]][:, free].T)
        stops = system.n[points[based]] < k
        true, moves, others, more = movements(slopes, based, free, equations.start, equations.member, stops)
        table = np.ascontiguousarray(slopes[true][:, stops].T)
        local = np.concatenate([based[stops], free[true]])
        return cls(
            points[local],
            {point: number for number, point in enumerate(points[local].tolist())},
            table,
            table.copy(),
            moves,
            points[based[~stops]],
            others,
            np.ascontiguousarray(unseen[points[local]]),
            system.n[points[local]],
            np.zeros(len(local), np.int64),
            work + more,
        )

    def judge(self, aim: int, k: int, most: int) -> tuple[int, Ints, int, int]:
        """All cases of the point with this number in the system; see `branch.search`. So are those of the group."""
        if aim not in self.place:  # it moves in no way that could be made whole
            return STUCK, self.points[:0], 0, 0
        place = self.place[aim]
        ended, group, cases, pivots = search(
            self.table, self.scratch, self.moves, self.unseen, self.n, place, k, most, self.total
        )
        return ended, self.points[group], cases, pivots * self.table.size + cases * self.moves.size


def equations_of(holding: Sparse, rows: int, points: Ints) -> Sparse:
    """The different equations that the points see of so many rows, over places in `points`."""
    start, member = within(holding.start, holding.member, rows, points)
    chosen = different(start, member)
    length = np.diff(start)[chosen]
    ends = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    inside = np.repeat(start[chosen] - ends[:-1], length) + np.arange(ends[-1])
    return Sparse(ends, member[inside])
