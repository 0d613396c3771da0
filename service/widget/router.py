"""What a browser loads to show a survey: the page, and the scripts with the elements. Public."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from service.campaigns.promises.wording import words_of
from service.campaigns.rules.origins import Origins
from service.campaigns.taking_part.addressed import wave_at
from service.kit.accepted import accepts, languages
from service.kit.etags import held, tag
from service.kit.strict import StrictRoute
from service.problems import Invalid, NotFound, problems
from service.tenants.principals import base_of
from service.widget import page
from service.widget.schemas import ScriptOut
from service.widget.script import Name, script

router = APIRouter(route_class=StrictRoute)
_MINUTES_5, _A_YEAR = "public, max-age=300", "public, max-age=31536000, immutable"
_LOADED_BY_OTHERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
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
    theme: Annotated[
        Literal["light", "dark"] | None, Query(description="of the page around; else the person's")
    ] = None,
    accept_language: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """A wave's questionnaire as a page, for a frame or a link; the code comes behind the `#`, or by message.

    It may be framed by the origins that the organisation's rules name. Of a wave that is not open, it says so.
    """
    tenant, _ = wave_at(wave)
    origins: Origins = request.app.state.origins
    allowed = await origins.of(tenant)
    wanted = (language,) if language else languages(accept_language)
    spoken = words_of(wanted[0] if wanted else "en").code
    body = page.page(wave, script("pouls"), allowed, spoken, language=language, theme=theme, kiosk=mode == "kiosk")
    return Response(body, media_type="text/html", headers=page.headers(allowed))


@router.get(
    "/widget/{name}.js",
    operation_id="widget.script",
    response_class=Response,
    responses=_JAVASCRIPT | problems(Invalid),
)
async def get_script(
    name: Name,
    version: Annotated[
        str | None, Query(max_length=16, pattern="^[0-9a-f]{16}$", description="of `/widget/{name}.json`")
    ] = None,
    accept_encoding: Annotated[str | None, Header(max_length=1000)] = None,
    if_none_match: Annotated[str | None, Header(max_length=4000)] = None,
) -> Response:
    """An element in one file, which needs no other: `<pouls-pulse>` in `pouls`, `<pouls-result>` in `result`.

    Whatever version is asked for, this is the one of this service: while it is being replaced, there are two. A page
    that names an integrity runs no other.
    """
    built = script(name)
    is_packed = accepts(accept_encoding, "gzip")
    headers = _LOADED_BY_OTHERS | {
        "Cache-Control": _A_YEAR if version == built.version else _MINUTES_5 if version is None else "no-cache",
        "ETag": tag(f"{built.version}-gzip" if is_packed else built.version),
        "Vary": "Accept-Encoding",
    }
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Encoding": "gzip"} if is_packed else {}
    return Response(built.compressed if is_packed else built.plain, media_type="text/javascript", headers=headers)


@router.get("/widget/{name}.json", operation_id="widget.version", responses=problems(Invalid))
async def get_version(request: Request, response: Response, name: Name) -> ScriptOut:
    """Where the script of this version of Pouls lies, and its integrity, for a page that pins both."""
    built = script(name)
    response.headers.update(_LOADED_BY_OTHERS | {"Cache-Control": "private, max-age=300"})
    src = f"{base_of(request)}/widget/{name}.js?version={built.version}"
    return ScriptOut(src=src, integrity=built.integrity, version=built.version)
