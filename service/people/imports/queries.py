"""Reading imports and mappings back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.people.diff import Held, Kind
from service.people.imports import report, schemas
from service.people.imports.mapping import ImportMapping
from service.people.imports.parse import LISTED
from service.people.imports.plan import Entry, changed_fields, kept_before
from service.people.imports.tables import ImportMappingRow, PeopleImport
from service.people.people_rows import known_by_id
from service.problems import NotFound

_FIRST_OF_EACH = text("""
    SELECT lines.kind, lines.line, lines.person_id, lines.external_id, b.before FROM (
        SELECT l.kind, l.line, l.person_id, p.external_id,
               row_number() OVER (PARTITION BY l.kind ORDER BY l.line, p.external_id COLLATE "C") AS place
        FROM people_import_part i
        CROSS JOIN LATERAL unnest(i.person_ids, i.kinds, i.lines) AS l (person_id, kind, line)
        JOIN person p ON p.tenant_id = i.tenant_id AND p.person_id = l.person_id
        WHERE i.tenant_id = :tenant AND i.import_id = :import
    ) AS lines
    LEFT JOIN people_import_line b
        ON b.tenant_id = :tenant AND b.import_id = :import AND b.person_id = lines.person_id
    WHERE lines.place <= :listed ORDER BY lines.kind, lines.place
""")
_UNITS = text(
    "SELECT unit_id, external_id FROM org_unit WHERE tenant_id = :tenant AND unit_id = ANY(CAST(:ids AS uuid[]))"
)


async def row_of(tx: AsyncSession, tenant: UUID, import_id: UUID) -> PeopleImport:
    """Raises NotFound."""
    row = await tx.get(PeopleImport, (tenant, import_id))
    if row is None:
        raise NotFound
    return row


async def imports(
    tx: AsyncSession, tenant: UUID, source: str | None, before: UUID | None, limit: int
) -> Page[schemas.ImportSummary]:
    """The latest first."""
    statement = select(PeopleImport).where(col(PeopleImport.tenant_id) == tenant)
    if source is not None:
        statement = statement.where(col(PeopleImport.source) == source)
    if before is not None:
        statement = statement.where(col(PeopleImport.import_id) < before)
    found = (await tx.scalars(statement.order_by(col(PeopleImport.import_id).desc()).limit(limit + 1))).all()
    return page_of(found, limit, key=lambda row: str(row.import_id), show=report.summary)


async def one(tx: AsyncSession, tenant: UUID, import_id: UUID) -> schemas.PeopleImportOut:
    """An import with its report; whom it changed, as far as they are still there. Raises NotFound."""
    row = await row_of(tx, tenant, import_id)
    people = None
    if row.state in {"applied", "undone"}:
        people = report.lists_of(await _listed(tx, tenant, import_id, is_undone=row.state == "undone"))
    return report.shown(row, people)


async def _listed(tx: AsyncSession, tenant: UUID, import_id: UUID, *, is_undone: bool) -> dict[str, list[Entry]]:
    given = {"tenant": tenant, "import": import_id, "listed": LISTED}
    lines = (await tx.execute(_FIRST_OF_EACH, given)).all()
    now = await known_by_id(tx, tenant, [line.person_id for line in lines])
    befores = {line.person_id: kept_before(line.before) for line in lines if _was_there(line.before)}
    units = {held.unit_id for held in befores.values()} | {known.held.unit_id for known in now.values()}
    names = await _units(tx, tenant, [unit for unit in units if unit is not None])
    out: dict[str, list[Entry]] = {}
    for line in lines:
        old, new = befores.get(line.person_id), now[line.person_id].held
        changed = changed_fields(old, new) if old is not None and not is_undone else []
        to_unit = None if is_undone or line.kind == Kind.leaver else _unit(names, new)
        entry = Entry(line.line, line.external_id, _unit(names, old), to_unit, changed)
        out.setdefault(line.kind, []).append(entry)
    return out


def _was_there(before: Mapping[str, Any] | None) -> bool:
    return before is not None and not before["deleted"]


def _unit(names: Mapping[UUID, str], held: Held | None) -> str | None:
    return names.get(held.unit_id) if held is not None and held.unit_id is not None else None


async def _units(tx: AsyncSession, tenant: UUID, ids: list[UUID]) -> dict[UUID, str]:
    return {row.unit_id: row.external_id for row in await tx.execute(_UNITS, {"tenant": tenant, "ids": ids})}


async def mapping(tx: AsyncSession, tenant: UUID, source: str) -> ImportMapping | None:
    """How files of the source are read, where somebody has said so."""
    row: Any = await tx.get(ImportMappingRow, (tenant, source))
    return ImportMapping.model_validate(row.mapping) if row is not None else None
