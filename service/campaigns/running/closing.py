"""The ends of waves and campaigns: closed, put off, given up."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.due import CLOSE_WAVE, DESTROY_KEY, RELEASE_WAVE
from service.campaigns.events import (
    CampaignCancelled,
    CampaignClosed,
    CampaignExtended,
    WaveCancelled,
    WaveClosed,
    WaveOpened,
)
from service.campaigns.lifecycle import CampaignState, WaveState
from service.campaigns.problems import WrongState
from service.campaigns.running.scheduling import WORKER
from service.campaigns.steps import campaign_step, wave_step
from service.campaigns.tables import Campaign, Wave
from service.kit import jobs, outbox
from service.kit.reasons import Fault
from service.problems import Invalid
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal


async def close(tx: AsyncSession, caller: Principal, campaign: Campaign, now: datetime) -> Wave:
    """Stop accepting answers, ask for the release, and open no wave any more."""
    before, campaign.state = state_of(campaign), campaign_step(campaign, "close")
    current = await queries.current_waves(tx, campaign, lock=True)
    for wave in current:
        if wave.state == WaveState.planned:
            wave.state = wave_step(wave, "cancel")
            await outbox.add(tx, wave.tenant_id, WaveCancelled.of(wave), now)
        else:
            await close_wave(tx, campaign, wave, now)
    audit(
        tx, campaign.tenant_id, now, caller.actor, "campaign.closed", str(campaign.campaign_id),
        before=before, after=state_of(campaign),
    )  # fmt: skip
    await outbox.add(tx, campaign.tenant_id, CampaignClosed.of(campaign), now)
    await tx.flush()
    return current[0]


async def close_wave(tx: AsyncSession, campaign: Campaign, wave: Wave, now: datetime) -> None:
    """Close the wave; a group commit under way holds its row, so none is accepted after this commits."""
    wave.state = wave_step(wave, "close")
    wave.closes_at = now
    await jobs.enqueue(tx, wave.tenant_id, RELEASE_WAVE, wave.wave_id, now)
    # After the release, even where nothing is kept for a day.
    ends = now + campaign.retention + timedelta(milliseconds=1)
    await jobs.enqueue(tx, wave.tenant_id, DESTROY_KEY, wave.wave_id, ends)
    await outbox.add(tx, wave.tenant_id, WaveClosed.of(wave), now)


async def close_due(tx: AsyncSession, due: jobs.Due) -> datetime | None:
    """The job that closes a wave at its time; does nothing to a wave that moved on meanwhile."""
    found = await queries.current_of(tx, due.tenant_id, due.subject_id)
    if found is None:
        return None
    campaign, current, wave = found
    if wave.state == WaveState.planned:
        return None
    if wave.closes_at and wave.closes_at > due.due_at:  # it was extended while this was under way
        return wave.closes_at
    if wave.state == WaveState.scheduled:  # its opening was put off, past its closing even
        wave.state = wave_step(wave, "open")
        await outbox.add(tx, wave.tenant_id, WaveOpened.of(wave), due.due_at)
    await close_wave(tx, campaign, wave, due.due_at)
    audit(tx, wave.tenant_id, due.due_at, WORKER, "wave.closed", str(wave.wave_id))
    if campaign.state == CampaignState.launched and len(current) == 1:
        campaign.state = campaign_step(campaign, "close")
        await outbox.add(tx, campaign.tenant_id, CampaignClosed.of(campaign), due.due_at)
    await tx.flush()
    return None


async def extend(tx: AsyncSession, caller: Principal, campaign: Campaign, closes_at: datetime, now: datetime) -> Wave:
    """Let the wave that takes answers, or is about to, close later; one that has closed stays closed.

    One that would stay open until somebody closes it is given an end: its contract says that the organisation closes
    it, and this says when.

    Raises:
        WrongState: no wave is open or about to open.
        Invalid: not later than now and than it closes, or past the opening of the next wave.
    """
    campaign_step(campaign, "extend")
    current = await queries.current_waves(tx, campaign, lock=True)
    wave = next((one for one in current if one.state != WaveState.planned), None)
    if wave is None or (wave.closes_at and wave.closes_at <= now):
        raise WrongState("No wave is open; one that has closed is never opened again.")
    wave_step(wave, "extend")
    following = next((one.opens_at for one in current if one.state == WaveState.planned), None)
    place = "/closes_at"
    if closes_at <= max(now, wave.opens_at or now):
        raise Invalid(faults=[Fault(place, "must be in the future, and after the opening")])
    if wave.closes_at is not None and closes_at <= wave.closes_at:
        raise Invalid(faults=[Fault(place, "must be later than the wave closes now; close it to end it sooner")])
    if following is not None and closes_at > following:
        raise Invalid(faults=[Fault(place, "must not be after the next wave opens")])
    if wave.closes_at is None:
        await jobs.enqueue(tx, wave.tenant_id, CLOSE_WAVE, wave.wave_id, closes_at)
    else:
        await jobs.move(tx, wave.tenant_id, CLOSE_WAVE, wave.wave_id, closes_at)
    before = state_of(wave)
    wave.closes_at = closes_at
    audit(
        tx, wave.tenant_id, now, caller.actor, "campaign.extended", str(campaign.campaign_id),
        before=before, after=state_of(wave), wave=str(wave.wave_id), closes_at=closes_at.isoformat(),
    )  # fmt: skip
    await outbox.add(tx, campaign.tenant_id, CampaignExtended.of(campaign), now)
    await tx.flush()
    return wave


async def cancel(tx: AsyncSession, caller: Principal, campaign: Campaign, now: datetime) -> None:
    """Give the campaign up; the answers of a wave that is open are not opened any more."""
    launched = campaign.state == CampaignState.launched
    before, campaign.state = state_of(campaign), campaign_step(campaign, "cancel")
    for wave in await queries.current_waves(tx, campaign, lock=True) if launched else ():
        was_planned, was_open = wave.state == WaveState.planned, wave.state == WaveState.open
        wave.state = wave_step(wave, "cancel")
        wave.closes_at = now if was_open else wave.closes_at  # what was shown of it before counts from then on
        await outbox.add(tx, wave.tenant_id, WaveCancelled.of(wave), now)
        if not was_planned:
            await jobs.enqueue(tx, wave.tenant_id, DESTROY_KEY, wave.wave_id, now + campaign.retention)
    audit(
        tx, campaign.tenant_id, now, caller.actor, "campaign.cancelled", str(campaign.campaign_id),
        before=before, after=state_of(campaign),
    )  # fmt: skip
    await outbox.add(tx, campaign.tenant_id, CampaignCancelled.of(campaign), now)
    await tx.flush()
