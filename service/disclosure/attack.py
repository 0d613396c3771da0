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

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from service.disclosure.checks import Field, Holders, Int32s, Int64s, Mask, Sparse, holders_of
from service.disclosure.compiled import compiled, inner
from service.disclosure.field import ONE, PRIME, ZERO, add, inverse, minus, times

PROVED, GROUP, BUDGET = 1, 2, 3

MOST_TOLD = 16
"""Groups told around one atom; where there are more, later searches find them."""

Told = Callable[[int, int], None]
"""Told now and then: atoms proved so far, and how many are to be."""

_TOGETHER = 64  # atoms whose groups there is room for at a time
_AT_ONCE = 256  # atoms asked between two words on how far it is, at most: what is found does not hang on it
_OFTEN = 20_000  # groups looked at after which a word is due, a tenth of a second


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
    they stand in `branch`. `now`: atoms in the group, violated checks, the present value of `mark`, which tells what
    was counted already, groups told, how many `rows` an elimination has so far, and how many groups may still be
    looked at. Each row holds a check's values at the group's atoms, one at its own pivot and zero at the others',
    then of which checks it is made; `made_of` says which these are, and `pivot` where it has its one. `sum` and
    `met` add checks up.
    """

    checks: Sparse
    holders: Holders
    n: Int64s
    out: Mask
    held: Int64s
    stack: Int64s
    branch: Int64s
    mark: Int64s
    now: Int64s
    rows: Field
    pivot: Int64s
    made_of: Int64s
    sum: Field
    met: Int32s


_GROUP, _PEOPLE, _TRIED, _OPEN = range(4)
_DEPTH, _VIOLATED, _PRESENT, _TOLD, _RANK, _LEFT = range(6)
_MENDED = 2  # atoms of the group in a check that is no longer violated


def search(
    checks: Sparse, n: Int64s, k: int, order: Int64s, proved: Mask, budget: int, total: int,
    told: Told = lambda _settled, _all: None,
) -> Found:  # fmt: skip
    """Look for groups of fewer than k people around each atom of `order`.

    Args:
        checks: a basis of the perturbations, see `checks`.
        n: people of each atom, >= 1.
        k: smallest group that may be described.
        order: the atoms to ask, each of fewer than k people; hard ones first make the rest easy.
        proved: atoms that are known to be in no group without one that stands before them in `order`, [atoms].
        budget: groups to look at for one atom.
        total: groups to look at for all of them.
        told: see `Told`; the earlier proofs count.
    """
    size = len(n)
    outcome, steps = np.zeros(size, np.int64), np.zeros(size, np.int64)
    state = _Search(
        checks, holders_of(checks, size), n, np.zeros(size, np.bool_), np.zeros(len(checks.start), np.int64),
        np.zeros((4, k + 1), np.int64), np.zeros((k + 1, size), np.int64), np.zeros(size, np.int64),
        np.zeros(6, np.int64), np.zeros((k, 2 * k), np.uint64), np.zeros(k, np.int64), np.zeros(k, np.int64),
        np.zeros(size, np.uint64), np.zeros(size, np.int32),
    )  # fmt: skip
    state.now[_LEFT] = total
    groups, at = [np.zeros((0, k), np.int64)], [np.zeros(0, np.int64)]
    least = int(n[order].min(initial=k))
    done, settled, at_once = 0, int(proved[order].sum()), 1
    told(settled, len(order))
    while done < len(order):
        room = np.full((MOST_TOLD * _TOGETHER, k), -1), np.zeros(MOST_TOLD * _TOGETHER, np.int64)
        state.now[_TOLD] = 0
        while done < len(order) and state.now[_TOLD] + MOST_TOLD <= len(room[0]):
            before, left = done, state.now[_LEFT]
            done = _ask(state, order[: done + at_once], done, k, least, budget, proved, outcome, steps, *room)
            at_once = min(2 * at_once, _AT_ONCE) if left - state.now[_LEFT] < _OFTEN else 1
            asked = order[before:done]
            settled += int((outcome[asked] == PROVED).sum() - proved[asked].sum())
            told(settled, len(order))
        groups.append(room[0][: state.now[_TOLD]])
        at.append(room[1][: state.now[_TOLD]])
    return Found(outcome, np.concatenate(groups), np.concatenate(at), steps)


@compiled
def _ask(
    state: _Search, order: Int64s, done: int, k: int, least: int, budget: int, proved: Mask, outcome: Int64s,
    steps: Int64s, groups: Int64s, at: Int64s,
) -> int:  # fmt: skip
    """Ask from place `done` on; gives how far the room for groups has lasted."""
    now = state.now
    while done < len(order) and now[_TOLD] + MOST_TOLD <= len(groups):
        atom = order[done]
        done += 1
        if proved[atom]:
            outcome[atom] = PROVED
        else:
            before = now[_TOLD]
            _around(state, atom, k, least, budget, groups, steps)
            for group in range(before, now[_TOLD]):
                at[group] = atom
            if now[_TOLD] > before:
                outcome[atom] = GROUP
            else:
                outcome[atom] = BUDGET if steps[atom] > budget or now[_LEFT] < 0 else PROVED
        state.out[atom] = True
    return done


@inner
def _around(state: _Search, atom: int, k: int, least: int, budget: int, groups: Int64s, steps: Int64s) -> None:
    """Write the groups around an atom behind those told already; beyond one found, a branch is not followed."""
    stack, now = state.stack, state.now
    most = now[_TOLD] + MOST_TOLD
    _push(state, atom)
    while now[_DEPTH] > 0 and now[_TOLD] < most and steps[atom] <= budget and now[_LEFT] >= 0:
        depth = now[_DEPTH]
        if stack[_TRIED, depth] < 0:
            steps[atom] += 1
            now[_LEFT] -= 1
            if not _branch(state, k - 1 - stack[_PEOPLE, depth], least):
                for number in range(depth):
                    groups[now[_TOLD], number] = stack[_GROUP, number]
                now[_TOLD] += 1
        elif stack[_TRIED, depth] < stack[_OPEN, depth]:
            following = state.branch[depth, stack[_TRIED, depth]]
            stack[_TRIED, depth] += 1
            state.out[following] = True  # for the branches after this one
            if stack[_PEOPLE, depth] + state.n[following] + least < k or _ends_it(state, following):
                _push(state, following)
        else:
            _pop(state)
    while now[_DEPTH] > 0:
        _pop(state)


@inner
def _push(state: _Search, atom: int) -> None:
    """Take an atom into the group."""
    stack, holders, depth = state.stack, state.holders, state.now[_DEPTH]
    state.now[_DEPTH] += 1
    stack[_GROUP, depth] = atom
    stack[_PEOPLE, depth + 1] = stack[_PEOPLE, depth] + state.n[atom]
    stack[_TRIED, depth + 1], stack[_OPEN, depth + 1] = -1, 0
    state.out[atom] = True
    for place in range(holders.start[atom], holders.start[atom + 1]):
        check = holders.row[place]
        state.held[check] += 1
        state.now[_VIOLATED] += int(state.held[check] == 1) - int(state.held[check] == _MENDED)


@inner
def _pop(state: _Search) -> None:
    """Give the last one back, and what was excluded below; itself it stays excluded until its siblings are done."""
    stack, holders = state.stack, state.holders
    state.now[_DEPTH] -= 1
    depth = state.now[_DEPTH]
    atom = stack[_GROUP, depth]
    for place in range(stack[_TRIED, depth + 1]):
        state.out[state.branch[depth + 1, place]] = False
    if depth == 0:
        state.out[atom] = False
    for place in range(holders.start[atom], holders.start[atom + 1]):
        check = holders.row[place]
        state.held[check] -= 1
        state.now[_VIOLATED] += int(state.held[check] == 1) - int(state.held[check] == 0)


@inner
def _ends_it(state: _Search, atom: int) -> bool:
    """For the last atom there is room for: whether it mends each violated check and violates none."""
    mended = 0
    for place in range(state.holders.start[atom], state.holders.start[atom + 1]):
        held = state.held[state.holders.row[place]]
        if held == 0:
            return False
        mended += held == 1
    return bool(mended == state.now[_VIOLATED])


@inner
def _branch(state: _Search, room: int, least: int) -> bool:
    """Set the atoms to try next; False where the group is the support of a derivable vector."""
    state.stack[_TRIED, state.now[_DEPTH]] = 0
    if state.now[_VIOLATED] == 0:
        return _isolate(state, room)
    best = _tightest(state, room)
    if best >= 0 and (room < 2 * least or _packed(state, best, room) <= room):
        for place in range(state.checks.start[best], state.checks.start[best + 1]):
            atom = state.checks.atom[place]
            if state.n[atom] <= room and not state.out[atom]:
                _try(state, atom)
    return True


@inner
def _try(state: _Search, atom: int) -> None:
    """One more of the atoms to try."""
    depth = state.now[_DEPTH]
    state.branch[depth, state.stack[_OPEN, depth]] = atom
    state.stack[_OPEN, depth] += 1


@inner
def _tightest(state: _Search, room: int) -> int:
    """The violated check with the fewest atoms that come into question; -1 where one has none."""
    holders = state.holders
    best = -1
    fewest = len(state.n) + 1
    for number in range(state.now[_DEPTH]):
        atom = state.stack[_GROUP, number]
        for place in range(holders.start[atom], holders.start[atom + 1]):
            check = holders.row[place]
            if state.held[check] == 1:
                count = _open(state, check, room, fewest)
                if count == 0:
                    return -1
                if count < fewest:
                    best, fewest = check, count
    return best


@inner
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


@inner
def _packed(state: _Search, best: int, room: int) -> int:
    """People that violated checks without a common atom need at least, the best check's first."""
    state.now[_PRESENT] += 1
    needed = _needed(state, best, room)
    for number in range(state.now[_DEPTH]):
        atom = state.stack[_GROUP, number]
        for place in range(state.holders.start[atom], state.holders.start[atom + 1]):
            check = state.holders.row[place]
            if state.held[check] == 1 and check != best:
                needed += _needed(state, check, room)
                if needed > room:
                    return needed
    return needed


