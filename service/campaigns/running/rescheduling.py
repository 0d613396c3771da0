"""Other times for the waves to come, and what is to come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import queries
from service.campaigns.due import OPEN_WAVE
from service.campaigns.events import CampaignRescheduled
from service.campaigns.lifecycle import CampaignState, WaveState
from service.campaigns.problems import NotRecurring, ScheduleOver, ScheduleRefused
from service.campaigns.rotation import Bank, Rotation, draw
from service.campaigns.running.drafts import checked_schedule
from service.campaigns.running.scheduling import move, plan_wave
from service.campaigns.schemas import CalendarOut, OpeningOut, SkippedOut, UpcomingOut
from service.campaigns.steps import campaign_step
from service.campaigns.tables import Campaign, SkippedWave, Wave
from service.campaigns.terms import ScheduleIn
from service.campaigns.times import calendar
from service.campaigns.times.calendar import Schedule
from service.campaigns.times.timetable import A_MOMENT, next_after, schedule_of
from service.kit import jobs, outbox
from service.kit.reasons import Fault
from service.questionnaires.document import Document
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
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
    audience = [UUID(unit) for unit in campaign.audience]
    stored = await checked_schedule(tx, caller.tenant_id, given, source, audience, "")
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
    before, campaign.schedule = state_of(campaign), stored
    if planned is not None:
        await move(tx, planned, following)
        await jobs.move(tx, planned.tenant_id, OPEN_WAVE, planned.wave_id, following.opens_at)
    elif open_wave is not None:
        await plan_wave(tx, campaign, open_wave.number + 1, following)
    audit(
        tx, campaign.tenant_id, now, caller.actor, "campaign.rescheduled", str(campaign.campaign_id),
        before=before, after=state_of(campaign),
    )  # fmt: skip
    await outbox.add(tx, campaign.tenant_id, CampaignRescheduled.of(campaign), now)
    await tx.flush()
    return campaign


async def calendar_of(tx: AsyncSession, campaign: Campaign, now: datetime, limit: int) -> CalendarOut:
    """What is to come of a campaign, and when a wave was skipped. Raises NotRecurring."""
    if campaign.schedule is None:
        raise NotRecurring
    running = campaign.state in {CampaignState.draft, CampaignState.proposed, CampaignState.launched}
    schedule = schedule_of(campaign.schedule)
    waves = await queries.waves(tx, campaign)
    planned = next((wave for wave in waves if wave.state == WaveState.planned), None)
    coming = calendar.upcoming(schedule, _before_next(schedule, planned, now), limit) if running else []
    first = len(waves) + 1 if planned is None else planned.number
    drawn = await _drawn(tx, campaign)
    upcoming = [
        UpcomingOut(
            opens_at=occurrence.opens_at,
            closes_at=occurrence.closes_at,
            zones=[
                OpeningOut(zone=window.zone, opens_at=window.opens_at, shifted=window.shifted)
                for window in occurrence.windows
            ],
            items=None if drawn is None else draw(*drawn, first + index),
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


def _before_next(schedule: Schedule, planned: Wave | None, now: datetime) -> datetime:
    """The moment after which the next wave opens: not before the planned one, which waits until an open one is over."""
    if planned is None or planned.opens_at is None:
        return now
    before = planned.opens_at - A_MOMENT
    _, due = calendar.due(schedule, before, now)  # one whose time has begun opens as soon as a worker comes
    return max(before, now) if due is None else due.opens_at - A_MOMENT


async def _drawn(tx: AsyncSession, campaign: Campaign) -> tuple[Bank, Rotation, bytes] | None:
    """What items are drawn by, once the seed is promised."""
    promised = campaign.contract
    if promised is None or "rotation" not in promised:
        return None
    document = Document.stored((await queries.version(tx, campaign)).document)
    return Bank.of(document), Rotation.of(promised["rotation"]), bytes.fromhex(promised["seed"])
