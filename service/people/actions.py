"""Writing the organisation down: its dimensions, and what the audit log says of a call.

Units and people have a file each. The rows are all there when a call begins (see `spool`): whoever waits for the
organisation (see `lock`) waits for us, never for a client.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit.lines import Refusals
from service.kit.reasons import Fault
from service.people import schemas
from service.people.lock import lock_organisation
from service.people.queries import declared
from service.people.tables import Dimension
from service.problems import Conflict, Invalid
from service.tenants.actions import audit
from service.tenants.principals import Principal

TWICE = Fault("/external_id", "is in this call already")
NOT_YET = Fault("/valid_from", "must not lie in the future; plan a reorganisation instead")


class Fingerprints:
    """Which keys a call has named already: eight bytes a row, so that a call of any length stays small."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def first(self, *parts: str) -> bool:
        digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        if number in self._seen:
            return False
        self._seen.add(number)
        return True


async def put_dimensions(
    tx: AsyncSession, caller: Principal, dimensions: Sequence[schemas.Dimension], now: datetime
) -> None:
    """Declare dimensions or replace their lists; a value that somebody holds can not be taken away."""
    tenant = caller.tenant_id
    await lock_organisation(tx, tenant)
    known = await declared(tx, tenant)
    faults = []
    names: set[str] = set()
    for index, dimension in enumerate(dimensions):
        ids = [value.id for value in dimension.values]
        if dimension.name in names:
            faults.append(Fault(f"/{index}/name", "is in this call already"))
        if len(set(ids)) < len(ids):
            faults.append(Fault(f"/{index}/values", "must not repeat an id"))
        names.add(dimension.name)
    if faults:
        raise Invalid(faults=faults)
    created = updated = 0
    for index, dimension in enumerate(dimensions):
        old, new = known.get(dimension.name), [value.model_dump() for value in dimension.values]
        if old == new:
            continue
        gone = {value["id"] for value in old or ()} - {value["id"] for value in new}
        if gone and await _held(tx, tenant, dimension.name, gone):
            raise Conflict("A value that people hold can not be removed.", faults=[Fault(f"/{index}/values", "in use")])
        statement = insert(Dimension).values(tenant_id=tenant, name=dimension.name, values=new)
        await tx.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant_id", "name"], set_={"values": statement.excluded["values"]}
            )
        )
        created, updated = created + (old is None), updated + (old is not None)
    if created or updated:
        detail = {"created": created, "updated": updated, "unchanged": len(dimensions) - created - updated}
        audit(tx, tenant, now, caller.actor, "dimensions.put", str(tenant), **detail)


async def _held(tx: AsyncSession, tenant: UUID, name: str, gone: set[str]) -> bool:
    statement = text("""
        SELECT EXISTS (SELECT FROM person WHERE tenant_id = :tenant AND dimensions ->> :name = ANY(:gone))
    """)
    return bool(await tx.scalar(statement, {"tenant": tenant, "name": name, "gone": sorted(gone)}))


def report(created: int, updated: int, unchanged: int, refusals: Refusals) -> schemas.UpsertOut:
    return schemas.UpsertOut(
        created=created,
        updated=updated,
        unchanged=unchanged,
        refused=refusals.rows,
        refusals=[schemas.Refusal(pointer=fault.pointer, reason=fault.reason) for fault in refusals.faults],
    )


def write_down(tx: AsyncSession, caller: Principal, now: datetime, action: str, report: schemas.UpsertOut) -> None:
    """In the audit log: how many rows, never whose. A call that changed nothing is no act."""
    if report.created or report.updated:
        counts = report.model_dump(include={"created", "updated", "unchanged", "refused"})
        audit(tx, caller.tenant_id, now, caller.actor, action, str(caller.tenant_id), **counts)
