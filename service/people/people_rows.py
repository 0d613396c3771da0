"""Persons read and written many at a time; a write holds only what really changes, and keeps its history.

Whoever writes holds `lock_organisation`. `Change.since` is the day from which the new place holds: today or before.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.people.diff import Held

CHUNK = 1000
_COLUMNS = """
    p.source, p.external_id, p.person_id, p.unit_id, p.language, p.dimensions, p.is_active, p.hired_on, p.name,
    p.manager_id, p.revision, p.deleted_at IS NOT NULL AS is_deleted, ARRAY(
        SELECT m.unit_id FROM project_member m WHERE m.tenant_id = p.tenant_id AND m.person_id = p.person_id
    ) AS projects
"""
_BY_KEY = text(f"""
    SELECT {_COLUMNS}
    FROM unnest(CAST(:sources AS text[]), CAST(:externals AS text[])) AS given (source, external_id)
    JOIN person p ON p.tenant_id = :tenant AND p.source = given.source AND p.external_id = given.external_id
""")  # noqa: S608 - put together from this module's own texts
_BY_ID = text(f"""
    SELECT {_COLUMNS} FROM person p WHERE p.tenant_id = :tenant AND p.person_id = ANY(CAST(:ids AS uuid[]))
""")  # noqa: S608 - same reason
_GIVEN = """
    unnest(CAST(:ids AS uuid[]), CAST(:sources AS text[]), CAST(:externals AS text[]), CAST(:units AS uuid[]),
        CAST(:languages AS text[]), CAST(:dimensions AS jsonb[]), CAST(:actives AS boolean[]), CAST(:hired AS date[]),
        CAST(:names AS text[]), CAST(:managers AS uuid[]))
        AS given (person_id, source, external_id, unit_id, language, dimensions, is_active, hired_on, name, manager_id)
"""
# Their key stays here: rosters are signed with it (see `renaming`).
# Of whoever is to be erased, once the waves that need them are over, nothing more is kept, whatever a source says.
_STAYS = "NOT EXISTS (SELECT FROM erasure e WHERE e.tenant_id = p.tenant_id AND e.person_id = p.person_id)"
_INSERT = text(f"""
    INSERT INTO person (
        tenant_id, person_id, source, external_id, unit_id, language, dimensions, is_active, hired_on, name, manager_id,
        created_at, updated_at)
    SELECT CAST(:tenant AS uuid), given.*, CAST(:now AS timestamptz), CAST(:now AS timestamptz) FROM {_GIVEN}
""")  # noqa: S608 - same reason
_UPDATE = text(f"""
    UPDATE person p SET
        unit_id = given.unit_id, language = given.language, dimensions = given.dimensions,
        is_active = given.is_active, hired_on = given.hired_on, name = given.name,
        manager_id = given.manager_id, updated_at = :now, revision = p.revision + 1, deleted_at = NULL
    FROM {_GIVEN} WHERE p.tenant_id = :tenant AND p.person_id = given.person_id AND {_STAYS}
""")  # noqa: S608 - same reason
# All days since then are told anew.
_FORGET = text(f"""
    DELETE FROM person_version p
    USING unnest(CAST(:ids AS uuid[]), CAST(:sinces AS date[])) AS given (person_id, since)
    WHERE p.tenant_id = :tenant AND p.person_id = given.person_id AND p.valid_from >= given.since AND {_STAYS}
""")  # noqa: S608 - same reason
_REMEMBER = text(f"""
    INSERT INTO person_version (tenant_id, person_id, valid_from, unit_id, manager_id, is_active)
    SELECT p.tenant_id, p.person_id, given.since, given.unit_id, given.manager_id, p.is_active
    FROM unnest(CAST(:ids AS uuid[]), CAST(:sinces AS date[]), CAST(:units AS uuid[]), CAST(:managers AS uuid[]))
        AS given (person_id, since, unit_id, manager_id)
    JOIN person p ON p.tenant_id = :tenant AND p.person_id = given.person_id WHERE {_STAYS}
""")  # noqa: S608 - same reason
_SPANS = text("""
    SELECT person_id, min(valid_from) AS first, max(valid_from) AS last FROM person_version
    WHERE tenant_id = :tenant AND person_id = ANY(CAST(:ids AS uuid[])) GROUP BY person_id
""")
_LEAVE_PROJECTS = text("""
    DELETE FROM project_member m
    USING unnest(CAST(:ids AS uuid[]), CAST(:units AS uuid[])) AS given (person_id, unit_id)
    WHERE m.tenant_id = :tenant AND m.person_id = given.person_id AND m.unit_id = given.unit_id
""")
_JOIN_PROJECTS = text(f"""
    INSERT INTO project_member (tenant_id, person_id, unit_id)
    SELECT p.tenant_id, p.person_id, given.unit_id
    FROM unnest(CAST(:ids AS uuid[]), CAST(:units AS uuid[])) AS given (person_id, unit_id)
    JOIN person p ON p.tenant_id = :tenant AND p.person_id = given.person_id WHERE {_STAYS} ON CONFLICT DO NOTHING
