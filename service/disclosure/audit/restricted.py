"""The rows as far as they reach into some points, each different one once."""

import numpy as np

from service.disclosure.audit.arrays import Ints
from service.disclosure.audit.machine import compiled, inner

# Odd, with bits all over: equal rows have equal prints, and others seldom.
_SPREAD = 0x1E3779B97F4A7C15


@inner
def _printed(member: Ints, begin: int, end: int) -> int:
    print_ = 0
    for e in range(begin, end):
        mixed = (member[e] + 1) * _SPREAD
        print_ += mixed ^ (mixed >> 29)
    return print_ ^ (print_ >> 31)


@inner
def _same(member: Ints, one: int, other: int, length: int) -> bool:
    same = True
    for e in range(length):
        same &= member[one + e] == member[other + e]
    return same


@compiled
def different(start: Ints, member: Ints) -> Ints:
    """Numbers of the rows with members that no earlier row has; the first of each. Rows of nobody are none."""
    rows = len(start) - 1
    slots = 4
    while slots < 2 * rows:
        slots *= 2
    slot, found, size = np.full(slots, -1, np.int64), np.zeros(rows, np.int64), 0
    for row in range(rows):
        begin, length = start[row], start[row + 1] - start[row]
        if not length:
            continue
        at = _printed(member, begin, begin + length) & (slots - 1)
        while slot[at] >= 0:
            other = slot[at]
            if start[other + 1] - start[other] == length and _same(member, begin, start[other], length):
                break
            at = (at + 1) & (slots - 1)
        if slot[at] < 0:
            slot[at], found[size] = row, row
            size += 1
    return found[:size].copy()


@compiled
def within(start: Ints, row_of: Ints, rows: int, points: Ints) -> tuple[Ints, Ints]:
    """What each of so many rows holds of the points, by their place in `points` [ones], and where each row's begin.

    `start` and `row_of` tell for each point of the system the rows that hold it.
    """
    begin = np.zeros(rows + 1, np.int64)
    for point in points:
        for e in range(start[point], start[point + 1]):
            begin[row_of[e] + 1] += 1
    for row in range(rows):
        begin[row + 1] += begin[row]
    member, end = np.zeros(begin[rows], np.int64), begin[:-1].copy()
    for place in range(len(points)):
        for e in range(start[points[place]], start[points[place] + 1]):
            member[end[row_of[e]]] = place
            end[row_of[e]] += 1
    return begin, member
