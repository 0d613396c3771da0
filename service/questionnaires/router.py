"""Questionnaires by their own JSON document."""

from typing import Annotated, Any

from fastapi import Body, Request, Response

from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, problems
from service.questionnaires import actions, queries
from service.questionnaires.problems import KeyTaken
from service.questionnaires.schemas import EXAMPLE, QuestionnaireOut, QuestionnairePage
from service.tenants.principals import Now, Principal, Transaction, holding
from service.tenants.scopes import Scope

router = api_router()
Writer = Annotated[Principal, holding(Scope.questionnaires_write)]


@router.post(
    "/questionnaires",
    status_code=201,
    operation_id="questionnaires.create",
    responses=problems(Malformed, Invalid, KeyTaken),
)
async def create_questionnaire(
    caller: Writer, tx: Transaction, now: Now, document: Annotated[dict[str, Any], Body(examples=[EXAMPLE])]
) -> QuestionnaireOut:
    """Publish version 1 of a questionnaire; every fault of the document is listed at once."""
    made = await actions.publish(tx, caller, document, now)
    return QuestionnaireOut.of(made, made.document["key"])


@router.get("/questionnaires", operation_id="questionnaires.list", responses=problems(Invalid))
async def list_questionnaires(
    request: Request, response: Response, caller: Writer, tx: Transaction, limit: Limit = 100, cursor: Cursor = None
) -> QuestionnairePage:
    """The tenant's questionnaires."""
    page = await queries.questionnaires(tx, caller.tenant_id, uuid_behind(cursor), limit)
    return QuestionnairePage(data=page.rows, next=link_next(request, response, page))
