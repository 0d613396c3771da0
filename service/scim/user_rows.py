"""Users read: where their attributes lie, and rows as resources."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from scim2_models import Resource
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    Text,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.sql.util import find_tables
from sqlmodel import SQLModel

from service.people.tables import OrgUnit, Person, ProjectMember
from service.scim.filters import Entries, Kind, Source, Value
from service.scim.folding import ENTERPRISE, PERSON
from service.scim.mapping import Groups, Mapping, Unit
from service.scim.models import TAKEN
from service.scim.tables import ScimUser
from service.scim.within import Within, uuid_behind


def table(model: type[SQLModel]) -> Any:
    return model.__table__  # type: ignore[attr-defined]  # every table model has it


U, P, LINE, PROJECTS = (table(model) for model in (ScimUser, Person, OrgUnit, ProjectMember))
KEYS = U.c.directory["keys"]
VERSION = func.concat('W/"', P.c.revision, ".", U.c.revision, '"')
MODIFIED = func.greatest(P.c.updated_at, U.c.updated_at)


def source(mapping: Mapping) -> Source:
    """Where the attributes of a User lie."""
    manager = Value(cast(P.c.manager_id, Text), equal=lambda text: _just(P.c.manager_id, text))
    values = {
        "id": Value(cast(U.c.person_id, Text), equal=lambda text: _just(U.c.person_id, text)),
        "userName": Value(U.c.user_name, is_unique=True),
        "displayName": Value(U.c.display_name),
        "externalId": _EXTERNAL_ID,
        "active": Value(case((or_(~P.c.is_active, KEYS.has_key("active")), P.c.is_active)), Kind.flag),
        "meta": Value(literal("User")),
        "meta.resourceType": Value(literal("User")),
        "meta.created": Value(P.c.created_at, Kind.moment),
        "meta.lastModified": Value(MODIFIED, Kind.moment),
        "meta.version": Value(VERSION),
        f"{ENTERPRISE}:manager": manager,
        f"{ENTERPRISE}:manager.value": manager,
        f"{PERSON}:hiredOn": Value(func.to_char(P.c.hired_on, "YYYY-MM-DD", type_=Text)),
        f"{PERSON}:unit": Value(LINE.c.external_id),
    }
    if mapping.unit is Unit.department:
        values[f"{ENTERPRISE}:department"] = Value(func.lower(func.normalize(LINE.c.external_id)))
    return Source(_WithDimensions(values), {"groups": _groups(mapping)}, KEYS)


class _WithDimensions(dict[str, Value]):
    """Any other attribute of our extension is a dimension."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or str(name).startswith(f"{PERSON}:")

    def __missing__(self, name: str) -> Value:
        return Value(P.c.dimensions[name.removeprefix(f"{PERSON}:")].astext)


def _just(column: Any, text: str) -> ColumnElement[bool]:
    wanted = uuid_behind(text)
    return column == wanted if wanted is not None else false()


_SAID = func.jsonb_extract_path_text(KEYS, "externalId")
# Where there is no externalId, the column has the userName: the index finds whom the document has to confirm.
_EXTERNAL_ID = Value(_SAID, equal=lambda wanted: (U.c.external_id == wanted) & (wanted == _SAID))


def _groups(mapping: Mapping) -> Entries:
    """The groups of a User, as rows of one column."""
    match mapping.groups:
        case Groups.units:
            rows = select(cast(P.c.unit_id, Text).label("value")).where(P.c.unit_id.is_not(None)).correlate(P)
        case Groups.projects:
            mine = (PROJECTS.c.tenant_id == U.c.tenant_id) & (PROJECTS.c.person_id == U.c.person_id)
            rows = select(cast(PROJECTS.c.unit_id, Text).label("value")).where(mine).correlate(U)
        case Groups.dimension:
            held = P.c.dimensions[str(mapping.dimension)].astext
            rows = (
                select((literal(f"{mapping.dimension}.") + held).label("value")).where(held.is_not(None)).correlate(P)
            )
    found = rows.lateral()
    collection = {"value": Value(found.c.value), "type": Value(literal("direct"))}
    return Entries(found, true(), Source(collection))


