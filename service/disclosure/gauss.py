"""Which cells may be published so that no vector of a given list becomes derivable: the statistical offices' method.

Cells are tried in order of value. One is published unless some protected vector (a cell that is too small, or a group
that a search found) would then be a linear combination of the published cells: exactly when the vector's products with
the checks are a multiple of the cell's. With the small cells alone as protected vectors this is the *named-cell*
method, the baseline; groups that nobody named come out of `attack`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from service.disclosure.checks import (
    AT,
    SIZE,
    Basis,
    Field,
    Holders,
    Int64s,
    Mask,
    Sparse,
    any_derivable,
    basis_of,
    copy_of,
    forget,
    holders_of,
    impose,
    product,
    products,
    upwards,
)
from service.disclosure.compiled import compiled, inner
from service.disclosure.field import ZERO, inverse, times
from service.disclosure.lines import Lines, arrange, no_lines, withheld_in, withhold

_OFTEN = 16
"""Cells published at least between two looks at the length of the basis, which is looked at where a unit begins."""

_RARELY = 256
"""After so many it is looked at inside a unit too: without an org tree there is but one."""

_LONGER = 2
"""How often as long as a fresh one it may become."""


class Stage(NamedTuple):
    """Cells published up to some unit of a choice, mask [cells], and the basis of what sees none of them.

    Where the cells up to there give no protected vector away, a choice among them publishes them all, in whatever order
    it tries those of a unit. So it can go on from there, and comes to the same as from the beginning.
    """

    published: Mask
    basis: Basis

    @classmethod
    def of(cls, cells: Sparse, published: Mask, regions: Int64s) -> "Stage":
        return cls(published, basis_of(cells, upwards(cells), published, regions))


def choose(
    cells: Sparse,
    order: Int64s,
    protected: Sparse,
    regions: Int64s,
    stages: Sequence[Stage] = (),
    lines: Lines | None = None,
) -> list[Stage]:
    """The cells that are published, by stages; the last is the choice.

    Args:
        cells: every candidate as a vector over the atoms.
        order: numbers of the cells that may be published, the most valuable first.
        protected: vectors that must not become derivable; none of them is zero, and the first stage derives none.
        regions: unit of each atom at each depth of the tree, [depth, atoms]; the first row is all zeros.
        stages: of a choice in the same order; what the last of them that derives no protected vector publishes is
            published. The first stands for cells that are published in any case; without it there are none.
        lines: of the table, by which the cells of each unit are put in order; None leaves them as they are.
    """
    size = regions.shape[1]
    begun = list(stages) or [Stage.of(cells, np.zeros(len(cells.start) - 1, np.bool_), regions)]
    while len(begun) > 1 and any_derivable(begun[-1].basis, protected):
        begun.pop()
    published, basis = begun[-1].published.copy(), copy_of(begun[-1].basis)
    work = _Work(
        protected, holders_of(protected, size), np.full(len(protected.start) - 1, -1),
        np.zeros((2, size), np.uint64), np.zeros((4, size), np.int64),
    )  # fmt: skip
    small_first = upwards(cells)
    order = order[~published[order]]
    lines = no_lines(len(published)) if lines is None else lines
    out_of_question = ~published
    out_of_question[order] = False
    withheld = withheld_in(lines, out_of_question)
    done = 0
    while done < len(order):
        longest = _LONGER * int(basis.book[SIZE].sum())
        done, basis = _choose(work, basis, cells, order, done, published, regions, lines, withheld, longest)
        if done == len(order):
            begun.append(Stage(published, basis))
            break
        # The span does not tell in which order its cells came, but the length of the basis does.
        basis = basis_of(cells, small_first, published, regions)
        if lines.unit[order[done]] != lines.unit[order[done - 1]]:
            begun.append(Stage(published.copy(), copy_of(basis)))
    return begun


class _Work(NamedTuple):
    """What the choice is made with: the protected vectors, of which cell each was last asked, products and hits.

    The cell's own stand in the first row of `out` and the first two of `hit`, those of a protected vector behind.
    """

    protected: Sparse
    holders: Holders
    asked: Int64s
    out: Field
    hit: Int64s


@compiled
def _choose(
    work: _Work, basis: Basis, cells: Sparse, order: Int64s, done: int, published: Mask, regions: Int64s,
    lines: Lines, withheld: Int64s, longest: int,
) -> tuple[int, Basis]:  # fmt: skip
    """Mark the cells that are published, from place `done` on; gives where the basis has grown too long, or the end."""
    out, hit = work.out[0], work.hit
    since = 0
    while done < len(order):
        begins = done == 0 or lines.unit[order[done]] != lines.unit[order[done - 1]]
        if since >= (_OFTEN if begins else _RARELY):
            since = 0
            length = 0
            for check in range(basis.book.shape[1]):
                length += basis.book[SIZE, check]
            if length > longest:
                break
        if begins:
            arrange(lines, withheld, published, order, done)
        cell = order[done]
        done += 1
        count = products(basis, cells, cell, out, hit)
        if count:
            if _gives_away(work, basis, cell, count):
                withhold(lines, withheld, cell)
                forget(out, hit, count)
                continue
            basis = impose(basis, out, hit, count, regions)
            since += 1
        published[cell] = True
    return done, basis


@inner
def _gives_away(work: _Work, basis: Basis, cell: int, count: int) -> bool:
    """Whether a protected vector hits the same checks as the cell, in the same proportions."""
    # Such a vector meets every check that the cell hits: it is enough to look where the shortest one is.
    book, holders = basis.book, work.holders
    out, hit = work.out[0], work.hit
    other_out, other_hit = work.out[1], work.hit[2:]
    short = hit[0, 0]
    for place in range(count):
        if book[SIZE, hit[0, place]] < book[SIZE, short]:
            short = hit[0, place]
    scale = inverse(out[short])
    far = hit[0, count - 1] if hit[0, count - 1] != short else hit[0, 0]
    for index in range(book[AT, short], book[AT, short] + book[SIZE, short]):
        atom = basis.atom[index]
        for at in range(holders.start[atom], holders.start[atom + 1]):
            vector = holders.row[at]
            if work.asked[vector] == cell:
                continue
            work.asked[vector] = cell
            ratio = times(product(basis, work.protected, vector, short), scale)
            # What is near the shortest check hardly ever meets the one that is farthest from it.
            if product(basis, work.protected, vector, far) != times(ratio, out[far]):
                continue
            met = products(basis, work.protected, vector, other_out, other_hit)
            same = met == count
            for place in range(met):
                check = other_hit[0, place]
                same = same and out[check] != ZERO and other_out[check] == times(ratio, out[check])
            forget(other_out, other_hit, met)
            if same:
                return True
    return False
