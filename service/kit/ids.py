"""UUIDv7 ids: sortable by creation, so that new rows land together in their index."""

import os
import time
from uuid import UUID


def new_id(at_ms: int | None = None) -> UUID:
    """RFC 9562 version 7: 48 bits of milliseconds, of now if no other are given, and 74 random bits."""
    stamp = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    raw = bytearray(stamp.to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))
