"""Questionnaires by their own JSON document, and their versions."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Depends, Path, Query, Request, Response
from pydantic import WithJsonSchema

from service.kit.idempotency import NOTHING_WRITTEN
from service.kit.pages import Cursor, Limit, key_behind, link_next, uuid_behind
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, TooLarge, TooSlow, problems
from service.questionnaires import actions, queries
from service.questionnaires.actions import MOST_VERSIONS
from service.questionnaires.admission import Admitted, SoundDocument, Writer
from service.questionnaires.compare.changes import changes
from service.questionnaires.lint.checked import checked, stored_here
from service.questionnaires.problems import KeyDiffers, KeyTaken, TooManyVersions, Unchanged
from service.questionnaires.replies import IfNoneMatch, document_reply, documented
from service.questionnaires.schemas import EXAMPLE, ChangesOut, CheckedOut, QuestionnaireOut, QuestionnairePage
from service.questionnaires.tables import Questionnaire, QuestionnaireVersion
from service.tenants.principals import Now, OpenDatabase, Transaction

router = api_router()
Number = Annotated[int, Path(ge=1, le=MOST_VERSIONS, description="number of a version")]


async def _questionnaire(caller: Writer, tx: Transaction, questionnaire_id: UUID) -> Questionnaire:
    return await queries.questionnaire(tx, caller.tenant_id, questionnaire_id)


async def _version(caller: Writer, tx: Transaction, questionnaire_id: UUID, number: Number) -> QuestionnaireVersion:
    return await queries.version(tx, caller.tenant_id, questionnaire_id, number)


OneQuestionnaire = Annotated[Questionnaire, Depends(_questionnaire)]
OneVersion = Annotated[QuestionnaireVersion, Depends(_version)]


@router.post(
    "/questionnaires",
    status_code=201,
    operation_id="questionnaires.create",
    responses=problems(Malformed, Invalid, TooLarge, TooSlow, KeyTaken),
)
async def create_questionnaire(sound: SoundDocument, caller: Writer, tx: Transaction, now: Now) -> QuestionnaireOut:
    """Publish version 1 of a questionnaire; every fault of the document is listed at once."""
    return QuestionnaireOut.of(await actions.publish(tx, caller, sound, now), sound.document.key)


@router.get("/questionnaires", operation_id="questionnaires.list", responses=problems(Invalid))
async def list_questionnaires(
    request: Request, response: Response, caller: Writer, tx: Transaction, limit: Limit = 100, cursor: Cursor = None
) -> QuestionnairePage:
    """The tenant's questionnaires, each by its latest version."""
    page = await queries.questionnaires(tx, caller.tenant_id, uuid_behind(cursor), limit)
    return QuestionnairePage(data=page.rows, next=link_next(request, response, page))


@router.post(
    "/questionnaires/validate",
    operation_id="questionnaires.validate",
    dependencies=[NOTHING_WRITTEN],
    responses=problems(Malformed, Invalid, TooLarge, TooSlow),
)
async def validate_questionnaire(
    _: Admitted,
    document: Annotated[Any, Body(), WithJsonSchema({"type": "object", "examples": [EXAMPLE]})],
) -> CheckedOut:
    """Say what is wrong with a document and what could be better. Nothing is kept; faults are an answer (200) here."""
    return CheckedOut.of(await checked(document))


@router.post(
    "/questionnaires/{questionnaire_id}/versions",
    status_code=201,
    operation_id="questionnaires.add_version",
    responses=problems(Malformed, Invalid, TooLarge, TooSlow, NotFound, KeyDiffers, TooManyVersions, Unchanged),
)
async def add_version(
    sound: SoundDocument, questionnaire: OneQuestionnaire, caller: Writer, tx: Transaction, now: Now
) -> QuestionnaireOut:
    """Publish the questionnaire's next version. Campaigns that exist keep the version they were made with."""
    made = await actions.publish_next(tx, caller, questionnaire, sound, now)
    return QuestionnaireOut.of(made, questionnaire.key)


@router.get(
    "/questionnaires/{questionnaire_id}/versions",
    operation_id="questionnaires.versions",
    responses=problems(Invalid, NotFound),
)
async def list_versions(
    request: Request,
    response: Response,
    questionnaire: OneQuestionnaire,
    tx: Transaction,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> QuestionnairePage:
    """The versions of a questionnaire, oldest first."""
    page = await queries.versions(tx, questionnaire, _number_behind(cursor), limit)
    return QuestionnairePage(data=page.rows, next=link_next(request, response, page))


@router.get(
    "/questionnaires/{questionnaire_id}/versions/{number}",
    operation_id="questionnaires.version",
    response_class=Response,
    responses=documented() | problems(Invalid, NotFound),
)
async def get_version(version: OneVersion, if_none_match: IfNoneMatch = None) -> Response:
    """The document of a version, as it was published."""
    return document_reply(version.document, version.digest, if_none_match)


@router.get(
    "/questionnaires/{questionnaire_id}/versions/{number}/changes",
    operation_id="questionnaires.changes",
    responses=problems(Invalid, NotFound),
)
async def compare_versions(
    caller: Admitted,
    database: OpenDatabase,
    questionnaire_id: UUID,
    number: Number,
    since: Annotated[
        int | None, Query(ge=1, le=MOST_VERSIONS, description="number of another version; absent: the one before")
    ] = None,
) -> ChangesOut:
    """What differs between two versions, and which items, scales and indices can be trended over both.

    `since` may also be the later one: then `added` and `removed` change places, and nothing else does.
    """
    async with database.transaction(caller.tenant_id) as tx:
        new = await queries.version(tx, caller.tenant_id, questionnaire_id, number)
        try:
            old = await queries.version(tx, caller.tenant_id, questionnaire_id, since or number - 1)
        except NotFound:
            reason = "must be a version of this questionnaire" if since else "must be given: version 1 has none before"
            raise Invalid(faults=[ParameterFault("since", "query", reason)]) from None

    def compare() -> ChangesOut:
        found = changes(stored_here(old.document), stored_here(new.document))
        return ChangesOut.of(old.number, new.number, found)

    return await asyncio.to_thread(compare)


def _number_behind(cursor: str | None) -> int:
    key = key_behind(cursor)
    if key is None:
        return 0
    if not (key.isascii() and key.isdecimal() and 0 < int(key) <= MOST_VERSIONS):
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")])
    return int(key)
