"""The body of a request as it comes in, from a client that may pause, but not for ever.

A client begins with half a minute of patience. Each moment that it is waited for costs as much of it, each 64 KiB that
it sends give back a second, and it never has more than at the beginning. So a body of n bytes is in after 30 s + n / 64
KiB/s at the latest, whatever its sender does; time that the service itself takes between two pieces is nobody's fault.

What is longer than a mebibyte has room on the disk that others wait for, so it must be faster: beyond the first one it
is 256 KiB that give back a second, and no body is waited for longer than ten minutes in all. So 150 MiB come in over
2.1 Mbit/s, 256 MiB over 3.6.
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from service.problems import TooSlow

PATIENCE_S = 30.0
BYTES_A_SECOND = 1 << 16
SHORT = 1 << 20
"""So much of a body keeps nobody else waiting: what is not longer lies in memory."""
LONG_BYTES_A_SECOND = 1 << 18
WHOLE_S = 600.0
"""Of waiting, for all of a body."""


async def in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks. Raises TooSlow."""
    clock = asyncio.get_running_loop().time
    left, whole, came = PATIENCE_S, WHOLE_S, 0
    while True:
        began = clock()
        try:
            # Around the wait alone: whoever works on a chunk is not to be interrupted.
            async with asyncio.timeout(min(left, whole)):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise TooSlow from None
        if chunk is None:
            return
        waited = clock() - began
        came += len(chunk)
        pace = BYTES_A_SECOND if came <= SHORT else LONG_BYTES_A_SECOND
        left, whole = min(PATIENCE_S, left - waited + len(chunk) / pace), whole - waited
        yield chunk


def body_of(request: Request) -> AsyncIterator[bytes]:
    """The request's body, in time. Raises TooSlow."""
    return in_time(request.stream())
