"""From a table of people to atoms and cells. Pure.

An *atom* is a class of people whom no cell separates: equal in every column that the plan reads. A *candidate* is one
group of one breakdown; candidates with the same members are one *cell*, published or withheld together.

Where several units under one have too few people each, all of them together may be a candidate too: the others of that
unit. Such a merged group is the least valuable of all, so that it never takes a named one's place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.disclosure.checks import Int64s, Sparse
from service.disclosure.plan import Plan, TableRefused

_NOWHERE = -1


Labels = tuple[str | None, ...]


class Candidate(NamedTuple):
    """One group: number of its breakdown, its label in each column (None: not broken down by it), and its cell.

    For a merged group `members` are the labels of the groups in it, and `labels` those that they share.
    """

    breakdown: int
    labels: Labels
    cell: int
    members: tuple[Labels, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """Atoms, cells and candidates of one table.

    Attributes:
        columns: names, in the order of the candidates' labels.
        n: people of each atom, [atoms], >= 1. Atoms are in the order of their labels, the first hierarchy's first.
        regions: unit of the first hierarchy in which an atom is, by depth, [levels + 1, atoms]; the first row is zero.
        cells: each distinct cell as a vector over the atoms, with ones.
        people: people of each cell.
        value: cells from the most to the least valuable: upper levels first, unit by unit, larger groups first; where
            the plan has no hierarchy, among groups of one size those first that have more in common with others; those
            that stand for merged groups alone come last.
        depth: level of each cell, 0 at the top.
        candidates: every group of every breakdown that has anybody in it; one of several breakdowns is of the first.
        units: cells of the first hierarchy alone, by depth and region: (depth, region) to cell.
    """

    columns: tuple[str, ...]
    n: Int64s
    regions: Int64s
    cells: Sparse
    people: Int64s
    value: Int64s
    depth: Int64s
    candidates: tuple[Candidate, ...]
    units: Mapping[tuple[int, int], int]


def world(
    plan: Plan, table: Mapping[str, Sequence[str]], count: Sequence[int] | None = None, merge_under: int = 0
) -> World:
    """The world of a table: one row per person, or per class with its `count`.

    Groups of fewer than `merge_under` people below one unit are also a candidate together, where that reaches it.

    Raises:
        TableRefused: a column is missing, columns of unlike length, a count that is negative, or nobody at all.
    """
    labels, codes = _coded(plan, table)
    weights = _weights(count, codes.shape[1])
    kept = weights > 0
    if not kept.any():
        raise TableRefused("the table holds nobody")
    atoms, where = np.unique(codes[:, kept], axis=1, return_inverse=True)
    n = np.bincount(where.reshape(-1), weights[kept], atoms.shape[1]).astype(np.int64)
    prefixes = _prefixes(plan, atoms)
    regions = next(iter(prefixes.values()), np.zeros((1, len(n)), np.int64))
    found = _Cells(plan, labels, atoms, prefixes, n, merge_under)
    for number in range(len(plan.breakdowns)):
        found.add(number)
    return found.world(n, np.where(regions < 0, len(n), regions))


def _coded(plan: Plan, table: Mapping[str, Sequence[str]]) -> tuple[list[NDArray[np.str_]], Int64s]:
    """Labels of each column, sorted, and the table as their numbers; -1 for an empty label."""
    labels = []
    codes = []
    for column in plan.columns:
        if column not in table:
            raise TableRefused(f"the table has no column {column}")
        known, code = np.unique(np.asarray(table[column], dtype=np.str_), return_inverse=True)
        empty = int(known.size > 0 and known[0] == "")  # sorted: it comes first
        labels.append(known[empty:])
        codes.append(code.reshape(-1) - empty)
    if len({len(code) for code in codes}) > 1:
        raise TableRefused("the columns have different lengths")
    return labels, np.array(codes, np.int64).reshape(len(codes), -1)


def _weights(count: Sequence[int] | None, rows: int) -> NDArray[np.float64]:
    if count is None:
        return np.ones(rows)
    weights = np.asarray(count)
    if weights.shape != (rows,) or weights.dtype.kind not in "iu" or bool((weights < 0).any()):
        raise TableRefused("the counts are not one whole number, zero or more, for each row")
    return weights.astype(np.float64)


def _prefixes(plan: Plan, atoms: Int64s) -> dict[str, Int64s]:
    """For each hierarchy and depth, the number of the unit that an atom is in; -1 where it ends above."""
    out = {}
    first = 0
    for name, levels in plan.hierarchies.items():
        rows = [np.zeros(atoms.shape[1], np.int64)]
        for depth in range(1, len(levels) + 1):
            path = atoms[first : first + depth]
            _, unit = np.unique(path, axis=1, return_inverse=True)
            rows.append(np.where((path < 0).any(axis=0), _NOWHERE, unit.reshape(-1)))
        out[name] = np.array(rows)
        first += len(levels)
    return out


class _Cells:
    def __init__(
        self,
        plan: Plan,
        labels: list[NDArray[np.str_]],
        atoms: Int64s,
        prefixes: Mapping[str, Int64s],
        n: Int64s,
        merge_under: int,
    ) -> None:
        self.plan = plan
        self.labels = [known.tolist() for known in labels]
        self.codes = atoms.tolist()  # read one by one, where lists are faster
        self.atoms = atoms
        self.prefixes = prefixes
        self.n = n
        self.merge_under = merge_under
        self.at = {column: place for place, column in enumerate(plan.columns)}
        self.members: list[Int64s] = []
        self.depth: list[int] = []
        self.known: dict[bytes, int] = {}
        self.candidates: list[Candidate] = []
        self.named: set[Labels] = set()
        self.units: dict[tuple[int, int], int] = {}
        self.merged: list[tuple[int, Labels, Int64s, int, tuple[Labels, ...]]] = []

    def add(self, number: int) -> None:
        """The candidates of a breakdown, at each combination of levels of its hierarchies."""
        names = self.plan.breakdowns[number]
        trees = [name for name in names if name in self.plan.hierarchies]
        dimensions = [self.at[name] for name in names if name in self.plan.dimensions]
        for depths in product(*(range(len(self.plan.hierarchies[name]) + 1) for name in trees)):
            shown = [
                self.at[column]
                for name, depth in zip(trees, depths, strict=True)
                for column in self.plan.hierarchies[name][:depth]
            ]
            keys = [self.prefixes[name][depth] for name, depth in zip(trees, depths, strict=True)]
            keys += [self.atoms[place] for place in dimensions]
            groups = self._group(number, sorted([*shown, *dimensions]), keys, sum(depths))
            if self.merge_under and len(trees) == 1 and depths[0]:
                above = np.array([self.prefixes[trees[0]][depths[0] - 1], *keys[1:]])
                self._merge(number, sorted([*shown[:-1], *dimensions]), groups, above, depths[0])
            if len(trees) == len(names) == 1 and trees[0] == next(iter(self.plan.hierarchies)):
                self._note_units(depths[0], keys[0])

    def _group(self, number: int, shown: list[int], keys: list[Int64s], depth: int) -> list[tuple[Labels, Int64s]]:
        everybody = np.arange(self.atoms.shape[1])
        table = np.array(keys, np.int64).reshape(len(keys), len(everybody))
        inside = everybody[(table >= 0).all(axis=0)]
        if not inside.size:
            return []
        _, group = (
            np.unique(table[:, inside], axis=1, return_inverse=True) if keys else (None, np.zeros(len(inside), int))
        )
        order = np.argsort(group.reshape(-1), kind="stable")
        ends = np.flatnonzero(np.diff(group.reshape(-1)[order])) + 1
        groups = [(self._labels(shown, members[0]), members) for members in np.split(inside[order], ends)]
        for labels, members in groups:
            cell = self._cell(members, depth)
            if labels not in self.named:
                self.named.add(labels)
                self.candidates.append(Candidate(number, labels, cell))
        return groups

    def _labels(self, shown: list[int], atom: int) -> Labels:
        labels: list[str | None] = [None] * len(self.at)
        for place in shown:
            labels[place] = self.labels[place][self.codes[place][atom]]
        return tuple(labels)

    def _merge(
        self, number: int, shown: list[int], groups: list[tuple[Labels, Int64s]], above: Int64s, depth: int
    ) -> None:
        """Note the small groups that share a unit above; `above` are their common keys by atom, [keys, atoms]."""
        small: dict[tuple[int, ...], list[tuple[Labels, Int64s]]] = {}
        for labels, members in groups:
            if self.n[members].sum() < self.merge_under:
                small.setdefault(tuple(above[:, members[0]].tolist()), []).append((labels, members))
        for ones in small.values():
            members = np.sort(np.concatenate([members for _, members in ones]))
            if len(ones) > 1 and self.n[members].sum() >= self.merge_under:
                names = tuple(labels for labels, _ in ones)
                self.merged.append((number, self._labels(shown, members[0]), members, depth, names))

    def _cell(self, members: Int64s, depth: int) -> int:
        cell = self.known.setdefault(members.tobytes(), len(self.members))
        if cell == len(self.members):
            self.members.append(members)
            self.depth.append(depth)
        self.depth[cell] = min(self.depth[cell], depth)
        return cell

    def _note_units(self, depth: int, units: Int64s) -> None:
        for unit in np.unique(units[units >= 0]).tolist():
            self.units[depth, unit] = self.known[np.flatnonzero(units == unit).tobytes()]

    def world(self, n: Int64s, regions: Int64s) -> World:
        named = len(self.members)
        for number, labels, together, level, names in self.merged:
            # What is a group of its own already, as all units below one are, needs no second name.
            if self.known.get(together.tobytes(), named) >= named:
                self.candidates.append(Candidate(number, labels, self._cell(together, level), names))
        start = np.zeros(len(self.members) + 1, np.int64)
        start[1:] = np.cumsum([len(members) for members in self.members])
        atom = np.concatenate(self.members)
        people = np.add.reduceat(n[atom], start[:-1])
        depth = np.array(self.depth, np.int64)
        deepest = np.minimum(depth, len(regions) - 1)
        home = regions[deepest, atom[start[:-1]]]
        cells = Sparse(start, atom.astype(np.int32), np.ones(len(atom), np.uint64))
        # Measured: it spares cells of plain cross tables, and costs one or two in a thousand below an org tree.
        tie = np.zeros_like(people) if self.plan.hierarchies else _overlap(cells, people, len(n))
        last = np.arange(len(depth)) >= named
        value = np.lexsort((np.arange(len(depth)), -tie, -people, home, depth, last))
        return World(
            self.plan.columns, n, regions, cells, people, value, depth, tuple(self.candidates), dict(self.units)
        )


def _overlap(cells: Sparse, people: Int64s, atoms: int) -> Int64s:
    """How much each cell has in common with all: over its atoms, the people of every cell that holds the atom."""
    around = np.zeros(atoms, np.int64)
    np.add.at(around, cells.atom, np.repeat(people, np.diff(cells.start)))
    return np.add.reduceat(around[cells.atom], cells.start[:-1])
