"""Groups of fewer than k people that the published cells give away, found by a search that leaves nothing out.

A derivable vector v is orthogonal to each check. So where v is not zero at an atom of a check, it is not zero at a
second one. The search takes an atom of fewer than k people, assumes that v is not zero there, and branches over the
other atoms of a check that is *violated*: one that holds a single atom of the group so far. Only atoms that keep the
group under k people come into question; where there are none, nothing derivable has that group inside so small a one.
A group whose every check holds two of its atoms or more either is the support of a derivable vector or some combination
of checks is violated after all (elimination among the checks at the group's atoms tells), and the search goes on with
that.

Atoms are asked in a fixed order, and one from which the search comes back with nothing is *proved*: no group holds it
without one that was asked before it. What was tried below one branch is left out of the later ones, since all groups
with it have been seen. A branch ends early where violated checks that share no atom would need more people than there
is room for.

When every atom of fewer than k people is proved, no linear combination of the published cells, whatever its
coefficients, describes fewer than k people: in a group, the atom that was asked first would not be proved. That is the
certificate, and it is exact.
"""

from typing import NamedTuple

import numpy as np

from service.disclosure.checks import Field, Int64s, Mask, Sparse
from service.disclosure.compiled import compiled
from service.disclosure.field import ONE, PRIME, ZERO, add, inverse, minus, times
from service.disclosure.gauss import holders_of

PROVED, GROUP, BUDGET = 1, 2, 3

MOST_TOLD = 16
"""Groups told around one atom; where there are more, later searches find them."""


class Found(NamedTuple):
    """What the search found, by atom.

    `outcome`: PROVED, GROUP, BUDGET (more steps needed than allowed), 0 for atoms that were not asked. `groups`: the
    atoms of groups, -1 behind the last, [groups, k]; `at` says around which atom each was found. `steps`: groups looked
    at.
    """

    outcome: Int64s
    groups: Int64s
    at: Int64s
    steps: Int64s


class _Search(NamedTuple):
    """The state of one search.

    `out` marks atoms that were asked before, are in the group, or are excluded on this branch. `held[c]` says how often
    check c holds an atom of the group. By depth: `stack[GROUP_ATOM]` the group's atoms, `stack[PEOPLE]` how many people
    are in it, `stack[TRIED]` the next of the atoms to try (-1: not looked at yet), `stack[OPEN]` how many there are;
    they stand in `branch`. `counters`: violated checks, and the present value of `mark`, which tells what was counted
    already.
    """

    checks: Sparse
    holders: Sparse
    n: Int64s
    out: Mask
    held: Int64s
    stack: Int64s
    branch: Int64s
    mark: Int64s
    counters: Int64s
    sum: Field


_GROUP, _PEOPLE, _TRIED, _OPEN = range(4)
_VIOLATED, _PRESENT = range(2)
_MENDED = 2  # atoms of the group in a check that is no longer violated


@compiled
def search(checks: Sparse, n: Int64s, k: int, order: Int64s, proved: Mask, budget: int) -> Found:
    """Look for groups of fewer than k people around each atom of `order`.

    Args:
        checks: a basis of the perturbations, see `checks`.
        n: people of each atom, >= 1.
        k: smallest group that may be described.
        order: the atoms to ask, each of fewer than k people; hard ones first make the rest easy.
        proved: atoms that an earlier search has proved, with the same order and more cells published, [atoms].
        budget: groups to look at for one atom.
    """
    size = len(n)
    outcome, steps = np.zeros(size, np.int64), np.zeros(size, np.int64)
    groups, at = np.full((size, k), -1), np.zeros(size, np.int64)
    told = 0
    state = _Search(
        checks, holders_of(checks, size), n, np.zeros(size, np.bool_), np.zeros(len(checks.start), np.int64),
        np.zeros((4, k + 1), np.int64), np.empty((k + 1, size), np.int64), np.zeros(size, np.int64),
        np.zeros(2, np.int64), np.zeros(size, np.uint64),
    )  # fmt: skip
    least = k
    for atom in order:
        least = min(least, n[atom])
    for atom in order:
        if proved[atom]:
            outcome[atom] = PROVED
        else:
            if told + MOST_TOLD > len(groups):
                groups, at = _with_room(groups, at)
            outcome[atom], more = _around(state, atom, k, least, budget, groups[told : told + MOST_TOLD], steps)
            at[told : told + more] = atom
            told += more
        state.out[atom] = True
    return Found(outcome, groups[:told], at[:told], steps)


