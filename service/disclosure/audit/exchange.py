"""Rows solved for some of their points, in floating point: what can be told by them, and what moves with what.

Nothing here is part of a proof: `inverse` checks what a proof needs.
"""

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import compiled, inner

# What is smaller in a row not exchanged yet is taken for zero.
_NOTHING = 1e-7

# No pivot is so many times smaller than the largest of its column.
_STEADY = 8.0

# Of a row with so many times fewer numbers than columns, these alone are looked at.
_SCATTERED = 6


@inner
def _column_of(table: Floats, e: int, active: Ints) -> int:
    """The rows with something in column e, into `active`; how many."""
    size = 0
    for r in range(len(table)):
        if table[r, e] != 0.0:
            active[size] = r
            size += 1
    return size


@inner
def _filled(row: Floats, columns: Ints) -> int:
    """The columns that are not zero, into `columns`; how many, or -1 if too many to be worth it."""
    size = 0
    for z in range(len(row)):
        if row[z] != 0.0:
            columns[size] = z
            size += 1
    return size if _SCATTERED * size <= len(row) else -1


@inner
def _less(row: Floats, other: Floats, factor: float, columns: Ints, size: int) -> None:
    """Take so many times the other row off; in the first `size` of `columns` alone, if that is not -1."""
    if size < 0:
        for z in range(len(row)):
            row[z] -= factor * other[z]
    else:
        for e in range(size):
            row[columns[e]] -= factor * other[columns[e]]


@inner
def _swap(table: Floats, base: Ints, free: Ints, r: int, e: int, active: Ints, size: int, filled: Ints) -> None:
    """Exchange the point of column e for row r.

    The first `size` of `active` are the rows with something in the column. `filled` is room for as many numbers as
    there are columns.
    """
    scale = 1.0 / table[r, e]
    for z in range(table.shape[1]):
        table[r, z] *= scale
    table[r, e] = scale
    columns = _filled(table[r], filled)
    for i in range(size):
        y = active[i]
        if y != r:
            factor = table[y, e]
            _less(table[y], table[r], factor, filled, columns)
            table[y, e] = -factor * scale
    base[r], free[e] = free[e], base[r]


@inner
def _count(
    table: Floats, base: Ints, free: Ints, active: Ints, size: int, by_row: Ints, by_column: Ints, sign: int
) -> None:
    """Count in or out what stands in the first `size` rows of `active`, of rows and points not exchanged yet.

    What is next to nothing there is cleared.
    """
    for i in range(size):
        r = active[i]
        for c in range(len(free) if base[r] < 0 else 0):
            if table[r, c] != 0.0 and free[c] >= 0:
                if abs(table[r, c]) < _NOTHING:
                    table[r, c] = 0.0
                else:
                    by_row[r] += sign
                    by_column[c] += sign


@inner
def _scarcest(free: Ints, by_column: Ints, end: int) -> int:
    """The point before `end` in fewest rows; -1 if none is in any."""
    best = -1
    for c in range(end):
        if free[c] >= 0 and by_column[c] and (best < 0 or by_column[c] < by_column[best]):
            best = c
    return best


@inner
def _lightest(table: Floats, base: Ints, c: int, active: Ints, size: int, by_row: Ints) -> int:
    """The row with fewest points of those where the number in column c is not too small."""
    largest, best = 0.0, -1
    for i in range(size):
        if base[active[i]] < 0:
            largest = max(largest, abs(table[active[i], c]))
    for i in range(size):
        r = active[i]
        if base[r] < 0 and _STEADY * abs(table[r, c]) >= largest and (best < 0 or by_row[r] < by_row[best]):
            best = r
    return best


@compiled
def solved(table: Floats, first: int) -> tuple[Ints, Ints, int]:
    """Exchange rows of [rows, points] for points, in place, the `first` points before others.

    The order is one in which little fills up (after Markowitz), and numbers stay small: that keeps the inverse exact.

    Gives for each row the point it was exchanged for, or -1 - row where it depends on others; for each column its
    point, or -1 - row of the row that took its place; and the elementary operations spent. With s of S, b of B and f
    free, table[b, s] is the inverse, x[b] = -table[b, f] x[f] where no row sees x, and a row is -table[row, s] of S.
    """
    rows, points = table.shape
    base, free, active = -1 - np.arange(rows), np.arange(points), np.arange(rows)
    filled, by_row, by_column = np.zeros(points, np.int64), np.zeros(rows, np.int64), np.zeros(points, np.int64)
    _count(table, base, free, active, rows, by_row, by_column, 1)
    spent = 0
    for end in (first, points):
        c = _scarcest(free, by_column, end)
        while c >= 0:
            size = _column_of(table, c, active)
            r = _lightest(table, base, c, active, size, by_row)
            _count(table, base, free, active, size, by_row, by_column, -1)
            _swap(table, base, free, r, c, active, size, filled)
            _count(table, base, free, active, size, by_row, by_column, 1)
            spent += rows + points + 3 * size * points
            c = _scarcest(free, by_column, end)
    return base, free, spent
