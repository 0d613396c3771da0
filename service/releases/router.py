"""The BI side: releases and their cells. All of it is a function of release rows."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from service.kit.etags import held
from service.kit.pages import Cursor, Limit, key_behind, link_next, page_of, uuid_behind
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router
from service.kit.text import Moment
from service.problems import Invalid, NotFound, problems
from service.releases import queries
from service.releases.cell_files import JSON
from service.releases.cell_schemas import CellOut, CellPage
from service.releases.file_router import FORMS, file_of
from service.releases.problems import WithdrawnRelease
from service.releases.reading import (
    NOT_MODIFIED,
    AggregateReader,
    IfNoneMatch,
    ReleaseToRead,
    ReleaseToTell,
    WantedCells,
    cached_as,
    etag_of,
)
from service.releases.release_state import KEPT
from service.releases.schemas import (
    CertificateOut,
    ReleaseDetail,
    ReleaseOut,
    ReleasePage,
)
from service.tenants.principals import Transaction

router = api_router()
_FILES: dict[str, Any] = {form.media_type.partition(";")[0]: {} for form in FORMS if form is not JSON}
_POSITION = re.compile(r"([0-9]{1,9}):([0-9]{1,9})", re.ASCII)


@router.get("/releases", operation_id="releases.list", responses=problems(Invalid))
async def list_releases(
    request: Request,
    response: Response,
    caller: AggregateReader,
    tx: Transaction,
    wave: UUID | None = None,
    since: Annotated[Moment | None, Query(description="released or withdrawn since; from `as_of`")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ReleasePage:
    """Releases with campaign and wave, oldest first; a refused or withdrawn one says why.

    A wave has one release, one more for each recut, which says so in `recut_id` and shows other groups, and those of
    before its closing, which say so in `interim`. Whoever copies releases asks with the `as_of` of the last time as
    `since`, and knows one that comes twice by its `id`.
    """
    as_of = await queries.as_of(tx)
    found = await queries.releases(tx, caller, wave, since, uuid_behind(cursor), limit)
    page = page_of(found, limit, key=lambda row: str(row.release_id), show=ReleaseOut.of)
    return ReleasePage(data=page.rows, next=link_next(request, response, page), as_of=as_of)


@router.get(
    "/releases/{release_id}",
    operation_id="releases.get",
    dependencies=[KEPT],
    response_model=ReleaseDetail,
    responses=NOT_MODIFIED | problems(NotFound),
)
async def get_release(release: ReleaseToTell, caller: AggregateReader, if_none_match: IfNoneMatch = None) -> Response:
    """One release with its manifest."""
    shown = ReleaseDetail.of(release, whole=caller.unit is None)
    withdrawn = "" if shown.withdrawn_at is None else f"withdrawn, {shown.replaced_by}"
    caching = cached_as(release, etag_of(release, "manifest", withdrawn, str(caller.unit is None)))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    body = shown.model_dump_json()
    return Response(body, headers=caching, media_type="application/json")


@router.get(
    "/releases/{release_id}/certificate",
    operation_id="releases.certificate",
    dependencies=[KEPT],
    response_model=CertificateOut,
    responses=NOT_MODIFIED | problems(NotFound, WithdrawnRelease),
)
async def get_certificate(
    release: ReleaseToRead, caller: AggregateReader, tx: Transaction, if_none_match: IfNoneMatch = None
) -> Response:
    """What an independent auditor proved of a release, signed.

    A refused release has none, nor has one that was made before there were any: 404. So it is for a key of a unit: it
    tells of all units together.
    """
    if caller.unit is not None:
        raise NotFound
    signed = await queries.certificate(tx, release)
    caching = cached_as(release, etag_of(release, "certificate", signed["signature"]))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    return Response(CertificateOut(**signed).model_dump_json(), headers=caching, media_type="application/json")


@router.get(
    "/releases/{release_id}/cells",
    operation_id="releases.cells",
    dependencies=[KEPT],
    response_model=CellPage,
    responses={200: {"content": _FILES}} | NOT_MODIFIED | problems(NotFound, Invalid, WithdrawnRelease),
)
async def list_cells(
    request: Request,
    release: ReleaseToRead,
    wanted: WantedCells,
    tx: Transaction,
    limit: Limit = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Cells as JSON pages, or all of them as a file by `Accept`. Withheld cells are rows like any other.

    Whole units come first, then each breakdown value by value. A unit, measure, breakdown, dimension or value that the
    release does not have is refused.
    """
    accepted = request.headers.get("accept", "")
    for form in FORMS:
        if form is not JSON and form.media_type.partition(";")[0] in accepted:
            return file_of(request, release, wanted, form, if_none_match)
    caching = cached_as(release, etag_of(release, "json", wanted.text(), str(limit), cursor or ""))
    if held(caching["ETag"], if_none_match):
        return Response(status_code=304, headers=caching)
    found = await queries.cells(tx, release, wanted, _position(cursor), limit + 1)
    page = page_of(found, limit, key=lambda row: f"{row.node}:{row.number}", show=CellOut.of)
    response = Response(media_type="application/json", headers=caching)
    response.body = CellPage(data=page.rows, next=link_next(request, response, page)).model_dump_json().encode()
    response.headers["Content-Length"] = str(len(response.body))
    return response


def _position(cursor: str | None) -> queries.Position:
    key = key_behind(cursor)
    if key is None:
        return queries.START
    found = _POSITION.fullmatch(key)
    if found is None:
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")])
    return int(found[1]), int(found[2])
