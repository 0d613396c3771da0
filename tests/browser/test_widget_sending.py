"""One submission from its first try to its end, and the requests that it is made of; clock and network are made up."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.make.node_packages import needs_npm
from tests.make.widget_logic import stories

pytestmark = [pytest.mark.slow, needs_npm]

Json = dict[str, Any]
Told = Callable[..., list[Json]]
ANSWERS = {"mood": 4, "why": "Deadlines"}
RECORDED = {"ok": True, "value": None}
UNKNOWN = {"ok": False, "refusal": {"kind": "unknown"}}
DONE = {"step": "done"}
SENDING = {"step": "sending", "uncertain": False}
AGAIN = {"step": "sending", "uncertain": True}


def _unsent(retry_after_s: int | None = None) -> Json:
    return {"ok": False, "refusal": {"kind": "unsent", "retryAfter_s": retry_after_s}}


def _problem(slug: str, status: int) -> Json:
    refusal = {"kind": "problem", "slug": slug, "status": status, "retryAfter_s": None, "pointers": [], "detail": None}
    return {"ok": False, "refusal": refusal}


def _refused(slug: str, status: int, *, uncertain: bool) -> Json:
    return {"step": "refused", "uncertain": uncertain, "refusal": _problem(slug, status)["refusal"]}


def _waiting(seconds: int, *, uncertain: bool) -> Json:
    return {"step": "waiting", "uncertain": uncertain, "seconds": seconds}


@pytest.fixture
def told(tmp_path: Any) -> Told:
    return lambda *steps: stories(tmp_path, [steps])[0]


def _states(happened: list[Json]) -> list[Json]:
    return [one["state"] for one in happened if "state" in one]


def _submitted(happened: list[Json]) -> list[Json]:
    return [one["submitted"] for one in happened if "submitted" in one]


def test_what_is_recorded_is_done(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": RECORDED}, {"send": ANSWERS}, {"now": 0}, {"left": 0})
    assert _states(happened) == [SENDING, DONE]
    (submitted,) = _submitted(happened)
    assert (submitted["code"], submitted["answers"]) == ("first", ANSWERS)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", submitted["nonce"])
    assert happened[-1] == {"timers": 0, "listeners": 0}


def test_nothing_is_sent_before_there_is_something(told: Told) -> None:
    assert told({"now": 0}, {"online": True}) == []


def test_each_submission_draws_its_nonce(tmp_path: Any) -> None:
    found = stories(tmp_path, [[{"send": ANSWERS}]] * 2)
    assert len({_submitted(happened)[0]["nonce"] for happened in found}) == 2


def test_two_clicks_are_one_submission(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"send": {"mood": 1}}, {"now": 0}, {"online": True}, {"reply": RECORDED})
    assert len(_submitted(happened)) == 1
    assert _states(happened) == [SENDING, DONE]


def test_what_never_left_is_tried_again_after_longer_and_longer_waits(told: Told) -> None:
    steps: list[Json] = [{"send": ANSWERS}]
    for seconds in (2, 4, 8, 16, 32, 60, 60):
        steps += [{"reply": _unsent()}, {"wait": seconds}]
    happened = told(*steps, {"reply": RECORDED})
    states = _states(happened)
    assert states[-1] == DONE
    assert states[:7] == [
        SENDING, _waiting(2, uncertain=False), _waiting(1, uncertain=False),
        SENDING, *(_waiting(left, uncertain=False) for left in (4, 3, 2)),
    ]  # fmt: skip
    waits = [state["seconds"] for before, state in pairwise(states) if before == SENDING and state != DONE]
    assert waits == [2, 4, 8, 16, 32, 60, 60]
    assert len({one["nonce"] for one in _submitted(happened)}) == 1


def test_a_second_before_its_time_nothing_is_tried(told: Told) -> None:
    assert len(_submitted(told({"send": ANSWERS}, {"reply": _unsent()}, {"wait": 1.9}))) == 1


def test_the_network_that_comes_back_is_used_at_once(told: Told) -> None:
    happened = told(
        {"online": False}, {"send": ANSWERS}, {"wait": 1}, {"online": True}, {"left": 0},
        {"reply": RECORDED},
    )  # fmt: skip
    assert _states(happened) == [_waiting(2, uncertain=False), _waiting(1, uncertain=False), SENDING, DONE]
    assert {"timers": 0, "listeners": 1} in happened


def test_without_a_network_nothing_is_sent_but_by_hand(told: Told) -> None:
    offline = [{"online": False}, {"send": ANSWERS}, {"wait": 99}]
    assert _submitted(told(*offline)) == []
    happened = told(*offline, {"now": 0}, {"reply": UNKNOWN}, {"wait": 99})
    assert len(_submitted(happened)) == 1
    assert _states(happened)[-1]["uncertain"]


def test_waits_are_not_those_of_the_clock_on_the_wall(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": _unsent(30)}, {"wall": 3600}, {"wait": 29})
    assert len(_submitted(happened)) == 1
    assert _states(happened)[-1] == _waiting(1, uncertain=False)


def test_a_service_that_names_a_time_is_given_it(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": _unsent(30)}, {"wait": 29}, {"wait": 1}, {"reply": _unsent(1)})
    states = _states(happened)
    assert states[1] == _waiting(30, uncertain=False)
    assert states[30] == _waiting(1, uncertain=False)
    assert states[31:] == [SENDING, _waiting(4, uncertain=False)]


def test_try_now_does_not_wait(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": _unsent(30)}, {"now": 0}, {"reply": RECORDED}, {"left": 0})
    assert _states(happened) == [SENDING, _waiting(30, uncertain=False), SENDING, DONE]
    assert happened[-1] == {"timers": 0, "listeners": 0}


def test_what_may_have_arrived_is_sent_again_as_it_was(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": UNKNOWN}, {"send": {"mood": 1}}, {"reply": RECORDED})
    first, second = _submitted(happened)
    assert first == second
    assert _states(happened) == [SENDING, _waiting(2, uncertain=True), AGAIN, DONE]


def test_what_never_left_may_still_be_changed(told: Told) -> None:
    first, second = _submitted(told({"send": ANSWERS}, {"reply": _unsent()}, {"send": {"mood": 1}}))
    assert (first["answers"], second["answers"]) == (ANSWERS, {"mood": 1})
    assert first["nonce"] == second["nonce"]


def test_doubt_stays_until_it_is_recorded(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": UNKNOWN}, {"wait": 2}, {"reply": _unsent(9)}, {"wait": 9})
    assert [state["uncertain"] for state in _states(happened)] == [False, *[True] * 13]


def test_a_wave_that_closed_meanwhile_leaves_the_doubt(told: Told) -> None:
    closed = _problem("wave-not-open", 409)
    happened = told({"send": ANSWERS}, {"reply": UNKNOWN}, {"wait": 2}, {"reply": closed}, {"wait": 99})
    assert _states(happened)[-1] == _refused("wave-not-open", 409, uncertain=True)
    assert len(_submitted(happened)) == 2
    happened = told({"send": ANSWERS}, {"reply": closed}, {"online": True})
    assert _states(happened) == [SENDING, _refused("wave-not-open", 409, uncertain=False)]


def test_a_spent_code_leaves_no_doubt(told: Told) -> None:
    spent = _problem("code-spent", 409)
    happened = told({"send": ANSWERS}, {"reply": UNKNOWN}, {"wait": 2}, {"reply": spent})
    assert _states(happened)[-1] == _refused("code-spent", 409, uncertain=False)


@pytest.mark.parametrize(("before", "uncertain"), [([], False), ([{"reply": UNKNOWN}, {"wait": 2}], True)])
def test_a_new_code_sends_the_answers_of_the_expired_one(told: Told, before: list[Json], uncertain: bool) -> None:
    happened = told(
        {"send": ANSWERS}, *before, {"reply": _problem("code-refused", 403)}, {"wait": 99}, {"online": True},
        {"code": "second"}, {"now": 0}, {"reply": RECORDED},
    )  # fmt: skip
    assert _states(happened)[-3:] == [
        {"step": "expired", "uncertain": uncertain}, {"step": "sending", "uncertain": uncertain}, DONE,
    ]  # fmt: skip
    assert [one["code"] for one in _submitted(happened)] == ["first"] * (1 + uncertain) + ["second"]
    assert len({one["nonce"] for one in _submitted(happened)}) == 1


def test_what_was_refused_can_be_mended(told: Told) -> None:
    happened = told({"send": ANSWERS}, {"reply": _problem("invalid", 422)}, {"send": {"mood": 1}}, {"reply": RECORDED})
    assert _states(happened) == [SENDING, _refused("invalid", 422, uncertain=False), SENDING, DONE]
    assert _submitted(happened)[1]["answers"] == {"mood": 1}


@pytest.mark.parametrize("meanwhile", [[], [{"reply": _unsent()}]])
def test_what_is_stopped_says_and_sends_nothing_more(told: Told, meanwhile: list[Json]) -> None:
    happened = told(
        {"send": ANSWERS}, *meanwhile, {"stop": 0}, {"left": 0}, *([] if meanwhile else [{"reply": RECORDED}]),
        {"wait": 99}, {"online": True}, {"now": 0}, {"send": ANSWERS},
    )  # fmt: skip
    assert happened[-1] == {"timers": 0, "listeners": 0}
    assert len(_submitted(happened)) == 1


COMMON = {
    "mode": "cors", "credentials": "omit", "referrerPolicy": "no-referrer", "redirect": "error", "cache": "no-store",
}  # fmt: skip
SUBMIT = {"call": ["submit", "secret", "nonce", ANSWERS]}


def test_a_submission_is_one_request_that_carries_nothing_else(told: Told) -> None:
    recorded = {"status": 201, "body": '{"status":"recorded"}'}
    fetched, reply = told(SUBMIT, {"response": recorded})
    assert fetched == {
        "fetched": "https://pouls.example/v1/respond",
        "with": COMMON
        | {
            "method": "POST",
            "headers": {"Accept": "application/json", "Content-Type": "application/json"},
            "body": '{"code":"secret","nonce":"nonce","answers":{"mood":4,"why":"Deadlines"}}',
        },
    }
    assert reply == {"reply": RECORDED}


def test_a_page_that_changes_its_globals_later_is_handed_no_answer(told: Told) -> None:
    call = {"call": ["submit", "secret", "nonce", {"tools": ["a", "b"]}]}
    fetched, seen = told({"spy": 0}, call, {"told": 0})
    assert fetched["with"]["body"] == '{"code":"secret","nonce":"nonce","answers":{"tools":["a","b"]}}'
    assert seen == {"seen": []}


@pytest.mark.parametrize(
    ("call", "url", "sent"),
    [
        (["questionnaire", None], "/wave", None),
        (["questionnaire", "pt-BR"], "/wave?language=pt-BR", None),
        (["context", "secret", "fr"], "/context", '{"code":"secret","language":"fr"}'),
        (["exchange", "7K3M"], "/kiosk", '{"wave":"wave","code":"7K3M"}'),
    ],
)
def test_other_requests_carry_nothing_else_either(told: Told, call: list[Any], url: str, sent: str | None) -> None:
    fetched, reply = told({"call": call}, {"response": {"status": 200, "body": '{"a": [1]}'}})
    assert fetched["fetched"] == f"https://pouls.example/v1/respond{url}"
    own: Json = {"cache": "default", "method": "GET", "headers": {"Accept": "application/json"}}
    if sent is not None:
        own = {"method": "POST", "headers": own["headers"] | {"Content-Type": "application/json"}, "body": sent}
    assert fetched["with"] == COMMON | own
    assert reply == {"reply": {"ok": True, "value": {"a": [1]}}}


PROBLEM = '{"type":"urn:pouls:problem:%s","errors":[{"pointer":"/answers/mood"},{"parameter":"x"}],"detail":"Why."}'


def _answered(status: int, slug: str = "", **headers: str) -> Json:
    return {"status": status, "headers": headers, "body": PROBLEM % slug if slug else "<html>"}


@pytest.mark.parametrize(
    ("response", "refusal"),
    [
        (_answered(503, "busy", **{"Retry-After": "7"}), {"kind": "unsent", "retryAfter_s": 7}),
        (_answered(429, "rate-limited"), {"kind": "unsent", "retryAfter_s": None}),
        (_answered(503, **{"Retry-After": "Sun, 09 Sep 2001 01:46:50 GMT"}), {"kind": "unknown", "retryAfter_s": 10}),
        (_answered(503, "unconfirmed", **{"Retry-After": "soon"}), {"kind": "unknown", "retryAfter_s": None}),
        (_answered(500, "internal"), {"kind": "unknown", "retryAfter_s": None}),
        (_answered(502), {"kind": "unknown", "retryAfter_s": None}),
        (_answered(201), {"kind": "unknown"}),
        ({"status": 200, "body": "{}"}, {"kind": "unknown"}),
        ({"status": 200, "body": "null"}, {"kind": "unknown"}),
        (
            _answered(422, "invalid"),
            {
                "kind": "problem", "slug": "invalid", "status": 422, "retryAfter_s": None,
                "pointers": ["/answers/mood"], "detail": "Why.",
            },
        ),
        (_answered(404), {"kind": "unknown", "retryAfter_s": None}),
        (_answered(429, **{"Retry-After": "7"}), {"kind": "unknown", "retryAfter_s": 7}),
        (
            {"status": 403, "body": '{"type":"https://proxy.example/code-refused"}'},
            {"kind": "unknown", "retryAfter_s": None},
        ),
    ],
)  # fmt: skip
def test_what_an_answer_says_of_where_the_answers_are(told: Told, response: Json, refusal: Json) -> None:
    assert told(SUBMIT, {"response": response})[-1] == {"reply": {"ok": False, "refusal": refusal}}


def test_of_other_requests_a_refusal_is_told_as_it_is(told: Told) -> None:
    busy = _answered(429, "too-many-wrong-codes", **{"Retry-After": "60"})
    told_of = told({"call": ["context", "secret", "fr"]}, {"response": busy})[-1]["reply"]["refusal"]
    assert (told_of["slug"], told_of["status"], told_of["retryAfter_s"]) == ("too-many-wrong-codes", 429, 60)


@pytest.mark.parametrize(
    ("steps", "kind"),
    [
        ([SUBMIT, {"fails": 0}], "unknown"),
        ([SUBMIT, {"online": False}, {"fails": 0}], "unknown"),
        ([{"online": False}, SUBMIT, {"fails": 0}], "unknown"),
        ([SUBMIT, {"wait": 20}], "unknown"),
    ],
)
def test_what_went_out_and_has_no_answer_may_have_arrived(told: Told, steps: list[Json], kind: str) -> None:
    assert told(*steps)[-1] == {"reply": {"ok": False, "refusal": {"kind": kind}}}


def test_an_answer_within_the_limit_is_waited_for(told: Told) -> None:
    happened = told(SUBMIT, {"wait": 19.9}, {"response": {"status": 201, "body": '{"status":"recorded"}'}}, {"left": 0})
    assert {"reply": RECORDED} in happened
    assert happened[-1] == {"timers": 0, "listeners": 1}
