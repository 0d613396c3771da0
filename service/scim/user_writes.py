"""Users written, through the people domain: so a directory's changes have revisions and a history as all others have.

A User who was deleted and comes back under the same key is the same person again: their history goes on, and rosters
that name them stay true. A person whom somebody else told under that key (and source) is taken over as they are.
"""

import json
from collections.abc import Mapping as Map
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from scim2_models import PreconditionFailedException, Resource
from sqlalchemy import text

from service.campaigns.taking_part import lines
from service.kit.ids import new_id
from service.people import people_rows
from service.people.diff import Held
from service.people.people_rows import Change, Known
from service.people.renaming import rename
from service.scim.facts import Facts, facts_of
from service.scim.mapping import Groups, Unit
from service.scim.models import TAKEN
from service.scim.refusals import Gone, Refused, Taken
from service.scim.user_rows import read
from service.scim.within import Within, uuid_behind

_TAKEN: Final = text("SELECT person_id FROM scim_user WHERE tenant_id = :tenant AND user_name = :user_name")
_IS_USER: Final = text("SELECT EXISTS (SELECT FROM scim_user WHERE tenant_id = :tenant AND person_id = :person)")
_UNIT: Final = text("""
    SELECT unit_id FROM org_unit
    WHERE tenant_id = :tenant AND source = :source AND external_id = :unit AND hierarchy = 'line'
      AND deleted_at IS NULL
""")
_ABOVE: Final = text("""
    WITH RECURSIVE above (person_id) AS (
        SELECT CAST(:manager AS uuid)
        UNION SELECT p.manager_id FROM above a JOIN person p ON p.tenant_id = :tenant AND p.person_id = a.person_id
        WHERE p.manager_id IS NOT NULL
    )
    SELECT EXISTS (SELECT FROM above WHERE person_id = :person)
""")
_ADD: Final = text("""
    INSERT INTO scim_user (tenant_id, person_id, user_name, external_id, directory, updated_at)
    VALUES (:tenant, :person, :user_name, :external_id, CAST(:directory AS jsonb), :now)
""")
_CHANGE: Final = text("""
    UPDATE scim_user SET user_name = :user_name, external_id = :external_id, directory = CAST(:directory AS jsonb),
        updated_at = :now, revision = revision + 1
    WHERE tenant_id = :tenant AND person_id = :person
      AND (user_name, external_id, directory)
          IS DISTINCT FROM (:user_name, CAST(:external_id AS text), CAST(:directory AS jsonb))
""")
_REMOVE: Final = text("DELETE FROM scim_user WHERE tenant_id = :tenant AND person_id = :person")
# What `people_rows.write` leaves where nothing else of a person changes: that they are back.
_BACK: Final = text("""
    UPDATE person SET deleted_at = NULL, updated_at = :now, revision = revision + 1
    WHERE tenant_id = :tenant AND person_id = :person AND deleted_at IS NOT NULL
""")
_HAS_ID: Final = text("""
    SELECT person_id FROM scim_user WHERE tenant_id = :tenant AND external_id = :external_id LIMIT 1
""")
_DELETE: Final = text("UPDATE person SET deleted_at = :now WHERE tenant_id = :tenant AND person_id = :person")
_MANAGED: Final = text("""
    SELECT person_id, source, external_id FROM person
    WHERE tenant_id = :tenant AND manager_id = :person AND deleted_at IS NULL ORDER BY person_id
""")


async def create(within: Within, resource: Resource[Any]) -> UUID:
    """A new User, or one who is back."""
    facts = facts_of(resource, within.mapping)
    await _judge_name(within, facts, None)
    known = await _under_key(within, facts)
    if known is not None and await _is_user(within, known.person_id):
        raise Taken
    person = known.person_id if known is not None else new_id()
    old = known.held if known is not None else None
    taken_over = known is not None and not known.is_deleted
    start = known.held if known is not None and taken_over else Held(None)
    new = await _held(within, person, start, facts, taken_over=taken_over)
    await people_rows.write(
        within.tx, within.tenant, [Change(person, within.mapping.source, facts.external_id, old, new)], within.now
    )
    await within.tx.execute(_BACK, _values(within, person))
    await within.tx.execute(_ADD, _values(within, person, **_own(facts)))
    within.done["users_created"] += 1
    return person


async def update(within: Within, resource: Resource[Any], expected_version: str | None) -> UUID:
    """A User as they are to be, whole.

    A roster is signed with the ids by which other systems name its people: whoever gets another one keeps the old in
    Pouls until the waves that name them are over, and has the new one with the first change after that.
    """
    person = uuid_behind(resource.id)
    known = await _known(within, type(resource), person, expected_version)
    facts = facts_of(resource, within.mapping)
    await _judge_name(within, facts, known.person_id)
    other = await _under_key(within, facts)
    if other is not None and other.person_id != known.person_id:
        raise Taken
    new = await _held(within, known.person_id, known.held, facts, taken_over=False)
    key = await _key_of(within, known.person_id)
    change = Change(known.person_id, *key, known.held, new)
    await people_rows.write(within.tx, within.tenant, [change], within.now)
    if key[1] != facts.external_id and not await lines.waited_for(within.tx, within.tenant, known.person_id):
        await rename(within.tx, within.tenant, known.person_id, *key, facts.external_id, within.now)
    await within.tx.execute(_CHANGE, _values(within, known.person_id, **_own(facts)))
    within.done["users_changed"] += 1
    return known.person_id


