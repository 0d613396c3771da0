"""A token that has expired is refused by the clock of who takes it, and its holder is not taken for a guesser."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from service.campaigns.codes import LONG_CODE_LENGTH, Codes, Right, place_of
from service.kit.limits import FailureLimit
from service.problems import NotFound
from service.responses.respond import Respond
from tests.make.wire import Sent, ask, problem

NOW = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CODES = Codes(b"k" * 32)
PLACE = place_of(UUID(int=1), UUID(int=2))


class NoWaves:
    """What is asked for a wave was let through."""

    async def get(self, _: bytes) -> NoReturn:
        raise NotFound


def door(now: datetime, wrong_a_minute: int = 60) -> Respond:
    nothing: Any = None
    waves: Any = NoWaves()
    return Respond(CODES, waves, nothing, nothing, FailureLimit(wrong_a_minute), lambda: now)


def sent(door: Respond, code: str) -> Sent:
    body = json.dumps({"code": code, "nonce": "c29tZTE2cmFuZG9tYnl0ZQ", "answers": {}}).encode()
    headers = {"content-type": b"application/json"}
    return asyncio.run(ask(door, "POST", "/v1/respond", headers=headers, chunks=[body]))


def code(expires_at: int, serial: int = 1 << 40) -> str:
    return CODES.issue(Right(PLACE, serial, 5, expires_at))


def let_through(answer: Sent) -> None:
    problem(answer, 409, "wave-not-open")


def refused(answer: Sent) -> None:
    assert "detail" not in problem(answer, 403, "code-refused")


def test_a_token_counts_until_the_second_it_expires() -> None:
    let_through(sent(door(NOW), code(SECONDS + 1)))
    refused(sent(door(NOW), code(SECONDS)))
    refused(sent(door(NOW), code(1)))
    refused(sent(door(NOW + timedelta(seconds=0.5)), code(SECONDS + 1)))


def test_what_never_expires_counts_in_both_versions() -> None:
    late = datetime(2100, 1, 1, tzinfo=UTC)
    assert len(code(0)) == LONG_CODE_LENGTH
    for serial in (7, 1 << 40):
        let_through(sent(door(late), code(0, serial)))


def test_an_expired_token_is_no_wrong_guess() -> None:
    strict = door(NOW, wrong_a_minute=1)
    for _ in range(5):
        refused(sent(strict, code(SECONDS - 1)))
    refused(sent(strict, code(0)[:-1]))
    refused(sent(strict, code(0)[:-4] + "AAAA"))
    problem(sent(strict, code(0)[:-4] + "AAAA"), 429, "too-many-wrong-codes")
    refused(sent(strict, code(SECONDS - 1)))
    let_through(sent(strict, code(SECONDS + 9)))


def test_guesses_at_one_wave_are_counted_together_whatever_version_they_claim() -> None:
    strict = door(NOW, wrong_a_minute=3)
    short, long = code(0, serial=7), code(0)
    guesses = [short[:-4] + "AAAA", long[:-4] + "AAAA", "A" + short[1:-4] + "AAAA"]
    for guess in guesses:
        refused(sent(strict, guess))
    for guess in guesses:
        problem(sent(strict, guess), 429, "too-many-wrong-codes")
    elsewhere = CODES.issue(Right(place_of(UUID(int=1), UUID(int=3)), 7, 5, 0))
    refused(sent(strict, elsewhere[:-4] + "AAAA"))
