"""Audiences of campaigns that share items, judged jointly: no combination of them may isolate a few people. Pure.

Answers to the same items within 90 days may be taken to be the same. So two campaigns that ask them are two cells over
one set of answers: a reader has the sums of both audiences, and whatever can be computed from these. Twenty people
asked in March, and nineteen of them in April, give away the twentieth. It is not enough to look at pairs: of three
audiences, each overlapping the others by many, the first plus the second less the third can leave one person.

**Isolating.** People who are in exactly the same audiences are one *pattern*. A combination gives each pattern the sum
of the coefficients of its audiences; its *support* is the patterns where that is not zero. Audiences isolate if some
combination has a support of at least one and fewer than k people. The coefficients are any fractions, so nothing is
tried out: the search is over who is *not* in the support, in whole numbers, and is complete.

**The search** holds all combinations that leave nobody in the patterns settled so far. It takes the largest pattern in
which some of them still leave people, and goes two ways: only those that leave nobody there (one fewer independent
combination), or all of them, with these people counted as left over (at most k - 1 in all). With r independent
audiences that is (r + k)! / r! / k! steps at most, whatever the number of patterns: 8,008 for six audiences and
k = 10. Mostly none is needed: r independent patterns can not all be left empty, so k sets of them, no person in two,
leave k people to every combination. A budget of steps bounds the rest; where it is used up, the audiences are *not
shown safe*, and are to be refused as if they isolated someone.

**Unit by unit.** Every campaign also shows the units of the tree, and a difference inside one of them isolates as
surely as one of whole audiences: they may differ by sixty people of whom each team has one. So they are judged in each
unit with all that is below it, and in what a unit has beside the units below that can be shown (the people who belong
to it directly, and small units). An audience with fewer than k people in such a place shows nothing there, and is left
out. What this does not judge is one campaign's unit less another one's units below it, where the two do not show the
same units; and it speaks of the people who are asked, as no more is known at launch: of k of them fewer may answer.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOBODY = -1
"""Stands for no unit: the parent of a top, the unit of a person who is in none."""
MOST_AUDIENCES = 20
"""Up to here the search is exact in 64 bits: its numbers are determinants of ones and zeros, under 2^27."""
BUDGET = 200_000
"""Steps of one judgement, some twenty microseconds each."""


class Isolation(NamedTuple):
    """A combination of audiences that leaves fewer than k people; or nothing known, where the budget was used up."""

    people: int | None
    """How many it leaves; None: not shown safe within the budget."""
    coefficients: tuple[int, ...]
    """One for each audience, 0 where it takes no part; empty where the budget was used up."""


class Place(NamedTuple):
    """Where audiences isolate."""

    unit: int | None
    """None: taken as a whole."""
    beside_lower: bool
    """Only what the unit has beside the units below that can be shown; else the unit with everything below it."""
    isolation: Isolation


def isolated(members: Mask, people: Ints, k: int, budget: int = BUDGET) -> Isolation | None:
    """A combination of these audiences that leaves fewer than k people, if there is one.

    Args:
        members: which audiences the people of each pattern are in, [audiences, patterns].
        people: how many they are, at least one each, [patterns].
        k: smallest group that may be left, collusion included, at least 1.
        budget: steps of the search.

    Returns:
        None where every combination leaves nobody or k people and more.

    Raises:
        ValueError: the arrays do not fit together, a pattern without people, no k, more than `MOST_AUDIENCES`.
    """
    given, counts = np.asarray(members), np.asarray(people)
    if given.dtype != np.bool_ or given.ndim != 2 or counts.shape != given.shape[1:] or counts.dtype.kind not in "iu":  # noqa: PLR2004
        raise ValueError("members are true or false by audience and pattern, people whole numbers by pattern")
    if len(given) > MOST_AUDIENCES:
        raise ValueError(f"at most {MOST_AUDIENCES} audiences are judged together")
    if bool((counts < 1).any()) or k < 1:
        raise ValueError("every pattern has people, and k is at least 1")
    return _search(given, counts.astype(np.int64), k, budget)[0]


def judge(audiences: Mask, units: Ints, parents: Ints, k: int, budget: int = BUDGET) -> Place | None:
    """The first place in which these audiences isolate: as a whole, then unit by unit in the order of the tree's rows.

    Args:
        audiences: who is in which, [audiences, people].
        units: unit of each person, -1 for none, [people].
        parents: unit above each unit, -1 for a top; units stand below theirs, [units].
        k: smallest group that may be left, collusion included, at least 1.
        budget: steps of the search, in all places together.

    Returns:
        None where they isolate nowhere.

    Raises:
        ValueError: the arrays do not fit together, a unit that there is not, no k, more than `MOST_AUDIENCES`.
    """
    given, homes, above = np.asarray(audiences), np.asarray(units), np.asarray(parents)
    _check(given, homes, above, k)
    asked = given.any(axis=0)
    bits = np.int64(1) << np.arange(len(given), dtype=np.int64)
    home, code, people = _counted(homes[asked].astype(np.int64), bits @ given[:, asked])
    known: dict[tuple[bytes, bytes], Isolation | None] = {}
    for unit, beside_lower, rows in _places(home, code, people, bits, above.astype(np.int64), k):
        codes, counts = _patterns(code[rows], people[rows], bits, k)
        if not bool((counts < k).any()):
            continue
        # How many they are beyond k makes no difference: many units have one table.
        table = (codes.tobytes(), np.minimum(counts, k).tobytes())
        if table not in known:
            known[table], used = _search((codes & bits[:, None]) > 0, counts, k, budget)
            budget -= used
        found = known[table]
        if found is not None:
            return Place(unit, beside_lower, found)
    return None


def _check(audiences: NDArray[Any], homes: NDArray[Any], above: NDArray[Any], k: int) -> None:
    if audiences.dtype != np.bool_ or audiences.ndim != 2 or homes.shape != audiences.shape[1:]:  # noqa: PLR2004
        raise ValueError("audiences are true or false by audience and person, with one unit for each person")
    if above.ndim != 1 or any(array.dtype.kind not in "iu" for array in (homes, above)):
        raise ValueError("units and parents are rows of whole numbers")
    if len(audiences) > MOST_AUDIENCES or k < 1:
        raise ValueError(f"at most {MOST_AUDIENCES} audiences are judged together, and k is at least 1")
    if bool((homes < NOBODY).any()) or bool((homes >= len(above)).any()):
        raise ValueError("a person is in no unit of the tree")
    if bool((above < NOBODY).any()) or bool((above >= np.arange(len(above))).any()):
        raise ValueError("a unit does not stand below the one above it")


def _counted(home: Ints, code: Ints) -> tuple[Ints, Ints, Ints]:
    """Unit, pattern and number of the people who have both in common."""
    order = np.lexsort((code, home))
    home, code = home[order], code[order]
    first = np.flatnonzero(np.r_[True, (home[1:] != home[:-1]) | (code[1:] != code[:-1])]) if home.size else order
    return home[first], code[first], np.diff(np.r_[first, home.size])


def _places(
    home: Ints, code: Ints, people: Ints, bits: Ints, above: Ints, k: int
) -> Iterator[tuple[int | None, bool, Ints]]:
    """Where at least two audiences count k people, and the rows of the people there: everywhere, then unit by unit."""
    yield None, False, np.arange(home.size)
    placed = np.flatnonzero(home != NOBODY)
    own = np.zeros((len(above), len(bits)), np.int64)
    np.add.at(own, home[placed], ((code[placed, None] & bits) > 0) * people[placed, None])
    below, total = np.ones(len(above), np.int64), own.copy()
    for unit in range(len(above) - 1, -1, -1):
        if above[unit] != NOBODY:
            below[above[unit]] += below[unit]
            total[above[unit]] += total[unit]
    # A unit where no audience counts k people is shown by none: its people are beside what the one above shows.
    shown: Mask = np.asarray((total >= k).any(axis=1))
    beside = np.arange(len(above))
    position, free, tops = np.zeros(len(above), np.int64), np.zeros(len(above), np.int64), 0
    for unit, upper in enumerate(above.tolist()):
        if upper == NOBODY:
            position[unit], tops = tops, tops + below[unit]
        else:
            position[unit], free[upper] = free[upper], free[upper] + below[unit]
            beside[unit] = unit if shown[unit] else beside[upper]
        free[unit] = position[unit] + 1
    # Rows by position: those of a unit and all below are a run; by the unit they are beside in: a run as well.
    runs = placed[np.argsort(position[home[placed]], kind="stable")]
    first, last = np.searchsorted(position[home[runs]], [position, position + below])
    loose = placed[np.argsort(beside[home[placed]], kind="stable")]
    start, end = np.searchsorted(beside[home[loose]], [np.arange(len(above)), np.arange(1, len(above) + 1)])
    for unit in np.flatnonzero((total >= k).sum(axis=1) > 1).tolist():
        yield unit, False, runs[first[unit] : last[unit]]
        if below[unit] > 1:
            yield unit, True, loose[start[unit] : end[unit]]


def _patterns(code: Ints, people: Ints, bits: Ints, k: int) -> tuple[Ints, Ints]:
    """The patterns of these people and how many they are, without audiences that count fewer than k of them."""
    large = people @ ((code[:, None] & bits) > 0) >= k
    codes, pattern = np.unique(code & bits[large].sum(), return_inverse=True)
    counts = np.bincount(pattern, people, len(codes)).astype(np.int64)
    return codes[codes > 0], counts[codes > 0]


def _search(members: Mask, people: Ints, k: int, budget: int) -> tuple[Isolation | None, int]:
    """What the module says, and the steps that it took.

    A table has a row for each of a set of independent combinations: what it gives each pattern, then its coefficients.
    Rows are kept without common factor, so that each is a set of determinants of the members, divided by something.
    """
    audiences, width = members.shape
    table = np.hstack([members, np.eye(audiences, dtype=np.bool_)]).astype(np.int64)
    table = table[_independent(table, width)]
    used = 0
    leave_many = not len(table) or _always_left(table, people, k) >= k
    waiting = [] if leave_many else [(table, np.ones(width, np.bool_), k - 1)]
    while waiting:
        if used >= budget:
            return Isolation(None, ()), used
        used += 1
        table, open_, left = waiting.pop()
        there = np.where(open_ & table[:, :width].any(axis=0), people, 0)
        at = int(there.argmax())
        if not there[at]:
            support = table[0, :width] != 0
            return Isolation(int(people[support].sum()), tuple(table[0, width:].tolist())), used
        if people[at] <= left:
            settled = open_.copy()
            settled[at] = False
            waiting.append((table, settled, left - int(people[at])))
        if len(table) > 1:
            waiting.append((_nobody_in(table, at), open_, left))
    return None, used


def _always_left(table: Ints, people: Ints, k: int) -> int:
    """A number of people that every combination leaves at least: one in each set of independent patterns; k at most."""
    unused, least = np.minimum(people, k), 0
    while least < k:
        rest, chosen = table, []
        while len(rest):
            there = np.where(rest[:, : len(people)].any(axis=0), unused, 0)
            at = int(there.argmax())
            if not there[at]:
                return least
            chosen.append(at)
            rest = _nobody_in(rest, at)
        fewest = int(unused[chosen].min())
        unused[chosen] -= fewest
        least += fewest
    return least


def _nobody_in(table: Ints, at: int) -> Ints:
    """The combinations of a table that give nothing to this pattern: one row fewer."""
    column = table[:, at]
    pivot = int(np.flatnonzero(column)[0])
    rest = np.delete(table, pivot, axis=0)
    rest = rest * column[pivot] - np.delete(column, pivot)[:, None] * table[pivot]
    shorter: Ints = rest // np.gcd.reduce(rest, axis=1)[:, None]
    return shorter


def _independent(table: Ints, width: int) -> list[int]:
    """Rows that no others combine to, the first ones that there are."""
    rows, kept = table.copy(), []
    for row in range(len(rows)):
        found = np.flatnonzero(rows[row, :width])
        if not found.size:
            continue
        kept.append(row)
        at = found[0]
        for lower in range(row + 1, len(rows)):
            if rows[lower, at]:
                rows[lower] = rows[lower] * rows[row, at] - rows[row] * rows[lower, at]
                rows[lower] //= np.gcd.reduce(rows[lower])
    return kept
