"""When the waves of a campaign open and close: the days of a rule, a local time, IANA zones, holidays. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo, available_timezones

from service.campaigns.times.recurrence import Rule, RuleRefused, days_of, read
from service.kit.reasons import Fault

MOST_WAVES = 1_000
MOST_HOLIDAYS = 366
MOST_ZONES = 24
"""Beside the main one. The cost of looking for overlaps grows with them."""
SHORTEST_WINDOW = timedelta(hours=1)
LONGEST_WINDOW = timedelta(days=92)
FIRST_YEAR, LAST_YEAR = 2000, 2100

_PLACE = "/schedule"
# Names that zone data may hold and that are no place: what they mean depends on the machine, or is nothing.
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})
# The local day of an opening is never further than this from its day in UTC.
_FARTHEST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a campaign repeats by.

    Attributes:
        rule: the value of an RFC 5545 RRULE; a leading `RRULE:` may stand before it.
        starts_on: the first day that may fire. It fires only where it matches the rule.
        at: local wall time of opening, in whole minutes.
        zone: IANA zone of the campaign.
        zones: further IANA zones, whose sites open at the same local time.
        window: from the local opening to the local closing, on the clock on the wall.
        holidays: local days on which nothing opens. They use up COUNT.
    """

    rule: str
    starts_on: date
    at: time
    zone: str
    zones: tuple[str, ...]
    window: timedelta
    holidays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Window:
    """One zone's opening and closing, in UTC; `shifted` where the clocks jump over the local opening time."""

    zone: str
    opens_at: datetime
    closes_at: datetime
    shifted: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One wave: its local day and its windows, the main zone's first."""

    day: date
    windows: tuple[Window, ...]

    @property
    def opens_at(self) -> datetime:
        return min(window.opens_at for window in self.windows)

    @property
    def closes_at(self) -> datetime:
        return max(window.closes_at for window in self.windows)


def faults(schedule: Schedule) -> list[Fault]:
    """Everything that is wrong with a schedule; the days of a rule are looked at only where the rest is right."""
    found = [*_plain_faults(schedule), *_zone_faults(schedule)]
    try:
        rule = read(schedule.rule)
    except RuleRefused as refused:
        return [Fault(f"{_PLACE}/rule", str(refused)), *found]
    return found or _course_faults(schedule, rule)


def occurrences(schedule: Schedule, after: date | None = None) -> Iterator[Occurrence]:
    """The waves in order, without holidays: at most 1,000, and none later than ten years after the first day.

    Args:
        schedule: one without faults.
        after: only days later than this; None for all of them.

    Raises:
        RuleRefused: the rule is not understood.
    """
    fired = (day for day in days_of(read(schedule.rule), schedule.starts_on) if day not in schedule.holidays)
    zones = [(name, ZoneInfo(name)) for name in (schedule.zone, *schedule.zones)]
    for day in islice(fired, MOST_WAVES):
        if after is None or day > after:
            opening = datetime.combine(day, schedule.at)
            yield Occurrence(day, tuple(_window(name, zone, opening, schedule.window) for name, zone in zones))


def upcoming(schedule: Schedule, now: datetime, limit: int) -> list[Occurrence]:
    """The next waves, `limit` at most: those that open later than `now` (aware)."""
    near = occurrences(schedule, (now - _FARTHEST).astimezone(UTC).date())
    return list(islice((wave for wave in near if wave.opens_at > now), limit))


def due(schedule: Schedule, after: datetime | None, now: datetime) -> tuple[list[Occurrence], Occurrence | None]:
    """What has come since the last wave that was handled. However long that is ago, one wave at most is to open.

    Args:
        schedule: one without faults, whose waves therefore do not overlap.
        after: the opening of the last wave that was handled (aware); None before the first.
        now: aware.

    Returns:
        Those that were missed, in order, and the one to open now, where the last one is still to close.
    """
    near = occurrences(schedule, None if after is None else (after - _FARTHEST).astimezone(UTC).date())
    begun = takewhile(lambda wave: wave.opens_at <= now, near)
    come = [wave for wave in begun if after is None or wave.opens_at > after]
    if come and come[-1].closes_at > now:
        return come[:-1], come[-1]
    return come, None


def _plain_faults(schedule: Schedule) -> Iterator[Fault]:
    if not FIRST_YEAR <= schedule.starts_on.year <= LAST_YEAR:
        yield Fault(f"{_PLACE}/starts_on", f"must be a day from {FIRST_YEAR} to {LAST_YEAR}")
    if schedule.at.tzinfo or schedule.at.second or schedule.at.microsecond:
        yield Fault(f"{_PLACE}/at", "must be a local time in whole minutes, without a zone")
    if not SHORTEST_WINDOW <= schedule.window <= LONGEST_WINDOW:
        yield Fault(f"{_PLACE}/window", f"must be at least 1 hour and at most {LONGEST_WINDOW.days} days")
    if len(schedule.holidays) > MOST_HOLIDAYS:
        yield Fault(f"{_PLACE}/holidays", f"must have at most {MOST_HOLIDAYS} entries")


def _zone_faults(schedule: Schedule) -> Iterator[Fault]:
    if len(schedule.zones) > MOST_ZONES:
        yield Fault(f"{_PLACE}/zones", f"must have at most {MOST_ZONES} entries")
        return
    # Looked up among names, never tried: a zone is read from a file, and a name may be a path.
    known = available_timezones() - _NO_PLACES
    seen: set[str] = set()
    places = [f"{_PLACE}/zone", *(f"{_PLACE}/zones/{at}" for at in range(len(schedule.zones)))]
    for place, name in zip(places, (schedule.zone, *schedule.zones), strict=True):
        if name not in known:
            yield Fault(place, "is not an IANA time zone")
        elif name in seen:
            yield Fault(place, "must not repeat a zone")
        seen.add(name)


def _course_faults(schedule: Schedule, rule: Rule) -> list[Fault]:
    """What only the days themselves show: none, too many, or a wave that opens before the last one is over."""
    # Before any day is walked: a count need not be reached to be too large.
    if (rule.count or 0) > MOST_WAVES or (rule.until and _exceeds(days_of(rule, schedule.starts_on), MOST_WAVES)):
        return [Fault(f"{_PLACE}/rule", f"asks for more than {MOST_WAVES:,} waves")]
    waves = list(occurrences(schedule))
    if not waves:
        return [Fault(f"{_PLACE}/rule", "never fires within ten years of its first day, holidays left out")]
    if any(later.opens_at < wave.closes_at for wave, later in pairwise(waves)):
        return [
            Fault(f"{_PLACE}/window", "is too long: a wave would open before the last one has closed in every zone")
        ]
    return []


def _exceeds(days: Iterator[date], most: int) -> bool:
    return next(islice(days, most, None), None) is not None


def _window(name: str, zone: ZoneInfo, opening: datetime, length: timedelta) -> Window:
    """A local opening and its local closing as instants.

    Python reads a time that the clocks jump over with the offset from before, and a repeated one as the first: as
    RFC 5545 does. A jump may eat up a short window, so each lasts an hour at least.
    """
    opens_at, closes_at = _instant(opening, zone), _instant(opening + length, zone)
    shifted = opens_at.astimezone(zone).replace(tzinfo=None) != opening
    return Window(name, opens_at, max(closes_at, opens_at + SHORTEST_WINDOW), shifted)


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
