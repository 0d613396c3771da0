"""Tokens of pages: ours come back as they were, and no other is followed."""

import json
from typing import Any

import pytest
from sqlalchemy import column

from service.kit.crypto import bytes_of, text_of
from service.odata.model import Edm
from service.odata.paging import Along, Position, position_of, token_of
from service.odata.refusals import Refused

ALONG = (Along(column("node"), Edm.integer), Along(column("name"), Edm.text, is_nullable=True))


def forged(values: list[Any]) -> str:
    """A token of ours with other values in it."""
    mark, left, _ = json.loads(bytes_of(token_of(Position((1, "a"), None), "Scores", {})))
    return text_of(json.dumps([mark, left, values]).encode())


def test_a_token_comes_back_as_it_was() -> None:
    token = token_of(Position((7, "é"), 3), "Scores", {})
    assert position_of(token, "Scores", {}, ALONG) == Position((7, "é"), 3)
    assert position_of(forged([2**31 - 1, None]), "Scores", {}, ALONG).values == (2**31 - 1, None)


@pytest.mark.parametrize(
    "values",
    [[-1, "a"], [-(2**31), "a"], [2**31, "a"], [True, "a"], [1.0, "a"], [None, "a"], [1, "\0"], [1, "\ud800"], [1]],
)
def test_a_place_that_is_none_is_refused(values: list[Any]) -> None:
    with pytest.raises(Refused):
        position_of(forged(values), "Scores", {}, ALONG)


@pytest.mark.parametrize("raw", [b"[" * 3000, b"{}", b"[1,2]", b"\xff", b""])
def test_what_is_no_token_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused):
        position_of(text_of(raw), "Scores", {}, ALONG)
