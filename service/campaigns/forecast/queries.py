"""The forecast of a draft: what its plan would let be published of the wave to come, by the people of today."""

import asyncio
import json
from datetime import datetime
from uuid import UUID

import numpy as np
from anyio import fail_after
from sqlalchemy import select
from sqlmodel import col

from service.campaigns import plan, queries
from service.campaigns.forecast.process import forecast_apart
from service.campaigns.forecast.schemas import (
    BreakdownForecast,
    FamilyForecast,
    ForecastOut,
    MergedUnit,
    MergeForecast,
    PublishedShare,
    ShareOverDraws,
    WaveForecast,
)
from service.campaigns.inviting import roster
from service.campaigns.inviting.turns import first_turn
from service.campaigns.lifecycle import CampaignState
from service.campaigns.problems import ForecastBusy, WrongState
from service.campaigns.promises import promise
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.queries import rules_of
from service.campaigns.tables import Campaign
from service.campaigns.thresholds import smallest_class
from service.disclosure.forecast import DRAWS, Forecast, Foretold, Shares, Spread
from service.disclosure.grid import Grid
from service.disclosure.policy import Policy
from service.disclosure.tree import Tree
from service.kit.db import Database, plan_anew
from service.people.tables import OrgUnit

PATIENCE_S = 60.0


async def foretell(
    database: Database,
    tenant: UUID,
    campaign_id: UUID,
    notary: Notary,
    rate: float,
    now: datetime,
) -> ForecastOut:
    """Nothing is written, and nobody's answer is looked at.

    Args:
        database: the service's.
        tenant: whose.
        campaign_id: a draft, or what waits for a second person.
        notary: knows the tenant's rules, and by what its samples are drawn.
        rate: how many of those invited answer.
        now: the moment.

    Raises:
        NotFound, WrongState, AudienceTooSmall, PlanTooLarge, RulesAltered: as a launch would.
        ForecastBusy: it has not ended within a minute, waiting for others included.
    """
    # Nobody is moved between the statements, and nobody is kept from being moved meanwhile.
    async with database.transaction(tenant, of_one_moment=True) as tx:
        await plan_anew(tx)
        campaign = await queries.campaign(tx, tenant, campaign_id)
        if campaign.state not in {CampaignState.draft, CampaignState.proposed}:
            raise WrongState(f"A campaign that is {campaign.state} has no `forecast`.")
        demanded = (await rules_of(tx, tenant, notary)).burden
        burden = None if demanded is None else demanded.model_dump()
        rules = promise.of_campaign(campaign, await queries.version(tx, campaign), notary.seed(tenant), burden)
        turn = await first_turn(tx, tenant, campaign, rules, now)
        audience = await roster.audience(tx, tenant, turn.who, campaign.plan)
        names = {
            row.unit_id: MergedUnit(source=row.source, unit=row.external_id, unit_name=row.name)
            for row in await tx.execute(
                select(col(OrgUnit.unit_id), col(OrgUnit.source), col(OrgUnit.external_id), col(OrgUnit.name)).where(
                    col(OrgUnit.tenant_id) == tenant, col(OrgUnit.unit_id).in_(audience.units)
                )
            )
        }
    if campaign.asked.get("coarse_classes"):
        audience = await asyncio.to_thread(roster.coarser, audience, smallest_class(campaign.policy))
    invited = np.array([row.people for row in audience.classes], np.int64)
    grid, units = await asyncio.to_thread(_grid, audience, campaign.plan)
    policy = Policy.of(campaign.policy)
    thresholds = [policy.mean_k(sensitive=False), policy.distribution_k(sensitive=False)]
    try:
        with fail_after(PATIENCE_S):
            found = await forecast_apart(grid, invited, rate, thresholds)
    except TimeoutError:
        raise ForecastBusy from None
    every = rules["sampling"]["every"] if "sampling" in rules else None
    wave = WaveForecast(opens_on=turn.day, audience=turn.audience, sample_of_every=every)
    return _told(found, campaign, wave, int(invited.sum()), rate, [names.get(unit) for unit in units])


def _grid(audience: roster.Audience, breakdowns: list[list[str]]) -> tuple[Grid, list[UUID | None]]:
    """The places of the plan, the tree alone first, and the units of its nodes; None for all of several tops."""
    parents, units = np.array(audience.parents, np.int64), list[UUID | None](audience.units)
    if (parents < 0).sum() > 1:
        parents, units = np.concatenate([[-1], parents + 1]), [None, *units]
    place = {unit: number for number, unit in enumerate(units)}
    dimensions = [dimension["name"] for dimension in audience.dimensions]
    codes = [
        {value["id"]: number for number, value in enumerate(dimension["values"])} for dimension in audience.dimensions
    ]
    values = [
        [code.get(held.get(name), -1) for name, code in zip(dimensions, codes, strict=True)]
        for held in (json.loads(row.dimensions) for row in audience.classes)
    ]
    grid = Grid(
        Tree(parents),
        np.array([place[row.unit_id] for row in audience.classes], np.int64),
        np.array(values, np.int64).reshape(len(values), len(dimensions)),
        [len(code) for code in codes],
        [[dimensions.index(name) for name in breakdown[1:]] for breakdown in _tree_first(breakdowns)],
    )
    return grid, units


def _tree_first(breakdowns: list[list[str]]) -> list[list[str]]:
    return sorted(breakdowns, key=lambda breakdown: breakdown != [plan.ORG])


def _told(
    found: Forecast,
    campaign: Campaign,
    wave: WaveForecast,
    invited: int,
    rate: float,
    names: list[MergedUnit | None],
) -> ForecastOut:
    families = zip(("mean", "distribution"), found.families, strict=True)
    return ForecastOut(
        wave=wave,
        invited=invited,
        response_rate=rate,
        draws=DRAWS,
        families=[_family(family, foretold, _tree_first(campaign.plan)) for family, foretold in families],
        merges=[
            MergeForecast(
                units=[unit for node in merge.nodes if (unit := names[node])],
                invited=merge.people,
                published_in_draws=round(merge.published, 3),
                people_gained=round(merge.gained, 1),
            )
            for merge in found.merges
        ],
    )


def _family(family: str, foretold: Foretold, breakdowns: list[list[str]]) -> FamilyForecast:
    return FamilyForecast(
        family=family,
        k=foretold.k,
        fell_back=foretold.fell_back,
        tree_alone=_spread(foretold.tree_alone),
        breakdowns=[
            BreakdownForecast(
                breakdown=breakdown,
                cells=outlook.cells,
                published=_share(outlook.published),
                large_enough=_spread(outlook.large),
            )
            for breakdown, outlook in zip(breakdowns, foretold.outlooks, strict=True)
        ],
    )


def _spread(given: Spread) -> ShareOverDraws:
    return ShareOverDraws(low=_share(given.low), median=_share(given.median), high=_share(given.high))


def _share(given: Shares) -> PublishedShare:
    return PublishedShare(cells=round(given.cells, 3), people=round(given.people, 3))
