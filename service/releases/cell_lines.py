"""Cells as lines of a file: CSV after RFC 4180, in which nothing is run as a formula, or JSON. Pure.

What is the same for all cells of a place, or of a measure, is written once, and only put together for each cell.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from service.releases.cell_reads import COMMA, LINE, PART, Measure, PlaceOfCells
from service.releases.cell_schemas import breakdown_of
from service.releases.columns import AFTER, BEFORE, COLUMNS, Column, Kind

SIGNS = {"at_least": ">=", "at_most": "<=", None: ""}
# At the beginning, behind what nobody sees too, and where a program with another separator would begin a cell.
_FORMULA = re.compile("(^|[;,\r\n])(?=[\\s\ufeff\u200b]*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n])")
_BOM = "\ufeff"
Excel = Literal["en", "fr"]
_END = "\r\n"
_NO_SHARES = PART + PART
_SHARES = re.compile(f"({PART}[^{PART}]*{PART})")


@dataclass(frozen=True, slots=True)
class Csv:
    """How a CSV file is written.

    Attributes:
        separator: between the fields.
        decimal: before the decimals of a number.
        mark: in front of all, for a program that asks for it.
        escaped: whether a text that a spreadsheet would run gets an apostrophe in front.
    """

    separator: str = COMMA
    decimal: str = "."
    mark: str = ""
    escaped: bool = True

    @classmethod
    def for_excel(cls, which: Excel | None) -> "Csv":
        """As Excel reads it at once in a language's usual settings; without one, as RFC 4180 has it."""
        if which is None:
            return cls()
        return cls(separator=";", decimal=",", mark=_BOM) if which == "fr" else cls(mark=_BOM)

    def header(self) -> str:
        return self.mark + self._line([column.name for column in COLUMNS])

    def places(self, places: Sequence[PlaceOfCells], measures: Sequence[Measure]) -> str:
        """The lines of these places' cells."""
        between = self.separator
        middles = [(between.join((one.measure, one.kind, one.family)) + between, one.options) for one in measures]
        out: list[str] = []
        for place in places:
            head = self._line(self._place(place)).removesuffix(_END) + between
            # Most cells have no distribution, and nothing more to be done.
            cells = self._local(place.cells).replace(_NO_SHARES, between * 2).split(LINE)
            shown = [
                middle + (cell if PART not in cell else self._with_shares(options, cell))
                for (middle, options), cell in zip(middles, cells, strict=True)
            ]
            out.append(head + (_END + head).join(shown) + _END)
        return "".join(out)

    def _local(self, figures: str) -> str:
        if self.separator == COMMA:
            return figures
        # What stands between two `PART`s is JSON, of which only the decimals are of any language.
        pieces = re.split(_SHARES, figures)
        pieces[::2] = [piece.replace(COMMA, self.separator).replace(".", self.decimal) for piece in pieces[::2]]
        return "".join(pieces)

    def _with_shares(self, options: tuple[str, ...], cell: str) -> str:
        before, stored, after = cell.split(PART)
        return f"{before}{self.separator}{self._quoted(shares_as_text(options, stored))}{self.separator}{after}"

    def _quoted(self, shares: str) -> str:
        if self.decimal != ".":
            shares = shares.replace(".", self.decimal)
        return f'"{shares}"' if self.separator in shares else shares

    def _place(self, place: PlaceOfCells) -> list[str]:
        texts = [place.unit, place.source, place.unit_name, str(place.level)]
        shown = ["" if text is None else self._safe(text) for text in texts]
        return [*shown, breakdown_of(place.dimensions), values_as_text(place.dimensions)]

    def _safe(self, text: str) -> str:
        """The text with an apostrophe wherever a spreadsheet would begin to run it."""
        return _FORMULA.sub(r"\1'", text) if self.escaped else text

    def _line(self, fields: Sequence[str]) -> str:
        out = io.StringIO()
        csv.writer(out, delimiter=self.separator, lineterminator=_END).writerow(fields)
        return out.getvalue()


def values_as_text(values: dict[str, str]) -> str:
    """Values by dimension: `site=lyon; tenure=new`. Both are slugs."""
    return "; ".join(f"{dimension}={chosen}" for dimension, chosen in sorted(values.items()))


@lru_cache(maxsize=1 << 14)
def shares_of(options: tuple[str, ...], stored: str) -> tuple[tuple[str, str, str | None], ...]:
    """Option, percent and bound of a distribution as it is stored: a JSON list of [share, bound], in their order."""
    pairs = json.loads(stored, parse_float=str, parse_int=str)
    return tuple((option, value, bound) for option, (value, bound) in zip(options, pairs, strict=True))


@lru_cache(maxsize=1 << 14)
def shares_as_text(options: tuple[str, ...], stored: str) -> str:
    """`1=<=5; 2=20; 3=75`. An option's id holds no `=` and no `;`, and starts with no sign that would be run."""
    return "; ".join(f"{option}={SIGNS[bound]}{value}" for option, value, bound in shares_of(options, stored))


class _Members:
    """Some figures as members of an object: a text in quotes, a number by its digits, null where there is none."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._form = ",".join(f'"{column.name}":%s' for column in columns)
        self._texts = [column.kind is Kind.text for column in columns]

    def of(self, figures: str) -> str:
        shown = zip(self._texts, figures.split(COMMA), strict=True)
        return self._form % tuple([("null" if not one else f'"{one}"' if is_text else one) for is_text, one in shown])


_BEFORE, _AFTER = _Members(BEFORE), _Members(AFTER)


def json_cells(places: Sequence[PlaceOfCells], measures: Sequence[Measure]) -> list[str]:
    """These places' cells, each one JSON object, with the members of a cell of the API."""
    middles = [_members({"measure": one.measure, "kind": one.kind, "family": one.family}) for one in measures]
    out: list[str] = []
    for place in places:
        head = _members(
            {
                "unit": place.unit,
                "source": place.source,
                "unit_name": place.unit_name,
                "level": place.level,
                "breakdown": breakdown_of(place.dimensions),
                "dimensions": place.dimensions,
            }
        )
        for middle, measure, cell in zip(middles, measures, place.cells.split(LINE), strict=True):
            before, stored, after = cell.split(PART)
            shares = _shares_as_json(measure.options, stored) if stored else "null"
            out.append(f'{{{head},{middle},{_BEFORE.of(before)},"distribution":{shares},{_AFTER.of(after)}}}')
    return out


@lru_cache(maxsize=1 << 14)
def _shares_as_json(options: tuple[str, ...], stored: str) -> str:
    shown = (
        f'{{"option":{json.dumps(option)},"value":{value},"bound":{json.dumps(bound)}}}'
        for option, value, bound in shares_of(options, stored)
    )
    return f"[{','.join(shown)}]"


def _members(values: dict[str, Any]) -> str:
    """An object's members, without its braces."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))[1:-1]
