"""A perturbation out of floating point as whole numbers, with a bound of what rows can see of it.

Of points that are held as whole multiples of one over UNIT, with the sums r that rows S see of them (`inverse` tells
what S, B, E and Z are): any combination v of rows whose largest coefficient is 1 is c E[S] here, with
c = v[B] inverse(E[S, B]). So it sees v x = c r, and |c r| is at most the 1-norm of inverse(E[S, B]) r, which is at most
2 |Z| |r|. The sums are of whole numbers, so that this is exact.
"""

from typing import NamedTuple

import numpy as np

from service.disclosure.audit.arrays import Floats, Ints
from service.disclosure.audit.machine import inner

UNIT = 1 << 40
"""A perturbation is held as whole multiples of one over this."""

FARTHEST = float(1 << 20)
"""All points together move by less, each time that they are moved: no sum of any of them leaves 64 bits."""

MOST_SEEN = UNIT >> 7
"""Where rows might see more than this, the points that they tell are moved to make up for it."""

# A point is moved so often at most, once it is rounded. A test holds this and FARTHEST to 64 bits.
_TURNS = 4


class Sight(NamedTuple):
    """What rows see of points.

    Attributes:
        based: the points B.
        start: where the rows of each point begin in `row_of`, int64 [points + 1].
        row_of: the rows of S that hold each point, point after point.
        back: how far to move the points B for what the rows see, float [S, B]. It is about the inverse, in floating
            point: no proof rests on it, since what rows see is added up anew after each move.
        bound: twice the norm of Z, checked (`inverse`); 0 if anything could not be: then nothing can be proved.
    """

    based: Ints
    start: Ints
    row_of: Ints
    back: Floats
    bound: int


@inner
def _seen(total: Ints, start: Ints, row_of: Ints, sums: Ints) -> tuple[float, int]:
    """The 1-norm of what rows see, with each row's sum in `sums`; exact where not large. Then operations spent."""
    sums[:] = 0
    spent = len(total) + len(sums)
    for j in range(len(total)):
        if total[j]:
            spent += start[j + 1] - start[j]
            for e in range(start[j], start[j + 1]):
                sums[row_of[e]] += total[j]
    seen = 0.0
    for s in range(len(sums)):
        seen += abs(sums[s])
    return seen, spent


@inner
def _made_up(total: Ints, based: Ints, back: Floats, sums: Ints) -> tuple[bool, int]:
    """Move the points B so that rows see about nothing; False where one would move too far. Then operations spent."""
    step, spent = np.zeros(len(based)), len(sums)
    for s in range(len(sums)):
        if sums[s]:
            spent += len(based)
            for b in range(len(based)):
                step[b] += back[s, b] * sums[s]
    if not np.abs(step).sum() < FARTHEST * UNIT:
        return False, spent
    for b in range(len(based)):
        total[based[b]] -= np.int64(np.rint(step[b]))
    return True, spent


@inner
def settled(x: Floats, sight: Sight, total: Ints, sums: Ints) -> tuple[int, int]:
    """Round `x`, of the first points, into `total` [points]; how much of it a combination of rows can see at most.

    That is in multiples of one over UNIT, and -1 where it is too much, or nothing is known (the bound is 0). Then the
    elementary operations spent. `sums` [S] is room for what each row sees.
    """
    total[:] = 0
    spent, bound = len(total), sight.bound
    if not bound or not np.abs(x).sum() < FARTHEST:
        return -1, spent
    for j in range(len(x)):
        total[j] = np.int64(np.rint(x[j] * UNIT))
    for _ in range(_TURNS):
        seen, more = _seen(total, sight.start, sight.row_of, sums)
        spent += more
        if seen * bound <= MOST_SEEN:
            return int(seen) * bound, spent
        fits, more = _made_up(total, sight.based, sight.back, sums)
        spent += more
        if not fits:
            break
    return -1, spent
