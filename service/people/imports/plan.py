"""What an import will do, before it does it: every change on a spool, counts and the first of each kind. Pure."""

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from service.people.diff import Held, Kind
from service.people.imports.parse import LISTED, LineSpool
from service.people.people_rows import Change

_ATTRIBUTES = tuple(one.name for one in fields(Held))
_CALLED = {"unit_id": "unit", "is_active": "active", "manager_id": "manager"}
_KINDS = {str(kind): kind for kind in Kind}


class Entry(NamedTuple):
    """One person of the report: ids of the HRIS, which sent them; of what changed, the names of fields alone."""

    line: int | None
    external_id: str
    from_unit: str | None
    to_unit: str | None
    changed: list[str]


class Planned(NamedTuple):
    change: Change
    kind: Kind
    line: int | None
    was_deleted: bool

    @property
    def old(self) -> Held | None:
        """Who was there; nobody, where they had been deleted."""
        return None if self.was_deleted else self.change.old

    def before(self) -> dict[str, Any] | None:
        """What taking it back needs; None: there was no row."""
        if self.change.old is None:
            return None
        deleted = {"deleted": True, "is_active": False} if self.was_deleted else {"deleted": False}
        return kept(self.change.old) | deleted


@dataclass
class Movements:
    """Of one unit."""

    joiners: int = 0
    arrivals: int = 0
    departures: int = 0
    leavers: int = 0

    def total(self) -> int:
        return self.joiners + self.arrivals + self.departures + self.leavers


@dataclass
class Plan:
    """All changes, in the file's order, those who left at the end.

    Attributes:
        active: people of the source who are there before.
        nameless: lines that do not say whom they are about.
    """

    active: int
    nameless: int
    external: Mapping[UUID, str]
    spool: LineSpool
    counts: Counter[str] = field(default_factory=Counter)
    listed: dict[str, list[Entry]] = field(default_factory=dict)
    units: dict[UUID, Movements] = field(default_factory=dict)

    def add(self, planned: Planned, source: str) -> None:
        """Take one more person in; who stays as they are is counted only."""
        change, kind = planned.change, planned.kind
        self.counts[kind] += 1
        if kind is Kind.unchanged:
            return
        self._move(planned)
        listed = self.listed.setdefault(kind, [])
        if len(listed) < LISTED or _place(planned.line, change.external_id) < _of(listed[-1]):
            insort(listed, self._entry(planned), key=_of)
            del listed[LISTED:]
        old = packed(change.old) if change.old is not None else None
        ids = [str(change.person_id), source, change.external_id]
        self.spool.add([*ids, old, packed(change.new), kind, planned.line, planned.was_deleted])

    def planned(self) -> Iterator[Planned]:
        """Every change again."""
        for ident, source, external_id, old, new, kind, line, deleted in self.spool:
            before = unpacked(old) if old is not None else None
            change = Change(UUID(ident), source, external_id, before, unpacked(new))
            yield Planned(change, _KINDS[kind], line, deleted)

    def _entry(self, planned: Planned) -> Entry:
        old, new = planned.old, planned.change.new
        changed = changed_fields(old, new) if old is not None else []
        from_unit = self.external.get(old.unit_id) if old is not None and old.unit_id is not None else None
        stays = planned.kind is not Kind.leaver and new.unit_id is not None
        to_unit = self.external.get(new.unit_id) if stays and new.unit_id is not None else None
        return Entry(planned.line, planned.change.external_id, from_unit, to_unit, changed)

    def _move(self, planned: Planned) -> None:
        old, new, kind = planned.old, planned.change.new, planned.kind
        if kind in {Kind.joiner, Kind.returner} and new.unit_id is not None:
            self.units.setdefault(new.unit_id, Movements()).joiners += 1
        elif kind is Kind.leaver and old is not None and old.unit_id is not None:
            self.units.setdefault(old.unit_id, Movements()).leavers += 1
        elif kind is Kind.mover and old is not None:
            if old.unit_id is not None:
                self.units.setdefault(old.unit_id, Movements()).departures += 1
            if new.unit_id is not None:
                self.units.setdefault(new.unit_id, Movements()).arrivals += 1


def _of(entry: Entry) -> tuple[bool, int, str]:
    return _place(entry.line, entry.external_id)


def _place(line: int | None, external_id: str) -> tuple[bool, int, str]:
    """In the order of the file; who is in no line comes after it, by id."""
    return line is None, line or 0, external_id


def changed_fields(old: Held, new: Held) -> list[str]:
    """The names of what differs, as callers know them."""
    return [_CALLED.get(name, name) for name in _ATTRIBUTES if getattr(old, name) != getattr(new, name)]


SMALL = 20
"""Of fewer people, a percent is less than one of them."""
HALF, ALL = 50, 100
LEAVERS_PERCENT, MOVERS_PERCENT = 10, 25
"""Of a larger number of them."""


@dataclass(frozen=True, slots=True)
class Risk:
    """How much of a source's people one import may change without anybody saying so.

    What the caller says holds for any number of people. Where nothing is said and they are few, more than half have to
    leave before it is asked for, and they may all move.
    """

    max_leavers_percent: int | None = None
    max_movers_percent: int | None = None

    def reasons(self, plan: Plan) -> list[str]:
        """What is beyond it."""
        few = plan.active < SMALL
        leavers, movers = (HALF, ALL) if few else (LEAVERS_PERCENT, MOVERS_PERCENT)
        leavers = leavers if self.max_leavers_percent is None else self.max_leavers_percent
        movers = movers if self.max_movers_percent is None else self.max_movers_percent
        return [
            f"{plan.counts[kind]:,} of {plan.active:,} people {verb}; {most} % may"
            for kind, most, verb in ((Kind.leaver, leavers, "would leave"), (Kind.mover, movers, "would move"))
            if plan.counts[kind] * ALL > most * plan.active and most < ALL
        ]


def packed(held: Held) -> list[Any]:
    """For a spool, or to be kept for taking an import back."""
    return [
        str(held.unit_id) if held.unit_id is not None else None,
        held.language,
        dict(held.dimensions),
        held.is_active,
        held.hired_on.isoformat() if held.hired_on is not None else None,
        held.name,
        str(held.manager_id) if held.manager_id is not None else None,
        sorted(map(str, held.projects)),
    ]


def kept(held: Held) -> dict[str, Any]:
    """To be kept in the database, by name: whoever is erased is looked for under `manager_id`."""
    return dict(zip(_ATTRIBUTES, packed(held), strict=True))


def kept_before(document: Mapping[str, Any]) -> Held:
    """What `kept` kept."""
    return unpacked([document[name] for name in _ATTRIBUTES])


def unpacked(values: Any) -> Held:
    unit, language, dimensions, active, hired, name, manager, projects = values
    return Held(
        UUID(unit) if unit is not None else None,
        language,
        dimensions,
        active,
        date.fromisoformat(hired) if hired is not None else None,
        name,
        UUID(manager) if manager is not None else None,
        frozenset(map(UUID, projects)),
    )
