"""When waves open and close: rules, clock changes, zones, holidays, and what a schedule is refused for."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.campaigns.times.calendar import MOST_WAVES, Schedule, due, faults, occurrences, upcoming
from service.campaigns.times.recurrence import ALLOWED, RuleRefused
from service.kit.reasons import Fault

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
MONDAYS = Schedule(
    rule="FREQ=WEEKLY;BYDAY=MO",
    starts_on=date(2026, 1, 5),
    at=time(9),
    zone=PARIS,
    zones=(),
    window=timedelta(days=2),
    holidays=frozenset(),
)


def days(rule: str, starts_on: date = date(2026, 1, 5), **more: Any) -> list[str]:
    """The first dozen days that fire, as text."""
    schedule = replace(MONDAYS, rule=rule, starts_on=starts_on, **more)
    return [f"{wave.day}" for wave, _ in zip(occurrences(schedule), range(12), strict=False)]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_nine_o_clock_in_paris_stays_nine_o_clock_over_both_changes() -> None:
    waves = list(occurrences(replace(MONDAYS, rule="FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231")))
    assert len(waves) == 52
    hours = set()
    for wave in waves:
        (window,) = wave.windows
        local = [moment.astimezone(ZoneInfo(PARIS)) for moment in (window.opens_at, window.closes_at)]
        assert [moment.replace(tzinfo=None) for moment in local] == [
            datetime.combine(wave.day + timedelta(days=after), time(9)) for after in (0, 2)
        ]
        assert (wave.day.weekday(), window.shifted, window.opens_at.tzinfo) == (0, False, UTC)
        hours.add(window.opens_at.hour)
    assert hours == {7, 8}


def test_a_window_over_a_change_closes_at_the_same_local_time() -> None:
    """Two days from Saturday nine o'clock: 47 hours in spring, 49 in autumn."""
    for saturday, hours in ((date(2026, 3, 28), 47), (date(2026, 10, 24), 49), (date(2026, 6, 6), 48)):
        wave = next(occurrences(replace(MONDAYS, rule="FREQ=WEEKLY;BYDAY=SA", starts_on=saturday)))
        assert wave.closes_at - wave.opens_at == timedelta(hours=hours)


def test_two_zones_are_five_hours_apart_between_their_changes_and_six_else() -> None:
    schedule = replace(MONDAYS, zones=(NEW_YORK,), rule="FREQ=WEEKLY;BYDAY=MO;UNTIL=20261231")
    assert faults(schedule) == []
    apart = {}
    for wave in occurrences(schedule):
        paris, new_york = wave.windows
        assert (paris.zone, new_york.zone) == (PARIS, NEW_YORK)
        assert (wave.opens_at, wave.closes_at) == (paris.opens_at, new_york.closes_at)
        apart[wave.day] = (new_york.opens_at - paris.opens_at).seconds // 3600
    near = {day for day, hours in apart.items() if hours == 5}
    assert near == {date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 23), date(2026, 10, 26)}
    assert set(apart.values()) == {5, 6}


def test_an_hour_that_does_not_exist_opens_with_the_offset_from_before() -> None:
    sundays = replace(MONDAYS, rule="FREQ=WEEKLY;BYDAY=SU", starts_on=date(2026, 3, 22), at=time(2, 30))
    before, on, after = (wave.windows[0] for wave, _ in zip(occurrences(sundays), range(3), strict=False))
    assert [window.shifted for window in (before, on, after)] == [False, True, False]
    assert [window.opens_at for window in (before, on, after)] == [
        utc("2026-03-22 01:30"),
        utc("2026-03-29 01:30"),  # 03:30 on the clock
        utc("2026-04-05 00:30"),
    ]
    assert on.closes_at == utc("2026-03-31 00:30")


