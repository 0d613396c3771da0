"""Days, instants and what is due, against walks day by day and searches over instants."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import assume, event, example, given, settings
from hypothesis import strategies as st

from service.campaigns.times.calendar import Schedule, Window, due, faults, occurrences, upcoming
from service.campaigns.times.recurrence import RuleRefused, days_of, read
from tests.make import recurrence_walk

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Half an hour, an hour and two hours of summer time, quarters of an hour from UTC, both ends of the day.
ZONES = (
    *("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "UTC"),
    *("Asia/Kathmandu", "America/St_Johns", "Pacific/Auckland", "Pacific/Kiritimati", "Etc/GMT+12"),
)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Walk:
    """A rule as text and as a question to ask of each day."""

    rule: str
    fires: Callable[[date], bool]


@st.composite
def _walks(draw: st.DrawFn, starts_on: date) -> Walk:
    kind = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    every = draw(st.integers(1, 4))
    rule = f"FREQ={kind};INTERVAL={every}"
    if kind == "DAILY":
        return Walk(rule, lambda day: (day - starts_on).days % every == 0)
    if kind == "WEEKLY":
        chosen = draw(st.sets(st.integers(0, 6), min_size=1, max_size=4))
        monday = starts_on - starts_on.weekday() * DAY
        return Walk(
            f"{rule};BYDAY={','.join(WEEKDAYS[day] for day in sorted(chosen))}",
            lambda day: day.weekday() in chosen and (day - monday).days // 7 % every == 0,
        )
    weekday, nth = draw(st.integers(0, 6)), draw(st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5]))

    def fires(day: date) -> bool:
        """Listed in its month, and found at this place of the list."""
        apart = 12 * (day.year - starts_on.year) + day.month - starts_on.month
        around = [day + after * DAY for after in range(-31, 32)]
        same = [one for one in around if (one.month, one.weekday()) == (day.month, weekday)]
        wanted = same[nth - 1 : nth] if nth > 0 else same[nth : nth + 1 or None]
        return apart % every == 0 and wanted == [day]

    return Walk(f"{rule};BYDAY={nth}{WEEKDAYS[weekday]}", fires)


def _instant(local: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """The first instant at which the clocks show this, else with the offset they had just before they jumped over it.

    Nothing but readings of the clocks, each quarter of an hour over the day before and after.
    """
    about = local.replace(tzinfo=UTC)
    instants = [about + step * QUARTER for step in range(-4 * 16, 4 * 16)]
    shown = [moment.astimezone(zone).replace(tzinfo=None) for moment in instants]
    if local in shown:
        return instants[shown.index(local)], False
    last = max(place for place, reading in enumerate(shown) if reading < local)
    return about - (shown[last] - instants[last].replace(tzinfo=None)), True


def _expected(schedule: Schedule, day: date) -> tuple[Window, ...]:
    windows = []
    for name in (schedule.zone, *schedule.zones):
        opening = datetime.combine(day, schedule.at)
        opens_at, shifted = _instant(opening, ZoneInfo(name))
        closes_at = max(_instant(opening + schedule.window, ZoneInfo(name))[0], opens_at + timedelta(hours=1))
        windows.append(Window(name, opens_at, closes_at, shifted))
    return tuple(windows)


# Around the weeks in which clocks change, and at the hours at which they do.
_starts = st.builds(
    lambda year, near, after: date(year, *near) + after * DAY,
    st.integers(2024, 2027),
    st.sampled_from([(1, 1), (2, 26), (3, 6), (3, 26), (4, 1), (9, 24), (10, 1), (10, 22), (10, 30), (12, 29)]),
    st.integers(0, 6),
)
_times = st.builds(time, st.sampled_from([0, 1, 1, 2, 2, 3, 9, 23]), st.sampled_from([0, 15, 30, 45]))


@given(data=st.data(), starts_on=_starts, at=_times)
@settings(max_examples=80, deadline=None)
def test_days_and_instants_are_those_of_a_walk_and_a_search(data: st.DataObject, starts_on: date, at: time) -> None:
    walk = data.draw(_walks(starts_on))
    zone, *zones = data.draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True))
    walked = [starts_on + after * DAY for after in range(120)]
    holidays = data.draw(st.frozensets(st.sampled_from(walked), max_size=20))
    count, length = data.draw(st.integers(1, 8)), data.draw(st.integers(0, 40))
    counted = data.draw(st.booleans())
    end = f"COUNT={count}" if counted else f"UNTIL={walked[length]:%Y%m%d}"
    named = [day for day in (walked if counted else walked[: length + 1]) if walk.fires(day)]
    assume(not counted or len(named) >= count)  # else the count is not reached within the walk
    fired = [day for day in (named[:count] if counted else named) if day not in holidays]
    window = data.draw(st.integers(4, 4 * 24 * 9)) * QUARTER
    schedule = Schedule(f"{walk.rule};{end}", starts_on, at, zone, tuple(zones), window, holidays)

    waves = list(occurrences(schedule))
    assert [wave.day for wave in waves] == fired
    assert [wave.windows for wave in waves] == [_expected(schedule, day) for day in fired]
    spans = [
        (min(one.opens_at for one in windows), max(one.closes_at for one in windows))
        for windows in (wave.windows for wave in waves)
    ]
    assert [(wave.opens_at, wave.closes_at) for wave in waves] == spans
    overlap = any(spans[at + 1][0] < spans[at][1] for at in range(len(spans) - 1))
    found = [fault.pointer for fault in faults(schedule)]
    assert found == (["/schedule/rule"] if not fired else ["/schedule/window"] if overlap else [])
    event("never fires" if not fired else "overlaps" if overlap else "runs")
    if not found:
        _check_what_is_due(schedule, data.draw)


def _check_what_is_due(schedule: Schedule, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
    waves = list(occurrences(schedule))
    edges = sorted({edge for wave in waves for edge in (wave.opens_at, wave.closes_at)})
    moments = [edge + off for edge in edges for off in (-timedelta(seconds=1), timedelta(0), timedelta(seconds=1))]
    now = moments[draw(st.integers(0, len(moments) - 1))]
    handled = draw(st.integers(-1, len(waves) - 1))
    after = waves[handled].opens_at if handled >= 0 else None
    come = [wave for at, wave in enumerate(waves) if at > handled and wave.opens_at <= now]
    opening = [wave for wave in come if wave.closes_at > now]
    assert len(opening) <= 1
    missed, current = due(schedule, after, now)
    assert missed == [wave for wave in come if wave not in opening]
    assert current == (opening[0] if opening else None)
    assert upcoming(schedule, now, 3) == [wave for wave in waves if wave.opens_at > now][:3]


def _numbers(largest: int, *, negative: bool = True) -> st.SearchStrategy[str]:
    values = st.integers(1, largest) | (st.integers(-largest, -1) if negative else st.nothing())
    return st.lists(values, min_size=1, max_size=4, unique=True).map(lambda each: ",".join(map(str, each)))


@st.composite
def _rules(draw: st.DrawFn) -> str:
    """Any rule that is supported."""
    kind = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={kind}", f"INTERVAL={draw(st.sampled_from([1, 1, 1, 2, 3, 7, 400]))}"]
    months = draw(st.booleans())
    parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    plain = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=5, unique=True).map(",".join)
    places = st.integers(1, 5) | st.integers(-5, -1)
    placed = st.lists(st.tuples(places, st.sampled_from(WEEKDAYS)), min_size=1, max_size=3).map(
        lambda each: ",".join(f"{place}{day}" for place, day in each)
    )
    if draw(st.booleans()):
        parts.append(f"BYDAY={draw(plain if kind in {'DAILY', 'WEEKLY'} else plain | placed)}")
    if months:
        parts.append(f"BYMONTH={draw(_numbers(12, negative=False))}")
    if kind != "WEEKLY" and draw(st.booleans()):
        parts.append(f"BYMONTHDAY={draw(_numbers(31))}")
    if kind in {"MONTHLY", "YEARLY"} and any(part.startswith("BY") for part in parts) and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(_numbers(5))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 50))}")
    return ";".join(parts)


@given(rule=_rules(), starts_on=st.dates(date(2000, 1, 1), date(2099, 12, 31)))
@example(rule="FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", starts_on=date(2027, 1, 1))
@example(rule="FREQ=YEARLY", starts_on=date(2028, 2, 29))
@settings(max_examples=60, deadline=None)
def test_days_are_those_of_a_walk(rule: str, starts_on: date) -> None:
    found = list(islice(days_of(read(rule), starts_on), 400))
    event("fires" if found else "never fires")
    assert found == list(islice(recurrence_walk.days_of(recurrence_walk.read(rule), starts_on), 400))


@given(st.text("FREQ=WEKLYDAIBMOTH;:,+-0123456789UNTCSP", max_size=60) | st.text(max_size=60) | _rules())
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(rule: str) -> None:
    with suppress(RuleRefused):
        assert read(rule) == read(f"RRULE:{rule.swapcase()}")