""")  # noqa: S608 - same reason


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the database has them."""

    person_id: UUID
    source: str
    external_id: str
    held: Held
    revision: int
    is_deleted: bool

    @property
    def key(self) -> "Key":
        return self.source, self.external_id

    def before(self, new: Held) -> Held:
        """What a change to `new` starts from: one that was deleted comes back, whatever is told of them."""
        return replace(self.held, is_active=not new.is_active) if self.is_deleted else self.held


@dataclass(frozen=True, slots=True)
class Change:
    """A person as they were (None: nobody) and as they are to be; `since` None: today."""

    person_id: UUID
    source: str
    external_id: str
    old: Held | None
    new: Held
    since: date | None = None
    is_longer: bool = False
    """They have been there from their first day on, and that day was before the one that is known."""

    @property
    def is_real(self) -> bool:
        return self.old != self.new or self.is_longer


class Span(NamedTuple):
    """When a person's history begins, and since when they are where they are."""

    first: date
    last: date


Key = tuple[str, str]


async def known(tx: AsyncSession, tenant: UUID, keys: Sequence[Key]) -> dict[Key, Known]:
    """Whom there is under these (source, external_id), the deleted ones too."""
    given = {"sources": [source for source, _ in keys], "externals": [external for _, external in keys]}
    rows = await tx.execute(_BY_KEY, {"tenant": tenant} | given)
    return {(one := _known(row)).key: one for row in rows}


async def known_by_id(tx: AsyncSession, tenant: UUID, ids: Sequence[UUID]) -> dict[UUID, Known]:
    """Whom there is under these ids, the deleted ones too."""
    rows = await tx.execute(_BY_ID, {"tenant": tenant, "ids": list(ids)})
    return {row.person_id: _known(row) for row in rows}


async def spans(tx: AsyncSession, tenant: UUID, ids: Sequence[UUID]) -> dict[UUID, Span]:
    """Of the people among these who have a history."""
    rows = await tx.execute(_SPANS, {"tenant": tenant, "ids": list(ids)})
    return {row.person_id: Span(row.first, row.last) for row in rows}


def _known(row: Row[Any]) -> Known:
    held = Held(
        row.unit_id,
        row.language,
        row.dimensions,
        row.is_active,
        row.hired_on,
        row.name,
        row.manager_id,
        frozenset(row.projects),
    )
    return Known(row.person_id, row.source, row.external_id, held, row.revision, row.is_deleted)


async def write(tx: AsyncSession, tenant: UUID, changes: Sequence[Change], now: datetime) -> None:
    """Write the changes that are any, with their history; nothing where there are none."""
    real = [change for change in changes if change.is_real]
    for start in range(0, len(real), CHUNK):
        await _write(tx, tenant, real[start : start + CHUNK], now)


async def _write(tx: AsyncSession, tenant: UUID, changes: Sequence[Change], now: datetime) -> None:
    for statement, chosen in (
        (_INSERT, [change for change in changes if change.old is None]),
        (_UPDATE, [change for change in changes if change.old is not None and change.old != change.new]),
    ):
        if chosen:
            await tx.execute(statement, {"tenant": tenant, "now": now} | _parameters(chosen))
    for statement, pairs in (
        (_LEAVE_PROJECTS, _pairs((c.person_id, c.old.projects - c.new.projects) for c in changes if c.old)),
        (_JOIN_PROJECTS, _pairs((c.person_id, c.new.projects - (c.old.projects if c.old else set())) for c in changes)),
    ):
        if pairs["ids"]:
            await tx.execute(statement, {"tenant": tenant} | pairs)
    await _write_history(tx, tenant, changes, now)


async def _write_history(tx: AsyncSession, tenant: UUID, changes: Sequence[Change], now: datetime) -> None:
    moved = [c for c in changes if c.old is None or c.old.place != c.new.place or c.is_longer]
    if not moved:
        return
    today = now.astimezone(UTC).date()
    when = {"ids": [change.person_id for change in moved], "sinces": [change.since or today for change in moved]}
    if any(change.old is not None for change in moved):
        await tx.execute(_FORGET, {"tenant": tenant} | when)
    places = {
        "units": [change.new.unit_id for change in moved],
        "managers": [change.new.manager_id for change in moved],
    }
    await tx.execute(_REMEMBER, {"tenant": tenant} | when | places)


def _parameters(changes: Sequence[Change]) -> dict[str, list[Any]]:
    return {
        "ids": [change.person_id for change in changes],
        "sources": [change.source for change in changes],
        "externals": [change.external_id for change in changes],
        "units": [change.new.unit_id for change in changes],
        "languages": [change.new.language for change in changes],
        "dimensions": [json.dumps(dict(change.new.dimensions), sort_keys=True) for change in changes],
        "actives": [change.new.is_active for change in changes],
        "hired": [change.new.hired_on for change in changes],
        "names": [change.new.name for change in changes],
        "managers": [change.new.manager_id for change in changes],
    }


def _pairs(chosen: Iterable[tuple[UUID, Iterable[UUID]]]) -> dict[str, list[UUID]]:
    """One (person, unit) for each unit of each person."""
    pairs = [(person, unit) for person, units in chosen for unit in units]
    return {"ids": [person for person, _ in pairs], "units": [unit for _, unit in pairs]}
