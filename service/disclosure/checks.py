"""Perturbations of the data that no published number sees, as a sparse basis kept up to date.

A *check* is a vector x over the atoms, modulo the prime of `field`, with a . x = 0 for each published cell a. All
checks together span the orthogonal complement N(S) of the span L(S) of the published cells S: a vector is derivable
from S exactly when its product with every check is zero. The basis starts as the unit vectors, when nothing is
published. Publishing one more cell takes the checks that it hits (product not zero), spends one of them, and adds
multiples of others to the rest until they are hit no more.

Checks stay short when neighbours are combined first: atoms lie in the order of the org tree, and `regions` tells for
each depth of the tree in which unit an atom is. Within a unit all hit checks are combined with the shortest one; those
shortest ones, unit by unit, go on to the level above. Most checks never leave their part of the organisation, which is
why a cell costs about as much as its neighbourhood is large, however large the company.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.disclosure.compiled import compiled, inner
from service.disclosure.field import ONE, PRIME, ZERO, add, inverse, minus, times

Mask = NDArray[np.bool_]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Field = NDArray[np.uint64]


class Sparse(NamedTuple):
    """Vectors as compressed rows: those of row r are `atom[start[r]:start[r+1]]`, ascending, with `value` beside."""

    start: Int64s
    atom: Int32s
    value: Field


class Holders(NamedTuple):
    """The other way round: atom a is held by the rows `row[start[a]:start[a+1]]`, ascending."""

    start: Int64s
    row: Int64s


class Basis(NamedTuple):
    """The checks while they change, and for each atom the checks that hold it; both as rows in growing pools.

    Check c has `book[SIZE, c]` entries from `book[AT, c]` on in `atom` and `value`, atoms ascending; a spent one has
    none. Atom a is held by the `book[HELD, a]` checks from `book[LIST, a]` on in `check`, where `book[ROOM, a]` fit.
    `ends` says where the two pools are free.
    """

    book: Int64s
    ends: Int64s
    atom: Int32s
    value: Field
    check: Int32s


AT, SIZE, LIST, HELD, ROOM = range(5)
_FIRST_ROOM = 4


def unit_vectors(size: int) -> Basis:
    """The basis while nothing is published: one check for each atom."""
    number = np.arange(size)
    book = np.ones((5, size), np.int64)
    book[AT], book[LIST], book[ROOM] = number, _FIRST_ROOM * number, _FIRST_ROOM
    atom = np.zeros(8 * size + 1024, np.int32)
    value = np.zeros(8 * size + 1024, np.uint64)
    check = np.zeros(2 * _FIRST_ROOM * size + 1024, np.int32)
    atom[:size], value[:size], check[: _FIRST_ROOM * size : _FIRST_ROOM] = number, ONE, number
    return Basis(book, np.array([size, _FIRST_ROOM * size]), atom, value, check)


@inner
def _last(basis: Basis, check: int, atom: int) -> int:
    """Where the last atom of a check stands that does not come after this one; its first, where all do."""
    low = int(basis.book[AT, check])
    high = low + int(basis.book[SIZE, check])
    while high - low > 1:
        middle = (low + high) >> 1
        if basis.atom[middle] <= atom:
            low = middle
        else:
            high = middle
    return low


@inner
def product(basis: Basis, vector: Sparse, row: int, check: int) -> np.uint64:
    """The product of a vector with one check."""
    total = ZERO
    for place in range(vector.start[row], vector.start[row + 1]):
        at = _last(basis, check, vector.atom[place])
        if basis.atom[at] == vector.atom[place]:
            total = add(total, times(vector.value[place], basis.value[at]))
    return total


@inner
def products(basis: Basis, vector: Sparse, row: int, out: Field, hit: Int64s) -> int:
    """The checks that a vector hits: their number; they stand in `hit[0]`, and their products in `out`, zero before.

    `hit[1]` says beside each at which atom it was met first: these ascend.
    """
    book, listed = basis.book, basis.check
    met = 0
    for place in range(vector.start[row], vector.start[row + 1]):
        atom = vector.atom[place]
        for index in range(book[LIST, atom], book[LIST, atom] + book[HELD, atom]):
            check = listed[index]
            if out[check] == ZERO:
                hit[0, met] = check
                hit[1, met] = atom
                met += 1
                out[check] = PRIME  # met already, though the sum is zero
            total = add(out[check] % PRIME, times(vector.value[place], basis.value[_last(basis, check, atom)]))
            out[check] = total if total != ZERO else PRIME
    count = 0
    for place in range(met):
        check = hit[0, place]
        if out[check] == PRIME:
            out[check] = ZERO
        else:
            hit[0, count], hit[1, count] = check, hit[1, place]
            count += 1
    return count


@inner
def forget(out: Field, hit: Int64s, count: int) -> None:
    """Set the products back to zero."""
    for place in range(count):
        out[hit[0, place]] = ZERO


@inner
def impose(basis: Basis, out: Field, hit: Int64s, count: int, regions: Int64s) -> Basis:
    """The basis once a cell with these products is published too. They are used up: `out` is zero again."""
    for depth in range(len(regions) - 1, -1, -1):
        left = 0
        place = 0
        while place < count:
            end = place
            short = place
            while end < count and regions[depth, hit[1, end]] == regions[depth, hit[1, place]]:
                if basis.book[SIZE, hit[0, end]] < basis.book[SIZE, hit[0, short]]:
                    short = end
                end += 1
            if end - place > 1:
                scale = inverse(out[hit[0, short]])
                for other in range(place, end):
                    if other != short:
                        check = hit[0, other]
                        basis = add_multiple(basis, check, hit[0, short], minus(times(out[check], scale)))
                        out[check] = ZERO
            hit[0, left], hit[1, left] = hit[0, short], hit[1, short]
            left += 1
            place = end
        count = left
    spent = hit[0, 0]
    out[spent] = ZERO
    book = basis.book
    for index in range(book[AT, spent], book[AT, spent] + book[SIZE, spent]):
        _unlist(basis, basis.atom[index], spent)
    book[SIZE, spent] = 0
    return basis


@inner
def add_multiple(basis: Basis, check: int, other: int, factor: np.uint64) -> Basis:
    """Add `factor` times another check; the sum is written at the pool's end."""
    book, ends = basis.book, basis.ends
    atom, value, listed = basis.atom, basis.value, basis.check
    most = book[SIZE, check] + book[SIZE, other]
    if ends[0] + most > len(atom):
        atom, value = _swept(basis, most)
        basis = Basis(book, ends, atom, value, listed)
    mine, mine_end = book[AT, check], book[AT, check] + book[SIZE, check]
    theirs, theirs_end = book[AT, other], book[AT, other] + book[SIZE, other]
    begin = ends[0]
    end = begin
    while mine < mine_end or theirs < theirs_end:
        if theirs >= theirs_end or (mine < mine_end and atom[mine] < atom[theirs]):
            atom[end], value[end] = atom[mine], value[mine]
            mine += 1
            end += 1
        elif mine >= mine_end or atom[theirs] < atom[mine]:
            held_by = atom[theirs]
            if book[HELD, held_by] == book[ROOM, held_by]:
                listed = _with_room(basis, held_by)
                basis = Basis(book, ends, atom, value, listed)
            listed[book[LIST, held_by] + book[HELD, held_by]] = check
            book[HELD, held_by] += 1
            atom[end], value[end] = held_by, times(factor, value[theirs])
            theirs += 1
            end += 1
        else:
            total = add(value[mine], times(factor, value[theirs]))
            if total != ZERO:
                atom[end], value[end] = atom[mine], total
                end += 1
            else:
                _unlist(basis, atom[mine], check)
            mine += 1
            theirs += 1
    book[AT, check], book[SIZE, check] = begin, end - begin
    ends[0] = end
    return basis


