"""The life of a campaign: created, launched (roster and contract frozen), closed or cancelled."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import contract, plan, queries, retention, roster, wave_keys
from service.campaigns.contract import Notary
from service.campaigns.lifecycle import INVITING, NEXT_CAMPAIGN, NEXT_WAVE, CampaignState, WaveState
from service.campaigns.problems import (
    AudienceTooSmall,
    ContractBroken,
    PlanNotSupported,
    UnknownDimension,
    UnknownQuestionnaire,
    UnknownUnit,
    WaveKeyNotReady,
    WrongState,
)
from service.campaigns.schemas import CampaignIn
from service.campaigns.tables import Campaign, Wave
from service.kit import jobs
from service.kit.ids import new_id
from service.kit.reasons import Fault
from service.people.actions import dimension_values
from service.people.tables import OrgUnit
from service.problems import Invalid, NotFound
from service.questionnaires.queries import latest
from service.questionnaires.tables import QuestionnaireVersion
from service.tenants.actions import audit
from service.tenants.principals import Principal

OPEN_WAVE = "open_wave"
CLOSE_WAVE = "close_wave"
RELEASE_WAVE = "release_wave"

SMALLEST_AUDIENCE = 10
RECUTS = (
    "results of other groups of the same people may be added after the release, as long as no combination of "
    "everything that was shown describes a group that is too small"
)
"""What a contract says where the campaign may have recuts; where it may not, it says nothing of them."""


async def create(tx: AsyncSession, caller: Principal, given: CampaignIn, now: datetime) -> Campaign:
    """A draft. What could never be launched is refused here already."""
    await _check_plan(tx, caller.tenant_id, given)
    if given.opens_at and given.closes_at and given.closes_at <= given.opens_at:
        raise Invalid(faults=[Fault("/closes_at", "must be after opens_at")])
    if given.closes_at and given.closes_at <= now:
        raise Invalid(faults=[Fault("/closes_at", "must be in the future")])
    try:
        version = await latest(tx, caller.tenant_id, given.questionnaire)
    except NotFound:
        raise UnknownQuestionnaire(faults=[Fault("/questionnaire", "is not a known key")]) from None
    campaign = Campaign(
        tenant_id=caller.tenant_id,
        campaign_id=new_id(),
        name=given.name,
        questionnaire_id=version.questionnaire_id,
        version=version.number,
        state=CampaignState.draft,
        audience=[str(unit) for unit in await _units(tx, caller.tenant_id, given)],
        plan=given.plan.breakdowns,
        policy=given.policy.model_dump(),
        retention_days=given.retention_days,
        recuts=given.recuts,
        opens_at=given.opens_at,
        closes_at=given.closes_at,
        created_at=now,
    )
    tx.add(campaign)
    audit(tx, caller.tenant_id, now, caller.actor, "campaign.created", str(campaign.campaign_id))
    await tx.flush()
    return campaign


async def _check_plan(tx: AsyncSession, tenant: UUID, given: CampaignIn) -> None:
    breakdowns = given.plan.breakdowns
    faults = plan.shape_faults(breakdowns) + plan.threshold_faults(
        breakdowns, given.policy.model_dump(), recuts=given.recuts
    )
    if faults:
        raise PlanNotSupported(faults=faults)
    if faults := plan.undeclared(breakdowns, await dimension_values(tx, tenant)):
        raise UnknownDimension(faults=faults)


async def _units(tx: AsyncSession, tenant: UUID, given: CampaignIn) -> list[UUID]:
    statement = select(col(OrgUnit.external_id), col(OrgUnit.unit_id)).where(
        col(OrgUnit.tenant_id) == tenant,
        col(OrgUnit.source) == given.audience.source,
        col(OrgUnit.external_id).in_(given.audience.units),
    )
    found: dict[str, UUID] = {row.external_id: row.unit_id for row in await tx.execute(statement)}
    missing = [
        Fault(f"/audience/units/{index}", "is not a known unit")
        for index, external_id in enumerate(given.audience.units)
        if external_id not in found
    ]
    if missing:
        raise UnknownUnit(faults=missing)
    return sorted(set(found.values()))


async def launch(tx: AsyncSession, caller: Principal, campaign: Campaign, notary: Notary, now: datetime) -> Wave:
    """Freeze the roster and the contract; the wave opens now, or when the campaign says."""
    state = _step(campaign, "launch")
    if campaign.closes_at and campaign.closes_at <= now:
        raise Invalid("The campaign should have closed already; give a later `closes_at`.")
    wave_id = new_id()
    public_key = await _take_key(tx, notary, campaign.tenant_id, now)
    # Rows of the wave come first, then what they say of the roster: the digest is known only once it is frozen.
    starts = campaign.opens_at is None or campaign.opens_at <= now
    wave = Wave(
        tenant_id=campaign.tenant_id,
        wave_id=wave_id,
        campaign_id=campaign.campaign_id,
        number=1,
        state=WaveState.open if starts else WaveState.scheduled,
        opens_at=now if starts else campaign.opens_at,
        closes_at=campaign.closes_at,
        invited=0,
        roster_digest="",
        public_key=public_key,
    )
    tx.add(wave)
    await tx.flush()
    await _name_key(tx, campaign.tenant_id, wave_id, public_key)
    tops = [UUID(unit) for unit in campaign.audience]
    frozen = await roster.freeze(tx, campaign.tenant_id, wave_id, tops, campaign.plan)
    wave.invited, wave.roster_digest = frozen.invited, frozen.digest
    if wave.invited < (least := least_invited(campaign)):
        raise AudienceTooSmall(f"At least {least} people must be invited.")
    version = await _version(tx, campaign)
    campaign.contract = _contract(campaign, wave, version, frozen)
    campaign.contract_digest = contract.digest(campaign.contract)
    campaign.contract_mac = notary.sign(campaign.contract)
    campaign.state = state
    if not starts and campaign.opens_at:
        await jobs.enqueue(tx, campaign.tenant_id, OPEN_WAVE, wave_id, campaign.opens_at)
    if campaign.closes_at:
        await jobs.enqueue(tx, campaign.tenant_id, CLOSE_WAVE, wave_id, campaign.closes_at)
    audit(
        tx, campaign.tenant_id, now, caller.actor, "campaign.launched", str(campaign.campaign_id),
        contract=campaign.contract_digest, invited=wave.invited,
    )  # fmt: skip
    await tx.flush()
    return wave


def least_invited(campaign: Campaign) -> int:
    """So few people at least have to be invited."""
    k: int = campaign.policy["k_mean"] + campaign.policy["collusion"]
    return max(2 * k, SMALLEST_AUDIENCE)


def _contract(campaign: Campaign, wave: Wave, version: QuestionnaireVersion, frozen: roster.Frozen) -> dict[str, Any]:
    """What is promised. Times as text, so that the digest does not hang on a library's formatting."""
    broken_down = {"dimensions": frozen.dimensions} if frozen.dimensions else {}
    later = {"recuts": RECUTS} if campaign.recuts else {}
    return (
        broken_down
        | later
        | {
            "format": "pouls-contract/1",
            "tenant": str(campaign.tenant_id),
            "campaign": {"id": str(campaign.campaign_id), "name": campaign.name},
            "wave": {
                "id": str(wave.wave_id),
                "number": wave.number,
                "opens_at": wave.opens_at.isoformat() if wave.opens_at else None,
                "closes_at": wave.closes_at.isoformat() if wave.closes_at else None,
                "public_key": wave.public_key.hex(),
            },
            "questionnaire": {"key": version.document["key"], "version": version.number, "digest": version.digest},
            "plan": campaign.plan,
            "policy": campaign.policy,
            "roster": {"invited": wave.invited, "digest": wave.roster_digest, "groups_digest": frozen.groups_digest},
            "retention_days": campaign.retention_days,
            "recipients": "holders of a key of this organisation with the right to read aggregates",
            "known_limits": [
                "who has answered is known to whoever reads the database, what they answered is not",
                "whoever holds every key before the wave's key is destroyed can read answers, without names",
                "a result that a whole group shares tells it of each of its members",
            ],
        }
    )


