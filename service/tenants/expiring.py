"""Notice before an API key ends: 30 days, 7 days and one day ahead, by a job of the key's own."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.kit import jobs, outbox
from service.kit.clock import Clock
from service.kit.jobs import Due, Handler
from service.tenants.events import KeyExpiring

JOB = "key_expiring"
AHEAD = (timedelta(days=30), timedelta(days=7), timedelta(days=1))
_KEY = text("SELECT expires_at, revoked_at FROM api_key WHERE tenant_id = :tenant AND key_id = :key")


def next_notice(expires_at: datetime, now: datetime) -> datetime | None:
    """The next moment at which to tell; None where the last one is past."""
    return next((expires_at - ahead for ahead in AHEAD if expires_at - ahead > now), None)


async def foresee(tx: AsyncSession, tenant: UUID, key_id: UUID, expires_at: datetime | None, now: datetime) -> None:
    """Ask for the notices of a key that has an end."""
    first = None if expires_at is None else next_notice(expires_at, now)
    if first is not None:
        await jobs.enqueue(tx, tenant, JOB, key_id, first)


def teller(clock: Clock) -> Handler:
    """The job that tells of a key's end; nothing of one that was revoked, or has ended."""

    async def tell(tx: AsyncSession, due: Due) -> datetime | None:
        row = (await tx.execute(_KEY, {"tenant": due.tenant_id, "key": due.subject_id})).one_or_none()
        now = clock()
        if row is None or row.revoked_at is not None or row.expires_at is None or row.expires_at <= now:
            return None
        await outbox.add(tx, due.tenant_id, KeyExpiring(key_id=due.subject_id, expires_at=row.expires_at), now)
        return next_notice(row.expires_at, now)

    return tell
