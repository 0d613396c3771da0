"""Whom the first waves of a campaign that is not launched yet would invite, as far as is known now.

Whoever is spared by a limit on invitations is asked again in time: one wave that is large enough will do.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.campaigns.inviting import invitees, roster
from service.campaigns.inviting.who import Who, people
from service.campaigns.problems import AudienceTooSmall
from service.campaigns.tables import Campaign
from service.campaigns.thresholds import least_invited
from service.campaigns.times import calendar
from service.campaigns.times.timetable import A_MOMENT, schedule_of


class Turn(NamedTuple):
    """A wave to come: its number, how many people fit the audience on its day, and whom of them it would invite."""

    number: int
    audience: int
    who: Who


def opening_days(campaign: Campaign, most: int, now: datetime) -> list[date]:
    """The days on which the next waves open, at least one and at most so many; today where the schedule is over."""
    if campaign.schedule is None:
        return [max(campaign.opens_at or now, now).date()]
    coming = calendar.upcoming(schedule_of(campaign.schedule), now - A_MOMENT, most)
    return [occurrence.opens_at.date() for occurrence in coming] or [now.date()]


async def first_turn(
    tx: AsyncSession, tenant: UUID, campaign: Campaign, promised: Mapping[str, Any], now: datetime
) -> Turn:
    """The first wave to come that would invite enough people.

    Args:
        tx: the caller's transaction, which holds the organisation's lock.
        tenant: whose.
        campaign: one that is not launched yet.
        promised: the contract that it is to have.
        now: the moment.

    Raises:
        AudienceTooSmall: in the audience, or by then in every wave of the round, there are fewer people than have to be
            invited.
    """
    least = least_invited(promised["policy"])
    every = promised["sampling"]["every"] if "sampling" in promised else 1
    days = opening_days(campaign, every, now)
    who = Who.of(promised["audience"], days[0])
    units, _ = await roster.units_below(tx, tenant, who.tops)
    rows = await people(tx, tenant, who, units)
    if len(rows) < least:
        raise AudienceTooSmall(f"At least {least} people must be in the audience.")
    for number, day in enumerate(days, start=1):
        chosen = await invitees.chosen(tx, tenant, Who.of(promised["audience"], day), promised, number, day)
        if chosen.asked is None or len(chosen.asked) >= least:
            return Turn(number, len(rows), chosen)
    raise AudienceTooSmall(f"At least {least} people must be invited; too many were invited often enough of late.")
