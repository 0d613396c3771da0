"""A release as people read it: a page, the same on paper, and single drawings for other pages."""

import asyncio
from functools import partial
from importlib.util import find_spec
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import HTMLResponse

from service.campaigns.problems import ContractBroken
from service.kit.accepted import languages
from service.kit.etags import held
from service.kit.file_answers import FileAnswer
from service.kit.kept_files import KeptFiles
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router
from service.kit.text import is_plain
from service.problems import Busy, Invalid, NotFound, problems
from service.questionnaires.catalogue.page import headers_of
from service.releases.problems import FormatNotInstalled, WithdrawnRelease
from service.releases.reading import (
    NOT_MODIFIED,
    AggregateReader,
    IfNoneMatch,
    ReleaseToRead,
    cached_as,
    etag_of,
    marked,
)
from service.releases.report import queries
from service.releases.report.charts.palette import Theme
from service.releases.report.charts.svg import Look
from service.releases.report.composed import composed
from service.releases.report.content import Content
from service.releases.report.page import page
from service.releases.report.queries import Asked
from service.releases.report.single import Chart, NothingToDraw, drawing_of
from service.releases.report.tongue import Tongue
from service.releases.report.wording import Language
from service.tenants.principals import Transaction, database_of

router = api_router()
# To be raised when the same cells are shown otherwise: what a reader kept of them is then out of date.
LAYOUT = "1"
SVG, PDF = "image/svg+xml", "application/pdf"
_ALONE = "default-src 'none'; base-uri 'none'; form-action 'none'; sandbox"
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}


async def _language(
    language: Annotated[
        Language | None, Query(description="absent: the best of `Accept-Language` that is one of these, else `en`")
    ] = None,
    accept_language: Annotated[str | None, Header(max_length=1000)] = None,
) -> Tongue:
    if language is not None:
        return Tongue(language)
    for tag in languages(accept_language):
        match tag.partition("-")[0].lower():
            case "fr" | "en" as base:
                return Tongue(base)
    return Tongue("en")


InTongue = Annotated[Tongue, Depends(_language)]


async def _asked(
    release: ReleaseToRead,
    caller: AggregateReader,
    tx: Transaction,
    unit: Annotated[
        str | None, Query(max_length=200, description="external id of a unit; absent: the key's own, else the top")
    ] = None,
    source: Annotated[
        str | None, Query(max_length=63, description="of the unit, where several sources have one of that id")
    ] = None,
) -> Asked:
    for name, text in (("unit", unit), ("source", source)):
        if text is not None and not is_plain(text):
            raise Invalid(faults=[ParameterFault(name, "query", "must not hold control characters")])
    return await queries.asked(tx, release, caller, unit, source)


ReportToRead = Annotated[Asked, Depends(_asked)]


def _caching(asked: Asked, tongue: Tongue, *parts: str) -> dict[str, str]:
    tag = etag_of(asked.release, "report", LAYOUT, tongue.code, *asked.parts(), *parts)
    headers = cached_as(asked.release, tag)
    return headers | {"Vary": f"{headers['Vary']}, Accept-Language", "Content-Language": tongue.code}


@router.get(
    "/releases/{release_id}/report",
    operation_id="releases.report",
    response_class=HTMLResponse,
    responses=NOT_MODIFIED | problems(NotFound, Invalid, WithdrawnRelease, ContractBroken),
)
async def show_report(
    request: Request, asked: ReportToRead, tongue: InTongue, tx: Transaction, if_none_match: IfNoneMatch = None
) -> Response:
    """One unit's results as a page for people: charts with their tables, the contract, how to verify the certificate.

    Its figures are those of the cells, digit by digit; withheld cells are shown as such. Comments are not in it. A
    refused release has none, nor has a recut, which shows groups and no whole unit: 404.
    """
    caching = _caching(asked, tongue, "html")
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    found = await queries.content(tx, asked, request.app.state.notary, tongue.code)
    html = await asyncio.to_thread(lambda: page(composed(found, tongue, Look())))
    return HTMLResponse(html, headers=caching | headers_of(html))


@router.get(
    "/releases/{release_id}/report.pdf",
    operation_id="releases.report_pdf",
    response_class=Response,
    responses={200: {"content": {PDF: _BINARY}}}
    | NOT_MODIFIED
    | problems(NotFound, Invalid, WithdrawnRelease, ContractBroken, Busy, FormatNotInstalled),
)
async def show_report_on_paper(
    request: Request, asked: ReportToRead, tongue: InTongue, if_none_match: IfNoneMatch = None
) -> Response:
    """The same on paper: a tagged PDF (PDF/UA-1, PDF/A-2a) with its fonts in it.

    Where a name is in a script that these fonts lack, it is tagged as well and claims neither.
    """
    if find_spec("typst") is None:
        raise FormatNotInstalled
    caching = _caching(asked, tongue, "pdf")
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    files: KeptFiles = request.app.state.files
    release = asked.release
    key = "\0".join((str(release.tenant_id), str(release.release_id), "report", caching["ETag"]))
    get = partial(files.get, release.tenant_id.hex, key, partial(_write, request, asked, tongue))
    return FileAnswer(get, caching, PDF, f"{release.release_id}.pdf")


async def _write(request: Request, asked: Asked, tongue: Tongue, file: BinaryIO) -> None:
    from service.releases.report.pdf import LOOK, pdf  # noqa: PLC0415 - of an extra, and takes a moment to load

    async with database_of(request).transaction(asked.release.tenant_id) as tx:
        found = await queries.content(tx, asked, request.app.state.notary, tongue.code)
    file.write(await asyncio.to_thread(lambda: pdf(composed(found, tongue, LOOK), found.released_at)))


@router.get(
    "/releases/{release_id}/charts/{chart}.svg",
    operation_id="releases.chart",
    response_class=Response,
    responses={200: {"content": {SVG: {}}}} | NOT_MODIFIED | problems(NotFound, Invalid, WithdrawnRelease),
)
async def show_chart(
    asked: ReportToRead,
    tongue: InTongue,
    tx: Transaction,
    chart: Chart,
    measure: Annotated[
        str | None, Query(max_length=63, description="id of an item, scale or index; `trend` needs one")
    ] = None,
    theme: Theme = "light",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """One drawing of the report, for another page: it says in words all that it shows.

    `means` and `heatmap` are of all scales and indices, `distribution` of all ratings, or of one measure.
    """
    if measure is not None and not is_plain(measure):
        raise Invalid(faults=[ParameterFault("measure", "query", "must not hold control characters")])
    caching = _caching(asked, tongue, "svg", chart, theme, *marked(measure))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    found: Content = await queries.figures(tx, asked)
    try:
        drawn = await asyncio.to_thread(drawing_of, chart, found, tongue, Look(theme=theme), measure)
    except NothingToDraw as nothing:
        raise Invalid(faults=[ParameterFault(nothing.parameter, "query", nothing.reason)]) from None
    safe = {"Content-Security-Policy": _ALONE, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return Response(drawn, headers=caching | safe, media_type=SVG)
