"""Reading questionnaires back. Whole documents stay where they are: a page of them may be hundreds of megabytes."""

from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, defer
from sqlmodel import col

from service.kit.pages import Page, page_of
from service.problems import NotFound
from service.questionnaires.schemas import DraftOut, QuestionnaireOut
from service.questionnaires.tables import Questionnaire, QuestionnaireDraft, QuestionnaireVersion


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
    """Questionnaires in the order they were first published, each by its latest version."""
    newer = aliased(QuestionnaireVersion)
    superseded = exists().where(
        col(newer.tenant_id) == col(QuestionnaireVersion.tenant_id),
        col(newer.questionnaire_id) == col(QuestionnaireVersion.questionnaire_id),
        col(newer.number) > col(QuestionnaireVersion.number),
    )
    statement = _versions(tenant).where(~superseded)
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


async def questionnaire(tx: AsyncSession, tenant: UUID, questionnaire_id: UUID) -> Questionnaire:
    """One questionnaire, whatever its versions. Raises NotFound."""
    found = await tx.get(Questionnaire, (tenant, questionnaire_id))
    if found is None:
        raise NotFound
    return found


async def versions(tx: AsyncSession, of: Questionnaire, after: int, limit: int) -> Page[QuestionnaireOut]:
    """The versions of a questionnaire above a number, oldest first."""
    statement = (
        _versions(of.tenant_id)
        .where(
            col(QuestionnaireVersion.questionnaire_id) == of.questionnaire_id,
            col(QuestionnaireVersion.number) > after,
        )
        .order_by(col(QuestionnaireVersion.number))
        .limit(limit + 1)
    )
    found = (await tx.execute(statement)).all()
    return page_of(
        found, limit, key=lambda row: str(row[0].number), show=lambda row: QuestionnaireOut.of(row[0], row[1])
    )


async def version(tx: AsyncSession, tenant: UUID, questionnaire_id: UUID, number: int) -> QuestionnaireVersion:
    """One version with its document. Raises NotFound."""
    found = await tx.get(QuestionnaireVersion, (tenant, questionnaire_id, number))
    if found is None:
        raise NotFound
    return found


async def drafts(tx: AsyncSession, tenant: UUID, after: UUID | None, limit: int) -> Page[DraftOut]:
    """Drafts without their documents, oldest first."""
    document = getattr(QuestionnaireDraft, "document")  # noqa: B009 - typed as its value otherwise
    statement = (
        select(QuestionnaireDraft)
        .where(col(QuestionnaireDraft.tenant_id) == tenant)
        .options(defer(document, raiseload=True))
    )
    if after is not None:
        statement = statement.where(col(QuestionnaireDraft.draft_id) > after)
    statement = statement.order_by(col(QuestionnaireDraft.draft_id)).limit(limit + 1)
    found = (await tx.scalars(statement)).all()
    return page_of(found, limit, key=lambda row: str(row.draft_id), show=DraftOut.of)


async def draft(tx: AsyncSession, tenant: UUID, draft_id: UUID, *, lock: bool = False) -> QuestionnaireDraft:
    """One draft with its document; locked, it stays as it is until the transaction ends. Raises NotFound."""
    found = await tx.get(QuestionnaireDraft, (tenant, draft_id), with_for_update=True if lock else None)
    if found is None:
        raise NotFound
    return found
