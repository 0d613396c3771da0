"""What a tenant demands of all its campaigns, and how its people sign in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns import sign_in
from service.campaigns.problems import PolicyTooWeak
from service.campaigns.schemas import PolicyIn
from service.campaigns.tables import CampaignRules
from service.kit.reasons import Fault
from service.kit.text import Flag, Slug, Wire
from service.problems import Invalid
from service.tenants.actions import audit
from service.tenants.principals import Principal

K = Annotated[int, Field(strict=True, ge=5, le=10_000)]
K_FINE = Annotated[int, Field(strict=True, ge=10, le=10_000)]


class LeastPolicy(Wire):
    """Thresholds that no campaign may go below; what is absent stays with the product's floor."""

    k_mean: K | None = None
    k_distribution: K_FINE | None = None
    k_sensitive: K_FINE | None = None
    k_comment: K_FINE | None = None
    collusion: Annotated[int | None, Field(strict=True, ge=0, le=1000)] = None


class Burden(Wire):
    """Nobody is invited more often than so many times in so many days, by all campaigns together."""

    most: Annotated[int, Field(strict=True, ge=1, le=366)]
    days: Annotated[int, Field(strict=True, ge=1, le=366)]


class SignInIn(Wire):
    """The company's sign-in: ID tokens of this issuer, for this audience, signed by one of these keys."""

    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    audience: Annotated[str, Field(min_length=1, max_length=500)]
    claim: Annotated[str, Field(min_length=1, max_length=200, description="holds a person's external id")]
    source: Slug = "hris"
    jwks: Annotated[dict[str, Any], Field(description="public keys only; put the new set here when they change")]


class Rules(Wire):
    """The whole of it; what is absent is not demanded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"policy": {"k_mean": 8}, "burden": {"most": 6, "days": 30}, "second_approval": True}]
        }
    )

    policy: LeastPolicy = LeastPolicy()
    burden: Burden | None = None
    second_approval: Flag = False
    sign_in: SignInIn | None = None


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
