"""Rows on the disk: what a refused one costs, and what one tenant's key can take of what is there for all."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from service.kit.lines import FAULTS_KEPT, Row
from service.kit.reasons import Fault
from service.kit.room import Room
from service.people import room, spool
from service.people.schemas import OrgUnitIn, PersonIn
from service.people.spool import Spool, Spooling
from service.problems import TooLarge
from tests.fixtures.house import House, TenantUnderTest
from tests.make.people import LINES, counts, headers_of, organised, person, put_lines, stored
from tests.make.people_files import FIRST, lines, post
from tests.make.wire import Sent, ask, problem, raw
from tests.make.world import ok

WRONG = (Fault("/external_id", "is required"), Fault("/unit", "is required"))
ANN = PersonIn.model_validate(person("E1", name="Ann", dimensions={"site": "lyon"}))


@pytest.fixture
def org(tenant: TenantUnderTest) -> TenantUnderTest:
    return organised(tenant)


def kept(*rows: Row[PersonIn]) -> list[Row[PersonIn]]:
    """The rows as they are read back."""

    async def given() -> AsyncIterator[Row[PersonIn]]:
        for row in rows:
            yield row

    async def go() -> list[Row[PersonIn]]:
        with Spool(TypeAdapter(PersonIn), Spooling(), uuid4(), skip=True) as spooled:
            await spooled.take(given())
            return [row async for row in spooled]

    return asyncio.run(go())


def test_a_row_is_read_back_as_it_came() -> None:
    rows: list[Row[PersonIn]] = [Row(0, ANN), Row(1, None, WRONG), Row(2, ANN)]
    assert kept(*rows) == rows


def test_a_refused_row_takes_hardly_any_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte beyond the reasons that are told; however many faults a row has, no more than 200 are kept."""
    many = 30_000
    monkeypatch.setattr(spool, "LIMIT", 2 * many)
    refused: list[Row[PersonIn]] = [Row(number, None, WRONG) for number in range(many)]
    back = kept(*refused, Row(many, ANN))
    assert back[: FAULTS_KEPT // 2] == refused[: FAULTS_KEPT // 2]
    assert back[FAULTS_KEPT // 2 : many] == [Row(number, None) for number in range(FAULTS_KEPT // 2, many)]
    assert back[many:] == [Row(many, ANN)]
    (one,) = kept(Row(0, None, WRONG * many))
    assert one.faults == WRONG * (FAULTS_KEPT // 2)


def test_a_value_takes_no_more_room_than_it_was_sent_in(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = json.dumps(person("E1"), separators=(",", ":"))
    monkeypatch.setattr(spool, "LIMIT", 1000 * (len(sent) + 1))
    row = PersonIn.model_validate_json(sent)
    assert len(kept(*(Row(number, row) for number in range(1000)))) == 1000
    with pytest.raises(TooLarge):
        kept(*(Row(number, row) for number in range(1001)))


def test_how_many_rows_a_call_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROWS_LIMIT", 100)
    assert len(kept(*(Row(number, None, WRONG) for number in range(100)))) == 100
    with pytest.raises(TooLarge):
        kept(*(Row(number, None, WRONG) for number in range(101)))


@pytest.mark.parametrize("path", ["/v1/people", "/v1/org-units"])
def test_every_refused_row_is_counted(org: TenantUnderTest, path: str) -> None:
    good = {"external_id": "E1"} | ({"unit": "A"} if path == "/v1/people" else {"name": "E1"})
    assert (PersonIn if path == "/v1/people" else OrgUnitIn).model_validate(good)
    line = json.dumps(good).encode() + b"\n"
    body = [b"{}\n" * 3 * FAULTS_KEPT, line, b"{}\n" * 10, line]
    headers = headers_of(org, LINES.encode())
    answer = raw(org.house, "PUT", f"{path}?on_error=skip", headers=headers, chunks=body)
    assert counts(answer) == (1, 0, 0, 3 * FAULTS_KEPT + 10 + 1)
    assert len(answer.json()["refusals"]) == FAULTS_KEPT


def long_rows(*, until: asyncio.Event | None = None, at: asyncio.Event | None = None) -> Iterator[Any]:
    """More of them than lie in memory."""
    yield "".join(json.dumps(person(f"E{number}")) + "\n" for number in range(100)).encode()
    if at is not None and until is not None:
        at.set()
        yield until.wait()


def sending(tenant: TenantUnderTest, chunks: Iterator[bytes | Awaitable[object]]) -> Any:
    headers = headers_of(tenant, LINES.encode())
    return ask(tenant.house.client.app, "PUT", "/v1/people", headers=headers, chunks=chunks)


def test_a_tenant_sends_one_long_call_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    org, other = organised(house.tenant()), organised(house.tenant())
    short = json.dumps(person("S1")).encode()

    async def crowd() -> list[Sent]:
        until, at = asyncio.Event(), asyncio.Event()
        first = asyncio.ensure_future(sending(org, long_rows(until=until, at=at)))
        began = asyncio.ensure_future(at.wait())
        await asyncio.wait({began, first}, return_when=asyncio.FIRST_COMPLETED)
        refused = await sending(org, long_rows())
        beside = [await sending(org, iter([short])), await sending(other, long_rows())]
        until.set()
        return [refused, *beside, await first, await sending(org, long_rows())]

    refused, *done = house.run(crowd)
    problem(refused, 503, "busy")
    assert refused.headers["retry-after"] == "10"
    assert [counts(answer)[:3] for answer in done] == [(1, 0, 0), (100, 0, 0), (100, 0, 0), (0, 0, 100)]


def test_no_tenant_takes_more_than_half_of_the_room() -> None:
    assert room.OF_ROWS >= 2 * spool.LIMIT


def test_rows_take_no_room_of_files_nor_files_of_rows(org: TenantUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    monkeypatch.setattr(room, "ROWS", Room(0))
    problem(put_lines(org, long_rows()), 503, "busy")
    assert stored(org) == []
    assert ok(post(org, lines(*FIRST)), 201)["counts"]["joiners"] == 3
    monkeypatch.undo()
    monkeypatch.setattr(spool, "IN_MEMORY", 1000)
    monkeypatch.setattr(room, "FILES", Room(0))
    problem(post(org, lines(*FIRST)), 503, "importers-busy")
    assert counts(put_lines(org, long_rows()))[3] == 0
