"""Campaigns and their waves: drafted, launched, put off, ended."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.campaigns import queries
from service.campaigns.forecast.queries import foretell
from service.campaigns.forecast.schemas import ForecastIn, ForecastOut
from service.campaigns.problems import (
    ApprovalNeeded,
    ApprovalNotNeeded,
    ApprovalOfOneself,
    AudiencesIsolate,
    AudienceTooSmall,
    ForecastBusy,
    NotRecurring,
    PlanNotSupported,
    PlanTooLarge,
    PolicyTooWeak,
    RotationRefused,
    RulesAltered,
    ScheduleOver,
    ScheduleRefused,
    UnknownDimension,
    UnknownQuestionnaire,
    UnknownUnit,
    WaveKeyNotReady,
    WrongState,
)
from service.campaigns.promises.contract import holder_of
from service.campaigns.running import closing, drafts, launch, rescheduling, retention
from service.campaigns.schemas import CalendarOut, CampaignIn, CampaignOut, CampaignPage, ContractOut, ExtendIn, WaveOut
from service.campaigns.tables import Campaign, Wave
from service.campaigns.terms import ScheduleIn
from service.kit.idempotency import NOTHING_WRITTEN
from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.people.problems import OrganisationBusy
from service.people.turns import in_turn
from service.problems import Invalid, Malformed, NotFound, problems
from service.tenants.admission import admitting
from service.tenants.principals import Now, OpenDatabase, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
CampaignWriter = Annotated[Principal, holding(Scope.campaigns_write)]
CampaignAdmitted = Annotated[Principal, admitting(Scope.campaigns_write)]

AS_USUAL = ForecastIn()
InLanguage = Annotated[Literal["en", "fr"], Query(description="of the sentences")]
_LAUNCH = (
    Invalid, PolicyTooWeak, RulesAltered, AudienceTooSmall, AudiencesIsolate, PlanTooLarge, ScheduleOver,
    WaveKeyNotReady, OrganisationBusy,
)  # fmt: skip


async def _campaign_to_manage(caller: CampaignWriter, tx: Transaction, campaign_id: UUID) -> Campaign:
    return await queries.campaign(tx, caller.tenant_id, campaign_id, lock=True)


async def _wave_to_manage(caller: CampaignWriter, tx: Transaction, wave_id: UUID) -> Wave:
    return await queries.wave(tx, caller.tenant_id, wave_id)


async def _campaign_to_read(caller: CampaignWriter, tx: Transaction, campaign_id: UUID) -> Campaign:
    return await queries.campaign(tx, caller.tenant_id, campaign_id)


CampaignToManage = Annotated[Campaign, Depends(_campaign_to_manage)]
CampaignToRead = Annotated[Campaign, Depends(_campaign_to_read)]
WaveToManage = Annotated[Wave, Depends(_wave_to_manage)]


@router.post(
    "/campaigns",
    status_code=201,
    operation_id="campaigns.create",
    responses=problems(
        Malformed,
        Invalid,
        PlanNotSupported,
        PolicyTooWeak,
        UnknownDimension,
        UnknownUnit,
        UnknownQuestionnaire,
        ScheduleRefused,
        RotationRefused,
        RulesAltered,
    ),
)
async def create_campaign(
    request: Request, caller: CampaignWriter, tx: Transaction, now: Now, campaign: CampaignIn
) -> CampaignOut:
    """Post a draft: questionnaire, audience by org units, plan, policy."""
    return CampaignOut.of(await drafts.create(tx, caller, campaign, request.app.state.notary, now))


@router.get("/campaigns", operation_id="campaigns.list", responses=problems(Invalid))
async def list_campaigns(
    request: Request,
    response: Response,
    caller: CampaignWriter,
    tx: Transaction,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> CampaignPage:
    """The campaigns, a page at a time."""
    page = await queries.campaigns(tx, caller.tenant_id, uuid_behind(cursor), limit)
    return CampaignPage(data=page.rows, next=link_next(request, response, page))


@router.get("/campaigns/{campaign_id}", operation_id="campaigns.get", responses=problems(NotFound))
async def get_campaign(campaign: CampaignToRead) -> CampaignOut:
    """One campaign."""
    return CampaignOut.of(campaign)


@router.post(
    "/campaigns/{campaign_id}/forecast",
    operation_id="campaigns.forecast",
    dependencies=[NOTHING_WRITTEN],
    responses=problems(
        Malformed, Invalid, NotFound, WrongState, RulesAltered, AudienceTooSmall, PlanTooLarge, ForecastBusy
    ),
)
async def forecast_campaign(
    request: Request,
    campaign_id: UUID,
    caller: CampaignAdmitted,
    database: OpenDatabase,
    now: Now,
    expected: ForecastIn = AS_USUAL,
) -> ForecastOut:
    """Before launch: which share of the plan's cells would be published, and which units to merge for more."""
    notary = request.app.state.notary
    return await foretell(database, caller.tenant_id, campaign_id, notary, expected.response_rate, now)


@router.post(
    "/campaigns/{campaign_id}/launch",
    operation_id="campaigns.launch",
    dependencies=[in_turn(Scope.campaigns_write)],
    responses=problems(NotFound, WrongState, ApprovalNeeded, *_LAUNCH),
)
async def launch_campaign(
    request: Request, campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now
) -> WaveOut:
    """Promise the rules, for good. Without a schedule the roster is frozen, and the wave opens now or at `opens_at`.

    With one, the first wave is planned: at its time its people are invited, and the next one is planned.
    """
    return WaveOut.of(await launch.launch(tx, caller, campaign, request.app.state.notary, now))


