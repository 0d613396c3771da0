"""A campaign's schedule as it is stored, and the times of its waves. No I/O."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from service.campaigns.tables import Campaign, Wave
from service.campaigns.times import calendar
from service.campaigns.times.calendar import Occurrence, Schedule

A_MOMENT = timedelta(microseconds=1)


def schedule_of(stored: Mapping[str, Any]) -> Schedule:
    """What was sent, as a calendar takes it."""
    return Schedule(
        rule=stored["rule"],
        starts_on=date.fromisoformat(stored["starts_on"]),
        at=time.fromisoformat(stored["at"]),
        zone=stored["zone"],
        zones=tuple(zones_beside(stored)),
        window=timedelta(hours=stored["window_hours"]),
        holidays=frozenset(map(date.fromisoformat, stored["holidays"])),
    )


def zones_beside(stored: Mapping[str, Any]) -> list[str]:
    """The zones of its sites but the campaign's own, each once."""
    return [zone for zone in dict.fromkeys(site["zone"] for site in stored["sites"]) if zone != stored["zone"]]


def next_after(stored: Mapping[str, Any], moment: datetime) -> Occurrence | None:
    """The first time at which a wave opens after this moment; None where the schedule has ended."""
    found = calendar.upcoming(schedule_of(stored), moment, 1)
    return found[0] if found else None


def openings_of(campaign: Campaign, wave: Wave) -> list[dict[str, Any]]:
    """When a wave opens for whom, where its sites lie in several zones: the unit of each, None for everybody else."""
    if campaign.schedule is None or not campaign.schedule["sites"] or wave.opens_at is None:
        return []
    occurrence = next_after(campaign.schedule, wave.opens_at - A_MOMENT)
    if occurrence is None or occurrence.opens_at != wave.opens_at:
        return []  # it opens late, for everybody at once
    opens = {window.zone: window.opens_at.isoformat() for window in occurrence.windows}
    sites = [(None, campaign.schedule["zone"])]
    sites += [(site["unit_id"], site["zone"]) for site in campaign.schedule["sites"]]
    return [{"unit_id": unit, "zone": zone, "opens_at": opens[zone]} for unit, zone in sites]
