"""Elimination of sparse rows modulo the prime 2^61 - 1, with its record, and random numbers that no row sees.

Used to *find*: what it finds is confirmed in fractions elsewhere, and no proof rests on it.
"""

from dataclasses import dataclass

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.machine import compiled, inner

PRIME = 2**61 - 1


@inner
def times(a: int, b: int) -> int:
    """The product of two residues; 31-bit halves, and 2^61 counts as 1."""
    a_high, a_low = a >> 31, a & 0x7FFFFFFF
    b_high, b_low = b >> 31, b & 0x7FFFFFFF
    middle = a_low * b_high + a_high * b_low
    low = a_low * b_low
    low = (low & PRIME) + (low >> 61)
    total = 2 * a_high * b_high + (middle >> 30) + ((middle & 0x3FFFFFFF) << 31) + low
    total = (total & PRIME) + (total >> 61)
    return total - PRIME if total >= PRIME else total


@inner
def minus(a: int, b: int) -> int:
    return a - b if a >= b else a - b + PRIME


@inner
def inverse(a: int) -> int:
    """By Fermat: a to the power of the prime less two."""
    power, result, left = a, 1, PRIME - 2
    while left:
        if left & 1:
            result = times(result, power)
        power = times(power, power)
        left >>= 1
    return result


@inner
def _grown(array: Ints, needed: int) -> Ints:
    if needed <= len(array):
        return array
    larger = np.zeros(max(needed, 2 * len(array)), np.int64)
    larger[: len(array)] = array
    return larger


@inner
def _reduce(
    work: Ints,
    column: Ints,
    up_start: Ints,
    up_column: Ints,
    up_value: Ints,
    low_column: Ints,
    low_value: Ints,
    used: int,
    rank: int,
) -> tuple[Ints, Ints, int, int]:
    """Take every earlier pivot out of the dense row `work`; returns the record and its new end."""
    spent = 0
    for t in range(rank):
        factor = work[column[t]]
        if factor == 0:
            continue
        low_column, low_value = _grown(low_column, used + 1), _grown(low_value, used + 1)
        low_column[used], low_value[used] = t, factor
        used += 1
        spent += up_start[t + 1] - up_start[t]
        for e in range(up_start[t], up_start[t + 1]):
            c = up_column[e]
            work[c] = minus(work[c], times(factor, up_value[e]))
    return low_column, low_value, used, spent


@compiled
def _eliminate(
    start: Ints, member: Ints, width: int, degree: Ints
) -> tuple[int, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints, int]:
    """Rows in the order given. A row without anything new leaves no pivot."""
    rows = len(start) - 1
    column, row_of, lead = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    up_start, low_start = np.zeros(rows + 1, np.int64), np.zeros(rows + 1, np.int64)
    up_column, up_value = np.zeros(4 * len(member) + 8, np.int64), np.zeros(4 * len(member) + 8, np.int64)
    low_column, low_value = np.zeros(len(member) + 8, np.int64), np.zeros(len(member) + 8, np.int64)
    rank = used = kept = spent = 0
    work = np.zeros(width, np.int64)
    for row in range(rows):
        for e in range(start[row], start[row + 1]):
            work[member[e]] = 1
        begun = used
        low_column, low_value, used, more = _reduce(
            work, column, up_start, up_column, up_value, low_column, low_value, used, rank
        )
        spent += more
        best, filled = -1, 0
        for c in range(width):
            if work[c]:
                filled += 1
                if best < 0 or degree[c] < degree[best]:
                    best = c
        if best < 0:
            used = begun
            continue
        up_column, up_value = _grown(up_column, kept + filled), _grown(up_value, kept + filled)
        lead[rank], column[rank], row_of[rank] = work[best], best, row
        scale = inverse(work[best])
        for c in range(width):
            if work[c]:
                up_column[kept], up_value[kept] = c, times(scale, work[c])
                kept += 1
                work[c] = 0
        rank += 1
        up_start[rank], low_start[rank] = kept, used
    return rank, column, row_of, lead, up_start, up_column, up_value, low_start, low_column, low_value, spent