async def _version(tx: AsyncSession, campaign: Campaign) -> QuestionnaireVersion:
    found = await tx.get(QuestionnaireVersion, (campaign.tenant_id, campaign.questionnaire_id, campaign.version))
    if found is None:
        raise NotFound
    return found


async def _take_key(tx: AsyncSession, notary: Notary, tenant: UUID, now: datetime) -> bytes:
    """Reserve one of the key pairs that the worker made ahead, and ask for the next; only ones that it signed."""
    await jobs.enqueue(tx, tenant, wave_keys.JOB, tenant, now)
    statement = text("""
        SELECT public_key, mac FROM wave_key WHERE tenant_id = :tenant AND wave_id IS NULL
        ORDER BY key_id LIMIT 1 FOR UPDATE SKIP LOCKED
    """)
    found = (await tx.execute(statement, {"tenant": tenant})).one_or_none()
    if found is None or not notary.knows_key(tenant, found.public_key, found.mac):
        raise WaveKeyNotReady
    public_key: bytes = found.public_key
    return public_key


async def _name_key(tx: AsyncSession, tenant: UUID, wave: UUID, public_key: bytes) -> None:
    statement = text("""
        UPDATE wave_key SET wave_id = :wave
        WHERE tenant_id = :tenant AND public_key = :public_key AND wave_id IS NULL
    """)
    await tx.execute(statement, {"tenant": tenant, "wave": wave, "public_key": public_key})


