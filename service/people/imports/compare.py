"""A file beside the organisation: who joins, moves, leaves, changes. Reads only, a thousand people at a time.

Whoever compares holds the organisation's lock: what is found here is what is changed next.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.ids import new_id
from service.people import people_rows, unit_rows
from service.people.diff import Held, Kind, kind_of
from service.people.imports.lines import Line, Reason
from service.people.imports.parse import LineSpool, Parsed, fingerprint
from service.people.imports.places import VALUE, Places
from service.people.imports.plan import Plan, Planned
from service.people.managers import wrong_links
from service.people.people_rows import CHUNK, Change, Known
from service.people.queries import declared

Mode = Literal["full", "partial"]
PAGE = 10_000
# Managers are put together here, not by a join: while nobody has counted the rows of a new table, a plan for that may
# look at all of them for each.
_DIRECTORY = text("""
    SELECT person_id, source, external_id, is_active, manager_id FROM person
    WHERE tenant_id = :tenant AND deleted_at IS NULL AND person_id > :after ORDER BY person_id LIMIT :limit
""")
_FIRST = UUID(int=0)


@dataclass
class _Directory:
    """Who is there before, as far as it is needed.

    Attributes:
        links: everybody's manager, as fingerprints.
        active: how many of the source are active.
        gone: ids of active people of the source whom no line is about.
    """

    links: dict[int, int | None] = field(default_factory=dict)
    active: int = 0
    gone: list[str] = field(default_factory=list)


async def compare(tx: AsyncSession, tenant: UUID, source: str, parsed: Parsed, mode: Mode) -> tuple[Plan, Places]:
    """The plan of an import; lines that do not fit the organisation are refused in `parsed`."""
    places = Places(await unit_rows.all_units(tx, tenant), await declared(tx, tenant), source, parsed.mapping)
    directory = await _directory(tx, tenant, source, parsed)
    dropped = await _judge(parsed, places, directory)
    plan = Plan(directory.active, parsed.nameless, places.external, LineSpool(parsed.bounds.changes))
    with ExitStack() as unplanned:
        unplanned.enter_context(closing(plan.spool))
        comparer = _Comparer(tx, tenant, source, parsed, places, mode)
        async for planned in comparer.lines(dropped):
            plan.add(planned, source)
        if mode == "full":
            async for planned in comparer.leavers(directory.gone):
                plan.add(planned, source)
        unplanned.pop_all()  # from here on it is the caller's to close
    return plan, places


async def _directory(tx: AsyncSession, tenant: UUID, source: str, parsed: Parsed) -> _Directory:
    found = _Directory()
    after = _FIRST
    numbers: dict[UUID, int] = {}
    managers: dict[int, UUID] = {}
    while True:
        rows = (await tx.execute(_DIRECTORY, {"tenant": tenant, "after": after, "limit": PAGE})).all()
        for row in rows:
            who = numbers[row.person_id] = _who(source, row.source, row.external_id)
            found.links[who] = None
            if row.manager_id is not None:
                managers[who] = row.manager_id
            if row.source == source and row.is_active:
                found.active += 1
                if not parsed.is_about(who):
                    found.gone.append(row.external_id)
        if len(rows) < PAGE:
            found.links |= {who: numbers.get(manager) for who, manager in managers.items()}
            return found
        after = rows[-1].person_id


def _who(source: str, theirs: str, external_id: str) -> int:
    return fingerprint(external_id) if theirs == source else fingerprint(f"\0{theirs}\0{external_id}")


async def _judge(parsed: Parsed, places: Places, directory: _Directory) -> set[int]:
    """Refuse the lines that point nowhere; the people whom they are about."""
    if parsed.mapping.create_units:
        async for line in _unhurried(parsed.good()):
            places.want(line)
        await asyncio.to_thread(places.settle)
    dropped: set[int] = set()
    numbers: dict[int, int] = {}
    async for line in _unhurried(parsed.good()):
        who = fingerprint(line.external_id)
        wrong = list(_wrong(line, parsed, places, is_new=who not in directory.links))
        if wrong:
            dropped.add(who)
            parsed.refused.add(wrong)
        elif line.manager is not None:
            numbers[who] = line.line
    if numbers:
        given = {who: manager for who, manager in parsed.links.items() if who not in dropped}
        at = parsed.columns.at["manager"] + 1
        for who, reason in (await asyncio.to_thread(wrong_links, directory.links, given)).items():
            dropped.add(who)
            parsed.refused.add([Reason(numbers[who], at, "manager", reason.replace("`source`", "source"))])
    return dropped


def _wrong(line: Line, parsed: Parsed, places: Places, *, is_new: bool) -> Iterator[Reason]:
    at = parsed.columns.at
    if "unit" not in at:
        if is_new:
            yield Reason(line.line, None, "unit", "is needed for somebody who is not known yet")
    elif isinstance(found := places.unit(line), str):
        yield Reason(line.line, at["unit"] + 1, "unit", found)
    for name, value in line.dimensions.items():
        if places.value(name, value) is None:
            yield Reason(line.line, parsed.columns.dimensions[name] + 1, name, VALUE)


async def _unhurried(lines: Iterator[Line]) -> AsyncIterator[Line]:
    """The same lines; others get their turn in between."""
    for number, line in enumerate(lines):
        if number % CHUNK == 0:
            await asyncio.sleep(0)
        yield line


class _Comparer:
    def __init__(self, tx: AsyncSession, tenant: UUID, source: str, parsed: Parsed, places: Places, mode: Mode) -> None:
        self._tx = tx
        self._tenant = tenant
        self._source = source
        self._parsed = parsed
        self._places = places
        self._mode = mode
        self._managers = {manager for manager in parsed.links.values() if manager is not None}
        self._ids: dict[str, UUID] = {}

    async def lines(self, dropped: set[int]) -> AsyncIterator[Planned]:
        """What each good line changes."""
        chunk: list[Line] = []
        async for line in _unhurried(self._parsed.good()):
            if fingerprint(line.external_id) not in dropped:
                chunk.append(line)
            if len(chunk) == CHUNK:
                for planned in await self._compared(chunk):
                    yield planned
                chunk = []
        if chunk:
            for planned in await self._compared(chunk):
                yield planned

    async def leavers(self, gone: list[str]) -> AsyncIterator[Planned]:
        """Whom no line is about any more."""
        for start in range(0, len(gone), CHUNK):
            keys = [(self._source, external_id) for external_id in gone[start : start + CHUNK]]
            found = await people_rows.known(self._tx, self._tenant, keys)
            for known in found.values():
                new = replace(known.held, is_active=False)
                change = Change(known.person_id, *known.key, known.held, new)
                yield Planned(change, Kind.leaver, None, was_deleted=False)

    async def _compared(self, chunk: list[Line]) -> list[Planned]:
        wanted = {line.external_id for line in chunk}
        wanted |= {line.manager for line in chunk if line.manager is not None and line.manager not in self._ids}
        keys = [(self._source, external_id) for external_id in wanted]
        found = await people_rows.known(self._tx, self._tenant, keys)
        people = {external_id: known for (_, external_id), known in found.items()}
        return [self._planned(line, people) for line in chunk]

    def _planned(self, line: Line, people: Mapping[str, Known]) -> Planned:
        known = people.get(line.external_id)
        ident = known.person_id if known is not None else self._id_of(line.external_id, people)
        deleted = known is not None and known.is_deleted
        old = known.held if known is not None else None
        new = self._held(line, None if deleted else old, people)
        kind = kind_of(None if deleted else old, new)
        before = known.before(new) if known is not None else None
        change = Change(ident, self._source, line.external_id, before, new)
        return Planned(change, kind, line.line, was_deleted=deleted)

    def _held(self, line: Line, old: Held | None, people: Mapping[str, Known]) -> Held:
        """The person as the line tells them; what the file has no column for stays as it is."""
        has = self._parsed.columns.has
        base = old if old is not None else Held(None)
        unit = self._places.unit(line) if has("unit") else base.unit_id
        if isinstance(unit, str):
            raise ValueError("a line with a wrong unit was not refused")  # noqa: TRY004 - a fault of ours, not of a type
        dimensions = dict(base.dimensions)
        for name in self._parsed.columns.dimensions:
            dimensions.pop(name, None)
        for name, value in line.dimensions.items():
            dimensions[name] = self._places.value(name, value) or value
        manager = base.manager_id
        if has("manager"):
            manager = self._id_of(line.manager, people) if line.manager is not None else None
        # Who stands in a full file is there; a partial one without the column says nothing about it.
        there = line.active if has("active") else True if self._mode == "full" else base.is_active
        return Held(
            unit,
            line.language if has("language") else base.language,
            dimensions,
            there,
            line.hired_on if has("hired_on") else base.hired_on,
            line.name if has("name") else base.name,
            manager,
            base.projects,
        )

    def _id_of(self, external_id: str, people: Mapping[str, Known]) -> UUID:
        """The person's id; somebody new who is a manager keeps theirs for the lines to come."""
        if external_id in self._ids:
            return self._ids[external_id]
        known = people.get(external_id)
        ident = known.person_id if known is not None else new_id()
        if fingerprint(external_id) in self._managers:
            self._ids[external_id] = ident
        return ident
