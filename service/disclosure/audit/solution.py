"""Rows solved for some of their points, laid out: what tells what, and what moves with what.

In floating point. No proof rests on it: what one needs is checked in whole numbers (`inverse`).
"""

from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Bools, Floats, Ints
from service.disclosure.audit.exchange import solved
from service.disclosure.audit.inverse import bound_of, in_grains
from service.disclosure.audit.settled import Sight
from service.disclosure.audit.sparse import Sparse


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Of rows E over some points.

    Attributes:
        rows: the points of each row.
        sure: numbers of the rows S, which are independent, ascending.
        others: numbers of the rest.
        base: the points B, which rows S tell; the small ones first, which can stop a move.
        held: how many of B are small.
        free: the rest of the points.
        z: about the inverse of E[S, B], float [B, S].
        parts: what each of the others is in terms of S, float [others, S].
        table: x[base] = -table @ x[free] for the small ones of the base, float [held, free].
        work: elementary operations spent.
    """

    rows: Sparse
    sure: Ints
    others: Ints
    base: Ints
    held: int
    free: Ints
    z: Floats
    parts: Floats
    table: Floats
    work: int

    @classmethod
    def of(cls, rows: Sparse, small: Bools) -> "Solution":
        """`small` [points]; the large come before them."""
        matrix = np.zeros((len(rows), len(small)))
        matrix[np.repeat(np.arange(len(rows)), np.diff(rows.start)), rows.member] = 1
        # The large first: once in the base they are free to move, and their rows need not be looked at again.
        row_as, column_as, work = solved(matrix, int((~small).sum()))
        telling, others = np.flatnonzero(row_as >= 0), np.flatnonzero(row_as < 0)
        telling = telling[np.argsort(~small[row_as[telling]], kind="stable")]
        base, held = row_as[telling], int(small[row_as[telling]].sum())
        moving, summed = np.flatnonzero(column_as >= 0), np.flatnonzero(column_as < 0)
        summed = summed[np.argsort(-1 - column_as[summed])]
        return cls(
            rows,
            -1 - column_as[summed],
            others,
            base,
            held,
            column_as[moving],
            matrix[np.ix_(telling, summed)],
            -matrix[np.ix_(others, summed)],
            np.ascontiguousarray(matrix[np.ix_(telling[:held], moving)]),
            work,
        )

    @property
    def order(self) -> Ints:
        """All points: the small ones of the base, the free ones, the large ones of the base."""
        return np.concatenate([self.base[: self.held], self.free, self.base[self.held :]])

    def sight(self) -> tuple[Sight, int]:
        """What the rows see of the points in this order, checked; and the elementary operations spent on the check."""
        order, start, member = self.order, self.rows.start, self.rows.member
        which = np.full(len(order), -1, np.int64)
        which[self.base] = np.arange(len(self.base))
        bound, work = bound_of(in_grains(self.z), self.parts, self.others, start, member, self.sure, which)
        seeing = Sparse.of([self.rows[row] for row in self.sure.tolist()]).transposed(len(order))
        seeing = Sparse.of([seeing[point] for point in order.tolist()])
        based = np.concatenate([np.arange(self.held), np.arange(self.held + len(self.free), len(order))])
        return Sight(based, seeing.start, seeing.member, np.ascontiguousarray(self.z.T), bound), work
