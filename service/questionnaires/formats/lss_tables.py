"""A LimeSurvey survey (.lss) as its tables, whatever the version; and the words of its elements by language."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.questionnaires.formats.report import Report, Unreadable
from service.questionnaires.formats.tags import not_too_many, tag_of
from service.questionnaires.formats.xml_events import Events, stream, told

MAX_BYTES = 2 << 20
MAX_ROWS = 50_000
Row = dict[str, str]
_INFORMAL = re.compile(r"-(?:in)?formal$|-easy$")
_OF_TABLES = frozenset({"fields", "rows"})
_TABLE, _ROW, _FIELD = 2, 4, 5
"""Depths: document / table / rows / row / field."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows by table, and the languages: how the file calls them, and their tags, the main one first."""

    rows: Mapping[str, Sequence[Row]]
    tags: Mapping[str, str]
    others: Sequence[str]
    """Parts of the file that are no tables."""

    def of(self, *names: str) -> list[Row]:
        return [row for name in names for row in self.rows.get(name, ())]

    def words(self, rows: Iterable[Row], key: str, field: str) -> dict[str, dict[str, str]]:
        """A field by language, of each row's `key`; a row without a language is in the main one."""
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            tag = self.tags.get(row.get("language", ""), next(iter(self.tags.values())))
            if row.get(field):
                found.setdefault(row.get(key, ""), {}).setdefault(tag, row[field])
        return found


def read(data: bytes, default: str, report: Report) -> Tables:
    """The tables of a file.

    Raises:
        Unreadable: it is no LimeSurvey survey, or larger than the limits.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable(f"the file has more than {MAX_BYTES >> 20} MiB")
    events = _Events()
    told("the file is no XML, or it is damaged", lambda: stream(io.BytesIO(data), events))
    if events.root != "document" or not events.tables.get("questions"):
        raise Unreadable("the file is no LimeSurvey survey, or it has no questions")
    if events.kind not in {"", "Survey"}:
        raise Unreadable("the file is a part of a LimeSurvey survey: export the whole survey")
    return Tables(events.tables, _tags(events, default, report), [*events.others])


def _tags(events: "_Events", default: str, report: Report) -> dict[str, str]:
    main = next((row["language"] for row in events.tables.get("surveys", ()) if row.get("language")), "")
    names = list(dict.fromkeys([*([main] if main else []), *events.languages]))
    not_too_many(len(names))
    tags: dict[str, str] = {}
    for name in names:
        tag = tag_of(_INFORMAL.sub("", name))
        if tag is None or tag in tags.values():
            report.lost(name, "is a language that is not known, or a second form of another")
            continue
        if _INFORMAL.search(name):
            report.changed(name, f"is taken for {tag}")
        tags[name] = tag
    return tags or {"": default}


class _Events(Events):
    def __init__(self) -> None:
        self.root = ""
        self.kind = ""
        self.tables: dict[str, list[Row]] = {}
        self.languages: list[str] = []
        self.others: dict[str, None] = {}
        self._path: list[str] = []
        self._row: Row = {}
        self._parts: list[str] = []
        self._rows = 0

    def start(self, name: str, given: Mapping[str, str]) -> None:
        del given
        self.root = self.root or name
        self._path.append(name)
        self._parts = []
        if len(self._path) == _TABLE + 1 and name not in _OF_TABLES and self._path[1] != "languages":
            self.others[self._path[1]] = None
        if len(self._path) == _ROW and name == "row":
            self._row = {}
            self._rows += 1
            if self._rows > MAX_ROWS:
                raise Unreadable(f"the file has more than {MAX_ROWS:,} rows")

    def text(self, text: str) -> None:
        self._parts.append(text)

    def end(self, name: str) -> None:
        depth = len(self._path)
        if depth == _FIELD and self._path[-2] == "row":
            self._row[name] = "".join(self._parts)
        elif depth == _ROW and name == "row":
            self.tables.setdefault(self._path[1], []).append(self._row)
        elif depth == _TABLE and name == "LimeSurveyDocType":
            self.kind = "".join(self._parts).strip()
        elif depth == _TABLE + 1 and name == "language":
            self.languages.append("".join(self._parts).strip())
        self._path.pop()
        self._parts = []
