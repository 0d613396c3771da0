"""A linear programme over a neighbourhood: how far can one point move with all published sums unmoved?

The tableau says x[base] = -table @ x[free]. Everything starts at zero, which is always allowed, so that any basis may
be the first. Floating point throughout: what it finds is weighed again in whole numbers before it counts as a proof.

A pivot takes a product of a column and a row off the tableau. These are kept (`left` [pivots, base], `right`
[pivots, free]), and of the tableau as it has become only a row and a column are made at each step. Once there are
MOST_KEPT they are taken off for good.
"""

from typing import NamedTuple

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import inner

_AT_ONCE = 4

# A whole number of batches: `line` reads and clears them as such.
MOST_KEPT = 64 * _AT_ONCE

TINY = 1e-7

_NOTHING = 1e-11

FAR = 1e18
"""Room of a point that may move without limit."""


class Tableau(NamedTuple):
    """x[base] = -table @ x[free], less the products kept. How many are kept is told beside it.

    Attributes:
        table: as it was when products were last taken off, float [base, free].
        across: the same transposed.
        left: columns kept, float [MOST_KEPT, base].
        right: rows kept, float [MOST_KEPT, free].
        base: the point of each row.
        free: the point of each column.
    """

    table: Floats
    across: Floats
    left: Floats
    right: Floats
    base: Ints
    free: Ints


@inner
def line(table: Floats, left: Floats, right: Floats, kept: int, r: int, out: Floats) -> None:
    """A row of the tableau into `out`; of the transposed one, with `left` and `right` the other way round, a column."""
    for z in range(len(out)):
        out[z] = table[r, z]
    # The row is fetched and stored once for each _AT_ONCE products.
    for t in range(0, kept, _AT_ONCE):
        a, b, c, d = left[t, r], left[t + 1, r], left[t + 2, r], left[t + 3, r]
        if a != 0.0 or b != 0.0 or c != 0.0 or d != 0.0:
            for z in range(len(out)):
                out[z] -= a * right[t, z] + b * right[t + 1, z] + c * right[t + 2, z] + d * right[t + 3, z]


@inner
def swap(tableau: Tableau, kept: int, column: Floats, row: Floats, r: int, e: int) -> None:
    """One pivot, kept as number `kept`: the point of row r becomes free, that of column e basic.

    `column` [base] and `row` [free] are these of the tableau.
    """
    left, right, base, free = tableau.left, tableau.right, tableau.base, tableau.free
    if kept % _AT_ONCE == 0:
        left[kept : kept + _AT_ONCE] = 0.0
        right[kept : kept + _AT_ONCE] = 0.0
    scale = 1.0 / column[r]
    for y in range(len(column)):
        left[kept, y] = column[y] * scale
    for z in range(len(row)):
        right[kept, z] = row[z]
    left[kept, r] = 1.0 - scale
    right[kept, e] = row[e] + 1.0
    base[r], free[e] = free[e], base[r]


@inner
def folded(tableau: Tableau, kept: int) -> Tableau:
    """The tableau with the kept products taken off for good; none are kept of it."""
    left, right, new = tableau.left, tableau.right, tableau.table.copy()
    for r in range(len(new)):
        line(tableau.table, left, right, kept, r, new[r])
        for z in range(new.shape[1]):
            if abs(new[r, z]) <= _NOTHING:
                new[r, z] = 0.0
    return Tableau(new, new.T.copy(), left, right, tableau.base, tableau.free)


@inner
def place_of(points: Ints, one: int) -> int:
    """Where a point is among these; -1 if nowhere."""
    for place in range(len(points)):
        if points[place] == one:
            return place
    return -1


@inner
def _entering(slope: Floats, free: Ints, x: Floats, room: Floats, aim: int, aim_row: int) -> tuple[int, float, float]:
    """The column whose move gains most, its direction, and how far it may move; -1 at the optimum.

    `slope` is the row of the aim; where it has none, it is its own column that moves.
    """
    if aim_row < 0:
        return place_of(free, aim), 1.0, FAR
    best, gain, direction = -1, TINY, 1.0
    for z in range(len(free)):
        if abs(slope[z]) > gain:
            point = free[z]
            if slope[z] < 0 and x[point] < room[point] - TINY:
                best, gain, direction = z, -slope[z], 1.0
            elif slope[z] > 0 and x[point] > TINY - room[point]:
                best, gain, direction = z, slope[z], -1.0
    return best, direction, room[free[best]] - direction * x[free[best]]


@inner
def _blocking(
    column: Floats, base: Ints, x: Floats, room: Floats, aim: int, direction: float, limit: float
) -> tuple[int, float]:
    """The row that stops the move first (-1: the moving point itself, or nothing), and how far it gets."""
    row, largest = -1, 0.0
    for r in range(len(base)):
        pace, point = -column[r] * direction, base[r]
        if abs(pace) < TINY or point == aim or room[point] >= FAR:
            continue
        reach = max(0.0, (room[point] - x[point]) / pace if pace > 0 else (-room[point] - x[point]) / pace)
        if reach < limit - TINY or (reach < limit + TINY and abs(pace) > largest):
            row, largest, limit = r, abs(pace), min(limit, reach)
    return row, limit


@inner
def _follow(tableau: Tableau, kept: int, aim_row: int, r: int, slope: Floats) -> int:
    """The row of the aim after a pivot in row r, with its numbers in `slope`: it was free, or keeps its row."""
    left, right = tableau.left, tableau.right
    if aim_row < 0:
        line(tableau.table, left, right, kept, r, slope)
        return r
    for z in range(len(slope)):
        slope[z] -= left[kept - 1, aim_row] * right[kept - 1, z]
    return aim_row


@inner
def furthest(
    tableau: Tableau, kept: int, x: Floats, room: Floats, aim: int, enough: float, rounds: int, slope: Floats
) -> tuple[int, int, int, Tableau]:
    """Move point `aim` as far as the rooms allow, or until `enough`, in so many rounds.

    `x` is [base + free], overwritten; `room` is how far each point may move either way, and that of `aim` is ignored.
    Gives the row of `aim` at the end (-1: it is free, and moves without limit), with its numbers in `slope` [free];
    the pivots made, those kept, and the tableau that these belong to.
    """
    left, right, base, free = tableau.left, tableau.right, tableau.base, tableau.free
    x[:] = 0.0
    column, row = np.zeros(len(base)), np.zeros(len(free))
    aim_row = place_of(base, aim)
    if aim_row >= 0:
        line(tableau.table, left, right, kept, aim_row, slope)
    for spent in range(rounds):
        e, direction, limit = _entering(slope, free, x, room, aim, aim_row)
        if e < 0:
            return aim_row, spent, kept, tableau
        line(tableau.across, right, left, kept, e, column)
        r, limit = _blocking(column, base, x, room, aim, direction, limit)
        endless = limit >= FAR / 2
        if endless:
            limit = (enough - x[aim]) / (1.0 if aim_row < 0 else abs(slope[e]))
        x[free[e]] += direction * limit
        for y in range(len(base)):
            x[base[y]] -= column[y] * direction * limit
        if endless or x[aim] >= enough:
            return aim_row, spent + 1, kept, tableau
        if r >= 0:
            line(tableau.table, left, right, kept, r, row)
            swap(tableau, kept, column, row, r, e)
            kept += 1
            aim_row = _follow(tableau, kept, aim_row, r, slope)
        if kept == MOST_KEPT:
            tableau, kept = folded(tableau, kept), 0
    return aim_row, rounds, kept, tableau