def joined(*used: ColumnElement[Any] | None) -> FromClause:
    """The tables that these expressions read, and no more: a page's ids are then read off an index alone."""
    tables = {table for one in used if one is not None for table in find_tables(one, check_columns=True)}
    rows: Any = U
    if P in tables or LINE in tables:
        rows = rows.join(P, (P.c.tenant_id == U.c.tenant_id) & (P.c.person_id == U.c.person_id))
    if LINE in tables:
        rows = rows.outerjoin(LINE, (LINE.c.tenant_id == P.c.tenant_id) & (LINE.c.unit_id == P.c.unit_id))
    found: FromClause = rows
    return found


def _whole(tenant: UUID) -> Select[Any]:
    projects = (
        select(PROJECTS.c.unit_id)
        .where(PROJECTS.c.tenant_id == P.c.tenant_id, PROJECTS.c.person_id == P.c.person_id)
        .order_by(PROJECTS.c.unit_id)
        .scalar_subquery()
    )
    return (
        select(
            U.c.person_id,
            U.c.directory["kept"].label("kept"),
            P.c.is_active,
            P.c.manager_id,
            P.c.hired_on,
            P.c.dimensions,
            P.c.unit_id,
            P.c.created_at,
            MODIFIED.label("updated_at"),
            VERSION.label("version"),
            LINE.c.external_id.label("unit"),
            func.array(projects, type_=ARRAY(PG_UUID)).label("projects"),
        )
        .select_from(joined(P.c.person_id, LINE.c.unit_id))
        .where(U.c.tenant_id == tenant)
    )


async def read(within: Within, model: type[Resource[Any]], ids: Sequence[UUID]) -> list[Resource[Any]]:
    """These Users in this order; who is not there is left out."""
    if not ids:
        return []
    statement = _whole(within.tenant).where(U.c.person_id == func.any(array(list(ids), type_=PG_UUID)))
    found = {row.person_id: row for row in await within.tx.execute(statement)}
    return [_resource(found[one], within, model) for one in ids if one in found]


def _resource(row: Row[Any], within: Within, model: type[Resource[Any]]) -> Resource[Any]:
    mapping = within.mapping
    said: dict[str, Any] = {**row.kept, "id": str(row.person_id)}
    said.pop("active", None)
    if not row.is_active or "active" in row.kept:
        said["active"] = row.is_active
    said["meta"] = {
        "resourceType": "User",
        "created": row.created_at,
        "lastModified": row.updated_at,
        "version": row.version,
    }
    extensions = model.get_extension_models()
    enterprise = dict(said.pop(ENTERPRISE, {}))
    if row.manager_id is not None:
        enterprise["manager"] = {"value": str(row.manager_id), "$ref": f"{within.base}Users/{row.manager_id}"}
    if mapping.unit is Unit.department:
        enterprise["department"] = row.unit
    if any(enterprise.values()) and ENTERPRISE in extensions:
        said[ENTERPRISE] = enterprise
    ours = {name: value for name, value in row.dimensions.items() if name not in TAKEN}
    ours |= {"hiredOn": row.hired_on.isoformat() if row.hired_on else None, "unit": row.unit}
    if any(ours.values()) and PERSON in extensions:
        said[PERSON] = ours
    groups = _group_ids(row, mapping)
    if groups:
        said["groups"] = [{"value": one, "$ref": f"{within.base}Groups/{one}", "type": "direct"} for one in groups]
    return model.model_validate(said)


def _group_ids(row: Row[Any], mapping: Mapping) -> list[str]:
    match mapping.groups:
        case Groups.units:
            return [str(row.unit_id)] if row.unit_id is not None else []
        case Groups.projects:
            return [str(one) for one in row.projects]
        case Groups.dimension:
            value = row.dimensions.get(mapping.dimension)
            return [f"{mapping.dimension}.{value}"] if value is not None else []