@compiled
def _with_room(groups: Int64s, at: Int64s) -> tuple[Int64s, Int64s]:
    size = len(at)
    more, more_at = np.full((2 * size + MOST_TOLD, groups.shape[1]), -1), np.zeros(2 * size + MOST_TOLD, np.int64)
    more[:size], more_at[:size] = groups, at
    return more, more_at


@compiled
def _around(
    state: _Search, atom: int, k: int, least: int, budget: int, groups: Int64s, steps: Int64s
) -> tuple[int, int]:
    """The outcome, and how many groups now stand in `groups`; beyond one found, a branch is not followed."""
    stack, branch = state.stack, state.branch
    _push(state, 0, atom)
    depth = 1
    told = 0
    while depth > 0 and told < len(groups) and steps[atom] <= budget:
        if stack[_TRIED, depth] < 0:
            steps[atom] += 1
            if not _branch(state, depth, k - 1 - stack[_PEOPLE, depth], least):
                groups[told, :depth] = stack[_GROUP, :depth]
                told += 1
        elif stack[_TRIED, depth] < stack[_OPEN, depth]:
            following = branch[depth, stack[_TRIED, depth]]
            stack[_TRIED, depth] += 1
            state.out[following] = True  # for the branches after this one
            if stack[_PEOPLE, depth] + state.n[following] + least < k or _ends_it(state, following):
                _push(state, depth, following)
                depth += 1
        else:
            depth -= 1
            _pop(state, depth)
    while depth > 0:
        depth -= 1
        _pop(state, depth)
    if told:
        return GROUP, told
    return BUDGET if steps[atom] > budget else PROVED, 0


@compiled
def _push(state: _Search, depth: int, atom: int) -> None:
    """Take an atom into the group, as number `depth`."""
    stack, holders = state.stack, state.holders
    stack[_GROUP, depth] = atom
    stack[_PEOPLE, depth + 1] = stack[_PEOPLE, depth] + state.n[atom]
    stack[_TRIED, depth + 1], stack[_OPEN, depth + 1] = -1, 0
    state.out[atom] = True
    for place in range(holders.start[atom], holders.start[atom + 1]):
        check = holders.atom[place]
        state.held[check] += 1
        state.counters[_VIOLATED] += int(state.held[check] == 1) - int(state.held[check] == _MENDED)


@compiled
def _pop(state: _Search, depth: int) -> None:
    """Give it back, and what was excluded below it; the atom itself stays excluded until its siblings are done."""
    stack, holders = state.stack, state.holders
    atom = stack[_GROUP, depth]
    for place in range(stack[_TRIED, depth + 1]):
        state.out[state.branch[depth + 1, place]] = False
    if depth == 0:
        state.out[atom] = False
    for place in range(holders.start[atom], holders.start[atom + 1]):
        check = holders.atom[place]
        state.held[check] -= 1
        state.counters[_VIOLATED] += int(state.held[check] == 1) - int(state.held[check] == 0)


@compiled
def _ends_it(state: _Search, atom: int) -> bool:
    """For the last atom there is room for: whether it mends each violated check and violates none."""
    mended = 0
    for place in range(state.holders.start[atom], state.holders.start[atom + 1]):
        held = state.held[state.holders.atom[place]]
        if held == 0:
            return False
        mended += held == 1
    return bool(mended == state.counters[_VIOLATED])


@compiled
def _branch(state: _Search, depth: int, room: int, least: int) -> bool:
    """Set the atoms to try next; False where the group is the support of a derivable vector."""
    stack, holders, checks = state.stack, state.holders, state.checks
    stack[_TRIED, depth] = 0
    if state.counters[_VIOLATED] == 0:
        return _isolate(state, depth, room)
    best = -1
    fewest = len(state.n) + 1
    for number in range(depth):
        atom = stack[_GROUP, number]
        for place in range(holders.start[atom], holders.start[atom + 1]):
            check = holders.atom[place]
            if state.held[check] == 1:
                count = _open(state, check, room, fewest)
                if count == 0:
                    return True
                if count < fewest:
                    best, fewest = check, count
    if room >= 2 * least and _packed(state, depth, best, room) > room:
        return True
    for place in range(checks.start[best], checks.start[best + 1]):
        atom = checks.atom[place]
        if state.n[atom] <= room and not state.out[atom]:
            state.branch[depth, stack[_OPEN, depth]] = atom
            stack[_OPEN, depth] += 1
    return True


@compiled
def _open(state: _Search, check: int, room: int, enough: int) -> int:
    """How many atoms of a check come into question; counting ends at `enough`."""
    count = 0
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        atom = state.checks.atom[place]
        if state.n[atom] <= room and not state.out[atom]:
            count += 1
            if count >= enough:
                break
    return count


