"""Interim results made: what was answered up to a part, shown beside all that was shown of the wave before.

Runs in the worker while the wave goes on taking answers, so it holds no lock of theirs; the wave's own release waits
for it.
"""

import asyncio
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns.lifecycle import WaveState
from service.campaigns.tables import Campaign, Wave, WavePart
from service.kit.clock import Clock
from service.kit.jobs import Due, Handler
from service.releases import beside, build, publish
from service.releases.beside import Beside
from service.releases.build import Keys, Stages, tried
from service.releases.ledger import ledger
from service.releases.opened import agreed_of, opened, remembered
from service.releases.problems import AlreadyReleased, ContractBroken, ReleaseRefused
from service.releases.tables import Release

log = structlog.get_logger()
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('release ' || CAST(:wave AS text), 0))")


class PartPending(Exception):
    """Interim results that were begun are not made yet; the wave's own release waits for them."""


async def alone(tx: AsyncSession, wave: UUID) -> None:
    """One release of a wave is made at a time."""
    await tx.execute(_ONE_AT_A_TIME, {"wave": str(wave)})


async def none_pending(tx: AsyncSession, wave: Wave) -> None:
    """Raises PartPending."""
    part = (col(WavePart.tenant_id) == wave.tenant_id) & (col(WavePart.wave_id) == wave.wave_id)
    if await tx.scalar(select(exists().where(part & ~_released()))):
        raise PartPending


def interim_releaser(keys: Keys, clock: Clock) -> Handler:
    """The job that turns a part into a release, published or refused with its reason."""

    async def release(tx: AsyncSession, due: Due) -> datetime | None:
        part = await tx.get(WavePart, (due.tenant_id, due.subject_id))
        if part is None:
            return None
        await alone(tx, part.wave_id)
        wave = await tx.get_one(Wave, (due.tenant_id, part.wave_id))
        mine = (col(WavePart.tenant_id) == part.tenant_id) & (col(WavePart.part_id) == part.part_id)
        done = await tx.scalar(select(exists().where(mine & _released())))
        if done or wave.state not in {WaveState.open, WaveState.closed}:
            return None
        campaign = await tx.get_one(Campaign, (wave.tenant_id, wave.campaign_id))
        made = await tried(tx, wave, campaign, clock, _made(tx, wave, campaign, part, keys, clock, Stages()))
        if isinstance(made, ReleaseRefused):
            await publish.refuse(tx, wave, campaign, made.slug, clock(), part=part.number)
            log.error("interim results refused", wave=str(wave.wave_id), part=part.number, reason=made.slug)
            return None
        publish.count_cells(made)
        log.info("interim results published", wave=str(wave.wave_id), part=part.number)
        return None

    return release


async def _made(
    tx: AsyncSession, wave: Wave, campaign: Campaign, part: WavePart, keys: Keys, clock: Clock, stages: Stages
) -> Release:
    agreed = await agreed_of(tx, wave, campaign, keys.notary)
    # A part is only a row: whoever writes to the database could ask for results that nobody promised.
    if not 1 <= part.number <= len(agreed.moments) or clock() < agreed.moments[part.number - 1]:
        raise ContractBroken
    found = await opened(tx, wave, agreed, keys.waves, keys.seal, part=part)
    if int((found.parts == part.number).sum()) < agreed.policy.mean_k(sensitive=False):
        raise ContractBroken
    stages.done("open")
    entries = await ledger(tx, wave.tenant_id, wave.wave_id)
    if entries:
        given = Beside(wave, campaign, agreed, found, entries, part.number, None)
        return await beside.made(tx, given, keys, clock, stages)
    counts = await asyncio.to_thread(build.counts_of, agreed, found, stages)
    job = build.Job(wave, campaign, agreed, found, counts, None, part.number)
    made = await build.proved(tx, job, keys.signer, clock, stages)
    if not keys.waves.released(wave.tenant_id, found.key_id, remembered(made.digest, found, part.number)):
        raise AlreadyReleased
    return made


def _released() -> ColumnElement[bool]:
    """Whether there is a release, published or refused, of a part."""
    same = (
        (col(Release.tenant_id) == col(WavePart.tenant_id))
        & (col(Release.wave_id) == col(WavePart.wave_id))
        & (col(Release.part) == col(WavePart.number))
    )
    return exists().where(same)
