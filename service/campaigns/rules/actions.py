"""What a tenant demands of all its campaigns, and how its people sign in.

The rules are signed: whoever writes to the database alone can neither lower them nor let somebody else sign people in.
Such a writer can still delete the row, after which nothing is demanded and nobody signs in, or bring back rules that an
administrator had put before: campaigns launched later then lack a second person's approval, a limit, or thresholds
above the product's own. What was launched keeps to its contract.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.problems import PolicyTooWeak
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.schemas import Rules
from service.campaigns.schemas import PolicyIn
from service.campaigns.tables import CampaignRules
from service.campaigns.taking_part import sign_in
from service.kit.reasons import Fault
from service.problems import Invalid
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal


async def put(tx: AsyncSession, caller: Principal, given: Rules, notary: Notary, now: datetime) -> Rules:
    """Replace the rules. What was launched before keeps what it promised. Raises Invalid."""
    stored = given.model_dump(mode="json", exclude_none=True)
    if given.sign_in is not None and (faults := sign_in.faults(stored["sign_in"])):
        raise Invalid(faults=[fault._replace(pointer="/sign_in" + fault.pointer) for fault in faults])
    if not _is_kept(stored):
        raise Invalid(faults=[Fault("/sign_in/jwks", "must hold no fraction, and no text that can not be stored")])
    # Of what was given, never of what the database gives back: it could be made to give something else.
    signed = notary.sign_rules(caller.tenant_id, stored)
    known = await tx.get(CampaignRules, (caller.tenant_id,), with_for_update=True)
    before = None if known is None else state_of(known)
    statement = insert(CampaignRules).values(tenant_id=caller.tenant_id, rules=stored, updated_at=now, mac=signed)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id"],
            set_={name: statement.excluded[name] for name in ("rules", "updated_at", "mac")},
        )
    )
    after = {"tenant_id": caller.tenant_id, "rules": stored, "updated_at": now}
    subject = str(caller.tenant_id)
    audit(tx, caller.tenant_id, now, caller.actor, "campaign_rules.put", subject, before=before, after=after)
    return given


def _is_kept(stored: dict[str, Any]) -> bool:
    """Whether the database gives it back letter by letter, as the signature wants it. It spells fractions otherwise."""
    left: list[Any] = [stored]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        elif isinstance(value, float) or (isinstance(value, str) and not _is_text(value)):
            return False
    return True


def _is_text(value: str) -> bool:
    return not any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)


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
