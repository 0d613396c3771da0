"""Which people of an audience are invited to a wave: those of its sample, whom no limit on invitations spares."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.inviting import roster, sampling
from service.campaigns.inviting.who import Who, people
from service.campaigns.tables import Wave
from service.campaigns.thresholds import least_invited

LONGEST_MEMORY = timedelta(days=366)
"""As far back as a limit may count."""
_WEARY = text("""
    SELECT person_id FROM invited_day WHERE tenant_id = :tenant AND day > :since
    GROUP BY person_id HAVING sum(invitations) >= :most
""")
_PROMISED = text("""
    SELECT EXISTS (SELECT FROM campaign WHERE tenant_id = :tenant AND state = 'launched' AND contract ? 'burden')
""")
_COUNT = text("""
    INSERT INTO invited_day (tenant_id, person_id, day, invitations)
    SELECT tenant_id, person_id, CAST(:day AS date), 1 FROM roster_line WHERE tenant_id = :tenant AND wave_id = :wave
    ON CONFLICT (tenant_id, person_id, day) DO UPDATE SET invitations = invited_day.invitations + 1
""")
_FORGET = text("DELETE FROM invited_day WHERE tenant_id = :tenant AND day < :until")


async def chosen(tx: AsyncSession, tenant: UUID, who: Who, promised: Mapping[str, Any], turn: int, today: date) -> Who:
    """The audience, and of it the people whose turn it is; everybody where the contract draws no sample.

    Args:
        tx: the caller's transaction, which holds the organisation's lock.
        tenant: whose.
        who: the audience.
        promised: the campaign's contract, with `sampling` and `burden` where there are any.
        turn: the wave's number.
        today: the day of its opening.
    """
    sample, burden = promised.get("sampling"), promised.get("burden")
    if sample is None and burden is None:
        return who
    units, _ = await roster.units_below(tx, tenant, who.tops)
    rows = await people(tx, tenant, who, units)
    asked = [row.person_id for row in rows]
    left_out = set[UUID]() if burden is None else await spared(tx, tenant, burden, today)
    if sample is None:
        return who._replace(asked=[person for person in asked if person not in left_out])
    mine = await asyncio.to_thread(
        sampling.invited,
        [row.unit_id for row in rows],
        asked,
        sample["every"],
        least_invited(promised["policy"]),
        bytes.fromhex(promised["seed"]),
        turn,
        left_out,
    )
    return who._replace(asked=[person for person, is_asked in zip(asked, mine, strict=True) if is_asked])


async def spared(tx: AsyncSession, tenant: UUID, burden: Mapping[str, int], today: date) -> set[UUID]:
    """Whoever was invited so often in the days before this one that they are left out."""
    since = {"tenant": tenant, "since": today - timedelta(days=burden["days"]), "most": burden["most"]}
    return set((await tx.scalars(_WEARY, since)).all())


async def count(tx: AsyncSession, wave: Wave, today: date, *, is_demanded: bool) -> None:
    """Remember that each person of the wave's roster was invited once more, where a limit is demanded or promised."""
    if not is_demanded and not await tx.scalar(_PROMISED, {"tenant": wave.tenant_id}):
        return
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    await tx.execute(_COUNT, scope | {"day": today})


async def forget(tx: AsyncSession, tenant: UUID, today: date) -> None:
    """What no limit looks back to any more; the worker's to do."""
    await tx.execute(_FORGET, {"tenant": tenant, "until": today - LONGEST_MEMORY})
