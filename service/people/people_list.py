"""Whom there is, a page at a time: by source and external id, so that the index of these two finds any page at once."""

import json
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Row, Select, Text, func, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col

from service.kit.pages import Page, key_behind, page_of
from service.kit.reasons import ParameterFault
from service.kit.text import ExternalId, Slug
from service.people import schemas
from service.people.people_rows import Key
from service.people.tables import OrgUnit, Person, ProjectMember
from service.people.unit_rows import LINE
from service.problems import Invalid

# The longest id there can be, in JSON and base64.
CursorOfPeople = Annotated[
    str | None, Query(max_length=1800, description="opaque; from the `next` link of the page before")
]
_KEY: TypeAdapter[Key] = TypeAdapter(tuple[Slug, ExternalId])
# One step in the index for each source: there are few.
_SOURCES = text("""
    WITH RECURSIVE found (source) AS (
        (SELECT source FROM person WHERE tenant_id = :tenant ORDER BY source LIMIT 1)
        UNION ALL
        SELECT (SELECT p.source FROM person p WHERE p.tenant_id = :tenant AND p.source > found.source
                ORDER BY p.source LIMIT 1)
        FROM found WHERE found.source IS NOT NULL)
    SELECT source FROM found WHERE source IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which people; None: whatever theirs is."""

    source: str | None = None
    unit: str | None = None
    active: bool | None = None
    external_id: str | None = None


def behind(cursor: str | None) -> Key | None:
    """The key in a cursor. Raises Invalid."""
    key = key_behind(cursor)
    try:
        return _KEY.validate_json(key) if key is not None else None
    except ValidationError:
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")]) from None


async def people(
    tx: AsyncSession, tenant: UUID, asked: Asked, after: Key | None, limit: int
) -> Page[schemas.PersonOut]:
    """The people behind a key. Raises Invalid where there is no such unit."""
    conditions: list[ColumnElement[bool]] = []
    if asked.source is not None:
        conditions.append(col(Person.source) == asked.source)
    elif asked.external_id is not None:
        sources = (await tx.scalars(_SOURCES, {"tenant": tenant})).all()
        conditions.append(col(Person.source) == func.any(literal(sources, ARRAY(Text))))
    if asked.external_id is not None:
        conditions.append(col(Person.external_id) == asked.external_id)
    if asked.active is not None:
        conditions.append(col(Person.is_active) == asked.active)
    if asked.unit is not None:
        conditions.append(col(Person.unit_id).in_(await _units(tx, tenant, asked.source, asked.unit)))
    found = (await tx.execute(statement(tenant, conditions, after, limit + 1))).all()
    return page_of(found, limit, key=lambda row: json.dumps([row.source, row.external_id]), show=_shown)


async def _units(tx: AsyncSession, tenant: UUID, source: str | None, unit: str) -> list[UUID]:
    named = select(col(OrgUnit.unit_id)).where(
        col(OrgUnit.tenant_id) == tenant,
        col(OrgUnit.external_id) == unit,
        col(OrgUnit.hierarchy) == LINE,
        col(OrgUnit.deleted_at).is_(None),
    )
    if source is not None:
        named = named.where(col(OrgUnit.source) == source)
    units = list(await tx.scalars(named))
    if not units:
        raise Invalid(faults=[ParameterFault("unit", "query", "is not a known unit of the line")])
    return units


def statement(tenant: UUID, conditions: list[ColumnElement[bool]], after: Key | None, limit: int) -> Select[Any]:
    """A page is chosen first; what is told of its people beside their rows is looked up for these alone."""
    key = col(Person.source), col(Person.external_id)
    chosen = select(Person).where(col(Person.tenant_id) == tenant, col(Person.deleted_at).is_(None), *conditions)
    if after is not None:
        chosen = chosen.where(tuple_(*key) > tuple_(*map(literal, after)))
    p = chosen.order_by(*key).limit(limit).subquery("p").c
    unit, manager, project = aliased(OrgUnit), aliased(Person), aliased(OrgUnit)
    home = select(col(unit.external_id)).where(col(unit.tenant_id) == tenant, col(unit.unit_id) == p.unit_id)
    above = select(col(manager.external_id)).where(
        col(manager.tenant_id) == tenant, col(manager.person_id) == p.manager_id, col(manager.deleted_at).is_(None)
    )
    in_projects = select(func.array_agg(project.external_id)).where(
        col(ProjectMember.tenant_id) == tenant,
        col(ProjectMember.person_id) == p.person_id,
        col(project.tenant_id) == tenant,
        col(project.unit_id) == col(ProjectMember.unit_id),
    )
    told = (p.source, p.external_id, p.language, p.dimensions, p.hired_on, p.name, p.is_active)
    return select(
        *told,
        home.scalar_subquery().label("unit"),
        above.scalar_subquery().label("manager"),
        in_projects.scalar_subquery().label("projects"),
    ).order_by(p.source, p.external_id)


def _shown(row: Row[Any]) -> schemas.PersonOut:
    return schemas.PersonOut(
        source=row.source,
        external_id=row.external_id,
        unit=row.unit,
        language=row.language,
        dimensions=row.dimensions,
        hired_on=row.hired_on,
        name=row.name,
        manager=row.manager,
        projects=sorted(row.projects or ()),
        active=row.is_active,
    )
