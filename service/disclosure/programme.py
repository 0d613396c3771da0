"""The tree programme: the best set of cells of an org tree whose every residual is empty or has at least k people.

For an org tree alone the span of the published cells is spanned by their residual blocks, which are disjoint: a linear
combination of published sums has as its support a union of blocks. So no group of fewer than k people can be isolated
exactly when each block is empty or has at least k people, and the best such set is a dynamic programme over (node, mass
handed up to the next published ancestor, capped at k).
"""

import numpy as np

from service.disclosure.tree import Ints, Mask, Tree

_Values = dict[int, int]
_Trail = list[tuple[int, dict[int, tuple[int, int]]]]


def programme(tree: Tree, own: Ints, k: int, allowed: Mask | None = None) -> Mask:
    """The cells to publish, for one weight vector or for many at once.

    A published cell has at least k respondents, and so has its residual block unless it is empty. Of all such sets
    inside `allowed` the answer has the most respondents living in published cells (one person counts once for each
    published cell that holds them); of those, the most cells; of those, one that depends on the shape and the weights
    of the tree and not on the numbering of its nodes, but for the choice between subtrees that are equal in all.
    Nothing is asked of people whom no published cell covers.

    Args:
        tree: the org tree.
        own: respondents of each class, whole numbers >= 0, [size] or [size, measures].
        k: smallest group, >= 1.
        allowed: cells that may be published at all, [size] or the shape of `own`; None allows all.

    Returns:
        Mask of published cells, shape of `own`.

    Raises:
        ValueError: a negative weight, a k under 1, shapes that do not fit.
    """
    if k < 1:
        raise ValueError("the smallest group has at least one person")
    weights = np.asarray(own)
    if weights.dtype.kind not in "iu" or weights.shape[:1] != (tree.size,) or weights.ndim > 2:  # noqa: PLR2004 - axes
        raise ValueError("weights are whole numbers, one row per node")
    if bool((weights < 0).any()):
        raise ValueError("a class cannot have fewer than zero people")
    columns = weights.reshape(tree.size, -1).astype(np.int64)
    total = tree.sums(columns)
    published = total >= k
    if allowed is not None:
        if allowed.shape[:1] != (tree.size,):
            raise ValueError("allowed cells are one row per node")
        published &= allowed.reshape(tree.size, -1)
    residual = tree.blocks(columns, published)
    # Publishing every cell that may be is the optimum wherever it is safe, which is most columns of real trees.
    unsafe = (published & (residual > 0) & (residual < k)).any(axis=0)
    solved: dict[bytes, Mask] = {}
    for column in np.flatnonzero(unsafe):
        eligible = published[:, column].copy()
        key = columns[:, column].tobytes() + eligible.tobytes()
        if key not in solved:
            solved[key] = _Programme(tree, columns[:, column], total[:, column], eligible, k).solve()
        published[:, column] = solved[key]
    return published.reshape(weights.shape)


class _Programme:
    """One weight vector. States are sparse: few nodes of a real tree can hand up more than two different masses."""

    def __init__(self, tree: Tree, own: Ints, total: Ints, eligible: Mask, k: int) -> None:
        self.tree = tree
        self.k = k
        # Subtrees without a publishable cell have no choice to make: they are mass of the node they hang from.
        self.active = tree.sums(eligible.astype(np.int64)) > 0
        loose = own.copy()
        inert = ~self.active & (tree.parents >= 0)
        np.add.at(loose, tree.parents[inert], total[inert])
        self.loose = np.minimum(loose, k).tolist()
        # One integer orders by respondents first, then by cells.
        self.gain = (total * (tree.size + 1) + 1).tolist()
        self.eligible = eligible
        self.canonical = _fingerprints(tree, own, eligible)

    def solve(self) -> Mask:
        published = np.zeros(self.tree.size, dtype=bool)
        if not self.active[self.tree.root]:
            return published
        best, source, trails = self._upwards()
        # Of equally good ends, the one that leaves fewest people uncovered.
        ends = [(-value, mass) for mass, value in best.items()]
        stack = [(self.tree.root, min(ends)[1])]
        while stack:
            node, mass = stack.pop()
            if mass == 0 and node in source:
                published[node] = True
                mass = source[node]
            for child, came_from in reversed(trails.get(node, [])):
                mass, below = came_from[mass]
                stack.append((child, below))
        return published

    def _upwards(self) -> tuple[_Values, dict[int, int], dict[int, _Trail]]:
        """Best values at the root by mass handed up; for each published cell, the residual it then has; trails."""
        reached: dict[int, _Values] = {}
        trails: dict[int, _Trail] = {}
        source: dict[int, int] = {}
        values: _Values = {}
        for level in reversed(self.tree.levels):
            nodes = level[self.active[level]]
            for node in nodes[np.lexsort((nodes, self.canonical[nodes]))].tolist():
                values = reached.pop(node, {self.loose[node]: 0})
                if self.eligible[node]:
                    # The residual of a published cell is empty or has k people; no other residual may stand.
                    safe = [(values[mass], -mass) for mass in (0, self.k) if mass in values]
                    if safe:
                        value, negative = max(safe)
                        source[node] = -negative
                        values[0] = value + self.gain[node]
                parent = int(self.tree.parents[node])
                if parent >= 0:
                    before = reached.get(parent, {self.loose[parent]: 0})
                    reached[parent], came_from = self._join(before, values)
                    trails.setdefault(parent, []).append((node, came_from))
        return values, source, trails

    def _join(self, left: _Values, right: _Values) -> tuple[_Values, dict[int, tuple[int, int]]]:
        joined: _Values = {}
        came_from: dict[int, tuple[int, int]] = {}
        for mass_left, value_left in left.items():
            for mass_right, value_right in right.items():
                mass = min(mass_left + mass_right, self.k)
                value = value_left + value_right
                if value > joined.get(mass, -1):
                    joined[mass] = value
                    came_from[mass] = (mass_left, mass_right)
        return joined, came_from


def _fingerprints(tree: Tree, own: Ints, eligible: Mask) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """A number per subtree that depends on its shape and weights only, to order siblings whatever their numbering."""
    mixed = _mix(own.astype(np.uint64) * np.uint64(2) + eligible.astype(np.uint64))
    for level in reversed(tree.levels[1:]):
        np.add.at(mixed, tree.parents[level], _mix(mixed[level]))
    return mixed


def _mix(x: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """Spread the bits (multiply by odd constants, fold the high half down); wraps modulo 2^64 on purpose."""
    x = (x + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xD6E8FEB86659FD93)
    x ^= x >> np.uint64(32)
    x *= np.uint64(0xD6E8FEB86659FD93)
    return x ^ (x >> np.uint64(29))
