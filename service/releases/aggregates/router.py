"""The BI side: results put side by side, over waves, units and measures; out of released cells alone."""

import json
import re
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.campaigns.problems import OriginNotAllowed
from service.campaigns.rules.origins import Origins
from service.kit.etags import held
from service.kit.pages import Cursor, Limit, key_behind, link_next, page_of
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router
from service.kit.text import is_plain
from service.problems import Invalid, NotFound, problems
from service.releases import queries, trend
from service.releases.aggregates import outcome, side_by_side
from service.releases.aggregates.schemas import ComparisonOut, DriversOut, HeatMapOut, SeriesOut, TrendOut
from service.releases.benchmarks import queries as benchmarks
from service.releases.problems import PageNeedsToken, WithdrawnRelease
from service.releases.reading import (
    NOT_MODIFIED,
    AggregateReader,
    IfNoneMatch,
    cached_as,
    etag_of,
    marked,
    readable,
    tag_of,
)
from service.releases.release_state import KEPT
from service.releases.schemas import ReleaseDetail
from service.releases.tables import Release
from service.tenants.presented import shows_token
from service.tenants.principals import Principal, Transaction

router = api_router()
MOST_WAVES = 104
_NODE = re.compile(r"[0-9]{1,9}", re.ASCII)
Campaign = Annotated[UUID, Query(description="id of the campaign")]
UnitName = Annotated[str | None, Query(max_length=200, description="external id of a unit; else the topmost")]
Kind = Annotated[Literal["item", "scale", "index"] | None, Query()]


def _printable(name: str, text: str | None) -> str | None:
    if text is not None and not is_plain(text):
        raise Invalid(faults=[ParameterFault(name, "query", "must not hold control characters")])
    return text


async def _check_page(request: Request, caller: Principal, tx: Transaction) -> None:
    """Of a page in a browser: its origin must be allowed, and it has no more than a token of a unit to lose.

    Raises OriginNotAllowed, PageNeedsToken.
    """
    origins: Origins = request.app.state.origins
    if origins.is_foreign(request.scope):
        await origins.check(request.scope, caller.tenant_id, tx)
        if caller.unit is None or not shows_token(request):
            raise PageNeedsToken


async def _release(
    caller: AggregateReader, tx: Transaction, release: Annotated[UUID, Query(description="id of the release")]
) -> Release:
    return readable(await queries.release(tx, caller, release))


ReleaseAsked = Annotated[Release, Depends(_release)]


def _answer(body: str, headers: dict[str, str]) -> Response:
    return Response(body, headers=headers, media_type="application/json")


@router.get(
    "/aggregates/latest",
    operation_id="aggregates.latest",
    dependencies=[KEPT],
    response_model=ReleaseDetail,
    responses=NOT_MODIFIED | problems(NotFound, Invalid),
)
async def get_latest(
    caller: AggregateReader, tx: Transaction, campaign: Campaign, if_none_match: IfNoneMatch = None
) -> Response:
    """The newest wave's own release of a campaign: published, not withdrawn. 404 where there is none yet.

    Its cells are those of `/v1/releases/{id}/cells`.
    """
    release, _ = await _latest(tx, caller, campaign)
    is_whole = caller.unit is None
    headers = cached_as(release, etag_of(release, "latest", str(is_whole)))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    return _answer(ReleaseDetail.of(release, whole=is_whole).model_dump_json(), headers)


async def _latest(tx: Transaction, caller: AggregateReader, campaign: UUID) -> tuple[Release, int]:
    """The newest wave's own release, and the number of the wave. Raises NotFound."""
    found = await trend.releases_of(tx, caller, campaign, 1)
    if not found:
        raise NotFound
    return await queries.release(tx, caller, found[0].release_id), found[0].wave_number


@router.get(
    "/aggregates/drivers",
    operation_id="aggregates.drivers",
    dependencies=[KEPT],
    response_model=DriversOut,
    responses=NOT_MODIFIED | problems(NotFound, Invalid),
)
async def get_drivers(
    caller: AggregateReader, tx: Transaction, campaign: Campaign, if_none_match: IfNoneMatch = None
) -> Response:
    """What goes with the outcome in the newest wave's own release: relative weights of scales, of everybody together.

    They show no cause. 404 where there is no release yet; `withheld` where the release tells none, and in a key of a
    unit, which is told nothing of everybody together.
    """
    release, wave_number = await _latest(tx, caller, campaign)
    is_whole = caller.unit is None
    headers = cached_as(release, etag_of(release, "drivers", str(is_whole)))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    return _answer(outcome.drivers(release, wave_number, whole=is_whole).model_dump_json(), headers)