async def close(tx: AsyncSession, caller: Principal, campaign: Campaign, now: datetime) -> Wave:
    """Stop accepting answers and ask for the release."""
    campaign.state = _step(campaign, "close")
    wave = await queries.wave_of(tx, campaign, lock=True)
    await close_wave(tx, campaign, wave, now)
    audit(tx, campaign.tenant_id, now, caller.actor, "campaign.closed", str(campaign.campaign_id))
    await tx.flush()
    return wave


async def close_wave(tx: AsyncSession, campaign: Campaign, wave: Wave, now: datetime) -> None:
    """Close the wave; a group commit under way holds its row, so none is accepted after this commits."""
    wave.state = _wave_step(wave, "close")
    wave.closes_at = now
    await jobs.enqueue(tx, wave.tenant_id, RELEASE_WAVE, wave.wave_id, now)
    # After the release, even where nothing is kept for a day.
    ends = now + campaign.retention + timedelta(milliseconds=1)
    await jobs.enqueue(tx, wave.tenant_id, retention.JOB, wave.wave_id, ends)


async def cancel(tx: AsyncSession, caller: Principal, campaign: Campaign, now: datetime) -> None:
    """Give the campaign up; answers already given are never opened."""
    launched = campaign.state == CampaignState.launched
    campaign.state = _step(campaign, "cancel")
    if launched:
        wave = await queries.wave_of(tx, campaign, lock=True)
        wave.state = _wave_step(wave, "cancel")
        await jobs.enqueue(tx, wave.tenant_id, retention.JOB, wave.wave_id, now + campaign.retention)
    audit(tx, campaign.tenant_id, now, caller.actor, "campaign.cancelled", str(campaign.campaign_id))
    await tx.flush()


async def hand_out(tx: AsyncSession, caller: Principal, wave: Wave, notary: Notary, now: datetime) -> None:
    """Let the wave's codes be computed for the caller, and write down who got them."""
    if wave.state not in INVITING:
        raise WrongState(f"A wave that is {wave.state} takes no more answers.")
    await _check_roster(tx, wave, notary)
    audit(tx, wave.tenant_id, now, caller.actor, "invitations.read", str(wave.wave_id))


async def _check_roster(tx: AsyncSession, wave: Wave, notary: Notary) -> None:
    """Codes carry their holders' classes, so they are made from the roster of the contract alone."""
    campaign = await queries.campaign(tx, wave.tenant_id, wave.campaign_id)
    try:
        promised = notary.check(campaign.contract, campaign.contract_mac)
    except contract.ContractAltered:
        raise ContractBroken from None
    if await roster.digest_now(tx, wave.tenant_id, wave.wave_id) != promised["roster"]["digest"]:
        raise ContractBroken


async def open_due(tx: AsyncSession, due: jobs.Due) -> None:
    """The job that opens a wave at its time; does nothing to a wave that moved on meanwhile."""
    scheduled = (
        (col(Wave.tenant_id) == due.tenant_id)
        & (col(Wave.wave_id) == due.subject_id)
        & (col(Wave.state) == WaveState.scheduled)
    )
    await tx.execute(update(Wave).where(scheduled).values(state=WaveState.open))


async def close_due(tx: AsyncSession, due: jobs.Due) -> None:
    """The job that closes a wave at its time; does nothing to a wave that moved on meanwhile."""
    found = await tx.get(Wave, (due.tenant_id, due.subject_id))
    if found is None:
        return
    # Campaign before wave, as every other step: two steps at the same moment must not wait for each other.
    campaign = await queries.campaign(tx, due.tenant_id, found.campaign_id, lock=True)
    wave = await queries.wave_of(tx, campaign, lock=True)
    if wave.state == WaveState.scheduled:  # its opening was put off, past its closing even
        wave.state = _wave_step(wave, "open")
    if wave.state != WaveState.open:
        return
    campaign.state = _step(campaign, "close")
    await close_wave(tx, campaign, wave, due.due_at)
    await tx.flush()


def _step(campaign: Campaign, act: str) -> CampaignState:
    following = NEXT_CAMPAIGN.get((CampaignState(campaign.state), act))
    if following is None:
        raise WrongState(f"A campaign that is {campaign.state} has no `{act}`.")
    return following


def _wave_step(wave: Wave, act: str) -> WaveState:
    following = NEXT_WAVE.get((WaveState(wave.state), act))
    if following is None:
        raise WrongState(f"A wave that is {wave.state} has no `{act}`.")
    return following
