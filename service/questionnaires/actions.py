"""Publishing questionnaires: a version is immutable from its first moment."""

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from service.kit.ids import new_id
from service.problems import Invalid
from service.questionnaires.document import Document, DocumentRefused
from service.questionnaires.problems import KeyTaken
from service.questionnaires.tables import Questionnaire, QuestionnaireVersion
from service.tenants.actions import audit
from service.tenants.principals import Principal


async def publish(tx: AsyncSession, caller: Principal, raw: dict[str, Any], now: datetime) -> QuestionnaireVersion:
    """Check the document (all faults at once) and keep it as version 1 of a new questionnaire."""
    try:
        document = Document.parse(raw)
    except DocumentRefused as error:
        raise Invalid(faults=error.faults) from None
    questionnaire = new_id()
    row = {"tenant_id": caller.tenant_id, "questionnaire_id": questionnaire, "key": document.key, "created_at": now}
    done = await tx.execute(
        insert(Questionnaire).values(**row).on_conflict_do_nothing().returning(col(Questionnaire.key))
    )
    if done.one_or_none() is None:
        raise KeyTaken
    version = QuestionnaireVersion(
        tenant_id=caller.tenant_id,
        questionnaire_id=questionnaire,
        number=1,
        document=raw,
        digest=document.digest(),
        created_at=now,
    )
    tx.add(version)
    audit(
        tx, caller.tenant_id, now, caller.actor, "questionnaire.published", str(questionnaire),
        key=document.key, version=version.number,
    )  # fmt: skip
    return version