@inner
def _needed(state: _Search, check: int, room: int) -> int:
    """People of the smallest atom of a check that shares none with those counted before, and counts now; else 0."""
    fewest = room + 1
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        atom = state.checks.atom[place]
        if state.n[atom] <= room and not state.out[atom]:
            if state.mark[atom] == state.now[_PRESENT]:
                return 0
            fewest = min(fewest, state.n[atom])
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        state.mark[state.checks.atom[place]] = state.now[_PRESENT]
    return fewest


@inner
def _isolate(state: _Search, room: int) -> bool:
    """Set the atoms to try from a combination of checks that holds one atom of the group alone; False if none does.

    Where none does, some derivable vector is zero outside the group and nowhere inside it.
    """
    holders, now, rows = state.holders, state.now, state.rows
    depth = now[_DEPTH]
    now[_RANK] = 0
    for number in range(depth):
        atom = state.stack[_GROUP, number]
        for place in range(holders.start[atom], holders.start[atom + 1]):
            if now[_RANK] < depth:
                _eliminate(state, holders.row[place])
    for row in range(now[_RANK] - 1, -1, -1):
        alone = True
        for number in range(depth):
            alone = alone and (number == state.pivot[row] or rows[row, number] == ZERO)
        if alone:
            _try_combination(state, row, room)
            return True
    return False


