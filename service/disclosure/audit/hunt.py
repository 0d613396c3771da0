"""One system judged: leaks of one and two points looked up, then every small point proved or an example found."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

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

# Rows used as neighbourhoods, cheap looks first: sizes from and to, cases told apart in each, and which come first: the
# short (1) or the long (-1). The longest of the long rows close most of what shorter ones would have, and much more.
_ROWS = ((20, 300, 1, 1), (20, 300, 60, 1), (300, 1500, 60, -1))
# Sizes of the neighbourhoods grown around one point, and cases. The last may be the whole system.
_BALLS = ((150, 60), (500, 100), (1500, 400), (4000, 4000))
# A system of no more points than this is first looked at as a whole, and cases: what parts of it can not prove, they
# often fail at slowly. 7,300 points take 1 GiB: a worker has 2.
_WHOLE = 8000, 60
# A row serves as a neighbourhood if at least this share of its points can move, and so many of them are open.
_MOBILE, _WORTH = 4, 3
# A row is left once it has failed at more points than this, and at so many more for each that it closed.
_PATIENCE = 20
# So many rows' neighbourhoods are kept for a second look.
_MOST_MADE = 100


@dataclass(slots=True)
class Hunt:
    """The state of the judgement of one system.

    Attributes:
        open: small points neither proved nor found part of an example, bool [points].
        made: neighbourhoods that may be needed again, by number of the row.
        proved: points proved by one perturbation alone or elsewhere, and those that cases were told apart for.
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
        closed: Bools | None = None,
    ) -> "Hunt":
        """`budget` in millions of operations; `closed` points [points] are proved elsewhere."""
        holding = Sparse.of(system.remainders).transposed(len(system.n))
        elimination = Elimination.of(list(system.remainders), len(system.n))
        unseen = elimination.prints(k)
        made = cls(system, k, budget * MILLION, told, suspect(elimination, unseen), unseen, holding, system.n < k)
        made.small, made.work = int(made.open.sum()), elimination.work
        if closed is not None:
            made.proved[0] = int((made.open & closed).sum())
            made.open &= ~closed
        return made

    def run(self) -> bool:
        """Whether an example was found; else what stays open is not proved."""
        return self._look_up() or self.by_rows() or any(self._shows_example(*place) for place in self._around())

    def by_rows(self) -> bool:
        """The cheap looks alone, at rows as neighbourhoods; whether an example was found."""
        return any(self._shows_example(*place) for place in self._rows())

    @property
    def closed(self) -> Bools:
        """Small points that are proved, bool [points]."""
        return (self.system.n < self.k) & ~self.open

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

    def _rows(self) -> Iterator[tuple[int, Ints, Ints, int]]:
        """Rows as neighbourhoods, the open points to be judged in each, and how many cases to tell apart.

        Each with the number of the row.
        """
        mobile: dict[int, bool] = {}
        for shortest, longest, most, order in _ROWS:
            for number, row in list(enumerate(self.system.rows))[::order]:
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

    def _around(self) -> Iterator[tuple[int, Ints, Ints, int]]:
        """The same around single points, with -1 for the row."""
        everything = np.arange(len(self.system.n))
        if len(everything) <= _WHOLE[0] and self.open.any():
            yield -1, everything, np.flatnonzero(self.open), _WHOLE[1]
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

    def _shows_example(self, number: int, points: Ints, aims: Ints, most: int) -> bool:
        """Judge these points in a neighbourhood; whether an example is found, which is the end of the hunt."""
        if self.work >= self.budget:
            return False
        near = self.made.pop(number, None) or self._neighbourhood(points)
        # Where nothing can be proved, an example may be found still: that is left to the wider neighbourhoods.
        if number >= 0 and not near.proves:
            return False
        closed = failed = 0
        for aim in aims.tolist():
            if self.work >= self.budget:
                return False
            if number >= 0 and most > 1 and failed > _PATIENCE * (1 + closed):
                break
            found = near.judge(aim, self.k, most)
            self.work += found.work
            if found.ended == FOUND and self.suspect(found.group.tolist()):
                return True
            if found.ended == CLOSED:
                self.open[aim] = False
                self.proved[found.cases > 1] += 1
                closed += 1
            else:
                failed += 1
        if number >= 0 and most == 1 and self.open[aims].sum() >= _WORTH and len(self.made) < _MOST_MADE:
            self.made[number] = near
        self.told(self.small - int(self.open.sum()), self.small)
        return False

    def _neighbourhood(self, points: Ints) -> Neighbourhood:
        near = Neighbourhood.of(self.system, self.holding, points, self.k, self.unseen)
        self.work += near.work
        return near
