"""Fifty calls at once under one Idempotency-Key have one effect (RELIABILITY 8); one that is cut off has none."""

import asyncio
import json
from typing import Any

import pytest

from service.kit import repeats
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import Sent, ask, problem

AT_ONCE = 50
BODY = json.dumps({"document": {"key": "unfinished"}}).encode()


def headers_of(tenant: TenantUnderTest) -> dict[str, bytes]:
    return {
        "authorization": b"Bearer " + tenant.keys["questionnaires:write"].encode(),
        "content-type": b"application/json",
        "idempotency-key": b"one of fifty",
    }


async def many(house: House, tenant: TenantUnderTest, times: int) -> list[Sent]:
    app: Any = house.client.app
    calls = (
        ask(app, "POST", "/v1/questionnaire-drafts", headers=headers_of(tenant), chunks=[BODY]) for _ in range(times)
    )
    return list(await asyncio.gather(*calls))


def drafts(tenant: TenantUnderTest) -> int:
    ((count,),) = tenant.sql("SELECT count(*) FROM questionnaire_draft")
    return int(count)


def test_fifty_at_once_have_one_effect(tenant: TenantUnderTest) -> None:
    answers: list[Sent] = tenant.house.run(many, tenant.house, tenant, AT_ONCE)
    assert drafts(tenant) == 1
    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert len({answer.content for answer in done}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in done].count(None) == 1
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "idempotency-in-flight")
            assert answer.headers["retry-after"] == "1"
    (again,) = tenant.house.run(many, tenant.house, tenant, 1)
    assert again.content == done[0].content
    assert drafts(tenant) == 1


def test_the_second_is_told_at_once_that_the_first_is_under_way(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is held while it keeps its reply: until it has committed, the second must neither wait nor be done."""
    house = tenant.house
    keep = repeats.keep

    async def go() -> tuple[Sent, Sent, Sent]:
        reached, free = asyncio.Event(), asyncio.Event()

        async def slowly(*given: Any) -> None:
            reached.set()
            await free.wait()
            await keep(*given)

        monkeypatch.setattr(repeats, "keep", slowly)
        first = asyncio.create_task(many(house, tenant, 1))
        await reached.wait()
        (second,) = await asyncio.wait_for(many(house, tenant, 1), 5)
        free.set()
        (one,) = await first
        (third,) = await many(house, tenant, 1)
        return one, second, third

    first, second, third = house.run(go)
    assert first.status_code == 201
    problem(second, 409, "idempotency-in-flight")
    assert third.content == first.content
    assert drafts(tenant) == 1


def test_without_the_lock_the_primary_key_has_the_last_word(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The defect that the lock is there for, made: still one effect, and the others are told to ask again."""
    monkeypatch.setattr(repeats, "claim", repeats.look)
    answers: list[Sent] = tenant.house.run(many, tenant.house, tenant, AT_ONCE)
    assert drafts(tenant) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}


def test_one_that_fails_before_its_commit_has_no_effect_and_no_reply(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process dies there: the same key may be tried again, and then it is done."""
    house = tenant.house
    keep = repeats.keep

    async def cut_off(*given: Any) -> None:
        await keep(*given)
        raise asyncio.CancelledError

    async def go() -> Sent:
        with monkeypatch.context() as patch:
            patch.setattr(repeats, "keep", cut_off)
            task = asyncio.create_task(many(house, tenant, 1))
            with pytest.raises(asyncio.CancelledError):
                await task
        (sent,) = await many(house, tenant, 1)
        return sent

    answer: Sent = house.run(go)
    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers
    assert drafts(tenant) == 1
