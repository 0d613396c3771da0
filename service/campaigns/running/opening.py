"""Opening a wave: its people are invited, its questions drawn, a key taken, and all of it promised in its contract."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.due import MAKE_KEYS
from service.campaigns.inviting import invitees, roster
from service.campaigns.inviting.who import Who
from service.campaigns.problems import AudienceTooSmall, WaveKeyNotReady
from service.campaigns.promises import contract, promise, wording
from service.campaigns.promises.contract import Notary
from service.campaigns.rotation import Bank, Rotation, draw
from service.campaigns.rules.queries import rules_of
from service.campaigns.tables import Campaign, Wave
from service.campaigns.taking_part import lines
from service.campaigns.thresholds import least_invited, smallest_class
from service.campaigns.times.timetable import openings_of
from service.kit import jobs
from service.questionnaires.document import Document

_TAKE_KEY = text("""
    SELECT public_key, mac FROM wave_key WHERE tenant_id = :tenant AND wave_id IS NULL
    ORDER BY key_id LIMIT 1 FOR UPDATE SKIP LOCKED
""")
_NAME_KEY = text("""
    UPDATE wave_key SET wave_id = :wave WHERE tenant_id = :tenant AND public_key = :public_key AND wave_id IS NULL
""")


async def take_key(tx: AsyncSession, notary: Notary, tenant: UUID, now: datetime) -> bytes:
    """One of the key pairs that the worker made ahead, and ask for the next; only ones that it signed.

    Raises:
        WaveKeyNotReady: there is none.
    """
    await jobs.enqueue(tx, tenant, MAKE_KEYS, tenant, now)
    found = (await tx.execute(_TAKE_KEY, {"tenant": tenant})).one_or_none()
    if found is None or not notary.knows_key(tenant, found.public_key, found.mac):
        raise WaveKeyNotReady
    public_key: bytes = found.public_key
    return public_key


async def freeze(
    tx: AsyncSession, campaign: Campaign, wave: Wave, promised: Mapping[str, Any], notary: Notary, now: datetime
) -> None:
    """Write down who is invited to a wave whose row stands, times and public key in it, and sign its contract.

    Args:
        tx: the caller's transaction, which holds the organisation's lock.
        campaign: whose wave it is.
        wave: with its times and its public key.
        promised: the campaign's contract, which is obeyed, whatever stands in its row.
        notary: signs.
        now: the moment.

    Raises:
        AudienceTooSmall, PlanTooLarge: as at launch.
        RulesAltered: the tenant's rules are not those that were put.
    """
    tenant, today = wave.tenant_id, opening_day(wave, now)
    await tx.execute(_NAME_KEY, {"tenant": tenant, "wave": wave.wave_id, "public_key": wave.public_key})
    who = await invitees.chosen(tx, tenant, Who.of(promised["audience"], today), promised, wave.number, today)
    least = least_invited(promised["policy"])
    coarse = smallest_class(promised["policy"]) if promised.get("coarse_classes") else None
    named = bool(promised.get("comments"))
    frozen = await roster.freeze(tx, tenant, wave.wave_id, who, promised["plan"], coarse, named=named)
    wave.invited, wave.roster_digest = frozen.invited, frozen.digest
    if wave.invited < least:
        raise AudienceTooSmall(f"At least {least} people must be invited.")
    await lines.sign(tx, tenant, wave.wave_id, wave.invited, notary)
    demanded = (await rules_of(tx, tenant, notary)).burden is not None
    await invitees.count(tx, wave, today, is_demanded=demanded)
    items = await drawn_items(tx, campaign, promised, wave.number)
    wave.contract = promise.of_wave(promised, wave, frozen, openings_of(campaign, wave), items)
    wording.sentences(wave.contract, "en")  # what can not be said in words is not promised
    wave.contract_digest = contract.digest(wave.contract)
    wave.contract_mac = notary.sign(wave.contract)


async def drawn_items(tx: AsyncSession, campaign: Campaign, promised: Mapping[str, Any], turn: int) -> list[str] | None:
    """The items that the turn-th wave asks; None where every wave asks the whole questionnaire."""
    if "rotation" not in promised:
        return None
    version = await queries.version(tx, campaign)
    document = Document.stored(version.document)
    return draw(Bank.of(document), Rotation.of(promised["rotation"]), bytes.fromhex(promised["seed"]), turn)


def opening_day(wave: Wave, now: datetime) -> date:
    """The day on which an audience's rules are read: that of the opening."""
    return max(wave.opens_at or now, now).date()
