"""Time comes in as an argument; this is where it enters. Tests put their own clock in its place."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)
