"""Rows kept until the last of them is there, so that a slow client keeps nobody else waiting.

Until then the call holds neither the organisation's lock nor a connection; a little of it lies in memory, the rest in
a temporary file without a name, for which there must be room (service/people/room.py). A tenant has one such file at a
time, of half the room at the most: no key alone takes what others need.

A row is a line of the file, and its number is the line's: a value as JSON, without the blanks and the defaults of what
was sent, or a list of what is wrong with it. So what is kept is never much longer than what was sent.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, TypeAdapter

from service.kit.lines import FAULTS_KEPT, Row, rows
from service.kit.reasons import Fault
from service.kit.room import Share
from service.people import room
from service.people.callers import PeopleAdmitted
from service.people.schemas import OnError
from service.people.turns import turns_of
from service.problems import Busy, TooLarge
from service.tenants.principals import Presented, presented_key

IN_MEMORY = 1 << 20
AT_ONCE = 500
LIMIT = room.OF_ROWS // 2
"""Some 600,000 people with all that can be said of them."""
ROWS_LIMIT = 2_000_000
"""Each is judged, however short it is."""
RETRY_AFTER_S = 10
_SEVERAL = "Send the rows in several calls."

M = TypeVar("M", bound=BaseModel)
Skip = Annotated[OnError, Query(description="`skip`: store the good rows, list the refused ones")]


class Spooling:
    """Whose rows have room on the disk in this process."""

    def __init__(self) -> None:
        self._tenants: set[UUID] = set()

    @contextmanager
    def of(self, tenant: UUID) -> Iterator[None]:
        """A tenant's rows, one call's at a time. Raises Busy."""
        if tenant in self._tenants:
            raise _busy("Another long call of the same tenant is being read: send one after the other.")
        self._tenants.add(tenant)
        try:
            yield
        finally:
            self._tenants.remove(tenant)


class Spool(Generic[M]):
    """The rows of one call, in order, each as a value or as what is wrong with it.

    Of refused rows the first 200 reasons are kept, as many as are told of; of those after them, that they were refused.
    """

    def __init__(self, adapter: TypeAdapter[M], spooling: Spooling, tenant: UUID, *, skip: bool) -> None:
        self.skip = skip
        self._adapter = adapter
        self._spooling = spooling
        self._tenant = tenant
        self._share = Share(room.ROWS)
        self._is_long = False
        self._rows = self._faults = 0
        self._held = ExitStack()
        self._held.enter_context(self._share)
        self._file = self._held.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115 - it is one

    async def take(self, incoming: AsyncIterator[Row[M]]) -> None:
        """Keep the rows as they come in. Raises TooLarge, Busy, and OSError where the disk takes no more."""
        async for row in incoming:
            if self._rows % AT_ONCE == 0:  # a piece of the body may hold thousands
                await asyncio.sleep(0)
            self._keep(row)
            if self._faults >= FAULTS_KEPT and not self.skip:
                return  # refused whatever follows, and there is no room for more reasons

    def _keep(self, row: Row[M]) -> None:
        self._rows += 1
        line = self._line_of(row) + b"\n"
        size = self._file.tell() + len(line)
        if size > LIMIT or self._rows > ROWS_LIMIT:
            raise TooLarge(_SEVERAL)
        if size > IN_MEMORY:
            self._be_long(size)
        self._file.write(line)

    def _line_of(self, row: Row[M]) -> bytes:
        if row.value is not None:
            return self._adapter.dump_json(row.value, exclude_defaults=True)
        told = row.faults[: FAULTS_KEPT - self._faults]
        self._faults += len(told)
        return json.dumps(told).encode() if told else b""

    def _be_long(self, size: int) -> None:
        if not self._is_long:
            self._held.enter_context(self._spooling.of(self._tenant))
            self._is_long = True
        if not self._share.hold(size):
            raise _busy("Too many rows are being sent at this moment.")

    async def __aiter__(self) -> AsyncIterator[Row[M]]:
        self._file.seek(0)
        for number, line in enumerate(self._file):
            if number % AT_ONCE == 0:  # millions of refused rows must not keep everybody else's answers waiting
                await asyncio.sleep(0)
            if line.startswith(b"{"):
                yield Row(number, self._adapter.validate_json(line))
            else:
                yield Row(number, None, tuple(Fault(*told) for told in json.loads(line.strip() or b"[]")))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._held.close()


def _busy(detail: str) -> Busy:
    return Busy(detail, headers={"Retry-After": str(RETRY_AFTER_S)})


def spooled(model: type[M]) -> Any:
    """A dependency: the request's rows, once all are there and it is their turn.

    It must be the handler's first parameter, since they are resolved in order: the transaction comes after it, and
    with it the caller, who is asked for once more, since a key may be revoked while its rows come in.
    """
    adapter = TypeAdapter(model)

    async def spool(
        request: Request,
        key: Annotated[Presented, Depends(presented_key)],
        _: PeopleAdmitted,
        on_error: Skip = "abort",
    ) -> AsyncIterator[Spool[M]]:
        spooling: Spooling = request.app.state.spooling
        with Spool(adapter, spooling, key.tenant_id, skip=on_error == "skip") as kept:
            await kept.take(rows(request, model))
            async with turns_of(request).turn(key.tenant_id):
                yield kept

    return Depends(spool, scope="function")
