"""The rows of a release: each unit of the frozen tree, whole and by each combination of values in the plan. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from service.campaigns.plan import ORG, dimensions_of
from service.disclosure.grid import Grid
from service.disclosure.tree import Tree
from service.releases.orgtree import OrgTree
from service.releases.problems import ContractBroken

Values = Mapping[str, str]


class ClassRow(NamedTuple):
    """A class of the roster: its label in the codes, its unit, the values of its people by dimension."""

    label: int
    unit: UUID
    values: Values


@dataclass(frozen=True, slots=True)
class Breakdowns:
    """What the contract promised: breakdowns as names of dimensions, the tree alone first, and dimensions as declared.

    `dimensions` are documents with a name and a list of values, each with its id and labels.
    """

    names: tuple[tuple[str, ...], ...]
    dimensions: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, contract: Mapping[str, Any]) -> "Breakdowns":
        """Raises ContractBroken where it names a dimension that it does not describe."""
        plan: Sequence[Sequence[str]] = contract["plan"]
        described = {dimension["name"]: dimension for dimension in contract.get("dimensions", ())}
        if not set(dimensions_of(plan)) <= set(described):
            raise ContractBroken
        return cls.declared(plan, list(described.values()))

    @classmethod
    def declared(cls, plan: Sequence[Sequence[str]], dimensions: Sequence[Mapping[str, Any]]) -> "Breakdowns":
        """Breakdowns in a plan's words, and the dimensions that it names, as documents."""
        described = {dimension["name"]: dimension for dimension in dimensions}
        names = [tuple(name for name in breakdown if name != ORG) for breakdown in plan]
        return cls(tuple(sorted(names, key=bool)), tuple(described[name] for name in dimensions_of(plan)))

    def and_then(self, later: "Breakdowns") -> "Breakdowns":
        """These, and behind them those of a later release."""
        known = {dimension["name"] for dimension in self.dimensions}
        more = tuple(dimension for dimension in later.dimensions if dimension["name"] not in known)
        return Breakdowns(self.names + later.names, self.dimensions + more)

    @property
    def linked(self) -> bool:
        """Whether there is more than the org tree alone."""
        return bool(self.dimensions)

    @property
    def values(self) -> dict[str, list[str]]:
        """Ids of the values of each dimension."""
        return {dimension["name"]: [value["id"] for value in dimension["values"]] for dimension in self.dimensions}

    @property
    def united(self) -> dict[str, str]:
        """By dimension of a recut the dimension whose values its own unite; not those that unite units."""
        return {dimension["name"]: dimension["of"] for dimension in self.dimensions if dimension.get("of") is not None}

    @property
    def groups(self) -> list[Values]:
        """Each combination of values that units are shown by, in the order of a `Grid`; the first has none."""
        values = self.values
        return [
            dict(zip(names, chosen, strict=True))
            for names in self.names
            for chosen in product(*(values[name] for name in names))
        ]

    def as_declared(self) -> dict[str, Any]:
        """For the manifest: breakdowns in the plan's words, and what the values are called."""
        return {"plan": [[ORG, *names] for names in self.names], "dimensions": list(map(dict, self.dimensions))}


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What answers are counted by: the number of each label's class, and the grid; nodes are classes without one."""

    classes: Mapping[int, int]
    count: int
    tree: Tree
    grid: Grid | None


def counted(tree: OrgTree, rows: Sequence[ClassRow], breakdowns: Breakdowns) -> Counted:
    """The classes of a wave. Raises ContractBroken for a value that was not declared."""
    place = tree.place_of()
    shape = Tree(tree.parents)
    if not breakdowns.linked:
        return Counted({row.label: place[row.unit] for row in rows}, len(tree.units), shape, None)
    codes = [
        {value: number for number, value in enumerate(values)} | {None: -1} for values in breakdowns.values.values()
    ]
    names = list(breakdowns.values)
    try:
        held = [[code[row.values.get(name)] for name, code in zip(names, codes, strict=True)] for row in rows]
    except KeyError:
        raise ContractBroken from None
    grid = Grid(
        shape,
        np.array([place[row.unit] for row in rows], np.int64),
        np.array(held, np.int64).reshape(len(rows), len(names)),
        [len(values) for values in breakdowns.values.values()],
        [[names.index(name) for name in breakdown] for breakdown in breakdowns.names],
    )
    return Counted({row.label: number for number, row in enumerate(rows)}, len(rows), shape, grid)
