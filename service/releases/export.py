"""Cells as CSV: RFC 4180, UTF-8, and nothing that a spreadsheet would run."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from service.releases.schemas import CellOut, breakdown_of

COLUMNS = tuple(CellOut.model_fields)
_SIGNS = {"at_least": ">=", "at_most": "<=", None: ""}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def header() -> bytes:
    return _lines([COLUMNS])


def lines(cells: Iterable[Row[Any]]) -> bytes:
    """The cells' lines. Numbers keep the decimals they are shown with; a distribution is `1=<=5; 2=20; 3=75`."""
    return _lines([[_shown(cell, name) for name in COLUMNS] for cell in cells])


def _shown(cell: Row[Any], name: str) -> str:
    if name == "breakdown":
        return breakdown_of(cell.dimensions)
    value = getattr(cell, name)
    if value is None:
        return ""
    if name == "dimensions":
        return "; ".join(f"{dimension}={chosen}" for dimension, chosen in sorted(value.items()))  # slugs, both
    if name == "distribution":
        return _pairs(cell.options, value)
    shown = str(value)
    return "'" + shown if isinstance(value, str) and shown.startswith(_FORMULA) else shown


def _pairs(options: list[str], stored: list[list[Any]]) -> str:
    """An option's id holds no `=` and no `;`, and starts with no sign that a spreadsheet would run."""
    return "; ".join(f"{option}={_SIGNS[bound]}{value}" for option, (value, bound) in zip(options, stored, strict=True))


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
