"""The days of an RFC 5545 rule by walking through its periods day by day: what python-dateutil is held against."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import count, islice

LONGEST_RULE = 500
HORIZON = timedelta(days=3652)
"""Ten years: no day is looked for later than this after the first."""

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TIMES = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
# The part, the largest number in it, and the frequencies under which RFC 5545 lets it stand.
_LISTS: Mapping[str, tuple[int, Collection[str]]] = {
    "BYMONTH": (12, _FREQUENCIES),
    "BYMONTHDAY": (31, ("DAILY", "MONTHLY", "YEARLY")),
    "BYYEARDAY": (366, ("YEARLY",)),
    "BYWEEKNO": (53, ("YEARLY",)),
    "BYSETPOS": (366, _FREQUENCIES),
}
_PARTS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", *_LISTS)
_NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
_WHOLE = re.compile(r"[0-9]+")
_BYDAY = re.compile(rf"(?P<place>[+-]?[0-9]{{1,2}})?(?P<weekday>{'|'.join(_WEEKDAYS)})")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z)?")
_LONGEST_INTERVAL = 1_000
_LARGEST_PLACE = 53


class RuleRefused(ValueError):
    """The text is no rule that is understood here. Its message says why and quotes nothing of the text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as numbers: empty sets allow everything. `weekdays` has places in month or year, 0 for all of them."""

    frequency: str
    interval: int
    count: int | None
    until: date | None
    week_start: int
    weekdays: frozenset[tuple[int, int]]
    months: frozenset[int]
    month_days: frozenset[int]
    year_days: frozenset[int]
    weeks: frozenset[int]
    positions: frozenset[int]


def read(text: str) -> Rule:
    """A rule from its text.

    Raises:
        RuleRefused: not a rule, or one that is not allowed here.
    """
    parts = _parts(text)
    frequency = parts.get("FREQ")
    if frequency not in _FREQUENCIES:
        raise RuleRefused("must have a FREQ, one of DAILY, WEEKLY, MONTHLY and YEARLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleRefused("must not have both COUNT and UNTIL")
    if "BYSETPOS" in parts and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        raise RuleRefused("must have another BY part beside BYSETPOS")
    numbered = {name: _numbers(name, parts[name], frequency) if name in parts else frozenset() for name in _LISTS}
    week_start = parts.get("WKST", "MO")
    if week_start not in _WEEKDAYS:
        raise RuleRefused("WKST must be a day of the week, MO to SU")
    return Rule(
        frequency=frequency,
        interval=_positive("INTERVAL", parts.get("INTERVAL", "1"), _LONGEST_INTERVAL),
        count=_positive("COUNT", parts["COUNT"], None) if "COUNT" in parts else None,
        until=_until(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_WEEKDAYS.index(week_start),
        weekdays=_weekdays(parts, frequency),
        months=numbered["BYMONTH"],
        month_days=numbered["BYMONTHDAY"],
        year_days=numbered["BYYEARDAY"],
        weeks=numbered["BYWEEKNO"],
        positions=numbered["BYSETPOS"],
    )


def _parts(text: str) -> dict[str, str]:
    """The parts of a rule by name, in capitals; only names that are known."""
    if len(text) > LONGEST_RULE:
        raise RuleRefused(f"must have at most {LONGEST_RULE} characters")
    if not text.isascii():
        raise RuleRefused("must be an RFC 5545 rule")
    parts: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise RuleRefused("must be an RFC 5545 rule: parts like FREQ=WEEKLY with a semicolon between two of them")
        if name in _TIMES:
            raise RuleRefused("must not have BYHOUR, BYMINUTE or BYSECOND: the time of opening is `at`")
        if name not in _PARTS:
            raise RuleRefused(f"has a part that is not known; known are {', '.join(_PARTS)}")
        if name in parts:
            raise RuleRefused(f"must not repeat {name}")
        parts[name] = value
    return parts


def _positive(name: str, value: str, most: int | None) -> int:
    if not _WHOLE.fullmatch(value) or (number := int(value)) < 1 or (most is not None and number > most):
        raise RuleRefused(f"{name} must be a whole number " + (f"from 1 to {most:,}" if most else "of 1 or more"))
    return number


def _until(value: str) -> date:
    try:
        if _UNTIL.fullmatch(value):
            time.fromisoformat(value[9:15] or "00")
            return date.fromisoformat(value[:8])
    except ValueError:
        pass
    raise RuleRefused("UNTIL must be a day or a time in UTC, like 20271231 or 20271231T235959Z")


def _numbers(name: str, value: str, frequency: str) -> frozenset[int]:
    largest, allowed = _LISTS[name]
    if frequency not in allowed:
        raise RuleRefused(f"must not have {name} with this FREQ")
    given = value.split(",")
    least = 1 if name == "BYMONTH" else -largest
    if not all(_NUMBER.fullmatch(each) and int(each) and least <= int(each) <= largest for each in given):
        raise RuleRefused(f"{name} must be numbers from 1 to {largest}" + (" or their negatives" if least < 0 else ""))
    return frozenset(map(int, given))


def _weekdays(parts: Mapping[str, str], frequency: str) -> frozenset[tuple[int, int]]:
    if "BYDAY" not in parts:
        return frozenset()
    found = [_BYDAY.fullmatch(each) for each in parts["BYDAY"].split(",")]
    days = {(int(one["place"] or 0), _WEEKDAYS.index(one["weekday"])) for one in found if one}
    placed = [one for one in found if one and one["place"]]
    if not all(found) or any(not 1 <= abs(int(one["place"])) <= _LARGEST_PLACE for one in placed):
        raise RuleRefused(
            f"BYDAY must be days of the week, MO to SU, with 1 to {_LARGEST_PLACE} or its negative before"
        )
    if placed and (frequency not in {"MONTHLY", "YEARLY"} or "BYWEEKNO" in parts):
        raise RuleRefused("BYDAY must not have numbers with this FREQ or with BYWEEKNO")
    return frozenset(days)


def days_of(rule: Rule, starts_on: date) -> Iterator[date]:
    """The days of a rule in order, holidays included, up to its COUNT, its UNTIL or the horizon."""
    full = _completed(rule, starts_on)
    last = min(rule.until or date.max, starts_on + HORIZON)
    return islice(
        (
            day
            for period in _periods(full, starts_on, last)
            for day in _placed([day for day in period if _matches(full, day)], full.positions)
            if starts_on <= day <= last
        ),
        rule.count,
    )


def _completed(rule: Rule, starts_on: date) -> Rule:
    """What a rule leaves open is taken from its first day."""
    if rule.weekdays or rule.month_days or rule.year_days or rule.frequency == "DAILY":
        return rule
    if rule.frequency == "WEEKLY" or rule.weeks:
        return replace(rule, weekdays=frozenset({(0, starts_on.weekday())}))
    months = rule.months or (frozenset({starts_on.month}) if rule.frequency == "YEARLY" else rule.months)
    return replace(rule, months=months, month_days=frozenset({starts_on.day}))


def _periods(rule: Rule, starts_on: date, last: date) -> Iterator[list[date]]:
    """The days of each period that counts, from the one of the first day: whole ones, as BYSETPOS counts in them."""
    begin = _beginnings(rule, starts_on)
    for number in count(0, rule.interval):
        first = begin(number)
        if first > last:
            return
        yield [first + timedelta(days=day) for day in range((begin(number + 1) - first).days)]


def _beginnings(rule: Rule, starts_on: date) -> Callable[[int], date]:
    """The first day of the period so many days, weeks, months or years after that of the first day."""
    if rule.frequency == "YEARLY":
        return lambda number: date(starts_on.year + number, 1, 1)
    if rule.frequency == "MONTHLY":
        months = starts_on.year * 12 + starts_on.month - 1
        return lambda number: date((months + number) // 12, (months + number) % 12 + 1, 1)
    if rule.frequency == "WEEKLY":
        week = _week_of(starts_on, rule.week_start)
        return lambda number: week + timedelta(weeks=number)
    return lambda number: starts_on + timedelta(days=number)


def _placed(days: list[date], positions: Collection[int]) -> list[date]:
    if not positions:
        return days
    return [day for place, day in enumerate(days, 1) if _is_at(positions, place, len(days))]


def _matches(rule: Rule, day: date) -> bool:
    month_first = day.replace(day=1)
    month_size = ((month_first + timedelta(days=31)).replace(day=1) - month_first).days
    year_day, year_size = day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday
    # The places of BYDAY are those in a month, unless a yearly rule names no month.
    in_year = rule.frequency == "YEARLY" and not rule.months
    place, size = (year_day, year_size) if in_year else (day.day, month_size)
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or _is_at(rule.month_days, day.day, month_size))
        and (not rule.year_days or _is_at(rule.year_days, year_day, year_size))
        and (not rule.weeks or _is_at(rule.weeks, *_week_number(day, rule.week_start)))
        and (
            not rule.weekdays
            or not rule.weekdays.isdisjoint(
                (nth, day.weekday()) for nth in (0, (place - 1) // 7 + 1, -((size - place) // 7) - 1)
            )
        )
    )


def _is_at(wanted: Collection[int], place: int, size: int) -> bool:
    """Whether a place (from 1) among so many is wanted, counted from the first or, below zero, from the last."""
    return place in wanted or place - size - 1 in wanted


def _week_of(day: date, week_start: int) -> date:
    return day - timedelta(days=(day.weekday() - week_start) % 7)


def _week_number(day: date, week_start: int) -> tuple[int, int]:
    """The number of a day's week and how many its year has. A week is of the year that four of its days are in."""
    middle = _week_of(day, week_start) + timedelta(days=3)
    last_middle = _week_of(date(middle.year, 12, 28), week_start) + timedelta(days=3)
    return _week_at(middle), _week_at(last_middle)


def _week_at(middle: date) -> int:
    return (middle.timetuple().tm_yday - 1) // 7 + 1
