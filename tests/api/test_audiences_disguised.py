"""Audiences that would not be judged together if one looked at names and states alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.api.test_audience_rules import launch, org
from tests.fixtures.house import TenantUnderTest
from tests.make.wire import problem
from tests.make.world import QUESTIONNAIRE, a_campaign, a_questionnaire, codes_of, ok, post

__all__ = ["org"]
BUT_THREE = {"units": ["A", "B"]}
SPELT: dict[str, Callable[[str], str]] = {
    "large, with a full stop": lambda words: words.upper() + ".",
    "with what nobody sees": lambda words: words.replace(" ", " \u200b\u00ad"),
    "joined": lambda words: words.replace(" ", "_"),
    "full width": lambda words: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in words),
}


@pytest.mark.parametrize("how", SPELT)
def test_a_question_that_is_spelt_otherwise_is_no_other_question(org: TenantUnderTest, how: str) -> None:
    ok(launch(org, a_campaign(org)["id"]))
    items = [item | {"text": {lang: SPELT[how](words) for lang, words in item["text"].items()}}
             for item in QUESTIONNAIRE["items"]]  # fmt: skip
    a_questionnaire(org, QUESTIONNAIRE | {"key": "disguised", "items": items})
    again = a_campaign(org, questionnaire="disguised", audience=BUT_THREE)["id"]
    problem(launch(org, again), 409, "audiences-isolate")


@pytest.mark.parametrize("with_results", [True, False])
def test_a_campaign_counts_that_was_given_up_after_interim_results(org: TenantUnderTest, with_results: bool) -> None:
    first = a_campaign(org, interim={"hours_after_opening": [1]})["id"]
    wave = ok(launch(org, first))["id"]
    org.house.sweep()
    for code in list(codes_of(org, wave).values())[:30]:
        ok(post(org, code, {"load": 3}), 201)
    if with_results:
        org.house.clock.shift = timedelta(hours=2)
        org.house.sweep()
        assert ok(org.call("aggregates:read", "GET", f"/v1/releases?wave={wave}"))["data"]
    ok(launch(org, first, "cancel"))
    answer = launch(org, a_campaign(org, audience=BUT_THREE)["id"])
    if not with_results:
        ok(answer)
        return
    problem(answer, 409, "audiences-isolate")
    org.house.clock.shift = timedelta(days=91)
    org.house.sweep()
    ok(launch(org, a_campaign(org, audience=BUT_THREE)["id"]))
