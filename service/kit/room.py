"""Room on the disk for calls of a process: so much for all together, asked for before it is written."""

from threading import Lock
from types import TracebackType
from typing import Self

STEP = 8 << 20


class Room:
    """So many bytes."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Whether there were so many."""
        with self._lock:
            enough = size <= self._free
            self._free -= size if enough else 0
            return enough

    def give(self, size: int) -> None:
        with self._lock:
            self._free += size


class Share:
    """What one call has of the room, until its end."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._size = 0

    def hold(self, size: int) -> bool:
        """Have at least so many bytes; False where there are not as many."""
        more = -(-(size - self._size) // STEP) * STEP
        if more > 0:
            if not self._room.take(more):
                return False
            self._size += more
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._room.give(self._size)
        self._size = 0
