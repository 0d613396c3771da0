"""The BI side: releases and their cells, as JSON and CSV. All of it is a function of release rows."""

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse

from service.kit.db import Database
from service.kit.etags import held
from service.kit.pages import Cursor, Limit, key_behind, link_next, page_of, uuid_behind
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router
from service.problems import Invalid, NotFound, problems
from service.releases import export, queries
from service.releases.queries import CellFilter
from service.releases.schemas import (
    CellOut,
    CellPage,
    CertificateOut,
    ReleaseDetail,
    ReleaseOut,
    ReleasePage,
)
from service.releases.tables import Release
from service.tenants.principals import Principal, Transaction, database_of, holding
from service.tenants.scopes import Scope

router = api_router()
AggregateReader = Annotated[Principal, holding(Scope.aggregates_read)]
IfNoneMatch = Annotated[str | None, Header(max_length=4000)]
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not changed since the ETag that was sent"}}
# To be raised when the same rows are shown otherwise: what a reader kept of them is then out of date.
SHAPE = "3"
_POSITION = re.compile(r"([0-9]{1,9}):([0-9]{1,9})", re.ASCII)


async def _release_to_read(caller: AggregateReader, tx: Transaction, release_id: UUID) -> Release:
    return await queries.release(tx, caller.tenant_id, release_id)


ReleaseToRead = Annotated[Release, Depends(_release_to_read)]


async def _filter(
    release: ReleaseToRead,
    tx: Transaction,
    unit: Annotated[str | None, Query(max_length=200, description="external id of a unit")] = None,
    measure: Annotated[str | None, Query(max_length=63, description="id of an item, scale or index")] = None,
    kind: Annotated[Literal["item", "scale", "index"] | None, Query()] = None,
    family: Annotated[Literal["mean", "distribution"] | None, Query()] = None,
    breakdown: Annotated[
        str | None, Query(max_length=200, description="as rows say it: `org` for whole units, `org*site`")
    ] = None,
    dimension: Annotated[str | None, Query(max_length=63, description="cells broken down by it")] = None,
    value: Annotated[str | None, Query(max_length=63, description="id of a value of `dimension`")] = None,
) -> CellFilter:
    texts = {"unit": unit, "measure": measure, "breakdown": breakdown, "dimension": dimension, "value": value}
    for name, text in texts.items():
        if text is not None and not text.isprintable():
            raise Invalid(faults=[ParameterFault(name, "query", "must not hold control characters")])
    wanted = CellFilter(kind=kind, family=family, **texts)
    await queries.check(tx, release, wanted)
    return wanted


WantedCells = Annotated[CellFilter, Depends(_filter)]


def etag_of(release: Release, *parts: str) -> str:
    """Strong: over the release's own digest and everything that shapes the answer."""
    return '"' + hashlib.sha256("\0".join((SHAPE, release.digest, *parts)).encode()).hexdigest()[:32] + '"'


# Relative to the cells' own address, so that it holds behind any proxy.
_CERTIFICATE = '<certificate>; rel="describedby"'


