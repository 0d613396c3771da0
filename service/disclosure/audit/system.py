"""The published rows as a system of sparse equations: equal classes merged, contained rows taken off."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Ints


@dataclass(frozen=True, slots=True)
class System:
    """Distinct rows over merged classes ("points": classes that lie in the same rows).

    Attributes:
        n: respondents of each point, int64 [points], all above zero.
        point_of: the point of each class, int64 [classes]; -1 where no row holds it or nobody is in it.
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
        """Rows as ascending numbers of classes, and the respondents of each class [classes]."""
        distinct: dict[tuple[int, ...], int] = {}
        for number, members in enumerate(given):
            distinct.setdefault(tuple(members[n[members] > 0].tolist()), number)
        distinct.pop((), None)
        sets = sorted(distinct, key=lambda members: (len(members), members))
        points, point_of = _merged(sets, n)
        rows = tuple(np.unique(point_of[list(members)]) for members in sets)
        remainders, taken = _remainders(rows, len(points))
        return cls(points, point_of, rows, tuple(distinct[members] for members in sets), remainders, taken)

    def original(self, factors: dict[int, int], modulus: int) -> dict[int, int]:
        """Coefficients of the given rows, out of those of the remainders."""
        total: Counter[int] = Counter()
        for row, factor in factors.items():
            total[row] += factor
            for other in self.taken[row]:
                total[other] -= factor
        return {self.first[row]: factor % modulus for row, factor in total.items() if factor % modulus}


def _merged(sets: Sequence[tuple[int, ...]], n: Ints) -> tuple[Ints, Ints]:
    """Respondents of each point, and the point of each class."""
    inside: list[list[int]] = [[] for _ in n]
    for number, members in enumerate(sets):
        for one in members:
            inside[one].append(number)
    known: dict[tuple[int, ...], int] = {}
    point_of = np.array([known.setdefault(tuple(row), len(known)) if row else -1 for row in inside], np.int64)
    held = point_of >= 0
    points = np.zeros(len(known), np.int64)
    np.add.at(points, point_of[held], n[held])
    return points, point_of


def _remainders(rows: Sequence[Ints], width: int) -> tuple[tuple[Ints, ...], tuple[tuple[int, ...], ...]]:
    """Shortest first: off each row, the longest earlier ones that lie in what is left of it."""
    holding: list[list[int]] = [[] for _ in range(width)]
    remainders, taken = [], []
    for number, row in enumerate(rows):
        inside = Counter(other for point in row.tolist() for other in holding[point])
        left, off = set(row.tolist()), []
        for other in sorted((other for other, size in inside.items() if size == len(rows[other])), reverse=True):
            members = rows[other].tolist()
            if left.issuperset(members):
                left.difference_update(members)
                off.append(other)
        for point in row.tolist():
            holding[point].append(number)
        remainders.append(np.array(sorted(left), np.int64))
        taken.append(tuple(off))
    return tuple(remainders), tuple(taken)