@router.get(
    "/aggregates/trend",
    operation_id="aggregates.trend",
    dependencies=[KEPT],
    response_model=TrendOut,
    responses=NOT_MODIFIED | problems(NotFound, Invalid, OriginNotAllowed, PageNeedsToken),
)
async def get_trend(
    request: Request,
    caller: AggregateReader,
    tx: Transaction,
    campaign: Campaign,
    unit: UnitName = None,
    measure: Annotated[str | None, Query(max_length=63, description="id of an item, scale or index")] = None,
    kind: Kind = None,
    waves: Annotated[int, Query(ge=1, le=MOST_WAVES, description="the last so many")] = 12,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The means of a unit wave after wave, with how they changed: interval and test are made of what cells show.

    Of the waves' own releases, not of recuts or interim results; a withdrawn one is left out. A wave in which a mean
    is withheld is a point that says so. 404 where there is no release yet.
    """
    await _check_page(request, caller, tx)
    wanted = trend.Wanted(_printable("unit", unit), _printable("measure", measure), kind)
    releases = await trend.releases_of(tx, caller, campaign, waves)
    if not releases:  # nor does whoever may not read them learn that there is such a campaign
        raise NotFound
    asked = marked(unit, measure, kind, *(caller.unit or ()))
    headers = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept"}
    headers["ETag"] = tag_of("trend", str(campaign), *asked, "of", *(one.digest for one in releases))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    found = await trend.trend(tx, caller, releases, wanted)
    body = TrendOut(campaign_id=campaign, series=[SeriesOut.of(series) for series in found])
    return _answer(body.model_dump_json(), headers)


# Not kept in memory: a benchmark may change, and no release tells of it.
@router.get(
    "/aggregates/comparison",
    operation_id="aggregates.comparison",
    response_model=ComparisonOut,
    responses=NOT_MODIFIED | problems(NotFound, Invalid, WithdrawnRelease),
)
async def get_comparison(
    release: ReleaseAsked,
    caller: AggregateReader,
    tx: Transaction,
    unit: UnitName = None,
    kind: Kind = None,
    benchmark: Annotated[str | None, Query(max_length=63, description="name of a set of uploaded figures")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Each mean of a unit beside that of the unit above and of the topmost, with the differences as they are shown.

    With a `benchmark` also beside what the organisation has uploaded.
    """
    uploaded = await _benchmark(tx, caller, benchmark)
    asked = marked(_printable("unit", unit), kind, json.dumps(uploaded, sort_keys=True))
    headers = cached_as(release, etag_of(release, "comparison", *asked, *(caller.unit or ())))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    one = await side_by_side.place(tx, release, caller.unit, unit)
    found = await side_by_side.comparison(tx, release, caller.unit, one, uploaded, kind)
    body = ComparisonOut(
        release_id=release.release_id, source=one.source, unit=one.unit, unit_name=one.unit_name, data=found
    )
    return _answer(body.model_dump_json(), headers)


async def _benchmark(tx: Transaction, caller: AggregateReader, name: str | None) -> dict[str, Any]:
    """Uploaded figures by measure. Raises Invalid for a set that is not there."""
    if name is None:
        return {}
    try:
        return (await benchmarks.benchmark(tx, caller, name)).figures
    except NotFound:
        raise Invalid(faults=[ParameterFault("benchmark", "query", "is not the name of a set")]) from None


@router.get(
    "/aggregates/heat-map",
    operation_id="aggregates.heat_map",
    dependencies=[KEPT],
    response_model=HeatMapOut,
    responses=NOT_MODIFIED | problems(NotFound, Invalid, WithdrawnRelease),
)
async def get_heat_map(
    request: Request,
    release: ReleaseAsked,
    caller: AggregateReader,
    tx: Transaction,
    kind: Kind = "scale",
    under: Annotated[
        str | None, Query(max_length=200, description="external id of a unit: those directly below it; else all")
    ] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Units by measures: means and favourable shares, or `withheld`. Pages go by units."""
    asked = marked(_printable("under", under), kind, str(limit), cursor, *(caller.unit or ()))
    headers = cached_as(release, etag_of(release, "heat-map", *asked))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    top = None if under is None else await side_by_side.place(tx, release, caller.unit, under, "under")
    found = await side_by_side.listed(tx, release, caller.unit, top, _position(cursor), limit + 1)
    page = page_of(found, limit, key=lambda row: str(row.node), show=lambda row: row)
    shown = await side_by_side.columns(tx, release, kind)
    rows = await side_by_side.heat_rows(tx, release, page.rows, shown)
    response = Response(media_type="application/json", headers=headers)
    body = HeatMapOut(
        release_id=release.release_id,
        columns=side_by_side.heat_columns(release, shown),
        data=rows,
        next=link_next(request, response, page),
    )
    response.body = body.model_dump_json().encode()
    response.headers["Content-Length"] = str(len(response.body))
    return response


def _position(cursor: str | None) -> int:
    key = key_behind(cursor)
    if key is None:
        return -1
    if not _NODE.fullmatch(key):
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")])
    return int(key)
