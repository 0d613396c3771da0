"""The published rows as a system of sparse equations: equal unknowns merged, contained rows taken off.

Unknowns are classes, or layers x classes where people are told apart by how far up they count (`layers`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.merging import alike, merged, taken_off
from service.disclosure.audit.sparse import Sparse


@dataclass(frozen=True, slots=True)
class System:
    """Distinct rows over merged unknowns ("points": unknowns that lie in the same rows).

    Attributes:
        n: respondents of each point, int64 [points], all above zero.
        point_of: the point of each unknown, int64 [unknowns]; -1 where no row holds it or nobody is in it.
        rows: the points of each distinct row, ascending.
        first: for each row the number of the given row that it is.
        remainders: for each row its points less those of the contained rows in `taken`; the same span, far fewer ones.
        taken: for each row, the rows (all shorter, disjoint) taken off it.
    """

    n: Ints
    point_of: Ints
    rows: tuple[Ints, ...]
    first: tuple[int, ...]
    remainders: tuple[Ints, ...]
    taken: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, given: Sequence[Ints], n: Ints) -> "System":
        """Rows as ascending numbers of unknowns, and the respondents of each [unknowns]."""
        distinct: dict[tuple[int, bytes], int] = {}
        sets: list[tuple[int, Ints]] = []
        for number, members in enumerate(given):
            held = members[n[members] > 0]
            # Bytes in this order compare as the numbers do.
            key = len(held), held.astype(">i8").tobytes()
            if key not in distinct and len(held):
                distinct[key] = len(sets)
                sets.append((number, held))
        order = [sets[distinct[key]] for key in sorted(distinct)]
        filled = Sparse.of([held for _, held in order])
        point_of = alike(filled.start, filled.member, len(n))
        known = np.flatnonzero(point_of >= 0)
        points = np.bincount(point_of[known], n[known]).astype(np.int64)
        rows = Sparse(*merged(filled.start, filled.member, point_of, len(points)))
        holding = rows.transposed(len(points))
        rest_start, rest, off_start, off = taken_off(rows.start, rows.member, holding.start, holding.member)
        taken = tuple(tuple(one.tolist()) for one in Sparse(off_start, off).split())
        first = tuple(number for number, _ in order)
        return cls(points, point_of, rows.split(), first, Sparse(rest_start, rest).split(), taken)

    def points(self, unknowns: Bools) -> Bools:
        """Those that any of these are part of, bool [points]. `unknowns` is bool [unknowns]."""
        found = np.zeros(len(self.n), np.bool_)
        at = self.point_of[unknowns]
        found[at[at >= 0]] = True
        return found

    def original(self, factors: dict[int, int], modulus: int) -> dict[int, int]:
        """Coefficients of the given rows, out of those of the remainders."""
        total: Counter[int] = Counter()
        for row, factor in factors.items():
            total[row] += factor
            for other in self.taken[row]:
                total[other] -= factor
        return {self.first[row]: factor % modulus for row, factor in total.items() if factor % modulus}
