"""Whatever a request is: changed anywhere it is another one; whatever a reply is: it comes again byte for byte."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from fastapi import Request, Response
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from service.kit import repeats
from service.kit.idempotency import attempt, response_of
from service.kit.repeats import Ask, IdempotencyMismatch, Repeats, Reply
from tests.fixtures.house import House

APP = SimpleNamespace(state=SimpleNamespace(repeats=Repeats(bytes(32))))
TENANT, HOLDER = UUID(int=1), UUID(int=2)
FIELDS = ("method", "path", "query", "type", "if_match", "body")
text_in_header = st.binary(max_size=12).map(lambda raw: bytes(32 + byte % 95 for byte in raw))
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from([b"POST", b"PUT", b"PATCH", b"DELETE"]),
        "path": text_in_header.map(lambda raw: b"/v1/" + raw),
        "query": text_in_header,
        "type": text_in_header,
        "if_match": text_in_header,
        "body": st.lists(st.binary(max_size=40), max_size=4),
    }
)


def named(request: dict[str, Any]) -> Ask:
    """What the service makes of a request."""
    rest = iter(request["body"])

    async def receive() -> Message:
        chunk = next(rest, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    headers = [(b"idempotency-key", b"k"), (b"content-type", request["type"]), (b"if-match", request["if_match"])]
    scope = {
        "type": "http", "method": request["method"].decode(), "path": request["path"].decode(),
        "raw_path": request["path"], "query_string": request["query"], "headers": headers, "app": APP,
    }  # fmt: skip

    async def go() -> Ask:
        found = attempt(Request(scope, receive))
        assert found is not None
        async for _ in Request(scope, found.receive).stream():
            pass
        return found.ask(TENANT, HOLDER)

    return asyncio.run(go())


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one | {"body": b"".join(one["body"])} == other | {"body": b"".join(other["body"])}


@given(one=requests, other=requests, field=st.sampled_from(FIELDS))
@settings(max_examples=200, deadline=None)
def test_a_request_changed_anywhere_is_another(one: dict[str, Any], other: dict[str, Any], field: str) -> None:
    changed = one | {field: other[field]}
    assert (named(one) == named(changed)) == same(one, changed)
    assert named(one).key == named(changed).key


@given(one=requests, data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_stands_between_two_parts_counts(one: dict[str, Any], data: st.DataObject) -> None:
    """A letter that moves from one part to the next makes another request, though all letters are the same."""
    pairs = [("path", "query"), ("query", "type"), ("type", "if_match")]
    first, second = data.draw(st.sampled_from(pairs))
    assume(len(one[first]) > 4)
    moved = one | {first: one[first][:-1], second: one[first][-1:] + one[second]}
    assert named(moved) != named(one)


headers = st.lists(
    st.tuples(
        st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=["Cc"]), max_size=30),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def tenant_id(house: House) -> UUID:
    return house.tenant().tenant_id


@given(status=st.sampled_from([200, 201, 202, 204]), pairs=headers, body=st.binary(max_size=3000), other=requests)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_reply_comes_again_byte_for_byte(
    house: House, tenant_id: UUID, status: int, pairs: list[tuple[str, str]], body: bytes, other: dict[str, Any]
) -> None:
    sent = Response(body, status)
    sent.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    now = datetime.now(UTC)
    ask = replace(named(other), tenant=tenant_id)
    mutated = replace(ask, request=bytes(16))
    database = house.client.app.state.database  # type: ignore[attr-defined]  # Starlette types the app as a callable

    async def go() -> tuple[Reply | None, Reply | None]:
        async with database.transaction(tenant_id) as tx:
            before = await repeats.claim(tx, ask, now)
            await repeats.keep(tx, ask, Reply(status, pairs, body), now)
            found = await repeats.look(tx, ask, now)
            with pytest.raises(IdempotencyMismatch):
                await repeats.look(tx, mutated, now)
            await tx.rollback()
            return before, found

    before, found = house.run(go)
    assert before is None
    assert found is not None
    again = response_of(found)
    assert again.status_code == sent.status_code
    assert again.body == sent.body
    assert again.raw_headers == [*sent.raw_headers, (b"idempotency-replayed", b"true")]