def test_a_repeated_hour_is_its_first() -> None:
    sunday = replace(MONDAYS, rule="FREQ=WEEKLY;BYDAY=SU", starts_on=date(2026, 10, 25), at=time(2, 30))
    (window,) = next(occurrences(sunday)).windows
    assert (window.opens_at, window.shifted) == (utc("2026-10-25 00:30"), False)


def test_a_jump_of_the_clocks_leaves_an_hour_at_least() -> None:
    """02:30 and 03:30 are the same moment on this day."""
    sunday = replace(MONDAYS, rule="FREQ=DAILY", starts_on=date(2026, 3, 29), at=time(2, 30), window=timedelta(hours=1))
    wave = next(occurrences(sunday))
    assert (wave.opens_at, wave.closes_at) == (utc("2026-03-29 01:30"), utc("2026-03-29 02:30"))


def test_a_holiday_does_not_open_and_uses_up_the_count() -> None:
    holidays = frozenset({date(2026, 1, 12), date(2026, 1, 13)})
    assert days("FREQ=WEEKLY;BYDAY=MO;COUNT=3", holidays=holidays) == ["2026-01-05", "2026-01-19"]


@pytest.mark.parametrize("until", ["20260119", "20260119T000000Z", "20260119T235959Z", "20260125"])
def test_until_is_inclusive_and_its_day_counts(until: str) -> None:
    assert days(f"FREQ=WEEKLY;UNTIL={until}") == ["2026-01-05", "2026-01-12", "2026-01-19"]


