"""One system judged: leaks of one and two points looked up, then every small point proved or an example found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from service.disclosure.audit.advice import Adviser
from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.branch import CLOSED, FOUND
from service.disclosure.audit.model import Told
from service.disclosure.audit.modular import Elimination, ratios
from service.disclosure.audit.neighbourhood import Neighbourhood, equations_of
from service.disclosure.audit.sparse import Sparse
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
# Where a row closes none of more points than this, or so many times fewer than it does not, others are looked at.
_PATIENCE = 20
# So many rows' neighbourhoods are kept for a second look.
_MOST_MADE = 100


@dataclass(slots=True)
class Hunt:
    """The state of the judgement of one system.

    Attributes:
        open: small points neither proved nor found part of an example, bool [points].
        made: neighbourhoods that may be needed again, by number of the row.
        proved: points by number of cases needed: one, more.
        work: elementary operations spent.
    """

    system: System
    k: int
    budget: int
    told: Told
    suspect: Suspect
    unseen: Ints
    holding: Sparse
    open: Bools
    adviser: Adviser | None = None
    made: dict[int, Neighbourhood] = field(default_factory=dict)
    small: int = 0
    proved: list[int] = field(default_factory=lambda: [0, 0])
    work: int = 0

    @classmethod
    def of(
        cls,
        system: System,
        k: int,
        budget: int,
        told: Told,
        suspect: SuspectMaker,
        adviser: Adviser | None = None,
    ) -> "Hunt":
        """`budget` in millions of operations."""
        holding = Sparse.of(system.remainders).transposed(len(system.n))
        elimination = Elimination.of(list(system.remainders), len(system.n))
        unseen = elimination.prints(k)
        made = cls(
            system, k, budget * MILLION, told, suspect(elimination, unseen), unseen, holding, system.n < k, adviser
        )
        made.small, made.work = int(made.open.sum()), elimination.work
        return made

    def run(self) -> bool:
        """Whether an example was found; else what stays open is not proved."""
        return self._look_up() or self._take_advice() or any(self._judge(*place) for place in self._places())

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

    def _take_advice(self) -> bool:
        """Points that are closed by what closed them in other systems; it finds no example."""
        if self.adviser is not None and self.work < self.budget:
            closed, work = self.adviser.closed(
                self.holding, len(self.system.remainders), self.system.n, self.k, self.open
            )
            self.open[closed] = False
            self.proved[0] += len(closed)
            self.work += work
        return False

    def _places(self) -> Iterator[tuple[int, Ints, Ints, int]]:
        """Neighbourhoods, the open points to be judged in each, and how many cases to tell apart.

        Each with the number of the row that it is; -1 if it is none.
        """
        mobile: dict[int, bool] = {}
        for shortest, longest, most in _ROWS:
            for number, row in enumerate(self.system.rows):
                if not shortest <= len(row) <= longest:
                    continue
                aims = row[self.open[row]]
                if len(aims) < _WORTH:
                    continue
                if number not in mobile:
                    mobile[number] = self._mobile(row)
                if mobile[number]:
                    yield number, row, aims, most
        self.made.clear()
        # The widest once more, from the other end: another way through the same programme, should the first get stuck.
        for size, most, order in (*((size, most, 1) for size, most in _BALLS), (*_BALLS[-1], -1)):
            for point in np.flatnonzero(self.open).tolist():
                if self.open[point]:
                    ball = self._ball(point, size)
                    near = np.union1d(ball[: len(ball) // 4], [point])
                    yield -1, np.sort(ball)[::order], near[self.open[near]], most

    def _mobile(self, row: Ints) -> bool:
        """Points less different equations: at least so many movements there are."""
        different = len(equations_of(self.holding, len(self.system.remainders), row))
        return _MOBILE * (len(row) - different) >= len(row)

    def _ball(self, aim: int, size: int) -> Ints:
        """The points nearest to this one, step by step through shared remainders, short ones first."""
        inside, edge, gone = {aim: None}, [aim], set[int]()
        while edge and len(inside) < size:
            before = len(inside)
            steps = {row for point in edge for row in self.holding[point].tolist()} - gone
            for row in sorted(steps, key=lambda row: (len(self.system.remainders[row]), row)):
                gone.add(row)
                inside.update(dict.fromkeys(self.system.remainders[row].tolist()))
                if len(inside) >= size:
                    break
            edge = list(inside)[before:]
        return np.array(list(inside), np.int64)

    def _judge(self, number: int, points: Ints, aims: Ints, most: int) -> bool:
        if self.work >= self.budget:
            return False
        near = self.made.pop(number, None) or self._neighbourhood(points)
        closed = failed = 0
        for aim in aims.tolist():
            if self.work >= self.budget:
                return False
            if number >= 0 and most > 1 and failed > _PATIENCE * (1 + closed):
                break
            ended, group, cases, work = near.judge(aim, self.k, most)
            self.work += work
            if ended == FOUND and self.suspect(group.tolist()):
                return True
            closed, failed = closed + (ended == CLOSED), failed + (ended != CLOSED)
            if ended == CLOSED:
                self.open[aim] = False
                self.proved[cases > 1] += 1
                if cases == 1 and self.adviser is not None:
                    self.adviser.keep(aim, near)
        if number >= 0 and most == 1 and self.open[aims].sum() >= _WORTH and len(self.made) < _MOST_MADE:
            self.made[number] = near
        self.told(self.small - int(self.open.sum()), self.small)
        return False

    def _neighbourhood(self, points: Ints) -> Neighbourhood:
        near = Neighbourhood.of(self.system, self.holding, points, self.k, self.unseen)
        self.work += near.work
        return near
