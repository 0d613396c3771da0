"""Who has answered, looked at once a day at most, and only when k more have: what is told of it never shows one person.

Two looks that differ by fewer would tell who answered in between.
"""

from datetime import date, datetime
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.tables import ParticipationSnapshot, Wave

Marks = NDArray[np.bool_]
_COUNT = text("SELECT count(*) FROM spent_code WHERE tenant_id = :tenant AND wave_id = :wave")
_SERIALS = text("SELECT serial FROM spent_code WHERE tenant_id = :tenant AND wave_id = :wave")


class Snapshot(NamedTuple):
    """Who had answered: a mark for each serial of the roster, and when it was looked at."""

    answered: Marks
    taken_on: date

    @classmethod
    def of(cls, row: ParticipationSnapshot, invited: int) -> Self:
        bits = np.frombuffer(row.answered, np.uint8)
        return cls(np.unpackbits(bits, count=invited).view(np.bool_), row.taken_on)


async def latest(tx: AsyncSession, wave: Wave, k: int, now: datetime) -> Snapshot | None:
    """The last look, taken again where a day has passed and k more people have answered; None before k have.

    Args:
        tx: the caller's transaction.
        wave: one with a spending record; its serials number the roster.
        k: smallest group that may be told of.
        now: the moment.
    """
    today = now.date()
    row = await tx.get(ParticipationSnapshot, (wave.tenant_id, wave.wave_id), with_for_update=True)
    if row is not None and row.taken_on >= today:
        return Snapshot.of(row, wave.invited)
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    known = 0 if row is None else row.answered_count
    if await tx.scalar(_COUNT, scope) - known < k:
        return None if row is None else Snapshot.of(row, wave.invited)
    serials = [serial for serial in await tx.scalars(_SERIALS, scope) if serial < wave.invited]
    marks = np.zeros(wave.invited, np.bool_)
    marks[serials] = True
    values = {"taken_on": today, "answered": np.packbits(marks).tobytes(), "answered_count": len(serials)}
    statement = insert(ParticipationSnapshot).values(tenant_id=wave.tenant_id, wave_id=wave.wave_id, **values)
    # Whoever was first today counts: the other's look may differ from it by a few people. So may, at midnight, that of
    # whoever was last the day before and had not committed when this one was begun.
    kept = ParticipationSnapshot.__table__.c  # type: ignore[attr-defined]  # SQLModel hides it
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "wave_id"],
            set_=values,
            where=(kept.taken_on < today) & (kept.answered_count <= len(serials) - k),
        )
    )
    taken = await tx.get_one(ParticipationSnapshot, (wave.tenant_id, wave.wave_id), populate_existing=True)
    return Snapshot.of(taken, wave.invited)
