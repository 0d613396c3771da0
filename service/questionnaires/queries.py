"""Reading questionnaires back. Whole documents stay where they are: a page of them may be hundreds of megabytes."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.problems import NotFound
from service.questionnaires.schemas import QuestionnaireOut
from service.questionnaires.tables import Questionnaire, QuestionnaireVersion


def _versions(tenant: UUID) -> Select[QuestionnaireVersion, str]:
    """Versions without their documents (whoever asks for one gets an error, not a second query), and their keys."""
    document = getattr(QuestionnaireVersion, "document")  # noqa: B009 - typed as its value otherwise
    return (
        select(QuestionnaireVersion, col(Questionnaire.key))
        .join(
            Questionnaire,
            (col(Questionnaire.tenant_id) == col(QuestionnaireVersion.tenant_id))
            & (col(Questionnaire.questionnaire_id) == col(QuestionnaireVersion.questionnaire_id)),
        )
        .where(col(QuestionnaireVersion.tenant_id) == tenant)
        .options(defer(document, raiseload=True))
    )


async def questionnaires(tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int) -> Page[QuestionnaireOut]:
    """Questionnaires in the order they were published."""
    statement = _versions(tenant).where(col(QuestionnaireVersion.number) == 1)
    if after is not None:
        statement = statement.where(col(QuestionnaireVersion.questionnaire_id) > after)
    statement = statement.order_by(col(QuestionnaireVersion.questionnaire_id)).limit(limit + 1)
    found = (await tx.execute(statement)).all()
    return page_of(
        found,
        limit,
        key=lambda row: str(row[0].questionnaire_id),
        show=lambda row: QuestionnaireOut.of(row[0], row[1]),
    )


async def latest(tx: AsyncSession, tenant: UUID, key: str) -> QuestionnaireVersion:
    """The newest version under a key, without its document. Raises NotFound."""
    statement = (
        _versions(tenant)
        .where(col(Questionnaire.key) == key)
        .order_by(col(QuestionnaireVersion.number).desc())
        .limit(1)
    )
    found: QuestionnaireVersion | None = (await tx.scalars(statement)).one_or_none()
    if found is None:
        raise NotFound
    return found
