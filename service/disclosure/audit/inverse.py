"""What a proof needs to know of the rows of a neighbourhood, checked in whole numbers.

Of a neighbourhood's rows E (zeros and ones) some, S, are independent, and as many points, B, can be told by them. The
inverse of E[S, B] is found in floating point (`exchange`) and rounded to whole multiples of one over GRAIN: that is Z.
Checked are

- I - Z E[S, B] has a 1-norm of one half at most. So E[S, B] has an inverse indeed, and for any column r of numbers the
  1-norm of inverse(E[S, B]) r is at most 2 |Z| |r|, in 1-norms;
- each row outside S is a combination of S, with fractions of a small denominator.
"""

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import compiled, inner

GRAIN = 1 << 32
"""Z is held as whole multiples of one over this."""

LARGEST = 1 << 50
"""No number of Z, in these multiples, is larger; sums of MOST_ROWS of them stay within 64 bits."""

MOST_ROWS = 1 << 12

LARGEST_SCALE = 360
"""A row outside S is told by S in fractions whose common denominator is up to this; else nothing is proved."""

LARGEST_PART = 1 << 20

_NEAR = 1e-6


@inner
def _off_unit(inverse: Ints, start: Ints, member: Ints, sure: Ints, place: Ints) -> bool:
    """Whether the 1-norm of I - Z E[S, B] is more than one half. `place` is that of each point in B, or -1."""
    size = len(sure)
    off, row = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for b in range(size):
        row[:] = 0
        row[b] = -GRAIN
        for s in range(size):
            if inverse[b, s]:
                for e in range(start[sure[s]], start[sure[s] + 1]):
                    if place[member[e]] >= 0:
                        row[place[member[e]]] += inverse[b, s]
        for c in range(size):
            if abs(row[c]) > GRAIN:
                return True
            off[c] += abs(row[c])
    return bool(size) and 2 * off.max() > GRAIN


@inner
def _scale(parts: Floats) -> int:
    """The smallest factor that makes them whole, and not too large; 0 if there is none."""
    for factor in range(1, LARGEST_SCALE + 1):
        whole = True
        for part in parts:
            scaled = part * factor
            if not abs(scaled) < LARGEST_PART:
                return 0
            if abs(scaled - np.rint(scaled)) >= _NEAR:
                whole = False
                break
        if whole:
            return factor
    return 0


@inner
def told_by(parts: Floats, row: int, start: Ints, member: Ints, sure: Ints, left: Ints) -> bool:
    """Whether a row is the combination of S with these parts, made whole. `left` [points] is zeros before and after."""
    scale = _scale(parts)
    if not scale:
        return False
    for e in range(start[row], start[row + 1]):
        left[member[e]] += scale
    for s in range(len(sure)):
        part = np.int64(np.rint(parts[s] * scale))
        if part:
            for e in range(start[sure[s]], start[sure[s] + 1]):
                left[member[e]] -= part
    nothing = not left.any()
    left[:] = 0
    return nothing


@compiled
def bound_of(inverse: Ints, parts: Floats, others: Ints, start: Ints, member: Ints, sure: Ints, place: Ints) -> int:
    """Twice the 1-norm of Z, rounded up; 0 if anything could not be checked.

    `inverse` is Z [B, S] in multiples of one over GRAIN, `sure` the numbers of the rows S, `others` those of the rest
    and `parts` [others, S] what they are in terms of S. `start` and `member` are the points of all rows.
    """
    if len(sure) > MOST_ROWS or _off_unit(inverse, start, member, sure, place):
        return 0
    left = np.zeros(len(place), np.int64)
    for g in range(len(others)):
        if not told_by(parts[g], others[g], start, member, sure, left):
            return 0
    most = 0
    for s in range(len(sure)):
        total = 0
        for b in range(len(sure)):
            total += abs(inverse[b, s])
        most = max(most, total)
    return 2 * (most // GRAIN + 1)
