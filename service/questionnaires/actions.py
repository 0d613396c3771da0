"""Publishing questionnaires: a version is immutable from its first moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.ids import new_id
from service.problems import Conflict, Invalid, NotFound
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.tables import Questionnaire, QuestionnaireVersion


class KeyTaken(Conflict):
    """This tenant has a questionnaire with that key already."""

    slug, title = "questionnaire-key-taken", "A questionnaire has this key already"


async def publish(tx: AsyncSession, tenant: UUID, raw: dict[str, Any], now: datetime) -> QuestionnaireVersion:
    """Check the document (all faults at once) and keep it as version 1 of a new questionnaire."""
    try:
        document = Document.parse(raw)
    except DocumentRefused as error:
        raise Invalid(faults=error.faults) from None
    questionnaire = new_id()
    row = {"tenant_id": tenant, "questionnaire_id": questionnaire, "key": document.key, "created_at": now}
    done = await tx.execute(
        insert(Questionnaire).values(**row).on_conflict_do_nothing().returning(col(Questionnaire.key))
    )
    if done.one_or_none() is None:
        raise KeyTaken
    version = QuestionnaireVersion(
        tenant_id=tenant,
        questionnaire_id=questionnaire,
        number=1,
        document=raw,
        digest=document.digest(),
        created_at=now,
    )
    tx.add(version)
    return version


async def latest(tx: AsyncSession, tenant: UUID, key: str) -> QuestionnaireVersion:
    """The newest version under a key. Raises NotFound."""
    statement = (
        select(QuestionnaireVersion)
        .join(
            Questionnaire,
            (col(Questionnaire.tenant_id) == col(QuestionnaireVersion.tenant_id))
            & (col(Questionnaire.questionnaire_id) == col(QuestionnaireVersion.questionnaire_id)),
        )
        .where(col(Questionnaire.tenant_id) == tenant, col(Questionnaire.key) == key)
        .order_by(col(QuestionnaireVersion.number).desc())
        .limit(1)
    )
    found = (await tx.scalars(statement)).one_or_none()
    if found is None:
        raise NotFound
    return found
