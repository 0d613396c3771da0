"""Files that are made once and served many times, under a budget of bytes, in a private folder of this process.

For what never changes under its key. Whoever asks while a file is being made waits for it; what is being read stays
until it was. A process that was killed leaves its folder behind, and the next one that starts takes it away.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4
from weakref import WeakSet, finalize

from service.problems import Busy

Make = Callable[[BinaryIO], Awaitable[None]]
PREFIX = "pouls-files-"
KEPT_S = 3600.0
"""So that nothing stays for long of what its owner has deleted meanwhile."""
MAKERS = 2
WAITING = 8
"""Files of one owner that are being made or wait to be; of one owner one is made at a time."""
_LOCK = ".lock"


@dataclass(slots=True, eq=False, weakref_slot=True)
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
            self.size = 0


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
        self._turns: dict[str, asyncio.Lock] = {}
        self._waiting: Counter[str] = Counter()
        self._there: WeakSet[_Kept] = WeakSet()

    def start(self) -> None:
        """Take away what killed processes left, and make this one's folder."""
        for folder in self._root.glob(f"{PREFIX}*"):
            _take_away(folder)
        # Held before it has a name that others look for.
        fresh = Path(tempfile.mkdtemp(prefix="pouls-new-", dir=self._root))
        self._lock = os.open(fresh / _LOCK, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._folder = fresh.rename(self._root / f"{PREFIX}{uuid4().hex}")

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

    async def get(self, owner: str, key: str, make: Make) -> Lease:
        """The file under this key, made now where there is none. The key says whose it is, too.

        It is made to the end even if nobody waits for it any longer: they will ask again. Raises Busy where the disk
        is full, or an owner has too many files made at once, and whatever `make` raises.
        """
        kept = self._kept.get(key)
        if kept is not None and kept.path.exists():
            self._kept.move_to_end(key)
            return Lease(kept)
        if key not in self._making:
            made = self._begun(owner)
            task = asyncio.create_task(self._make(owner, key, made, make))
            self._making[key] = task, made
            task.add_done_callback(lambda done: self._ended(owner, key, done))
        task, made = self._making[key]
        lease = Lease(made)
        await asyncio.shield(task)
        return lease

    def _begun(self, owner: str) -> _Kept:
        """Room for one more. Raises Busy: what is being read takes room as well, and only its readers give it back."""
        if self._folder is None:
            raise RuntimeError("not started")
        if self._waiting[owner] >= WAITING or sum(one.size for one in self._there if one.readers) > 2 * self._budget:
            raise Busy
        self._folder.mkdir(mode=0o700, exist_ok=True)  # should somebody have cleaned up
        self._waiting[owner] += 1
        made = _Kept(self._folder / uuid4().hex)
        self._there.add(made)
        return made

    async def _make(self, owner: str, key: str, made: _Kept, make: Make) -> None:
        async with self._turns.setdefault(owner, asyncio.Lock()), self._places:
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

    def _ended(self, owner: str, key: str, task: asyncio.Task[None]) -> None:
        del self._making[key]
        self._waiting[owner] -= 1
        if not self._waiting[owner]:
            del self._waiting[owner]
            self._turns.pop(owner, None)  # none yet, where it was given up before it began
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
    """A folder of ours that no process holds any more."""
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    finally:
        os.close(lock)
    shutil.rmtree(folder, ignore_errors=True)
