"""The catalogue: questionnaires that come with the service, to look at and to copy."""

import asyncio
from typing import Annotated

from fastapi import Depends, Query, Response
from fastapi.responses import HTMLResponse

from service.kit.reasons import Fault, ParameterFault
from service.kit.strict import api_router
from service.problems import Invalid, Malformed, NotFound, problems
from service.questionnaires import actions
from service.questionnaires.admission import Admitted, Writer
from service.questionnaires.catalogue.page import headers_of, page
from service.questionnaires.catalogue.shipped import catalogue, copied
from service.questionnaires.lint.checked import Sound
from service.questionnaires.problems import KeyTaken
from service.questionnaires.replies import IfNoneMatch, document_reply, documented
from service.questionnaires.schemas import CopyIn, QuestionnaireOut, ShippedOut
from service.tenants.principals import Now, Transaction

router = api_router()
AS_IT_IS = CopyIn()


async def _shipped(_: Admitted, key: str) -> Sound:
    found = (await asyncio.to_thread(catalogue)).get(key)
    if found is None:
        raise NotFound
    return found


Shipped = Annotated[Sound, Depends(_shipped)]


@router.get("/catalogue", operation_id="catalogue.list")
async def list_catalogue(_: Admitted) -> list[ShippedOut]:
    """The questionnaires that come with the service, written for it and free to be copied and changed."""
    return [ShippedOut.of(sound.document) for sound in (await asyncio.to_thread(catalogue)).values()]


@router.get(
    "/catalogue/{key}",
    operation_id="catalogue.get",
    response_class=Response,
    responses=documented() | problems(Invalid, NotFound),
)
async def get_shipped(shipped: Shipped, if_none_match: IfNoneMatch = None) -> Response:
    """The document of one of them."""
    return document_reply(shipped.raw, shipped.document.digest(), if_none_match)


@router.get(
    "/catalogue/{key}/page",
    operation_id="catalogue.page",
    response_class=HTMLResponse,
    responses=problems(Invalid, NotFound),
)
async def show_shipped(
    shipped: Shipped,
    language: Annotated[str | None, Query(max_length=35, description="one of its languages; absent: its first")] = None,
) -> HTMLResponse:
    """One of them as a page for people: the questions, how scores are computed, and what is said of each level."""
    if language is not None and language not in shipped.document.languages:
        raise Invalid(faults=[ParameterFault("language", "query", "must be a language of this questionnaire")])
    html = await asyncio.to_thread(page, shipped.document, language)
    return HTMLResponse(html, headers=headers_of(html) | {"Cache-Control": "private, no-cache"})


@router.post(
    "/catalogue/{key}/copy",
    status_code=201,
    operation_id="catalogue.copy",
    responses=problems(Malformed, Invalid, NotFound, KeyTaken),
)
async def copy_shipped(
    shipped: Shipped, caller: Writer, tx: Transaction, now: Now, wanted: CopyIn = AS_IT_IS
) -> QuestionnaireOut:
    """Publish one of them as a questionnaire of the tenant's, under another key or in some of its languages alone."""
    faults = [
        Fault(f"/languages/{at}", "must be a language of this questionnaire, once")
        for at, tag in enumerate(wanted.languages or ())
        if tag not in shipped.document.languages or tag in (wanted.languages or ())[:at]
    ]
    if faults:
        raise Invalid(faults=faults)
    copy = await asyncio.to_thread(copied, shipped, wanted.key, wanted.languages)
    made = await actions.publish(tx, caller, copy, now, catalogue=shipped.document.key)
    return QuestionnaireOut.of(made, copy.document.key)
