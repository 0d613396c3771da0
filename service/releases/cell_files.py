"""All cells of a release as one file, written piece by piece: as much is in memory as stands in two pieces."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self

from service.kit.db import Database
from service.releases import cell_reads
from service.releases.cell_lines import Csv, Excel, json_cells
from service.releases.cell_reads import Measure, PlaceOfCells
from service.releases.queries import CellFilter
from service.releases.tables import Release


@dataclass(frozen=True, slots=True)
class Form:
    """A format: its suffix, media type, and for whom."""

    suffix: str
    media_type: str
    excel: Excel | None = None

    @property
    def key(self) -> str:
        return f"{self.suffix} {self.excel or ''}"


CSV = Form("csv", "text/csv; charset=utf-8")
JSON = Form("json", "application/json")
PARQUET = Form("parquet", "application/vnd.apache.parquet")
ARROW = Form("arrow", "application/vnd.apache.arrow.file")


class Sheet(AbstractContextManager["Sheet"], Protocol):
    """A file that grows by places, and is whole when it is left without an error."""

    def __enter__(self) -> Self: ...

    def add(self, places: list[PlaceOfCells], measures: list[Measure]) -> None: ...


class _CsvSheet:
    def __init__(self, file: BinaryIO, style: Csv) -> None:
        self._file, self._style = file, style

    def __enter__(self) -> Self:
        self._file.write(self._style.header().encode())
        return self

    def add(self, places: list[PlaceOfCells], measures: list[Measure]) -> None:
        self._file.write(self._style.places(places, measures).encode())

    def __exit__(self, *_: object) -> None:
        """Nothing stands below the last line."""


class _JsonSheet:
    def __init__(self, file: BinaryIO) -> None:
        self._file, self._between = file, "\n"

    def __enter__(self) -> Self:
        self._file.write(b"[")
        return self

    def add(self, places: list[PlaceOfCells], measures: list[Measure]) -> None:
        self._file.write((self._between + ",\n".join(json_cells(places, measures))).encode())
        self._between = ",\n"

    def __exit__(self, *_: object) -> None:
        self._file.write(b"\n]\n")


async def write(database: Database, found: Release, wanted: CellFilter, form: Form, file: BinaryIO) -> None:
    """All cells asked for, in this form. The next piece is read while one is written, beside whoever else is served."""
    numbers, measures = await cell_reads.measures(database, found, wanted)
    with _sheet(form, found, file) as sheet:
        async for places in _ahead(cell_reads.places(database, found, wanted, numbers)):
            await asyncio.to_thread(sheet.add, places, measures)


def _sheet(form: Form, found: Release, file: BinaryIO) -> Sheet:
    match form.suffix:
        case "csv":
            return _CsvSheet(file, Csv.for_excel(form.excel))
        case "json":
            return _JsonSheet(file)
        case _:
            from service.releases.arrow import ArrowSheet  # noqa: PLC0415 - of an extra, and takes a moment to load

            return ArrowSheet(form.suffix, found, file)


async def _ahead(chunks: AsyncGenerator[list[PlaceOfCells]]) -> AsyncIterator[list[PlaceOfCells]]:
    """The same chunks, the next one of which is being read while one is worked on."""
    reading = asyncio.create_task(anext(chunks, None))
    try:
        while (chunk := await reading) is not None:
            reading = asyncio.create_task(anext(chunks, None))
            yield chunk
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        await chunks.aclose()
