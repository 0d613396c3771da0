"""Is there a combination of rows in which one point's coefficient is largest and too few people take part? By cases.

Each case fixes some points as taking part ("in") and some as not ("out"). It is closed by a perturbation x that
published sums see next to nothing of. For a combination v whose largest coefficient is 1 at the point `aim`, and where
|v x| is at most `seen` (`settled`), it follows that

    people of v  >=  n[aim] + n[in]  +  |x[aim]| - seen - sum over in of |x| - sum over the rest of max(0, |x| - n)

(out is no part of the rest), and where the right side is over k - 1, no such v has fewer than k people.
The right side is computed in whole numbers.
"""

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import compiled, inner
from service.disclosure.audit.modular import dependent
from service.disclosure.audit.settled import UNIT, settled
from service.disclosure.audit.simplex import FAR, MOST_KEPT, furthest, place_of, swap

MARGIN = 0.05
"""How far over k - 1 the programme has to come, so that rounding can not matter."""

# A coefficient under this is taken for none.
_NONE = 1e-7

CLOSED, FOUND, STUCK, SPENT = 0, 1, 2, 3

# What a case says of a point.
_OPEN, _IN, _OUT, _AIM = 0, 1, 2, 3

# Tells equal rooms apart, so that the programme does not turn in a circle. Counted against the bound like any excess.
_UNEVEN = 1e-6


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
def _make_free(table: Floats, across: Floats, left: Floats, right: Floats, base: Ints, free: Ints, aim: int) -> bool:
    """The first pivot: `aim` out of a row in which nothing else can move with it; whether it can move at all."""
    row, best = place_of(base, aim), 0
    for z in range(len(free)):
        if abs(table[row, z]) > abs(table[row, best]):
            best = z
    if not len(free) or abs(table[row, best]) <= _NONE:
        return False
    swap(left, right, 0, across[best], table[row], base, free, row, best)
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


@compiled
def search(
    table: Floats,
    across: Floats,
    based: Ints,
    start: Ints,
    row_of: Ints,
    inverse: Floats,
    bound: int,
    unseen: Ints,
    n: Ints,
    aim: int,
    k: int,
    most: int,
    total: Ints,
) -> tuple[int, Ints, int, int]:
    """All cases of one point, depth first. `across` is `table` transposed.

    `based`, `start`, `row_of`, `inverse` and `bound` are as in `settled`. What closed the last case is left in `total`,
    in whole multiples of one over UNIT.

    Gives how it ended, the group found (points that a combination of rows isolates; else empty), cases and pivots.
    CLOSED: there is no such combination. FOUND: there is. STUCK: a larger neighbourhood is needed. SPENT: more cases.
    """
    points = len(n)
    state, path, group = np.zeros(points, np.int64), np.zeros(points + 1, np.int64), np.zeros(points + 1, np.int64)
    room, x, sums = np.zeros(points), np.zeros(points), np.zeros(len(inverse), np.int64)
    state[aim], group[0] = _AIM, aim
    base, free = np.arange(len(table)), np.arange(len(table), points)
    left, right = np.empty((MOST_KEPT, len(base))), np.empty((MOST_KEPT, len(free)))
    slope, kept = np.zeros(len(free)), 0
    if aim < len(base):
        if not _make_free(table, across, left, right, base, free, aim):
            alone = dependent(unseen, group, 1)
            return (FOUND if alone else STUCK), group[: 1 if alone else 0].copy(), 1, 0
        kept = 1
    ended, depth, size, cases, pivots = SPENT, 0, 0, 0, 0
    while cases < most:
        cases += 1
        inside = _rooms(state, n, aim, k, room)
        enough = k - 1 - inside + MARGIN
        row, more, kept, table, across = furthest(
            table, across, left, right, kept, base, free, x, room, aim, enough, 60 + 2 * points, slope
        )
        pivots += more
        if x[aim] >= enough - MARGIN / 2:
            seen = settled(x, based, start, row_of, inverse, bound, total, sums)
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
    return ended, group[: size if ended == FOUND else 0].copy(), cases, pivots
