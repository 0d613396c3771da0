"""How many take part, by unit, while a wave is open and after."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from service.campaigns import queries
from service.campaigns.problems import ContractBroken
from service.campaigns.tables import Wave
from service.kit.strict import api_router
from service.problems import NotFound, problems
from service.releases import participation
from service.releases.participation_schemas import ParticipationByUnit
from service.releases.problems import ParticipationGone, ParticipationNotRecorded
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
CampaignWriter = Annotated[Principal, holding(Scope.campaigns_write)]


async def _wave(caller: CampaignWriter, tx: Transaction, wave_id: UUID) -> Wave:
    return await queries.wave(tx, caller.tenant_id, wave_id)


@router.get(
    "/waves/{wave_id}/participation",
    operation_id="waves.participation",
    responses=problems(NotFound, ParticipationNotRecorded, ParticipationGone, ContractBroken),
)
async def get_participation(
    request: Request, wave: Annotated[Wave, Depends(_wave)], tx: Transaction, now: Now
) -> ParticipationByUnit:
    """Participation of each unit, in steps of at least two people, where at least ten are invited.

    Refreshed daily, and only when k more people have answered.
    """
    return await participation.by_unit(tx, wave, request.app.state.notary, now)
