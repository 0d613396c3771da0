"""Campaigns, their waves, and the participation links."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse

from service.campaigns import actions, forecast, queries
from service.campaigns.codes import Codes, Right, address_of, place_of
from service.campaigns.problems import (
    AudienceTooSmall,
    ContractBroken,
    ForecastBusy,
    PlanNotSupported,
    PlanTooLarge,
    UnknownDimension,
    UnknownQuestionnaire,
    UnknownUnit,
    WaveKeyNotReady,
    WrongState,
)
from service.campaigns.schemas import (
    CampaignIn,
    CampaignOut,
    CampaignPage,
    ForecastIn,
    ForecastOut,
    Invitation,
    WaveOut,
)
from service.campaigns.tables import Campaign, Wave
from service.kit.db import Database
from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.tenants.principals import Now, Principal, Transaction, database_of, holding
from service.tenants.scopes import Scope

router = api_router()
CampaignWriter = Annotated[Principal, holding(Scope.campaigns_write)]
InvitationReader = Annotated[Principal, holding(Scope.invitations_read)]

AS_USUAL = ForecastIn()
_LINES_OUT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-ndjson": {"schema": {"$ref": "#/components/schemas/Invitation"}}}}
}


async def _campaign_to_manage(caller: CampaignWriter, tx: Transaction, campaign_id: UUID) -> Campaign:
    return await queries.campaign(tx, caller.tenant_id, campaign_id, lock=True)


async def _wave_to_invite(caller: InvitationReader, tx: Transaction, wave_id: UUID) -> Wave:
    return await queries.wave(tx, caller.tenant_id, wave_id)


async def _campaign_to_read(caller: CampaignWriter, tx: Transaction, campaign_id: UUID) -> Campaign:
    return await queries.campaign(tx, caller.tenant_id, campaign_id)


CampaignToManage = Annotated[Campaign, Depends(_campaign_to_manage)]
CampaignToRead = Annotated[Campaign, Depends(_campaign_to_read)]
WaveToInvite = Annotated[Wave, Depends(_wave_to_invite)]


@router.post(
    "/campaigns",
    status_code=201,
    operation_id="campaigns.create",
    responses=problems(Malformed, Invalid, PlanNotSupported, UnknownDimension, UnknownUnit, UnknownQuestionnaire),
)
async def create_campaign(caller: CampaignWriter, tx: Transaction, now: Now, campaign: CampaignIn) -> CampaignOut:
    """Post a draft: questionnaire, audience by org units, plan, policy."""
    return CampaignOut.of(await actions.create(tx, caller, campaign, now))


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
    responses=problems(Malformed, Invalid, NotFound, WrongState, AudienceTooSmall, PlanTooLarge, ForecastBusy),
)
async def forecast_campaign(
    campaign_id: UUID,
    caller: CampaignWriter,
    database: Annotated[Database, Depends(database_of)],
    expected: ForecastIn = AS_USUAL,
) -> ForecastOut:
    """Before launch: which share of the plan's cells would be published, and which units to merge for more."""
    # Not in the request's own transaction: a connection would be held for as long as it takes.
    return await forecast.foretell(database, caller.tenant_id, campaign_id, expected.response_rate)


@router.post(
    "/campaigns/{campaign_id}/launch",
    operation_id="campaigns.launch",
    responses=problems(NotFound, WrongState, AudienceTooSmall, PlanTooLarge, WaveKeyNotReady),
)
async def launch_campaign(
    request: Request, campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now
) -> WaveOut:
    """Freeze roster and contract; the wave opens now or at `opens_at`."""
    return WaveOut.of(await actions.launch(tx, caller, campaign, request.app.state.notary, now))


@router.post("/campaigns/{campaign_id}/close", operation_id="campaigns.close", responses=problems(NotFound, WrongState))
async def close_campaign(campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now) -> WaveOut:
    """Stop accepting answers and start the release."""
    return WaveOut.of(await actions.close(tx, caller, campaign, now))


@router.post(
    "/campaigns/{campaign_id}/cancel", operation_id="campaigns.cancel", responses=problems(NotFound, WrongState)
)
async def cancel_campaign(campaign: CampaignToManage, caller: CampaignWriter, tx: Transaction, now: Now) -> CampaignOut:
    """Give the campaign up. Answers already given are never opened."""
    await actions.cancel(tx, caller, campaign, now)
    return CampaignOut.of(campaign)


@router.get("/campaigns/{campaign_id}/waves", operation_id="campaigns.waves", responses=problems(NotFound))
async def list_waves(campaign: CampaignToRead, tx: Transaction) -> list[WaveOut]:
    """The campaign's waves."""
    return [WaveOut.of(wave) for wave in await queries.waves(tx, campaign)]


@router.get("/campaigns/{campaign_id}/contract", operation_id="campaigns.contract", responses=problems(NotFound))
async def get_contract(campaign: CampaignToRead) -> dict[str, Any]:
    """What was promised at launch, with its digest."""
    if campaign.contract is None:
        raise NotFound("The contract exists from launch on.")
    return {"contract": campaign.contract, "digest": campaign.contract_digest}


@router.get(
    "/waves/{wave_id}/invitations",
    operation_id="waves.invitations",
    response_class=StreamingResponse,
    responses=_LINES_OUT | problems(NotFound, WrongState, ContractBroken),
)
async def stream_invitations(
    request: Request,
    wave: WaveToInvite,
    caller: InvitationReader,
    tx: Transaction,
    now: Now,
    database: Annotated[Database, Depends(database_of)],
) -> StreamingResponse:
    """Participation links, one JSON object a line, in random order. Codes are computed, not stored."""
    await actions.hand_out(tx, caller, wave, request.app.state.notary, now)
    base = request.app.state.settings.http.public_url or str(request.base_url)
    lines = _invitations(database, request.app.state.codes, wave, base.rstrip("/"))
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


async def _invitations(database: Database, codes: Codes, wave: Wave, base: str) -> AsyncIterator[bytes]:
    link = f"{base}/v1/respond/{address_of(wave.tenant_id, wave.wave_id)}#"
    place = place_of(wave.tenant_id, wave.wave_id)
    async for chunk in queries.roster(database, wave):
        page = bytearray()
        for row in chunk:
            code = codes.issue(Right(place, row.serial, row.label))
            line = Invitation(
                source=row.source, person=row.external_id, language=row.language, code=code, link=link + code
            )
            page += line.model_dump_json().encode() + b"\n"
        yield bytes(page)
