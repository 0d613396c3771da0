"""Taking an import back, as long as nobody else has changed what it changed: rows are at the revision it left."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from service.people import people_rows
from service.people.diff import Held
from service.people.imports import schemas
from service.people.imports.parse import LISTED
from service.people.imports.plan import kept_before
from service.people.imports.problems import ImportNotUndone, ImportRunning
from service.people.imports.queries import row_of
from service.people.imports.tables import PeopleImport
from service.people.lock import lock_organisation
from service.people.people_rows import Change
from service.people.put_people import Places, places_of
from service.people.tree import in_cycles
from service.tenants.actions import audit
from service.tenants.principals import Principal

_LATER = text("""
    SELECT EXISTS (SELECT FROM people_import WHERE tenant_id = :tenant AND source = :source AND state = 'applied'
                   AND import_id > :import)
""")
_PARTS = text("""
    SELECT part FROM people_import_part WHERE tenant_id = :tenant AND import_id = :import ORDER BY part
""")
_LINES = text("""
    SELECT l.person_id, b.before FROM people_import_part i
    CROSS JOIN LATERAL unnest(i.person_ids) AS l (person_id)
    JOIN person p ON p.tenant_id = i.tenant_id AND p.person_id = l.person_id
    LEFT JOIN people_import_line b
        ON b.tenant_id = i.tenant_id AND b.import_id = i.import_id AND b.person_id = l.person_id
    WHERE i.tenant_id = :tenant AND i.import_id = :import AND i.part = :part
""")
# Who was erased since is not there any more: the import is taken back without them.
_CHANGED = text("""
    SELECT l.line, p.external_id, count(*) OVER () AS total FROM people_import_part i
    CROSS JOIN LATERAL unnest(i.person_ids, i.revisions, i.lines) AS l (person_id, revision, line)
    JOIN person p ON p.tenant_id = i.tenant_id AND p.person_id = l.person_id
    WHERE i.tenant_id = :tenant AND i.import_id = :import AND p.revision <> l.revision
    ORDER BY l.line NULLS LAST, p.external_id LIMIT :listed
""")
_HIDE = text("""
    UPDATE person SET deleted_at = :now, updated_at = :now, revision = revision + 1
    WHERE tenant_id = :tenant AND person_id = ANY(CAST(:ids AS uuid[]))
""")
_LEFT_BEHIND = text("""
    SELECT EXISTS (
        SELECT FROM people_import_part i
        CROSS JOIN LATERAL unnest(i.person_ids) AS gone (person_id)
        JOIN person p ON p.tenant_id = i.tenant_id AND p.manager_id = gone.person_id AND p.deleted_at IS NULL
        WHERE i.tenant_id = :tenant AND i.import_id = :import AND NOT EXISTS (
            SELECT FROM people_import_line b
            WHERE b.tenant_id = i.tenant_id AND b.import_id = i.import_id AND b.person_id = gone.person_id))
""")
_TAKEN_OVER = text("""
    SELECT EXISTS (
        SELECT FROM people_import_part i
        CROSS JOIN LATERAL unnest(i.person_ids) AS gone (person_id)
        JOIN person p ON p.tenant_id = i.tenant_id AND p.person_id = gone.person_id AND p.deleted_at IS NOT NULL
        JOIN scim_user s ON s.tenant_id = p.tenant_id AND s.person_id = p.person_id
        WHERE i.tenant_id = :tenant AND i.import_id = :import)
""")
_LINKS = text("SELECT person_id, manager_id FROM person WHERE tenant_id = :tenant AND deleted_at IS NULL")
# Units that it made, from the lowest up, as long as nothing is in them; who looks at them holds the lock.
_EMPTY = text("""
    UPDATE org_unit u SET deleted_at = :now, updated_at = :now, revision = u.revision + 1, is_active = false
    FROM people_import_unit i
    WHERE i.tenant_id = :tenant AND i.import_id = :import AND u.tenant_id = i.tenant_id AND u.unit_id = i.unit_id
      AND u.deleted_at IS NULL
      AND NOT EXISTS (SELECT FROM person p WHERE p.tenant_id = u.tenant_id AND p.unit_id = u.unit_id
                      AND p.deleted_at IS NULL)
      AND NOT EXISTS (SELECT FROM org_unit c WHERE c.tenant_id = u.tenant_id AND c.parent_id = u.unit_id
                      AND c.deleted_at IS NULL)
    RETURNING u.unit_id
