"""One operation of a bulk request of SCIM: what it began and could not end is not counted."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.scim.mapping import DEFAULT
from service.scim.storage import Storage
from service.scim.within import Within

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class _Transaction:
    """Savepoints, of which the last can not be released."""

    def __init__(self, *, fails: bool) -> None:
        self._fails = fails

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        yield
        if self._fails:
            raise ConnectionError


@pytest.mark.parametrize(
    ("inside", "fails", "kept"),
    [(None, False, True), (ValueError(), False, False), (asyncio.CancelledError(), False, False), (None, True, False)],
    ids=["done", "refused", "cancelled", "not released"],
)
def test_what_an_operation_could_not_end_is_forgotten(inside: Any, fails: bool, kept: bool) -> None:
    transaction: Any = _Transaction(fails=fails)
    within = Within(transaction, UUID(int=1), DEFAULT, {}, NOW, done=Counter(users_created=1))
    provider: Any = None

    async def one() -> None:
        async with Storage(provider, within).operation():
            within.done["users_created"] += 1
            if inside is not None:
                raise inside

    with suppress(ValueError, asyncio.CancelledError, ConnectionError):
        asyncio.run(one())
    assert within.done["users_created"] == (2 if kept else 1)
