"""Is there a combination of rows in which one point's coefficient is largest and too few people take part? By cases.

Each case fixes some points as taking part ("in") and some as not ("out"). It is closed by a perturbation x that
published sums see next to nothing of. For a combination v whose largest coefficient is 1 at the point `aim`, and where
|v x| is at most `seen` (`settled`), it follows that

    people of v  >=  n[aim] + n[in]  +  |x[aim]| - seen - sum over in of |x| - sum over the rest of max(0, |x| - n)

(out is no part of the rest), and where the right side is over k - 1, no such v has fewer than k people.
The right side is computed in whole numbers.
"""

from typing import NamedTuple

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import compiled, inner
from service.disclosure.audit.modular import dependent
from service.disclosure.audit.settled import UNIT, Sight, settled
from service.disclosure.audit.simplex import FAR, MOST_KEPT, Tableau, furthest, place_of, swap

MARGIN = 0.05
"""How far over k - 1 the programme has to come, so that rounding can not matter."""

# A coefficient under this is taken for none.
_NONE = 1e-7

CLOSED, FOUND, STUCK, SPENT = 0, 1, 2, 3

# What a case says of a point.
_OPEN, _IN, _OUT, _AIM = 0, 1, 2, 3

# Tells equal rooms apart, so that the programme does not turn in a circle. Counted against the bound like any excess.
_UNEVEN = 1e-6

# A programme is cut off after so many pivots, and so many more for each point; then cases are told apart instead.
_PIVOTS, _PIVOTS_A_POINT = 60, 2


class Searched(NamedTuple):
    """How the search for one point ended.

    Attributes:
        ended: CLOSED: no combination of rows is what is looked for. FOUND: one is. STUCK: a larger neighbourhood is
            needed. SPENT: more cases.
        group: points that a combination of rows isolates, where one was found; else empty.
        cases: how many were told apart.
        work: elementary operations spent.
        closing: the perturbation that closed the last case where all are closed, in whole multiples of one over
            `settled.UNIT`, int64 [points]; else empty.
    """

    ended: int
    group: Ints
    cases: int
    work: int
    closing: Ints


@inner
def _rooms(state: Ints, n: Ints, aim: int, k: int, room: Floats) -> int:
    """How far each point may move for nothing; gives the number of people who take part for certain."""
    inside = int(n[aim])
    for j in range(len(n)):
        if state[j] == _IN:
            inside += n[j]
    for j in range(len(n)):
        if state[j] == _IN:
            room[j] = _UNEVEN * (1 + j % 7)
        elif state[j] == _OUT or inside + n[j] >= k:
            room[j] = FAR
        else:
            room[j] = n[j] + _UNEVEN * (1 + j % 13)
    return inside


@inner
def weighed(total: Ints, seen: int, state: Ints, n: Ints, aim: int, k: int, inside: int) -> bool:
    """Whether the perturbation closes the case, in whole numbers: multiples of one over UNIT.

    `total` [at least points] is the perturbation, of which no combination of rows sees more than `seen`.
    """
    worth = (inside - k + 1) * UNIT + abs(total[aim]) - seen
    for j in range(len(n)):
        if j == aim:
            continue
        if state[j] == _IN:
            worth -= abs(total[j])
        elif state[j] != _OUT and inside + n[j] < k:
            worth -= max(0, abs(total[j]) - n[j] * UNIT)
    return bool(worth > 0)


@inner
def _suspects(slope: Floats, free: Ints, aim: int, n: Ints, group: Ints) -> tuple[int, int]:
    """The points in `slope`, the row of `aim`: a combination of rows, as far as the neighbourhood sees."""
    group[0], size, people = aim, 1, n[aim]
    for z in range(len(free)):
        if abs(slope[z]) > _NONE:
            group[size] = free[z]
            size += 1
            people += n[free[z]]
    return size, people


