"""Which units of a call can stand, in a time that grows with the call and the organisation alone. Pure.

Whoever falls takes along who hangs on them: each link is looked at again when its upper end falls, and then
alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from service.kit.ids import new_id
from service.kit.reasons import Fault
from service.people.schemas import OrgUnitIn
from service.people.tree import Link, in_cycles, told_in_cycles
from service.people.unit_rows import MERGED, KnownUnit, Span, UnitChange, UnitHeld

Key = tuple[str, str]
Known = Mapping[Key, KnownUnit]
Given = Mapping[Key, OrgUnitIn]
Spans = Mapping[UUID, Span]

HIERARCHY = "can not be changed"
UNKNOWN = "is not a known unit of this `source`"
OTHER = "is in the other hierarchy"
CIRCLE = "makes a circle"
CIRCLE_ONCE = "makes a circle on a day before today, together with what was told of the days since"
EARLY = "is before the first day of its `parent`: say first, or in the same call, since when that one has been there"
MOST_ROUNDS = 50
MOST_STEPS = 50
"""For each link that is told of any day: higher is no tree on average."""


def changes_of(known: Known, given: Given, spans: Spans) -> dict[Key, UnitChange]:
    """What each row would change. One whose parent is nowhere changes nothing, and can not stand."""
    ids = {key: unit.unit_id for key, unit in known.items()}
    ids |= {key: new_id() for key in given if key not in ids}
    changes: dict[Key, UnitChange] = {}
    for key, unit in given.items():
        above = above_of(key, unit)
        if above is not None and above not in ids:
            continue
        new = UnitHeld(unit.name, ids[above] if above else None, unit.hierarchy, unit.manager, unit.active)
        old = known[key].before(new) if key in known else None
        span = spans.get(ids[key])
        is_longer = unit.valid_from is not None and span is not None and unit.valid_from < span.first == span.last
        changes[key] = UnitChange(ids[key], *key, old, new, unit.valid_from, is_longer)
    return changes


def above_of(key: Key, unit: OrgUnitIn) -> Key | None:
    return (key[0], unit.parent) if unit.parent is not None else None


def days_of(changes: Mapping[Key, UnitChange], today: date) -> dict[Key, date]:
    """Since when, of the rows that change anything."""
    return {key: change.since or today for key, change in changes.items() if change.is_real}


def wrong_units(
    known: Known, given: Given, changes: Mapping[Key, UnitChange], spans: Spans, past: Sequence[Link[UUID]], today: date
) -> dict[Key, Fault]:
    """What is wrong with the given rows; whoever is refused stays as known, or is nobody's parent.

    Args:
        known: every unit, the deleted ones too.
        given: the rows of the call.
        changes: what they would change, see `changes_of`.
        spans: when the known ones begin; needed where a row says since when.
        past: the links told of the days before today, from the first day on that any row is about.
        today: of the call.

    Returns:
        For each row that can not stand, the place and the reason; all others can stand together. A refused one may
        bring back a known link, and that one a circle with others of the call: so there are rounds. If there are too
        many, whatever is still to have a parent is refused: nobody has such a call by accident.
    """
    return _Judge(known, given, changes, spans, past, today).faults


class _Judge:
    """The organisation as the rows that have not fallen yet would have it."""

    def __init__(
        self,
        known: Known,
        given: Given,
        changes: Mapping[Key, UnitChange],
        spans: Spans,
        past: Sequence[Link[UUID]],
        today: date,
    ) -> None:
        by_id = {unit.unit_id: key for key, unit in known.items()}
        self._known_links = {
            key: by_id.get(unit.held.parent_id) if unit.held.parent_id else None
            for key, unit in known.items()
            if not unit.is_deleted
        }
        self._above = {key: above_of(key, unit) for key, unit in given.items()}
        self._links: dict[Key, Key | None] = self._known_links | self._above
        self._below: dict[Key, list[Key]] = {}
        for key, above in self._above.items():
            if above is not None:
                self._below.setdefault(above, []).append(key)
        self._hierarchies: dict[Key, str] = {key: unit.hierarchy for key, unit in given.items()}
        self._hierarchies |= {key: unit.held.hierarchy for key, unit in known.items()}
        self._merged = {key for key, unit in known.items() if unit.is_merged}
        self._known_first = {key: spans[unit.unit_id].first for key, unit in known.items() if unit.unit_id in spans}
        self._first: dict[Key, date] | None = None
        self._changes = changes
        self._since = days_of(changes, today)
        self._past = past
        self._today = today
        self._left = dict(given)
        self._fallen: list[Key] = []
        self._may_circle = True
        self.faults: dict[Key, Fault] = {}
        self._judge()

    def _judge(self) -> None:
        self._refuse([(key, fault) for key in self._left if (fault := self._of_itself(key))])
        # What was wrong from the start is told of as such, whatever falls first.
        looped = self._circles()
        self._refuse([(key, fault) for key in self._left if (fault := self._of_its_parent(key))])
        self._refuse(looped)
        for _ in range(MOST_ROUNDS):
            self._let_fall()
            found = self._circles() or self._all_early() or self._circles_once()
            if not found:
                return
            self._refuse(found)
        self._refuse([(key, Fault("/parent", CIRCLE)) for key in self._left if self._above[key] is not None])

    def _refuse(self, found: Iterable[tuple[Key, Fault]]) -> None:
        for key, fault in found:
            if self._left.pop(key, None) is None:
                continue
            self.faults[key] = fault
            self._fallen.append(key)
            self._since.pop(key, None)
            if key in self._known_links:
                self._links[key] = self._known_links[key]
                self._may_circle = True
            else:
                del self._links[key]
            if self._first is not None and key in self._known_first:
                self._first[key] = self._known_first[key]
            elif self._first is not None:
                self._first.pop(key, None)

    def _let_fall(self) -> None:
        """Look at the rows below each one that fell, and below those, until nothing more falls."""
        while self._fallen:
            below = self._below.get(self._fallen.pop(), ())
            self._refuse(
                [(k, fault) for k in below if k in self._left and (fault := self._of_its_parent(k) or self._early(k))]
            )

    def _of_itself(self, key: Key) -> Fault | None:
        if self._hierarchies[key] != self._left[key].hierarchy:
            return Fault("/hierarchy", HIERARCHY)
        return Fault("/external_id", MERGED) if self._left[key].active and key in self._merged else None

    def _of_its_parent(self, key: Key) -> Fault | None:
        above = self._above[key]
        if above is None:
            return None
        if above not in self._links:
            return Fault("/parent", UNKNOWN)
        if self._hierarchies[above] != self._left[key].hierarchy:
            return Fault("/parent", OTHER)
        return Fault("/parent", MERGED) if self._left[key].active and above in self._merged else None

    def _circles(self) -> list[tuple[Key, Fault]]:
        """The rows in a circle now; there is none anew unless a known link came back."""
        if not self._may_circle:
            return []
        self._may_circle = False
        looped = in_cycles(self._links)
        return [(key, Fault("/parent", CIRCLE)) for key in self._left if key in looped]

    def _all_early(self) -> list[tuple[Key, Fault]]:
        """Once, when all links are good: what a row says of its own first day counts only where the row can stand."""
        if self._first is not None:
            return []
        self._first = dict(self._known_first)
        for key, since in self._since.items():
            self._first[key] = min(since, self._known_first.get(key, since))
        return [(key, fault) for key in self._left if (fault := self._early(key))]

    def _early(self, key: Key) -> Fault | None:
        above = self._above[key]
        if self._first is None or above is None or self._left[key].valid_from is None or key not in self._since:
            return None
        return Fault("/valid_from", EARLY) if self._since[key] < self._first.get(above, date.min) else None

    def _circles_once(self) -> list[tuple[Key, Fault]]:
        """The rows in a circle on a day before today."""
        late = [key for key, since in self._since.items() if since < self._today and self._above[key] is not None]
        if not late or not self._past:
            return []
        told = [
            Link(since, self._changes[key].unit_id, self._changes[key].new.parent_id)
            for key, since in self._since.items()
        ]
        looped = told_in_cycles(self._past, told, MOST_STEPS * (len(self._past) + len(told)))
        if looped is not None:
            late = [key for key in self._since if self._changes[key].unit_id in looped]
        return [(key, Fault("/valid_from", CIRCLE_ONCE)) for key in late]
