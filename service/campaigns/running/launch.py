"""Launching a campaign: its rules are promised, for good, and its first wave is frozen, or planned."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import queries
from service.campaigns.due import CLOSE_WAVE, OPEN_WAVE
from service.campaigns.events import CampaignLaunched, CampaignProposed, WaveOpened
from service.campaigns.inviting import overlap
from service.campaigns.inviting.turns import first_turn, opening_days
from service.campaigns.lifecycle import WaveState
from service.campaigns.problems import (
    ApprovalNeeded,
    ApprovalNotNeeded,
    ApprovalOfOneself,
    ScheduleOver,
)
from service.campaigns.promises import contract, promise, wording
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.actions import check_policy
from service.campaigns.rules.queries import rules_of
from service.campaigns.running import interim
from service.campaigns.running.drafts import check_sign_in
from service.campaigns.running.opening import freeze, take_key
from service.campaigns.running.scheduling import plan_wave
from service.campaigns.steps import campaign_step
from service.campaigns.tables import Campaign, Wave
from service.campaigns.times.timetable import A_MOMENT, next_after
from service.kit import jobs, outbox
from service.kit.ids import new_id
from service.people.lock import lock_organisation
from service.problems import Invalid
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal

ANOTHER_KEY = "with another key of the scope campaigns:write, which an administrator makes by POST /v1/api-keys"


async def launch(tx: AsyncSession, caller: Principal, campaign: Campaign, notary: Notary, now: datetime) -> Wave:
    """Promise the campaign's rules; its wave opens now, or when the campaign says.

    Raises:
        ApprovalNeeded: the tenant wants a second person for it.
        RulesAltered: what it wants is not what was put.
        WrongState, AudienceTooSmall, AudiencesIsolate, PlanTooLarge, ScheduleOver, WaveKeyNotReady, OrganisationBusy:
            see there.
    """
    state = campaign_step(campaign, "launch")
    if await _second_person(tx, campaign.tenant_id, notary):
        raise ApprovalNeeded(f"Post to `propose`, and then to `approve` {ANOTHER_KEY}.")
    before, campaign.state = state_of(campaign), state
    return await _start(tx, caller, campaign, before, notary, now)


async def propose(tx: AsyncSession, caller: Principal, campaign: Campaign, notary: Notary, now: datetime) -> Campaign:
    """Ask for a launch that somebody else approves. Raises ApprovalNotNeeded, RulesAltered, WrongState."""
    state = campaign_step(campaign, "propose")
    if not await _second_person(tx, campaign.tenant_id, notary):
        raise ApprovalNotNeeded
    before = state_of(campaign)
    campaign.state, campaign.proposed_by = state, caller.actor
    audit(
        tx, campaign.tenant_id, now, caller.actor, "campaign.proposed", str(campaign.campaign_id),
        before=before, after=state_of(campaign),
    )  # fmt: skip
    await outbox.add(tx, campaign.tenant_id, CampaignProposed.of(campaign), now)
    await tx.flush()
    return campaign


async def approve(tx: AsyncSession, caller: Principal, campaign: Campaign, notary: Notary, now: datetime) -> Wave:
    """Launch what somebody else proposed. Raises ApprovalOfOneself, and what a launch raises."""
    state = campaign_step(campaign, "approve")
    if campaign.proposed_by == caller.actor:
        raise ApprovalOfOneself(f"Approve it {ANOTHER_KEY}.")
    before, campaign.state = state_of(campaign), state
    return await _start(tx, caller, campaign, before, notary, now)


async def _second_person(tx: AsyncSession, tenant: UUID, notary: Notary) -> bool:
    return (await rules_of(tx, tenant, notary)).second_approval


async def _start(
    tx: AsyncSession, caller: Principal, campaign: Campaign, before: Mapping[str, Any], notary: Notary, now: datetime
) -> Wave:
    if campaign.closes_at and campaign.closes_at <= now:
        raise Invalid("The campaign should have closed already; give a later `closes_at`.")
    demanded = await rules_of(tx, campaign.tenant_id, notary)
    check_sign_in(campaign.asked["participation"]["ways"], demanded)  # removed since the draft was made?
    check_policy(campaign.policy, demanded)  # it may have been raised since the draft was made
    burden = None if demanded.burden is None else demanded.burden.model_dump()
    rules = promise.of_campaign(campaign, await queries.version(tx, campaign), notary.seed(campaign.tenant_id), burden)
    wording.sentences(rules, "en")  # what can not be said in words is not promised
    await lock_organisation(tx, campaign.tenant_id)  # nobody is moved until the roster is written down
    await overlap.check(tx, campaign, rules, notary, opening_days(campaign, 1, now)[0], now)
    campaign.contract, campaign.contract_digest = rules, contract.digest(rules)
    campaign.contract_mac = notary.sign(rules)
    if campaign.schedule is None:
        wave = await _only_wave(tx, campaign, rules, notary, now)
    else:
        wave = await _first_planned(tx, campaign, campaign.schedule, rules, now)
    audit(
        tx, campaign.tenant_id, now, caller.actor, "campaign.launched", str(campaign.campaign_id),
        before=before, after=state_of(campaign), contract=campaign.contract_digest, invited=wave.invited,
    )  # fmt: skip
    await outbox.add(tx, campaign.tenant_id, CampaignLaunched.of(campaign), now)
    if wave.state == WaveState.open:
        await outbox.add(tx, wave.tenant_id, WaveOpened.of(wave), now)
    await tx.flush()
    return wave


async def _only_wave(
    tx: AsyncSession, campaign: Campaign, rules: Mapping[str, Any], notary: Notary, now: datetime
) -> Wave:
    """The wave of a campaign without a schedule: frozen now, even where it opens later, so that links are ready."""
    starts = campaign.opens_at is None or campaign.opens_at <= now
    wave = Wave(
        tenant_id=campaign.tenant_id,
        wave_id=new_id(),
        campaign_id=campaign.campaign_id,
        number=1,
        state=WaveState.open if starts else WaveState.scheduled,
        opens_at=now if starts else campaign.opens_at,
        closes_at=campaign.closes_at,
        invited=0,
        roster_digest="",
        public_key=await take_key(tx, notary, campaign.tenant_id, now),
    )
    tx.add(wave)
    await tx.flush()  # its row comes first, what hangs on it after
    await freeze(tx, campaign, wave, rules, notary, now)
    await interim.foresee(tx, wave)
    if not starts and campaign.opens_at:
        await jobs.enqueue(tx, campaign.tenant_id, OPEN_WAVE, wave.wave_id, campaign.opens_at)
    if campaign.closes_at:
        await jobs.enqueue(tx, campaign.tenant_id, CLOSE_WAVE, wave.wave_id, campaign.closes_at)
    return wave


async def _first_planned(
    tx: AsyncSession, campaign: Campaign, schedule: Mapping[str, Any], rules: Mapping[str, Any], now: datetime
) -> Wave:
    """The first wave of a schedule: the next to come, not one whose time has begun. Nobody is invited yet."""
    await first_turn(tx, campaign.tenant_id, campaign, rules, now)
    occurrence = next_after(schedule, now - A_MOMENT)
    if occurrence is None:
        raise ScheduleOver
    return await plan_wave(tx, campaign, 1, occurrence)