@inner
def _swept(basis: Basis, wanted: int) -> tuple[Int32s, Field]:
    """The checks' pool without what is no longer used, and with room for so many entries more."""
    book = basis.book
    used = 0
    for check in range(book.shape[1]):
        used += book[SIZE, check]
    length = max(len(basis.atom), 2 * used + wanted)
    atom = np.empty(length, np.int32)
    value = np.empty(length, np.uint64)
    end = 0
    for check in range(book.shape[1]):
        begin = book[AT, check]
        for place in range(book[SIZE, check]):
            atom[end + place], value[end + place] = basis.atom[begin + place], basis.value[begin + place]
        book[AT, check] = end
        end += book[SIZE, check]
    basis.ends[0] = end
    return atom, value


@inner
def _with_room(basis: Basis, atom: int) -> Int32s:
    """The lists' pool with twice the room for one atom."""
    book, ends, check = basis.book, basis.ends, basis.check
    room = 2 * book[ROOM, atom]
    if ends[1] + room > len(check):
        total = room
        for other in range(book.shape[1]):
            total += book[ROOM, other]
        check = np.empty(2 * total, np.int32)
        end = 0
        for other in range(book.shape[1]):
            for place in range(book[HELD, other]):
                check[end + place] = basis.check[book[LIST, other] + place]
            book[LIST, other] = end
            end += book[ROOM, other]
        ends[1] = end
    for place in range(book[HELD, atom]):
        check[ends[1] + place] = check[book[LIST, atom] + place]
    book[LIST, atom], book[ROOM, atom] = ends[1], room
    ends[1] += room
    return check


