"""Drafts of campaigns: written down once all of it could be launched."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.campaigns import plan, rotation
from service.campaigns.lifecycle import CampaignState
from service.campaigns.problems import (
    PlanNotSupported,
    RotationRefused,
    ScheduleRefused,
    UnknownDimension,
    UnknownQuestionnaire,
    UnknownUnit,
)
from service.campaigns.promises.contract import Notary
from service.campaigns.rules.actions import check_policy
from service.campaigns.rules.queries import rules_of
from service.campaigns.rules.schemas import Rules
from service.campaigns.schemas import CampaignIn
from service.campaigns.tables import Campaign
from service.campaigns.terms import ScheduleIn
from service.campaigns.times import calendar
from service.campaigns.times.timetable import schedule_of, zones_beside
from service.kit.ids import new_id
from service.kit.reasons import Fault
from service.people.queries import dimension_values
from service.people.tables import OrgUnit
from service.people.tree import subtree
from service.people.unit_rows import LINE
from service.problems import Invalid, NotFound
from service.questionnaires.branching import conditions
from service.questionnaires.document import Document, TextItem
from service.questionnaires.queries import latest
from service.questionnaires.tables import QuestionnaireVersion
from service.tenants.actions import audit
from service.tenants.fingerprints import state_of
from service.tenants.principals import Principal


async def create(tx: AsyncSession, caller: Principal, given: CampaignIn, notary: Notary, now: datetime) -> Campaign:
    """A draft. What could never be launched is refused here already."""
    tenant = caller.tenant_id
    await _check_plan(tx, tenant, given)
    await _check_audience(tx, tenant, given)
    _check_times(given, now)
    _check_interim(given)
    demanded = await rules_of(tx, tenant, notary)
    check_policy(given.policy.model_dump(), demanded)
    check_sign_in(given.participation.ways, demanded)
    units = await _units(tx, tenant, given)
    schedule = None
    if given.schedule is not None:
        source = given.audience.source
        schedule = await checked_schedule(tx, tenant, given.schedule, source, units, "/schedule")
    try:
        version = await latest(tx, tenant, given.questionnaire)
    except NotFound:
        raise UnknownQuestionnaire(faults=[Fault("/questionnaire", "is not a known key")]) from None
    if given.rotation is not None or given.comments or given.interim is not None:
        key = (tenant, version.questionnaire_id, version.number)
        whole = await tx.get_one(QuestionnaireVersion, key, populate_existing=True)  # this time with its document
        _check_document(Document.stored(whole.document), given)
    campaign = Campaign(
        tenant_id=tenant,
        campaign_id=new_id(),
        name=given.name,
        questionnaire_id=version.questionnaire_id,
        version=version.number,
        state=CampaignState.draft,
        audience=[str(unit) for unit in units],
        plan=given.plan.breakdowns,
        policy=given.policy.model_dump(),
        retention_days=given.retention_days,
        recuts=given.recuts,
        opens_at=given.opens_at,
        closes_at=given.closes_at,
        created_at=now,
        terms=given.terms(),
        schedule=schedule,
    )
    tx.add(campaign)
    audit(tx, tenant, now, caller.actor, "campaign.created", str(campaign.campaign_id), after=state_of(campaign))
    await tx.flush()
    return campaign


def check_sign_in(ways: Sequence[str], rules: Rules) -> None:
    """Raises Invalid where people were to sign in and the organisation has no sign-in."""
    if "sign_in" in ways and rules.sign_in is None:
        reason = "has `sign_in`, which needs the organisation's: an administrator puts it into the campaign rules"
        raise Invalid(faults=[Fault("/participation/ways", reason)])


def _check_document(document: Document, given: CampaignIn) -> None:
    """What is asked for can be had of the questionnaire. Raises RotationRefused, Invalid."""
    if given.rotation is not None:
        drawn = rotation.Rotation.of(given.rotation.model_dump(mode="json"))
        if faults := rotation.faults(document, drawn):
            raise RotationRefused(faults=faults)
    if given.interim is not None and conditions(document.items, document.sections):
        reason = "needs a questionnaire without conditions: who was asked what would have to be shown each time"
        raise Invalid(faults=[Fault("/interim", reason)])
    if given.comments and not any(isinstance(item, TextItem) for item in document.items):
        raise Invalid(faults=[Fault("/comments", "needs a questionnaire with a text item")])


async def checked_schedule(
    tx: AsyncSession, tenant: UUID, given: ScheduleIn, source: str, audience: Sequence[UUID], place: str
) -> dict[str, Any]:
    """A schedule as it is stored, its sites by the ids of their units.

    Args:
        tx: the caller's transaction.
        tenant: whose.
        given: as it was sent.
        source: of the external ids of its sites.
        audience: the campaign's units.
        place: where the schedule was sent.

    Raises:
        ScheduleRefused, UnknownUnit: see there.
    """
    stored = given.model_dump(mode="json")
    found = await _by_external_id(tx, tenant, source, [site.unit for site in given.sites])
    missing = [
        Fault(f"{place}/sites/{index}/unit", "is not a known unit of this `source`")
        for index, site in enumerate(given.sites)
        if site.unit not in found
    ]
    if missing:
        raise UnknownUnit(faults=missing)
    related = await _related(tx, tenant, audience) if found else set()
    stray = [
        Fault(f"{place}/sites/{index}/unit", "is neither in the audience nor above it: it would have no effect")
        for index, site in enumerate(given.sites)
        if found[site.unit] not in related
    ]
    if stray:
        raise ScheduleRefused(faults=stray)
    stored["sites"] = [{"unit": site.unit, "unit_id": str(found[site.unit]), "zone": site.zone} for site in given.sites]
    # A rule that never comes due is looked for through some hundred years.
    if faults := await asyncio.to_thread(calendar.faults, schedule_of(stored)):
        raise ScheduleRefused(faults=[_sent(fault, stored, place) for fault in faults])
    return stored


def _sent(fault: Fault, stored: dict[str, Any], place: str) -> Fault:
    """A calendar's fault, at the place where it was sent."""
    steps = fault.pointer.removeprefix("/schedule").split("/")
    if steps[1] == "zones":
        zone = zones_beside(stored)[int(steps[2])]
        first = next(index for index, site in enumerate(stored["sites"]) if site["zone"] == zone)
        return Fault(f"{place}/sites/{first}/zone", fault.reason)
    name = "window_hours" if steps[1] == "window" else "/".join(steps[1:])
    return Fault(f"{place}/{name}", fault.reason)


