"""Another id for a person, wherever they are named by it; who writes holds the organisation's lock.

Rosters are signed with the old one: only for people whom no wave that is not over names.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

_RENAME = text("""
    UPDATE person SET external_id = :new, revision = revision + 1, updated_at = :now
    WHERE tenant_id = :tenant AND person_id = :person
""")
_UNITS = text("""
    UPDATE org_unit SET manager = :new, revision = revision + 1, updated_at = :now
    WHERE tenant_id = :tenant AND source = :source AND manager = :old
""")
_UNITS_THEN = text("""
    UPDATE org_unit_version v SET manager = :new FROM org_unit u
    WHERE v.tenant_id = :tenant AND u.tenant_id = v.tenant_id AND u.unit_id = v.unit_id AND u.source = :source
      AND v.manager = :old
""")
_SPLITS = text("""
    SELECT reorganisation_id, wanted FROM reorganisation
    WHERE tenant_id = :tenant AND wanted ->> 'source' = :source
      AND jsonb_path_exists(wanted, '$.splits[*].parts[*].people[*] ? (@ == $id)',
                            jsonb_build_object('id', CAST(:old AS text)))
""")
_SPLIT = text("""
    UPDATE reorganisation SET wanted = :wanted WHERE tenant_id = :tenant AND reorganisation_id = :reorganisation
""").bindparams(bindparam("wanted", type_=JSONB))


async def rename(tx: AsyncSession, tenant: UUID, person: UUID, source: str, old: str, new: str, now: datetime) -> None:
    """From `old` to `new`, both ids of the source."""
    named = {"tenant": tenant, "source": source, "old": old, "new": new}
    await tx.execute(_RENAME, {"tenant": tenant, "person": person, "new": new, "now": now})
    await tx.execute(_UNITS, named | {"now": now})
    await tx.execute(_UNITS_THEN, named)
    for row in (await tx.execute(_SPLITS, {"tenant": tenant, "source": source, "old": old})).all():
        wanted = _renamed(row.wanted, old, new)
        values = {"tenant": tenant, "reorganisation": row.reorganisation_id, "wanted": wanted}
        await tx.execute(_SPLIT, values)


def _renamed(wanted: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    for split in wanted["splits"]:
        for part in split["parts"]:
            part["people"] = [new if person == old else person for person in part["people"]]
    return wanted