async def delete(within: Within, model: type[Resource[Any]], resource_id: str, expected_version: str | None) -> None:
    """Take a User out of the organisation; the person's row stays for the rosters that name them."""
    known = await _known(within, model, uuid_behind(resource_id), expected_version)
    key = await _key_of(within, known.person_id)
    gone = replace(known.held, is_active=False, manager_id=None, projects=frozenset())
    changes = [Change(known.person_id, *key, known.held, gone)]
    managed = (await within.tx.execute(_MANAGED, _values(within, known.person_id))).all()
    theirs = await people_rows.known_by_id(within.tx, within.tenant, [row.person_id for row in managed])
    for row in managed:
        held = theirs[row.person_id].held
        changes.append(Change(row.person_id, row.source, row.external_id, held, replace(held, manager_id=None)))
    await people_rows.write(within.tx, within.tenant, changes, within.now)
    await within.tx.execute(_DELETE, _values(within, known.person_id))
    await within.tx.execute(_REMOVE, _values(within, known.person_id))
    within.done["users_deleted"] += 1


async def _known(
    within: Within, model: type[Resource[Any]], person: UUID | None, expected_version: str | None
) -> Known:
    """The person behind a User as they are now, who stay so: the organisation is locked."""
    found = await read(within, model, [person]) if person is not None else []
    if not found or person is None:
        raise Gone
    (user,) = found
    if expected_version is not None and (user.meta is None or user.meta.version != expected_version):
        raise PreconditionFailedException
    return (await people_rows.known_by_id(within.tx, within.tenant, [person]))[person]


async def _judge_name(within: Within, facts: Facts, person: UUID | None) -> None:
    taken = await within.tx.scalar(_TAKEN, {"tenant": within.tenant, "user_name": facts.user_name})
    if taken is not None and taken != person:
        raise Taken
    taken = await within.tx.scalar(_HAS_ID, {"tenant": within.tenant, "external_id": facts.external_id})
    if taken is not None and taken != person:
        raise Taken


async def _under_key(within: Within, facts: Facts) -> Known | None:
    key = (within.mapping.source, facts.external_id)
    return (await people_rows.known(within.tx, within.tenant, [key])).get(key)


async def _is_user(within: Within, person: UUID) -> bool:
    return bool(await within.tx.scalar(_IS_USER, {"tenant": within.tenant, "person": person}))


async def _key_of(within: Within, person: UUID) -> tuple[str, str]:
    found = text("SELECT source, external_id FROM person WHERE tenant_id = :tenant AND person_id = :person")
    source, external_id = (await within.tx.execute(found, {"tenant": within.tenant, "person": person})).one()
    return source, external_id


async def _held(within: Within, person: UUID, start: Held, facts: Facts, *, taken_over: bool) -> Held:
    """The person as they are to be; one who is taken over keeps what the directory does not say."""
    manager = await _manager(within, person, facts.manager)
    said = replace(
        start,
        unit_id=start.unit_id if within.mapping.unit is Unit.groups else await _unit(within, facts),
        language=facts.language,
        dimensions=_dimensions(within, start, facts),
        is_active=facts.is_active,
        hired_on=facts.hired_on,
        name=facts.name,
        manager_id=manager,
    )
    if not taken_over:
        return said
    return replace(
        said,
        unit_id=said.unit_id or start.unit_id,
        language=said.language or start.language,
        dimensions={**start.dimensions, **said.dimensions},
        hired_on=said.hired_on or start.hired_on,
        name=said.name or start.name,
        manager_id=said.manager_id or start.manager_id,
    )


async def _manager(within: Within, person: UUID, said: str | None) -> UUID | None:
    if said is None:
        return None
    manager = uuid_behind(said)
    if manager is None or (manager != person and not await _is_user(within, manager)):
        raise Refused("manager must be a User who is there.")
    if manager == person:
        raise Refused("manager must be somebody else.")
    above = {"tenant": within.tenant, "manager": manager, "person": person}
    if await within.tx.scalar(_ABOVE, above):
        raise Refused("manager must not be managed by this User.")
    return manager


async def _unit(within: Within, facts: Facts) -> UUID | None:
    if facts.unit is None:
        return None
    wanted = {"tenant": within.tenant, "source": within.mapping.source, "unit": facts.unit}
    found: UUID | None = await within.tx.scalar(_UNIT, wanted)
    if found is None:
        raise Refused("The person's unit must be the external id of a unit that is there.")
    return found


def _dimensions(within: Within, start: Held, facts: Facts) -> Map[str, str]:
    for name, value in facts.dimensions.items():
        if value not in within.dimensions.get(name, ()):
            raise Refused("A dimension must be declared, and its value one of the declared.")
    by_others = {within.mapping.dimension} if within.mapping.groups is Groups.dimension else set()
    unsaid = {name: value for name, value in start.dimensions.items() if name in TAKEN or name in by_others}
    return {**facts.dimensions, **unsaid}


def _values(within: Within, person: UUID, **more: Any) -> dict[str, Any]:
    return {"tenant": within.tenant, "person": person, "now": within.now, **more}


def _own(facts: Facts) -> dict[str, Any]:
    return {
        "user_name": facts.user_name,
        "external_id": facts.external_id,
        "directory": json.dumps(facts.directory),
    }
