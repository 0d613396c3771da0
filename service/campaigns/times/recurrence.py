"""The days of an RFC 5545 rule. Pure; python-dateutil does the reckoning.

dateutil looks for the next day of a rule until the year 9999, whatever its UNTIL: seconds of work for one that never
fires, which anybody could ask for. The calendar repeats every 400 years, weekdays too, so it is asked for the same days
7,600 years later, and has a twentieth of the way to go.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr

LONGEST_RULE = 500
HORIZON = timedelta(days=3652)
"""Ten years: no day is looked for later than this after the first."""

_AHEAD_YEARS, _AHEAD_DAYS = 7_600, 19 * 146_097
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TIMES = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_DAY = re.compile(r"(?P<place>-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
_IN_MONTH = "-?([1-9]|[12][0-9]|3[01])"
_FORMS = {
    "FREQ": re.compile("|".join(_FREQUENCIES)),
    "INTERVAL": re.compile(r"[1-9][0-9]{0,2}"),
    "COUNT": re.compile(r"[1-9][0-9]{0,8}"),
    "UNTIL": re.compile(r"[0-9]{8}(T[0-9]{6}Z)?"),
    "WKST": re.compile(r"MO|TU|WE|TH|FR|SA|SU"),
    "BYDAY": re.compile(rf"{_DAY.pattern.replace('?P<place>', '')}(,(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU))*"),
    "BYMONTH": re.compile(r"([1-9]|1[0-2])(,([1-9]|1[0-2]))*"),
    "BYMONTHDAY": re.compile(rf"{_IN_MONTH}(,{_IN_MONTH})*"),
    "BYSETPOS": re.compile(r"-?[1-9][0-9]{0,2}(,-?[1-9][0-9]{0,2})*"),
}
ALLOWED = {
    "FREQ": "DAILY, WEEKLY, MONTHLY or YEARLY",
    "INTERVAL": "a number from 1 to 999",
    "COUNT": "a number from 1 on",
    "UNTIL": "a day or a time in UTC, like 20271231 or 20271231T235959Z",
    "WKST": "a day of the week: MO, TU, WE, TH, FR, SA or SU",
    "BYDAY": "days of the week, like MO,TH, or with their number in the month, like 1MO or -1FR",
    "BYMONTH": "numbers of months, like 1,7",
    "BYMONTHDAY": "days of the month, like 1,15 or -1 for its last",
    "BYSETPOS": "places among the days of a month or year, like 1 or -1 for the last",
}
"""What each part may be, in words."""
_BY_MONTHS = frozenset({"MONTHLY", "YEARLY"})


class RuleRefused(ValueError):
    """The text is no rule that is understood here. Its message says why and quotes nothing of the text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule whose COUNT and UNTIL stand apart: `parts` holds the others, as RFC 5545 writes them."""

    parts: str
    count: int | None
    until: date | None


def read(text: str) -> Rule:
    """A rule from its text.

    Raises:
        RuleRefused: not a rule, or one that is not allowed here.
    """
    parts = _parts(text)
    frequency = parts.get("FREQ")
    if frequency is None:
        raise RuleRefused(f"must have a FREQ, one of {', '.join(_FREQUENCIES)}")
    count, until = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    if count is not None and until is not None:
        raise RuleRefused("must not have both COUNT and UNTIL")
    placed = {bool(found["place"]) for found in _DAY.finditer(parts.get("BYDAY", ""))}
    if True in placed and (frequency not in _BY_MONTHS or False in placed):
        raise RuleRefused("BYDAY must have numbers before all of its days or none, and with MONTHLY or YEARLY alone")
    if "BYMONTHDAY" in parts and frequency == "WEEKLY":
        raise RuleRefused("must not have BYMONTHDAY with this FREQ")
    if "BYSETPOS" in parts and (frequency not in _BY_MONTHS or not parts.keys() & {"BYDAY", "BYMONTHDAY", "BYMONTH"}):
        raise RuleRefused("BYSETPOS needs another BY part, and MONTHLY or YEARLY")
    rule = Rule(
        ";".join(f"{name}={value}" for name, value in parts.items()),
        None if count is None else int(count),
        None if until is None else _until(until),
    )
    try:
        _expanded(rule, date(2000, 1, 1))
    except ValueError:
        raise RuleRefused("must be an RFC 5545 rule") from None
    return rule


def days_of(rule: Rule, starts_on: date) -> Iterator[date]:
    """The days of a rule in order, holidays included, up to its COUNT, its UNTIL or the horizon."""
    last = min(rule.until or date.max, starts_on + HORIZON)
    for moment in islice(_expanded(rule, starts_on), rule.count):
        day = date.fromordinal(moment.toordinal() - _AHEAD_DAYS)
        if day > last:
            return
        yield day


def _expanded(rule: Rule, starts_on: date) -> Any:
    far = datetime.combine(starts_on.replace(year=starts_on.year + _AHEAD_YEARS), time())
    return rrulestr(rule.parts, dtstart=far)


def _parts(text: str) -> dict[str, str]:
    """The parts of a rule by name, in capitals; only those that are known, each of its form."""
    if len(text) > LONGEST_RULE or not text.isascii():
        raise RuleRefused(f"must be an RFC 5545 rule of at most {LONGEST_RULE} characters")
    parts: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name in _TIMES:
            raise RuleRefused("must not have BYHOUR, BYMINUTE or BYSECOND: the time of opening is `at`")
        if name not in _FORMS:
            raise RuleRefused(f"must be parts like FREQ=WEEKLY, with semicolons between; known are {', '.join(_FORMS)}")
        if name in parts:
            raise RuleRefused(f"must not repeat {name}")
        if not _FORMS[name].fullmatch(value):
            raise RuleRefused(f"{name} must be {ALLOWED[name]}")
        parts[name] = value
    return parts


def _until(value: str) -> date:
    try:
        time.fromisoformat(value[9:15] or "00")
        return date.fromisoformat(value[:8])
    except ValueError:
        raise RuleRefused(f"UNTIL must be {ALLOWED['UNTIL']}") from None
