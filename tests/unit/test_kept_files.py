"""Files made once and served many times: one maker, a budget, nothing left behind."""

import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from service.kit.kept_files import PREFIX, WAITING, KeptFiles, Lease
from service.problems import Busy

OWNER = "somebody"
Make = Callable[[BinaryIO], Awaitable[None]]


@asynccontextmanager
async def kept(root: Path, budget: int = 1000) -> AsyncIterator[KeptFiles]:
    files = KeptFiles(root, budget)
    files.start()
    try:
        yield files
    finally:
        await files.stop()


def of(content: bytes, made: list[bytes] | None = None, gate: asyncio.Event | None = None) -> Make:
    """Writes the content, once the gate is open."""

    async def make(file: BinaryIO) -> None:
        if made is not None:
            made.append(content)
        if gate is not None:
            await gate.wait()
        file.write(content)

    return make


def there(root: Path) -> list[bytes]:
    """What lies in the folder."""
    gc.collect()
    return sorted(path.read_bytes() for path in root.glob(f"{PREFIX}*/*") if path.name != ".lock")


def folders(root: Path) -> list[Path]:
    return list(root.iterdir())


def mode(folder: Path) -> int:
    return folder.stat().st_mode & 0o777


def test_a_file_is_made_once_however_many_ask_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        made: list[bytes] = []
        gate = asyncio.Event()
        async with kept(tmp_path) as files:
            asking = [asyncio.create_task(files.get(OWNER, "a", of(b"one", made, gate))) for _ in range(9)]
            await asyncio.sleep(0)
            gate.set()
            leases = await asyncio.gather(*asking)
            assert {lease.path.read_bytes() for lease in leases} == {b"one"}
            assert {lease.size for lease in leases} == {3}
            assert (await files.get(OWNER, "a", of(b"two", made))).path.read_bytes() == b"one"
        assert made == [b"one"]

    asyncio.run(go())


def test_the_one_not_asked_for_the_longest_goes_first(tmp_path: Path) -> None:
    async def go() -> None:
        async with kept(tmp_path, budget=10) as files:
            for key in ("a", "b"):
                await files.get(OWNER, key, of(key.encode() * 4))
            await files.get(OWNER, "a", of(b"again"))
            await files.get(OWNER, "c", of(b"cccc"))
            assert there(tmp_path) == [b"aaaa", b"cccc"]
            await files.get(OWNER, "b", of(b"bbbb"))
            assert there(tmp_path) == [b"bbbb", b"cccc"]

    asyncio.run(go())


def test_one_that_is_larger_than_all_may_be_is_served_until_the_next_comes(tmp_path: Path) -> None:
    async def go() -> None:
        async with kept(tmp_path, budget=10) as files:
            large = await files.get(OWNER, "a", of(b"a" * 50))
            assert large.path.read_bytes() == b"a" * 50
            del large
            await files.get(OWNER, "b", of(b"b"))
            assert there(tmp_path) == [b"b"]

    asyncio.run(go())


def test_what_is_being_read_stays_until_it_was(tmp_path: Path) -> None:
    async def go() -> None:
        async with kept(tmp_path, budget=10) as files:
            reading: Lease | None = await files.get(OWNER, "a", of(b"a" * 8))
            await files.get(OWNER, "b", of(b"b" * 8))
            assert there(tmp_path) == [b"a" * 8, b"b" * 8]
            # Asked for again, it is made again: the old one is only there for who reads it.
            again = await files.get(OWNER, "a", of(b"new"))
            assert again.path.read_bytes() == b"new"
            del reading
            assert b"a" * 8 not in there(tmp_path)

    asyncio.run(go())


def test_whoever_waits_for_it_has_it_even_if_another_comes_meanwhile(tmp_path: Path) -> None:
    async def go() -> None:
        gate = asyncio.Event()
        async with kept(tmp_path, budget=10) as files:
            both = [asyncio.create_task(files.get(OWNER, key, of(key.encode() * 8, gate=gate))) for key in ("a", "b")]
            await asyncio.sleep(0)
            gate.set()
            first, second = await asyncio.gather(*both)
            assert (first.path.read_bytes(), second.path.read_bytes()) == (b"a" * 8, b"b" * 8)

    asyncio.run(go())


