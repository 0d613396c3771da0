"""Whom the first wave of a campaign that is not launched yet would invite, as far as is known now.

A wave that would invite too few people, since a limit on invitations spares the others, is skipped and opens at the
next time instead, with the same number: so the first wave is looked for on the days to come.
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

MOST_TIMES = 20
"""Times to come on which enough people are looked for."""


class Turn(NamedTuple):
    """The first wave: when it opens, how many people fit the audience on that day, and whom of them it would invite."""

    day: date
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
    """The wave with the number 1, on the first of the days to come on which enough people may be invited.

    Args:
        tx: the caller's transaction, which holds the organisation's lock, or is of one moment.
        tenant: whose.
        campaign: one that is not launched yet.
        promised: the contract that it is to have.
        now: the moment.

    Raises:
        AudienceTooSmall: in the audience, or once those are left out whom a limit spares, there are fewer people than
            have to be invited.
    """
    least, burden = least_invited(promised["policy"]), promised.get("burden")
    for day in opening_days(campaign, 1 if burden is None else MOST_TIMES, now):
        who = Who.of(promised["audience"], day)
        units, _ = await roster.units_below(tx, tenant, who.tops)
        rows = await people(tx, tenant, who, units)
        if len(rows) < least:
            raise AudienceTooSmall(f"At least {least} people must be in the audience.")
        spared = set[UUID]() if burden is None else await invitees.spared(tx, tenant, burden, day)
        if sum(row.person_id not in spared for row in rows) >= least:
            return Turn(day, len(rows), await invitees.chosen(tx, tenant, who, promised, 1, day))
    raise AudienceTooSmall(f"At least {least} people must be invited; too many were invited often enough of late.")
