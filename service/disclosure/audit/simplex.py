"""A linear programme on a small dense tableau: how far can one point move with all published sums unmoved?

The tableau says x[base] = -table @ x[free]. Everything starts at zero, which is always allowed, so that any basis may
be the first. Floating point throughout: what it finds is weighed again in whole numbers before it counts as a proof.
"""

import numpy as np

from service.disclosure.audit.arrays import Bools, Floats, Ints
from service.disclosure.audit.machine import compiled, inner

TINY = 1e-9

# Of a row with so many times fewer numbers than columns, these alone are looked at.
_SCATTERED = 6

FAR = 1e18
"""Room of a point that may move without limit."""


@inner
def _lead(matrix: Floats, c: int, done: int) -> int:
    """The row from `done` on with the largest number in column c; -1 if all are as good as zero."""
    best, largest = -1, TINY
    for r in range(done, len(matrix)):
        if abs(matrix[r, c]) > largest:
            best, largest = r, abs(matrix[r, c])
    return best


@inner
def _filled(row: Floats, columns: Ints, begin: int) -> int:
    """The columns from `begin` on that are not zero, into `columns`; how many, or -1 if too many to be worth it."""
    size = 0
    for z in range(begin, len(row)):
        if row[z] != 0.0:
            columns[size] = z
            size += 1
    return size if _SCATTERED * size <= len(row) - begin else -1


@inner
def _less(row: Floats, other: Floats, factor: float, begin: int, columns: Ints, size: int) -> None:
    """Take so many times the other row off, from column `begin` on; in the first `size` of `columns` alone, if any."""
    if size < 0:
        for z in range(begin, len(row)):
            row[z] -= factor * other[z]
    else:
        for e in range(size):
            row[columns[e]] -= factor * other[columns[e]]


@compiled
def echelon(matrix: Floats) -> tuple[Ints, int]:
    """Reduce [rows, columns] in place, pivots in the first columns that have one.

    Gives the pivot's row by column, or -1, and the elementary operations spent.
    """
    rows, columns = matrix.shape
    pivot_row, filled = np.full(columns, -1, np.int64), np.zeros(columns, np.int64)
    done = spent = 0
    for c in range(columns):
        best = _lead(matrix, c, done)
        spent += rows
        if best < 0:
            continue
        if best != done:
            for z in range(columns):
                matrix[done, z], matrix[best, z] = matrix[best, z], matrix[done, z]
        scale = 1.0 / matrix[done, c]
        # What stands before this column is zero by now.
        for z in range(c, columns):
            matrix[done, z] *= scale
        size = _filled(matrix[done], filled, c)
        for r in range(rows):
            factor = matrix[r, c]
            if r == done or abs(factor) <= TINY:
                continue
            spent += columns - c if size < 0 else size
            _less(matrix[r], matrix[done], factor, c, filled, size)
        pivot_row[c] = done
        done += 1
        if done == rows:
            break
    return pivot_row, spent


@inner
def column_of(table: Floats, e: int, active: Ints) -> int:
    """The rows with something in column e, into `active`; how many."""
    size = 0
    for r in range(len(table)):
        if table[r, e] != 0.0:
            active[size] = r
            size += 1
    return size


@inner
def swap(
    table: Floats, base: Ints, free: Ints, r: int, e: int, active: Ints, size: int, touched: Bools, filled: Ints
) -> None:
    """One pivot: the point of row r becomes free, that of column e basic.

    The first `size` of `active` are the rows with something in the column; they are marked as touched. `filled` is
    room for as many numbers as there are columns.
    """
    scale = 1.0 / table[r, e]
    for z in range(table.shape[1]):
        table[r, z] *= scale
    table[r, e] = scale
    columns = _filled(table[r], filled, 0)
    for i in range(size):
        y = active[i]
        touched[y] = True
        if y == r:
            continue
        factor = table[y, e]
        if abs(factor) > TINY:
            _less(table[y], table[r], factor, 0, filled, columns)
            table[y, e] = -factor * scale
        else:
            table[y, e] = 0.0
    base[r], free[e] = free[e], base[r]


@inner
def _entering(table: Floats, free: Ints, x: Floats, room: Floats, aim_row: int) -> tuple[int, float]:
    """The column whose move gains most, and its direction; -1 at the optimum."""
    best, gain, direction = -1, TINY, 1.0
    for z in range(len(free)):
        slope, point = -table[aim_row, z], free[z]
        if slope > gain and x[point] < room[point] - TINY:
            best, gain, direction = z, slope, 1.0
        elif -slope > gain and x[point] > TINY - room[point]:
            best, gain, direction = z, -slope, -1.0
    return best, direction


@inner
def _blocking(
    table: Floats,
    base: Ints,
    x: Floats,
    room: Floats,
    aim: int,
    e: int,
    active: Ints,
    size: int,
    direction: float,
    limit: float,
) -> tuple[int, float]:
    """The row that stops the move first (-1: the moving point itself, or nothing), and how far it gets."""
    row, largest = -1, 0.0
    for i in range(size):
        r = active[i]
        pace, point = -table[r, e] * direction, base[r]
        if point == aim or abs(pace) < TINY or room[point] >= FAR:
            continue
        reach = max(0.0, (room[point] - x[point]) / pace if pace > 0 else (-room[point] - x[point]) / pace)
        if reach < limit - TINY or (reach < limit + TINY and abs(pace) > largest):
            row, largest, limit = r, abs(pace), min(limit, reach)
    return row, limit


@inner
def _row_of(base: Ints, aim: int) -> int:
    for r in range(len(base)):
        if base[r] == aim:
            return r
    return -1


@inner
def _column_of(free: Ints, aim: int) -> int:
    for z in range(len(free)):
        if free[z] == aim:
            return z
    return -1


@inner
def furthest(
    table: Floats,
    base: Ints,
    free: Ints,
    x: Floats,
    room: Floats,
    aim: int,
    enough: float,
    rounds: int,
    touched: Bools,
    active: Ints,
    filled: Ints,
) -> tuple[int, int]:
    """Move point `aim` as far as the rooms allow, or until `enough`.

    `x` is [base + free], overwritten; `room` is how far each point may move either way, and that of `aim` is ignored.
    Gives the row of `aim` at the end (-1: it is free, and moves without limit), and the pivots made.
    """
    x[:] = 0.0
    for spent in range(rounds):
        aim_row = _row_of(base, aim)
        if aim_row < 0:
            e, direction, limit = _column_of(free, aim), 1.0, FAR
        else:
            e, direction = _entering(table, free, x, room, aim_row)
            if e < 0:
                return aim_row, spent
            limit = room[free[e]] - direction * x[free[e]]
        size = column_of(table, e, active)
        row, limit = _blocking(table, base, x, room, aim, e, active, size, direction, limit)
        endless = limit >= FAR / 2
        if endless:
            limit = (enough - x[aim]) / (1.0 if aim_row < 0 else abs(table[aim_row, e]))
        x[free[e]] += direction * limit
        for i in range(size):
            x[base[active[i]]] -= table[active[i], e] * direction * limit
        if endless or x[aim] >= enough:
            return aim_row, spent + 1
        if row >= 0:
            swap(table, base, free, row, e, active, size, touched, filled)
    return _row_of(base, aim), rounds