def test_what_could_not_be_made_leaves_nothing_and_may_be_asked_for_again(tmp_path: Path) -> None:
    async def fails(file: BinaryIO) -> None:
        file.write(b"half")
        raise ValueError("no")

    async def is_full(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(28, "full")

    async def go() -> None:
        async with kept(tmp_path) as files:
            for make, refusal in ((fails, ValueError), (is_full, Busy)):
                with pytest.raises(refusal):
                    await files.get(OWNER, "a", make)
                assert there(tmp_path) == []
            assert (await files.get(OWNER, "a", of(b"one"))).path.read_bytes() == b"one"

    asyncio.run(go())


def test_it_is_made_to_the_end_though_nobody_waits_any_longer(tmp_path: Path) -> None:
    async def go() -> None:
        made: list[bytes] = []
        gate = asyncio.Event()
        async with kept(tmp_path) as files:
            asking = asyncio.create_task(files.get(OWNER, "a", of(b"one", made, gate)))
            while not made:  # noqa: ASYNC110 - what is awaited is that the maker has begun
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            gate.set()
            assert (await files.get(OWNER, "a", of(b"two", made))).path.read_bytes() == b"one"
        assert made == [b"one"]

    asyncio.run(go())


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    async def go() -> None:
        told: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, about: told.append(about))
        async with kept(tmp_path) as files:
            await files.get(OWNER, "a", of(b"one"))
            assert [mode(folder) for folder in folders(tmp_path)] == [0o700]
            hanging = asyncio.create_task(files.get(OWNER, "b", of(b"two", gate=asyncio.Event())))
            await asyncio.sleep(0)  # asked for, and not begun yet
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert told == []

    asyncio.run(go())
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_cleared_up_after_and_a_living_one_left_alone(tmp_path: Path) -> None:
    async def go() -> None:
        killed = tmp_path / f"{PREFIX}killed"
        killed.mkdir()
        (killed / ".lock").touch()
        (killed / "file").write_bytes(b"left")
        strange = tmp_path / f"{PREFIX}strange"
        strange.mkdir()
        async with kept(tmp_path) as living:
            await living.get(OWNER, "a", of(b"mine"))
            async with kept(tmp_path):
                assert there(tmp_path) == [b"mine"]
                assert not killed.exists()
                assert strange.exists()

    asyncio.run(go())


def test_a_file_is_gone_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.kit.kept_files.KEPT_S", 0.0)

    async def go() -> None:
        async with kept(tmp_path) as files:
            lease = await files.get(OWNER, "a", of(b"one"))
            path = lease.path
            del lease
            while path.exists():  # noqa: ASYNC110 - a timer of the loop, which tells nobody
                await asyncio.sleep(0)
            assert there(tmp_path) == []

    asyncio.run(go())


def test_of_one_owner_one_is_made_at_a_time_and_few_wait(tmp_path: Path) -> None:
    async def go() -> None:
        gate = asyncio.Event()
        async with kept(tmp_path) as files:
            waiting = [asyncio.create_task(files.get(OWNER, str(n), of(b"x", gate=gate))) for n in range(WAITING)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await files.get(OWNER, "one more", of(b"x"))
            # Nobody else waits for them.
            other = await files.get("another", "a", of(b"other"))
            assert other.path.read_bytes() == b"other"
            assert not any(one.done() for one in waiting)
            gate.set()
            await asyncio.gather(*waiting)
            assert (await files.get(OWNER, "one more", of(b"x"))).size == 1

    asyncio.run(go())


def test_what_is_being_read_takes_room_as_well(tmp_path: Path) -> None:
    async def go() -> None:
        async with kept(tmp_path, budget=10) as files:
            reading: list[Lease] = [await files.get(OWNER, str(n), of(b"x" * 10)) for n in range(3)]
            with pytest.raises(Busy):
                await files.get(OWNER, "one more", of(b"x"))
            reading.clear()
            gc.collect()
            assert (await files.get(OWNER, "one more", of(b"x"))).size == 1

    asyncio.run(go())


def test_a_folder_that_was_cleaned_away_is_made_again(tmp_path: Path) -> None:
    async def go() -> None:
        async with kept(tmp_path) as files:
            await files.get(OWNER, "a", of(b"one"))
            for folder in folders(tmp_path):
                shutil.rmtree(folder)
            assert (await files.get(OWNER, "a", of(b"two"))).path.read_bytes() == b"two"
            assert (await files.get(OWNER, "b", of(b"new"))).path.read_bytes() == b"new"

    asyncio.run(go())


def test_what_only_looks_like_a_folder_of_ours_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".lock").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere)
    behind = tmp_path / f"{PREFIX}lock"
    behind.mkdir()
    (behind / ".lock").symlink_to(elsewhere / ".lock")

    async def go() -> None:
        async with kept(tmp_path):
            assert elsewhere.exists()
            assert behind.exists()

    asyncio.run(go())