@inner
def _unlist(basis: Basis, atom: int, check: int) -> None:
    book = basis.book
    begin = book[LIST, atom]
    last = begin + book[HELD, atom] - 1
    for place in range(begin, last + 1):
        if basis.check[place] == check:
            basis.check[place] = basis.check[last]
            break
    book[HELD, atom] -= 1


def upwards(cells: Sparse) -> Int64s:
    """The cells, small ones first: what they leave stays near them, so that checks made in this order are short."""
    return np.argsort(np.diff(cells.start), kind="stable")


def basis_of(cells: Sparse, order: Int64s, chosen: Mask, regions: Int64s) -> Basis:
    """The basis for S = the chosen ones among the cells, published in this order."""
    size = regions.shape[1]
    out, hit = np.zeros(size, np.uint64), np.zeros((2, size), np.int64)
    return _with_all(unit_vectors(size), cells, order[chosen[order]], regions, out, hit)


@compiled
def _with_all(basis: Basis, cells: Sparse, order: Int64s, regions: Int64s, out: Field, hit: Int64s) -> Basis:
    for cell in order:
        count = products(basis, cells, cell, out, hit)
        if count:
            basis = impose(basis, out, hit, count, regions)
    return basis


@compiled
def _any_derivable(basis: Basis, vectors: Sparse, out: Field, hit: Int64s) -> bool:
    for row in range(len(vectors.start) - 1):
        count = products(basis, vectors, row, out, hit)
        forget(out, hit, count)
        if count == 0:
            return True
    return False


@compiled
def _mark_hit(basis: Basis, vectors: Sparse, asked: Int64s, atoms: Mask, out: Field, hit: Int64s) -> None:
    book = basis.book
    for row in asked:
        count = products(basis, vectors, row, out, hit)
        for place in range(count):
            check = hit[0, place]
            for index in range(book[AT, check], book[AT, check] + book[SIZE, check]):
                atoms[basis.atom[index]] = True
        forget(out, hit, count)


def any_derivable(basis: Basis, vectors: Sparse) -> bool:
    """Whether one of the vectors hits no check, and so is a combination of the published cells."""
    size = basis.book.shape[1]
    return bool(_any_derivable(basis, vectors, np.zeros(size, np.uint64), np.zeros((2, size), np.int64)))


def atoms_hit(basis: Basis, vectors: Sparse, asked: Int64s) -> Mask:
    """Atoms of the checks that the vectors with these numbers hit, mask [atoms]."""
    size = basis.book.shape[1]
    atoms = np.zeros(size, np.bool_)
    _mark_hit(basis, vectors, asked, atoms, np.zeros(size, np.uint64), np.zeros((2, size), np.int64))
    return atoms


def copy_of(basis: Basis) -> Basis:
    """The same basis in arrays of its own."""
    book, ends, atom, value, check = basis
    return Basis(book.copy(), ends.copy(), atom.copy(), value.copy(), check.copy())


def rows(basis: Basis) -> Sparse:
    """The checks as they stand, as rows: short ones first, since a search looks for the shortest again and again."""
    kept = np.flatnonzero(basis.book[SIZE])
    kept = kept[np.argsort(basis.book[SIZE, kept], kind="stable")]
    at, size = basis.book[AT, kept], basis.book[SIZE, kept]
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(size)])
    place = np.repeat(at - start[:-1], size) + np.arange(start[-1])
    return Sparse(start, basis.atom[place], basis.value[place])


def holders_of(vectors: Sparse, size: int) -> Holders:
    """For each atom the vectors that hold it."""
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.bincount(vectors.atom, minlength=size))])
    row = np.repeat(np.arange(len(vectors.start) - 1), np.diff(vectors.start))
    return Holders(start, row[np.argsort(vectors.atom, kind="stable")])
