"""Drafts of questionnaires: kept as they are, faults and all, until they are published or deleted."""

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Header, Request, Response

from service.kit.etags import tag
from service.kit.pages import Cursor, Limit, link_next, uuid_behind
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, TooLarge, TooSlow, problems
from service.questionnaires import queries
from service.questionnaires.admission import Admitted, Writer
from service.questionnaires.drafts import actions
from service.questionnaires.lint.checked import Sound, checked, sound
from service.questionnaires.problems import DraftMoved, RevisionMissing, TooManyDrafts, TooManyVersions, Unchanged
from service.questionnaires.schemas import CheckedOut, DraftDetail, DraftIn, DraftOut, DraftPage, QuestionnaireOut
from service.questionnaires.tables import QuestionnaireDraft
from service.tenants.principals import Now, OpenDatabase, Transaction

router = api_router()
IfMatch = Annotated[
    str | None, Header(max_length=4000, description="the draft's `ETag`, as it came with the revision that was seen")
]


async def _draft_to_change(caller: Writer, tx: Transaction, draft_id: UUID) -> QuestionnaireDraft:
    return await queries.draft(tx, caller.tenant_id, draft_id, lock=True)


DraftToChange = Annotated[QuestionnaireDraft, Depends(_draft_to_change)]


class Ready(NamedTuple):
    """A draft without a fault, and the revision it was so at."""

    revision: int
    sound: Sound


async def _ready(caller: Admitted, database: OpenDatabase, draft_id: UUID, if_match: IfMatch = None) -> Ready:
    # In a transaction of its own, over before the checks begin.
    async with database.transaction(caller.tenant_id) as tx:
        draft = await queries.draft(tx, caller.tenant_id, draft_id)
    actions.must_mean(draft, if_match)
    return Ready(draft.revision, await sound(draft.document))


DraftToPublish = Annotated[Ready, Depends(_ready)]


@router.post(
    "/questionnaire-drafts",
    status_code=201,
    operation_id="questionnaire_drafts.create",
    responses=problems(Malformed, Invalid, TooLarge, TooSlow, TooManyDrafts),
)
async def create_draft(caller: Writer, tx: Transaction, now: Now, response: Response, given: DraftIn) -> DraftOut:
    """Keep a document that is not finished: any JSON object of at most 1 MiB, 100 drafts at most."""
    made = await actions.create(tx, caller, given.document, now)
    response.headers["ETag"] = tag(made.revision)
    return DraftOut.of(made)


@router.get("/questionnaire-drafts", operation_id="questionnaire_drafts.list", responses=problems(Invalid))
async def list_drafts(
    request: Request, response: Response, caller: Writer, tx: Transaction, limit: Limit = 100, cursor: Cursor = None
) -> DraftPage:
    """The tenant's drafts without their documents, oldest first."""
    page = await queries.drafts(tx, caller.tenant_id, uuid_behind(cursor), limit)
    return DraftPage(data=page.rows, next=link_next(request, response, page))


@router.get(
    "/questionnaire-drafts/{draft_id}", operation_id="questionnaire_drafts.get", responses=problems(Invalid, NotFound)
)
async def get_draft(caller: Admitted, database: OpenDatabase, draft_id: UUID, response: Response) -> DraftDetail:
    """A draft with its document, all its faults, and hints where it has none; `ETag` is its revision."""
    async with database.transaction(caller.tenant_id) as tx:
        draft = await queries.draft(tx, caller.tenant_id, draft_id)
    found = CheckedOut.of(await checked(draft.document))
    response.headers["ETag"] = tag(draft.revision)
    return DraftDetail.of(draft, document=draft.document, faults=found.faults, hints=found.hints)


@router.put(
    "/questionnaire-drafts/{draft_id}",
    operation_id="questionnaire_drafts.replace",
    responses=problems(Malformed, Invalid, TooLarge, TooSlow, NotFound, DraftMoved, RevisionMissing),
)
async def replace_draft(
    draft: DraftToChange,
    caller: Writer,
    tx: Transaction,
    now: Now,
    response: Response,
    given: DraftIn,
    if_match: IfMatch = None,
) -> DraftOut:
    """Put another document in a draft's place. `If-Match` must carry the `ETag` of the revision that it replaces."""
    changed = await actions.replace(tx, caller, draft, if_match, given.document, now)
    response.headers["ETag"] = tag(changed.revision)
    return DraftOut.of(changed)


@router.delete(
    "/questionnaire-drafts/{draft_id}",
    status_code=204,
    operation_id="questionnaire_drafts.delete",
    responses=problems(Invalid, NotFound, DraftMoved),
)
async def delete_draft(
    draft: DraftToChange, caller: Writer, tx: Transaction, now: Now, if_match: IfMatch = None
) -> None:
    """Delete a draft; with `If-Match`, only if it is at that revision."""
    await actions.delete(tx, caller, draft, if_match, now)


@router.post(
    "/questionnaire-drafts/{draft_id}/publish",
    status_code=201,
    operation_id="questionnaire_drafts.publish",
    responses=problems(Invalid, NotFound, TooManyVersions, Unchanged, DraftMoved, RevisionMissing),
)
async def publish_draft(
    ready: DraftToPublish, caller: Writer, tx: Transaction, now: Now, draft_id: UUID
) -> QuestionnaireOut:
    """Make a version of a draft, which is then no more: version 1 where its key is new, else the key's next version.

    `If-Match` must carry the `ETag` of the revision to publish. Faults are listed at once, by their place in the
    document, and then the draft stays.
    """
    made = await actions.publish(tx, caller, draft_id, ready.revision, ready.sound, now)
    return QuestionnaireOut.of(made, ready.sound.document.key)
