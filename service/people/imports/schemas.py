"""An import as its caller sees it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from service.kit.text import Slug, Wire
from service.people.imports.mapping import ImportMapping

State = Literal["applied", "previewed", "refused", "undone"]


class ImportCounts(Wire):
    """People by what became of them, and lines of the file."""

    lines: int
    refused: int
    joiners: int
    returners: int
    movers: int
    leavers: int
    changed: int
    unchanged: int
    units_created: int


class ImportEntry(Wire):
    """A person whom the import changes; of what changed, the fields' names alone."""

    line: Annotated[int | None, Field(description="in the file; null: in no line")]
    external_id: str
    from_unit: str | None
    to_unit: Annotated[str | None, Field(description="null of who leaves")]
    changed: list[str]


class ImportRefusal(Wire):
    """A line that was not taken; what its cell holds is not repeated."""

    line: int
    column: Annotated[int | None, Field(description="from 1; null: the line as a whole")]
    field: str
    reason: str


class ImportUnit(Wire):
    """How many come and go in one unit."""

    unit: str
    joiners: int
    arrivals: int
    departures: int
    leavers: int


class ImportLists(Wire):
    """The first 200 people of each kind, in the order of the file; who is in no line comes last, by id."""

    joiners: list[ImportEntry]
    returners: list[ImportEntry]
    movers: list[ImportEntry]
    leavers: list[ImportEntry]
    changed: Annotated[
        list[ImportEntry], Field(description="those whose own `changed` is empty are new, and not active")
    ]


class ImportColumn(Wire):
    """A column that was not read, though it could have been."""

    column: Annotated[int, Field(description="from 1")]
    reason: str


class ImportFile(Wire):
    """What the file was found to be."""

    format: Literal["csv", "xlsx"]
    encoding: str | None
    separator: str | None
    mapping: Annotated[ImportMapping, Field(description="which column was taken for what")]
    left_out: Annotated[list[ImportColumn], Field(description="columns that look like names, and were not kept")]


class ImportSummary(Wire):
    """One import of a list."""

    id: UUID
    source: Slug
    mode: Literal["full", "partial"]
    state: Annotated[State, Field(description="`previewed`: a dry run; `refused`: too risky, nothing was changed")]
    created_at: datetime
    undone_at: datetime | None
    counts: ImportCounts


class PeopleImportOut(ImportSummary):
    """An import with its report."""

    risks: Annotated[list[str], Field(description="thresholds that it goes beyond")]
    file: ImportFile
    units: Annotated[list[ImportUnit], Field(description="the 200 units that change most")]
    refusals: Annotated[list[ImportRefusal], Field(description="the first 200")]
    people: Annotated[
        ImportLists | None,
        Field(description="whom it changes; a dry run tells it in its own answer alone, one that was refused never"),
    ]


class ImportUndone(Wire):
    """What was taken back."""

    id: UUID
    state: State
    people: int
    units: int
