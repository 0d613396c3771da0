"""What concerns one person before the first question, by the code alone."""

from typing import Any

import pytest

from tests.fixtures.house import House, TenantUnderTest
from tests.make.wire import problem
from tests.make.world import LaunchedWave, a_launched_wave, ok

ANSWERS = {"load": 4, "help": 3, "place": "home"}


@pytest.fixture(scope="module")
def wave(house: House) -> LaunchedWave:
    return a_launched_wave(house.tenant(), {"A": 12, "B": 6, "C": 2})


def ask(wave: LaunchedWave, code: str, **more: Any) -> Any:
    return wave.tenant.call(None, "POST", "/v1/respond/context", json={"code": code} | more)


@pytest.mark.parametrize(("team", "size", "says"), [("A", 12, "at least 10 do"), ("B", 6, "for so few"),
                                                   ("C", 2, "Your answers count in those of")])  # fmt: skip
def test_whoever_has_a_code_is_told_what_will_be_shown_of_their_team(
    wave: LaunchedWave, team: str, size: int, says: str
) -> None:
    answer = ask(wave, wave.codes[f"{team}-1"])
    told = ok(answer, 200)
    assert answer.headers["cache-control"] == "no-store"
    assert told["team"]["invited"] == size
    assert told["language"] == "en"
    assert any(says in one["text"] for one in told["sentences"])
    french = ok(ask(wave, wave.codes[f"{team}-1"], language="fr-BE"))
    assert french["language"] == "fr"
    assert french["sentences"][0]["text"].startswith("Votre équipe")


def test_whether_a_code_was_used_is_not_told(wave: LaunchedWave) -> None:
    """Or whoever has handed out the links could watch who answers, and when."""
    code = wave.codes["A-2"]
    before = ask(wave, code)
    ok(wave.submit("A-2", ANSWERS), 201)
    after = ask(wave, code)
    assert (after.status_code, after.content) == (200, before.content)


def test_what_is_no_code_is_refused_and_counted(house: House) -> None:
    wave = a_launched_wave(house.tenant(), {"A": 12})
    code = wave.codes["A-1"]
    wrong = code[:-2] + ("AA" if code[-2:] != "AA" else "BB")
    for _ in range(60):
        problem(ask(wave, wrong), 403, "code-refused")
    refused = ask(wave, wrong)
    problem(refused, 429, "too-many-wrong-codes")
    assert refused.headers["retry-after"] == "60"
    assert code not in refused.text
    ok(ask(wave, code))


def test_a_wave_that_has_closed_says_so(house: House) -> None:
    wave = a_launched_wave(house.tenant(), {"A": 12})
    ok(wave.close())
    problem(ask(wave, wave.codes["A-1"]), 409, "wave-not-open")


OTHER = ({}, {"code": 3}, {"code": "A" * 10_000}, {"code": "é" * 100}, {"code": "A" * 90, "language": "x" * 36},
         {"code": "A" * 90, "wave": "x"})  # fmt: skip


@pytest.mark.parametrize("body", OTHER)
def test_other_bodies_are_refused_without_an_echo(tenant: TenantUnderTest, body: dict[str, Any]) -> None:
    refused = tenant.call(None, "POST", "/v1/respond/context", json=body)
    assert refused.status_code in {403, 422}
    assert "AAAA" not in refused.text
