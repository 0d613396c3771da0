"""What a proof needs to know of the rows of a neighbourhood, checked in whole numbers.

Of a neighbourhood's rows E (zeros and ones) some, S, are independent, and as many points, B, can be told by them. The
inverse of E[S, B] is found in floating point (`exchange`) and rounded to whole multiples of one over GRAIN: that is Z.
Checked are

- I - Z E[S, B] has a 1-norm of one half at most. So E[S, B] has an inverse indeed, and for any column r of numbers the
  1-norm of inverse(E[S, B]) r is at most 2 |Z| |r|, in 1-norms;
- each row outside S is a combination of S, with fractions of a small denominator.

What these checks take is counted, as elementary operations.
"""

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import compiled, inner

GRAIN = 1 << 32
"""Z is held as whole multiples of one over this."""

LARGEST = 1 << 50
"""All numbers of Z, in these multiples, are nearer to 0."""

MOST_ROWS = (1 << 62) // LARGEST
"""Sums of so many of them stay within 64 bits."""

LARGEST_SCALE = 360
"""A row outside S is told by S in fractions whose common denominator is up to this; else nothing is proved."""

LARGEST_PART = 1 << 20

_NEAR = 1e-6


def in_grains(z: Floats) -> Ints:
    """Z in multiples of one over GRAIN. What is too large, or no number, becomes LARGEST: `bound_of` refuses it."""
    scaled = np.nan_to_num(z * GRAIN, nan=LARGEST)
    return np.rint(np.clip(scaled, -LARGEST, LARGEST)).astype(np.int64)


@inner
def _off_unit(z: Ints, start: Ints, member: Ints, sure: Ints, place: Ints) -> tuple[bool, int]:
    """Whether the 1-norm of I - Z E[S, B] is more than one half. `place` is that of each point in B, or -1.

    Then the operations spent.
    """
    size, spent = len(sure), 0
    off, row = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for b in range(size):
        row[:] = 0
        row[b] = -GRAIN
        spent += 3 * size
        for s in range(size):
            if z[b, s]:
                spent += start[sure[s] + 1] - start[sure[s]]
                for e in range(start[sure[s]], start[sure[s] + 1]):
                    if place[member[e]] >= 0:
                        row[place[member[e]]] += z[b, s]
        for c in range(size):
            if abs(row[c]) > GRAIN:
                return True, spent
            off[c] += abs(row[c])
    return bool(size) and 2 * off.max() > GRAIN, spent


@inner
def _scale(parts: Floats) -> tuple[int, int]:
    """The smallest factor that makes them whole, and not too large; 0 if there is none. Then the operations spent."""
    spent = 0
    for factor in range(1, LARGEST_SCALE + 1):
        whole = True
        for part in parts:
            spent += 1
            scaled = part * factor
            if not abs(scaled) < LARGEST_PART:
                return 0, spent
            if abs(scaled - np.rint(scaled)) >= _NEAR:
                whole = False
                break
        if whole:
            return factor, spent
    return 0, spent


@inner
def told_by(parts: Floats, row: int, start: Ints, member: Ints, sure: Ints, left: Ints) -> tuple[bool, int]:
    """Whether a row is the combination of S with these parts, made whole. `left` [points] is zeros before and after.

    Then the operations spent.
    """
    scale, spent = _scale(parts)
    if not scale:
        return False, spent
    spent += start[row + 1] - start[row] + len(sure) + 2 * len(left)
    for e in range(start[row], start[row + 1]):
        left[member[e]] += scale
    for s in range(len(sure)):
        part = np.int64(np.rint(parts[s] * scale))
        if part:
            spent += start[sure[s] + 1] - start[sure[s]]
            for e in range(start[sure[s]], start[sure[s] + 1]):
                left[member[e]] -= part
    nothing = not left.any()
    left[:] = 0
    return nothing, spent


@compiled
def bound_of(
    z: Ints, parts: Floats, others: Ints, start: Ints, member: Ints, sure: Ints, place: Ints
) -> tuple[int, int]:
    """Twice the 1-norm of Z, rounded up; 0 if anything could not be checked. Then the elementary operations spent.

    `z` is Z [B, S] in multiples of one over GRAIN, `sure` the numbers of the rows S, `others` those of the rest and
    `parts` [others, S] what they are in terms of S. `start` and `member` are the points of all rows, and `place` tells
    which of B each point is, or -1.
    """
    spent, most = z.size, 0
    if len(sure) > MOST_ROWS:
        return 0, 0
    for s in range(len(sure)):
        total = 0
        for b in range(len(sure)):
            # The sums of all checks stay within 64 bits.
            if not -LARGEST < z[b, s] < LARGEST:
                return 0, spent
            total += abs(z[b, s])
        most = max(most, total)
    off, more = _off_unit(z, start, member, sure, place)
    spent += more
    if off:
        return 0, spent
    left = np.zeros(len(place), np.int64)
    for g in range(len(others)):
        told, more = told_by(parts[g], others[g], start, member, sure, left)
        spent += more
        if not told:
            return 0, spent
    return 2 * (most // GRAIN + 1), spent
