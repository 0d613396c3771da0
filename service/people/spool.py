"""Rows kept until the last of them is there, so that a slow client keeps nobody else waiting.

Until then the call holds neither the organisation's lock nor a connection; a little of it lies in memory, the rest in
a temporary file without a name, for which there must be room (service/kit/room.py).
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Annotated, Any, Generic, Self, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, TypeAdapter

from service.kit import room
from service.kit.lines import FAULTS_KEPT, Row, rows
from service.people.callers import PeopleAdmitted
from service.people.schemas import OnError
from service.people.turns import turns_of
from service.problems import Busy, TooLarge
from service.tenants.principals import Presented, presented_key

IN_MEMORY = 1 << 20
AT_ONCE = 500
# Without the blanks and the defaults of what was sent: more than a million people.
LIMIT = 1 << 28

M = TypeVar("M", bound=BaseModel)
Skip = Annotated[OnError, Query(description="`skip`: store the good rows, list the refused ones")]


class Spool(Generic[M]):
    """The rows of one call, in order, each as a value or as what is wrong with it."""

    def __init__(self, adapter: TypeAdapter[Row[M]], *, skip: bool) -> None:
        self.skip = skip
        self._adapter = adapter
        self._share = room.Share(room.ROOM)
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - this is a context manager itself

    async def take(self, incoming: AsyncIterator[Row[M]]) -> None:
        """Keep the rows as they come in. Raises TooLarge, Busy, and OSError where the disk takes no more."""
        faults = 0
        async for row in incoming:
            self._keep(row)
            faults += len(row.faults)
            if faults >= FAULTS_KEPT and not self.skip:
                return  # refused whatever follows, and there is no room for more reasons

    def _keep(self, row: Row[M]) -> None:
        line = self._adapter.dump_json(row, exclude_defaults=True) + b"\n"
        size = self._file.tell() + len(line)
        if size > LIMIT:
            raise TooLarge("Send the rows in several calls.")
        if size > IN_MEMORY and not self._share.hold(size):
            raise Busy("Too many rows are being sent at this moment.")
        self._file.write(line)

    async def __aiter__(self) -> AsyncIterator[Row[M]]:
        self._file.seek(0)
        for number, line in enumerate(self._file):
            if number % AT_ONCE == 0:  # millions of refused rows must not keep everybody else's answers waiting
                await asyncio.sleep(0)
            yield self._adapter.validate_json(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._share:
            self._file.close()


def spooled(model: type[M]) -> Any:
    """A dependency: the request's rows, once all are there and it is their turn.

    It must be the handler's first parameter, since they are resolved in order: the transaction comes after it, and
    with it the caller, who is asked for once more, since a key may be revoked while its rows come in.
    """
    adapter = TypeAdapter(Row[model])  # type: ignore[valid-type]  # a class like any other at run time

    async def spool(
        request: Request,
        key: Annotated[Presented, Depends(presented_key)],
        _: PeopleAdmitted,
        on_error: Skip = "abort",
    ) -> AsyncIterator[Spool[M]]:
        with Spool(adapter, skip=on_error == "skip") as kept:
            await kept.take(rows(request, model))
            async with turns_of(request).turn(key.tenant_id):
                yield kept

    return Depends(spool, scope="function")
