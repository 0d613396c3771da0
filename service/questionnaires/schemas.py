"""What is told about a questionnaire."""

from datetime import datetime
from uuid import UUID

from service.kit.text import Wire
from service.questionnaires.tables import QuestionnaireVersion


class QuestionnaireOut(Wire):
    id: UUID
    key: str
    version: int
    digest: str
    created_at: datetime

    @classmethod
    def of(cls, row: QuestionnaireVersion) -> "QuestionnaireOut":
        return cls(
            id=row.questionnaire_id,
            key=row.document["key"],
            version=row.number,
            digest=row.digest,
            created_at=row.created_at,
        )
