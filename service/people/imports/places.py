"""What the cells of units and dimensions mean in an organisation; new units, where the mapping lets the file make them.

Pure. A unit that is known is never renamed or moved by a file of people: `PUT /v1/org-units` does that.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from service.kit.ids import new_id
from service.people.imports.lines import Line
from service.people.imports.mapping import ImportMapping
from service.people.imports.values import folded
from service.people.tree import in_cycles
from service.people.unit_rows import LINE, MERGED, KnownUnit, UnitChange, UnitHeld

UNKNOWN = "is not a known unit of this source"
AMBIGUOUS = "is the name of several units: give its id or its path"
OTHERWISE = "is told in another way by a line before"
PARENT = "has a parent that is not a known unit of this source, or makes a circle"
NAMELESS = "is not a known unit of this source, and has no name to make it with"
VALUE = "is neither the id nor a label of a declared value"
MOST_NEW = 20_000


class _Wanted(NamedTuple):
    name: str
    parent: str | None


class Places:
    """Units of one source, and declared values with their labels."""

    def __init__(
        self,
        units: Iterable[KnownUnit],
        dimensions: Mapping[str, Sequence[Mapping[str, Any]]],
        source: str,
        mapping: ImportMapping,
    ) -> None:
        self._mapping = mapping
        self._source = source
        mine = [unit for unit in units if unit.source == source and unit.held.hierarchy == LINE]
        self._deleted = {unit.external_id: unit for unit in mine if unit.is_deleted}
        there = [unit for unit in mine if not unit.is_deleted]
        self.ids = {unit.external_id: unit.unit_id for unit in there}
        self._merged = {unit.unit_id for unit in there if unit.is_merged}
        self.external = {unit.unit_id: unit.external_id for unit in there}
        self._names = _by_name(there, mapping.unit_by)
        self._values = {name: _labels(values) for name, values in dimensions.items()}
        self._wanted: dict[str, _Wanted] = {}
        self.fresh: list[UnitChange] = []

    def want(self, line: Line) -> None:
        """Look whether the line names a unit that is to be made; the first line that does says how."""
        unit, name = line.unit, line.unit_name
        if unit is not None and unit not in self.ids and name is not None and len(self._wanted) < MOST_NEW:
            self._wanted.setdefault(unit, _Wanted(name, line.unit_parent))

    def settle(self) -> None:
        """Give ids to the wanted units whose parents there are."""
        good = dict(self._wanted)
        below: dict[str, list[str]] = {}
        for unit, wanted in good.items():
            if wanted.parent is not None:
                below.setdefault(wanted.parent, []).append(unit)
        fallen = [*in_cycles({unit: wanted.parent for unit, wanted in good.items()})]
        fallen += [unit for parent in below if parent not in good and parent not in self.ids for unit in below[parent]]
        while fallen:
            unit = fallen.pop()
            if good.pop(unit, None) is not None:
                fallen += below.get(unit, ())
        old = {unit: self._deleted.get(unit) for unit in good}
        fresh = {unit: known.unit_id if known is not None else new_id() for unit, known in old.items()}
        self.ids |= fresh
        self.external |= {ident: unit for unit, ident in fresh.items()}
        for unit, wanted in good.items():
            known = old[unit]
            held = UnitHeld(wanted.name, self.ids[wanted.parent] if wanted.parent is not None else None)
            # One that was deleted comes back, whatever it was.
            before = UnitHeld("", None, LINE, None, is_active=False) if known is not None else None
            self.fresh.append(UnitChange(fresh[unit], self._source, unit, before, held))

    def unit(self, line: Line) -> UUID | str:
        """Where the line puts the person, or what is wrong with its unit."""
        found = self._found(line)
        return MERGED if line.active and found in self._merged else found

    def _found(self, line: Line) -> UUID | str:
        if line.unit is None:
            return UNKNOWN
        if self._mapping.unit_by != "id":
            found = self._names.get(
                line.unit if self._mapping.unit_by == "path" else folded(line.unit) or line.unit, ()
            )
            return found[0] if len(found) == 1 else AMBIGUOUS if found else UNKNOWN
        wanted = self._wanted.get(line.unit)
        told = _Wanted(line.unit_name, line.unit_parent) if line.unit_name is not None else wanted
        if wanted is not None and line.unit in self.ids and told != wanted:
            return OTHERWISE
        if line.unit in self.ids:
            return self.ids[line.unit]
        if self._mapping.create_units:
            return PARENT if wanted is not None else NAMELESS
        return UNKNOWN

    def value(self, dimension: str, text: str) -> str | None:
        """The declared value's id."""
        values = self._values.get(dimension, {})
        return values.get(text) or values.get(folded(text))


def _by_name(units: Sequence[KnownUnit], unit_by: str) -> dict[str, tuple[UUID, ...]]:
    """Units by their folded name, or by the folded names from the top to them."""
    found: dict[str, tuple[UUID, ...]] = {}
    if unit_by == "id":
        return found
    by_id = {unit.unit_id: unit for unit in units}
    for unit in units:
        names: list[str] = []
        at: KnownUnit | None = unit
        while at is not None and len(names) <= len(units):
            names.append(folded(at.held.name) or at.held.name)
            above = at.held.parent_id if unit_by == "path" else None
            at = by_id.get(above) if above is not None else None
        key = "\n".join(reversed(names))
        found[key] = (*found.get(key, ()), unit.unit_id)
    return found


def _labels(values: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The id of each value, by itself and by what people call it; a label of two values is none."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for value in values:
        for label in {folded(label) for label in value["label"].values()} | {folded(value["id"])}:
            if found.setdefault(label, value["id"]) != value["id"]:
                twice.add(label)
    for label in twice:
        del found[label]
    return found | {value["id"]: value["id"] for value in values}
