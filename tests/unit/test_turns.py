"""A tenant's calls take turns: in the order in which they came, and nobody's leaving holds the others up."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import pytest

from service.people import turns
from service.people.problems import OrganisationBusy
from service.people.turns import Turns

TENANT, OTHER = UUID(int=1), UUID(int=2)


async def settle() -> None:
    """Until nobody can go on."""
    for _ in range(10):
        await asyncio.sleep(0)


def calls(line: Turns, done: list[int], ends: asyncio.Event) -> Callable[[int], "asyncio.Task[None]"]:
    async def call(number: int) -> None:
        async with line.turn(TENANT):
            done.append(number)
            await ends.wait()

    return lambda number: asyncio.ensure_future(call(number))


def test_calls_come_in_their_order_and_another_tenant_s_beside_them() -> None:
    async def go() -> None:
        line, done, ends = Turns(), list[int](), asyncio.Event()
        call = calls(line, done, ends)
        tasks = [call(number) for number in range(5)]
        await settle()
        assert (done, line.calls(TENANT), line.tenants()) == ([0], 5, {TENANT})
        async with line.turn(OTHER):
            assert line.calls(OTHER) == 1
        ends.set()
        await asyncio.gather(*tasks)
        assert done == [0, 1, 2, 3, 4]
        assert (line.calls(TENANT), line.calls(OTHER), line.tenants()) == (0, 0, frozenset())

    asyncio.run(go())


@pytest.mark.parametrize("gone", [0, 1], ids=["whose turn it is", "who waits"])
def test_who_is_gone_holds_nobody_up(gone: int) -> None:
    async def go() -> None:
        line, done, ends = Turns(), list[int](), asyncio.Event()
        call = calls(line, done, ends)
        tasks = [call(number) for number in range(3)]
        await settle()
        tasks[gone].cancel()
        await settle()
        ends.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in results] == [number == gone for number in range(3)]
        assert done[-1] == 2
        assert not line.tenants()

    asyncio.run(go())


def test_a_line_has_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST_IN_LINE", 2)

    async def go() -> None:
        line, done, ends = Turns(), list[int](), asyncio.Event()
        call = calls(line, done, ends)
        tasks = [call(number) for number in range(3)]
        await settle()
        with pytest.raises(OrganisationBusy) as refused:
            async with line.turn(TENANT):
                raise AssertionError("it had its turn")
        assert int(refused.value.headers["Retry-After"]) > 0
        ends.set()
        await asyncio.gather(*tasks)
        assert done == [0, 1, 2]

    asyncio.run(go())


def test_a_failure_in_its_turn_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.0)

    async def fails(line: Turns) -> None:
        async with line.turn(TENANT):
            raise ValueError

    async def go() -> None:
        line = Turns()
        for _ in range(2):
            with pytest.raises(ValueError):  # noqa: PT011 - ours, from above
                await fails(line)
        assert not line.tenants()

    asyncio.run(go())


def test_impatience_is_told_in_the_caller_s_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE_S", 0.0)

    class TooLong(OrganisationBusy):
        slug, title = "too-long", "Too long"

    async def waits(line: Turns) -> None:
        async with line.turn(TENANT, TooLong):
            raise AssertionError("it had its turn")

    async def go() -> None:
        line = Turns()
        async with line.turn(TENANT):
            with pytest.raises(TooLong):
                await waits(line)
            assert line.calls(TENANT) == 1
        assert not line.tenants()

    asyncio.run(go())
