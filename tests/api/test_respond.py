"""Answering: which answers are taken, which are refused and by which place, and what a repeated submission gets."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from asyncpg.pool import PoolConnectionProxy

from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import places, problem
from tests.make.world import (
    QUESTIONNAIRE,
    REQUIRED,
    LaunchedWave,
    a_campaign,
    a_launched_wave,
    a_questionnaire,
    an_org,
    cells_of,
    codes_of,
    ok,
    post,
)

NONCE = bytes(range(16))
FULL: dict[str, Any] = {
    "load": 1, "help": 5, "place": "home", "tools": ["call"], "years": 50, "comment": "Très bien.\n\tMerci 🂡",
}  # fmt: skip


@pytest.fixture(scope="module")
def wave(house: House) -> LaunchedWave:
    """One wave for all the refusals: none of them spends its code."""
    return a_launched_wave(house.tenant())


def recorded(tenant: TenantUnderTest) -> int:
    """Responses in the database, by the batches' own counts; as many codes must be spent."""
    count = tenant.sql("SELECT coalesce(sum(response_count), 0)::int FROM sealed_batch")[0][0]
    assert count == tenant.sql("SELECT count(*) FROM spent_code")[0][0]
    return int(count)


def test_an_answer_is_acknowledged_once_it_is_committed(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    answer = wave.submit("A-0", FULL)
    assert (answer.status_code, answer.content) == (201, b'{"status":"recorded"}')
    assert answer.headers["cache-control"] == "no-store"
    assert recorded(tenant) == 1
    (row,) = tenant.sql("SELECT received_on FROM sealed_batch")
    assert row[0] == datetime.now(UTC).date()


@pytest.mark.parametrize(
    "answers",
    [{}, FULL, dict.fromkeys(FULL), {"tools": []}, {"years": 0}, {"comment": ""}, {"comment": "x" * 40}],
    ids=["nothing", "all", "nulls", "none of these", "zero", "blank", "longest text"],
)
def test_whatever_may_be_skipped_is_taken(tenant: TenantUnderTest, answers: dict[str, Any]) -> None:
    wave = a_launched_wave(tenant)
    ok(wave.submit("A-0", answers), 201)
    assert recorded(tenant) == 1


REFUSED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "point 0": ({"load": 0}, {"/answers/load": "must be between 1 and 5"}),
    "point 6": ({"load": 6}, {"/answers/load": "must be between 1 and 5"}),
    "rating as text": ({"load": "3"}, {"/answers/load": "must be an integer"}),
    "rating as a fraction": ({"load": 3.0}, {"/answers/load": "must be an integer"}),
    "rating as a boolean": ({"load": True}, {"/answers/load": "must be an integer"}),
    "unknown option": ({"place": "beach"}, {"/answers/place": "must be one of the item's options"}),
    "option as a list": ({"place": ["home"]}, {"/answers/place": "must be a string"}),
    "unknown choice": ({"tools": ["fax"]}, {"/answers/tools": "must hold only the item's options"}),
    "too many choices": ({"tools": ["chat", "call"]}, {"/answers/tools": "must hold at most 1 options"}),
    "choice twice": ({"tools": ["chat", "chat"]}, {"/answers/tools": "must not hold an option twice"}),
    "choice as text": ({"tools": "chat"}, {"/answers/tools": "must be a list of strings"}),
    "number too small": ({"years": -1}, {"/answers/years": "must be between 0 and 50"}),
    "number too large": ({"years": 51}, {"/answers/years": "must be between 0 and 50"}),
    "text too long": ({"comment": "x" * 41}, {"/answers/comment": "must have at most 40 characters"}),
    "text with an escape": ({"comment": "\x1b[31m"}, {"/answers/comment": "must not hold control characters"}),
    "text as a number": ({"comment": 5}, {"/answers/comment": "must be a string"}),
    "several at once": (
        {"load": 9, "place": "beach", "years": 3, "comment": "x" * 41},
        {
            "/answers/load": "must be between 1 and 5",
            "/answers/place": "must be one of the item's options",
            "/answers/comment": "must have at most 40 characters",
        },
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_answer_is_refused_by_its_place(wave: LaunchedWave, case: str) -> None:
    answers, expected = REFUSED[case]
    before = recorded(wave.tenant)
    assert places(problem(wave.submit("A-0", FULL | answers), 422, "invalid")) == expected
    assert recorded(wave.tenant) == before


@pytest.mark.parametrize("text", ["l\u2019équipe", "œuvre", "5 €", "🂡", "日本語", "\u202e", "\U0010ffff"])
def test_a_good_text_in_any_script_beside_a_wrong_answer(wave: LaunchedWave, text: str) -> None:
    told = problem(wave.submit("A-0", {"load": 6, "comment": text}), 422, "invalid")
    assert list(places(told)) == ["/answers/load"]
    told = problem(wave.submit("A-0", {"comment": f"{text}\x1b"}), 422, "invalid")
    assert places(told) == {"/answers/comment": "must not hold control characters"}


def test_an_unknown_item_is_refused(wave: LaunchedWave) -> None:
    for name in ("climate", "unknown", "Load", "load ", "", "constructor"):
        told = problem(wave.submit("A-0", FULL | {name: 1}), 422, "invalid")
        assert len(told["errors"]) == 1
        assert next(iter(places(told))).startswith("/answers")


def test_a_refused_answer_spends_nothing(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    problem(wave.submit("A-0", {"load": 6}, NONCE), 422, "invalid")
    ok(wave.submit("A-0", {"load": 5}, NONCE), 201)
    assert recorded(tenant) == 1


def test_a_required_item_can_not_be_skipped(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12})
    a_questionnaire(tenant, REQUIRED)
    campaign = a_campaign(tenant, questionnaire="strict")["id"]
    opened = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    code = codes_of(tenant, opened["id"])["A-0"]
    for answers in ({}, {"load": None}, {"help": 3}):
        told = problem(post(tenant, code, answers), 422, "invalid")
        assert places(told) == {"/answers/load": "is required"}
    ok(post(tenant, code, {"load": 3}), 201)


SHAPES: dict[str, tuple[Any, dict[str, str]]] = {
    "a list": ([], {"": "must be an object"}),
    "nothing": ({}, {"/answers": "is required", "/code": "is required", "/nonce": "is required"}),
    "one field more": ({"code": "c", "nonce": "n", "answers": {}, "wave": 1}, {"": "has a field that is not known"}),
    "wrong kinds": (
        {"code": 1, "nonce": 2, "answers": []},
        {
            "/code": "must be a string",
            "/nonce": "must be 16 random bytes in URL-safe base64 without padding",
            "/answers": "must be an object",
        },
    ),
}


@pytest.mark.parametrize("case", SHAPES)
def test_another_shape_is_refused(wave: LaunchedWave, case: str) -> None:
    body, expected = SHAPES[case]
    assert places(problem(wave.tenant.call(None, "POST", "/v1/respond", json=body), 422, "invalid")) == expected


SHORT = "A" * 21
NONCES: list[Any] = [
    "",
    "A",
    SHORT,
    SHORT + "AA",
    SHORT + "=",
    SHORT + " ",
    SHORT + "é",
    "\x00" * 22,
    " " * 22,
    None,
    5,
    [],
]


@pytest.mark.parametrize("nonce", NONCES)
def test_a_nonce_that_is_none_is_refused(wave: LaunchedWave, nonce: Any) -> None:
    body = {"code": wave.codes["A-0"], "nonce": nonce, "answers": {}}
    told = problem(wave.tenant.call(None, "POST", "/v1/respond", json=body), 422, "invalid")
    assert list(places(told)) == ["/nonce"]


def test_a_name_that_comes_twice_is_refused(wave: LaunchedWave) -> None:
    good = json.dumps({"code": wave.codes["A-0"], "nonce": "A" * 21 + "A", "answers": {"load": 1}})
    before = recorded(wave.tenant)
    for twice in ('{"answers":{},' + good[1:], good[:-2] + ',"load":1}}', good[:-2] + ',"load":2}}'):
        answer = wave.tenant.call(
            None, "POST", "/v1/respond", content=twice, headers={"content-type": "application/json"}
        )
        problem(answer, 400, "malformed")
    assert recorded(wave.tenant) == before


def test_the_same_nonce_gets_the_same_reply(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    replies = [wave.submit("A-0", {"load": 3}, NONCE) for _ in range(3)]
    # Whatever it says now: what was recorded first stays.
    replies.append(wave.submit("A-0", {"load": 1}, NONCE))
    told = {(reply.status_code, reply.content, *_told(reply)) for reply in replies}
    assert told == {(201, b'{"status":"recorded"}', *_told(replies[0]))}
    problem(wave.submit("A-0", {"load": 3}), 409, "code-spent")
    ok(wave.submit("A-1", {"load": 3}, NONCE), 201)  # a nonce belongs to its code
    assert recorded(tenant) == 2


def _told(reply: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((k, v) for k, v in reply.headers.items() if k != "x-request-id"))


def test_the_first_answer_counts(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12})
    for person in wave.codes:
        ok(wave.submit(person, {"load": 5}, NONCE), 201)
        ok(wave.submit(person, {"load": 1}, NONCE), 201)
        problem(wave.submit(person, {"load": 1}), 409, "code-spent")
    (cell,) = cells_of(tenant, wave.release()["id"], unit="TOP", measure="load", family="mean")
    assert (cell["n_from"], cell["n_to"]) == (10, 14)
    assert cell["mean"] == 4.7  # 5, clipped as a mean under 30 is


def test_a_closed_wave_takes_nothing_but_says_the_same_again(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    first = wave.submit("A-0", {"load": 3}, NONCE)
    ok(wave.close())
    for _ in range(2):
        again = wave.submit("A-0", {"load": 3}, NONCE)
        assert (again.status_code, again.content) == (201, first.content)
        # Of whoever has answered and whoever has not, another submission learns the same.
        for person in ("A-0", "A-1"):
            problem(wave.submit(person, {"load": 3}), 409, "wave-not-open")
        problem(tenant.call(None, "GET", f"/v1/respond/{wave.address}"), 409, "wave-not-open")
        assert recorded(tenant) == 1
        tenant.house.sweep()  # released meanwhile


def test_a_wave_past_its_time_takes_nothing_although_nobody_closed_it(tenant: TenantUnderTest) -> None:
    closes = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wave = a_launched_wave(tenant, closes_at=closes)
    ok(wave.submit("A-0", {"load": 3}), 201)
    tenant.house.clock.shift = timedelta(minutes=61)
    problem(wave.submit("A-1", {"load": 3}), 409, "wave-not-open")
    assert recorded(tenant) == 1


def test_a_wave_before_its_time_takes_nothing(tenant: TenantUnderTest) -> None:
    opens = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wave = a_launched_wave(tenant, opens_at=opens)
    problem(wave.submit("A-0", {"load": 3}), 409, "wave-not-open")
    problem(tenant.call(None, "GET", f"/v1/respond/{wave.address}"), 409, "wave-not-open")
    assert recorded(tenant) == 0
    tenant.house.clock.shift = timedelta(minutes=61)
    tenant.house.sweep()
    ok(wave.submit("A-0", {"load": 3}), 201)
    ok(tenant.call(None, "GET", f"/v1/respond/{wave.address}"))


def test_a_cancelled_wave_takes_nothing(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant)
    ok(wave.submit("A-0", {"load": 3}, NONCE), 201)
    ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{wave.campaign}/cancel"))
    problem(wave.submit("A-1", {"load": 3}), 409, "wave-not-open")
    problem(tenant.call(None, "GET", f"/v1/respond/{wave.address}"), 409, "wave-not-open")
    ok(wave.submit("A-0", {"load": 3}, NONCE), 201)
    assert recorded(tenant) == 1


def test_text_apart_a_wave_without_text_items_works(tenant: TenantUnderTest) -> None:
    an_org(tenant, {"A": 12})
    document = QUESTIONNAIRE | {"items": QUESTIONNAIRE["items"][:5]}
    a_questionnaire(tenant, document)
    campaign = a_campaign(tenant)["id"]
    opened = ok(tenant.call("campaigns:write", "POST", f"/v1/campaigns/{campaign}/launch"))
    for code in codes_of(tenant, opened["id"]).values():
        ok(post(tenant, code, {"load": 4}), 201)
    wave = LaunchedWave(tenant, campaign, opened["id"], opened["address"], {})
    assert wave.release()["status"] == "published"


def test_an_answer_whose_commit_fails_is_not_acknowledged(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is stored, and the same submission goes through later."""
    wave = a_launched_wave(tenant)

    async def away(*_: object) -> None:
        raise ConnectionError("secret-4711")

    with monkeypatch.context() as broken:
        broken.setattr("service.responses.intake.Intake._commit", away)
        answer = wave.submit("A-0", {"load": 3}, NONCE)
    assert "4711" not in json.dumps(problem(answer, 503, "busy"))
    assert answer.headers["retry-after"] == "1"
    assert recorded(tenant) == 0
    ok(wave.submit("A-0", {"load": 3}, NONCE), 201)
    assert recorded(tenant) == 1


def test_an_answer_whose_commit_is_not_heard_of_is_not_said_to_be_lost(
    tenant: TenantUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was committed here; the caller is told that nobody knows, sends it again, and it counts once."""
    wave = a_launched_wave(tenant)
    execute = PoolConnectionProxy.execute

    async def deaf(connection: Any, query: str, *arguments: Any) -> Any:
        await execute(connection, query, *arguments)
        if query == "COMMIT":
            raise asyncpg.ConnectionDoesNotExistError("secret-4711")

    with monkeypatch.context() as broken:
        broken.setattr(PoolConnectionProxy, "execute", deaf)
        answer = wave.submit("A-0", {"load": 3}, NONCE)
    assert "4711" not in json.dumps(problem(answer, 503, "unconfirmed"))
    assert answer.headers["retry-after"] == "1"
    assert recorded(tenant) == 1
    ok(wave.submit("A-0", {"load": 3}, NONCE), 201)
    assert recorded(tenant) == 1
