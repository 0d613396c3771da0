"""Small groups that one subtraction gives in linked tables, for the display coding. Pure.

A published place is the sum of others along several *axes*: its maximal published descendants in the tree, and for
each dimension that it is not broken down by, the same unit's places for each of its values. What such a sum leaves is
a residual, as in a tree, and so is what it leaves of one of its terms (decision 0003, with every axis in the place of
the tree). Groups that take more than one subtraction have at least k people like any other, and no step of their own.
"""

import numpy as np

from service.disclosure.coding import SIZE_CLASSES, Nearby, sheltered
from service.disclosure.grid import Grid
from service.disclosure.tree import Ints, Mask


def nearby(grid: Grid, n: Ints, published: Mask) -> Nearby:
    """Largest derivable group of each size class that each published place takes part in; of a tree, as `coding` says.

    Args:
        grid: the plan.
        n: respondents of each place, [places].
        published: the pattern, [places].
    """
    if not published.any():
        return Nearby(*np.zeros((3, grid.size), np.int64))
    ways = axes(grid, published)
    rest = [_rest(n, published, above) for above in ways]
    shown = np.flatnonzero(published)
    downwards = shown[np.argsort(grid.rank[shown], kind="stable")]
    levels = np.split(downwards, np.flatnonzero(np.diff(grid.rank[downwards])) + 1)
    found = []
    for low, high, shelter in SIZE_CLASSES:
        own = [np.where(published & (left >= low) & (left < high), left, 0) for left in rest]
        cell = np.where(published & (n >= low) & (n < high), n, 0)
        coarse = sheltered(n, shelter)
        together = [_summed(coarse, above) for above in ways]
        reach = np.maximum.reduce(own)
        for places in reversed(levels):
            for left, above, all_ in zip(rest, ways, together, strict=True):
                inside = places[above[places] >= 0]
                over = above[inside]
                derived = np.maximum(reach[inside], cell[inside])
                bare = (left[over] == 0) & (all_[over] - coarse[inside] < shelter[0] * derived)
                np.maximum.at(reach, over[bare], derived[bare])
        beside = [np.where(above >= 0, mine[above], 0) for mine, above in zip(own, ways, strict=True)]
        found.append(np.maximum.reduce([reach, *beside]))
    return Nearby(*found)


def axes(grid: Grid, published: Mask) -> list[Ints]:
    """For the tree and each dimension: the published place that each published one is a term of, -1 where none is."""
    found = [np.where(published, above, -1) for above in (grid.above(published), *grid.without)]
    return [np.where((above >= 0) & published[above], above, -1) for above in found]


def _summed(weights: Ints, above: Ints) -> Ints:
    """The sum of the weights of the places that each place is above."""
    total = np.zeros_like(weights)
    inside = above >= 0
    np.add.at(total, above[inside], weights[inside])
    return total


def _rest(n: Ints, published: Mask, above: Ints) -> Ints:
    """What the places that it is above leave of each published place."""
    return np.where(published, n, 0) - _summed(n, above)
