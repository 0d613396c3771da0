"""Reading a tenant's rules."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.problems import RulesAltered
from service.campaigns.promises.contract import ContractAltered, Notary
from service.campaigns.rules.schemas import Rules
from service.campaigns.tables import CampaignRules


async def rules_of(tx: AsyncSession, tenant: UUID, notary: Notary) -> Rules:
    """The rules; where none were ever given, the ones that demand nothing. Raises RulesAltered."""
    found = await tx.get(CampaignRules, (tenant,))
    if found is None:
        return Rules()
    try:
        return Rules.model_validate(notary.check_rules(tenant, found.rules, found.mac))
    except ContractAltered:
        raise RulesAltered from None
