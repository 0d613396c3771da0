"""Recurring campaigns: the next wave is always planned, opens when it is due, and is put off where it can not.

A wave that could not open in its time, because no worker was there or too few people were to be asked, is skipped and
told of; a worker that comes back after weeks opens one wave, not all that were missed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.due import OPEN_WAVE
from service.campaigns.events import CampaignClosed, WaveCancelled, WaveSkipped
from service.campaigns.lifecycle import CampaignState, WaveState
from service.campaigns.steps import campaign_step, wave_step
from service.campaigns.tables import Campaign, SkippedWave, Wave
from service.campaigns.times import calendar
from service.campaigns.times.calendar import Occurrence
from service.campaigns.times.timetable import A_MOMENT, next_after, schedule_of
from service.kit import jobs, outbox
from service.kit.ids import new_id
from service.tenants.actions import audit

WORKER = "worker"
MISSED = "missed"


async def plan_wave(tx: AsyncSession, campaign: Campaign, number: int, occurrence: Occurrence) -> Wave:
    """The row of a wave that is to open then; nobody is invited yet."""
    wave = Wave(
        tenant_id=campaign.tenant_id,
        wave_id=new_id(),
        campaign_id=campaign.campaign_id,
        number=number,
        state=WaveState.planned,
        opens_at=occurrence.opens_at,
        closes_at=occurrence.closes_at,
        invited=0,
        roster_digest="",
        public_key=b"",
    )
    tx.add(wave)
    await jobs.enqueue(tx, wave.tenant_id, OPEN_WAVE, wave.wave_id, occurrence.opens_at)
    await tx.flush()
    return wave


async def move(tx: AsyncSession, wave: Wave, occurrence: Occurrence) -> None:
    """A planned wave opens then instead; whoever calls sees to its job."""
    wave.opens_at, wave.closes_at = occurrence.opens_at, occurrence.closes_at
    await tx.flush()


async def skip(tx: AsyncSession, campaign: Campaign, wave: Wave, reason: str, now: datetime) -> None:
    """Tell that a wave does not open at its time, and plan it for the next; where there is none the campaign ends."""
    wave_step(wave, "skip")
    await _tell_skipped(tx, campaign, wave.opens_at, reason, now)
    following = next_after(_schedule(campaign), max(now, wave.opens_at or now))
    if following is None:
        await end(tx, campaign, wave, now)
    else:
        await move(tx, wave, following)


async def settle_missed(tx: AsyncSession, campaign: Campaign, wave: Wave, now: datetime) -> bool:
    """Move a planned wave past the times that are over; whether it is to open now."""
    schedule = _schedule(campaign)
    first = wave.opens_at or now
    missed, current = calendar.due(schedule_of(schedule), first - A_MOMENT, now)
    for occurrence in missed:
        await _tell_skipped(tx, campaign, occurrence.opens_at, MISSED, now)
    if current is not None:
        wave.opens_at, wave.closes_at = current.opens_at, current.closes_at
        return True
    following = next_after(schedule, max(first - A_MOMENT, now))
    if following is None:
        await end(tx, campaign, wave, now)
    else:
        await move(tx, wave, following)
    return False


async def plan_following(tx: AsyncSession, campaign: Campaign, opened: Wave) -> None:
    """Once a wave has opened, the next one is planned, unless the schedule ends with it."""
    following = next_after(_schedule(campaign), opened.opens_at) if opened.opens_at else None
    if following is not None:
        await plan_wave(tx, campaign, opened.number + 1, following)


async def end(tx: AsyncSession, campaign: Campaign, planned: Wave, now: datetime) -> None:
    """The schedule is over: the wave that was planned is not, and with the last wave the campaign closes."""
    planned.state = wave_step(planned, "cancel")
    await outbox.add(tx, planned.tenant_id, WaveCancelled.of(planned), now)
    if not [wave for wave in await queries.current_waves(tx, campaign) if wave.state == WaveState.open]:
        campaign.state = campaign_step(campaign, "close")
        audit(tx, campaign.tenant_id, now, WORKER, "campaign.closed", str(campaign.campaign_id))
        await outbox.add(tx, campaign.tenant_id, CampaignClosed.of(campaign), now)
    await tx.flush()


async def _tell_skipped(
    tx: AsyncSession, campaign: Campaign, opens_at: datetime | None, reason: str, now: datetime
) -> None:
    scope = {"tenant_id": campaign.tenant_id, "campaign_id": campaign.campaign_id, "opens_at": opens_at or now}
    await tx.execute(insert(SkippedWave).values(**scope, reason=reason).on_conflict_do_nothing())
    audit(tx, campaign.tenant_id, now, WORKER, "wave.skipped", str(campaign.campaign_id), reason=reason)
    skipped = WaveSkipped(campaign_id=campaign.campaign_id, opens_at=opens_at or now)
    await outbox.add(tx, campaign.tenant_id, skipped, now)


def _schedule(campaign: Campaign) -> Mapping[str, Any]:
    if campaign.schedule is None or campaign.state != CampaignState.launched:
        raise ValueError("only a launched campaign with a schedule plans waves")
    return campaign.schedule
