"""What an organisation looks like on any day, by the words of the API's texts alone: what was told, read again.

Nothing here knows how the service keeps its history. A unit or a person is a list of words, (since when, what), in the
order in which they were told; on a day, the last word holds whose day has come by then. That is all that decision 0019
says: what is told late replaces what was told of the days since. Days are whole numbers from the first one on.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from tests.make.org_reorganised import Person, Places, Unit, circle_of, hangs_well, judged

Json = dict[str, Any]
T = TypeVar("T")
Becomes = Literal["created", "updated", "unchanged"]


class Told(Generic[T]):
    """What was said of one thing, word after word."""

    def __init__(self) -> None:
        self.words: list[tuple[int, T | None]] = []

    def on(self, day: int) -> T | None:
        return next((what for since, what in reversed(self.words) if since <= day), None)

    def since(self, day: int) -> int:
        """The first day from which on it has been what it is on that day."""
        holds = self.on(day)
        while day > min(since for since, _ in self.words) and self.on(day - 1) == holds:
            day -= 1
        return day

    def first(self) -> int | None:
        """The first day of all."""
        return min((since for since, what in self.words if what is not None), default=None)

    def becomes(self, what: T, since: int, today: int) -> Becomes:
        """What a row makes of it: "since when, where the row changes something, or has been so for longer"."""
        held, first = self.on(today), self.first()
        if first is None:
            return "created"  # what was taken back and comes again is the same one
        # What was something else before stays that, as `tests/api/test_org_first_days.py` says.
        longer = since < first == self.since(today)
        return "updated" if held != what or longer else "unchanged"


@dataclass
class Upserted:
    """Rows by what becomes of them, and the places of those that are refused."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: Places = field(default_factory=set)


@dataclass
class Plan:
    on: int
    body: Json
    state: str = "planned"


@dataclass
class Import:
    changed: dict[str, tuple[Person | None, int]]
    """Whom it changed: what they were before, and how many words there were of them after it."""
    units: dict[str, int]
    """Those it made, and how many words there were of them after it."""
    state: str = "applied"