@compiled
def _unseen(seen: Ints, rank: int, column: Ints, up_start: Ints, up_column: Ints, up_value: Ints) -> None:
    """Fill in the pivots, last first, so that every row's sum is zero; in place, [width, vectors]."""
    for t in range(rank - 1, -1, -1):
        for d in range(seen.shape[1]):
            total = 0
            for e in range(up_start[t], up_start[t + 1]):
                if up_column[e] != column[t]:
                    total = minus(total, times(up_value[e], seen[up_column[e], d]))
            seen[column[t], d] = total


@compiled
def ratios(unseen: Ints) -> Ints:
    """Each print divided by its first number that is not zero: equal for prints that are multiples of each other."""
    divided = unseen.copy()
    for row in range(len(unseen)):
        for lead in range(unseen.shape[1]):
            if unseen[row, lead]:
                scale = inverse(unseen[row, lead])
                for d in range(unseen.shape[1]):
                    divided[row, d] = times(scale, unseen[row, d])
                break
    return divided


@inner
def dependent(unseen: Ints, group: Ints, size: int) -> bool:
    """Whether the prints of the first `size` of `group` depend on each other: a combination of rows isolates them."""
    vectors = unseen.shape[1]
    left = np.empty((size, vectors), np.int64)
    for g in range(size):
        left[g] = unseen[group[g]]
    for g in range(size):
        lead = -1
        for d in range(vectors):
            if left[g, d]:
                lead = d
                break
        if lead < 0:
            return True
        scale = inverse(left[g, lead])
        for other in range(g + 1, size):
            if left[other, lead]:
                factor = times(scale, left[other, lead])
                for d in range(vectors):
                    left[other, d] = minus(left[other, d], times(factor, left[g, d]))
    return False


@compiled
def _combination(
    value: Ints,
    rank: int,
    column: Ints,
    lead: Ints,
    up_start: Ints,
    up_column: Ints,
    up_value: Ints,
    low_start: Ints,
    low_column: Ints,
    low_value: Ints,
) -> Ints:
    """Coefficients of the pivots' rows whose sum is `value`. It is used up; something is left if there are none."""
    share = np.zeros(rank, np.int64)
    for t in range(rank):
        share[t] = value[column[t]]
        if share[t]:
            for e in range(up_start[t], up_start[t + 1]):
                c = up_column[e]
                value[c] = minus(value[c], times(share[t], up_value[e]))
    for t in range(rank - 1, -1, -1):
        if share[t]:
            share[t] = times(share[t], inverse(lead[t]))
            for e in range(low_start[t], low_start[t + 1]):
                share[low_column[e]] = minus(share[low_column[e]], times(share[t], low_value[e]))
    return share


@dataclass(frozen=True, slots=True)
class Elimination:
    """Rows [rows, width] of zeros and ones, eliminated.

    Attributes:
        rank: number of pivots.
        record: arrays of the kernels: pivot columns, their rows, leading values, upper and lower factors.
        work: elementary operations spent.
    """

    width: int
    rank: int
    column: Ints
    row_of: Ints
    lead: Ints
    upper: tuple[Ints, Ints, Ints]
    lower: tuple[Ints, Ints, Ints]
    work: int

    @classmethod
    def of(cls, rows: list[Ints], width: int) -> "Elimination":
        start = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)]).astype(np.int64)
        member = np.concatenate([*rows, np.zeros(0, np.int64)]).astype(np.int64)
        degree = np.bincount(member, minlength=width).astype(np.int64)
        found = _eliminate(start, member, width, degree)
        return cls(width, *found[:4], found[4:7], found[7:10], found[10])

    def prints(self, vectors: int) -> Ints:
        """Random numbers modulo the prime, [width, vectors], of which every row's sum is zero."""
        seen = np.random.default_rng(0).integers(0, PRIME, (self.width, vectors), dtype=np.int64)
        _unseen(seen, self.rank, self.column, *self.upper)
        return seen

    def combination(self, value: Ints) -> dict[int, int] | None:
        """Rows and coefficients modulo the prime that give `value` (residues, [width]); None if no combination does."""
        left = value.copy()
        share = _combination(left, self.rank, self.column, self.lead, *self.upper, *self.lower)
        return None if left.any() else {int(self.row_of[t]): int(share[t]) for t in np.flatnonzero(share)}
