"""Counting failures, and only failures: five thousand people behind one address answer at nine o'clock."""

import time
from collections import OrderedDict
from collections.abc import Callable

KEPT = 4096


class FailureLimit:
    """So many failures a minute for each key; the least recently failed key is forgotten first."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._failures: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Count one failure; False when there were too many in the present minute."""
        now = self._monotonic()
        since, count = self._failures.pop(key, (now, 0))
        if now - since >= 60:  # noqa: PLR2004 - a minute
            since, count = now, 0
        self._failures[key] = (since, count + 1)
        if len(self._failures) > KEPT:
            self._failures.popitem(last=False)
        return count < self._per_minute
