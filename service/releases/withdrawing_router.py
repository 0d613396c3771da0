"""The HRIS side of a release that was wrong."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from service.kit.strict import api_router
from service.problems import Invalid, NotFound, problems
from service.releases import withdrawing
from service.releases.problems import NotPublished
from service.releases.schemas import ReleaseOut, WithdrawalIn
from service.releases.tables import Release
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
CampaignWriter = Annotated[Principal, holding(Scope.campaigns_write)]


async def _release_to_withdraw(caller: CampaignWriter, tx: Transaction, release_id: UUID) -> Release:
    return await withdrawing.locked(tx, caller.tenant_id, release_id)


ReleaseToWithdraw = Annotated[Release, Depends(_release_to_withdraw)]


@router.post(
    "/releases/{release_id}/withdraw",
    operation_id="releases.withdraw",
    responses=problems(Invalid, NotFound, NotPublished),
)
async def withdraw_release(
    release: ReleaseToWithdraw, caller: CampaignWriter, tx: Transaction, now: Now, withdrawal: WithdrawalIn
) -> ReleaseOut:
    """Say that a release's figures are not to be used any more: its cells answer 410 from now on, with the reason.

    It stays in the list, as `withdrawn`, and those who read on by `since` are told. What was seen of it was seen: later
    releases of the wave are still judged together with it. Withdrawn again, it keeps its moment and its reason; a
    `replaced_by` may still be told, once.
    """
    return ReleaseOut.head_of(await withdrawing.withdraw(tx, caller, release, withdrawal, now))
