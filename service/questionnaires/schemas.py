"""Questionnaires on the wire: the document as it is published, and what is told about one."""

from datetime import datetime
from uuid import UUID

from service.kit.text import Wire
from service.questionnaires.tables import QuestionnaireVersion

EXAMPLE = {
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
        {"id": "comment", "type": "text", "text": {"fr": "Un mot ?", "en": "Anything to add?"}, "max_length": 300},
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
