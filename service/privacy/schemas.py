"""People's data, erasures, retention and readings on the wire."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from service.kit.text import ExternalId, Slug, Wire
from service.privacy.tables import ReadAccess

Texts = Annotated[dict[str, str], Field(description="one sentence or more, by language: `en`, `fr`")]
Said = Annotated[dict[str, list[str]], Field(description="to be passed on to the person, by language: `en`, `fr`")]


class DataSubject(Wire):
    """A person, as other systems know them. In the body, since ids may hold any character."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"source": "hris", "external_id": "E1042"}]})

    source: Slug = "hris"
    external_id: ExternalId


class Participation(Wire):
    """What may be told of whether the person answered.

    It is told no finer than reminders tell it: from the last look, where the contract allows reminders, and where at
    least k people had answered and k had not. An export must not be a way of watching one person.
    """

    told: Literal["answered", "not_answered", "not_told", "not_recorded"]
    as_of: Annotated[date | None, Field(description="the day of the look that it is told from")] = None


class OnRoster(Wire):
    """A wave that invites, or invited, the person, until its key is destroyed."""

    campaign_id: UUID
    campaign: str
    wave_id: UUID
    wave: Annotated[int, Field(description="its number within the campaign")]
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    unit: Annotated[str, Field(description="external id of the unit that they are counted in")]
    dimensions: Annotated[dict[str, str], Field(description="the values that they are counted under")]
    language: str | None
    name: Annotated[str | None, Field(description="where comments are shown, to take it out of them")]
    has_kiosk_code: bool
    participation: Participation
    kept_until: Annotated[
        datetime | None, Field(description="when all of this is deleted with the wave's key; null until it has closed")
    ]
    answers: Texts


class DataSubjectExport(Wire):
    """All that the database holds of a person, and what is to be told of what it does not."""

    format: Literal["pouls-data-subject/1"] = "pouls-data-subject/1"
    exported_at: datetime
    records: Annotated[
        dict[str, list[dict[str, Any]]], Field(description="rows about the person, by table, the oldest key first")
    ]
    mentions: Annotated[
        dict[str, int], Field(description="by column, in how many rows about others they are named, as a manager is")
    ]
    rosters: list[OnRoster]
    audit_log: Annotated[list[dict[str, Any]], Field(description="acts about them")]
    erasure_asked_at: datetime | None
    said: Said


class WaitsFor(Wire):
    """A wave that the erasure waits for."""

    wave_id: UUID
    campaign_id: UUID
    state: str
    closes_at: Annotated[datetime | None, Field(description="null: when somebody closes it")]


class ErasureOut(Wire):
    """An erasure: done, or waiting for waves that are not over."""

    id: UUID
    state: Literal["waiting", "done"]
    asked_at: datetime
    done_at: datetime | None
    waits_for: list[WaitsFor]
    rows: Annotated[dict[str, int] | None, Field(description="once done: rows deleted or emptied, by what they were")]
    said: Said


class ReadAccessOut(Wire):
    """How often somebody read something on a day."""

    day: date
    reader: Annotated[str, Field(description="as in the audit log: `key:` and the id of an API key")]
    operation: str
    subject: Annotated[str, Field(description="id of the release or wave; empty where the operation is of no one")]
    reads: int

    @classmethod
    def of(cls, row: ReadAccess) -> "ReadAccessOut":
        return cls(**row.model_dump(exclude={"tenant_id"}))


class ReadAccessPage(Wire):
    data: list[ReadAccessOut]
    next: str | None


class RetentionOut(Wire):
    """How long the rows of a table are kept."""

    table: str
    holds: str
    kept: Annotated[str, Field(description="how long, and from when on")]
    reason: str
    ended_by: Annotated[str, Field(description="the job or the call that deletes them")]
    personal: Annotated[bool, Field(description="whether rows are about people of the organisation")]
