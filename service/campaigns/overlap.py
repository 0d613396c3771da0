"""Whether the audiences of campaigns that ask the same within ninety days, together, single out too few people.

What is compared are the rules of each audience, on the people of today: rosters of different days differ by whoever
came and went, as those of one campaign's waves do, which its contract says.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import audiences, roster
from service.campaigns.lifecycle import CampaignState
from service.campaigns.problems import AudiencesIsolate
from service.campaigns.tables import Campaign, Wave
from service.campaigns.who import Who, people
from service.people.tables import OrgUnit
from service.questionnaires.tables import QuestionnaireVersion

NEAR = timedelta(days=90)
MOST_CAMPAIGNS = 20
"""That ask the same within ninety days; more are not looked at together, and refused."""


async def check(tx: AsyncSession, campaign: Campaign, promised: Mapping[str, Any], now: datetime) -> None:
    """Nothing, where the audience may be asked beside the others.

    Raises:
        AudiencesIsolate: a combination of the audiences holds fewer than k people, or more campaigns ask the same than
            are looked at together.
    """
    rules = [promised["audience"]]
    strictest = promised["policy"]
    k = strictest["k_mean"] + strictest["collusion"]
    for other in await _near(tx, campaign, now):
        if await _share_items(tx, campaign, other):
            audience = (other.contract or {}).get("audience", other.asked["audience"])
            if not _same_rule(audience, rules):
                rules.append(audience)
            k = max(k, other.policy["k_mean"] + other.policy["collusion"])
    if len(rules) == 1:
        return
    if len(rules) > MOST_CAMPAIGNS:
        raise AudiencesIsolate
    everybody, parents = await roster.units_below(tx, campaign.tenant_id, await _tops(tx, campaign.tenant_id))
    place = {unit: number for number, unit in enumerate(everybody)}
    home: dict[UUID, int] = {}
    sets: list[set[UUID]] = []
    for audience in rules:
        who = Who.of(audience, now.date())
        units, _ = await roster.units_below(tx, campaign.tenant_id, who.tops)
        rows = await people(tx, campaign.tenant_id, who, units)
        home |= {row.person_id: place[row.unit_id] for row in rows}
        sets.append({row.person_id for row in rows})
    numbered = {person: number for number, person in enumerate(sorted(home))}
    members = np.zeros((len(sets), len(numbered)), np.bool_)
    for row, held in enumerate(sets):
        members[row, [numbered[person] for person in held]] = True
    homes = np.array([home[person] for person in numbered], np.int64)
    if audiences.judge(members, homes, np.array(parents, np.int64), k) is not None:
        raise AudiencesIsolate


async def _near(tx: AsyncSession, campaign: Campaign, now: datetime) -> Sequence[Campaign]:
    """Other campaigns that were launched and had an open wave in the last ninety days, or will have one."""
    mine = (col(Campaign.tenant_id) == campaign.tenant_id) & (col(Campaign.campaign_id) != campaign.campaign_id)
    launched = col(Campaign.state).in_([CampaignState.launched, CampaignState.closed])
    lately = (
        select(col(Wave.wave_id))
        .where(
            col(Wave.tenant_id) == col(Campaign.tenant_id),
            col(Wave.campaign_id) == col(Campaign.campaign_id),
            col(Wave.closes_at).is_(None) | (col(Wave.closes_at) > now - NEAR),
        )
        .exists()
    )
    statement = select(Campaign).where(mine & launched & lately).order_by(col(Campaign.campaign_id))
    return (await tx.scalars(statement)).all()


async def _share_items(tx: AsyncSession, one: Campaign, other: Campaign) -> bool:
    """Whether both ask a question of the same words, in any language."""
    left, right = await _texts(tx, one), await _texts(tx, other)
    return bool(left & right)


async def _texts(tx: AsyncSession, campaign: Campaign) -> set[tuple[str, str]]:
    version = await tx.get_one(QuestionnaireVersion, (campaign.tenant_id, campaign.questionnaire_id, campaign.version))
    return {(language, words) for item in version.document["items"] for language, words in item["text"].items()}


async def _tops(tx: AsyncSession, tenant: UUID) -> list[UUID]:
    tops = (col(OrgUnit.tenant_id) == tenant) & col(OrgUnit.parent_id).is_(None)
    return list((await tx.scalars(select(col(OrgUnit.unit_id)).where(tops))).all())


def _same_rule(audience: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> bool:
    """Rules that name the same people, whatever the order in which they do."""
    return any(_told(audience) == _told(one) for one in known)


def _told(audience: Mapping[str, Any]) -> tuple[Any, ...]:
    held = audience.get("dimensions", {})
    hired = audience.get("hired", {})
    return (
        sorted(audience["unit_ids"]),
        {name: sorted(values) for name, values in held.items()},
        hired.get("days_at_least"),
        hired.get("days_at_most"),
    )
