"""A linear programme on a small dense tableau: how far can one point move with all published sums unmoved?

The tableau says x[base] = -table @ x[free]. Everything starts at zero, which is always allowed, so that any basis may
be the first. Floating point throughout: what it finds is weighed again in whole numbers before it counts as a proof.
"""

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import compiled, inner

TINY = 1e-9
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


@compiled
def echelon(matrix: Floats) -> Ints:
    """Reduce [rows, columns] in place, pivots in the first columns that have one. The pivot's row by column, or -1."""
    rows, columns = matrix.shape
    pivot_row = np.full(columns, -1, np.int64)
    done = 0
    for c in range(columns):
        best = _lead(matrix, c, done)
        if best < 0:
            continue
        for z in range(columns):
            matrix[done, z], matrix[best, z] = matrix[best, z], matrix[done, z]
        scale = 1.0 / matrix[done, c]
        for z in range(columns):
            matrix[done, z] *= scale
        for r in range(rows):
            factor = matrix[r, c]
            if r == done or abs(factor) <= TINY:
                continue
            for z in range(columns):
                matrix[r, z] -= factor * matrix[done, z]
        pivot_row[c] = done
        done += 1
    return pivot_row


@inner
def swap(table: Floats, base: Ints, free: Ints, r: int, e: int) -> None:
    """One pivot: the point of row r becomes free, that of column e basic."""
    rows, columns = table.shape
    scale = 1.0 / table[r, e]
    for z in range(columns):
        table[r, z] *= scale
    table[r, e] = scale
    for y in range(rows):
        if y == r:
            continue
        factor = table[y, e]
        if abs(factor) > TINY:
            for z in range(columns):
                table[y, z] -= factor * table[r, z]
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
    table: Floats, base: Ints, x: Floats, room: Floats, aim: int, e: int, direction: float, limit: float
) -> tuple[int, float]:
    """The row that stops the move first (-1: the moving point itself, or nothing), and how far it gets."""
    row, largest = -1, 0.0
    for r in range(len(base)):
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
    table: Floats, base: Ints, free: Ints, x: Floats, room: Floats, aim: int, enough: float, rounds: int
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
        row, limit = _blocking(table, base, x, room, aim, e, direction, limit)
        endless = limit >= FAR / 2
        if endless:
            limit = (enough - x[aim]) / (1.0 if aim_row < 0 else abs(table[aim_row, e]))
        x[free[e]] += direction * limit
        for r in range(len(base)):
            x[base[r]] -= table[r, e] * direction * limit
        if endless or x[aim] >= enough:
            return aim_row, spent + 1
        if row >= 0:
            swap(table, base, free, row, e)
    return _row_of(base, aim), rounds
