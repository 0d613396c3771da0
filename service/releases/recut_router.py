"""The HRIS side of a release: other groups of the same people, asked for afterwards."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from service.campaigns import queries as campaigns
from service.campaigns.problems import ContractBroken, PlanNotSupported, PlanTooLarge, WrongState
from service.campaigns.tables import Wave
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.releases import queries, recuts
from service.releases.recuts import AnswersGone, RecutPending, RecutsNotPromised, TooManyRecuts
from service.releases.schemas import RecutIn, RecutOut
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
CampaignWriter = Annotated[Principal, holding(Scope.campaigns_write)]


async def _wave_to_recut(caller: CampaignWriter, tx: Transaction, wave_id: UUID) -> Wave:
    return await campaigns.wave(tx, caller.tenant_id, wave_id)


WaveToRecut = Annotated[Wave, Depends(_wave_to_recut)]


@router.post(
    "/waves/{wave_id}/recuts",
    status_code=202,
    operation_id="recuts.ask",
    responses=problems(
        Malformed, Invalid, NotFound, WrongState, ContractBroken, RecutsNotPromised, AnswersGone, RecutPending,
        TooManyRecuts, PlanNotSupported, PlanTooLarge,
    ),
)  # fmt: skip
async def ask_recut(
    request: Request, wave: WaveToRecut, caller: CampaignWriter, tx: Transaction, now: Now, recut: RecutIn
) -> RecutOut:
    """Ask for other groups of a released wave's people, where its contract allows it.

    They are protected together with everything that was released of the wave, which stays exactly as it was, and become
    a release of their own, within a minute as a rule: the list of recuts says when. One at a time, and only until the
    wave's key is destroyed.
    """
    return RecutOut.of_row(await recuts.ask(tx, caller, wave, recut, request.app.state.notary, now), None)


@router.get("/waves/{wave_id}/recuts", operation_id="recuts.list", responses=problems(NotFound))
async def list_recuts(wave: WaveToRecut, tx: Transaction) -> list[RecutOut]:
    """What was asked of a wave, oldest first, and the releases that came of it."""
    asked = await recuts.recuts(tx, wave)
    releases = await queries.of_recuts(tx, wave.tenant_id, [recut.recut_id for recut in asked])
    return [RecutOut.of_row(recut, releases.get(recut.recut_id)) for recut in asked]
