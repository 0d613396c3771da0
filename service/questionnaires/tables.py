"""Questionnaires and their immutable versions; drafts, which become versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, UniqueConstraint
from sqlmodel import Field

from service.kit.columns import TenantRow, document, moment, refers


class Questionnaire(TenantRow, table=True):
    __tablename__ = "questionnaire"
    __table_args__ = (UniqueConstraint("tenant_id", "key"), refers("tenant"))

    questionnaire_id: UUID = Field(primary_key=True)
    key: str
    created_at: datetime = moment()


class QuestionnaireVersion(TenantRow, table=True):
    __tablename__ = "questionnaire_version"
    __table_args__ = (refers("questionnaire", ("questionnaire_id", "questionnaire_id")),)

    questionnaire_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    document: dict[str, Any] = document()
    digest: str
    created_at: datetime = moment()


class QuestionnaireDraft(TenantRow, table=True):
    __tablename__ = "questionnaire_draft"
    __table_args__ = (refers("tenant"),)

    draft_id: UUID = Field(primary_key=True)
    key: str | None
    # Text to PostgreSQL, unlike a version's: whatever JSON a draft is, it is given back as it came.
    document: dict[str, Any] = Field(sa_type=JSON, nullable=False)
    revision: int
    created_at: datetime = moment()
    updated_at: datetime = moment()
