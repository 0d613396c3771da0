"""A company with two sites that changes every week, as its HRIS would tell it; all of it follows from a seed.

Three levels below the top: sites, departments, teams. Teams are small, departments have a few people of their own, and
`tenure` cuts across all of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import Any

TOP, PARIS, YORK = "TOP", "PAR", "NYC"
NEW, SETTLED, LONG = "new", "settled", "long"
TENURES: dict[str, Any] = {
    "name": "tenure",
    "values": [
        {"id": NEW, "label": {"en": "Under half a year"}},
        {"id": SETTLED, "label": {"en": "Under five years"}},
        {"id": LONG, "label": {"en": "Five years or more"}},
    ],
}
NEW_FOR, SETTLED_FOR = timedelta(days=182), timedelta(days=5 * 365)
SMALLEST_TEAM, LARGEST_TEAM = 6, 20
MOVERS = 30
"""So many that some are due in two waves running and then for a diagnostic, whatever the seed of the samples."""


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    parent: str | None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    unit: str
    tenure: str
    hired_on: date
    active: bool = True


@dataclass(frozen=True)
class Roll:
    """The company at one moment: its units, and who works in them."""

    units: Mapping[str, Unit]
    people: Mapping[str, Person]

    def above(self, unit: str) -> Iterator[str]:
        """The unit and all above it."""
        at: str | None = unit
        while at is not None:
            yield at
            at = self.units[at].parent

    def members(self) -> dict[str, frozenset[str]]:
        """People by the unit that they are directly in."""
        found: dict[str, set[str]] = {}
        for name, person in self.people.items():
            found.setdefault(person.unit, set()).add(name)
        return {unit: frozenset(names) for unit, names in found.items()}

    def in_york(self, person: str) -> bool:
        return YORK in self.above(self.people[person].unit)


@dataclass
class Company:
    """What the HRIS knows; `told` is what has changed since it was asked last."""

    random: Random
    units: dict[str, Unit] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    _new_units: set[str] = field(default_factory=set)
    _new_people: set[str] = field(default_factory=set)

    @classmethod
    def founded(cls, seed: int, today: date, teams: Mapping[str, Mapping[str, list[int]]]) -> "Company":
        """With so many people in each team, by site and department, and two or three in each department itself."""
        company = cls(Random(seed))
        company._put(TOP, Unit("Everybody", None))
        for site, departments in teams.items():
            company._put(site, Unit(f"Site {site}", TOP))
            for department, sizes in departments.items():
                company._put(department, Unit(f"Department {department}", site))
                company._hire(department, company.random.randint(2, 3), today, long_ago=True)
                for number, size in enumerate(sizes):
                    team = f"{department}{number}"
                    company._put(team, Unit(f"Team {team}", department))
                    company._hire(team, size, today, long_ago=True)
        return company

    def as_it_is(self) -> Roll:
        people = {name: one for name, one in self.people.items() if one.active}
        whole = Roll(dict(self.units), people)
        # One that was given up, and that nobody is left in, is no unit any more.
        kept = {key for key, unit in self.units.items() if unit.active} | {one.unit for one in people.values()}
        kept |= {upper for key in kept for upper in whole.above(key)}
        return Roll({key: unit for key, unit in self.units.items() if key in kept}, people)

    def told(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Rows of units and of people that are new or changed, each once."""
        units = [
            {"external_id": key, "name": unit.name, "parent": unit.parent, "active": unit.active}
            for key in sorted(self._new_units)
            if (unit := self.units[key])
        ]
        people = [
            {
                "external_id": key,
                "unit": one.unit,
                "dimensions": {"tenure": one.tenure},
                "hired_on": one.hired_on.isoformat(),
                "active": one.active,
            }
            for key in sorted(self._new_people)
            if (one := self.people[key])
        ]
        self._new_units.clear()
        self._new_people.clear()
        return units, people

    def a_week(self, today: date) -> None:
        """Some join, some leave, one may move, and tenures grow."""
        for _ in range(self.random.randint(0, 3)):
            self._hire(self._team(at_most=LARGEST_TEAM - 1), 1, today)
        for _ in range(self.random.randint(0, 3)):
            self._change(self._somebody(), active=False)
        if self.random.random() < 0.5:
            self._change(self._somebody(), unit=self._team(at_most=LARGEST_TEAM - 1))
        for name, person in self.people.items():
            if person.active and (tenure := _tenure(person.hired_on, today)) != person.tenure:
                self._change(name, tenure=tenure)

    def reorganise(self, today: date) -> None:
        """Departments and teams are merged, moved, renamed and made, one goes overseas, and people move."""
        kept, given_up, other = [key for key, unit in self.units.items() if unit.parent == PARIS][:3]
        moved = self._teams_below(given_up)
        for team in moved:
            self._put(team, replace(self.units[team], parent=kept))
        self._move_everybody(given_up, kept)
        self._put(given_up, replace(self.units[given_up], active=False))
        self._put(kept, replace(self.units[kept], name="Department of both"))
        into, dissolved, *rest = sorted(moved, key=self._size)
        self._move_everybody(dissolved, into)
        self._put(dissolved, replace(self.units[dissolved], active=False))
        for team in rest:
            self._put(team, replace(self.units[team], name=f"{self.units[team].name}, renamed"))
        overseas = self._teams_below(other)[0]
        office = next(key for key, unit in self.units.items() if unit.parent == YORK)
        self._put(overseas, replace(self.units[overseas], parent=office))
        self._put("made", Unit("Team that is new", office))
        for _ in range(9):
            self._change(self._somebody(), unit="made")
        for _ in range(MOVERS):
            self._change(self._somebody(), unit=self._team(at_most=LARGEST_TEAM - 1))
        self._hire("made", 3, today)

    def _put(self, key: str, unit: Unit) -> None:
        self.units[key] = unit
        self._new_units.add(key)

    def _hire(self, unit: str, count: int, today: date, *, long_ago: bool = False) -> None:
        for _ in range(count):
            hired_on = today - timedelta(days=self.random.randint(20, 4_000)) if long_ago else today
            name = f"p{len(self.people):04}"
            self.people[name] = Person(unit, _tenure(hired_on, today), hired_on)
            self._new_people.add(name)

    def _change(self, name: str, **fields: Any) -> None:
        self.people[name] = replace(self.people[name], **fields)
        self._new_people.add(name)

    def _move_everybody(self, unit: str, into: str) -> None:
        for name, person in self.people.items():
            if person.active and person.unit == unit:
                self._change(name, unit=into)

    def _size(self, unit: str) -> int:
        return sum(person.active and person.unit == unit for person in self.people.values())

    def _teams_below(self, department: str) -> list[str]:
        return [key for key, unit in self.units.items() if unit.parent == department and unit.active]

    def _all_teams(self) -> list[str]:
        parents = {unit.parent for unit in self.units.values()}
        return [key for key, unit in self.units.items() if unit.active and key not in parents]

    def _team(self, at_most: int) -> str:
        return self.random.choice([team for team in self._all_teams() if self._size(team) <= at_most])

    def _somebody(self) -> str:
        """Of a team that is large enough to lose somebody."""
        teams = {team for team in self._all_teams() if self._size(team) > SMALLEST_TEAM}
        return self.random.choice([name for name, one in self.people.items() if one.active and one.unit in teams])


def _tenure(hired_on: date, today: date) -> str:
    been_here = today - hired_on
    return NEW if been_here < NEW_FOR else SETTLED if been_here < SETTLED_FOR else LONG
