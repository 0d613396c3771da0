"""A past survey's file, read once: who was where and what they answered, checked and kept in compact arrays."""

import csv
import gzip
import hashlib
import io
import re
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import getitem
from pathlib import Path
from typing import Any

from service.cli.replay_failed import ReplayFailed
from service.cli.replay_map import ItemColumn, Map, Numbers, Ratings, SingleChoices

SKIPPED = -32768
LONGEST_ID = 200
_GZIP = b"\x1f\x8b"
# Tables that once held blanks are often exported with 4.0 for 4.
_WHOLE = re.compile(r"([+-]?[0-9]{1,6})(?:\.0{1,6})?", re.ASCII)

UnitPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """People in the file's order: external ids to positions, and the unit of each."""

    places: dict[str, int]
    units: "array[int]"

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class PastSurvey:
    """A file's content. Records hold one int16 per column of the map and person."""

    columns: tuple[ItemColumn, ...]
    units: tuple[dict[str, Any], ...]
    people: People
    records: "array[int]"
    source: str
    language: str

    def person_rows(self) -> "PersonRows":
        """The people as the service wants them."""
        return PersonRows(self)

    def answers(self) -> "Answers":
        return Answers(self)


@dataclass(frozen=True, slots=True)
class PersonRows:
    """The people as rows of the API; may be gone through more than once."""

    survey: PastSurvey

    def __iter__(self) -> Iterator[dict[str, Any]]:
        common = {"source": self.survey.source, "language": self.survey.language}
        people = self.survey.people
        for person, unit in zip(people.places, people.units, strict=True):
            yield common | {"external_id": person, "unit": self.survey.units[unit]["external_id"]}


class Answers:
    """The JSON text of a person's answers, put together from pieces made beforehand: one look-up per item."""

    def __init__(self, survey: PastSurvey) -> None:
        self._width = len(survey.columns)
        self._records = survey.records
        self._pieces = [_Pieces(column) for column in survey.columns]

    def json_of(self, place: int) -> bytes:
        """The answers of the person at a place, as one JSON object without the items they skipped."""
        record = self._records[place * self._width : (place + 1) * self._width]
        return b"{" + b",".join(filter(None, map(getitem, self._pieces, record))) + b"}"


class _Pieces(dict[int, bytes]):
    """`"id":answer` by code; empty for a skip."""

    def __init__(self, column: ItemColumn) -> None:
        super().__init__({SKIPPED: b""})
        self._id = column.id
        self._options = column.items.option_ids() if isinstance(column.items, SingleChoices) else None

    def __missing__(self, code: int) -> bytes:
        answer = str(code) if self._options is None else f'"{self._options[code]}"'
        piece = self[code] = f'"{self._id}":{answer}'.encode()
        return piece


def file_digest(path: Path) -> str:
    """SHA-256 of the file as it is. Raises ReplayFailed."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReplayFailed(f"{path.name} can not be read: {error.strerror}") from None


def read(path: Path, given: Map, progress: Callable[[int], None] = lambda _: None) -> PastSurvey:
    """The whole file. `progress` is told how many rows were read, now and then.

    Raises ReplayFailed: the file is unreadable, lacks a column, or holds a value the map does not know; names the line
    and the column, never the value.
    """
    try:
        with _opened(path) as file:
            return _Reading(given, csv.reader(file, strict=True)).all(progress)
    except OSError as error:  # a broken gzip file is one too
        raise ReplayFailed(f"{path.name} can not be read: {error.strerror or 'the gzip file is damaged'}") from None
    except (EOFError, zlib.error):
        raise ReplayFailed(f"{path.name} can not be read: the gzip file is damaged") from None
    except UnicodeDecodeError:
        raise ReplayFailed(f"{path.name} is not UTF-8 text") from None


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOBase]:
    with path.open("rb") as raw:
        packed = raw.read(len(_GZIP)) == _GZIP
        raw.seek(0)
        with io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if packed else raw, encoding="utf-8-sig", newline="") as text:
            yield text


class _Reading:
    """One pass over a file's rows."""

    def __init__(self, given: Map, rows: Any) -> None:
        self._map = given
        self._rows = rows
        self._columns = given.columns
        self._codes = [_codes_of(column, given.blanks) for column in self._columns]
        self._units: dict[UnitPath, int] = {(): 0}
        self._people: dict[str, int] = {}
        self._unit_of = array("I")
        self._records = array("h")

    def all(self, progress: Callable[[int], None]) -> PastSurvey:
        header = self._next()
        if header is None:
            raise ReplayFailed("the file is empty")
        places = self._places(header)
        levels = [places[name] for name in self._map.units.levels]
        person = None if self._map.person is None else places[self._map.person]
        answers = [places[column.header] for column in self._columns]
        while (row := self._next()) is not None:
            if not row:
                continue  # an empty line, of which editors like to leave one at the end
            if len(row) != len(header):
                raise self._refusal(f"has {len(row)} cells, the header {len(header)}")
            self._take_person(str(len(self._people) + 1) if person is None else row[person].strip())
            self._take_unit([row[place].strip() for place in levels])
            self._take_answers([row[place] for place in answers])
            if len(self._people) % 1000 == 0:
                progress(len(self._people))
        if not self._people:
            raise ReplayFailed("the file holds no person")
        progress(len(self._people))
        return PastSurvey(
            self._columns,
            tuple(_unit_rows(self._map, list(self._units))),
            People(self._people, self._unit_of),
            self._records,
            self._map.units.source,
            self._map.language,
        )

    def _next(self) -> list[str] | None:
        try:
            row: list[str] | None = next(self._rows, None)
        except csv.Error as error:
            raise self._refusal(f"is not sound CSV ({error})") from None
        return row

    def _places(self, header: Sequence[str]) -> Mapping[str, int]:
        """Where the map's columns stand."""
        names = [name.strip() for name in header]
        wanted = self._map.headers()
        missing = [name for name in wanted if name not in names]
        if missing:
            raise ReplayFailed(f"the file has no column {', '.join(missing)}")
        twice = [name for name in wanted if names.count(name) > 1]
        if twice:
            raise ReplayFailed(f"the file has more than one column {', '.join(twice)}")
        return {name: names.index(name) for name in wanted}

    def _take_person(self, person: str) -> None:
        column = self._map.person or ""
        if not person:
            raise self._refusal("must not be blank", column)
        self._check_id(person, column)
        if self._people.setdefault(person, len(self._people)) != len(self._unit_of):
            raise self._refusal("holds a person who was in the file before", column)

    def _take_unit(self, cells: list[str]) -> None:
        while cells and not cells[-1]:
            cells.pop()
        for name, cell in zip(self._map.units.levels, cells, strict=False):
            if not cell:
                raise self._refusal("must not be blank above a unit", name)
        found = self._units.get(tuple(cells))
        if found is None:
            for depth, cell in enumerate(cells, 1):
                self._check_id(cell, self._map.units.levels[depth - 1])
                self._units.setdefault(tuple(cells[:depth]), len(self._units))
            found = self._units[tuple(cells)]
        self._unit_of.append(found)

    def _take_answers(self, cells: list[str]) -> None:
        try:
            self._records.extend(map(getitem, self._codes, cells))
        except LookupError:
            for column, codes, cell in zip(self._columns, self._codes, cells, strict=True):
                if not codes.holds(cell):
                    raise self._refusal(_expected(column), column.header) from None
            raise

    def _check_id(self, text: str, column: str) -> None:
        if len(text) > LONGEST_ID:
            raise self._refusal(f"must have at most {LONGEST_ID} characters", column)
        if not text.isprintable():
            raise self._refusal("must hold no control characters", column)

    def _refusal(self, reason: str, column: str | None = None) -> ReplayFailed:
        place = f"line {self._rows.line_num}" + (f", column {column}" if column else "")
        return ReplayFailed(f"{place}: {reason}")


