"""The room for long bodies on the disk: so much for all calls of a process together, asked for before it is written.

The chart gives 1 GiB to /tmp. Of that long bodies have 896 MiB, and never more. Files of people that come in at once
have up to 768 of them (service/people/imports/upload.py says how), rows that are told as JSON what is left, 128 at the
least. The rest of /tmp is for whatever else a process writes there.
"""

from threading import Lock
from types import TracebackType
from typing import Self

FOR_ALL = 896 << 20
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


ROOM = Room(FOR_ALL)
"""Of this process."""
