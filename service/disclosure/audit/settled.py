"""A perturbation out of floating point as whole numbers, with a bound of what rows can see of it.

Of points that are held as whole multiples of one over UNIT, with the sums r that rows S see of them (`inverse` tells
what S, B, E and Z are): any combination v of rows whose largest coefficient is 1 is c E[S] here, with
c = v[B] inverse(E[S, B]). So it sees v x = c r, and |c r| is at most the 1-norm of inverse(E[S, B]) r, which is at most
2 |Z| |r|. The sums are of whole numbers, so that this is exact.
"""

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import inner

UNIT = 1 << 40
"""A perturbation is held as whole multiples of one over this."""

FARTHEST = float(1 << 20)
"""All points together move by less, each time that they are moved: no sum of any of them leaves 64 bits."""

MOST_SEEN = UNIT >> 7
"""Where rows might see more than this, the points that they tell are moved to make up for it."""

_TURNS = 4


@inner
def _seen(total: Ints, start: Ints, row_of: Ints, sums: Ints) -> float:
    """The 1-norm of what rows see, with each row's sum in `sums`; exact where it is not large."""
    sums[:] = 0
    for j in range(len(total)):
        if total[j]:
            for e in range(start[j], start[j + 1]):
                sums[row_of[e]] += total[j]
    seen = 0.0
    for s in range(len(sums)):
        seen += abs(sums[s])
    return seen


@inner
def _made_up(total: Ints, based: Ints, inverse: Floats, sums: Ints) -> bool:
    """Move the points B so that rows see about nothing; False where one would move too far."""
    step = np.zeros(len(based))
    for s in range(len(sums)):
        if sums[s]:
            for b in range(len(based)):
                step[b] += inverse[s, b] * sums[s]
    if not np.abs(step).sum() < FARTHEST * UNIT:
        return False
    for b in range(len(based)):
        total[based[b]] -= np.int64(np.rint(step[b]))
    return True


@inner
def settled(
    x: Floats, based: Ints, start: Ints, row_of: Ints, inverse: Floats, bound: int, total: Ints, sums: Ints
) -> int:
    """Round `x`, of the first points, into `total` [points]; how much of it a combination of rows can see at most.

    That is in multiples of one over UNIT, and -1 where it is too much, or nothing is known (`bound` is 0). `based` are
    the points B, `inverse` is Z [S, B], `bound` twice its norm; `start` and `row_of` tell for each point the rows of S
    that hold it, and `sums` [S] is room for what they see.
    """
    total[:] = 0
    if not bound or not np.abs(x).sum() < FARTHEST:
        return -1
    for j in range(len(x)):
        total[j] = np.int64(np.rint(x[j] * UNIT))
    for _ in range(_TURNS):
        seen = _seen(total, start, row_of, sums)
        if seen * bound <= MOST_SEEN:
            return int(seen) * bound
        if not _made_up(total, based, inverse, sums):
            break
    return -1
