"""How often somebody may call: so many calls in a minute that slides, counted here or for all processes together.

Counted here it is arithmetic on two numbers. The library `limits` counts in memory as well, but makes a task for each
call and walks through all keys in it: 62 microseconds of work with one key and 280 with a thousand, where this takes
under nine, headers included. It is what counts in Redis, with the same formula: this minute's calls, and as much of
the last one's as still overlaps.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, Protocol

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string

from service.kit.mendable import Mendable

log = structlog.get_logger()
WINDOW_S = 60
KEPT = 100_000
_WAIT_S = 1


class Policy(NamedTuple):
    """So many calls a minute; the name is shown to callers."""

    name: str
    quota: int

    @property
    def header(self) -> str:
        """The value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";q={self.quota};w={WINDOW_S}'


class Standing(NamedTuple):
    """Where somebody stands after a call: whether it may go on, what remains, in how many seconds there is more."""

    policy: Policy
    allowed: bool
    remaining: int
    reset_s: int

    @property
    def header(self) -> str:
        """The value of `RateLimit`."""
        return f'"{self.policy.name}";r={self.remaining};t={self.reset_s}'


class Counter(Protocol):
    """Counts calls; one that is refused does not count."""

    async def hit(self, policy: Policy, who: str) -> Standing: ...

    async def close(self) -> None: ...


class Here:
    """Counts the calls to this process. The one who was away longest is forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], tuple[int, int, int]] = OrderedDict()

    async def hit(self, policy: Policy, who: str) -> Standing:
        """Count one call."""
        now = self._clock()
        window, into = divmod(now, WINDOW_S)
        since, last, present = self._counts.pop((policy.name, who), (int(window), 0, 0))
        if since != int(window):
            last, present = (present if since == int(window) - 1 else 0), 0
        before = last * (1 - into / WINDOW_S)
        allowed = before + present + 1 <= policy.quota
        present += allowed
        self._counts[policy.name, who] = (int(window), last, present)
        if len(self._counts) > KEPT:
            self._counts.popitem(last=False)
        return Standing(policy, allowed, max(int(policy.quota - before - present), 0), int(WINDOW_S - into) + 1)

    async def close(self) -> None:
        """There is nothing to close."""


class NoRedisClient(Mendable):
    """The setting asks for Redis, whose client is not installed."""

    def __init__(self) -> None:
        super().__init__("limits.url names Redis, whose client is not installed: install the Python package `redis`")


class Shared:
    """Counts for all processes in Redis. While that is away each counts for itself, and says so in its log."""

    def __init__(self, url: str) -> None:
        timeouts = {"socket_timeout": _WAIT_S, "socket_connect_timeout": _WAIT_S}
        try:
            # "redispy": the library would rather have another client, `coredis`.
            storage = storage_from_string(f"async+{url}", implementation="redispy", wrap_exceptions=True, **timeouts)
        except ConfigurationError:
            raise NoRedisClient from None
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._redis = storage.bridge.get_connection() if isinstance(storage, RedisStorage) else None  # type: ignore[attr-defined]  # every bridge has it
        self._here = Here()
        self._away = False

    async def hit(self, policy: Policy, who: str) -> Standing:
        """Count one call."""
        item = RateLimitItemPerMinute(policy.quota, namespace=policy.name)
        try:
            allowed = await self._limiter.hit(item, who)
            stats = await self._limiter.get_window_stats(item, who)
        except StorageError as error:
            if not self._away:
                log.warning("no shared limits; each process counts for itself", problem=type(error).__name__)
            self._away = True
            return await self._here.hit(policy, who)
        self._away = False
        reset = min(max(int(stats.reset_time - time.time()) + 1, 1), WINDOW_S)
        return Standing(policy, allowed, max(stats.remaining, 0), reset)

    async def close(self) -> None:
        """Give the connections back; the library leaves that to whoever made it."""
        if self._redis is not None:
            await self._redis.aclose()


def counter_for(url: str | None) -> Counter:
    """Where calls are counted: `redis://...` for all processes together, or in this one."""
    return Here() if url is None else Shared(url)