@inner
def _eliminate(state: _Search, check: int) -> None:
    """Write the check as one more row, less what the rows before hold of it, unless nothing is left."""
    rows, rank, depth = state.rows, state.now[_RANK], state.now[_DEPTH]
    width = 2 * depth
    for place in range(width):
        rows[rank, place] = ZERO
    for place in range(state.checks.start[check], state.checks.start[check + 1]):
        for number in range(depth):
            if state.checks.atom[place] == state.stack[_GROUP, number]:
                rows[rank, number] = state.checks.value[place]
    for other in range(rank):
        _subtract(rows, rank, other, state.pivot[other], width)
    for number in range(depth):
        if rows[rank, number] != ZERO:
            scale = inverse(rows[rank, number])
            rows[rank, depth + rank] = ONE
            for place in range(width):
                rows[rank, place] = times(rows[rank, place], scale)
            state.pivot[rank], state.made_of[rank] = number, check
            for other in range(rank):
                _subtract(rows, other, rank, number, width)
            state.now[_RANK] += 1
            break


@inner
def _subtract(rows: Field, row: int, other: int, pivot: int, width: int) -> None:
    """Take from a row what makes it zero at the pivot of another, where that one is one."""
    factor = minus(rows[row, pivot])
    if factor != ZERO:
        for place in range(width):
            rows[row, place] = add(rows[row, place], times(factor, rows[other, place]))


@inner
def _try_combination(state: _Search, row: int, room: int) -> None:
    """Set the atoms to try from the sum of checks that a row is made of."""
    checks, sums, met = state.checks, state.sum, state.met
    count = 0
    for part in range(state.now[_RANK]):
        check, factor = state.made_of[part], state.rows[row, state.now[_DEPTH] + part]
        if factor == ZERO:
            continue
        for place in range(checks.start[check], checks.start[check + 1]):
            atom = checks.atom[place]
            if sums[atom] == ZERO:
                met[count] = atom
                count += 1
            total = add(sums[atom] % PRIME, times(factor, checks.value[place]))
            sums[atom] = total if total != ZERO else PRIME  # met, though nothing is left
    for place in range(count):
        atom = met[place]
        if sums[atom] != PRIME and state.n[atom] <= room and not state.out[atom]:
            _try(state, atom)
        sums[atom] = ZERO
