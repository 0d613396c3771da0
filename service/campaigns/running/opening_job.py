"""The job that opens a wave at its time, on any number of workers, once."""

from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.due import CLOSE_WAVE
from service.campaigns.events import WaveOpened
from service.campaigns.inviting import overlap
from service.campaigns.lifecycle import WaveState
from service.campaigns.problems import AudiencesIsolate, AudienceTooSmall, PlanTooLarge
from service.campaigns.promises.contract import ContractAltered, Notary
from service.campaigns.running import interim
from service.campaigns.running.opening import freeze, opening_day, take_key
from service.campaigns.running.scheduling import WORKER, plan_following, settle_missed, skip
from service.campaigns.steps import wave_step
from service.campaigns.tables import Campaign, Wave
from service.kit import jobs, outbox
from service.kit.clock import Clock
from service.kit.jobs import Due, Handler
from service.people.lock import AGAIN, lock_for_job
from service.problems import Problem
from service.tenants.actions import audit

log = structlog.get_logger()
_CAN_NOT_OPEN = (AudienceTooSmall, AudiencesIsolate, PlanTooLarge)


def opener(notary: Notary, clock: Clock) -> Handler:
    """Opens the wave that is due; does nothing to one that moved on meanwhile, and waits for one that was put off."""

    async def open_due(tx: AsyncSession, due: Due) -> datetime | None:
        seen = await tx.get(Wave, (due.tenant_id, due.subject_id))
        if seen is None:
            return None
        # First: answers to an open wave of the campaign must not wait for who waits for the organisation. That it is
        # planned holds until then: none becomes a planned one later.
        if seen.state == WaveState.planned and not await lock_for_job(tx, due):
            return clock() + AGAIN
        found = await queries.current_of(tx, due.tenant_id, due.subject_id)
        if found is None:
            return None
        campaign, _, wave = found
        if wave.state == WaveState.scheduled:
            wave.state = wave_step(wave, "open")
            audit(tx, wave.tenant_id, clock(), WORKER, "wave.opened", str(wave.wave_id))
            await outbox.add(tx, wave.tenant_id, WaveOpened.of(wave), clock())
        elif wave.state == WaveState.planned:
            await _open_planned(tx, campaign, wave, notary, clock())
        await tx.flush()
        return wave.opens_at if wave.state == WaveState.planned else None

    return open_due


async def _open_planned(tx: AsyncSession, campaign: Campaign, wave: Wave, notary: Notary, now: datetime) -> None:
    if wave.opens_at is not None and wave.opens_at > now:
        return
    await _check_number(tx, campaign, wave, notary)
    if not await settle_missed(tx, campaign, wave, now):
        return
    refused: Problem | None = None
    try:
        async with tx.begin_nested():
            await _freeze(tx, campaign, wave, notary, now)
    except _CAN_NOT_OPEN as problem:
        refused = problem
    if refused is not None:
        await tx.refresh(wave)  # what the savepoint undid
        log.warning("wave skipped", wave=str(wave.wave_id), reason=refused.slug)
        await skip(tx, campaign, wave, refused.slug, now)
        return
    if wave.closes_at is not None:
        await jobs.enqueue(tx, wave.tenant_id, CLOSE_WAVE, wave.wave_id, wave.closes_at)
    await interim.foresee(tx, wave)
    await plan_following(tx, campaign, wave)
    audit(
        tx, wave.tenant_id, now, WORKER, "wave.opened", str(wave.wave_id),
        contract=wave.contract_digest, invited=wave.invited,
    )  # fmt: skip
    await outbox.add(tx, wave.tenant_id, WaveOpened.of(wave), now)


async def _check_number(tx: AsyncSession, campaign: Campaign, wave: Wave, notary: Notary) -> None:
    """A wave's number settles whom and what it asks: those before it must be there, each by its own signed contract.

    Raises:
        ContractAltered: they are not, for which the job stays due.
    """
    mine = str(campaign.campaign_id)
    signed = []
    for other in await queries.waves(tx, campaign):
        if other.wave_id != wave.wave_id:
            contract = notary.of_wave(other, campaign)
            signed.append(contract["wave"]["number"] if contract["campaign"]["id"] == mine else None)
    if signed != list(range(1, wave.number)):
        raise ContractAltered


async def _freeze(tx: AsyncSession, campaign: Campaign, wave: Wave, notary: Notary, now: datetime) -> None:
    """Raises ContractAltered, for which the job stays due: somebody has to look.

    The organisation is locked: whoever is judged is whoever is invited.
    """
    promised = notary.of_campaign(campaign, campaign.campaign_id)
    await overlap.check(tx, campaign, promised, notary, opening_day(wave, now), now)
    wave.public_key = await take_key(tx, notary, wave.tenant_id, now)
    wave.state = wave_step(wave, "open")
    await tx.flush()
    await freeze(tx, campaign, wave, promised, notary, now)
    await tx.flush()
