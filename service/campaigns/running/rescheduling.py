"""Other times for the waves to come, and what is to come."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import queries
from service.campaigns.due import OPEN_WAVE
from service.campaigns.lifecycle import CampaignState, WaveState
from service.campaigns.problems import NotRecurring, ScheduleOver, ScheduleRefused
from service.campaigns.rotation import Bank, Rotation, draw
from service.campaigns.running.drafts import checked_schedule
from service.campaigns.running.scheduling import move, plan_wave
from service.campaigns.schemas import CalendarOut, OpeningOut, SkippedOut, UpcomingOut
from service.campaigns.steps import campaign_step
from service.campaigns.tables import Campaign, SkippedWave
from service.campaigns.terms import ScheduleIn
from service.campaigns.times import calendar
from service.campaigns.times.timetable import next_after, schedule_of
from service.kit import jobs
from service.kit.reasons import Fault
from service.questionnaires.document import Document
from service.tenants.actions import audit
from service.tenants.principals import Principal

MOST_SKIPPED = 500


async def reschedule(
    tx: AsyncSession, caller: Principal, campaign: Campaign, given: ScheduleIn, now: datetime
) -> Campaign:
    """The planned wave, and all after it, open at other times; a wave that is open stays as it is.

    Raises:
        NotRecurring: the campaign was launched, or drafted, for one wave.
        ScheduleRefused, UnknownUnit: as in a draft.
        ScheduleOver: the new schedule has no time left.
    """
    campaign_step(campaign, "reschedule")
    if campaign.schedule is None:
        raise NotRecurring
    source = campaign.asked["audience"].get("source", "hris")
    stored = await checked_schedule(tx, caller.tenant_id, given, source, "")
    hours = campaign.asked.get("interim", {}).get("hours_after_opening", [0])
    if given.window_hours <= hours[-1]:
        raise ScheduleRefused(faults=[Fault("/window_hours", "must be more than the last hour of interim results")])
    current = await queries.current_waves(tx, campaign, lock=True)
    planned = next((wave for wave in current if wave.state == WaveState.planned), None)
    open_wave = next((wave for wave in current if wave.state == WaveState.open), None)
    # Not while a wave is open: two waves of one campaign never are.
    after = max(now, open_wave.closes_at) if open_wave is not None and open_wave.closes_at else now
    following = next_after(stored, after)
    if following is None:
        raise ScheduleOver
    campaign.schedule = stored
    if planned is not None:
        await move(tx, planned, following)
        await jobs.move(tx, planned.tenant_id, OPEN_WAVE, planned.wave_id, following.opens_at)
    elif open_wave is not None:
        await plan_wave(tx, campaign, open_wave.number + 1, following)
    audit(tx, campaign.tenant_id, now, caller.actor, "campaign.rescheduled", str(campaign.campaign_id))
    await tx.flush()
    return campaign


async def calendar_of(tx: AsyncSession, campaign: Campaign, now: datetime, limit: int) -> CalendarOut:
    """What is to come of a campaign, and when a wave was skipped. Raises NotRecurring."""
    if campaign.schedule is None:
        raise NotRecurring
    running = campaign.state in {CampaignState.draft, CampaignState.proposed, CampaignState.launched}
    coming = calendar.upcoming(schedule_of(campaign.schedule), now, limit) if running else []
    numbers = await _numbers(tx, campaign)
    drawn = await _drawn(tx, campaign)
    upcoming = [
        UpcomingOut(
            opens_at=occurrence.opens_at,
            closes_at=occurrence.closes_at,
            zones=[
                OpeningOut(zone=window.zone, opens_at=window.opens_at, shifted=window.shifted)
                for window in occurrence.windows
            ],
            items=None if drawn is None else draw(*drawn, numbers + index),
        )
        for index, occurrence in enumerate(coming)
    ]
    mine = (col(SkippedWave.tenant_id) == campaign.tenant_id) & (col(SkippedWave.campaign_id) == campaign.campaign_id)
    skipped = await tx.scalars(
        select(SkippedWave).where(mine).order_by(col(SkippedWave.opens_at).desc()).limit(MOST_SKIPPED)
    )
    return CalendarOut(
        upcoming=upcoming, skipped=[SkippedOut(opens_at=row.opens_at, reason=row.reason) for row in skipped]
    )


async def _numbers(tx: AsyncSession, campaign: Campaign) -> int:
    """The number of the next wave to open."""
    waves = await queries.waves(tx, campaign)
    return next((wave.number for wave in waves if wave.state == WaveState.planned), len(waves) + 1)


async def _drawn(tx: AsyncSession, campaign: Campaign) -> tuple[Bank, Rotation, bytes] | None:
    """What items are drawn by, once the seed is promised."""
    promised = campaign.contract
    if promised is None or "rotation" not in promised:
        return None
    document = Document.stored((await queries.version(tx, campaign)).document)
    return Bank.of(document), Rotation.of(promised["rotation"]), bytes.fromhex(promised["seed"])
