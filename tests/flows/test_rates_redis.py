"""Calls counted for all processes together, in a real Redis; and by each for itself while that is away."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from service.kit.rates import Policy, Shared
from tests.fixtures.running import free_port
from tests.flows.children import wait_for

POLICY = Policy("default", 5)
pytestmark = pytest.mark.skipif(
    shutil.which("redis-server") is None,
    reason="redis-server is not installed: Debian's package of that name brings it",
)


class Redis:
    def __init__(self) -> None:
        self.port = free_port()
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for(self.answers)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        said = subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True, check=False)
        return said.stdout.strip() == b"PONG"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def redis() -> Iterator[Redis]:
    server = Redis()
    yield server
    server.stop()


def test_two_processes_count_together(redis: Redis) -> None:
    async def go() -> list[bool]:
        one, other = Shared(redis.url), Shared(redis.url)
        allowed = [(await counter.hit(POLICY, "a")).allowed for counter in (one, other) * 4]
        await asyncio.gather(one.close(), other.close())
        return allowed

    allowed = asyncio.run(go())
    # A minute may end in between: then the next one's share is let through, never as much as each alone would have had.
    assert allowed[:5] == [True] * 5
    assert sum(allowed) < 2 * POLICY.quota - 2


def test_while_it_is_away_each_counts_for_itself(redis: Redis) -> None:
    async def go() -> list[bool]:
        one, other = Shared(redis.url), Shared(redis.url)
        await one.hit(POLICY, "a")
        await asyncio.to_thread(redis.stop)
        allowed = [(await counter.hit(POLICY, "a")).allowed for counter in (one, other) * 5]
        await asyncio.gather(one.close(), other.close())
        return allowed

    assert asyncio.run(go()) == [True] * 10
