"""Which cells may be published so that no vector of a given list becomes derivable: the statistical offices' method.

Cells are tried in order of value. One is published unless some protected vector (a cell that is too small, or a group
that a search found) would then be a linear combination of the published cells: exactly when the vector's products with
the checks are a multiple of the cell's. With the small cells alone as protected vectors this is the *named-cell*
method, the baseline; groups that nobody named come out of `attack`.
"""

import numpy as np

from service.disclosure.checks import (
    AT,
    SIZE,
    Basis,
    Field,
    Int64s,
    Mask,
    Sparse,
    basis_of,
    forget,
    impose,
    products,
    upwards,
)
from service.disclosure.compiled import compiled
from service.disclosure.field import ZERO, inverse, times

_OFTEN = 16
"""Cells published between two looks at the length of the basis."""

_LONGER = 2.0
"""How much longer than a fresh one it may grow."""


def choose(cells: Sparse, order: Int64s, protected: Sparse, regions: Int64s, kept: Mask | None = None) -> Mask:
    """The cells that are published.

    Args:
        cells: every candidate as a vector over the atoms.
        order: numbers of the cells that may be published, the most valuable first.
        protected: vectors that must not become derivable; none of them is zero, and `kept` derives none.
        regions: unit of each atom at each depth of the tree, [depth, atoms]; the first row is all zeros.
        kept: cells that are published already, [cells]; None for none.

    Returns:
        Mask [cells], `kept` included.
    """
    before = np.zeros(len(cells.start) - 1, np.bool_) if kept is None else kept
    return _choose(cells, order, upwards(cells), protected, regions, before)


@compiled
def _choose(cells: Sparse, order: Int64s, upwards: Int64s, protected: Sparse, regions: Int64s, kept: Mask) -> Mask:
    size = regions.shape[1]
    published = kept.copy()
    holders = holders_of(protected, size)
    asked = np.full(len(protected.start) - 1, -1)
    basis = basis_of(cells, upwards, published, regions)
    fresh = basis.book[SIZE].sum()
    since = 0
    out, other_out = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    hit, other_hit = np.empty((2, size), np.int64), np.empty((2, size), np.int64)
    for cell in order:
        if published[cell]:
            continue
        count = products(basis, cells, cell, out, hit)
        if count:
            given_away = _gives_away(basis, protected, holders, asked, cell, out, hit, count, other_out, other_hit)
            if not given_away:
                basis = impose(basis, out, hit, count, regions)
                since += 1
            forget(out, hit, count)
            if given_away:
                continue
        published[cell] = True
        # The span does not tell in which order its cells came, but the length of the basis does.
        if since >= _OFTEN:
            since = 0
            if basis.book[SIZE].sum() > _LONGER * fresh:
                basis = basis_of(cells, upwards, published, regions)
                fresh = basis.book[SIZE].sum()
    return published


@compiled
def holders_of(vectors: Sparse, size: int) -> Sparse:
    """The other way round: for each atom the vectors that hold it."""
    start = np.zeros(size + 1, np.int64)
    for atom in vectors.atom:
        start[atom + 1] += 1
    for atom in range(size):
        start[atom + 1] += start[atom]
    free = start.copy()
    holder = np.empty(len(vectors.atom), np.int32)
    for row in range(len(vectors.start) - 1):
        for place in range(vectors.start[row], vectors.start[row + 1]):
            atom = vectors.atom[place]
            holder[free[atom]] = row
            free[atom] += 1
    return Sparse(start, holder, np.empty(0, np.uint64))


@compiled
def _gives_away(
    basis: Basis,
    protected: Sparse,
    holders: Sparse,
    asked: Int64s,
    cell: int,
    out: Field,
    hit: Int64s,
    count: int,
    other_out: Field,
    other_hit: Int64s,
) -> bool:
    """Whether a protected vector hits the same checks as the cell, in the same proportions."""
    # Such a vector meets every check that the cell hits: it is enough to look where the shortest one is.
    book = basis.book
    short = hit[0, 0]
    for place in range(count):
        if book[SIZE, hit[0, place]] < book[SIZE, short]:
            short = hit[0, place]
    scale = inverse(out[short])
    for index in range(book[AT, short], book[AT, short] + book[SIZE, short]):
        atom = basis.atom[index]
        for at in range(holders.start[atom], holders.start[atom + 1]):
            vector = holders.atom[at]
            if asked[vector] == cell:
                continue
            asked[vector] = cell
            met = products(basis, protected, vector, other_out, other_hit)
            same = met == count
            ratio = times(other_out[short], scale)
            for place in range(met):
                check = other_hit[0, place]
                same = same and out[check] != ZERO and other_out[check] == times(ratio, out[check])
            forget(other_out, other_hit, met)
            if same:
                return True
    return False