@pytest.mark.parametrize(
    ("rule", "starts_on", "expected"),
    [
        ("FREQ=WEEKLY;BYDAY=MO;COUNT=2", "2026-01-07", "01-12 01-19"),  # a first day that does not match
        ("RRULE:FREQ=WEEKLY;COUNT=2", "2026-01-07", "01-07 01-14"),
        ("rrule:freq=weekly;count=2", "2026-01-07", "01-07 01-14"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO;COUNT=4", "2026-01-06", "01-06 01-11 01-20 01-25"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=4", "2026-01-06", "01-06 01-18 01-20 02-01"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=4", "2026-02-20", "02-20 03-02 03-12 03-22"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4", "2026-01-05", "01-31 02-28 03-31 04-30"),
        ("FREQ=MONTHLY;COUNT=3", "2026-01-31", "01-31 03-31 05-31"),  # no month is cut
        ("FREQ=MONTHLY;BYDAY=1MO;COUNT=3", "2026-01-05", "01-05 02-02 03-02"),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=3", "2026-01-05", "01-30 02-27 03-27"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3", "2026-01-05", "01-30 02-27 03-31"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1;COUNT=2", "2026-01-05", "02-02 03-02"),
        ("FREQ=YEARLY;BYMONTH=3,6;COUNT=2", "2026-01-09", "03-09 06-09"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=2MO,-1TU;COUNT=2", "2026-01-09", "05-11 05-26"),
    ],
)
def test_the_days_of_a_rule(rule: str, starts_on: str, expected: str) -> None:
    assert days(rule, date.fromisoformat(starts_on)) == [f"2026-{day}" for day in expected.split()]


def test_days_after_a_day_are_the_rest_of_the_same_waves() -> None:
    schedule = replace(MONDAYS, rule="FREQ=WEEKLY;COUNT=5")
    waves = list(occurrences(schedule))
    for at, wave in enumerate(waves):
        assert list(occurrences(schedule, wave.day)) == waves[at + 1 :]


def test_a_rule_without_end_ends_after_a_thousand_waves_or_ten_years() -> None:
    daily = list(occurrences(replace(MONDAYS, rule="FREQ=DAILY", holidays=frozenset({date(2026, 1, 6)}))))
    assert (len(daily), daily[-1].day) == (MOST_WAVES, date(2026, 1, 5) + timedelta(days=1_000))
    weekly = list(occurrences(MONDAYS))
    assert weekly[-1].day == date(2035, 12, 31)
    assert faults(MONDAYS) == []


AMONG = "must have a FREQ, one of DAILY, WEEKLY, MONTHLY, YEARLY"
PARTS = (
    "must be parts like FREQ=WEEKLY, with semicolons between; known are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYDAY, "
    "BYMONTH, BYMONTHDAY, BYSETPOS"
)
LONG = "must be an RFC 5545 rule of at most 500 characters"
PLACED = "BYSETPOS needs another BY part, and MONTHLY or YEARLY"
TIMED = "must not have BYHOUR, BYMINUTE or BYSECOND: the time of opening is `at`"
HOURLY = "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"
ENDING = "UNTIL must be a day or a time in UTC, like 20271231 or 20271231T235959Z"
NUMBERED = "BYDAY must have numbers before all of its days or none, and with MONTHLY or YEARLY alone"
NEVER = "never fires within ten years of its first day, holidays left out"
MANY = "asks for more than 1,000 waves"


def form(name: str) -> str:
    return f"{name} must be {ALLOWED[name]}"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("", PARTS),
        ("every Monday", PARTS),
        ("FREQ=WEEKLY;", PARTS),
        ("FREQ=WEEKLY\nRRULE:FREQ=DAILY", form("FREQ")),
        ("RRULE:RRULE:FREQ=WEEKLY", PARTS),
        ("FREQ=WEEKLY;BYDAY=MO=TU", form("BYDAY")),
        ("FREQ=WEEKLY;BYEASTER=1", PARTS),
        ("DTSTART=20260101;FREQ=WEEKLY", PARTS),
        ("FREQ=WEEKLY;BYDAY=M\N{GREEK CAPITAL LETTER OMICRON}", LONG),
        ("FREQ=WEEKLY;COUNT=\N{ARABIC-INDIC DIGIT THREE}", LONG),
        ("FREQ=WEEKLY;COUNT=" + "1" * 500, LONG),
        ("BYDAY=MO", AMONG),
        ("FREQ=HOURLY", HOURLY),
        ("FREQ=SECONDLY;COUNT=1", form("FREQ")),
        ("FREQ=DAILY;BYHOUR=9,10", TIMED),
        ("FREQ=DAILY;BYMINUTE=1", TIMED),
        ("FREQ=DAILY;BYSECOND=1", TIMED),
        ("FREQ=WEEKLY;BYDAY=MO;BYDAY=TU", "must not repeat BYDAY"),
        ("FREQ=WEEKLY;freq=DAILY", "must not repeat FREQ"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20271231", "must not have both COUNT and UNTIL"),
        ("FREQ=WEEKLY;COUNT=0", form("COUNT")),
        ("FREQ=WEEKLY;COUNT=-1", form("COUNT")),
        ("FREQ=WEEKLY;INTERVAL=0", form("INTERVAL")),
        ("FREQ=YEARLY;INTERVAL=9999999999", form("INTERVAL")),
        ("FREQ=WEEKLY;WKST=1", form("WKST")),
        ("FREQ=WEEKLY;UNTIL=20270231", ENDING),
        ("FREQ=WEEKLY;UNTIL=20271231T235959", form("UNTIL")),
        ("FREQ=WEEKLY;UNTIL=20271231T250000Z", ENDING),
        ("FREQ=WEEKLY;UNTIL=2027-12-31", form("UNTIL")),
        ("FREQ=WEEKLY;BYDAY=", form("BYDAY")),
        ("FREQ=WEEKLY;BYDAY=MONDAY", form("BYDAY")),
        ("FREQ=MONTHLY;BYDAY=0MO", form("BYDAY")),
        ("FREQ=YEARLY;BYDAY=-54MO", form("BYDAY")),
        ("FREQ=WEEKLY;BYDAY=1MO", NUMBERED),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", NUMBERED),
        ("FREQ=YEARLY;BYWEEKNO=20", PARTS),
        ("FREQ=MONTHLY;BYMONTHDAY=0", form("BYMONTHDAY")),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", form("BYMONTHDAY")),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", form("BYMONTHDAY")),
        ("FREQ=MONTHLY;BYMONTH=-1", form("BYMONTH")),
        ("FREQ=MONTHLY;BYMONTH=13", form("BYMONTH")),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "must not have BYMONTHDAY with this FREQ"),
        ("FREQ=MONTHLY;BYSETPOS=1", PLACED),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", NEVER),
        ("FREQ=WEEKLY;UNTIL=20260104", NEVER),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", NEVER),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31;INTERVAL=999", NEVER),
        ("FREQ=WEEKLY;COUNT=10000", MANY),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=" + "9" * 9, MANY),
        ("FREQ=DAILY;UNTIL=20281001", MANY),
    ],
)
def test_a_rule_is_refused_with_its_reason(rule: str, reason: str) -> None:
    assert faults(replace(MONDAYS, rule=rule, window=timedelta(hours=8))) == [Fault("/schedule/rule", reason)]


