"""What a table of a world of `skips` gives away: every function of a person's answers is an unknown of its own.

A published figure is the sum over people of a function of their answers. People of one atom stand for each other, so
the figure is a vector over (atom, answers that its people can give), up to a constant for each atom. Whatever a reader
can compute is a combination of these vectors, and describes the atoms in which it is not zero. It is computed modulo a
prime, where a combination of whole numbers without a common factor is not zero either.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import combinations, product
from math import lcm

import numpy as np
from numpy.typing import NDArray

from service.disclosure.measures import Family
from service.disclosure.policy import Policy
from service.disclosure.table import SafeTable
from tests.make.skips import Answers, Atom, World

Ints = NDArray[np.int64]
Function = Callable[[Answers], Fraction | int]
Sum = tuple[Callable[[Atom], bool], Function]
"""Over whom, and of what."""
PRIME = 2**31 - 1


def leaks(world: World, table: SafeTable, policy: Policy) -> list[str]:
    """The groups of too few people that some combination of all published figures describes, and what it says."""
    spaces = [possible(world, atom) for atom in world.atoms]
    figures = echelon(np.array(list(vectors(world, table, spaces))).reshape(-1, sum(map(len, spaces))))
    t = policy.collusion
    mean, distribution = policy.k_mean + t, max(policy.k_mean, policy.k_distribution) + t
    # Of two answers, the mean is the distribution.
    items = [*(f"q{q}" for q in range(world.items)), "f"]
    means = [one for name in items for one in functions(world, name, Family.mean)]
    distributions = [
        one for name in [*items, "g", *world.wholes] for one in functions(world, name, Family.distribution)
    ]
    promises: list[tuple[str, int, list[Sum]]] = [
        ("something", distribution if world.points == 2 else mean, []),
        ("more than a mean", distribution, means),
    ]
    if not world.bands:
        # A band can be as good as a square.
        promises.append(("more than distributions", policy.sd_from + t, distributions))
    found = []
    for what, k, harmless in promises:
        beyond = [
            _beyond(space, [function for holds, function in harmless if holds(atom)])
            for atom, space in zip(world.atoms, spaces, strict=True)
        ]
        for group in groups_under(k, [atom.size for atom in world.atoms]):
            said = derivable(figures, spaces, group)
            if any(_times(part, beyond[atom]).any() for atom, part in zip(group, said, strict=True)):
                found.append(f"{what} of {group}")
    if world.sensitive:
        k = max(policy.k_mean, policy.k_sensitive) + t
        for group in groups_under(k, [atom.size for atom in world.atoms]):
            said = derivable(figures, spaces, group)
            if any(
                _hangs_on_the_first(space, part) for space, part in zip([spaces[a] for a in group], said, strict=True)
            ):
                found.append(f"a sensitive item of {group}")
    return found


def possible(world: World, atom: Atom) -> list[Answers]:
    """What people of an atom can answer, to the scale's items, the gate and f; the first is what others count from.

    The gate and f are in no figure together with anything else: one at a time will do.
    """
    points = range(1, world.points + 1)
    scale = list(product(*(points if one else (None,) for one in atom.answered)))
    base = scale[0]
    answers: list[Answers] = [(*one, None if atom.gate is None else 0, 1 if atom.gate else None) for one in scale]
    if atom.gate is not None:
        answers.append((*base, 1, 1 if atom.gate else None))
    if atom.gate:
        answers += [(*base, 0, value) for value in points if value > 1]
    return answers


def vectors(world: World, table: SafeTable, spaces: list[list[Answers]]) -> Iterator[Ints]:
    """One for each function summed over each published cell."""
    for row in table.rows():
        if row.status != "published":
            continue
        inside = world.inside(row.node)
        sums = list(functions(world, row.measure, row.family, deviation=row.sd is not None))
        if row.measure == "f":
            # Its n tells how many of those who answered the gate said yes.
            sums.append((lambda atom: atom.gate is not None, lambda a: a[world.items] or 0))
        for holds, function in sums:
            yield _vector(
                [
                    [function(one) - function(space[0]) for one in space]
                    if atom.at in inside and holds(atom)
                    else [0] * len(space)
                    for atom, space in zip(world.atoms, spaces, strict=True)
                ]
            )


def functions(world: World, name: str, family: Family, *, deviation: bool = False) -> Iterator[Sum]:
    """What a measure sums up in a family, and over whom."""
    if name in world.wholes:
        every: list[Function] = [lambda a: world.score(name, a)] if family is Family.mean else []
        if family is Family.distribution:
            bands = range(len(world.bands) + 1)
            every += [lambda a, w=w: world.share(name, a, w) for w in range(3)]  # type: ignore[misc]  # a default binds
            every += [lambda a, b=b: int(world.band(name, a) == b) for b in bands]  # type: ignore[misc]  # same
        if deviation:
            every.append(lambda a: world.score(name, a) ** 2)
        yield from ((lambda atom: world.scored(atom.answered, name), function) for function in every)
        return
    column = {"g": world.items, "f": world.items + 1}.get(name) if name in "gf" else int(name[1:])
    assert column is not None
    answered: dict[str, Callable[[Atom], bool]] = {
        "g": lambda atom: atom.gate is not None,
        "f": lambda atom: bool(atom.gate),
    }
    holds = answered.get(name, lambda atom: atom.answered[column])
    if family is Family.mean:
        yield holds, lambda a: a[column] or 0
    else:
        yield from ((holds, lambda a, v=v: int(a[column] == v)) for v in range(world.points + 1))


def groups_under(k: int, sizes: list[int]) -> Iterator[list[int]]:
    """Sets of atoms of fewer than k people together that no other atom could join."""
    for count in range(1, len(sizes) + 1):
        for group in combinations(range(len(sizes)), count):
            total = sum(sizes[atom] for atom in group)
            if total < k and all(total + size >= k for atom, size in enumerate(sizes) if atom not in group):
                yield list(group)


def derivable(figures: Ints, spaces: list[list[Answers]], group: list[int]) -> list[Ints]:
    """The combinations that say nothing of anybody outside a group, for each atom in it, [combinations, answers]."""
    ends = np.cumsum([0, *map(len, spaces)])
    columns = [np.arange(ends[atom], ends[atom + 1]) for atom in range(len(spaces))]
    outside = [columns[atom] for atom in range(len(spaces)) if atom not in group]
    width = sum(map(len, outside))
    left = echelon(figures[:, np.concatenate([*outside, *(columns[atom] for atom in group)])])
    left = left[~left[:, :width].any(axis=1)][:, width:]
    return np.split(left, np.cumsum([len(spaces[atom]) for atom in group])[:-1], axis=1)


def echelon(matrix: Ints) -> Ints:
    """Row echelon form modulo PRIME, without its rows of zeros."""
    matrix = matrix.copy()
    rank = 0
    for column in range(matrix.shape[1]):
        hits = np.flatnonzero(matrix[rank:, column])
        if hits.size == 0:
            continue
        pivot = rank + int(hits[0])
        matrix[[rank, pivot]] = matrix[[pivot, rank]]
        matrix[rank] = matrix[rank] * pow(int(matrix[rank, column]), -1, PRIME) % PRIME
        below = rank + hits[hits > 0] if pivot == rank else rank + 1 + np.flatnonzero(matrix[rank + 1 :, column])
        matrix[below] = (matrix[below] - matrix[below][:, [column]] * matrix[rank] % PRIME) % PRIME
        rank += 1
        if rank == len(matrix):
            break
    return matrix[:rank]


def _vector(by_atom: list[list[Fraction | int]]) -> Ints:
    numbers = [Fraction(value) for values in by_atom for value in values]
    over = lcm(*(number.denominator for number in numbers))
    return np.array([int(number * over) % PRIME for number in numbers], np.int64)


def _beyond(space: list[Answers], harmless: list[Function]) -> Ints:
    """A matrix that turns exactly the combinations of harmless functions (and constants) to zero, [answers, tests]."""
    rows = [_vector([[function(one) - function(space[0]) for one in space]]) for function in harmless]
    done = echelon(np.array(rows).reshape(-1, len(space)))
    pivots = [int(np.flatnonzero(row)[0]) for row in done]
    free = [column for column in range(len(space)) if column not in pivots]
    tests = np.zeros((len(space), len(free)), np.int64)
    for number, column in enumerate(free):
        tests[column, number] = 1
        for row in range(len(done) - 1, -1, -1):
            products = done[row] * tests[:, number] % PRIME
            tests[pivots[row], number] = -int(products.sum()) % PRIME
    return tests


def _times(left: Ints, right: Ints) -> Ints:
    out = np.zeros((len(left), right.shape[1]), np.int64)
    for inner in range(right.shape[0]):
        out = (out + left[:, [inner]] * right[inner] % PRIME) % PRIME
    return out


def _hangs_on_the_first(space: list[Answers], said: Ints) -> bool:
    """Whether a function of the answers changes where only that to the first item does."""
    first: dict[Answers, Ints] = {}
    return any(bool((said[:, at] != first.setdefault(one[1:], said[:, at])).any()) for at, one in enumerate(space))
