"""What a respondent's browser reads before answering. Public: the wave's address is all that is needed."""

import hashlib
from typing import Annotated, Any

from fastapi import Header, Query, Request, Response
from pydantic import Field

from service.campaigns.codes import place_of
from service.campaigns.problems import OriginNotAllowed, WaveNotOpen
from service.campaigns.promises.contract import canonical
from service.campaigns.promises.wording import sentences
from service.campaigns.rules.origins import Origins
from service.campaigns.taking_part.addressed import wave_at
from service.kit.strict import api_router
from service.kit.text import Wire
from service.problems import NotFound, problems
from service.questionnaires.languages import base_of
from service.questionnaires.respondent import localised
from service.responses.waves import LaunchedWave, Waves

router = api_router()
PUBLIC_FOR_S = 300


class Promised(Wire):
    """One sentence of the contract, and the subject that it belongs to."""

    topic: str
    text: str


class QuestionnaireForRespondent(Wire):
    """The questionnaire in one language, the contract, and who to talk to."""

    wave: str
    language: str
    languages: list[str]
    questionnaire: dict[str, Any]
    contract: dict[str, Any]
    contract_digest: str
    promise: Annotated[list[Promised], Field(description="the contract in sentences: French, or else English")]


@router.get(
    "/respond/{wave}",
    operation_id="responses.questionnaire",
    response_model=QuestionnaireForRespondent,
    responses=problems(NotFound, WaveNotOpen, OriginNotAllowed),
)
async def get_questionnaire(
    request: Request,
    wave: str,
    language: Annotated[str | None, Query(max_length=35, description="BCP 47; else Accept-Language decides")] = None,
    accept_language: Annotated[str | None, Header(max_length=1000)] = None,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """The questionnaire as respondents see it, in their language, with contract and support contacts."""
    waves: Waves = request.app.state.waves
    tenant, wave_id = wave_at(wave)
    origins: Origins = request.app.state.origins
    await origins.check(request.scope, tenant)
    if not await waves.takes_answers(tenant, wave_id, request.app.state.clock()):
        raise WaveNotOpen
    launched = await waves.get(place_of(tenant, wave_id))
    chosen = _choose(launched.document.languages, language, accept_language)
    body = canonical(_shown(launched, wave, chosen))
    headers = {
        "Cache-Control": f"public, max-age={PUBLIC_FOR_S}",
        "Vary": "Accept-Language, Origin",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Content-Language": chosen,
    }
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _shown(launched: LaunchedWave, address: str, language: str) -> dict[str, Any]:
    return {
        "wave": address,
        "language": language,
        "languages": list(launched.document.languages),
        "questionnaire": localised(launched.document, language),
        "contract": launched.contract,
        "contract_digest": launched.contract_digest,
        "promise": [sentence._asdict() for sentence in sentences(launched.contract, language)],
    }


def _choose(offered: tuple[str, ...], asked: str | None, accepted: str | None) -> str:
    """The language asked for, else the browser's first one that is offered, else the questionnaire's own first."""
    wanted = [asked] if asked else []
    wanted += [part.partition(";")[0].strip() for part in (accepted or "").split(",")]
    for tag in wanted:
        language = tag if tag in offered else base_of(tag, offered)
        if language is not None:
            return language
    return offered[0]
