"""Which group of a wave's roster a code counts in, how many are invited there, and the first group above large enough.

The roster is frozen with the wave, so that it is counted once and kept in memory: on a Monday at nine a thousand people
ask.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

KEPT = 200
_UNITS = text("SELECT unit_id, parent_id, name FROM wave_unit WHERE tenant_id = :tenant AND wave_id = :wave")
_CLASSES = text("""
    SELECT c.label, c.unit_id, count(r.serial) AS invited FROM wave_class c
    LEFT JOIN roster_line r ON r.tenant_id = c.tenant_id AND r.wave_id = c.wave_id AND r.label = c.label
    WHERE c.tenant_id = :tenant AND c.wave_id = :wave
    GROUP BY c.label, c.unit_id
""")


class Unit(NamedTuple):
    """A unit of the frozen tree."""

    unit_id: UUID
    parent_id: UUID | None
    name: str


class Class(NamedTuple):
    """A class of the roster, in its unit."""

    label: int
    unit_id: UUID
    invited: int


class Group(NamedTuple):
    """A unit with all that is below it."""

    name: str
    invited: int


class Team(NamedTuple):
    """The unit of a class, and the first one above it of enough people where it has not enough itself."""

    own: Group
    larger: Group | None


def teams_of(units: Sequence[Unit], classes: Sequence[Class], enough: int) -> dict[int, Team]:
    """By label of each class; `enough`: people invited without whom a group has no results."""
    by_id = {unit.unit_id: unit for unit in units}
    invited = dict.fromkeys(by_id, 0)
    for one in classes:
        for unit in _line(by_id, one.unit_id):
            invited[unit.unit_id] += one.invited
    found: dict[UUID, Team] = {}
    for one in classes:
        if one.unit_id not in found:
            own, *above = (Group(unit.name, invited[unit.unit_id]) for unit in _line(by_id, one.unit_id))
            larger = next((group for group in above if group.invited >= enough), None)
            found[one.unit_id] = Team(own, None if own.invited >= enough else larger)
    return {one.label: found[one.unit_id] for one in classes}


def _line(by_id: Mapping[UUID, Unit], unit: UUID | None) -> list[Unit]:
    """The unit and those above it."""
    found = []
    while unit is not None:
        found.append(by_id[unit])
        unit = by_id[unit].parent_id
    return found


class Teams:
    """Those of the last waves asked about."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, dict[int, Team]] = OrderedDict()
        self._counting = asyncio.Lock()

    async def of(self, tx: AsyncSession, tenant: UUID, wave: UUID, label: int, enough: int) -> Team | None:
        """The team of a class; None where the wave has no such class any more."""
        found = self._kept.get(wave)
        if found is None:
            async with self._counting:
                found = self._kept.get(wave)
                if found is None:
                    found = self._kept[wave] = await _counted(tx, tenant, wave, enough)
                    if len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
        if wave in self._kept:
            self._kept.move_to_end(wave)
        return found.get(label)


async def _counted(tx: AsyncSession, tenant: UUID, wave: UUID, enough: int) -> dict[int, Team]:
    scope = {"tenant": tenant, "wave": wave}
    units = [Unit(*row) for row in await tx.execute(_UNITS, scope)]
    classes = [Class(*row) for row in await tx.execute(_CLASSES, scope)]
    return teams_of(units, classes, enough)