""")
# They were there until today.
_ENDED = text("""
    INSERT INTO org_unit_version (tenant_id, unit_id, valid_from, name, parent_id, manager, is_active)
    SELECT tenant_id, unit_id, CAST(:day AS date), name, parent_id, manager, false FROM org_unit
    WHERE tenant_id = :tenant AND unit_id = ANY(CAST(:units AS uuid[]))
    ON CONFLICT (tenant_id, unit_id, valid_from) DO UPDATE SET is_active = false
""")
_UNDONE = text("""
    UPDATE people_import SET state = 'undone', undone_at = :now WHERE tenant_id = :tenant AND import_id = :import
""")


async def undo(tx: AsyncSession, caller: Principal, import_id: UUID, now: datetime) -> schemas.ImportUndone:
    """Put everybody back as they were before. Raises NotFound, ImportRunning, ImportNotUndone."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant, ImportRunning)
    row = await row_of(tx, tenant, import_id)
    await _refuse(tx, row)
    places = await places_of(tx, tenant, now)
    given = {"tenant": tenant, "import": import_id}
    people = 0
    for part in (await tx.scalars(_PARTS, given)).all():
        lines = (await tx.execute(_LINES, given | {"part": part})).all()
        await _put_back(tx, tenant, lines, places, now)
        people += len(lines)
    if await tx.scalar(_LEFT_BEHIND, given):
        raise ImportNotUndone("Somebody has been given a manager who came with this import.")
    if await tx.scalar(_TAKEN_OVER, given):
        raise ImportNotUndone("A directory looks after somebody who came with this import.")
    await _refuse_wrong_managers(tx, tenant)
    units = 0
    while emptied := list((await tx.scalars(_EMPTY, given | {"now": now})).all()):
        day = now.astimezone(UTC).date()
        await tx.execute(_ENDED, {"tenant": tenant, "day": day, "units": emptied})
        units += len(emptied)
    await tx.execute(_UNDONE, given | {"now": now})
    audit(tx, tenant, now, caller.actor, "people.import_undone", str(import_id), people=people, units=units)
    return schemas.ImportUndone(id=import_id, state="undone", people=people, units=units)


async def _refuse(tx: AsyncSession, row: PeopleImport) -> None:
    if row.state != "applied":
        raise ImportNotUndone(f"It is {row.state}: there is nothing to take back.")
    given = {"tenant": row.tenant_id, "import": row.import_id}
    if await tx.scalar(_LATER, given | {"source": row.source}):
        raise ImportNotUndone("A later import of this source has to be taken back first.")
    changed = (await tx.execute(_CHANGED, given | {"listed": LISTED})).all()
    if changed:
        total = changed[0].total
        raise ImportNotUndone(
            f"{total} of the people whom it changed have been changed since.",
            people=[{"line": row.line, "external_id": row.external_id} for row in changed],
            people_total=total,
        )


async def _refuse_wrong_managers(tx: AsyncSession, tenant: UUID) -> None:
    """Managers as they would be again: each there, and none above themselves."""
    links: dict[UUID, UUID | None] = {
        row.person_id: row.manager_id for row in await tx.execute(_LINKS, {"tenant": tenant})
    }
    gone = any(manager is not None and manager not in links for manager in links.values())
    looped: set[UUID] = await asyncio.to_thread(in_cycles, links)
    if gone or looped:
        raise ImportNotUndone("Somebody would have a manager again who has left, or whom they manage by now.")


def _refuse_place(held: Held, places: Places) -> None:
    lines, projects = set(places.line.values()), set(places.projects.values())
    if (held.unit_id is not None and held.unit_id not in lines) or not held.projects <= projects:
        raise ImportNotUndone("Somebody would be in a unit again that is there no more.")
    if any(value not in places.values.get(name, ()) for name, value in held.dimensions.items()):
        raise ImportNotUndone("Somebody would hold a value again that is not declared any more.")


async def _put_back(tx: AsyncSession, tenant: UUID, lines: Sequence[Row[Any]], places: Places, now: datetime) -> None:
    found = await people_rows.known_by_id(tx, tenant, [line.person_id for line in lines])
    changes: list[Change] = []
    hidden: list[UUID] = []
    for line in lines:
        known = found[line.person_id]
        held = known.held
        if line.before is None:
            new = replace(held, is_active=False, manager_id=None)
            hidden.append(line.person_id)
        else:
            new = kept_before(line.before)
            if new != held:
                _refuse_place(new, places)
            if line.before["deleted"]:
                hidden.append(line.person_id)
        changes.append(Change(known.person_id, *known.key, held, new))
    await people_rows.write(tx, tenant, changes, now)
    if hidden:
        await tx.execute(_HIDE, {"tenant": tenant, "ids": hidden, "now": now})
