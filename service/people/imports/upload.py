"""A file on its way in: to a temporary file as it comes, then read in a thread, while no connection is held."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from threading import BoundedSemaphore, Event
from typing import IO, Annotated

from fastapi import Depends, Request

from service.kit.db import Database
from service.people.imports import queries
from service.people.imports.asking import Asked, AskedImport
from service.people.imports.compare import declared
from service.people.imports.mapping import HeadersRefused, ImportMapping
from service.people.imports.parse import Parsed, parse
from service.people.imports.problems import ImportersBusy, ImportHeadersRefused, ImportUnreadable
from service.people.imports.sheet import Unreadable
from service.people.spool import admitted
from service.problems import TooLarge, UnsupportedMediaType
from service.tenants.presented import Presented
from service.tenants.principals import database_of, presented_key

LIMIT = 1 << 28
IN_MEMORY = 1 << 20
AT_ONCE = 2
CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SENTENCE = "A file may have 256 MiB."
# Of threads, not of an event loop: a thread that nobody waits for any more keeps its seat until it ends.
_seats = BoundedSemaphore(AT_ONCE)


def kind_of(request: Request) -> str:
    """The media type. Raises UnsupportedMediaType, and TooLarge where the length is announced."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in {CSV, WORKBOOK}:
        raise UnsupportedMediaType(f"Send {CSV} or {WORKBOOK}.")
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > LIMIT:
        raise TooLarge(_SENTENCE)
    return media


async def take(request: Request, file: IO[bytes]) -> None:
    """Write the body down as it comes. Raises TooLarge as soon as it is longer."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LIMIT:
            raise TooLarge(_SENTENCE)
        file.write(chunk)


async def read(file: IO[bytes], media: str, asked: Asked, mapping: ImportMapping, dimensions: list[str]) -> Parsed:
    """The file, read in a thread; one that nobody waits for any more ends soon. Raises the domain's problems."""
    if not _seats.acquire(blocking=False):
        raise ImportersBusy
    gone = Event()

    def work() -> Parsed:
        try:
            return parse(
                file,
                workbook=media == WORKBOOK,
                mapping=mapping,
                dimensions=dimensions,
                encoding=asked.encoding,
                separator=asked.separator,
                stopped=gone.is_set,
            )
        finally:
            _seats.release()

    try:
        return await asyncio.to_thread(work)
    except Unreadable as error:
        raise ImportUnreadable(str(error)) from None
    except HeadersRefused as error:
        raise ImportHeadersRefused(faults=error.faults) from None
    finally:
        gone.set()


async def _uploaded(
    request: Request,
    asked: AskedImport,
    _: Annotated[None, Depends(admitted)],
    key: Annotated[Presented, Depends(presented_key)],
    database: Annotated[Database, Depends(database_of)],
) -> AsyncIterator[Parsed]:
    media = kind_of(request)
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
        await take(request, file)
        async with database.transaction(key.tenant_id) as tx:
            mapping = await queries.mapping(tx, key.tenant_id, asked.source) or ImportMapping()
            dimensions = list(await declared(tx, key.tenant_id))
        parsed = await read(file, media, asked, mapping, dimensions)
    with parsed:
        yield parsed


Uploaded = Annotated[Parsed, Depends(_uploaded, scope="function")]
"""It must be the handler's first parameter: the transaction comes after it, and with it the caller, asked once more."""
