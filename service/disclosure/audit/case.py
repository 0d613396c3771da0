"""One system of equations to judge: the rows of an item, with those of the scales that add it up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.confirm import Terms, confirmed
from service.disclosure.audit.hunt import MILLION, Hunt, Suspect
from service.disclosure.audit.model import Finding, Leak, Row, Told, Verdict
from service.disclosure.audit.modular import Elimination
from service.disclosure.audit.system import System

Joint = Callable[[Sequence[int]], Leak | None]
"""Whether these classes are isolated by rows of several measures together; the example, if so."""


@dataclass(slots=True)
class Case:
    """Rows with the unknowns that each is the sum of, ascending, and the respondents of each unknown, int64 [unknowns].

    An unknown is a class; in a wave it is a class of people who count equally far up (`layers`), [layers x classes].

    Where rows of scales are among them (`joint` is given), the system is that of one item's answers: a scale's row adds
    up the answers of its other items too. Some item has a part in every combination, so if no item's system
    isolates too few people, no combination does. The reverse is not so: what this system isolates has to be
    confirmed with the other items' answers, and stays unproved where it is not.
    """

    family: str
    measure: str
    k: int
    rows: Sequence[Row]
    given: Sequence[Ints]
    n: Ints
    joint: Joint | None = None
    leak: Leak | None = None

    def judged(self, budget: int, told: Told, known: Bools | None = None) -> Finding:
        """The verdict, within so many millions of operations; `known` [unknowns] are closed."""
        system = System.of(self.given, self.n)

        def suspect(elimination: Elimination, unseen: Ints) -> Suspect:
            return lambda group: self._asked(system, elimination, unseen, group)

        closed = None if known is None else system.points(known)
        hunt = Hunt.of(system, self.k, budget, told, suspect, closed)
        found = hunt.run()
        verdict = Verdict.unsafe if found else Verdict.not_proved if hunt.open.any() else Verdict.safe
        proved, work = (hunt.proved[0], hunt.proved[1]), -(-hunt.work // MILLION)
        still = 0 if found else int(hunt.open.sum())
        rows, small = len(system.rows), hunt.small
        return Finding(self.family, self.measure, self.k, verdict, rows, small, proved, work, self.leak, still)

    def _asked(self, system: System, elimination: Elimination, unseen: Ints, group: Sequence[int]) -> bool:
        if self.joint is not None:
            self.leak = self.joint(np.flatnonzero(np.isin(system.point_of, group) & (self.n > 0)).tolist())
            return self.leak is not None
        found = confirmed(system, elimination, unseen, group, self.given)
        if found is not None:
            self.leak = leak(self, *found, people=int(self.n[list(found[1])].sum()))
        return self.leak is not None


def leak(case: Case, terms: Terms, left: Terms, people: int) -> Leak | None:
    """The example in the words of the input; None if it is of enough people."""
    if not 0 < people < case.k:
        return None
    combined = tuple((case.rows[row], factor) for row, factor in terms.items())
    return Leak(case.family, case.measure, combined, tuple(left.items()), people, case.k)


class Together:
    """Rows of items and scales over answers: one unknown for each class and item. Eliminated when first asked."""

    def __init__(self, case: Case, items_of: Callable[[str], tuple[str, ...]]) -> None:
        self._case = case
        items = sorted({item for row in case.rows for item in items_of(row.measure)})
        self._items, self._width = items, len(case.n)
        place = {item: number for number, item in enumerate(items)}
        self._given = [
            np.sort(np.concatenate([members + place[item] * self._width for item in items_of(row.measure)]))
            for row, members in zip(case.rows, case.given, strict=True)
        ]
        self._made: tuple[System, Elimination, Ints] | None = None

    def ask(self, classes: Sequence[int]) -> Leak | None:
        """Whether some combination leaves answers of these classes alone."""
        system, elimination, unseen = self._eliminated()
        answers = np.array([one + number * self._width for number in range(len(self._items)) for one in classes])
        points = system.point_of[answers]
        found = confirmed(system, elimination, unseen, sorted(set(points[points >= 0].tolist())), self._given)
        if found is None:
            return None
        terms, left = found
        by_class = {answer: (answer % self._width, self._items[answer // self._width]) for answer in left}
        people = int(self._case.n[sorted({one for one, _ in by_class.values()})].sum())
        said = leak(self._case, terms, left, people)
        parts: tuple[tuple[int, Fraction], ...] = tuple((by_class[answer][0], left[answer]) for answer in left)
        return said and replace(said, classes=parts, items=tuple(by_class[answer][1] for answer in left))

    def _eliminated(self) -> tuple[System, Elimination, Ints]:
        if self._made is None:
            system = System.of(self._given, np.tile(self._case.n, len(self._items)))
            elimination = Elimination.of(list(system.remainders), len(system.n))
            self._made = system, elimination, elimination.prints(self._case.k * len(self._items))
        return self._made
