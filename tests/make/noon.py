"""A day that does not end while a test runs."""

from datetime import UTC, date, datetime, time, timedelta

from tests.fixtures.house import House


def at_noon(house: House) -> date:
    """Put the clock to the next noon (UTC), where midnight is hours away; the day that it is then."""
    now = house.clock().astimezone(UTC)
    noon = datetime.combine(now.date() + timedelta(days=now.hour >= time(12).hour), time(12), UTC)
    house.clock.shift += noon - now
    return noon.date()
