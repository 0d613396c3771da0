"""Cells as typed columns, for Parquet and Arrow files. Needs the extra `columns` (pyarrow).

Made of the very lines of the CSV file, so that no value can differ: numbers are read from their digits.
"""

import json
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from service.releases.cell_lines import SIGNS, Csv
from service.releases.cell_reads import Measure, PlaceOfCells
from service.releases.columns import COLUMNS, Column, Kind
from service.releases.tables import Release

ROWS_AT_ONCE = 100_000
"""In a row group."""
_SHARE = pa.struct([("option", pa.string()), ("value", pa.float64()), ("bound", pa.string())])
_TYPES = {
    Kind.text: pa.string(),
    Kind.integer: pa.int32(),
    Kind.number: pa.float64(),
    Kind.values: pa.map_(pa.string(), pa.string()),
    Kind.shares: pa.list_(_SHARE),
}
# Read as text first: few of them differ, and each is taken apart once.
_AS_TEXT = {Kind.values, Kind.shares}
# Names as they are: nothing runs a formula out of a column.
_PLAIN = Csv(escaped=False)
_BOUNDS = {sign: bound for bound, sign in SIGNS.items() if sign}


def schema(found: Release) -> pa.Schema:
    """The columns with their descriptions, and what release this is."""
    about = {
        "release": str(found.release_id),
        "digest": found.digest,
        "released_at": found.released_at.isoformat(),
        "campaign": found.manifest["campaign"]["name"],
        "wave": str(found.manifest["wave"]["number"]),
    }
    fields = [
        pa.field(
            column.name,
            _TYPES[column.kind],
            metadata={"description": column.description} if column.description else None,
        )
        for column in COLUMNS
    ]
    return pa.schema(fields, metadata={"pouls": json.dumps(about, ensure_ascii=False)})


class ArrowSheet:
    """A Parquet or Arrow file that grows by tables of many rows."""

    def __init__(self, suffix: str, found: Release, file: BinaryIO) -> None:
        self._schema = schema(found)
        self._waiting: list[pa.Table] = []
        if suffix == "parquet":
            self._writer: Any = pa.parquet.ParquetWriter(file, self._schema, compression="zstd")
        else:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            self._writer = pa.ipc.new_file(file, self._schema, options=options)

    def __enter__(self) -> Self:
        return self

    def add(self, places: list[PlaceOfCells], measures: list[Measure]) -> None:
        self._waiting.append(_table(_PLAIN.places(places, measures).encode(), self._schema))
        if sum(len(one) for one in self._waiting) >= ROWS_AT_ONCE:
            self._write()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._waiting:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks())
        self._waiting = []


def _table(lines: bytes, schema: pa.Schema) -> pa.Table:
    types = {column.name: pa.string() if column.kind in _AS_TEXT else _TYPES[column.kind] for column in COLUMNS}
    read = pa.csv.read_csv(
        # A line before them, since a byte order mark at the very beginning would not be taken for text.
        pa.py_buffer(b"\n" + lines),
        pa.csv.ReadOptions(column_names=list(types), skip_rows=1, block_size=max(1 << 20, len(lines) + 2)),
        pa.csv.ParseOptions(newlines_in_values=True),
        pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )
    return pa.table([_typed(column, read[column.name]) for column in COLUMNS], schema=schema)


def _typed(column: Column, read: pa.ChunkedArray) -> pa.Array:
    whole = read.combine_chunks()
    if column.kind not in _AS_TEXT:
        return whole
    coded = whole.dictionary_encode()
    take = _values if column.kind is Kind.values else _shares
    known = pa.array([take(text) for text in coded.dictionary.to_pylist()], _TYPES[column.kind])
    typed = known.take(coded.indices)
    # A whole unit has no values, which is no null.
    return pc.coalesce(typed, pa.scalar([], _TYPES[column.kind])) if column.kind is Kind.values else typed


def _values(text: str) -> list[tuple[str, str]]:
    return [(dimension, value) for dimension, _, value in (pair.partition("=") for pair in text.split("; "))]


def _shares(text: str) -> list[dict[str, Any]]:
    shares = []
    for option, _, shown in (pair.partition("=") for pair in text.split("; ")):
        bound = _BOUNDS.get(shown[:2])
        shares.append({"option": option, "value": float(shown[2:] if bound else shown), "bound": bound})
    return shares
