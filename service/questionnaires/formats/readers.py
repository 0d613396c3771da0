"""Reading files of other programs beside everything else: a few at once, and nobody waits for ever."""

import asyncio
from collections.abc import Callable
from threading import BoundedSemaphore
from typing import TypeVar

from service.questionnaires.problems import ReadersBusy

AT_ONCE = 2
PATIENCE_S = 30.0
# Of threads, not of an event loop: a thread that nobody waits for any more keeps its seat until it ends.
_seats = BoundedSemaphore(AT_ONCE)

T = TypeVar("T")


async def apart(work: Callable[[], T]) -> T:
    """What the work gives, in a thread of its own. Raises ReadersBusy, and what the work raises."""
    if not _seats.acquire(blocking=False):
        raise ReadersBusy

    def seated() -> T:
        try:
            return work()
        finally:
            _seats.release()

    task = asyncio.ensure_future(asyncio.to_thread(seated))
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_S)
    if not done:
        task.add_done_callback(lambda late: late.exception())  # told to nobody, but looked at
        raise ReadersBusy("Reading the file takes too long.")
    return task.result()
