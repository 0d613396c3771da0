"""Running coroutines so that SIGINT and SIGTERM end them in order.

A handler that raises is fine between two lines of plain Python. Inside an event loop its exception may land in the
middle of a driver's C code, which then loses it, or the process; there, signals cancel the task instead.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def raising() -> Iterator[None]:
    """Both signals raise KeyboardInterrupt inside the block, so that what it opened is closed."""
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(main: Coroutine[Any, Any, T], loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None) -> T:
    """`asyncio.run`, for the block above. Raises KeyboardInterrupt where a signal came."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    async def cancellable() -> T:
        task = asyncio.current_task()
        assert task is not None
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await main

    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(cancellable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
