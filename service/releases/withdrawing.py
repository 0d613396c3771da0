"""Taking a release back: it stays what it was, and is not shown any more. What was seen of it still counts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit import outbox
from service.kit.reasons import Fault
from service.problems import Invalid, NotFound
from service.releases.events import ReleaseWithdrawn
from service.releases.problems import NotPublished
from service.releases.schemas import WithdrawalIn
from service.releases.tables import Release
from service.tenants.actions import audit
from service.tenants.principals import Principal


async def locked(tx: AsyncSession, tenant: UUID, release_id: UUID) -> Release:
    """A release that nobody else withdraws meanwhile. Raises NotFound."""
    found = (await tx.scalars(select(Release).where(_mine(tenant, release_id)).with_for_update())).one_or_none()
    if found is None:
        raise NotFound
    return found


async def withdraw(tx: AsyncSession, caller: Principal, found: Release, given: WithdrawalIn, now: datetime) -> Release:
    """The release, withdrawn.

    Of one that was withdrawn before, the first moment and reason stay; what replaces it may be told then, once.

    Raises:
        NotPublished: there is nothing to withdraw.
        Invalid: what is to replace it can not.
    """
    if found.status != "published":
        raise NotPublished
    before = _state(found)
    after = dict(before)
    if found.withdrawn_at is None:
        after |= {"withdrawn_at": now, "withdrawn_because": given.reason}
    if given.replaced_by is not None and found.replaced_by is None:
        await _check(tx, found, given.replaced_by)
        after["replaced_by"] = given.replaced_by
    if after == before:
        return found
    # As the database writes it down: by this moment readers go on where they were.
    mine = _mine(found.tenant_id, found.release_id)
    await tx.execute(update(Release).where(mine).values(**after, changed_at=func.clock_timestamp()))
    await tx.refresh(found)
    audit(
        tx, found.tenant_id, now, caller.actor, "release.withdrawn", str(found.release_id), before=before, after=after
    )
    if before["withdrawn_at"] is None:
        event = ReleaseWithdrawn(
            campaign_id=UUID(found.manifest["campaign"]["id"]), wave_id=found.wave_id, release_id=found.release_id
        )
        await outbox.add(tx, found.tenant_id, event, now)
    return found


def _mine(tenant: UUID, release_id: UUID) -> ColumnElement[bool]:
    return (col(Release.tenant_id) == tenant) & (col(Release.release_id) == release_id)


def _state(found: Release) -> dict[str, object]:
    return {name: getattr(found, name) for name in ("withdrawn_at", "withdrawn_because", "replaced_by")}


async def _check(tx: AsyncSession, found: Release, by: UUID) -> None:
    """Raises Invalid where a release can not replace another one."""
    other = await tx.get(Release, (found.tenant_id, by))
    if (
        other is None
        or other.release_id == found.release_id
        or other.status != "published"
        or other.withdrawn_at is not None
        or other.manifest["campaign"]["id"] != found.manifest["campaign"]["id"]
    ):
        raise Invalid(faults=[Fault("/replaced_by", "must be another published release of the same campaign")])
