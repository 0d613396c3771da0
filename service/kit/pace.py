"""The body of a request as it comes in, from a client that may pause, but not for ever.

A client begins with half a minute of patience. Each moment that it is waited for costs as much of it, each 64 KiB that
it sends give back a second, and it never has more than at the beginning. So a body of n bytes is in after 30 s + n / 64
KiB/s at the latest, whatever its sender does; time that the service itself takes between two pieces is nobody's fault.
"""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from service.problems import TooSlow

PATIENCE_S = 30.0
BYTES_A_SECOND = 1 << 16


async def in_time(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks. Raises TooSlow."""
    clock = asyncio.get_running_loop().time
    left = PATIENCE_S
    while True:
        began = clock()
        try:
            # Around the wait alone: whoever works on a chunk is not to be interrupted.
            async with asyncio.timeout(left):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise TooSlow from None
        if chunk is None:
            return
        left = min(PATIENCE_S, left - (clock() - began) + len(chunk) / BYTES_A_SECOND)
        yield chunk


def body_of(request: Request) -> AsyncIterator[bytes]:
    """The request's body, in time. Raises TooSlow."""
    return in_time(request.stream())
