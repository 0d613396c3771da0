"""Other groups of a wave's frozen classes, for a recut: dimensions whose values unite units, or values of others. Pure.

A class is in one value or in none. What no class says, since the roster was not frozen by it, can not be asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from service.kit.reasons import Fault
from service.people.tree import subtree
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
    names = {*known, *taken}
    for at, dimension in enumerate(dimensions):
        place = f"/dimensions/{at}"
        if dimension["name"] in names:
            found.append(Fault(f"{place}/name", "is the name of another dimension"))
        names.add(dimension["name"])
        if dimension["of"] is not None and dimension["of"] not in known:
            found.append(Fault(f"{place}/of", "is not a dimension of the wave's plan"))
            continue
        found += _faults_of_values(place, _below(units, known, dimension), dimension)
    return found


def _faults_of_values(place: str, below: Mapping[str, set[Any]], dimension: Described) -> Iterator[Fault]:
    ids: set[str] = set()
    taken: set[Any] = set()
    for number, value in enumerate(dimension["values"]):
        if value["id"] in ids:
            yield Fault(f"{place}/values/{number}/id", "is the id of another value")
        ids.add(value["id"])
        for index, member in enumerate(value["members"]):
            if member not in below:
                yield Fault(f"{place}/values/{number}/members/{index}", "is not there in this wave")
            elif below[member] & taken:
                yield Fault(f"{place}/values/{number}/members/{index}", "holds people who are in a value already")
            else:
                taken |= below[member]


def _below(
    units: Sequence[Unit], known: Mapping[str, Sequence[str]], dimension: Described
) -> dict[str, set[UUID | None] | set[str]]:
    """By what may be a member: all that it stands for, itself included."""
    if dimension["of"] is not None:
        return {value: {value} for value in known[dimension["of"]]}
    above = {unit.unit_id: unit.parent_id for unit in units}
    mine = {unit.external_id: unit.unit_id for unit in units if unit.source == dimension["source"]}
    return {name: set(subtree(above, [unit])) for name, unit in mine.items() if name is not None}


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
    members = {member: value["id"] for value in dimension["values"] for member in value["members"]}
    if dimension["of"] is not None:
        return members
    above = {unit.unit_id: unit.parent_id for unit in units}
    tops = {unit.unit_id: unit.external_id for unit in units if unit.source == dimension["source"]}
    return {below: members[name] for top, name in tops.items() if name in members for below in subtree(above, [top])}
