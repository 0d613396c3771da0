"""Compiled parts of a system: classes that lie in the same rows, and what is left of a row without those inside it."""

import numpy as np

from service.disclosure.audit.arrays import Bools, Ints
from service.disclosure.audit.machine import compiled, inner


@compiled
def alike(start: Ints, member: Ints, width: int) -> Ints:
    """A number for each of `width` classes, the same for those that lie in the same rows; -1 for those in none.

    The numbers count up from 0 in the order of the classes.
    """
    label = np.full(width, -1, np.int64)
    # What becomes of each label inside the row at work, and in which row it last did; -1 is the last of all.
    most = len(member) + 1
    became, when = np.zeros(most + 1, np.int64), np.full(most + 1, -1, np.int64)
    used = 0
    for row in range(len(start) - 1):
        for e in range(start[row], start[row + 1]):
            old = label[member[e]]
            if when[old] != row:
                when[old], became[old] = row, used
                used += 1
            label[member[e]] = became[old]
    order, size = np.full(most, -1, np.int64), 0
    for one in range(width):
        if label[one] >= 0:
            if order[label[one]] < 0:
                order[label[one]] = size
                size += 1
            label[one] = order[label[one]]
    return label


@compiled
def merged(start: Ints, member: Ints, point_of: Ints, points: int) -> tuple[Ints, Ints]:
    """Rows of classes as rows of points, ascending: where each begins, and their members."""
    new_start, new, size = np.zeros(len(start), np.int64), np.zeros(len(member), np.int64), 0
    last = np.full(points, -1, np.int64)
    for row in range(len(start) - 1):
        for e in range(start[row], start[row + 1]):
            point = point_of[member[e]]
            if last[point] != row:
                last[point] = row
                new[size] = point
                size += 1
        new[new_start[row] : size] = np.sort(new[new_start[row] : size])
        new_start[row + 1] = size
    return new_start, new[:size].copy()


@inner
def _held(left: Bools, member: Ints, begin: int, end: int) -> bool:
    for e in range(begin, end):
        if not left[member[e]]:
            return False
    return begin < end


@compiled
def taken_off(start: Ints, member: Ints, hold_start: Ints, hold_row: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Off each row, the longest earlier ones that lie in what is left of it.

    `hold_start` and `hold_row` tell for each point the rows that hold it, ascending. Gives where the remainder of each
    row begins and its points, ascending; and where the rows taken off each begin and their numbers.
    """
    rows, width = len(start) - 1, len(hold_start) - 1
    left, shared = np.zeros(width, np.bool_), np.zeros(rows, np.int64)
    rest_start, rest, off_start = np.zeros(rows + 1, np.int64), np.zeros(len(member), np.int64), start * 0
    off = np.zeros(len(member), np.int64)  # rows taken off one another share nobody
    for row in range(rows):
        rest_start[row + 1], off_start[row + 1] = rest_start[row], off_start[row]
        for e in range(start[row], start[row + 1]):
            left[member[e]] = True
            for h in range(hold_start[member[e]], hold_start[member[e] + 1]):
                if hold_row[h] >= row:
                    break
                shared[hold_row[h]] += 1
        for other in range(row - 1, -1, -1):
            contained = shared[other] == start[other + 1] - start[other]
            shared[other] = 0
            if contained and _held(left, member, start[other], start[other + 1]):
                left[member[start[other] : start[other + 1]]] = False
                off[off_start[row + 1]] = other
                off_start[row + 1] += 1
        for e in range(start[row], start[row + 1]):
            if left[member[e]]:
                rest[rest_start[row + 1]] = member[e]
                rest_start[row + 1] += 1
                left[member[e]] = False
    return rest_start, rest[: rest_start[rows]].copy(), off_start, off[: off_start[rows]].copy()