def _check_interim(given: CampaignIn) -> None:
    """Moments in their order, while a wave is open."""
    if given.interim is None:
        return
    hours = given.interim.hours_after_opening
    place = "/interim/hours_after_opening"
    if hours != sorted(set(hours)):
        raise Invalid(faults=[Fault(place, "must rise")])
    window = None if given.schedule is None else timedelta(hours=given.schedule.window_hours)
    if given.opens_at and given.closes_at:
        window = given.closes_at - given.opens_at
    if window is not None and timedelta(hours=hours[-1]) >= window:
        raise Invalid(faults=[Fault(place, "must be less than the time that a wave stays open")])


def _check_times(given: CampaignIn, now: datetime) -> None:
    if given.schedule is not None and (given.opens_at or given.closes_at):
        raise Invalid(faults=[Fault("/schedule", "says when waves open and close: no opens_at or closes_at beside it")])
    if given.opens_at and given.closes_at and given.closes_at <= given.opens_at:
        raise Invalid(faults=[Fault("/closes_at", "must be after opens_at")])
    if given.closes_at and given.closes_at <= now:
        raise Invalid(faults=[Fault("/closes_at", "must be in the future")])
    if not given.participation.spending_record and given.participation.ways != ["links"]:
        reason = "must be `links` alone without the spending record: the others ask who somebody is each time"
        raise Invalid(faults=[Fault("/participation/ways", reason)])
    if given.participation.reminders and not given.participation.spending_record:
        reason = "needs the spending record: without it nobody knows who has answered"
        raise Invalid(faults=[Fault("/participation/reminders", reason)])


async def _check_plan(tx: AsyncSession, tenant: UUID, given: CampaignIn) -> None:
    breakdowns = given.plan.breakdowns
    faults = plan.shape_faults(breakdowns) + plan.threshold_faults(
        breakdowns, given.policy.model_dump(), recuts=given.recuts or given.interim is not None
    )
    if faults:
        raise PlanNotSupported(faults=faults)
    if faults := plan.undeclared(breakdowns, await dimension_values(tx, tenant)):
        raise UnknownDimension(faults=faults)


async def _check_audience(tx: AsyncSession, tenant: UUID, given: CampaignIn) -> None:
    """Its dimensions and their values are declared, and its days in order."""
    hired = given.audience.hired
    least, most = (hired.days_at_least, hired.days_at_most) if hired else (None, None)
    if least is not None and most is not None and most < least:
        raise Invalid(faults=[Fault("/audience/hired/days_at_most", "must not be less than days_at_least")])
    if not given.audience.dimensions:
        return
    known = await dimension_values(tx, tenant)
    faults = []
    for name, values in given.audience.dimensions.items():
        if name not in known:
            faults.append(Fault("/audience/dimensions", "names a dimension that is not declared"))
            continue
        faults += [
            Fault(f"/audience/dimensions/{name}/{index}", "is not a declared value")
            for index, value in enumerate(values)
            if value not in known[name]
        ]
    if faults:
        raise UnknownDimension(faults=faults)


async def _units(tx: AsyncSession, tenant: UUID, given: CampaignIn) -> list[UUID]:
    found = await _by_external_id(tx, tenant, given.audience.source, given.audience.units)
    missing = [
        Fault(f"/audience/units/{index}", "is not a known unit of this `source`")
        for index, external_id in enumerate(given.audience.units)
        if external_id not in found
    ]
    if missing:
        raise UnknownUnit(faults=missing)
    return sorted(set(found.values()))


async def _related(tx: AsyncSession, tenant: UUID, units: Sequence[UUID]) -> set[UUID]:
    """These units, all below them and all above."""
    links = select(col(OrgUnit.unit_id), col(OrgUnit.parent_id)).where(col(OrgUnit.tenant_id) == tenant)
    above: dict[UUID, UUID | None] = {row.unit_id: row.parent_id for row in await tx.execute(links)}
    found = set(subtree(above, units))
    for unit in units:
        upper = above[unit]
        while upper is not None and upper not in found:
            found.add(upper)
            upper = above[upper]
    return found


async def _by_external_id(tx: AsyncSession, tenant: UUID, source: str, names: list[str]) -> dict[str, UUID]:
    if not names:
        return {}
    statement = select(col(OrgUnit.external_id), col(OrgUnit.unit_id)).where(
        col(OrgUnit.tenant_id) == tenant,
        col(OrgUnit.source) == source,
        col(OrgUnit.external_id).in_(names),
        col(OrgUnit.hierarchy) == LINE,
        col(OrgUnit.deleted_at).is_(None),
    )
    return {row.external_id: row.unit_id for row in await tx.execute(statement)}
