"""Cells as CSV: RFC 4180, UTF-8, and nothing that a spreadsheet would run."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from service.releases.schemas import BREAKDOWN, CellOut, shares

COLUMNS = tuple(CellOut.model_fields)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def header() -> bytes:
    return _lines([COLUMNS])


def lines(cells: Iterable[Row[Any]]) -> bytes:
    """The cells' lines. Numbers keep the decimals they are shown with; a distribution is a JSON list."""
    return _lines([[_shown(cell, name) for name in COLUMNS] for cell in cells])


def _shown(cell: Row[Any], name: str) -> str:
    if name == "breakdown":
        return BREAKDOWN
    value = getattr(cell, name)
    if value is None:
        return ""
    if name == "distribution":
        return json.dumps(shares(cell.options, value), separators=(",", ":"))
    shown = str(value)
    return "'" + shown if isinstance(value, str) and shown.startswith(_FORMULA) else shown


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
