"""Questionnaires and their immutable versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
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
