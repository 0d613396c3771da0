"""A file on its way in: to a temporary file as it comes, then read in a thread, while no connection is held.

A mebibyte of it comes into memory. What is longer takes a seat before the rest is read; a file that is not takes one of
another kind once it is in, so that it does not wait for clients that send long ones. The seat is kept until the import
is done. It is as much room on the disk as that needs at a time: the file beside its lines, then these lines beside what
they change. Two long files at once, each 96 + 256 MiB, and two short ones, each 16 + 16 MiB, are the 768 MiB that
service/people/room.py has for files. What a workbook has in memory while it is read is bounded in workbook.py.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from typing import IO, Annotated
from uuid import UUID

from fastapi import Depends, Request

from service.kit import pace
from service.kit.pace import body_of
from service.kit.room import Share
from service.people import room
from service.people.callers import PeopleAdmitted
from service.people.imports import queries
from service.people.imports.asking import Asked, AskedImport
from service.people.imports.mapping import HeadersRefused, ImportMapping, of_kept
from service.people.imports.parse import OF_LONG, Bounds, Parsed, parse
from service.people.imports.problems import ImportersBusy, ImportHeadersRefused, ImportRunning, ImportUnreadable
from service.people.imports.sheet import Unreadable
from service.people.queries import declared
from service.people.turns import turns_of
from service.problems import TooLarge, UnsupportedMediaType
from service.tenants.presented import Presented
from service.tenants.principals import OpenDatabase, presented_key

LIMIT = 1 << 28
IN_MEMORY = pace.SHORT  # so that whoever has a seat is at the pace of those who have one
CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SENTENCE = "A file may have 256 MiB."


@dataclass(frozen=True, slots=True)
class Seats:
    """One kind of them.

    Attributes:
        at_once: how many there are.
        body: bytes of the file on the disk.
        bounds: of what is made of it.
    """

    at_once: int
    body: int
    bounds: Bounds

    @property
    def size(self) -> int:
        """The room that one needs: once the lines are compared the file is gone."""
        return self.bounds.lines + max(self.body, self.bounds.changes)


LONG = Seats(2, LIMIT, OF_LONG)
SHORT = Seats(2, 0, Bounds(16 << 20, 16 << 20))


class Seated:
    """Whose files have a seat in this process."""

    def __init__(self) -> None:
        self._seated: dict[UUID, Seats] = {}

    @contextmanager
    def seat(self, tenant: UUID, of: Seats) -> Iterator[None]:
        """A tenant has one at most, since its files wait for each other anyway. Raises ImportRunning, ImportersBusy."""
        if tenant in self._seated:
            raise ImportRunning
        with Share(room.FILES) as share:
            if sum(one is of for one in self._seated.values()) >= of.at_once or not share.hold(of.size):
                raise ImportersBusy
            self._seated[tenant] = of
            try:
                yield
            finally:
                del self._seated[tenant]


def kind_of(request: Request) -> str:
    """The media type. Raises UnsupportedMediaType, and TooLarge where the length is announced."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {CSV, WORKBOOK}:
        raise UnsupportedMediaType(f"Send {CSV} or {WORKBOOK}.")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > LIMIT:
        raise TooLarge(_SENTENCE)
    return media


async def begun(chunks: AsyncIterator[bytes]) -> bytes:
    """The body, or as much of it as is more than may come without a seat. Raises TooSlow."""
    begin = bytearray()
    async for chunk in chunks:
        begin += chunk
        if len(begin) > IN_MEMORY:
            break
    return bytes(begin)


async def take(begin: bytes, chunks: AsyncIterator[bytes], file: IO[bytes]) -> None:
    """Write the body down as it comes. Raises TooSlow, and TooLarge as soon as it is longer."""
    file.write(begin)
    size = len(begin)
    async for chunk in chunks:
        size += len(chunk)
        if size > LIMIT:
            raise TooLarge(_SENTENCE)
        file.write(chunk)


async def read(
    file: IO[bytes], media: str, asked: Asked, mapping: ImportMapping, dimensions: list[str], bounds: Bounds
) -> Parsed:
    """The file, read in a thread. Raises the domain's problems."""
    gone = Event()

    def work() -> Parsed:
        return parse(
            file,
            workbook=media == WORKBOOK,
            mapping=mapping,
            dimensions=dimensions,
            encoding=asked.encoding,
            separator=asked.separator,
            stopped=gone.is_set,
            bounds=bounds,
        )

    # No task: the end of a loop cancels each of these, and a thread goes on.
    thread = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(thread)
    except Unreadable as error:
        raise ImportUnreadable(str(error)) from None
    except HeadersRefused as error:
        faults = error.faults if asked.mapping is not None else of_kept(error.faults)
        raise ImportHeadersRefused(faults=faults) from None
    except asyncio.CancelledError:  # file and seat are the thread's until it ends, which is soon
        gone.set()
        await _end_of(thread)
        if thread.exception() is None:
            thread.result().spool.close()
        raise


async def _end_of(thread: asyncio.Future[Parsed]) -> None:
    """Wait for it, however often whoever waits is cancelled."""
    while not thread.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({thread})


async def _uploaded(
    request: Request,
    asked: AskedImport,
    _: PeopleAdmitted,
    key: Annotated[Presented, Depends(presented_key)],
    database: OpenDatabase,
) -> AsyncIterator[Parsed]:
    media = kind_of(request)
    chunks = body_of(request)
    begin = await begun(chunks)
    seats = LONG if len(begin) > IN_MEMORY else SHORT
    seated: Seated = request.app.state.seated
    with seated.seat(key.tenant_id, seats):
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            await take(begin, chunks, file)
            async with database.transaction(key.tenant_id) as tx:
                kept = await queries.mapping(tx, key.tenant_id, asked.source)
                dimensions = list(await declared(tx, key.tenant_id))
            mapping = asked.mapping or kept or ImportMapping()
            parsed = await read(file, media, asked, mapping, dimensions, seats.bounds)
        with parsed:
            async with turns_of(request).turn(key.tenant_id, ImportRunning):
                yield parsed


Uploaded = Annotated[Parsed, Depends(_uploaded, scope="function")]
"""It must be the handler's first parameter: the transaction comes after it, and with it the caller, asked once more."""