class _Codes(dict[str, int]):
    """The code of each cell's text; anything else is a LookupError."""

    def __init__(self, codes: Mapping[str, int], blanks: Sequence[str]) -> None:
        super().__init__(codes)
        self.update(dict.fromkeys(("", *blanks), SKIPPED))

    def __missing__(self, cell: str) -> int:
        stripped = cell.strip()
        if stripped != cell and self.holds(stripped):
            return self[stripped]
        raise LookupError

    def holds(self, cell: str) -> bool:
        try:
            self[cell]
        except LookupError:
            return False
        return True


class _WholeNumbers(_Codes):
    """Whole numbers between two bounds; each new spelling is remembered, so that the next is one look-up."""

    def __init__(self, least: int, most: int, blanks: Sequence[str]) -> None:
        super().__init__({}, blanks)
        self._least = least
        self._most = most

    def __missing__(self, cell: str) -> int:
        found = _WHOLE.fullmatch(cell)
        if found is None:
            return super().__missing__(cell)
        number = int(found[1])
        if not self._least <= number <= self._most:
            raise LookupError
        self[cell] = number
        return number


def _codes_of(column: ItemColumn, blanks: Sequence[str]) -> _Codes:
    match column.items:
        case Ratings(points=points):
            return _WholeNumbers(1, points, blanks)
        case Numbers(minimum=minimum, maximum=maximum):
            return _WholeNumbers(minimum, maximum, blanks)
        case SingleChoices(options=options):
            return _Codes({words: code for code, words in enumerate(options)}, blanks)


def _expected(column: ItemColumn) -> str:
    match column.items:
        case Ratings(points=points):
            return f"must be a whole number from 1 to {points}, or blank"
        case Numbers(minimum=minimum, maximum=maximum):
            return f"must be a whole number from {minimum} to {maximum}, or blank"
        case SingleChoices():
            return "must be one of the map's options, or blank"


def _unit_rows(given: Map, paths: list[UnitPath]) -> Iterator[dict[str, Any]]:
    """The units in the order of `paths`, which has parents first.

    A level's names are its units' ids, or their paths where a name alone would not be unique.
    """
    root = given.units.root
    ids: dict[UnitPath, str] = {(): root.id}
    taken = {root.id}
    for depth in range(1, len(given.units.levels) + 1):
        level = [path for path in paths if len(path) == depth]
        names = [path[-1] for path in level]
        by_name = len(set(names)) == len(names) and not taken & set(names)
        ids |= {path: path[-1] if by_name else "/".join(path) for path in level}
        taken |= {ids[path] for path in level}
    if len(taken) < len(ids):
        raise ReplayFailed("two units would have the same id: a name of a unit holds a / that makes it another's path")
    if any(len(unit) > LONGEST_ID for unit in taken):
        raise ReplayFailed(f"the id of a unit, made from its path, would have more than {LONGEST_ID} characters")
    for path in paths:
        yield {
            "source": given.units.source,
            "external_id": ids[path],
            "name": path[-1] if path else root.name,
            "parent": ids[path[:-1]] if path else None,
        }
