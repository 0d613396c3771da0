"""Interim results: at moments that the contract names, what was answered so far becomes a *part*, and is counted.

A part is marked under the wave's lock, so that no commit of answers is half in it; how it is released is not known
here. Too few new answers make no part: two results that differ by them would tell of these few.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import queries
from service.campaigns.due import INTERIM_MARK, INTERIM_RELEASE
from service.campaigns.lifecycle import WaveState
from service.campaigns.promises.contract import ContractAltered, Notary
from service.campaigns.tables import Wave, WavePart
from service.campaigns.thresholds import smallest_class
from service.kit import jobs
from service.kit.clock import Clock
from service.kit.db import WAVE_LOCK
from service.kit.ids import new_id
from service.kit.jobs import Due, Handler

_MARK = text("""
    WITH marked AS (
        UPDATE sealed_batch SET part = :part WHERE tenant_id = :tenant AND wave_id = :wave AND part IS NULL
        RETURNING response_count)
    SELECT coalesce(sum(response_count), 0) FROM marked
""")
_NEW = text("""
    SELECT coalesce(sum(response_count), 0) FROM sealed_batch
    WHERE tenant_id = :tenant AND wave_id = :wave AND part IS NULL
""")


async def foresee(tx: AsyncSession, wave: Wave) -> None:
    """Ask for the wave's first interim results, where its contract has any."""
    moments = moments_of(wave.contract or {})
    if moments:
        await jobs.enqueue(tx, wave.tenant_id, INTERIM_MARK, wave.wave_id, moments[0])


def moments_of(promised: Mapping[str, Any]) -> list[datetime]:
    """When a wave's contract has interim results made."""
    hours = promised.get("interim", {}).get("hours_after_opening", ())
    return [datetime.fromisoformat(promised["wave"]["opens_at"]) + timedelta(hours=each) for each in hours]


def marker(notary: Notary, clock: Clock) -> Handler:
    """The job that makes a part of what was answered so far, at each of the moments; nothing once the wave closes."""

    async def mark(tx: AsyncSession, due: Due) -> datetime | None:
        wave = await tx.get(Wave, (due.tenant_id, due.subject_id))
        if wave is None:
            return None
        campaign = await queries.campaign(tx, wave.tenant_id, wave.campaign_id)
        try:
            promised = notary.of_wave(wave, campaign)
        except ContractAltered:
            return None  # its release will be refused; there is nothing to show before it
        moments, now = moments_of(promised), clock()
        passed = sum(moment <= now for moment in moments)
        if passed:
            await tx.execute(text(f"SELECT {WAVE_LOCK.format(kind='', wave=wave.wave_id)}"))  # a UUID of ours
            await tx.refresh(wave)  # it may have closed while this waited
            if wave.state == WaveState.open:
                await _mark(tx, wave, smallest_class(promised["policy"]), passed, now)
        return next((moment for moment in moments if moment > now), None)

    return mark


async def _mark(tx: AsyncSession, wave: Wave, least: int, passed: int, now: datetime) -> None:
    """One part more, but no more parts than moments have passed."""
    scope = {"tenant": wave.tenant_id, "wave": wave.wave_id}
    mine = (col(WavePart.tenant_id) == wave.tenant_id) & (col(WavePart.wave_id) == wave.wave_id)
    number = 1 + (await tx.scalar(select(func.count()).select_from(WavePart).where(mine)) or 0)
    if number > passed or await tx.scalar(_NEW, scope) < least:
        return
    responses = await tx.scalar(_MARK, scope | {"part": number})
    part = WavePart(
        tenant_id=wave.tenant_id,
        part_id=new_id(),
        wave_id=wave.wave_id,
        number=number,
        response_count=responses or 0,
        marked_at=now,
    )
    tx.add(part)
    await jobs.enqueue(tx, wave.tenant_id, INTERIM_RELEASE, part.part_id, now)
    await tx.flush()
