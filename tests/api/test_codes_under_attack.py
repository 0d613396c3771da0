"""Codes that are wrong, guessed, or sent by many at once: the right one counts, and it counts once."""

import asyncio
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
import sqlalchemy

from service.kit.db import Database
from service.main import WRONG_CODES_A_MINUTE
from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import Sent, ask, problem
from tests.make.world import LaunchedWave, a_launched_wave, cells_of, ok, post

HEAD = 44  # characters of a code that name tenant and wave


@pytest.fixture(scope="module")
def two_waves(house: House) -> tuple[LaunchedWave, LaunchedWave]:
    return a_launched_wave(house.tenant()), a_launched_wave(house.tenant())


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def body(code: str, answers: dict[str, Any] | None = None, nonce: bytes | None = None) -> bytes:
    drawn = text(nonce or secrets.token_bytes(16))
    return json.dumps({"code": code, "nonce": drawn, "answers": answers or {}}).encode()


def all_at_once(tenant: TenantUnderTest, bodies: list[bytes]) -> list[Sent]:
    """Submissions that are all under way at the same time in the service's own loop."""
    headers = {"content-type": b"application/json"}

    async def go() -> list[Sent]:
        app = tenant.house.client.app
        return list(
            await asyncio.gather(*(ask(app, "POST", "/v1/respond", headers=headers, chunks=[one]) for one in bodies))
        )

    sent: list[Sent] = tenant.house.run(go)
    return sent


def recorded(tenant: TenantUnderTest) -> tuple[int, int]:
    """Responses by the batches' counts, and codes spent."""
    (row,) = tenant.sql("""
        SELECT (SELECT coalesce(sum(response_count), 0) FROM sealed_batch), (SELECT count(*) FROM spent_code)
    """)
    return int(row[0]), int(row[1])


def test_a_code_with_one_letter_changed_is_refused(two_waves: tuple[LaunchedWave, LaunchedWave]) -> None:
    wave, _ = two_waves
    code = wave.codes["A-0"]
    for at, letter in enumerate(code):
        changed = code[:at] + ("A" if letter != "A" else "B") + code[at + 1 :]
        told = problem(post(wave.tenant, changed, {"load": 3}), 403, "code-refused")
        assert "detail" not in told
    assert recorded(wave.tenant) == (0, 0)
    ok(post(wave.tenant, code, {"load": 3}), 201)


def test_a_code_put_together_from_two_is_refused(two_waves: tuple[LaunchedWave, LaunchedWave]) -> None:
    one, other = (urlsafe_b64decode(wave.codes["A-1"]) for wave in two_waves)
    same_wave = urlsafe_b64decode(two_waves[0].codes["A-2"])
    before = [recorded(wave.tenant) for wave in two_waves]
    forged = {
        "this wave, the other's MAC": one[:41] + other[41:],
        "the other's wave, this MAC": other[:41] + one[41:],
        "the other's wave alone": one[:17] + other[17:33] + one[33:],
        "the other's tenant alone": one[:1] + other[1:17] + one[17:],
        "another person's serial": one[:33] + same_wave[33:37] + one[37:],
        "another class": one[:37] + (int.from_bytes(one[37:41], "big") ^ 1).to_bytes(4, "big") + one[41:],
        "another version": b"\x02" + one[1:],
    }
    for raw in forged.values():
        problem(post(two_waves[0].tenant, text(raw), {"load": 3}), 403, "code-refused")
    assert [recorded(wave.tenant) for wave in two_waves] == before


@pytest.mark.parametrize(
    "spoil", [str.lower, lambda code: code[:-1], lambda code: code + "A", lambda code: f"{code[:-1]}\n"]
)
def test_a_code_written_differently_is_refused(two_waves: tuple[LaunchedWave, LaunchedWave], spoil: Any) -> None:
    problem(post(two_waves[0].tenant, spoil(two_waves[0].codes["A-3"]), {"load": 3}), 403, "code-refused")


def test_a_code_does_not_open_the_api(two_waves: tuple[LaunchedWave, LaunchedWave]) -> None:
    headers = {"Authorization": f"Bearer {two_waves[0].codes['A-0']}"}
    problem(two_waves[0].tenant.call(None, "GET", "/v1/releases", headers=headers), 401, "unauthenticated")


@pytest.mark.parametrize("warm", [True, False])
def test_a_hundred_submissions_of_one_code_are_one_response(tenant: TenantUnderTest, warm: bool) -> None:
    """In one group commit, where the wave is known already, and in several, where each first looks it up."""
    wave = a_launched_wave(tenant, {"A": 12})
    if warm:
        ok(wave.submit("A-1", {"load": 3}), 201)
    code = wave.codes["A-0"]
    answers = all_at_once(tenant, [body(code, {"load": 1 + number % 5}) for number in range(100)])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 99
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "code-spent")
    assert recorded(tenant) == (1 + warm, 1 + warm)


def test_a_hundred_repetitions_of_one_submission_are_one_response(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 12})
    one = body(wave.codes["A-0"], {"load": 3})
    answers = all_at_once(tenant, [one] * 100)
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, b'{"status":"recorded"}')}
    assert recorded(tenant) == (1, 1)


