"""What follows from an attempt: delivered, tried again later, given up; and when an endpoint is given up. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

# A little over three days, so that a receiver that broke on a Friday evening is mended in time on Monday.
DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.1
LONGEST_ASKED = timedelta(days=1)
GIVEN_UP_AFTER = timedelta(days=5)
FAILING, GONE = "failing", "gone"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of it: a status, or why there was none; and what the receiver asked for."""

    status: int | None = None
    problem: str | None = None
    retry_after: str | None = None

    @property
    def outcome(self) -> str:
        """`delivered`, `gone` or `failed`."""
        if self.status is None:
            return "failed"
        if 200 <= self.status < 300:  # noqa: PLR2004 - HTTP's own class
            return "delivered"
        return "gone" if self.status == HTTPStatus.GONE else "failed"


def retry_at(attempts: int, asked: str | None, now: datetime, drawn: float) -> datetime | None:
    """When to try again after so many attempts, or None: that was the last.

    Args:
        attempts: with the one that failed just now.
        asked: the receiver's Retry-After.
        now: the moment.
        drawn: from 0 to 1; two events that failed together are not tried together.
    """
    if attempts > len(DELAYS):
        return None
    delay = DELAYS[attempts - 1] * (1 - JITTER + 2 * JITTER * drawn)
    return now + max(delay, min(_asked(asked, now), LONGEST_ASKED))


def gives_up(failing_since: datetime, now: datetime) -> bool:
    """Whether an endpoint that has failed for so long, and failed again, is sent nothing any more."""
    return now - failing_since >= GIVEN_UP_AFTER


def _asked(header: str | None, now: datetime) -> timedelta:
    """Seconds, or a date (RFC 9110); nothing where it is neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_ASKED.total_seconds()))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return timedelta()
    return max(timedelta(), (until if until.tzinfo else until.replace(tzinfo=UTC)) - now)
