"""The frozen units of a wave as the nodes of a tree, in one fixed order. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from service.people.tree import subtree

EVERYBODY = "*"


@dataclass(frozen=True, slots=True)
class Unit:
    """A node: a unit of the wave, or (without an id) everybody invited, above several tops."""

    unit_id: UUID | None
    parent_id: UUID | None
    source: str | None
    external_id: str | None
    name: str


@dataclass(frozen=True, slots=True)
class OrgTree:
    """Nodes, parents before children, siblings by external id; `parents` [nodes] as positions, -1 for the root."""

    units: tuple[Unit, ...]
    parents: npt.NDArray[np.int64]
    levels: tuple[int, ...]

    @classmethod
    def of(cls, units: Sequence[Unit]) -> "OrgTree":
        ordered = sorted(units, key=lambda unit: (unit.source or "", unit.external_id or "", str(unit.unit_id)))
        by_id = {unit.unit_id: unit for unit in ordered}
        links = {unit.unit_id: unit.parent_id for unit in ordered}
        tops = [unit.unit_id for unit in ordered if unit.parent_id is None]
        nodes = [by_id[unit] for unit in subtree(links, tops)]
        if len(tops) != 1:
            nodes.insert(0, Unit(None, None, None, None, EVERYBODY))
        place = {unit.unit_id: index for index, unit in enumerate(nodes)}
        parents = [
            place[unit.parent_id] if unit.parent_id is not None else (-1 if index == 0 else 0)
            for index, unit in enumerate(nodes)
        ]
        levels: list[int] = []
        for parent in parents:
            levels.append(0 if parent < 0 else levels[parent] + 1)
        return cls(tuple(nodes), np.array(parents, np.int64), tuple(levels))

    def lasts(self) -> list[int]:
        """By node the last one below it, or itself: a node and all below it stand one after the other."""
        lasts = list(range(len(self.units)))
        for node, parent in reversed(list(enumerate(self.parents.tolist()))):
            if parent >= 0:
                lasts[parent] = max(lasts[parent], lasts[node])
        return lasts

    def paths(self) -> list[list[str]]:
        """By node the names from the top down to it."""
        paths: list[list[str]] = []
        for unit, parent in zip(self.units, self.parents.tolist(), strict=True):
            paths.append([*(paths[parent] if parent >= 0 else []), unit.name])
        return paths

    def place_of(self) -> dict[UUID | None, int]:
        return {unit.unit_id: index for index, unit in enumerate(self.units)}