def test_everybody_at_once_is_everybody_once(tenant: TenantUnderTest) -> None:
    """Right and wrong, first and again, all mixed: each acknowledged answer is in the release exactly once."""
    wave = a_launched_wave(tenant, {"A": 60})
    good = {person: body(code, {"load": 2}) for person, code in wave.codes.items()}
    wrong = [body(wave.codes["A-0"][:HEAD] + text(secrets.token_bytes(24)), {"load": 5}) for _ in range(20)]
    late = [body(code, {"load": 5}) for code in wave.codes.values()]
    first = all_at_once(tenant, [*good.values(), *wrong])
    assert sorted(answer.status_code for answer in first) == [201] * 60 + [403] * 20
    again = all_at_once(tenant, [*late, *good.values()])
    assert [answer.status_code for answer in again] == [409] * 60 + [201] * 60
    assert recorded(tenant) == (60, 60)
    batches = tenant.sql("SELECT count(*) FROM sealed_batch")[0][0]
    assert batches < 60  # group commit
    (cell,) = cells_of(tenant, wave.release()["id"], unit="TOP", measure="load", family="mean")
    assert (cell["n_from"], cell["n_to"], cell["mean"]) == (60, 64, 2.0)


def test_closing_while_answers_come_in_loses_none_that_was_acknowledged(tenant: TenantUnderTest) -> None:
    wave = a_launched_wave(tenant, {"A": 200})
    bodies = [body(code, {"load": 4}) for code in wave.codes.values()]
    headers = {"content-type": b"application/json"}
    key = {"authorization": b"Bearer " + tenant.keys["campaigns:write"].encode()}

    async def go() -> tuple[list[Sent], Sent]:
        app = tenant.house.client.app
        sent = [asyncio.ensure_future(ask(app, "POST", "/v1/respond", headers=headers, chunks=[one])) for one in bodies]
        await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
        closed = await ask(app, "POST", f"/v1/campaigns/{wave.campaign}/close", headers=key)
        more = [await ask(app, "POST", "/v1/respond", headers=headers, chunks=[bodies[0]])]
        return list(await asyncio.gather(*sent)) + more, closed

    answers, closed = tenant.house.run(go)
    assert closed.status_code == 200
    taken = [answer.status_code for answer in answers[:-1]].count(201)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert recorded(tenant) == (taken, taken)
    assert 0 < taken <= 200
    tenant.house.sweep()
    assert ok(tenant.call("aggregates:read", "GET", "/v1/releases"))["data"][0]["status"] == "published"


def test_closing_waits_for_the_commit_under_way(tenant: TenantUnderTest) -> None:
    """Held up between the code that is spent and the batch that is stored, an answer is not left behind."""
    wave = a_launched_wave(tenant, {"A": 12})
    for person in list(wave.codes)[1:]:
        ok(wave.submit(person, {"load": 4}), 201)
    last = body(wave.codes[next(iter(wave.codes))], {"load": 4})
    key = {"authorization": b"Bearer " + tenant.keys["campaigns:write"].encode()}

    async def go() -> tuple[bool, Sent, Sent]:
        app = tenant.house.client.app
        owner = Database(tenant.house.postgres.url("pouls_owner"), "pouls_owner", tenant.house.settings.database)
        try:
            async with owner.transaction(tenant.tenant_id) as tx:
                await tx.execute(sqlalchemy.text("LOCK TABLE sealed_batch IN SHARE MODE"))
                sent = asyncio.ensure_future(
                    ask(app, "POST", "/v1/respond", headers={"content-type": b"application/json"}, chunks=[last])
                )
                await asyncio.wait([sent], timeout=0.3)
                assert not sent.done()
                closed = asyncio.ensure_future(ask(app, "POST", f"/v1/campaigns/{wave.campaign}/close", headers=key))
                await asyncio.wait([closed], timeout=0.3)
                waited = not closed.done()
            return waited, await sent, await closed
        finally:
            await owner.close()

    waited, sent, closed = tenant.house.run(go)
    assert waited
    assert (sent.status_code, closed.status_code) == (201, 200)
    assert recorded(tenant) == (12, 12)
    tenant.house.sweep()
    (found,) = ok(tenant.call("aggregates:read", "GET", "/v1/releases"))["data"]
    (cell,) = cells_of(tenant, found["id"], unit="TOP", measure="load", family="mean")
    assert (cell["n_from"], cell["n_to"]) == (10, 14)


def test_ten_thousand_guesses_are_held_up_and_right_codes_are_not(tenant: TenantUnderTest) -> None:
    """Only failures count, for the wave that a code claims; the count is exact however many come at once."""
    wave = a_launched_wave(tenant, {"A": 12, "B": 12})
    other = a_launched_wave(tenant.house.tenant())
    codes = iter(wave.codes.values())
    statuses: list[int] = []
    for _ in range(10):
        guesses = [body(wave.codes["A-0"][:HEAD] + text(secrets.token_bytes(24))) for _ in range(1000)]
        right = [body(next(codes), {"load": 3}) for _ in range(2)]
        answers = all_at_once(tenant, guesses[:500] + right + guesses[500:])
        assert [answer.status_code for answer in answers[500:502]] == [201, 201]
        statuses += [answer.status_code for answer in answers[:500] + answers[502:]]
        held = [answer for answer in answers if answer.status_code == 429]
        problem(held[0], 429, "too-many-wrong-codes")
        assert held[0].headers["retry-after"] == "60"
    assert (statuses.count(403), statuses.count(429)) == (WRONG_CODES_A_MINUTE, 10_000 - WRONG_CODES_A_MINUTE)
    assert recorded(tenant) == (20, 20)
    # Another wave's respondents hear nothing of it.
    wrong = other.codes["A-0"][:HEAD] + text(secrets.token_bytes(24))
    problem(post(other.tenant, wrong, {}), 403, "code-refused")
