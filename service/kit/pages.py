"""Lists in pages: an opaque cursor behind the last row's key, `Link: rel="next"`, never an offset."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query, Request, Response

from service.kit.crypto import bytes_of, text_of
from service.kit.reasons import ParameterFault
from service.problems import Invalid

LIMIT = 500
R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page and the key after which the next one starts, if there is one."""

    rows: list[T]
    next_key: str | None


def page_of(found: Sequence[R], limit: int, *, key: Callable[[R], str], show: Callable[[R], T]) -> Page[T]:
    """A page out of a query that asked for one row more than `limit`."""
    shown = found[:limit]
    return Page([show(row) for row in shown], key(shown[-1]) if len(found) > limit else None)


Limit = Annotated[int, Query(ge=1, le=LIMIT, description="rows in a page")]
Cursor = Annotated[str | None, Query(max_length=200, description="opaque; from the `next` link of the page before")]


def key_behind(cursor: str | None) -> str | None:
    """The key in a cursor. Raises Invalid."""
    if cursor is None:
        return None
    try:
        return bytes_of(cursor).decode("utf-8")
    except ValueError:
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")]) from None


def uuid_behind(cursor: str | None) -> UUID | None:
    """The id in a cursor. Raises Invalid."""
    key = key_behind(cursor)
    try:
        return UUID(key) if key is not None else None
    except ValueError:
        raise Invalid(faults=[ParameterFault("cursor", "query", "is not a cursor of ours")]) from None


def link_next(request: Request, response: Response, page: Page[Any]) -> str | None:
    """Set the `Link` header; the next page's cursor, for the body."""
    if page.next_key is None:
        return None
    cursor = text_of(page.next_key.encode())
    # Relative, so that it holds behind any proxy.
    query = request.query_params.multi_items()
    pairs = [(name, value) for name, value in query if name != "cursor"]
    url = request.url.replace(query="").include_query_params(**dict([*pairs, ("cursor", cursor)]))
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return cursor
