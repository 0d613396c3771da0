"""Pages: a cursor that is opaque and checked, a link that keeps the rest of the query."""

from typing import Any
from uuid import UUID

import pytest
from fastapi import Request, Response

from service.kit.crypto import text_of
from service.kit.pages import Page, key_behind, link_next, page_of, uuid_behind
from service.kit.reasons import ParameterFault
from service.problems import Invalid


def page(found: list[int], limit: int) -> Page[str]:
    return page_of(found, limit, key=lambda row: f"key {row}", show=lambda row: f"row {row}")


@pytest.mark.parametrize(
    ("found", "shown", "next_key"),
    [
        ([], [], None),
        ([1], ["row 1"], None),
        ([1, 2], ["row 1", "row 2"], None),
        ([1, 2, 3], ["row 1", "row 2"], "key 2"),
    ],
)
def test_one_row_more_than_asked_for_says_that_there_is_more(
    found: list[int], shown: list[str], next_key: str | None
) -> None:
    assert page(found, 2) == Page(shown, next_key)


def asked(query: str) -> Request:
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "scheme": "http", "server": ("pouls.test", 80), "path": "/v1/x", "headers": [],
        "query_string": query.encode(), "root_path": "",
    }  # fmt: skip
    return Request(scope)


def test_the_last_page_has_no_link() -> None:
    response = Response()
    assert link_next(asked("limit=2"), response, Page([], None)) is None
    assert "link" not in response.headers


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("limit=2", "limit=2&"),
        ("limit=2&cursor=old", "limit=2&"),
        ("cursor=old&unit=a%26b%3D%22%3E", "unit=a%26b%3D%22%3E&"),
        ("unit=%C3%A9", "unit=%C3%A9&"),
    ],
)
def test_the_link_keeps_the_query_and_replaces_the_cursor(query: str, kept: str) -> None:
    response = Response()
    cursor = link_next(asked(query), response, Page([], "key é"))
    assert cursor == text_of("key é".encode())
    assert response.headers["link"] == f'</v1/x?{kept}cursor={cursor}>; rel="next"'
    assert key_behind(cursor) == "key é"


def test_no_cursor_is_the_beginning() -> None:
    assert key_behind(None) is None
    assert uuid_behind(None) is None


@pytest.mark.parametrize("cursor", ["x", "A", "AB", "%00", "_w", "a b", "é", "AA==", "\x00", "gA"])
def test_a_cursor_that_we_did_not_write_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        key_behind(cursor)
    assert refused.value.faults == (ParameterFault("cursor", "query", "is not a cursor of ours"),)


@pytest.mark.parametrize("key", ["", "5", "not an id", "01890000-0000-7000-8000-00000000000", "\x00"])
def test_a_key_that_is_no_id_is_refused(key: str) -> None:
    with pytest.raises(Invalid) as refused:
        uuid_behind(text_of(key.encode()))
    assert refused.value.faults == (ParameterFault("cursor", "query", "is not a cursor of ours"),)


def test_an_id_comes_back() -> None:
    assert uuid_behind(text_of(str(UUID(int=5)).encode())) == UUID(int=5)