def test_exactly_a_thousand_waves_are_fine() -> None:
    hours = timedelta(hours=8)
    assert faults(replace(MONDAYS, rule="FREQ=DAILY;COUNT=1000", window=hours)) == []
    assert faults(replace(MONDAYS, rule="FREQ=DAILY;UNTIL=20280930", window=hours)) == []


def test_a_rule_that_fires_on_holidays_alone_never_fires() -> None:
    holidays = frozenset({date(2026, 1, 5), date(2026, 1, 12)})
    refused = replace(MONDAYS, rule="FREQ=WEEKLY;COUNT=2", holidays=holidays)
    assert faults(refused) == [Fault("/schedule/rule", NEVER)]
    assert faults(replace(refused, rule="FREQ=WEEKLY;COUNT=3")) == []


BAD_ZONES = [
    *("", "Europe/Nowhere", "europe/paris", "EUROPE/PARIS", "Europe/Paris ", "Europe", "Europe/", "/Europe/Paris"),
    *("../x", "../../etc/passwd", "Europe/../Europe/Paris", "/etc/localtime", "posixrules", "localtime", "Factory"),
    *("posix/Europe/Paris", "right/Europe/Paris", "CET-1CEST", "+01:00", "Europe/Paris\0", "\udc80", "zone.tab"),
]


@pytest.mark.parametrize("name", BAD_ZONES)
def test_a_zone_that_is_none_is_refused_wherever_it_stands(name: str) -> None:
    reason = "is not an IANA time zone"
    assert faults(replace(MONDAYS, zone=name)) == [Fault("/schedule/zone", reason)]
    assert faults(replace(MONDAYS, zones=(NEW_YORK, name))) == [Fault("/schedule/zones/1", reason)]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    wrong = Schedule(
        rule="FREQ=HOURLY",
        starts_on=date(9999, 12, 31),
        at=time(9, 0, 1),
        zone="Paris",
        zones=(NEW_YORK, NEW_YORK, "localtime"),
        window=timedelta(minutes=59),
        holidays=frozenset(date(2026, 1, 1) + timedelta(days=day) for day in range(367)),
    )
    found = {fault.pointer for fault in faults(wrong)}
    places = ["rule", "starts_on", "at", "zone", "zones/1", "zones/2", "window", "holidays"]
    assert found == {f"/schedule/{place}" for place in places}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"window": timedelta(minutes=59)}, "window"),
        ({"window": timedelta(days=92, minutes=1), "rule": "FREQ=YEARLY"}, "window"),
        ({"at": time(9, 0, 0, 1)}, "at"),
        ({"at": time(9, tzinfo=UTC)}, "at"),
        ({"starts_on": date.max}, "starts_on"),
        ({"starts_on": date.min}, "starts_on"),
        ({"zones": (PARIS,)}, "zones/0"),
        ({"zones": ("UTC",) * 25}, "zones"),
    ],
)
def test_one_thing_that_is_wrong_is_told_at_its_place(change: dict[str, Any], place: str) -> None:
    assert [fault.pointer for fault in faults(replace(MONDAYS, **change))] == [f"/schedule/{place}"]