def cached_as(etag: str) -> dict[str, str]:
    return {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Accept"}


@router.get("/releases", operation_id="releases.list", responses=problems(Invalid))
async def list_releases(
    request: Request,
    response: Response,
    caller: AggregateReader,
    tx: Transaction,
    wave: UUID | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ReleasePage:
    """Releases with campaign and wave, oldest first; a refused one says why.

    A wave has one release, and one more for each recut, which says so in `recut_id` and shows other groups.
    """
    found = await queries.releases(tx, caller.tenant_id, wave, uuid_behind(cursor), limit)
    page = page_of(found, limit, key=lambda row: str(row.release_id), show=ReleaseOut.of)
    return ReleasePage(data=page.rows, next=link_next(request, response, page))


@router.get(
    "/releases/{release_id}",
    operation_id="releases.get",
    response_model=ReleaseDetail,
    responses=NOT_MODIFIED | problems(NotFound),
)
async def get_release(release: ReleaseToRead, if_none_match: IfNoneMatch = None) -> Response:
    """One release with its manifest."""
    caching = cached_as(etag_of(release, "manifest"))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    body = ReleaseDetail.of(release).model_dump_json()
    return Response(body, headers=caching, media_type="application/json")


@router.get(
    "/releases/{release_id}/certificate",
    operation_id="releases.certificate",
    response_model=CertificateOut,
    responses=NOT_MODIFIED | problems(NotFound),
)
async def get_certificate(release: ReleaseToRead, tx: Transaction, if_none_match: IfNoneMatch = None) -> Response:
    """What an independent auditor proved of a release, signed.

    A refused release has none, nor has one that was made before there were any: 404.
    """
    signed = await queries.certificate(tx, release)
    caching = cached_as(etag_of(release, "certificate", signed["signature"]))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    return Response(CertificateOut(**signed).model_dump_json(), headers=caching, media_type="application/json")


@router.get(
    "/releases/{release_id}/cells",
    operation_id="releases.cells",
    response_model=CellPage,
    responses={200: {"content": {"text/csv": {}}}} | NOT_MODIFIED | problems(NotFound, Invalid),
)
async def list_cells(
    request: Request,
    release: ReleaseToRead,
    wanted: WantedCells,
    tx: Transaction,
    database: Annotated[Database, Depends(database_of)],
    limit: Limit = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Cells as JSON pages, or all of them as CSV with `Accept: text/csv`. Withheld cells are rows like any other.

    Whole units come first, then each breakdown value by value. A unit, measure, breakdown, dimension or value that the
    release does not have is refused.
    """
    if "text/csv" in request.headers.get("accept", ""):
        return _csv(database, release, wanted, if_none_match)
    caching = cached_as(etag_of(release, "json", wanted.text(), str(limit), cursor or ""))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    found = await queries.cells(tx, release, wanted, _position(cursor), limit + 1)
    page = page_of(found, limit, key=lambda row: f"{row.node}:{row.number}", show=CellOut.of)
    response = Response(media_type="application/json", headers=caching)
    response.body = CellPage(data=page.rows, next=link_next(request, response, page)).model_dump_json().encode()
    response.headers["Content-Length"] = str(len(response.body))
    return response


@router.get(
    "/releases/{release_id}/cells.csv",
    operation_id="releases.cells_csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}}} | NOT_MODIFIED | problems(NotFound, Invalid),
)
async def stream_cells(
    release: ReleaseToRead,
    wanted: WantedCells,
    database: Annotated[Database, Depends(database_of)],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All cells as one CSV file (RFC 4180, UTF-8), with the columns of a JSON cell.

    A distribution is text, `option=percent` joined by `; `; a bound is written `<=5` or `>=90`: `1=<=5; 2=20; 3=75`.
    """
    return _csv(database, release, wanted, if_none_match)


def _position(cursor: str | None) -> queries.Position:
    key = key_behind(cursor)
    if key is None:
        return queries.START
    found = _POSITION.fullmatch(key)
    if found is None:
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")])
    return int(found[1]), int(found[2])


def _csv(database: Database, release: Release, wanted: CellFilter, if_none_match: str | None) -> Response:
    caching = cached_as(etag_of(release, "csv", wanted.text()))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    headers = caching | {
        "Content-Disposition": f'attachment; filename="{release.release_id}.csv"',
        "Link": _CERTIFICATE,
    }
    return StreamingResponse(
        _csv_chunks(database, release, wanted), headers=headers, media_type="text/csv; charset=utf-8"
    )


async def _csv_chunks(database: Database, release: Release, wanted: CellFilter) -> AsyncIterator[bytes]:
    yield export.header()
    async for chunk in queries.all_cells(database, release, wanted):
        yield export.lines(chunk)
