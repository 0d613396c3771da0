"""So many calls in a minute that slides: counted here, or in a storage for all processes, by the same arithmetic."""

import asyncio
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits.aio.storage import MemoryStorage
from limits.errors import StorageError
from structlog.testing import capture_logs

from service.kit import rates
from service.kit.mendable import Mendable
from service.kit.rates import KEPT, Counter, Here, NoRedisClient, Policy, Shared, counter_for

THREE = Policy("default", 3)


class Watch:
    def __init__(self, now: float = 6000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def hits(counter: Counter, times: int, who: str = "a", policy: Policy = THREE) -> list[bool]:
    async def go() -> list[bool]:
        return [(await counter.hit(policy, who)).allowed for _ in range(times)]

    return asyncio.run(go())


def test_so_many_and_no_more_for_each() -> None:
    here = Here(Watch())
    assert hits(here, 5) == [True] * 3 + [False] * 2
    assert hits(here, 4, "b") == [True] * 3 + [False]
    assert hits(here, 2, policy=Policy("tokens", 1)) == [True, False]


def test_what_is_told_is_what_remains() -> None:
    watch = Watch(6030.0)
    here = Here(watch)

    async def go() -> list[str]:
        return [(await here.hit(THREE, "a")).header for _ in range(4)]

    assert asyncio.run(go()) == ['"default";r=2;t=31', '"default";r=1;t=31', '"default";r=0;t=31', '"default";r=0;t=31']
    assert THREE.header == '"default";q=3;w=60'


def test_the_minute_slides() -> None:
    watch = Watch(6000.0)
    here = Here(watch)
    assert hits(here, 4) == [True] * 3 + [False]
    watch.now = 6061.0  # of the minute before, 59/60 still counts
    assert hits(here, 1) == [False]
    watch.now = 6081.0  # 39/60 of three are almost two
    assert hits(here, 2) == [True, False]
    watch.now = 6120.0  # one in the minute before, all of it still counts
    assert hits(here, 3) == [True, True, False]
    watch.now = 6300.0
    assert hits(here, 4) == [True] * 3 + [False]


@given(times=st.lists(st.floats(0, 600, allow_nan=False), max_size=60).map(sorted), quota=st.integers(1, 5))
def test_never_twice_the_quota_in_any_minute(times: list[float], quota: int) -> None:
    """What a sliding counter promises: a fixed window would let twice as many pass around its border."""
    watch = Watch()
    here, policy, passed = Here(watch), Policy("p", quota), list[float]()

    async def go() -> None:
        for at in times:
            watch.now = 6000 + at
            standing = await here.hit(policy, "a")
            assert 0 <= standing.remaining <= quota
            assert 1 <= standing.reset_s <= 61
            if standing.allowed:
                passed.append(watch.now)

    asyncio.run(go())
    for start in passed:
        assert len([at for at in passed if start <= at < start + 60]) < 2 * quota or quota == 1


def test_the_one_who_was_away_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "KEPT", 2)
    assert KEPT > 1000
    here = Here(Watch())
    for who in ("a", "b", "c"):
        hits(here, 3, who)
    assert hits(here, 1, "c") == [False]
    assert hits(here, 1, "a") == [True]
    assert len(here._counts) == 2


def test_without_the_client_redis_is_a_sentence_and_not_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)  # as if it were not installed
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(NoRedisClient, match="install the Python package `redis`") as refused:
        counter_for("redis://user:canary@localhost/1")
    assert isinstance(refused.value, Mendable)
    assert "canary" not in str(refused.value)
    assert isinstance(counter_for(None), Here)


def test_a_shared_storage_counts_for_all() -> None:
    """The library's own storage in memory stands in for Redis: two counters over it, as two processes have."""

    async def go() -> list[bool]:
        one = Shared("memory://")
        other = Shared("memory://")
        other._limiter = one._limiter
        policy = Policy("default", 4)
        standings = [await counter.hit(policy, "a") for counter in (one, other) * 3]
        assert all(standing.header.startswith('"default";r=') for standing in standings)
        assert all(1 <= standing.reset_s <= 60 for standing in standings)
        return [standing.allowed for standing in standings]

    assert asyncio.run(go()) == [True] * 4 + [False] * 2


def test_while_the_storage_is_away_each_counts_for_itself_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any, **__: Any) -> bool:
        raise StorageError(OSError("canary"))

    shared = Shared("memory://")
    with monkeypatch.context() as patch, capture_logs() as logged:
        patch.setattr(MemoryStorage, "acquire_sliding_window_entry", away)
        assert hits(shared, 5) == [True] * 3 + [False] * 2
    assert [line["event"] for line in logged] == ["no shared limits; each process counts for itself"]
    assert "canary" not in str(logged)
    assert hits(shared, 1) == [True]
