"""Answers by what was asked, as many as fit in a budget of bytes: the one that was asked for longest ago goes first."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.releases.release_state import State

LONGEST_KEY = 1024
_ITSELF = 2048
"""Bytes of an answer beside its headers and body, at most."""
Key = tuple[UUID, object, str, bytes, str]
"""Tenant, what the caller's key is limited to, path, query, the headers that shape an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body`: None where all that is known is that it has not changed since the ETag: for whoever holds that."""

    headers: list[tuple[bytes, bytes]]
    body: bytes | None
    etag: str
    route: Any
    path_params: dict[str, Any]
    state: State
    until: float

    @property
    def size(self) -> int:
        return len(self.body or b"") + sum(len(name) + len(value) for name, value in self.headers) + _ITSELF


class Answers:
    """Answers within `budget` bytes."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: OrderedDict[Key, Answer] = OrderedDict()
        self._size = 0

    def find(self, key: Key) -> Answer | None:
        """The answer; it is the last one to go from now on."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, answer: Answer) -> None:
        """In place of what there was; nothing where the key itself is too long."""
        if len(key[2]) + len(key[3]) + len(key[4]) > LONGEST_KEY:
            return
        before = self._kept.pop(key, None)
        self._size += answer.size - (0 if before is None else before.size)
        self._kept[key] = answer
        while self._size > self._budget:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
