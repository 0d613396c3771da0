"""What people wrote, for whoever may read aggregates."""

from typing import Annotated

from fastapi import Query, Request, Response

from service.kit.etags import held
from service.kit.pages import Cursor, Limit, link_next, page_of, uuid_behind
from service.kit.reasons import ParameterFault
from service.kit.strict import api_router
from service.kit.text import is_plain
from service.problems import Invalid, NotFound, problems
from service.releases import comment_rows
from service.releases.comment_schemas import CommentOut, CommentPage
from service.releases.problems import WithdrawnRelease
from service.releases.reading import (
    NOT_MODIFIED,
    AggregateReader,
    IfNoneMatch,
    ReleaseToRead,
    cached_as,
    etag_of,
    marked,
)
from service.releases.release_state import KEPT
from service.tenants.principals import Transaction

router = api_router()


@router.get(
    "/releases/{release_id}/comments",
    operation_id="releases.comments",
    dependencies=[KEPT],
    response_model=CommentPage,
    responses=NOT_MODIFIED | problems(NotFound, Invalid, WithdrawnRelease),
)
async def list_comments(
    request: Request,
    release: ReleaseToRead,
    caller: AggregateReader,
    tx: Transaction,
    item: Annotated[str | None, Query(max_length=63, description="id of a text item")] = None,
    unit: Annotated[str | None, Query(max_length=200, description="external id of a unit")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Comments, where the campaign's contract says that they are published: a row each, in random order.

    Each comment is shown once, at the lowest unit that shows k authors' or more, not counting those shown further
    down; how many comments a unit has is how many people wrote them. A unit that shows none on an item is one row,
    `withheld`: whatever its people wrote stands at the next unit above that shows comments, or nowhere where no unit
    does. No row says when or by whom it was written, or what else its author answered. A recut has none.
    """
    for name, text in (("item", item), ("unit", unit)):
        if text is not None and not is_plain(text):
            raise Invalid(faults=[ParameterFault(name, "query", "must not hold control characters")])
    asked = marked(item, unit, *(caller.unit or ()), str(limit), cursor)
    headers = cached_as(release, etag_of(release, "comments", *asked))
    if held(headers["ETag"], if_none_match):
        return Response(status_code=304, headers=headers)
    found = await comment_rows.page(tx, release, caller.unit, item, unit, uuid_behind(cursor), limit + 1)
    page = page_of(found, limit, key=lambda row: str(row.comment_id), show=CommentOut.of)
    response = Response(media_type="application/json", headers=headers)
    response.body = CommentPage(data=page.rows, next=link_next(request, response, page)).model_dump_json().encode()
    response.headers["Content-Length"] = str(len(response.body))
    return response
