"""Groups read: what they are by the mapping, where their attributes lie, and rows as resources."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scim2_models import Resource
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

from service.people.tables import Dimension
from service.people.unit_rows import LINE, PROJECT
from service.scim.filters import Entries, Kind, Source, Value
from service.scim.mapping import Groups, Mapping
from service.scim.user_rows import LINE as UNITS
from service.scim.user_rows import PROJECTS, P, U, table
from service.scim.within import Within, uuid_behind

DIMENSIONS = table(Dimension)
NO_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The groups of a tenant.

    Attributes:
        groups: `key` (a unit's id, or a value), `id` and `name` of each, and what else is told of them.
        members: `member_id`, `value` and `type` of whoever is in a group, beside it.
        source: where the attributes lie.
    """

    groups: Subquery
    members: Any
    source: Source

    def just(self, ids: Sequence[str]) -> ColumnElement[bool]:
        """That a group is one of these."""
        if isinstance(self.groups.c.key.type, Text):
            return self.groups.c.id == func.any(array(list(ids), type_=Text))
        wanted = [uuid_behind(one) or NO_ID for one in ids]
        return self.groups.c.key == func.any(array(wanted, type_=PG_UUID))


def hierarchy(mapping: Mapping) -> str:
    return PROJECT if mapping.groups is Groups.projects else LINE


def catalogue(tenant: UUID, mapping: Mapping) -> Catalogue:
    """Where the groups of a tenant are."""
    by_value = mapping.groups is Groups.dimension
    groups = (_values(tenant, str(mapping.dimension)) if by_value else _units(tenant, mapping)).subquery("g")
    people = _people(tenant, mapping, groups).correlate(groups)
    rows = people if by_value else union_all(people, _below(tenant, groups).correlate(groups))
    members = rows.lateral("m")
    member = Value(members.c.value, equal=lambda text: members.c.member_id == (uuid_behind(text) or NO_ID))
    entries = {"value": member, "type": Value(members.c.type)}
    values = {
        "id": Value(groups.c.id, equal=None if by_value else _is_unit(groups)),
        "displayName": Value(func.lower(func.normalize(groups.c.name))),
        "externalId": Value(groups.c.external_id),
        "meta": Value(literal("Group")),
        "meta.resourceType": Value(literal("Group")),
        "meta.created": Value(groups.c.created_at, Kind.moment),
        "meta.lastModified": Value(groups.c.updated_at, Kind.moment),
    }
    return Catalogue(groups, members, Source(values, {"members": Entries(members, true(), Source(entries))}))


def _is_unit(groups: Subquery) -> Any:
    return lambda text: groups.c.key == (uuid_behind(text) or NO_ID)


def _units(tenant: UUID, mapping: Mapping) -> Select[Any]:
    external = case((UNITS.c.external_id != cast(UNITS.c.unit_id, Text), UNITS.c.external_id))
    return select(
        UNITS.c.unit_id.label("key"),
        cast(UNITS.c.unit_id, Text).label("id"),
        UNITS.c.name,
        external.label("external_id"),
        UNITS.c.created_at,
        UNITS.c.updated_at,
        cast(UNITS.c.revision, Text).label("revision"),
    ).where(
        UNITS.c.tenant_id == tenant,
        UNITS.c.source == mapping.source,
        UNITS.c.hierarchy == hierarchy(mapping),
        UNITS.c.deleted_at.is_(None),
    )


def _values(tenant: UUID, dimension: str) -> Select[Any]:
    listed = func.jsonb_array_elements(DIMENSIONS.c["values"]).table_valued(column("one", JSONB)).render_derived()
    labels = func.jsonb_each_text(listed.c.one["label"]).table_valued("key", "value").render_derived()
    label = select(labels.c.value).select_from(labels).order_by(labels.c.key).limit(1).correlate(listed)
    key = listed.c.one["id"].astext
    return (
        select(
            key.label("key"),
            (literal(f"{dimension}.") + key).label("id"),
            label.scalar_subquery().label("name"),
            cast(null(), Text).label("external_id"),
            cast(null(), P.c.created_at.type).label("created_at"),
            cast(null(), P.c.created_at.type).label("updated_at"),
            func.md5(cast(listed.c.one, Text)).label("revision"),
        )
        .select_from(DIMENSIONS.join(listed, true()))
        .where(DIMENSIONS.c.tenant_id == tenant, DIMENSIONS.c.name == dimension)
    )


