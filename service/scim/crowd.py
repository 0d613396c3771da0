"""People moved many at a time: who is meant, and a change of each through the people domain."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from service.people import people_rows
from service.people.diff import Held
from service.people.people_rows import CHUNK, Change
from service.scim.within import Within, uuid_behind

_USERS: Final = text("""
    SELECT person_id FROM scim_user WHERE tenant_id = :tenant AND person_id = ANY(CAST(:ids AS uuid[]))
""")
_KEYS: Final = text("""
    SELECT person_id, source, external_id FROM person
    WHERE tenant_id = :tenant AND person_id = ANY(CAST(:ids AS uuid[])) ORDER BY person_id
""")


@dataclass(frozen=True, slots=True)
class Named:
    """Members by what they are; `others` are no Users."""

    users: frozenset[UUID]
    others: frozenset[str]


async def named(within: Within, ids: Iterable[str]) -> Named:
    """Which of these ids are Users'."""
    given = {one: uuid_behind(one) for one in ids}
    wanted = [one for one in given.values() if one is not None]
    found = set(await within.tx.scalars(_USERS, {"tenant": within.tenant, "ids": wanted})) if wanted else set()
    return Named(frozenset(found), frozenset(one for one, person in given.items() if person not in found))


async def move(within: Within, people: Iterable[UUID], to: Callable[[Held], Held]) -> None:
    """Change each of them; who is there already stays as they are."""
    everybody = sorted(people)
    for start in range(0, len(everybody), CHUNK):
        await _move(within, everybody[start : start + CHUNK], to)


async def _move(within: Within, people: Sequence[UUID], to: Callable[[Held], Held]) -> None:
    known = await people_rows.known_by_id(within.tx, within.tenant, people)
    rows: Any = await within.tx.execute(_KEYS, {"tenant": within.tenant, "ids": list(people)})
    changes = [
        Change(row.person_id, row.source, row.external_id, known[row.person_id].held, to(known[row.person_id].held))
        for row in rows
    ]
    await people_rows.write(within.tx, within.tenant, changes, within.now)
    within.done["people_moved"] += sum(change.old != change.new for change in changes)
