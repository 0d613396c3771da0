"""Files that are made once and served many times, under a budget of bytes, in a private folder of this process.

For what never changes under its key. Whoever asks while a file is being made waits for it; what is being read stays
until it was. A process that was killed leaves its folder behind, and the next one that starts takes it away.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4
from weakref import finalize

from service.problems import Busy

Make = Callable[[BinaryIO], Awaitable[None]]
PREFIX = "pouls-files-"
KEPT_S = 3600.0
"""So that nothing stays for long of what its owner has deleted meanwhile."""
MAKERS = 2
_LOCK = ".lock"


@dataclass(slots=True)
class _Kept:
    path: Path
    size: int = 0
    readers: int = 0
    is_over: bool = False

    def read(self, readers: int = 1) -> None:
        """So many are done with it."""
        self.readers -= readers
        if self.is_over and not self.readers:
            self.path.unlink(missing_ok=True)


class Lease:
    """A file for as long as this is referred to."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept
        kept.readers += 1
        finalize(self, kept.read)

    @property
    def path(self) -> Path:
        return self._kept.path

    @property
    def size(self) -> int:
        """In bytes."""
        return self._kept.size


class KeptFiles:
    """Made files by key; the one that was not asked for the longest goes first."""

    def __init__(self, root: Path, budget: int) -> None:
        self._root = root
        self._budget = budget
        self._folder: Path | None = None
        self._lock: int | None = None
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._making: dict[str, tuple[asyncio.Task[None], _Kept]] = {}
        self._places = asyncio.Semaphore(MAKERS)

    def start(self) -> None:
        """Take away what killed processes left, and make this one's folder."""
        for folder in self._root.glob(f"{PREFIX}*"):
            _take_away(folder)
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._root))
        self._lock = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    async def stop(self) -> None:
        """Nothing is made any more, and the folder goes."""
        making = [task for task, _ in self._making.values()]
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)

    async def get(self, key: str, make: Make) -> Lease:
        """The file under this key, made now where there is none.

        It is made to the end even if nobody waits for it any longer: they will ask again. Raises Busy where the disk
        is full, and whatever `make` raises.
        """
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return Lease(kept)
        if key not in self._making:
            made = _Kept(self._place())
            task = asyncio.create_task(self._make(key, made, make))
            self._making[key] = task, made
            task.add_done_callback(lambda done: self._ended(key, done))
        task, made = self._making[key]
        lease = Lease(made)
        await asyncio.shield(task)
        return lease

    def _place(self) -> Path:
        if self._folder is None:
            raise RuntimeError("not started")
        return self._folder / uuid4().hex

    async def _make(self, key: str, made: _Kept, make: Make) -> None:
        async with self._places:
            try:
                with made.path.open("xb") as file:
                    await make(file)
                    made.size = file.tell()
            except BaseException as error:
                made.path.unlink(missing_ok=True)
                if isinstance(error, OSError):
                    raise Busy from None
                raise
        self._kept[key] = made
        asyncio.get_running_loop().call_later(KEPT_S, self._drop, key, made)
        self._shrink()

    def _ended(self, key: str, task: asyncio.Task[None]) -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # told to those who waited; where nobody did, it is no news to the loop

    def _shrink(self) -> None:
        """The newest stays, even where it alone is more than all may have, until the next one comes."""
        total = sum(kept.size for kept in self._kept.values())
        for key, kept in list(self._kept.items())[:-1]:
            if total <= self._budget:
                return
            total -= kept.size
            self._drop(key, kept)

    def _drop(self, key: str, kept: _Kept) -> None:
        if self._kept.get(key) is kept:
            del self._kept[key]
            kept.is_over = True
            kept.read(0)


def _take_away(folder: Path) -> None:
    """A folder that no process holds any more; another user's is none of ours."""
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    finally:
        os.close(lock)
    shutil.rmtree(folder, ignore_errors=True)
