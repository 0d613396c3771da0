"""Questionnaires on the wire: the document as it is published, and what is told about one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from service.kit.text import Slug, Wire
from service.questionnaires.compare.changes import Change, Changes
from service.questionnaires.compare.differences import Reason, Weight
from service.questionnaires.document import Document
from service.questionnaires.elements import MAX_LANGUAGES, Language
from service.questionnaires.formats.report import Entry
from service.questionnaires.lint.checked import Checked, Note
from service.questionnaires.tables import QuestionnaireDraft, QuestionnaireVersion

EXAMPLE: dict[str, Any] = {
    "format": "pouls/1",
    "key": "monday",
    "languages": ["fr", "en"],
    "title": {"fr": "Le point du lundi", "en": "Monday check"},
    "items": [
        {
            "id": "workload",
            "type": "rating",
            "text": {"fr": "Ma charge de travail est tenable.", "en": "My workload is manageable."},
            "points": 5,
        },
        {"id": "comment", "type": "text", "text": {"fr": "Un mot\u00a0?", "en": "Anything to add?"}, "max_length": 300},
    ],
    "scales": [{"id": "load", "title": {"fr": "Charge", "en": "Load"}, "items": ["workload"]}],
}


class QuestionnaireOut(Wire):
    id: UUID
    key: str
    version: int
    digest: str
    created_at: datetime

    @classmethod
    def of(cls, row: QuestionnaireVersion, key: str) -> "QuestionnaireOut":
        return cls(
            id=row.questionnaire_id,
            key=key,
            version=row.number,
            digest=row.digest,
            created_at=row.created_at,
        )


class QuestionnairePage(Wire):
    data: list[QuestionnaireOut]
    next: str | None


class NoteOut(Wire):
    """A fault or a hint: a JSON pointer into the document, and a sentence that repeats no value."""

    pointer: str
    reason: str

    @classmethod
    def all_of(cls, notes: Iterable[Note]) -> list["NoteOut"]:
        return [cls(pointer=note.pointer, reason=note.reason) for note in notes]


class CheckedOut(Wire):
    """What is wrong with a document (at most the first 1,000 faults), and what could be better where nothing is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "faults": [
                        {"pointer": "/title", "reason": "must be given in every listed language: en is missing"}
                    ],
                    "hints": [],
                }
            ]
        }
    )

    faults: list[NoteOut]
    hints: list[NoteOut]

    @classmethod
    def of(cls, checked: Checked) -> "CheckedOut":
        return cls(faults=NoteOut.all_of(checked.faults), hints=NoteOut.all_of(checked.hints))


class DraftIn(Wire):
    """Any JSON object, with faults or without, nested at most 64 deep."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": EXAMPLE}]})

    document: dict[str, Any]


class DraftOut(Wire):
    """A draft without its document; `key` is the document's, where that is a key at all."""

    id: UUID
    key: str | None
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: QuestionnaireDraft, **more: Any) -> Self:
        return cls(
            id=row.draft_id,
            key=row.key,
            revision=row.revision,
            created_at=row.created_at,
            updated_at=row.updated_at,
            **more,
        )


class DraftPage(Wire):
    data: list[DraftOut]
    next: str | None


class DraftDetail(DraftOut):
    """A draft, with what stands between it and a version (pointers into the document) and what could be better."""

    document: dict[str, Any]
    faults: list[NoteOut]
    hints: list[NoteOut]


class ShippedOut(Wire):
    """A questionnaire of the catalogue; `languages` as its document lists them."""

    key: str
    title: dict[str, str]
    languages: list[str]
    items: int
    scales: int
    indices: int
    digest: str

    @classmethod
    def of(cls, document: Document) -> "ShippedOut":
        return cls(
            key=document.key,
            title=document.title,
            languages=list(document.languages),
            items=len(document.items),
            scales=len(document.scales),
            indices=len(document.indices),
            digest=document.digest(),
        )


