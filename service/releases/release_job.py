"""A closed wave released, beside its interim results where there are any. In the worker, in one transaction."""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.lifecycle import NEXT_WAVE, WaveState
from service.campaigns.tables import Campaign, Wave
from service.kit.clock import Clock
from service.kit.jobs import Due, Handler
from service.releases import beside, interim_job, invited, participation_rows, publish
from service.releases.beside import Beside
from service.releases.build import Job, Keys, Stages, counts_of, proved, tried
from service.releases.commented import commented
from service.releases.ledger import ledger
from service.releases.opened import Agreed, Opened, agreed_of, opened, remembered
from service.releases.problems import AlreadyReleased, ReleaseRefused
from service.releases.tables import Release

log = structlog.get_logger()


def releaser(keys: Keys, clock: Clock) -> Handler:
    """The job that turns a closed wave into a release, published or refused with its reason."""

    async def release(tx: AsyncSession, due: Due) -> None:
        await interim_job.alone(tx, due.subject_id)
        # As results that are being written refer to it, which is no reason to wait for them here.
        wave = await tx.get(Wave, (due.tenant_id, due.subject_id), with_for_update={"key_share": True})
        if wave is None or wave.state != WaveState.closed:
            return
        stages = Stages()
        await interim_job.none_pending(tx, wave)
        campaign = await tx.get_one(Campaign, (wave.tenant_id, wave.campaign_id))
        made = await tried(tx, wave, campaign, clock, _made(tx, wave, campaign, keys, clock, stages))
        if isinstance(made, ReleaseRefused):
            wave.state = NEXT_WAVE[WaveState(wave.state), "refuse"]
            await publish.refuse(tx, wave, campaign, made.slug, clock())
            log.error("release refused", wave=str(wave.wave_id), reason=made.slug)
            return
        wave.state = NEXT_WAVE[WaveState(wave.state), "release"]
        await tx.flush()
        publish.count_cells(made)
        stages.done("rows")
        log.info(
            "release published",
            wave=str(wave.wave_id),
            fell_back=bool(made.manifest.get("breakdowns", {}).get("fell_back")),
            seconds={stage: round(seconds, 3) for stage, seconds in stages.seconds.items()},
        )

    return release


async def _made(tx: AsyncSession, wave: Wave, campaign: Campaign, keys: Keys, clock: Clock, stages: Stages) -> Release:
    """Raises ReleaseRefused."""
    agreed = await agreed_of(tx, wave, campaign, keys.notary)
    found = await opened(tx, wave, agreed, keys.waves, keys.seal, with_texts=agreed.comments)
    stages.done("open")
    made = await _results(tx, wave, campaign, agreed, found, keys, clock, stages)
    # Last, since whoever asks for participation meanwhile waits for the look that it may take.
    await participation_rows.keep(tx, wave, made, agreed, found, clock())
    return made


async def _results(
    tx: AsyncSession,
    wave: Wave,
    campaign: Campaign,
    agreed: Agreed,
    found: Opened,
    keys: Keys,
    clock: Clock,
    stages: Stages,
) -> Release:
    """Beside interim results where there are any. Raises ReleaseRefused."""
    entries = await ledger(tx, wave.tenant_id, wave.wave_id)
    if entries:
        whole = await asyncio.to_thread(counts_of, agreed, found, stages)
        comments = await commented(tx, wave, agreed, found, whole.answered.respondents, keys.notary)
        given = Beside(wave, campaign, agreed, found, entries, None, comments)
        return await beside.made(tx, given, keys, clock, stages)
    on_roster = await invited.by_label(tx, wave)
    counts = await asyncio.to_thread(counts_of, agreed, found, stages, on_roster, first=True)
    comments = await commented(tx, wave, agreed, found, counts.answered.respondents, keys.notary)
    if comments is not None:
        stages.done("comments")
    made = await proved(tx, Job(wave, campaign, agreed, found, counts, comments), keys.signer, clock, stages)
    if not keys.waves.released(wave.tenant_id, found.key_id, remembered(made.digest, found)):
        raise AlreadyReleased
    return made
