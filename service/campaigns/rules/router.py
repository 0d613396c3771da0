"""A tenant's rules for all its campaigns."""

from typing import Annotated

from fastapi import Request

from service.campaigns.problems import RulesAltered
from service.campaigns.rules import actions, queries
from service.campaigns.rules.schemas import Rules
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, problems
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
Administrator = Annotated[Principal, holding(Scope.admin)]


@router.get("/campaign-rules", operation_id="campaign_rules.get", responses=problems(RulesAltered))
async def get_rules(request: Request, caller: Administrator, tx: Transaction) -> Rules:
    """What every campaign of this organisation has to keep to.

    Altered rules are not shown: whoever put them again as they were shown would make them good.
    """
    return await queries.rules_of(tx, caller.tenant_id, request.app.state.notary)


@router.put("/campaign-rules", operation_id="campaign_rules.put", responses=problems(Malformed, Invalid))
async def put_rules(request: Request, caller: Administrator, tx: Transaction, now: Now, given: Rules) -> Rules:
    """Replace the rules: least thresholds, a limit on invitations, a second person's approval, the company's sign-in.

    They hold for what is drafted and launched from now on.
    """
    return await actions.put(tx, caller, given, request.app.state.notary, now)
