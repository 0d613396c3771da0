"""Bodies in time, by a clock that moves only where somebody waits."""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from service.kit.pace import BYTES_A_SECOND, LONG_BYTES_A_SECOND, PATIENCE_S, SHORT, WHOLE_S, in_time
from service.problems import TooSlow


class _AtOnce(selectors.DefaultSelector):
    """Waits for nothing: the time that it was to wait is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0.0
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._at_once = _AtOnce()
        super().__init__(self._at_once)

    def time(self) -> float:
        return self._at_once.now


def run(act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(act())


async def sent(size: int, pause_s: float, times: int) -> AsyncIterator[bytes]:
    """So many pieces, the first at once."""
    for number in range(times):
        await asyncio.sleep(pause_s if number else 0)
        yield bytes(size)


async def taken(size: int, pause_s: float, times: int) -> tuple[int, float, bool]:
    """How many bytes came, when it was over, and whether it was the whole body."""
    clock = asyncio.get_running_loop().time
    began, came = clock(), 0
    try:
        async for chunk in in_time(sent(size, pause_s, times)):
            came += len(chunk)
    except TooSlow:
        return came, clock() - began, False
    return came, clock() - began, True


@pytest.mark.parametrize(
    ("size", "pause_s", "times"),
    [
        (BYTES_A_SECOND, 1, SHORT // BYTES_A_SECOND),
        (LONG_BYTES_A_SECOND, 1, int(WHOLE_S)),
        (100, PATIENCE_S - 1, 2),
        (30 * LONG_BYTES_A_SECOND, PATIENCE_S - 1, 20),
        (1, 1e-5, 50_000),
    ],
    ids=[
        "as slow as may be",
        "and a long one",
        "one piece late",
        "in pieces that are large",
        "in pieces that are small",
    ],
)
def test_who_sends_steadily_is_waited_for(size: int, pause_s: float, times: int) -> None:
    came, _, whole = run(lambda: taken(size, pause_s, times))
    assert (came, whole) == (size * times, True)


@pytest.mark.parametrize(
    ("size", "pause_s", "times"),
    [
        (1, 60, 1000),
        (1, 1, 1000),
        (BYTES_A_SECOND // 2, 1, 5000),
        (500 * BYTES_A_SECOND, PATIENCE_S + 1, 5),
        (BYTES_A_SECOND, 1, 5000),
    ],
    ids=["a byte a minute", "a byte a second", "half as fast", "long pauses after much", "a long one at a short pace"],
)
def test_who_does_not_is_not(size: int, pause_s: float, times: int) -> None:
    came, after_s, whole = run(lambda: taken(size, pause_s, times))
    assert not whole
    assert size <= came < size * times
    assert after_s <= PATIENCE_S + came / BYTES_A_SECOND + 1


def test_a_long_body_that_is_only_begun_is_soon_given_up() -> None:
    async def begun() -> AsyncIterator[bytes]:
        yield bytes(SHORT + 1)
        async for chunk in sent(BYTES_A_SECOND, 1, 5000):
            yield chunk

    async def go() -> float:
        with pytest.raises(TooSlow):
            async for _ in in_time(begun()):
                pass
        return asyncio.get_running_loop().time()

    assert run(go) <= 2 * PATIENCE_S


def test_no_body_is_waited_for_longer_than_ten_minutes_in_all() -> None:
    pause_s, size = 7, 16 * LONG_BYTES_A_SECOND  # twice as fast as a long one must be
    came, after_s, whole = run(lambda: taken(size, pause_s, 200))
    assert (whole, after_s) == (False, WHOLE_S)
    assert came == size * (1 + int(WHOLE_S) // pause_s)


def test_what_we_do_between_two_pieces_is_not_the_clients_time() -> None:
    async def slowly() -> int:
        came = 0
        async for chunk in in_time(sent(1, 0.1, 50)):
            came += len(chunk)
            await asyncio.sleep(2 * PATIENCE_S)
        return came

    assert run(slowly) == 50
