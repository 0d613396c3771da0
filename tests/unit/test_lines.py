"""Rows out of a request: the same from an array and from lines, however the bytes are cut."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.types import Message

from service.kit import lines
from service.kit.lines import ARRAY_LIMIT, FAULTS_KEPT, LINE_LIMIT, Refusals, Row, documented, rows
from service.kit.reasons import Fault
from service.problems import Invalid, Malformed, Problem, TooLarge, UnsupportedMediaType


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str


LINES, ARRAY = "application/x-ndjson", "application/json"


def read(chunks: Iterable[bytes], kind: str = LINES) -> list[Row[Thing]]:
    """The rows of a request whose body comes in these chunks."""
    rest = iter(chunks)

    async def receive() -> Message:
        chunk = next(rest, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def go() -> list[Row[Thing]]:
        scope: dict[str, Any] = {"type": "http", "method": "PUT", "headers": [(b"content-type", kind.encode())]}
        return [row async for row in rows(Request(scope, receive), Thing)]

    return asyncio.run(go())


def names(found: list[Row[Thing]]) -> list[str | None]:
    assert [row.index for row in found] == list(range(len(found)))
    return [row.value.name if row.value else None for row in found]


BODY = '{"name":"a"}\n\n  {"name":"é🂡"}\r\n{"name":"c"}'.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 1000])
def test_lines_do_not_depend_on_how_the_bytes_are_cut(size: int) -> None:
    chunks = [BODY[at : at + size] for at in range(0, len(BODY), size)]
    assert names(read(chunks)) == ["a", "é🂡", "c"]
    assert names(read([*chunks, b"\n", b"\n"])) == ["a", "é🂡", "c"]


def test_an_array_is_the_same() -> None:
    text = json.dumps([{"name": name} for name in "abc"]).encode()
    assert names(read([text[:5], text[5:]], ARRAY)) == ["a", "b", "c"]
    assert read([b"[]"], ARRAY) == read([b""]) == read([b"\n \n"]) == []


@pytest.mark.parametrize("kind", [LINES, "application/ndjson", "APPLICATION/JSONL", f"{LINES}; charset=utf-8"])
def test_every_name_of_the_lines_format(kind: str) -> None:
    assert names(read([BODY], kind)) == ["a", "é🂡", "c"]


@pytest.mark.parametrize(
    "kind", ["", "text/csv", "application/jsonx", "application/x-ndjson+x", "text/plain;application/json"]
)
def test_another_format_is_refused(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        read([BODY], kind)


def test_a_bad_row_is_told_and_the_others_come() -> None:
    body = b'{"name":"a"}\n{"name":5}\n{"name":"b","x":1,"query":1}\n[1]\n"x"\n{"name":"c"}'
    expected: list[tuple[Fault, ...]] = [
        (),
        (Fault("/name", "must be a string"),),
        (Fault("/x", "is not a known field"), Fault("/query", "is not a known field")),
        (Fault("", "must be an object"),),
        (Fault("", "must be an object"),),
        (),
    ]
    array = b"[" + body.replace(b"\n", b",") + b"]"
    for found in (read([body]), read([array], ARRAY)):
        assert names(found) == ["a", None, None, None, None, "c"]
        assert [row.faults for row in found] == expected


UNREADABLE = [
    b"{",
    b'{"name":"a"}{"name":"b"}',
    b'{"name":"\xff"}',
    b'{"name":NaN}',
    b"[" * 5000,
    b"\x00",
    b"nul",
    b"{'a':1}",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_not_json_ends_it(text: bytes) -> None:
    for body, kind in ((b'{"name":"a"}\n' + text, LINES), (text, LINES), (b"[" + text + b"]", ARRAY), (text, ARRAY)):
        with pytest.raises(Problem) as refused:
            read([body], kind)
        assert isinstance(refused.value, Malformed | Invalid)
        assert not refused.value.__cause__
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("text", [b"{}", b'"x"', b"5", b"null", b'{"0":{"name":"a"}}'])
def test_what_is_no_array_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read([text], ARRAY)
    assert refused.value.faults == (Fault("", "must be a list"),)
    assert "application/x-ndjson" in str(refused.value.detail)


def test_lines_that_were_sent_as_an_array_are_told_their_media_type() -> None:
    with pytest.raises(Malformed) as refused:
        read([BODY], ARRAY)
    assert "application/x-ndjson" in str(refused.value.detail)


def padded(length: int) -> bytes:
    return b'{"name":"a"}'.ljust(length)


@pytest.mark.parametrize("cut", [1, 1000, LINE_LIMIT, LINE_LIMIT + 1])
def test_the_longest_line(cut: int) -> None:
    fits = padded(LINE_LIMIT)
    assert names(read([fits[:cut], fits[cut:], b"\n", fits])) == ["a", "a"]
    long = padded(LINE_LIMIT + 1)
    for body in (
        [long[:cut], long[cut:]],
        [long[:cut], long[cut:] + b"\n"],
        [fits + b"\n" + long[:cut], long[cut:], b"\n"],
    ):
        with pytest.raises(TooLarge):
            read(body)


def test_the_longest_array() -> None:
    text = b"[" + padded(ARRAY_LIMIT - 2) + b"]"
    assert names(read([text[:7], text[7:]], ARRAY)) == ["a"]
    with pytest.raises(TooLarge):
        read([b" " * 2, text[:-1]], ARRAY)


def test_whatever_is_sent_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank lines count as well, and are taken no further than to there."""
    assert lines.LINES_LIMIT == 256 << 20
    monkeypatch.setattr(lines, "LINES_LIMIT", 1000)
    blank = b" " * 99 + b"\n"
    assert names(read([b'{"name":"a"}'.ljust(99) + b"\n", *[blank] * 9])) == ["a"]
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield blank

    with pytest.raises(TooLarge):
        read(chunks())
    assert taken == 11


def test_without_skip_everything_that_was_refused_is_told_at_the_end() -> None:
    refusals = Refusals(skip=False)
    refusals.settle()
    refusals.add(3, [Fault("/a", "is required"), Fault("", "must be an object")])
    refusals.add(5, [Fault("/b/0", "is required")])
    with pytest.raises(Invalid) as refused:
        refusals.settle()
    assert refused.value.faults == (
        Fault("/3/a", "is required"), Fault("/3", "must be an object"), Fault("/5/b/0", "is required"),
    )  # fmt: skip


def test_without_skip_the_call_ends_once_enough_is_told() -> None:
    refusals = Refusals(skip=False)
    for index in range(FAULTS_KEPT - 1):
        refusals.add(index, [Fault("", "is wrong")])
    with pytest.raises(Invalid) as refused:
        refusals.add(FAULTS_KEPT, [Fault("", "is wrong"), Fault("", "is wrong")])
    assert len(refused.value.faults) == FAULTS_KEPT


def test_with_skip_rows_are_counted_and_few_are_told() -> None:
    refusals = Refusals(skip=True)
    for index in range(10 * FAULTS_KEPT):
        refusals.add(index, [Fault("/a", "is wrong"), Fault("/b", "is wrong")])
    refusals.settle()
    assert (refusals.rows, len(refusals.faults)) == (10 * FAULTS_KEPT, FAULTS_KEPT)


def test_both_formats_are_documented() -> None:
    content = documented(Thing)["requestBody"]["content"]
    assert content["application/json"]["schema"]["items"] == content["application/x-ndjson"]["schema"]
    assert content["application/x-ndjson"]["schema"] == {"$ref": "#/components/schemas/Thing"}
