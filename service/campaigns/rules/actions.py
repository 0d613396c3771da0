"""What a tenant demands of all its campaigns, and how its people sign in."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.problems import PolicyTooWeak
from service.campaigns.rules.schemas import Rules
from service.campaigns.schemas import PolicyIn
from service.campaigns.tables import CampaignRules
from service.campaigns.taking_part import sign_in
from service.kit.reasons import Fault
from service.problems import Invalid
from service.tenants.actions import audit
from service.tenants.principals import Principal


async def put(tx: AsyncSession, caller: Principal, given: Rules, now: datetime) -> Rules:
    """Replace the rules. What was launched before keeps what it promised. Raises Invalid."""
    stored = given.model_dump(mode="json", exclude_none=True)
    if given.sign_in is not None and (faults := sign_in.faults(stored["sign_in"])):
        raise Invalid(faults=[fault._replace(pointer="/sign_in" + fault.pointer) for fault in faults])
    statement = insert(CampaignRules).values(tenant_id=caller.tenant_id, rules=stored, updated_at=now)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={"rules": statement.excluded["rules"], "updated_at": statement.excluded["updated_at"]},
        )
    )
    audit(tx, caller.tenant_id, now, caller.actor, "campaign_rules.put", str(caller.tenant_id))
    return given


async def rules_of(tx: AsyncSession, tenant: UUID) -> Rules:
    """The rules; where none were ever given, the ones that demand nothing."""
    found = await tx.get(CampaignRules, (tenant,))
    return Rules() if found is None else Rules.model_validate(found.rules)


def check_policy(given: Mapping[str, int], rules: Rules) -> None:
    """Raises PolicyTooWeak where a threshold is less than the organisation, or the product, demands."""
    demanded = PolicyIn().model_dump() | rules.policy.model_dump(exclude_none=True)
    weak = [
        Fault(f"/policy/{name}", f"must be at least {least} in this organisation")
        for name, least in demanded.items()
        if given[name] < least
    ]
    if weak:
        raise PolicyTooWeak(faults=weak)
