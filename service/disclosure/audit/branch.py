"""Is there a combination of rows in which one point's coefficient is largest and too few people take part? By cases.

Each case fixes some points as taking part ("in") and some as not ("out"). It is closed by a perturbation x that no
published sum sees. For a combination v whose largest coefficient is 1 at the point `aim`, v x = 0 gives

    people of v  >=  n[aim] + n[in]  +  |x[aim]| - sum over in of |x| - sum over the rest of max(0, |x| - n)

(out is no part of the rest), and where the right side is over k - 1, no such v has fewer than k people.
The right side is computed in whole numbers.
"""

import numpy as np

from service.disclosure.audit.arrays import Bools, Floats, Ints, Shorts
from service.disclosure.audit.machine import compiled, inner
from service.disclosure.audit.modular import dependent
from service.disclosure.audit.simplex import FAR, column_of, furthest, swap

UNIT = 1 << 24
"""A perturbation is held as whole multiples of one over this."""

MARGIN = 0.05
"""How far over k - 1 the programme has to come, so that rounding can not matter."""

LARGEST_SHARE = 1 << 36
"""Times the largest move and the most moves it is under 2^63: no sum of whole numbers below leaves 64 bits."""

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
def weighed(moves: Shorts, x: Floats, state: Ints, n: Ints, aim: int, k: int, inside: int, total: Ints) -> bool:
    """Whether the perturbation closes the case, in whole numbers. `moves` is [free, points], unseen by every row.

    Leaves the perturbation in `total`, in whole multiples of one over UNIT.
    """
    total[:] = 0
    first = len(n) - len(moves)
    for f in range(len(moves)):
        part = x[first + f] / moves[f, first + f] * UNIT
        if abs(part) >= LARGEST_SHARE:
            return False
        share = np.int64(part)
        if share:
            for j in range(len(n)):
                total[j] += share * moves[f, j]
    worth = (inside - k + 1) * UNIT + abs(total[aim])
    for j in range(len(n)):
        if j == aim:
            continue
        if state[j] == _IN:
            worth -= abs(total[j])
        elif state[j] != _OUT and inside + n[j] < k:
            worth -= max(0, abs(total[j]) - n[j] * UNIT)
    return bool(worth > 0)


@inner
def _suspects(table: Floats, free: Ints, aim_row: int, aim: int, n: Ints, group: Ints) -> tuple[int, int]:
    """The points in the tableau's row of `aim`, which is a combination of rows as far as the neighbourhood sees."""
    group[0], size, people = aim, 1, n[aim]
    for z in range(len(free)):
        if abs(table[aim_row, z]) > _NONE:
            group[size] = free[z]
            size += 1
            people += n[free[z]]
    return size, people


@inner
def _undecided(table: Floats, free: Ints, aim_row: int, state: Ints, n: Ints, inside: int, k: int) -> int:
    """The open point with the largest coefficient in that row; -1 if there is none."""
    best, largest = -1, _NONE
    for z in range(len(free)):
        j = free[z]
        if state[j] == _OPEN and inside + n[j] < k and abs(table[aim_row, z]) > largest:
            best, largest = j, abs(table[aim_row, z])
    return best


@inner
def _make_free(table: Floats, base: Ints, free: Ints, aim: int, touched: Bools, active: Ints, filled: Ints) -> bool:
    """Get `aim` out of a row in which nothing else can move with it; whether it can move at all."""
    for r in range(len(base)):
        if base[r] == aim:
            best, largest = -1, _NONE
            for z in range(len(free)):
                if abs(table[r, z]) > largest:
                    best, largest = z, abs(table[r, z])
            if best < 0:
                return False
            swap(table, base, free, r, best, active, column_of(table, best, active), touched, filled)
            return True
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
def _restore(table: Floats, scratch: Floats, touched: Bools) -> None:
    for r in range(len(table)):
        if touched[r]:
            for z in range(table.shape[1]):
                scratch[r, z] = table[r, z]


@compiled
def search(
    table: Floats,
    scratch: Floats,
    moves: Shorts,
    unseen: Ints,
    n: Ints,
    aim: int,
    k: int,
    most: int,
    total: Ints,
) -> tuple[int, Ints, int, int]:
    """All cases of one point, depth first. `scratch` is as `table` before and after.

    What closed the last case is left in `total`, in whole multiples of one over UNIT, int64 [points].

    Gives how it ended, the group found (points that a combination of rows isolates; else empty), cases and pivots.
    CLOSED: there is no such combination. FOUND: there is. STUCK: a larger neighbourhood is needed. SPENT: more cases.
    """
    points = len(n)
    state, path, group = np.zeros(points, np.int64), np.zeros(points + 1, np.int64), np.zeros(points + 1, np.int64)
    room, x = np.zeros(points), np.zeros(points)
    state[aim], group[0] = _AIM, aim
    base, free = np.arange(len(table)), np.arange(len(table), points)
    touched, active = np.zeros(len(base), np.bool_), np.zeros(len(base), np.int64)
    filled = np.zeros(len(free), np.int64)
    if not _make_free(scratch, base, free, aim, touched, active, filled):
        alone = dependent(unseen, group, 1)
        return (FOUND if alone else STUCK), group[: 1 if alone else 0].copy(), 1, 0
    ended, depth, size, cases, pivots = SPENT, 0, 0, 0, 0
    while cases < most:
        cases += 1
        inside = _rooms(state, n, aim, k, room)
        enough = k - 1 - inside + MARGIN
        row, more = furthest(scratch, base, free, x, room, aim, enough, 60 + 2 * points, touched, active, filled)
        pivots += more
        if x[aim] >= enough - MARGIN / 2:
            if not weighed(moves, x, state, n, aim, k, inside, total):
                ended = STUCK
                break
            depth = _next(state, path, depth)
            if not depth:
                ended = CLOSED
                break
            continue
        chosen = -1
        if row >= 0:
            size, people = _suspects(scratch, free, row, aim, n, group)
            if people < k and dependent(unseen, group, size):
                ended = FOUND
                break
            chosen = _undecided(scratch, free, row, state, n, inside, k)
        if chosen < 0:
            ended = STUCK
            break
        state[chosen], path[depth] = _IN, chosen
        depth += 1
    _restore(table, scratch, touched)
    return ended, group[: size if ended == FOUND else 0].copy(), cases, pivots