class CopyIn(Wire):
    """What a copy is called, and the languages it has, its own first language first; absent: as in the catalogue."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"key": "care_2027", "languages": ["en", "fr"]}]})

    key: Slug | None = None
    languages: Annotated[list[Language], Field(min_length=1, max_length=MAX_LANGUAGES)] | None = None


class ReasonOut(Wire):
    """One difference. `what` is for programs; `languages` where it shows in some alone, `ids` of what it comes from."""

    what: str
    breaks_trend: bool
    languages: list[str]
    ids: list[str]
    reason: str

    @classmethod
    def all_of(cls, reasons: Iterable[Reason]) -> list["ReasonOut"]:
        return [
            cls(
                what=one.what,
                breaks_trend=one.weight is Weight.breaking,
                languages=list(one.languages),
                ids=list(one.ids),
                reason=one.sentence,
            )
            for one in reasons
        ]


class ChangeOut(Wire):
    """What became of an item, a scale or an index; `trended`: whether its results of both versions can be compared.

    `same`; `moved`: it stands elsewhere; `cosmetic`: it is shown or explained otherwise; `changed`: the reasons say
    whether that breaks the trend; `added`, `removed`.
    """

    id: str
    change: Literal["same", "moved", "cosmetic", "changed", "added", "removed"]
    trended: bool
    reasons: list[ReasonOut]

    @classmethod
    def all_of(cls, found: Iterable[Change]) -> list["ChangeOut"]:
        return [
            cls(id=one.id, change=one.change, trended=one.trended, reasons=ReasonOut.all_of(one.reasons))
            for one in found
        ]


class ChangesOut(Wire):
    """From version `since` to version `version`: `added` is in the second alone, `removed` in the first alone."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "since": 1,
                    "version": 2,
                    "languages": ["fr", "en"],
                    "added_languages": [],
                    "removed_languages": [],
                    "document": [],
                    "items": [
                        {
                            "id": "workload",
                            "change": "changed",
                            "trended": False,
                            "reasons": [
                                {
                                    "what": "text",
                                    "breaks_trend": True,
                                    "languages": ["en"],
                                    "ids": [],
                                    "reason": "its text is another",
                                }
                            ],
                        },
                        {"id": "comment", "change": "same", "trended": True, "reasons": []},
                    ],
                    "scales": [
                        {
                            "id": "load",
                            "change": "changed",
                            "trended": False,
                            "reasons": [
                                {
                                    "what": "part",
                                    "breaks_trend": True,
                                    "languages": [],
                                    "ids": ["workload"],
                                    "reason": "a part of it can not be trended",
                                }
                            ],
                        }
                    ],
                    "indices": [],
                }
            ]
        }
    )

    since: int
    version: int
    languages: list[str]
    added_languages: list[str]
    removed_languages: list[str]
    document: list[ReasonOut]
    items: list[ChangeOut]
    scales: list[ChangeOut]
    indices: list[ChangeOut]

    @classmethod
    def of(cls, since: int, version: int, found: Changes) -> "ChangesOut":
        return cls(
            since=since,
            version=version,
            languages=list(found.languages),
            added_languages=list(found.added_languages),
            removed_languages=list(found.removed_languages),
            document=ReasonOut.all_of(found.document),
            items=ChangeOut.all_of(found.items),
            scales=ChangeOut.all_of(found.scales),
            indices=ChangeOut.all_of(found.indices),
        )


class ReportOut(Wire):
    """One thing that could not be carried over: its name there, whether it is lost or changed, and how."""

    place: str
    severity: Literal["lost", "changed"]
    reason: str

    @classmethod
    def all_of(cls, entries: Iterable[Entry]) -> list["ReportOut"]:
        return [cls(place=entry.place, severity=entry.severity, reason=entry.reason) for entry in entries]


class ImportOut(Wire):
    """The document of a file, which may have faults, and everything that it lacks of the file."""

    document: dict[str, Any]
    report: list[ReportOut]
    faults: list[NoteOut]
    hints: list[NoteOut]
