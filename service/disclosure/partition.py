"""Where the comments on one text item are shown: one partition of the org tree, each part with at least k authors.

A chosen unit shows what its home people wrote and what everybody below it wrote who is under no chosen unit further
down: its *remainder*. So each comment lies in exactly one published set. But people see the org tree as well: whoever
knows that a comment shown at unit U cannot come from the chosen units below U knows that its author is one of U's
remainder, and not anybody of U. That is why k is asked of each remainder and not of each unit. The chosen sets are
disjoint, so no union or difference of them holds fewer than k authors either. How many comments a part has is seen by
counting them, and is the number of its authors.

Each non-empty text is one author: nothing links two texts, and a person who comments on two items is in two
partitions, made without regard to each other.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from service.disclosure.tree import NOBODY, Ints, Mask, Tree

_Values = npt.NDArray[np.float64]
_NEVER = -np.inf
# The value of a state: authors times depths. Whole numbers this small are exact as floats.
_EXACT = 2**53


def partition(parents: npt.NDArray[np.integer[Any]], authors: npt.NDArray[np.integer[Any]], k: int) -> Ints:
    """The unit at which each unit's own comments are shown.

    The chosen partition withholds the fewest authors: none where all together are at least k, since the root takes what
    is left, and everybody otherwise. Of those it shows comments as low in the tree as can be: the sum of the depths at
    which authors are shown is largest. Of equals, the order of the nodes decides. Nothing else goes in.

    Args:
        parents: whole numbers [nodes], the parent of each node, -1 for the single root.
        authors: whole numbers >= 0 [nodes], authors whose home is exactly this node.
        k: fewest authors of a part, >= 1.

    Returns:
        [nodes], the chosen node at or above each node, `NOBODY` where there is none: its authors, if any, are withheld.
        A chosen node has at least k authors in its remainder.

    Raises:
        ValueError: no tree, authors that are not counts of its nodes, a k under 1.
    """
    if k < 1:
        raise ValueError("a part has at least one author")
    tree = Tree(parents)
    own = np.asarray(authors)
    if own.dtype.kind not in "iu" or own.shape != (tree.size,):
        raise ValueError("authors are whole numbers, one per node")
    if bool((own < 0).any()):
        raise ValueError("a node cannot have fewer than zero authors")
    own = own.astype(np.int64)
    if int(own.max()) * tree.size * len(tree.levels) >= _EXACT:
        raise ValueError("more authors than can be counted")
    total = tree.sums(own)
    if total[tree.root] < k:
        return np.full(tree.size, NOBODY, dtype=np.int64)
    return tree.owners(_Lowest(tree, own, total, k).chosen())


class _Lowest:
    """The programme. A state of a node: what it leaves to the next chosen node above, and how deep that one is.

    What is left is counted up to k, where "enough" begins. What it is worth depends on where it will be shown, since a
    count that stops at k does not tell how many go there; hence the depth. A table [depths 0..D, left 0..k] per node
    holds the largest sum of depths of all authors in its subtree. The work is nodes x depth x k^2 at most, the memory
    nodes x depth x k: nothing for organisations, much for a chain of thousands of levels.
    """

    def __init__(self, tree: Tree, own: Ints, total: Ints, k: int) -> None:
        self.tree = tree
        self.k = k
        self.depth: list[int] = tree.depth.tolist()
        # A subtree with fewer than k authors has no choice to make: they are authors of the node it hangs from.
        self.active = total >= k
        loose = own.copy()
        inert = ~self.active
        np.add.at(loose, tree.parents[inert], np.where(self.active[tree.parents[inert]], total[inert], 0))
        self.loose: list[int] = loose.tolist()
        # Per node its children in the order they were joined, each with the table before it and what it hands up.
        self.joined: dict[int, list[tuple[int, _Values, _Values]]] = {}
        self.table: dict[int, _Values] = {}

    def chosen(self) -> Mask:
        self._upwards()
        tree, k = self.tree, self.k
        chosen = np.zeros(tree.size, dtype=bool)
        # Node, the depth its authors left go to, how many of them: above the root there is nobody to leave any to.
        stack = [(tree.root, 0, 0)]
        while stack:
            node, row, left = stack.pop()
            table = self.table[node]
            if left == 0 and table[self.depth[node], k] > table[0, 0]:
                chosen[node] = True
                row, left = self.depth[node], k
            for child, before, handed in reversed(self.joined.get(node, [])):
                value = table[row, left]
                left, below = _came_from(before[row], handed[row], left, value)
                table = before
                stack.append((child, row, below))
        return chosen

    def _upwards(self) -> None:
        """Fill the tables from the leaves up, siblings in the order of their numbers."""
        tree, k = self.tree, self.k
        for level in reversed(tree.levels):
            for node in np.sort(level[self.active[level]]).tolist():
                table = self.table.setdefault(node, self._alone(node))
                parent = int(tree.parents[node])
                if parent == NOBODY:
                    return
                handed = table[:-1].copy()
                # A node shows what has reached it, and then leaves nobody; one that nobody has reached shows nothing.
                handed[:, 0] = np.maximum(handed[:, 0], table[-1, k])
                before = self.table.setdefault(parent, self._alone(parent))
                self.joined.setdefault(parent, []).append((node, before, handed))
                self.table[parent] = _join(before, handed)

    def _alone(self, node: int) -> _Values:
        rows = self.depth[node] + 1
        table = np.full((rows, self.k + 1), _NEVER)
        table[:, min(self.loose[node], self.k)] = self.loose[node] * np.arange(rows)
        return table


def _join(left: _Values, right: _Values) -> _Values:
    k = left.shape[1] - 1
    joined = np.full_like(left, _NEVER)
    for count in np.flatnonzero((right > _NEVER).any(axis=0)).tolist():
        worth = right[:, count, None]
        np.maximum(joined[:, count:k], left[:, : k - count] + worth, out=joined[:, count:k])
        np.maximum(joined[:, k], (left[:, k - count :] + worth).max(axis=1), out=joined[:, k])
    return joined


def _came_from(left: _Values, right: _Values, count: int, value: float) -> tuple[int, int]:
    """The two counts behind a joined one: of equals, the one with the fewest left by the right."""
    k = left.size - 1
    for below in range(count + 1):
        for rest in range(k - below, k + 1) if count == k else [count - below]:
            if left[rest] + right[below] == value:
                return rest, below
    raise ValueError("the table does not hold this value")
