"""Other groups of a wave's frozen classes, for a recut: dimensions whose values unite units, or values of others. Pure.

A class is in one value or in none. What no class says, since the roster was not frozen by it, can not be asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from service.campaigns.plan import ORG
from service.kit.reasons import Fault
from service.releases.orgtree import Unit
from service.releases.places import ClassRow

Described = Mapping[str, Any]
"""A dimension as a document: `name`, `of` (a dimension, or None for units, with their `source`), and `values`, each
with id, label and `members`: values of that dimension, or units with all below them."""


def faults(
    units: Sequence[Unit],
    known: Mapping[str, Sequence[str]],
    taken: Iterable[str],
    dimensions: Sequence[Described],
) -> list[Fault]:
    """What is wrong with the dimensions of a recut.

    Args:
        units: the frozen tree.
        known: values of each dimension that the classes have, by name.
        taken: names that earlier recuts gave to theirs.
        dimensions: those to be made.
    """
    found: list[Fault] = []
    names = {ORG, *known, *taken}
    for at, dimension in enumerate(dimensions):
        place = f"/dimensions/{at}"
        if dimension["name"] in names:
            found.append(Fault(f"{place}/name", "is the name of another dimension"))
        names.add(dimension["name"])
        if dimension["of"] is not None and dimension["of"] not in known:
            found.append(Fault(f"{place}/of", "is not a dimension of the wave's plan"))
            continue
        found += _faults_of_values(place, units, known, dimension)
    return found


def _faults_of_values(
    place: str, units: Sequence[Unit], known: Mapping[str, Sequence[str]], dimension: Described
) -> Iterator[Fault]:
    """Members that there are not, or that share people with members before them."""
    ids: set[str] = set()
    taken: set[Any] = set()
    below = _Below(units, known, dimension)
    for number, value in enumerate(dimension["values"]):
        if value["id"] in ids:
            yield Fault(f"{place}/values/{number}/id", "is the id of another value")
        ids.add(value["id"])
        for index, member in enumerate(value["members"]):
            held = below.of(member)
            if not held:
                yield Fault(f"{place}/values/{number}/members/{index}", "is not in this wave")
            elif held & taken:
                yield Fault(f"{place}/values/{number}/members/{index}", "holds people who are in a value already")
            else:
                taken |= held


class _Below:
    """What a member of a dimension's value stands for: itself, and of units all that is below."""

    def __init__(self, units: Sequence[Unit], known: Mapping[str, Sequence[str]], dimension: Described) -> None:
        self._values = None if dimension["of"] is None else frozenset(known[dimension["of"]])
        self._units = {unit.external_id: unit.unit_id for unit in units if unit.source == dimension["source"]}
        self._children: dict[UUID | None, list[UUID | None]] = {}
        for unit in units:
            self._children.setdefault(unit.parent_id, []).append(unit.unit_id)

    def of(self, member: str) -> set[Any]:
        """Units or values; nothing where there is no such member."""
        if self._values is not None:
            return {member} & self._values
        if member not in self._units:
            return set()
        found, edge = set[UUID | None](), [self._units[member]]
        while edge:
            unit = edge.pop()
            found.add(unit)
            edge += self._children.get(unit, ())
        return found


def regrouped(units: Sequence[Unit], classes: Sequence[ClassRow], dimensions: Sequence[Described]) -> list[ClassRow]:
    """The classes with the values that the dimensions give them, which `faults` finds nothing wrong with."""
    given = [(dimension["name"], dimension["of"], _value_of(units, dimension)) for dimension in dimensions]
    found = []
    for row in classes:
        values = dict(row.values)
        for name, of, value_of in given:
            mine = value_of.get(row.unit if of is None else row.values.get(of))
            if mine is not None:
                values[name] = mine
        found.append(row._replace(values=values))
    return found


def _value_of(units: Sequence[Unit], dimension: Described) -> dict[Any, str]:
    """The value of each unit, or of each value of the other dimension."""
    united = [(value["id"], member) for value in dimension["values"] for member in value["members"]]
    if dimension["of"] is not None:
        return {member: value for value, member in united}
    below = _Below(units, {}, dimension)
    return {unit: value for value, member in united for unit in below.of(member)}
