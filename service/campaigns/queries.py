"""Reading campaigns, their waves, and who is invited."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col

from service.campaigns.lifecycle import WaveState
from service.campaigns.problems import ContractBroken
from service.campaigns.promises.contract import ContractAltered, Notary
from service.campaigns.schemas import CampaignLine
from service.campaigns.tables import Campaign, Wave, WaveDestruction
from service.kit.db import WAVE_LOCK, Database
from service.kit.pages import Page, page_of
from service.problems import NotFound
from service.questionnaires.tables import QuestionnaireVersion

LINES_AT_ONCE = 2000
CURRENT = (WaveState.planned, WaveState.scheduled, WaveState.open)
# Documents that no list shows, and the longest that a campaign has.
_UNLISTED = ("audience", "contract", "terms", "schedule")
_LINES = text("""
    SELECT r.serial, r.label, r.language, r.mac, r.name, p.source, p.external_id
    FROM roster_line r
    JOIN person p ON p.tenant_id = r.tenant_id AND p.person_id = r.person_id
    WHERE r.tenant_id = :tenant AND r.wave_id = :wave AND r.serial > :after
    ORDER BY r.serial LIMIT :limit
""")


async def campaigns(tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int) -> Page[CampaignLine]:
    """Campaigns in the order they were made."""
    statement = select(Campaign).where(col(Campaign.tenant_id) == tenant)
    if after is not None:
        statement = statement.where(col(Campaign.campaign_id) > after)
    # Whoever asks for one of them gets an error, not a second query.
    light = statement.options(*(defer(getattr(Campaign, name), raiseload=True) for name in _UNLISTED))
    found = (await tx.scalars(light.order_by(col(Campaign.campaign_id)).limit(limit + 1))).all()
    return page_of(found, limit, key=lambda row: str(row.campaign_id), show=CampaignLine.of)


async def campaign(tx: AsyncSession, tenant: UUID, campaign_id: UUID, *, lock: bool = False) -> Campaign:
    """Raises NotFound."""
    found = await tx.get(Campaign, (tenant, campaign_id), with_for_update=lock)
    if found is None:
        raise NotFound
    return found


async def wave(tx: AsyncSession, tenant: UUID, wave_id: UUID) -> Wave:
    """Raises NotFound."""
    found = await tx.get(Wave, (tenant, wave_id))
    if found is None:
        raise NotFound
    return found


async def version(tx: AsyncSession, of: Campaign) -> QuestionnaireVersion:
    """The questionnaire that a campaign asks. Raises NotFound."""
    found = await tx.get(QuestionnaireVersion, (of.tenant_id, of.questionnaire_id, of.version))
    if found is None:
        raise NotFound
    return found


async def promised(tx: AsyncSession, of: Wave, notary: Notary) -> Mapping[str, Any]:
    """A wave's contract. Raises ContractBroken."""
    return promised_of(of, await campaign(tx, of.tenant_id, of.campaign_id), notary)


def promised_of(of: Wave, campaign: Campaign, notary: Notary) -> Mapping[str, Any]:
    """The same, with its campaign at hand. Raises ContractBroken."""
    try:
        return notary.of_wave(of, campaign)
    except ContractAltered:
        raise ContractBroken from None


async def destruction(tx: AsyncSession, of: Wave) -> dict[str, Any]:
    """The signed proof that a wave's key is destroyed. Raises NotFound until it is."""
    found = await tx.get(WaveDestruction, (of.tenant_id, of.wave_id))
    if found is None:
        raise NotFound
    return found.signed


async def destroyed(tx: AsyncSession, tenant: UUID, campaign_id: UUID) -> set[UUID]:
    """The campaign's waves whose key is destroyed."""
    mine = (col(Wave.tenant_id) == tenant) & (col(Wave.campaign_id) == campaign_id)
    gone = select(col(WaveDestruction.wave_id)).where(
        col(WaveDestruction.tenant_id) == tenant,
        col(WaveDestruction.wave_id).in_(select(col(Wave.wave_id)).where(mine)),
    )
    return set((await tx.scalars(gone)).all())


async def waves(tx: AsyncSession, of: Campaign) -> Sequence[Wave]:
    """The campaign's waves in their order, with the one that is planned; none before launch."""
    mine = (col(Wave.tenant_id) == of.tenant_id) & (col(Wave.campaign_id) == of.campaign_id)
    return (await tx.scalars(select(Wave).where(mine).order_by(col(Wave.number)))).all()


async def current_waves(tx: AsyncSession, of: Campaign, *, lock: bool = False) -> Sequence[Wave]:
    """Those that are not over, in their order: one that takes answers or is about to, and one that is planned.

    Locked, each waits for the commits of answers under way.
    """
    mine = (
        (col(Wave.tenant_id) == of.tenant_id)
        & (col(Wave.campaign_id) == of.campaign_id)
        & (col(Wave.state).in_(CURRENT))
    )
    statement = select(Wave).where(mine).order_by(col(Wave.number))
    if lock:
        for wave in (await tx.scalars(select(col(Wave.wave_id)).where(mine).order_by(col(Wave.number)))).all():
            await tx.execute(text(f"SELECT {WAVE_LOCK.format(kind='', wave=wave)}"))  # `wave` is a UUID of ours
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await tx.scalars(statement)).all()


async def current_of(tx: AsyncSession, tenant: UUID, wave_id: UUID) -> tuple[Campaign, Sequence[Wave], Wave] | None:
    """A wave that is not over, with its campaign and all current waves of that, locked; None where it is over or gone.

    Campaign before wave, as every step: two steps at the same moment must not wait for each other.
    """
    found = await tx.get(Wave, (tenant, wave_id))
    if found is None:
        return None
    of = await campaign(tx, tenant, found.campaign_id, lock=True)
    current = await current_waves(tx, of, lock=True)
    mine = next((one for one in current if one.wave_id == wave_id), None)
    return None if mine is None else (of, current, mine)


async def roster(database: Database, of: Wave) -> AsyncIterator[Sequence[Row[Any]]]:
    """Everybody invited, in random order, in chunks, each read in a transaction of its own.

    A slow reader holds no connection. The roster is frozen, so the chunks agree.
    """
    after = -1
    while True:
        async with database.transaction(of.tenant_id) as tx:
            scope = {"tenant": of.tenant_id, "wave": of.wave_id, "after": after, "limit": LINES_AT_ONCE}
            chunk = (await tx.execute(_LINES, scope)).all()
        if chunk:
            yield chunk
        if len(chunk) < LINES_AT_ONCE:
            return
        after = chunk[-1].serial
