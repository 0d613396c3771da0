"""Moves, merges and splits on a tree of units, as links between external ids of one source. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from service.kit.reasons import Fault, pointer
from service.people.reorganising.schemas import MergeIn, MoveIn, ReorganisationIn, SplitIn
from service.people.tree import in_cycles
from service.people.unit_rows import LINE

UNKNOWN = "is not a known active unit of this `source`"
NOT_LINE = "is not in the line hierarchy"
TWICE = "is named twice in this reorganisation"
CIRCLE = "makes a circle"
CIRCLE_ONCE = "makes a circle on a day since then, together with what was told of it meanwhile"


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    parent: str | None
    hierarchy: str = LINE
    is_active: bool = True


@dataclass(slots=True)
class Outcome:
    """What is different afterwards.

    Attributes:
        units: every unit that changed or is new.
        homes: the new unit of everybody who changes.
        lineage: (unit, what became of it, "merge" or "split").
        faults: what can not be done; where there is any, nothing else means anything.
        places: where each unit is named that is moved or merged.
    """

    units: dict[str, Unit] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    lineage: list[tuple[str, str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def refuse_circles(self, looped: AbstractSet[str], reason: str = CIRCLE) -> None:
        """Tell of the units that lie in a circle by their places, or without one if nobody named them."""
        self.faults += [Fault(place, reason) for name, place in self.places.items() if name in looped]
        if looped and not self.faults:
            self.faults.append(Fault("", reason))


def reorganised(units: Mapping[str, Unit], homes: Mapping[str, str | None], wanted: ReorganisationIn) -> Outcome:
    """The tree after all that is wanted.

    Args:
        units: every unit of the source.
        homes: the units of all who are in a merged unit or named; somebody unknown is missing.
        wanted: what to do; each unit is moved, merged or split at most once.
    """
    done = _Work(units, homes)
    for index, split in enumerate(wanted.splits):
        done.split(["splits", index], split)
    for index, move in enumerate(wanted.moves):
        done.move(["moves", index], move)
    for index, merge in enumerate(wanted.merges):
        done.merge(["merges", index], merge)
    done.outcome.refuse_circles(in_cycles({name: unit.parent for name, unit in done.now.items()}))
    return done.outcome


def merged_units(wanted: ReorganisationIn) -> Iterator[str]:
    """The units whose people all change."""
    for merge in wanted.merges:
        yield from merge.units


def named_people(wanted: ReorganisationIn) -> Iterator[str]:
    for split in wanted.splits:
        for part in split.parts:
            yield from part.people


Place = Sequence[str | int]


class _Work:
    """One reorganisation under way."""

    def __init__(self, units: Mapping[str, Unit], homes: Mapping[str, str | None]) -> None:
        self.now = dict(units)
        self.homes = dict(homes)
        self.outcome = Outcome()
        self._placed: set[str] = set()

    def fault(self, place: Place, reason: str) -> None:
        self.outcome.faults.append(Fault(pointer(place), reason))

    def split(self, place: Place, split: SplitIn) -> None:
        old = self._line_unit([*place, "unit"], split.unit)
        if old is None:
            return
        for number, part in enumerate(split.parts):
            here = [*place, "parts", number]
            if part.external_id in self.now:
                self.fault([*here, "external_id"], "is a unit already")
                continue
            self._set(part.external_id, Unit(part.name, old.parent))
            self.outcome.lineage.append((split.unit, part.external_id, "split"))
            for index, person in enumerate(part.people):
                if self.homes.get(person) != split.unit or person in self._placed:
                    self.fault([*here, "people", index], "is nobody of this unit, or is named twice")
                    continue
                self._placed.add(person)
                self._house(person, part.external_id)

    def move(self, place: Place, move: MoveIn) -> None:
        unit = self._active([*place, "unit"], move.unit)
        if unit is None or not self._once([*place, "unit"], move.unit):
            return
        if move.parent is not None:
            parent = self._active([*place, "parent"], move.parent)
            if parent is None:
                return
            if parent.hierarchy != unit.hierarchy:
                self.fault([*place, "parent"], "is in the other hierarchy")
                return
        self._set(move.unit, replace(unit, parent=move.parent))

    def merge(self, place: Place, merge: MergeIn) -> None:
        if self._line_unit([*place, "into"], merge.into) is None:
            return
        gone = []
        for number, name in enumerate(merge.units):
            here = [*place, "units", number]
            if name == merge.into:
                self.fault(here, "must be another unit than `into`")
            elif self._line_unit(here, name) is not None and self._once(here, name):
                gone.append(name)
        for name in gone:
            self._set(name, replace(self.now[name], is_active=False))
            self.outcome.lineage.append((name, merge.into, "merge"))
        below = [name for name, unit in self.now.items() if unit.parent in gone and name not in gone]
        for name in below:
            # `into` itself may lie below a unit that is merged into it: it takes that unit's place.
            parent = merge.into if name != merge.into else self._above(self.now[name].parent, gone)
            self._set(name, replace(self.now[name], parent=parent))
        for person, home in self.homes.items():
            if home in gone:
                self._house(person, merge.into)

    def _above(self, name: str | None, gone: Sequence[str]) -> str | None:
        seen = set[str]()
        while name is not None and name in gone and name not in seen:
            seen.add(name)
            name = self.now[name].parent
        return name

    def _active(self, place: Place, name: str) -> Unit | None:
        unit = self.now.get(name)
        if unit is None or not unit.is_active:
            self.fault(place, UNKNOWN)
            return None
        return unit

    def _line_unit(self, place: Place, name: str) -> Unit | None:
        unit = self._active(place, name)
        if unit is not None and unit.hierarchy != LINE:
            self.fault(place, NOT_LINE)
            return None
        return unit

    def _once(self, place: Place, name: str) -> bool:
        if name in self.outcome.places:
            self.fault(place, TWICE)
            return False
        self.outcome.places[name] = pointer(place)
        return True

    def _set(self, name: str, unit: Unit) -> None:
        self.now[name] = self.outcome.units[name] = unit

    def _house(self, person: str, home: str) -> None:
        self.homes[person] = self.outcome.homes[person] = home
