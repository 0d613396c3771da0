"""What linked breakdowns are held against: rationals, and every group of fewer than k people.

Small worlds to try, as matrices of cells by atoms, and how they become worlds of the engine.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from operator import mul
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.disclosure import attack
from service.disclosure.atoms import World
from service.disclosure.checks import Int64s, Sparse
from service.disclosure.field import PRIME
from service.disclosure.linked import sparse

MODULUS = int(PRIME)
Matrix = list[list[int]]


def rank(rows: Sequence[Sequence[int]], modulus: int | None = None) -> int:
    """By elimination: over the rationals, or modulo a prime."""
    left: list[list[Any]] = [[Fraction(value) if modulus is None else value for value in row] for row in rows]
    found = 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in range(found, len(left)) if left[row][column]), None)
        if pivot is None:
            continue
        left[found], left[pivot] = left[pivot], left[found]
        inverse_ = 1 / left[found][column] if modulus is None else pow(left[found][column], -1, modulus)
        for row in range(found + 1, len(left)):
            factor = left[row][column] * inverse_
            left[row] = [mine - factor * theirs for mine, theirs in zip(left[row], left[found], strict=True)]
            if modulus is not None:
                left[row] = [value % modulus for value in left[row]]
        found += 1
    return found


def gives_away(cells: Matrix, n: Sequence[int], k: int) -> list[tuple[int, ...]]:
    """Smallest groups of fewer than k people that a combination of the cells describes.

    A derivable vector vanishes outside a group exactly when the cells lose rank where the group's columns are left out.
    """
    full = rank(cells)
    found: list[tuple[int, ...]] = []
    for size in range(1, len(n) + 1):
        for group in combinations(range(len(n)), size):
            if sum(n[atom] for atom in group) < k and not any(set(one) <= set(group) for one in found):
                others = [[value for atom, value in enumerate(row) if atom not in group] for row in cells]
                if rank(others) < full:
                    found.append(group)
    return found


def isolated(cells: Matrix, n: Sequence[int], k: int) -> list[tuple[int, ...]]:
    """The same for more atoms, by what no cell sees: a group holds a derivable vector where that is dependent there."""
    unseen = kernel(cells, len(n))
    found: list[tuple[int, ...]] = []
    for size in range(1, k):
        for group in combinations(range(len(n)), size):
            small = sum(n[atom] for atom in group) < k and not any(set(one) <= set(group) for one in found)
            if small and rank([[vector[atom] for vector in unseen] for atom in group], MODULUS) < size:
                found.append(group)
    return found


def kernel(cells: Matrix, size: int) -> list[list[int]]:
    """A basis of the vectors whose product with each cell is zero modulo the prime."""
    basis = [[int(row == column) for column in range(size)] for row in range(size)]
    for cell in cells:
        products = [sum(map(mul, cell, vector)) % MODULUS for vector in basis]
        pivot = next((place for place, product in enumerate(products) if product), None)
        if pivot is not None:
            spent, scale = basis.pop(pivot), pow(products.pop(pivot), -1, MODULUS)
            basis = [
                [(mine - product * scale * theirs) % MODULUS for mine, theirs in zip(vector, spent, strict=True)]
                for vector, product in zip(basis, products, strict=True)
            ]
    return basis


def rows_of(vectors: Sparse, size: int, mask: NDArray[np.bool_] | None = None) -> Matrix:
    out = []
    for row in range(len(vectors.start) - 1):
        if mask is None or mask[row]:
            line = [0] * size
            for place in range(vectors.start[row], vectors.start[row + 1]):
                line[vectors.atom[place]] = int(vectors.value[place])
            out.append(line)
    return out


def of_matrix(cells: Matrix, n: Sequence[int]) -> World:
    """A world of any cells at all: no tree, everybody in one region."""
    vectors = sparse([{atom: 1 for atom, inside in enumerate(row) if inside} for row in cells])
    people = np.array([sum(n[atom] for atom, inside in enumerate(row) if inside) for row in cells], np.int64)
    return World(
        ("group",), np.array(n, np.int64), np.zeros((1, len(n)), np.int64), vectors, people,
        np.lexsort((np.arange(len(people)), -people)), np.zeros(len(people), np.int64), (), {},
    )  # fmt: skip


@st.composite
def matrices(draw: st.DrawFn) -> tuple[Matrix, list[int]]:
    atoms = draw(st.integers(1, 8))
    n = draw(st.lists(st.integers(1, 4), min_size=atoms, max_size=atoms))
    cell = st.lists(st.integers(0, 1), min_size=atoms, max_size=atoms).filter(any)
    return draw(st.lists(cell, min_size=1, max_size=9, unique_by=tuple)), n


@st.composite
def larger(draw: st.DrawFn) -> tuple[Matrix, list[int]]:
    """Nine to fourteen atoms in a whole, parts of it and parts across these."""
    atoms = draw(st.integers(9, 14))
    n = draw(st.lists(st.integers(1, 3), min_size=atoms, max_size=atoms))
    cells = {(1,) * atoms}
    for _ in range(draw(st.integers(1, 3))):
        part = draw(st.lists(st.integers(0, 3), min_size=atoms, max_size=atoms))
        cells |= {tuple(int(one == value) for one in part) for value in set(part)}
        two = draw(st.lists(st.integers(0, 1), min_size=atoms, max_size=atoms))
        cells |= {tuple(one * int(other == 0) for one, other in zip(two, part, strict=True))}
    return [list(cell) for cell in sorted(cells) if any(cell)], n


def misjudged(outcome: Int64s, order: Int64s, groups: Sequence[tuple[int, ...]]) -> list[int]:
    """Atoms of which a search says something else than the groups, [asked in this order]: those without one before."""
    wrong: list[int] = []
    asked: set[int] = set()
    for atom in order.tolist():
        holds = any(atom in group and not asked & set(group) for group in groups)
        if outcome[atom] != (attack.GROUP if holds else attack.PROVED):
            wrong.append(atom)
        asked.add(atom)
    return wrong