@router.post(
    "/campaigns/{campaign_id}/propose",
    operation_id="campaigns.propose",
    responses=problems(NotFound, WrongState, ApprovalNotNeeded, RulesAltered),
)
async def propose_campaign(
    request: Request, campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now
) -> CampaignOut:
    """Ask for a launch, where the organisation wants a second person's approval."""
    return CampaignOut.of(await launch.propose(tx, caller, campaign, request.app.state.notary, now))


@router.post(
    "/campaigns/{campaign_id}/approve",
    operation_id="campaigns.approve",
    dependencies=[in_turn(Scope.campaigns_write)],
    responses=problems(NotFound, WrongState, ApprovalOfOneself, *_LAUNCH),
)
async def approve_campaign(
    request: Request, campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now
) -> WaveOut:
    """Launch what the holder of another key proposed."""
    return WaveOut.of(await launch.approve(tx, caller, campaign, request.app.state.notary, now))


@router.post(
    "/campaigns/{campaign_id}/extend",
    operation_id="campaigns.extend",
    responses=problems(Malformed, Invalid, NotFound, WrongState),
)
async def extend_campaign(
    campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now, later: ExtendIn
) -> WaveOut:
    """Let the open wave close later. One that has closed is never opened again."""
    return WaveOut.of(await closing.extend(tx, caller, campaign, later.closes_at, now))


@router.put(
    "/campaigns/{campaign_id}/schedule",
    operation_id="campaigns.reschedule",
    responses=problems(
        Malformed, Invalid, NotFound, WrongState, NotRecurring, ScheduleRefused, ScheduleOver, UnknownUnit
    ),
)
async def reschedule_campaign(
    campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now, schedule: ScheduleIn
) -> CampaignOut:
    """Other times for the waves to come; the one that is open stays as it was promised."""
    return CampaignOut.of(await rescheduling.reschedule(tx, caller, campaign, schedule, now))


@router.get(
    "/campaigns/{campaign_id}/calendar",
    operation_id="campaigns.calendar",
    responses=problems(Invalid, NotFound, NotRecurring),
)
async def get_calendar(
    campaign: CampaignToRead,
    tx: Transaction,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=500, description="of the waves to come")] = 12,
) -> CalendarOut:
    """The waves to come, with what they will ask where items are drawn, and the times that were skipped."""
    return await rescheduling.calendar_of(tx, campaign, now, limit)


@router.post("/campaigns/{campaign_id}/close", operation_id="campaigns.close", responses=problems(NotFound, WrongState))
async def close_campaign(campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now) -> WaveOut:
    """Stop accepting answers and start the release; of a campaign with a schedule, no wave opens any more."""
    return WaveOut.of(await closing.close(tx, caller, campaign, now))


@router.post(
    "/campaigns/{campaign_id}/cancel", operation_id="campaigns.cancel", responses=problems(NotFound, WrongState)
)
async def cancel_campaign(campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now) -> CampaignOut:
    """Give the campaign up. Answers already given are opened no more."""
    await closing.cancel(tx, caller, campaign, now)
    return CampaignOut.of(campaign)


@router.get("/campaigns/{campaign_id}/waves", operation_id="campaigns.waves", responses=problems(NotFound))
async def list_waves(campaign: CampaignToRead, tx: Transaction) -> list[WaveOut]:
    """The campaign's waves, with the one that is planned."""
    destroyed = await queries.destroyed(tx, campaign.tenant_id, campaign.campaign_id)
    return [WaveOut.of(wave, destroyed) for wave in await queries.waves(tx, campaign)]


@router.get("/campaigns/{campaign_id}/contract", operation_id="campaigns.contract", responses=problems(NotFound))
async def get_contract(campaign: CampaignToRead, language: InLanguage = "en") -> ContractOut:
    """The rules that were promised at launch for all waves, with their digest; each wave's contract repeats them."""
    if campaign.contract is None or campaign.contract_digest is None:
        raise NotFound("The contract exists from launch on.")
    return ContractOut.of(campaign.contract, campaign.contract_digest, language)


@router.post(
    "/waves/{wave_id}/destroy", status_code=202, operation_id="waves.destroy", responses=problems(NotFound, WrongState)
)
async def destroy_wave(wave: WaveToManage, caller: CampaignWriter, tx: Transaction, now: Now) -> WaveOut:
    """Destroy the wave's key, and with it answers and roster, before the retention is over. Results stay.

    A worker does it in a moment: `key_destroyed` in the campaign's waves says when it is done.
    """
    await retention.ask(tx, caller, wave, now)
    return WaveOut.of(wave, await queries.destroyed(tx, wave.tenant_id, wave.campaign_id))


@router.get("/waves/{wave_id}/destruction", operation_id="waves.destruction", responses=problems(NotFound))
async def get_destruction(wave: WaveToManage, tx: Transaction) -> dict[str, Any]:
    """That the wave's key is destroyed: what was sealed to it, that it was tried to open, signed; once it is."""
    return await queries.destruction(tx, wave)


@router.get("/waves/{wave_id}/contract", operation_id="waves.contract", responses=problems(NotFound))
async def get_wave_contract(wave: WaveToManage, tx: Transaction, language: InLanguage = "en") -> ContractOut:
    """What a wave's respondents are promised, with its digest; from its opening on."""
    holder = holder_of(wave, await queries.campaign(tx, wave.tenant_id, wave.campaign_id))
    if holder.contract is None or holder.contract_digest is None or "wave" not in holder.contract:
        raise NotFound("The contract exists from the opening on.")
    return ContractOut.of(holder.contract, holder.contract_digest, language)
