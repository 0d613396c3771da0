"""One row of a file as what it says of a person, or as what is wrong with it; no reason repeats a cell. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from service.people.imports import values
from service.people.imports.mapping import Columns, ImportMapping
from service.people.imports.sheet import SheetRow
from service.people.managers import ONESELF

MOST_PATH = 20
REMEMBERED = 10_000
"""Cells of a column whose values are kept: most columns say the same few things over and over."""
SHORT = "has fewer cells than the headers: the line is cut, or a separator is missing"
LONG = "has more cells than the headers: a cell holds the separator, or its header is missing"
NEEDED = "is needed"
ONCE = "is in the file already"
LONGEST_NAME = 200


class Reason(NamedTuple):
    """What is wrong with a line.

    Attributes:
        line: its number in the file.
        column: the column's number, from 1; None: the line as a whole.
        field: what the column is for.
        reason: what was expected.
    """

    line: int
    column: int | None
    field: str
    reason: str


@dataclass(slots=True)
class Line:
    """What a row says; None: nothing, or there is no such column."""

    line: int
    external_id: str
    unit: str | None = None
    unit_name: str | None = None
    unit_parent: str | None = None
    manager: str | None = None
    hired_on: date | None = None
    language: str | None = None
    active: bool = True
    name: str | None = field(default=None, repr=False)
    dimensions: dict[str, str] = field(default_factory=dict)

    def packed(self) -> list[Any]:
        """For the spool."""
        day = self.hired_on.isoformat() if self.hired_on is not None else None
        return [
            self.line,
            self.external_id,
            self.unit,
            self.unit_name,
            self.unit_parent,
            self.manager,
            day,
            self.language,
            self.active,
            self.name,
            self.dimensions,
        ]

    @classmethod
    def unpacked(cls, values: list[Any]) -> "Line":
        line = cls(*values)
        if line.hired_on is not None:
            line.hired_on = date.fromisoformat(values[6])
        return line


class LineReader:
    """Reads rows whose columns are known."""

    def __init__(self, columns: Columns, mapping: ImportMapping, days_before: int, *, cut: bool) -> None:
        """`cut`: a row that is shorter than the headers is refused, as in CSV, where it has lost its end."""
        self._columns = columns
        self._mapping = mapping
        self._cut = cut
        self._readers: list[tuple[str, int, Callable[[str], Any]]] = []
        unit = values.external_id if mapping.unit_by == "id" else self._unit
        known: dict[str, Callable[[str], Any]] = {
            "unit": unit,
            "unit_name": values.name,
            "unit_parent": values.external_id,
            "manager": values.external_id,
            "hired_on": lambda text: values.day(text, day_first=mapping.day_first, days_before=days_before),
            "language": values.language,
            "active": values.flag,
        }
        for name, read in known.items():
            if name in columns.at:
                self._readers.append((name, columns.at[name], lru_cache(REMEMBERED)(read)))
        self._value = lru_cache(REMEMBERED)(values.name)

    def identity(self, row: SheetRow) -> str | None:
        """Whom the row is about, as far as that can be read."""
        try:
            cell = _cell(row, self._columns.at["external_id"])
            return values.external_id(cell) if cell else None
        except values.Refused:
            return None

    def read(self, row: SheetRow) -> tuple[Line | None, list[Reason]]:
        """The line, or all that is wrong with it."""
        width = self._columns.width
        # A row may end earlier where its last cells are blank in a sheet; in CSV there is a separator for each.
        if row.width() > width:
            return None, [Reason(row.line, None, "line", LONG)]
        if self._cut and len(row.cells) < width:
            return None, [Reason(row.line, None, "line", SHORT)]
        cells = _Cells(row)
        line = Line(row.line, cells.needed(self._columns.at["external_id"], "external_id", values.external_id) or "")
        for name, at, read in self._readers:
            if name == "unit":
                line.unit = cells.needed(at, name, read)
            elif (value := cells.value(at, name, read)) is not None:
                setattr(line, name, value)
        self._read_name(cells, line)
        for name, at in self._columns.dimensions.items():
            value = cells.value(at, name, self._value)
            if value is not None:
                line.dimensions[name] = value
        if line.manager is not None and line.manager == line.external_id:
            cells.refuse(self._columns.at["manager"], "manager", ONESELF)
        return (None, cells.wrong) if cells.wrong else (line, [])

    def _read_name(self, cells: "_Cells", line: Line) -> None:
        parts = [cells.value(at, "name", values.name) for at in self._columns.names]
        line.name = " ".join(part for part in parts if part) or None
        if line.name is not None and len(line.name) > LONGEST_NAME:
            cells.refuse(self._columns.names[0], "name", f"must have at most {LONGEST_NAME} characters")

    def _unit(self, text: str) -> str:
        if self._mapping.unit_by == "name":
            return values.name(text)
        names = [part.strip() for part in text.split(self._mapping.path_separator)]
        if len(names) > MOST_PATH or not all(names):
            raise values.Refused("must be the names of units from the top down, none of them blank")
        return "\n".join(values.folded(values.name(name)) or name for name in names)


class _Cells:
    """The cells of one row, and what is wrong with them."""

    def __init__(self, row: SheetRow) -> None:
        self.wrong: list[Reason] = []
        self._row = row
        self._cells = row.cells

    def refuse(self, place: int, name: str, reason: str) -> None:
        self.wrong.append(Reason(self._row.line, place + 1, name, reason))

    def value(self, place: int, name: str, read: Callable[[str], Any]) -> Any:
        """What the cell says; None where it is blank or wrong."""
        cell = self._cells[place] if place < len(self._cells) else ""
        if not cell:
            if place in self._row.odd:
                self.refuse(place, name, self._row.odd[place])
            return None
        try:
            return read(cell)
        except values.Refused as error:
            self.refuse(place, name, str(error))
            return None

    def needed(self, place: int, name: str, read: Callable[[str], Any]) -> Any:
        """The same; a blank cell is wrong."""
        before = len(self.wrong)
        found = self.value(place, name, read)
        if found is None and len(self.wrong) == before:
            self.refuse(place, name, NEEDED)
        return found


def _cell(row: SheetRow, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""