class Organisation:
    """One source, from its first day to the present one. Whatever is refused is answered by its places."""

    def __init__(self) -> None:
        self.today = 0
        self.days: set[int] = set()
        """On which something began to hold."""
        self.units: dict[str, Told[Unit]] = {}
        self.people: dict[str, Told[Person]] = {}
        self.lineage: list[tuple[int, str, str, str]] = []
        self.plans: list[Plan] = []
        self.imports: list[Import] = []

    def tree(self, day: int | None = None) -> dict[str, Unit]:
        day = self.today if day is None else day
        return {name: unit for name, told in self.units.items() if (unit := told.on(day))}

    def homes(self, day: int | None = None) -> dict[str, Person]:
        day = self.today if day is None else day
        return {name: person for name, told in self.people.items() if (person := told.on(day))}

    def below(self, top: str) -> dict[str, str]:
        """Who is active below a unit today, and in which one."""
        units, found = self.tree(), {}
        for who, person in self.homes().items():
            unit: str | None = person.unit
            while unit is not None and unit != top:
                unit = units[unit].parent
            if unit and person.active:
                found[who] = person.unit
        return found

    def _tell(self, things: dict[str, Told[T]], name: str, since: int, what: T | None) -> None:
        things.setdefault(name, Told()).words.append((since, what))
        self.days.add(since)

    # Rows of a source

    def put_units(self, rows: list[Json], *, skip: bool) -> Upserted:
        now = self.tree()
        keys = ("name", "parent", "hierarchy", "manager", "active")
        wanted = [Unit(**{key: row[key] for key in keys if key in row}) for row in rows]
        names = [row["external_id"] for row in rows]
        bad = self._to_come(rows)
        for number, name in enumerate(names):
            held = now.get(name)
            if held and held.merged:  # "is active no more", whatever else is told of it
                wanted[number] = replace(wanted[number], merged=True)
                if wanted[number].active:
                    bad[number] = "external_id"
            if held and held.hierarchy != wanted[number].hierarchy:
                bad.setdefault(number, "hierarchy")
        while True:  # what is refused is not there for the others to hang on
            good = {names[number]: unit for number, unit in enumerate(wanted) if number not in bad}
            after = now | good
            wrong = circle_of(after) | {name for name, unit in good.items() if not hangs_well(unit, after)}
            found = {number: "parent" for number in range(len(rows)) if number not in bad and names[number] in wrong}
            found = found or self._too_early(rows, wanted, bad) or self._in_a_circle_once(rows, wanted, bad)
            if not found:
                return self._upsert(self.units, rows, wanted, bad, skip=skip)
            bad |= found

    def _too_early(self, rows: list[Json], wanted: list[Unit], bad: dict[int, str]) -> dict[int, str]:
        """Rows of days before the first one of the unit above, which may be told in the same call."""
        first, news = self.first_days(), self._news(rows, wanted, bad)
        for name, since in news.values():
            first[name] = min(since, first.get(name, since))
        return {
            number: "valid_from"
            for number, (_, since) in news.items()
            if (parent := wanted[number].parent) is not None and since < first[parent]
        }

    def _in_a_circle_once(self, rows: list[Json], wanted: list[Unit], bad: dict[int, str]) -> dict[int, str]:
        """Rows that make a circle on a day before today, with what was told of other units since."""
        news = self._news(rows, wanted, bad)
        found: dict[int, str] = {}
        for day in {since for _, since in news.values()} | {day for day in self.days if day < self.today}:
            told = {number: name for number, (name, since) in news.items() if since <= day}
            wrong = circle_of(self.tree(day) | {name: wanted[number] for number, name in told.items()})
            found |= {number: "valid_from" for number, name in told.items() if name in wrong}
        return found

    def _news(self, rows: list[Json], wanted: list[Unit], bad: dict[int, str]) -> dict[int, tuple[str, int]]:
        """Rows that change something: of which unit, since when."""
        return {
            number: (row["external_id"], row.get("valid_from", self.today))
            for number, row in enumerate(rows)
            if number not in bad and self._becomes(self.units, row, wanted[number]) != "unchanged"
        }

    def first_days(self) -> dict[str, int]:
        return {name: first for name, told in self.units.items() if (first := told.first()) is not None}

    def put_people(self, rows: list[Json], *, skip: bool) -> Upserted:
        wanted = [Person(row["unit"], row.get("active", True)) for row in rows]
        bad = self._to_come(rows)
        for number, person in enumerate(wanted):
            row = rows[number]
            if not self._may_live(person):
                bad.setdefault(number, "unit")
            elif self._becomes(self.people, row, person) == "unchanged":
                continue  # since when is said "where the row changes something, or has been so for longer"
            elif row.get("valid_from", self.today) < self.first_days()[person.unit]:
                bad.setdefault(number, "valid_from")
        return self._upsert(self.people, rows, wanted, bad, skip=skip)

    def _to_come(self, rows: list[Json]) -> dict[int, str]:
        """Rows of days to come; what is to come is a reorganisation."""
        return {n: "valid_from" for n, row in enumerate(rows) if row.get("valid_from", self.today) > self.today}

    def _may_live(self, person: Person) -> bool:
        """A place is in the line; nobody is told any more in what was merged, but whoever leaves may be."""
        unit = self.tree().get(person.unit)
        return unit is not None and unit.hierarchy == "line" and not (unit.merged and person.active)

    def _becomes(self, things: dict[str, Told[T]], row: Json, what: T) -> Becomes:
        told = things.get(row["external_id"], Told[T]())
        return told.becomes(what, row.get("valid_from", self.today), self.today)

    def _upsert(
        self, things: dict[str, Told[T]], rows: list[Json], wanted: list[T], bad: dict[int, str], *, skip: bool
    ) -> Upserted:
        done = Upserted(refused={f"/{number}/{place}" for number, place in bad.items()})
        for number, (row, what) in enumerate(zip(rows, wanted, strict=True)):
            if (bad and not skip) or number in bad:
                continue
            becomes = self._becomes(things, row, what)
            setattr(done, becomes, getattr(done, becomes) + 1)
            if becomes != "unchanged":
                self._tell(things, row["external_id"], row.get("valid_from", self.today), what)
        return done

    # Reorganisations

    def reorganise(self, body: Json, on: int, *, dry_run: bool = False) -> Places | None:
        """Today at once; later, a plan, which is judged now as well. None: it is done, or planned."""
        if on < self.today:
            return {"/on"}
        found = judged(body, self.tree(), self.homes())
        if isinstance(found, set):
            return found
        if not dry_run:
            self.plans.append(Plan(on, body))
            self._carry_out_what_is_due()
        return None

    def cancel(self, number: int) -> bool:
        """Only what is to come can be given up."""
        if self.plans[number].state != "planned":
            return False
        self.plans[number].state = "cancelled"
        return True

    def next_day(self) -> None:
        self.today += 1
        self._carry_out_what_is_due()

    def _carry_out_what_is_due(self) -> None:
        for plan in self.plans:
            if plan.state != "planned" or plan.on > self.today:
                continue
            found = judged(plan.body, self.tree(), self.homes())
            plan.state = "refused" if isinstance(found, set) else "done"
            if isinstance(found, set):
                continue
            for name, unit in found[0].items():
                self._tell(self.units, name, plan.on, unit)
            for who, person in found[1].items():
                self._tell(self.people, who, plan.on, person)
            for merge in plan.body.get("merges", []):
                self.lineage += [(plan.on, name, merge["into"], "merge") for name in merge["units"]]
            for split in plan.body.get("splits", []):
                self.lineage += [(plan.on, split["unit"], part["external_id"], "split") for part in split["parts"]]

    # Files

    def take_file(self, lines: list[Json], *, full: bool, dry_run: bool = False) -> bool:
        """Lines of a person, a unit, whether they are there, a name and a parent of a unit that is to be made."""
        homes = self.homes()
        made = self._made_by(lines)
        wanted: dict[str, Person] = {}
        for line in lines:
            person = Person(line["unit"], line["active"])
            if person.unit in made or self._may_live(person):
                wanted[line["person"]] = person
        if full and not wanted:  # nobody would be left
            return False
        if full:  # a line that is refused says at least that somebody is there
            there = {line["person"] for line in lines}
            wanted |= {who: replace(one, active=False) for who, one in homes.items() if one.active and who not in there}
        if dry_run:
            return True
        for name, unit in made.items():
            self._tell(self.units, name, self.today, unit)
        done = Import({}, {name: len(self.units[name].words) for name in made})
        for who, person in wanted.items():
            if homes.get(who) != person:
                self._tell(self.people, who, self.today, person)
                done.changed[who] = homes.get(who), len(self.people[who].words)
        self.imports.append(done)
        return True

    def _made_by(self, lines: list[Json]) -> dict[str, Unit]:
        """Units that are not known and are told with a name; in whichever of their lines."""
        now = self.tree()
        named = {line["unit"]: Unit(line["name"], line["parent"]) for line in lines if "name" in line}
        return {name: unit for name, unit in named.items() if name not in now and hangs_well(unit, now)}

    def undo(self, number: int) -> bool:
        """Everybody is put back, if nobody has changed them since and their place is there; the last file first."""
        taken = self.imports[number]
        if taken.state != "applied" or any(later.state == "applied" for later in self.imports[number + 1 :]):
            return False
        for who, (before, words) in taken.changed.items():
            if len(self.people[who].words) != words or (before and not self._may_live(before)):
                return False
        for who, (before, _) in taken.changed.items():
            self._tell(self.people, who, self.today, before)
        for name in reversed(taken.units):
            used = {person.unit for person in self.homes().values()} | {unit.parent for unit in self.tree().values()}
            if name not in used and len(self.units[name].words) == taken.units[name]:
                self._tell(self.units, name, self.today, None)
        taken.state = "undone"
        return True
