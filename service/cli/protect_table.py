"""The table of people as `pouls protect` reads it: a CSV file whose lines are all as wide as its header."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from service.disclosure.plan import TableRefused

MOST_ROWS = 5_000_000
_MOST_DIGITS = 9


def read(path: Path, columns: Sequence[str], count: str | None) -> tuple[dict[str, list[str]], list[int] | None]:
    """The texts of these columns, and the numbers of the one that counts people; None without one.

    Raises:
        OSError, UnicodeDecodeError, csv.Error: it can not be read.
        TableRefused: it is no table of these columns; the text names the line as an editor counts it, and no value.
    """
    texts: dict[str, list[str]] = {name: [] for name in columns}
    counts: list[int] = []
    for line, row in _rows(path, [*columns, *([count] if count else [])]):
        for name in columns:
            texts[name].append(row[name])
        if count:
            counts.append(_count(row[count], f"line {line}, column {count}"))
    return texts, counts if count else None


def _rows(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle, strict=True)
        header = next(reader, [])
        if len(set(header)) != len(header):
            raise TableRefused("its header has a column twice")
        for name in wanted:
            if name not in header:
                raise TableRefused(f"it has no column {name}")
        for number, fields in enumerate(reader, 1):
            if number > MOST_ROWS:
                raise TableRefused(f"it has more than {MOST_ROWS:,} rows")
            if len(fields) != len(header):
                raise TableRefused(f"line {reader.line_num} has more or fewer fields than the header")
            yield reader.line_num, dict(zip(header, fields, strict=True))


def _count(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise TableRefused(f"{place}: a count is a whole number, zero or more, of at most nine digits")
    return int(text)
