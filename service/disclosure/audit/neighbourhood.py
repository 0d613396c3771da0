"""A part of the system: some points, the rows as far as they reach into them, and how the points can move."""

from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.branch import STUCK, search
from service.disclosure.audit.exchange import solved
from service.disclosure.audit.inverse import GRAIN, LARGEST, bound_of
from service.disclosure.audit.restricted import different, within
from service.disclosure.audit.simplex import MOST_KEPT
from service.disclosure.audit.sparse import Sparse
from service.disclosure.audit.system import System


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Points that move while every row's sum stays.

    Attributes:
        points: their numbers in the system: base, free, then large points in the base, which never stop a move.
        place: where each of them is in `points`, but for the last.
        table: float [base, free], x[base] = -table @ x[free].
        across: the same transposed.
        based: where the points in the base are in `points`, as `inverse` has them; the large ones too.
        holding: for each point the independent rows that hold it.
        inverse: what the independent rows' sums make of the base, float [rows, base].
        bound: twice the norm of it, checked (`inverse`); 0 if nothing could be checked, and nothing can be proved.
        unseen: the prints of the points but for the last, int64 [base + free, vectors].
        n: respondents of the same, int64 [base + free].
        total: what closed the last case, in whole multiples of one over `settled.UNIT`, int64 [points].
        work: elementary operations spent to get here.
    """

    points: Ints
    place: dict[int, int]
    table: Floats
    across: Floats
    based: Ints
    holding: Sparse
    inverse: Floats
    bound: int
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
        base, free, work = solved(matrix, int((system.n[points] >= k).sum()))
        pivoted, others = np.flatnonzero(base >= 0), np.flatnonzero(base < 0)
        stops = system.n[points[base[pivoted]]] < k
        # Those of the base that can stop a move first.
        pivoted = pivoted[np.argsort(~stops, kind="stable")]
        held, based = int(stops.sum()), base[pivoted]
        rows, moving = np.flatnonzero(free < 0), np.flatnonzero(free >= 0)
        sure, parts = -1 - free[rows], -matrix[np.ix_(others, rows)]
        order = np.argsort(sure)
        sure, rows, parts = sure[order], rows[order], parts[:, order]
        scaled = matrix[np.ix_(pivoted, rows)] * GRAIN
        bound = 0
        if np.abs(scaled).max(initial=0) < LARGEST:
            place = np.full(len(points), -1, np.int64)
            place[based] = np.arange(len(based))
            whole = np.rint(scaled).astype(np.int64)
            bound = bound_of(whole, parts, others, equations.start, equations.member, sure, place)
        local = np.concatenate([based[:held], free[moving], based[held:]])
        inside = Sparse.of([equations[row] for row in sure.tolist()]).transposed(len(points))
        table = np.ascontiguousarray(matrix[np.ix_(pivoted[:held], moving)])
        known = local[: held + len(moving)]
        return cls(
            points[local],
            {point: number for number, point in enumerate(points[known].tolist())},
            table,
            np.ascontiguousarray(table.T),
            np.concatenate([np.arange(held), np.arange(held + len(moving), len(local))]),
            Sparse.of([inside[one] for one in local.tolist()]),
            np.ascontiguousarray(matrix[np.ix_(pivoted, rows)].T),
            bound,
            np.ascontiguousarray(unseen[points[known]]),
            system.n[points[known]],
            np.zeros(len(local), np.int64),
            work,
        )

    def judge(self, aim: int, k: int, most: int) -> tuple[int, Ints, int, int]:
        """All cases of the point with this number in the system; see `branch.search`. So are those of the group."""
        if aim not in self.place:
            return STUCK, self.points[:0], 0, 0
        ended, group, cases, pivots = search(
            self.table,
            self.across,
            self.based,
            self.holding.start,
            self.holding.member,
            self.inverse,
            self.bound,
            self.unseen,
            self.n,
            self.place[aim],
            k,
            most,
            self.total,
        )
        # Each pivot makes a row and a column out of those kept, on average half of MOST_KEPT.
        each = min(self.table.size, MOST_KEPT // 2 * sum(self.table.shape))
        return ended, self.points[group], cases, pivots * each


def equations_of(holding: Sparse, rows: int, points: Ints) -> Sparse:
    """The different equations that the points see of so many rows, over places in `points`."""
    start, member = within(holding.start, holding.member, rows, points)
    chosen = different(start, member)
    length = np.diff(start)[chosen]
    ends = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    inside = np.repeat(start[chosen] - ends[:-1], length) + np.arange(ends[-1])
    return Sparse(ends, member[inside])
