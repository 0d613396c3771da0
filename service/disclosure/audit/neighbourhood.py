"""A part of the system: some points, the rows as far as they reach into them, and how the points can move."""

from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.branch import STUCK, Searched, search
from service.disclosure.audit.restricted import different, within
from service.disclosure.audit.settled import Sight
from service.disclosure.audit.solution import Solution
from service.disclosure.audit.sparse import Sparse
from service.disclosure.audit.system import System


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """Points that move while every row's sum stays.

    Attributes:
        points: their numbers in the system: base, free, then large points in the base, which never stop a move.
        place: where each of them is in `points`, but for the last.
        table: float [base, free], x[base] = -table @ x[free].
        across: the same transposed.
        sight: what the independent rows see of `points`.
        unseen: the prints of the points but for the last, int64 [base + free, vectors].
        n: respondents of the same, int64 [base + free].
        work: elementary operations spent to get here.
    """

    points: Ints
    place: dict[int, int]
    table: Floats
    across: Floats
    sight: Sight
    unseen: Ints
    n: Ints
    work: int

    @classmethod
    def of(cls, system: System, holding: Sparse, points: Ints, k: int, unseen: Ints) -> "Neighbourhood":
        """Of these points. `holding` gives the remainders that hold each point."""
        points = points[np.argsort(-system.n[points], kind="stable")]
        solution = Solution.of(equations_of(holding, len(system.remainders), points), system.n[points] < k)
        sight, checked = solution.sight()
        points = points[solution.order]
        known = points[: sum(solution.table.shape)]
        return cls(
            points,
            {point: number for number, point in enumerate(known.tolist())},
            solution.table,
            np.ascontiguousarray(solution.table.T),
            sight,
            np.ascontiguousarray(unseen[known]),
            system.n[known],
            solution.work + checked,
        )

    @property
    def proves(self) -> bool:
        """Whether any point can be closed here; else it is good for examples alone."""
        return self.sight.bound > 0

    def judge(self, aim: int, k: int, most: int) -> Searched:
        """All cases of the point with this number in the system (`branch.search`).

        The group has numbers in the system, too; what closed the point is over `points`.
        """
        if aim not in self.place:
            return Searched(STUCK, self.points[:0], 0, 0, self.points[:0])
        place = self.place[aim]
        found = search(self.table, self.across, self.sight, self.unseen, self.n, place, k, most)
        return found._replace(group=self.points[found.group])


def equations_of(holding: Sparse, rows: int, points: Ints) -> Sparse:
    """The different equations that the points see of so many rows, over places in `points`."""
    start, member = within(holding.start, holding.member, rows, points)
    chosen = different(start, member)
    length = np.diff(start)[chosen]
    ends = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    inside = np.repeat(start[chosen] - ends[:-1], length) + np.arange(ends[-1])
    return Sparse(ends, member[inside])