LONG = [Fault("/schedule/window", "is too long: a wave would open before the last one has closed in every zone")]


def test_windows_may_touch_and_not_overlap() -> None:
    assert faults(replace(MONDAYS, window=timedelta(days=7))) == []
    assert faults(replace(MONDAYS, window=timedelta(days=7, minutes=1))) == LONG
    # Also where the clocks jump over the opening.
    sundays = replace(MONDAYS, rule="FREQ=WEEKLY;BYDAY=SU", at=time(2, 30), window=timedelta(days=7))
    assert faults(sundays) == []
    # February alone is short enough to show it.
    monthly = replace(MONDAYS, rule="FREQ=MONTHLY", starts_on=date(2026, 1, 1))
    assert faults(replace(monthly, window=timedelta(days=28))) == []
    assert faults(replace(monthly, window=timedelta(days=29))) == LONG
    # A holiday between two waves makes room.
    few = replace(MONDAYS, rule="FREQ=WEEKLY;COUNT=3", window=timedelta(days=14))
    assert faults(few) == LONG
    assert faults(replace(few, holidays=frozenset({date(2026, 1, 12)}))) == []


def test_windows_that_overlap_through_the_second_zone_alone_are_refused() -> None:
    week = replace(MONDAYS, window=timedelta(days=6, hours=18))
    assert faults(week) == []
    assert faults(replace(week, zones=(NEW_YORK,))) == []  # six hours apart, touching
    longer = replace(week, window=timedelta(days=6, hours=18, minutes=1))
    assert faults(longer) == []
    assert faults(replace(longer, zones=(NEW_YORK,))) == LONG
    assert faults(replace(longer, zone=NEW_YORK, zones=(PARIS,))) == LONG


def test_upcoming_waves_are_those_that_open_later() -> None:
    first, second, third = list(occurrences(replace(MONDAYS, zones=(NEW_YORK,))))[:3]
    schedule = replace(MONDAYS, zones=(NEW_YORK,), rule="FREQ=WEEKLY;COUNT=3")
    moment = timedelta(microseconds=1)
    assert upcoming(schedule, first.opens_at - moment, 2) == [first, second]
    assert upcoming(schedule, first.opens_at, 5) == [second, third]
    assert upcoming(schedule, third.opens_at - moment, 5) == [third]
    assert upcoming(schedule, third.opens_at, 5) == []


def test_a_worker_that_was_down_for_weeks_opens_one_wave_at_most() -> None:
    waves = list(occurrences(MONDAYS))[:6]
    fourth = waves[3]
    handled = waves[0].opens_at
    moment = timedelta(microseconds=1)
    assert due(MONDAYS, handled, fourth.opens_at - moment) == (waves[1:3], None)
    assert due(MONDAYS, handled, fourth.opens_at) == (waves[1:3], fourth)
    assert due(MONDAYS, handled, fourth.closes_at - moment) == (waves[1:3], fourth)
    assert due(MONDAYS, handled, fourth.closes_at) == (waves[1:4], None)
    assert due(MONDAYS, None, fourth.opens_at) == (waves[:3], fourth)
    assert due(MONDAYS, fourth.opens_at, fourth.opens_at + moment) == ([], None)
    assert due(MONDAYS, None, waves[0].opens_at - moment) == ([], None)


def test_a_rule_that_is_not_understood_has_no_waves() -> None:
    with pytest.raises(RuleRefused):
        next(occurrences(replace(MONDAYS, rule="FREQ=HOURLY")))


def test_eighteen_months_of_weeks_come_one_after_the_other() -> None:
    waves = list(occurrences(replace(MONDAYS, zones=(NEW_YORK,), rule="FREQ=WEEKLY;COUNT=78")))
    assert len(waves) == 78
    assert all(later.opens_at > wave.closes_at for wave, later in pairwise(waves))
