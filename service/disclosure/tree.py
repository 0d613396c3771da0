"""The org tree: classes of respondents, their sums over subtrees, and who covers whom in a published set.

A *class* is a node of the tree together with the people directly in it (people may sit on inner nodes); a *cell* is a
node together with everybody below it. Arrays have one row per node and, where they describe several measures, one
column per measure. The *residual block* of a published cell is the cell without its maximal published descendants: the
people of a residual block are those whose nearest published ancestor (or own node) is that cell.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

NOBODY = -1
"""Index that stands for no node: the parent of the root, the owner of a class that no published cell covers."""


class Tree:
    """A rooted tree over nodes 0..size-1, checked once and never changed.

    Args:
        parents: whole numbers [size], the parent of each node, -1 for the single root. Any order of nodes will do.

    Raises:
        ValueError: no root or several, a parent out of range, a cycle, not a row of whole numbers.
    """

    __slots__ = ("_first", "_last", "_preorder", "levels", "parents", "root", "size")

    def __init__(self, parents: NDArray[np.integer[Any]]) -> None:
        given = np.asarray(parents)
        if given.ndim != 1 or given.size == 0 or given.dtype.kind not in "iu":
            raise ValueError("the parents of a tree are one row of whole numbers, at least one")
        self.size = int(given.size)
        if bool((given < NOBODY).any()) or bool((given >= self.size).any()):
            raise ValueError("a parent is no node of the tree")
        self.parents: Ints = given.astype(np.int64)
        self.parents.setflags(write=False)
        roots = np.flatnonzero(self.parents == NOBODY)
        if roots.size != 1:
            raise ValueError("a tree has exactly one root")
        self.root = int(roots[0])
        self.levels: tuple[Ints, ...] = self._by_depth()
        """Nodes by depth, the root's level first: the topological order that every pass walks, down or up."""
        if sum(level.size for level in self.levels) != self.size:
            raise ValueError("the tree has a cycle")
        self._number()

    def _by_depth(self) -> tuple[Ints, ...]:
        order = np.argsort(self.parents, kind="stable")
        start = np.searchsorted(self.parents[order], np.arange(self.size + 1))
        levels: list[Ints] = []
        level = [self.root]
        while level:
            levels.append(np.array(level, dtype=np.int64))
            level = [int(child) for node in level for child in order[start[node] : start[node + 1]]]
        return tuple(levels)

    def _number(self) -> None:
        """Preorder positions: a subtree is then a run of rows, and its sum the difference of two running sums."""
        below = np.ones(self.size, dtype=np.int64)
        for level in reversed(self.levels[1:]):
            np.add.at(below, self.parents[level], below[level])
        free = np.zeros(self.size, dtype=np.int64)
        first = np.zeros(self.size, dtype=np.int64)
        free[self.root] = 1
        for level in self.levels[1:]:
            for node in level.tolist():
                parent = self.parents[node]
                first[node] = free[parent]
                free[parent] += below[node]
                free[node] = first[node] + 1
        self._first = first
        self._last = first + below
        self._preorder = np.argsort(first)

    @property
    def position(self) -> Ints:
        """Place of each node in preorder, [size]: those of a subtree are a run."""
        return self._first

    @property
    def depth(self) -> Ints:
        """Level of each node, 0 at the root, [size]."""
        depth = np.zeros(self.size, dtype=np.int64)
        for number, level in enumerate(self.levels):
            depth[level] = number
        return depth

    def below(self, node: int) -> Ints:
        """The node, first, and everything below it."""
        found: Ints = self._preorder[self._first[node] : self._last[node]]
        return found

    def regions(self) -> Ints:
        """For each depth, the node at that depth in which a node is, or itself where it lies above, [depths, size]."""
        depth = self.depth
        rows = [np.arange(self.size)]
        for number in range(len(self.levels) - 1, 0, -1):
            rows.append(np.where(depth[rows[-1]] >= number, self.parents[rows[-1]], rows[-1]))
        return np.array(rows[::-1], dtype=np.int64)

    def sums(self, own: Ints) -> Ints:
        """Sum over each node and everything below it; `own` is [size] or [size, measures]."""
        running = np.zeros((self.size + 1, *own.shape[1:]), dtype=np.int64)
        np.cumsum(own[self._preorder], axis=0, out=running[1:])
        total: Ints = running[self._last] - running[self._first]
        return total

    def owners(self, published: Mask) -> Ints:
        """Nearest published ancestor or self of each node, `NOBODY` where there is none; shape of `published`."""
        here = np.arange(self.size).reshape(-1, *[1] * (published.ndim - 1))
        owner = np.where(published, here, NOBODY)
        for level in self.levels[1:]:
            owner[level] = np.where(published[level], owner[level], owner[self.parents[level]])
        return owner

    def above(self, published: Mask) -> Ints:
        """Nearest published strict ancestor of each node, `NOBODY` where there is none; shape of `published`."""
        owner = self.owners(published)
        upper = np.full_like(owner, NOBODY)
        for level in self.levels[1:]:
            upper[level] = owner[self.parents[level]]
        return upper

    def blocks(self, own: Ints, published: Mask) -> Ints:
        """Sum of `own` over the residual block of each published cell, zero at the others; shape of `published`."""
        columns = published.reshape(self.size, -1)
        width = columns.shape[1]
        owner = self.owners(columns)
        weights = np.broadcast_to(own.reshape(self.size, -1), columns.shape)
        covered = owner != NOBODY
        flat = (owner * width + np.arange(width))[covered]
        block = np.zeros(self.size * width, dtype=np.int64)
        np.add.at(block, flat, weights[covered])
        return block.reshape(published.shape)
