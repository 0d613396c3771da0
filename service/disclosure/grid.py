"""The cells of a campaign's plan: every unit, crossed with nothing and with each combination of a breakdown's values.

A *class* is the people of one node with the same values, one row of every array here. A *group* is one combination of
values of one breakdown; group 0 is everybody. A *place* is a unit in a group, candidate for a cell whether or not
anybody is in it; places are numbered group by group, nodes within a group in the order of the tree's nodes, so that
those of group 0 are the nodes themselves. Who has no value in a dimension is in no group of it.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import permutations, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.disclosure.tree import NOBODY, Ints, Mask, Tree

Values = tuple[tuple[int, int], ...]
"""A group's values: (dimension, value), in the order of its breakdown."""


class _Way(NamedTuple):
    """How a group is held by another one: without some dimensions, in place of which others may unite their values."""

    left_out: frozenset[int]
    taken: tuple[tuple[int, int], ...]
    """Dimensions that unite, each with the one that is left out for it."""


class Grid:
    """Classes and places of one plan; checked once and never changed.

    Args:
        tree: the org tree.
        node: node of each class, [classes].
        values: value of each class in each dimension, from 0, -1 where it is not known, [classes, dimensions].
        sizes: number of declared values of each dimension.
        breakdowns: the dimensions of each breakdown beside the org tree; the first has none.

    Raises:
        ValueError: the arrays do not fit together, a number is out of range, a class or a breakdown comes twice.
    """

    def __init__(
        self,
        tree: Tree,
        node: NDArray[np.integer[Any]],
        values: NDArray[np.integer[Any]],
        sizes: Sequence[int],
        breakdowns: Sequence[Sequence[int]],
    ) -> None:
        self.tree = tree
        self.node: Ints = np.asarray(node).astype(np.int64)
        self.values: Ints = np.asarray(values).astype(np.int64)
        self.sizes = tuple(sizes)
        self.breakdowns = tuple(map(tuple, breakdowns))
        self._check()
        self.groups: tuple[Values, ...] = tuple(
            tuple(zip(breakdown, chosen, strict=True))
            for breakdown in self.breakdowns
            for chosen in product(*(range(self.sizes[dimension]) for dimension in breakdown))
        )
        self.size = tree.size * len(self.groups)
        self.order: Ints = np.lexsort((*self.values.T[::-1], tree.position[self.node]))
        """Classes unit by unit, as the tree goes down: the same whatever order they were given in."""

    def _check(self) -> None:
        classes = len(self.node)
        if self.values.shape != (classes, len(self.sizes)):
            raise ValueError("there is not one row of values for each class")
        if classes and not 0 <= self.node.min() <= self.node.max() < self.tree.size:
            raise ValueError("a class is in no node of the tree")
        if bool((self.values < NOBODY).any()) or bool((self.values >= np.array(self.sizes, np.int64)).any()):
            raise ValueError("a class has a value that is not declared")
        if len(np.unique(np.column_stack([self.node, self.values]), axis=0)) != classes:
            raise ValueError("a class is given twice")
        if not self.breakdowns or self.breakdowns[0] != ():
            raise ValueError("the first breakdown is the org tree alone")
        if len({frozenset(one) for one in self.breakdowns}) != len(self.breakdowns):
            raise ValueError("a breakdown is given twice")
        for breakdown in self.breakdowns:
            if len(set(breakdown)) != len(breakdown) or not set(breakdown) <= set(range(len(self.sizes))):
                raise ValueError("a breakdown names a dimension twice, or none that there is")

    @cached_property
    def member(self) -> Ints:
        """The group that holds each class, by breakdown, -1 where a value is not known, [classes, breakdowns]."""
        out = np.zeros((len(self.node), len(self.breakdowns)), np.int64)
        first = 0
        for number, breakdown in enumerate(self.breakdowns):
            group = np.zeros(len(self.node), np.int64)
            count = 1
            for dimension in breakdown:
                group = group * self.sizes[dimension] + self.values[:, dimension]
                count *= self.sizes[dimension]
            known = (self.values[:, list(breakdown)] >= 0).all(axis=1)
            out[:, number] = np.where(known, first + group, NOBODY)
            first += count
        return out

    def sums(self, own: Ints) -> Ints:
        """Sum over the classes in each place, [places]; `own` is [classes]."""
        table = np.zeros((self.tree.size, len(self.groups)), np.int64)
        for column in self.member.T:
            inside = column >= 0
            np.add.at(table, (self.node[inside], column[inside]), own[inside])
        return self.tree.sums(table).T.reshape(-1)

    def by_node(self, own: Ints) -> Ints:
        """Sum over the classes directly in each node, [nodes] or [nodes, options]."""
        out = np.zeros((self.tree.size, *own.shape[1:]), np.int64)
        np.add.at(out, self.node, own)
        return out

    @cached_property
    def depth(self) -> Ints:
        """Level of each place's unit, 0 at the top, [places]."""
        return np.tile(self.tree.depth, len(self.groups))

    @cached_property
    def rank(self) -> Ints:
        """More than in any cell that holds the place, as `above` and `without` have them, [places]."""
        weight = [1] * len(self.sizes)
        for fine in sorted(range(len(self.sizes)), key=self._fineness):
            weight[fine] += sum(weight[coarse] for coarse in self.united[fine])
        of_group = np.array([sum(weight[dimension] for dimension, _ in values) for values in self.groups], np.int64)
        return self.depth + np.repeat(of_group, self.tree.size)

    def _fineness(self, dimension: int) -> tuple[int, int]:
        """Greater in a dimension whose values others may unite; these came later, if there are as many."""
        return len(np.unique(self.values[:, dimension])), -dimension

    @cached_property
    def united(self) -> tuple[dict[int, dict[int, int]], ...]:
        """For each dimension those whose values unite some of its own, as regions do sites: by value the one there."""
        found: list[dict[int, dict[int, int]]] = [{} for _ in self.sizes]
        for fine, coarse in product(range(len(self.sizes)), repeat=2):
            if self._fineness(fine) <= self._fineness(coarse):
                continue
            pairs = np.unique(self.values[:, [fine, coarse]], axis=0)
            value, times = np.unique(pairs[:, 0], return_counts=True)
            alone = np.isin(pairs[:, 0], value[times == 1]) & (pairs >= 0).all(axis=1)
            if alone.any():
                found[fine][coarse] = dict(pairs[alone].tolist())
        return tuple(found)

    @cached_property
    def without(self) -> tuple[Ints, ...]:
        """For each way to hold a group: the same unit in the group that holds the place, -1 where none, [places]."""
        number = {frozenset(values): group for group, values in enumerate(self.groups)}
        nodes = np.arange(self.tree.size)
        out = []
        for way in self._ways():
            above = np.full((len(self.groups), self.tree.size), NOBODY)
            for group, values in enumerate(self.groups):
                holder = self._holder(way, dict(values))
                if holder in number:
                    above[group] = number[holder] * self.tree.size + nodes
            out.append(above.reshape(-1))
        return tuple(out)

    def _ways(self) -> list[_Way]:
        """To leave out a dimension; and whatever leads from one breakdown to another that holds it."""
        found = dict.fromkeys(_Way(frozenset({dimension}), ()) for dimension in range(len(self.sizes)))
        for one, other in permutations(map(frozenset, self.breakdowns), 2):
            left_out, new = one - other, sorted(other - one)
            sources = [[fine for fine in sorted(left_out) if coarse in self.united[fine]] for coarse in new]
            found |= dict.fromkeys(_Way(left_out, tuple(zip(new, fine, strict=True))) for fine in product(*sources))
        return list(found)

    def _holder(self, way: _Way, values: Mapping[int, int]) -> frozenset[tuple[int, int]] | None:
        """The values of the group that holds the one of these; None where there is none of this way."""
        if not way.left_out <= values.keys() or any(coarse in values for coarse, _ in way.taken):
            return None
        rest = {dimension: value for dimension, value in values.items() if dimension not in way.left_out}
        for coarse, fine in way.taken:
            value = self.united[fine][coarse].get(values[fine])
            if value is None:
                return None
            rest[coarse] = value
        return frozenset(rest.items())

    def above(self, published: Mask) -> Ints:
        """Nearest published place above in the tree, in the same group, -1 where there is none, [places]."""
        columns = published.reshape(len(self.groups), self.tree.size).T
        upper = self.tree.above(columns)
        place = upper + np.arange(len(self.groups)) * self.tree.size
        return np.where(upper == NOBODY, NOBODY, place).T.reshape(-1)

    @cached_property
    def members(self) -> tuple[Ints, Ints]:
        """Who is where: positions in `order` of the classes of each place, those of p from start[p] to start[p + 1]."""
        position = np.arange(len(self.order))
        places: list[Ints] = []
        classes: list[Ints] = []
        for column in self.member[self.order].T:
            inside = column >= 0
            unit = self.node[self.order]
            while inside.any():
                places.append(column[inside] * self.tree.size + unit[inside])
                classes.append(position[inside])
                unit = np.where(inside, self.tree.parents[unit], 0)
                inside = inside & (unit >= 0)
        place, held = np.concatenate(places), np.concatenate(classes)
        sorted_ = np.lexsort((held, place))
        start = np.searchsorted(place[sorted_], np.arange(self.size + 1))
        return start.astype(np.int64), held[sorted_]
