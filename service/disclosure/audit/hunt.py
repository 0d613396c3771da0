"""One system judged: leaks of one and two points looked up, then every small point proved or an example found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.branch import CLOSED, FOUND
from service.disclosure.audit.model import Told
from service.disclosure.audit.modular import Elimination, ratios
from service.disclosure.audit.neighbourhood import Neighbourhood
from service.disclosure.audit.system import System

MILLION = 10**6

Suspect = Callable[[Sequence[int]], bool]
"""Whether a group of points is truly isolated by a combination; asked of each that looks so."""

SuspectMaker = Callable[[Elimination, Ints], Suspect]
"""Makes the above for a system, from its elimination and its prints."""

# Sizes of the rows used as neighbourhoods, and cases told apart in each: cheap looks first.
_ROWS = ((20, 300, 1), (20, 300, 60), (300, 1500, 60))
# Sizes of the neighbourhoods grown around one point, and cases. The last may be the whole system.
_BALLS = ((150, 60), (500, 100), (1500, 400), (4000, 4000))
# A row serves as a neighbourhood if at least this share of its points can move, and so many of them are open.
_MOBILE, _WORTH = 4, 3


@dataclass(slots=True)
class Hunt:
    """The state of the judgement of one system.

    Attributes:
        open: small points neither proved nor found part of an example.
        proved: points by number of cases needed: one, more.
        work: elementary operations spent.
    """

    system: System
    k: int
    budget: int
    told: Told
    suspect: Suspect
    elimination: Elimination
    unseen: Ints
    rows_of: list[list[int]]
    open: set[int] = field(default_factory=set)
    small: int = 0
    proved: list[int] = field(default_factory=lambda: [0, 0])
    work: int = 0

    @classmethod
    def of(cls, system: System, k: int, budget: int, told: Told, suspect: SuspectMaker) -> "Hunt":
        """`budget` in millions of operations."""
        rows_of: list[list[int]] = [[] for _ in system.n]
        for row, members in enumerate(system.remainders):
            for point in members.tolist():
                rows_of[point].append(row)
        elimination = Elimination.of(list(system.remainders), len(system.n))
        unseen = elimination.prints(k)
        made = cls(system, k, budget * MILLION, told, suspect(elimination, unseen), elimination, unseen, rows_of)
        made.open = set(np.flatnonzero(system.n < k).tolist())
        made.small, made.work = len(made.open), elimination.work
        return made

    def run(self) -> bool:
        """Whether an example was found; else what stays open is not proved."""
        return self._look_up() or any(self._judge(points, aims, most) for points, aims, most in self._places())

    def _look_up(self) -> bool:
        """Single points, and pairs with any two coefficients: their prints are multiples of each other."""
        small = np.flatnonzero(self.system.n < self.k)
        seen: dict[tuple[int, ...], int] = {}
        for point, print_ in zip(small.tolist(), ratios(self.unseen[small]).tolist(), strict=True):
            if not any(print_):
                if self.suspect([point]):
                    return True
                continue
            other = seen.get(tuple(print_))
            if other is not None and self.system.n[[other, point]].sum() < self.k and self.suspect([other, point]):
                return True
            if other is None or self.system.n[point] < self.system.n[other]:
                seen[tuple(print_)] = point
        return False

    def _places(self) -> Iterator[tuple[Ints, list[int], int]]:
        """Neighbourhoods, the open points to be judged in each, and how many cases to tell apart."""
        for shortest, longest, most in _ROWS:
            for row in self.system.rows:
                aims = [point for point in row.tolist() if point in self.open]
                if shortest <= len(row) <= longest and len(aims) >= _WORTH and self._mobile(row):
                    yield row, aims, most
        # The widest once more, from the other end: another way through the same programme, should the first get stuck.
        for size, most, order in (*((size, most, 1) for size, most in _BALLS), (*_BALLS[-1], -1)):
            for point in sorted(self.open):
                if point in self.open:
                    ball = self._ball(point, size)
                    near = {point, *ball[: len(ball) // 4].tolist()}
                    yield np.sort(ball)[::order], sorted(near & self.open), most

    def _mobile(self, row: Ints) -> bool:
        """Points less different equations: at least so many movements there are."""
        inside: dict[int, list[int]] = {}
        for point in row.tolist():
            for other in self.rows_of[point]:
                inside.setdefault(other, []).append(point)
        return _MOBILE * (len(row) - len(set(map(tuple, inside.values())))) >= len(row)

    def _ball(self, aim: int, size: int) -> Ints:
        """The points nearest to this one, step by step through shared remainders, short ones first."""
        inside, edge, gone = {aim: None}, [aim], set[int]()
        while edge and len(inside) < size:
            before = len(inside)
            steps = {row for point in edge for row in self.rows_of[point]} - gone
            for row in sorted(steps, key=lambda row: (len(self.system.remainders[row]), row)):
                gone.add(row)
                inside.update(dict.fromkeys(self.system.remainders[row].tolist()))
                if len(inside) >= size:
                    break
            edge = list(inside)[before:]
        return np.array(list(inside), np.int64)

    def _judge(self, points: Ints, aims: Sequence[int], most: int) -> bool:
        if self.work >= self.budget:
            return False
        near = Neighbourhood.of(self.system, self.rows_of, points, self.k, self.unseen)
        self.work += near.work
        for aim in aims:
            if self.work >= self.budget:
                return False
            ended, group, cases, work = near.judge(aim, self.k, most)
            self.work += work
            if ended == FOUND and self.suspect(group.tolist()):
                return True
            if ended == CLOSED:
                self.open.discard(aim)
                self.proved[cases > 1] += 1
        self.told(self.small - len(self.open), self.small)
        return False