def _people(tenant: UUID, mapping: Mapping, groups: Subquery) -> Select[Any]:
    """The Users in a group; people whom another source told are in the unit, but are no Users."""
    rows = U.join(P, (P.c.tenant_id == U.c.tenant_id) & (P.c.person_id == U.c.person_id))
    found = select(
        U.c.person_id.label("member_id"), cast(U.c.person_id, Text).label("value"), literal("User").label("type")
    ).where(U.c.tenant_id == tenant)
    match mapping.groups:
        case Groups.units:
            return found.select_from(rows).where(P.c.tenant_id == tenant, P.c.unit_id == groups.c.key)
        case Groups.projects:
            both = (PROJECTS.c.tenant_id == U.c.tenant_id) & (PROJECTS.c.person_id == U.c.person_id)
            return found.select_from(U.join(PROJECTS, both)).where(
                PROJECTS.c.tenant_id == tenant, PROJECTS.c.unit_id == groups.c.key
            )
        case Groups.dimension:
            held = P.c.dimensions[str(mapping.dimension)].astext
            return found.select_from(rows).where(P.c.tenant_id == tenant, held == groups.c.key)


def _below(tenant: UUID, groups: Subquery) -> Select[Any]:
    child = UNITS.alias("child")
    return select(
        child.c.unit_id.label("member_id"), cast(child.c.unit_id, Text).label("value"), literal("Group").label("type")
    ).where(child.c.tenant_id == tenant, child.c.parent_id == groups.c.key, child.c.deleted_at.is_(None))


async def read(
    within: Within, model: type[Resource[Any]], ids: Sequence[str], *, with_members: bool
) -> list[Resource[Any]]:
    """These groups in this order; what is not there is left out."""
    if not ids:
        return []
    found = catalogue(within.tenant, within.mapping)
    # A person who joins or leaves changes no row of the group: who is in it is a part of its version.
    hashed = func.hashtextextended(found.members.c.value, bindparam(None, 0))
    crowd = select(func.concat(func.count(), ".", func.coalesce(func.sum(hashed), 0))).select_from(found.members)
    version = func.concat('W/"', found.groups.c.revision, ".", crowd.scalar_subquery(), '"')
    statement = select(found.groups, version.label("version")).where(found.just(ids))
    rows = {row.id: row for row in await within.tx.execute(statement)}
    members = await _members(within, found, ids) if with_members else {}
    return [_resource(rows[one], members.get(one, []), model) for one in ids if one in rows]


async def _members(within: Within, found: Catalogue, ids: Sequence[str]) -> Map[str, list[dict[str, str]]]:
    statement = (
        select(found.groups.c.id, found.members.c.value, found.members.c.type)
        .select_from(found.groups.join(found.members, true()))
        .where(found.just(ids))
        .order_by(found.members.c.type.desc(), found.members.c.value)
    )
    out: dict[str, list[dict[str, str]]] = {}
    for row in await within.tx.execute(statement):
        member = {"value": row.value, "$ref": f"{within.base}{row.type}s/{row.value}", "type": row.type}
        out.setdefault(row.id, []).append(member)
    return out


def _resource(row: Row[Any], members: list[dict[str, str]], model: type[Resource[Any]]) -> Resource[Any]:
    said: dict[str, Any] = {
        "id": row.id,
        "displayName": row.name,
        "externalId": row.external_id,
        "meta": {
            "resourceType": "Group",
            "created": row.created_at,
            "lastModified": row.updated_at,
            "version": row.version,
        },
    }
    return model.model_validate(said | ({"members": members} if members else {}))
