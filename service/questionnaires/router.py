"""Questionnaires by their own JSON document."""

from typing import Annotated, Any

from fastapi import Body, Request, Response
from sqlalchemy import select
from sqlmodel import col

from service.kit.pages import Cursor, Limit, link_next, page_of, uuid_behind
from service.kit.strict import api_router
from service.kit.text import Wire
from service.problems import Invalid, Malformed, problems
from service.questionnaires import actions
from service.questionnaires.schemas import QuestionnaireOut
from service.questionnaires.tables import QuestionnaireVersion
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
Writer = Annotated[Principal, holding(Scope.questionnaires_write)]


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


class QuestionnairePage(Wire):
    data: list[QuestionnaireOut]
    next: str | None


@router.post(
    "/questionnaires",
    status_code=201,
    operation_id="questionnaires.create",
    responses=problems(Malformed, Invalid, actions.KeyTaken),
)
async def create_questionnaire(
    caller: Writer, tx: Transaction, now: Now, document: Annotated[dict[str, Any], Body(examples=[EXAMPLE])]
) -> QuestionnaireOut:
    """Publish version 1 of a questionnaire; every fault of the document is listed at once."""
    return QuestionnaireOut.of(await actions.publish(tx, caller.tenant_id, document, now))


@router.get("/questionnaires", operation_id="questionnaires.list", responses=problems(Invalid))
async def list_questionnaires(
    request: Request, response: Response, caller: Writer, tx: Transaction, limit: Limit = 100, cursor: Cursor = None
) -> QuestionnairePage:
    """The tenant's questionnaires."""
    after = uuid_behind(cursor)
    statement = (
        select(QuestionnaireVersion)
        .where(col(QuestionnaireVersion.tenant_id) == caller.tenant_id, col(QuestionnaireVersion.number) == 1)
        .order_by(col(QuestionnaireVersion.questionnaire_id))
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(col(QuestionnaireVersion.questionnaire_id) > after)
    found = (await tx.scalars(statement)).all()
    page = page_of(found, limit, key=lambda row: str(row.questionnaire_id), show=QuestionnaireOut.of)
    return QuestionnairePage(data=page.rows, next=link_next(request, response, page))
