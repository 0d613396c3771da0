"""What a browser loads to show a survey: the page, and the scripts with the elements. Public."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from service.campaigns.codes import ADDRESS_LENGTH, wave_behind
from service.campaigns.promises.wording import words_of
from service.campaigns.rules.origins import Origins
from service.kit.accepted import languages
from service.kit.etags import held, tag
from service.kit.strict import StrictRoute
from service.problems import Invalid, NotFound, problems
from service.tenants.principals import base_of
from service.widget import page
from service.widget.schemas import ScriptOut
from service.widget.script import Name, script

router = APIRouter(route_class=StrictRoute)
_MINUTES_5, _A_YEAR = "public, max-age=300", "public, max-age=31536000, immutable"
_LOADED_BY_OTHERS = {"Cross-Origin-Resource-Policy": "cross-origin", "X-Content-Type-Options": "nosniff"}
_HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
_JAVASCRIPT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/javascript": {"schema": {"type": "string"}}}},
    304: {"description": "unchanged"},
}


@router.get(
    "/embed/{wave}", operation_id="widget.page", response_class=Response, responses=_HTML | problems(NotFound, Invalid)
)
async def get_page(
    request: Request,
    wave: str,
    mode: Annotated[Literal["kiosk"] | None, Query(description="a screen that many use, with short codes")] = None,
    language: Annotated[str | None, Query(max_length=35, description="BCP 47; else the browser's")] = None,
    accept_language: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """A wave's questionnaire as a page, for a frame or a link; the code comes behind the `#`, or by message.

    It may be framed by the origins that the organisation's rules name. Of a wave that is not open, it says so.
    """
    try:
        tenant, _ = wave_behind(wave) if len(wave) == ADDRESS_LENGTH else (None, None)
    except ValueError:
        raise NotFound from None
    if tenant is None:
        raise NotFound
    origins: Origins = request.app.state.origins
    allowed = await origins.of(tenant)
    wanted = (language,) if language else languages(accept_language)
    spoken = words_of(wanted[0] if wanted else "en").code
    body = page.page(wave, script("pouls"), allowed, spoken, language=language, kiosk=mode == "kiosk")
    return Response(body, media_type="text/html", headers=page.headers(allowed))


@router.get(
    "/widget/{name}.js",
    operation_id="widget.script",
    response_class=Response,
    responses=_JAVASCRIPT | problems(NotFound),
)
async def get_script(
    name: Name,
    version: Annotated[str | None, Query(max_length=64, description="of `/widget/{name}.json`; else now")] = None,
    accept_encoding: Annotated[str | None, Header(max_length=1000)] = None,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """An element in one file, which needs no other: `<pouls-pulse>` in `pouls`, `<pouls-result>` in `result`.

    A version that is not the one of this service is not found: its integrity would not fit either.
    """
    built = script(name)
    if version not in {None, built.version}:
        raise NotFound
    headers = _LOADED_BY_OTHERS | {
        "Cache-Control": _MINUTES_5 if version is None else _A_YEAR,
        "ETag": tag(built.version),
        "Vary": "Accept-Encoding, Origin",
    }
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    if "gzip" in (accept_encoding or ""):
        return Response(built.compressed, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
    return Response(built.plain, media_type="text/javascript", headers=headers)


@router.get("/widget/{name}.json", operation_id="widget.version", responses=problems(NotFound))
async def get_version(request: Request, response: Response, name: Name) -> ScriptOut:
    """Where the script of this version of Pouls lies, and its integrity, for a page that pins both."""
    built = script(name)
    response.headers["Cache-Control"] = _MINUTES_5
    src = f"{base_of(request)}/widget/{name}.js?version={built.version}"
    return ScriptOut(src=src, integrity=built.integrity, version=built.version)