@inner
def _undecided(slope: Floats, free: Ints, state: Ints, n: Ints, inside: int, k: int) -> int:
    """The open point of which most is undecided in that row; -1 if there is none.

    Of a coefficient near 0 the case without the point is much like the one before; near 1, that with it. People count
    by as much as either case adds. Where no coefficient is in between, the largest is taken.
    """
    best, most = -1, 0.0
    for z in range(len(free)):
        j, part = free[z], abs(slope[z])
        if state[j] == _OPEN and inside + n[j] < k and part > _NONE:
            worth = n[j] * min(part, 1.0 - part) if part < 1.0 - _NONE else _NONE * part
            if worth > most:
                best, most = j, worth
    return best


@inner
def _make_free(tableau: Tableau, aim: int) -> bool:
    """The first pivot: `aim` out of a row in which nothing else can move with it; whether it can move at all."""
    table, free = tableau.table, tableau.free
    row, best = place_of(tableau.base, aim), 0
    for z in range(len(free)):
        if abs(table[row, z]) > abs(table[row, best]):
            best = z
    if not len(free) or abs(table[row, best]) <= _NONE:
        return False
    swap(tableau, 0, tableau.across[best], table[row], row, best)
    return True


@inner
def _next(state: Ints, path: Ints, depth: int) -> int:
    """The case after a closed one: a point that took part does not. Gives how many points are fixed; 0 at the end."""
    while depth and state[path[depth - 1]] == _OUT:
        depth -= 1
        state[path[depth]] = _OPEN
    if depth:
        state[path[depth - 1]] = _OUT
    return depth


@inner
def _started(table: Floats, across: Floats) -> Tableau:
    """With nothing kept yet; the points of the base are numbered first."""
    base, free = np.arange(len(table)), np.arange(len(table), len(table) + len(across))
    return Tableau(table, across, np.empty((MOST_KEPT, len(base))), np.empty((MOST_KEPT, len(free))), base, free)


@compiled
def search(table: Floats, across: Floats, sight: Sight, unseen: Ints, n: Ints, aim: int, k: int, most: int) -> Searched:
    """All cases of one point, depth first, but no more than `most`. `across` is `table` transposed.

    `sight` is of all points; those after the first len(n) are large, and never stop a move.
    """
    points, nothing = len(n), np.zeros(0, np.int64)
    state, path, group = np.zeros(points, np.int64), np.zeros(points + 1, np.int64), np.zeros(points + 1, np.int64)
    room, x = np.zeros(points), np.zeros(points)
    total, sums = np.zeros(len(sight.start) - 1, np.int64), np.zeros(len(sight.back), np.int64)
    state[aim], group[0] = _AIM, aim
    tableau, kept, slope = _started(table, across), 0, np.zeros(len(across))
    free = tableau.free
    # Each pivot makes a row and a column out of those kept, on average half of MOST_KEPT.
    each = min(table.size, MOST_KEPT // 2 * points)
    if aim < len(table):
        if not _make_free(tableau, aim):
            alone = dependent(unseen, group, 1)
            return Searched(FOUND if alone else STUCK, group[: 1 if alone else 0].copy(), 1, 0, nothing)
        kept = 1
    ended, depth, size, cases, work = SPENT, 0, 0, 0, 0
    while cases < most:
        cases += 1
        inside = _rooms(state, n, aim, k, room)
        enough = k - 1 - inside + MARGIN
        rounds = _PIVOTS + _PIVOTS_A_POINT * points
        row, pivots, kept, tableau = furthest(tableau, kept, x, room, aim, enough, rounds, slope)
        work += pivots * each
        if x[aim] >= enough - MARGIN / 2:
            seen, spent = settled(x, sight, total, sums)
            work += spent
            if seen < 0 or not weighed(total, seen, state, n, aim, k, inside):
                ended = STUCK
                break
            depth = _next(state, path, depth)
            if not depth:
                ended = CLOSED
                break
            continue
        chosen = -1
        if row >= 0:
            size, people = _suspects(slope, free, aim, n, group)
            if people < k and dependent(unseen, group, size):
                ended = FOUND
                break
            chosen = _undecided(slope, free, state, n, inside, k)
        if chosen < 0:
            ended = STUCK
            break
        state[chosen], path[depth] = _IN, chosen
        depth += 1
    found = group[: size if ended == FOUND else 0].copy()
    return Searched(ended, found, cases, work, total if ended == CLOSED else nothing)