@compiled
def _packed(state: _Search, depth: int, best: int, room: int) -> int:
    """People that violated checks without a common atom need at least, the best check's first."""
    state.counters[_PRESENT] += 1
    needed = _needed(state, best, room)
    for number in range(depth):
        atom = state.stack[_GROUP, number]
        for place in range(state.holders.start[atom], state.holders.start[atom + 1]):
            check = state.holders.atom[place]
            if state.held[check] == 1 and check != best:
                needed += _needed(state, check, room)
                if needed > room:
                    return needed
    return needed


@compiled
def _needed(state: _Search, check: int, room: int) -> int:
    """People of the smallest atom of a check that shares none with those counted before, and counts now; else 0."""
    fewest = room + 1
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        atom = state.checks.atom[place]
        if state.n[atom] <= room and not state.out[atom]:
            if state.mark[atom] == state.counters[_PRESENT]:
                return 0
            fewest = min(fewest, state.n[atom])
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        state.mark[state.checks.atom[place]] = state.counters[_PRESENT]
    return fewest


@compiled
def _isolate(state: _Search, depth: int, room: int) -> bool:
    """Set the atoms to try from a combination of checks that holds one atom of the group alone; False if none does.

    Where none does, some derivable vector is zero outside the group and nowhere inside it.
    """
    holders = state.holders
    # Each row: a check's values at the group's atoms, one at its own pivot and zero at the others'; then of which
    # checks it is made.
    rows = np.zeros((depth, 2 * depth), np.uint64)
    pivot = np.zeros(depth, np.int64)
    chosen = np.zeros(depth, np.int64)
    rank = 0
    for number in range(depth):
        atom = state.stack[_GROUP, number]
        for place in range(holders.start[atom], holders.start[atom + 1]):
            if rank < depth and _reduced(state, depth, holders.atom[place], rows, pivot, rank):
                chosen[rank] = holders.atom[place]
                rank += 1
    for row in range(rank - 1, -1, -1):
        alone = True
        for number in range(depth):
            alone = alone and (number == pivot[row] or rows[row, number] == ZERO)
        if alone:
            _open_combination(state, depth, room, chosen[:rank], rows[row, depth:])
            return True
    return False


@compiled
def _open_combination(state: _Search, depth: int, room: int, chosen: Int64s, factors: Field) -> None:
    """Set the atoms to try from a sum of checks, each with its factor."""
    checks = state.checks
    met = np.empty(len(state.sum), np.int64)
    count = 0
    for row in range(len(chosen)):
        if factors[row] == ZERO:
            continue
        for place in range(checks.start[chosen[row]], checks.start[chosen[row] + 1]):
            atom = checks.atom[place]
            if state.sum[atom] == ZERO:
                met[count] = atom
                count += 1
            total = add(state.sum[atom] % PRIME, times(factors[row], checks.value[place]))
            state.sum[atom] = total if total != ZERO else PRIME  # met, though nothing is left
    for place in range(count):
        atom = met[place]
        if state.sum[atom] != PRIME and state.n[atom] <= room and not state.out[atom]:
            state.branch[depth, state.stack[_OPEN, depth]] = atom
            state.stack[_OPEN, depth] += 1
        state.sum[atom] = ZERO


@compiled
def _reduced(state: _Search, depth: int, check: int, rows: Field, pivot: Int64s, rank: int) -> bool:
    """Write the check as row `rank`, less what the rows before hold of it; False where nothing is left."""
    row = rows[rank]
    row[:] = ZERO
    _read_group(state, depth, check, row)
    for other in range(rank):
        _subtract(row, rows[other], pivot[other])
    for number in range(depth):
        if row[number] != ZERO:
            scale = inverse(row[number])
            row[depth + rank] = ONE
            for place in range(2 * depth):
                row[place] = times(row[place], scale)
            pivot[rank] = number
            for other in range(rank):
                _subtract(rows[other], row, number)
            return True
    return False


@compiled
def _subtract(row: Field, other: Field, pivot: int) -> None:
    """Take from a row what makes it zero at the pivot of another, where that one is one."""
    factor = minus(row[pivot])
    if factor != ZERO:
        for place in range(len(row)):
            row[place] = add(row[place], times(factor, other[place]))


@compiled
def _read_group(state: _Search, depth: int, check: int, row: Field) -> None:
    """The check's values at the group's atoms."""
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        for number in range(depth):
            if state.checks.atom[place] == state.stack[_GROUP, number]:
                row[number] = state.checks.value[place]
