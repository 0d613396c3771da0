"""What a reorganisation makes of an organisation as it stands, by the words of the API's texts alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = dict[str, Any]
Places = set[str]
Units = Mapping[str, "Unit"]
Homes = Mapping[str, "Person"]


@dataclass(frozen=True)
class Unit:
    name: str
    parent: str | None = None
    hierarchy: str = "line"
    manager: str | None = None
    active: bool = True
    merged: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Person:
    unit: str
    active: bool = True


def judged(body: Json, units: Units, homes: Homes) -> Places | tuple[dict[str, Unit], dict[str, Person]]:
    """What it changes, or the places of what can not be done. A circle may have no place of its own."""
    bad = _faults(body, units, homes)
    if bad:
        return bad
    after = _moved_and_split(body, units)
    into = {name: merge["into"] for merge in body.get("merges", []) for name in merge["units"]}
    hung = {name: _handed_on(name, after, into) for name in after}
    for name, unit in after.items():
        gone = name in into  # it stays where it was, with its history, and is active no more
        after[name] = replace(unit, active=False, merged=True) if gone else replace(unit, parent=hung[name])
    if circle_of(after):
        return set()
    new = {who: into[person.unit] for who, person in homes.items() if person.unit in into}
    for split in body.get("splits", []):  # who is not named stays
        new |= {who: part["external_id"] for part in split["parts"] for who in part["people"]}
    changed = {name: unit for name, unit in after.items() if unit != units.get(name)}
    return changed, {who: replace(homes[who], unit=unit) for who, unit in new.items()}


def _faults(body: Json, units: Units, homes: Homes) -> Places:
    bad: Places = set()

    def usable(place: str, name: str, hierarchy: str = "line") -> None:
        unit = units.get(name)
        if unit is None or not unit.active or unit.hierarchy != hierarchy:
            bad.add(place)

    for number, move in enumerate(body.get("moves", [])):
        unit = units.get(move["unit"])
        hierarchy = unit.hierarchy if unit else "line"
        usable(f"/moves/{number}/unit", move["unit"], hierarchy)
        if move["parent"] is not None:
            usable(f"/moves/{number}/parent", move["parent"], hierarchy)
    for number, merge in enumerate(body.get("merges", [])):
        usable(f"/merges/{number}/into", merge["into"])
        for index, name in enumerate(merge["units"]):
            usable(f"/merges/{number}/units/{index}", name)
    for number, split in enumerate(body.get("splits", [])):
        usable(f"/splits/{number}/unit", split["unit"])
    return bad | _faults_of_parts(body, units, homes)


def _faults_of_parts(body: Json, units: Units, homes: Homes) -> Places:
    bad: Places = set()
    for number, split in enumerate(body.get("splits", [])):
        for index, part in enumerate(split["parts"]):
            if part["external_id"] in units:
                bad.add(f"/splits/{number}/parts/{index}/external_id")
            for position, who in enumerate(part["people"]):
                if who not in homes or homes[who].unit != split["unit"]:
                    bad.add(f"/splits/{number}/parts/{index}/people/{position}")
    return bad


def _moved_and_split(body: Json, units: Units) -> dict[str, Unit]:
    after = dict(units)
    for move in body.get("moves", []):
        after[move["unit"]] = replace(units[move["unit"]], parent=move["parent"])
    for split in body.get("splits", []):  # new ones are beside the old one
        beside = units[split["unit"]].parent
        after |= {part["external_id"]: Unit(part["name"], beside) for part in split["parts"]}
    return after


def hangs_well(unit: Unit, units: Units) -> bool:
    """Below something that is there, in the same tree, and was not merged: what is gone itself may stay below that."""
    above = units.get(unit.parent) if unit.parent else unit
    return above is not None and not (above.merged and unit.active) and above.hierarchy == unit.hierarchy


def _handed_on(name: str, units: Units, into: Mapping[str, str]) -> str | None:
    """The parent of a unit, after merges: what a merged one became, which for its part takes the place of that one."""
    parent = units[name].parent
    while parent in into:
        parent = units[parent].parent if into[parent] == name else into[parent]
    return parent


def circle_of(units: Units) -> set[str]:
    """All that is above itself."""

    def above(name: str) -> Iterator[str]:
        parent = units[name].parent
        while parent in units:
            yield parent
            parent = units[parent].parent

    return {name for name in units if name in (one for _, one in zip(units, above(name), strict=False))}
