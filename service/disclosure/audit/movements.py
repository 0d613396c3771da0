"""How points can move while every row's sum stays, in whole numbers, out of rows reduced in floating point."""

import numpy as np

from service.disclosure.audit.arrays import Bools, Floats, Ints, Shorts
from service.disclosure.audit.machine import compiled, inner
from service.disclosure.audit.restricted import unseen_by

LARGEST_SCALE = 360
"""Movements are made whole by a factor up to this; others are left out, which can only lose a proof."""

LARGEST_MOVE = 1 << 13
"""No point moves by as much."""

MOST_MOVES = 1 << 13

NEAR = 1e-6


@inner
def _scale(slopes: Floats) -> int:
    """The smallest factor that makes them whole, and not too large; 0 if there is none."""
    failed = 0
    for factor in range(1, LARGEST_SCALE + 1):
        whole = True
        # The one that was not whole last time is looked at first.
        for turn in range(len(slopes) + 1):
            scaled = slopes[failed if turn == 0 else turn - 1] * factor if len(slopes) else 0.0
            if not abs(scaled) < LARGEST_MOVE - 1:
                return 0
            if abs(scaled - np.rint(scaled)) >= NEAR:
                whole = False
                if turn:
                    failed = turn - 1
                break
        if whole:
            return factor
    return 0


@compiled
def movements(
    slopes: Floats, based: Ints, free: Ints, start: Ints, member: Ints, stops: Bools
) -> tuple[Ints, Shorts, Shorts, int]:
    """For each free point that can move by itself, with those of the base that have to move with it.

    `slopes` is float [free, base], x[base] = -slopes.T @ x[free]; `start` and `member` the rows that see them.
    Gives which of the free points can move, and their movements, checked against the rows: [moves, base that `stops` +
    moves], and [moves, rest of the base]; and the elementary operations spent.
    """
    kept, size, spent = np.zeros(len(free), np.int64), 0, 0
    scales = np.zeros(len(free), np.int64)
    whole = np.zeros(len(based) + len(free), np.int64)
    for f in range(len(free)):
        scale = _scale(slopes[f])
        if not scale or size == MOST_MOVES:
            continue
        for b in range(len(based)):
            whole[based[b]] = -np.int64(np.rint(slopes[f, b] * scale))
        whole[free[f]] = scale
        spent += len(member) + len(based)
        if unseen_by(whole, start, member):
            kept[size], scales[size] = f, scale
            size += 1
        whole[free[f]] = 0
    held = 0
    for b in range(len(based)):
        held += stops[b]
    moves, others = np.zeros((size, held + size), np.int16), np.zeros((size, len(based) - held), np.int16)
    for m in range(size):
        place = other = 0
        for b in range(len(based)):
            moved = -np.int64(np.rint(slopes[kept[m], b] * scales[m]))
            if stops[b]:
                moves[m, place] = moved
                place += 1
            else:
                others[m, other] = moved
                other += 1
        moves[m, held + m] = scales[m]
    return kept[:size].copy(), moves, others, spent
