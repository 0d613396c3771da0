"""Codes and waves that come to an end while somebody answers: the truth is told, and each is counted once at most."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.browser.conftest import Counts, Opened
from tests.fixtures.house import House
from tests.make.browser import Window, needs_chromium
from tests.make.live import Live
from tests.make.pulse_page import NOT_KNOWN, OPEN_ROOTS, Respondent, at_the_review
from tests.make.widget_world import Pulse, a_pulse

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def closing(house: House) -> Pulse:
    """A wave that a test may close."""
    return a_pulse(house)


def test_of_two_tabs_the_second_is_told_that_it_did_not_count(opened: Opened, pulse: Pulse, service: Live) -> None:
    pulse.arrived()
    code = pulse.code()
    window, first = opened(code=code)
    first.to_the_review({"load": 1})
    page = window.another()
    page.goto(f"{service.url}/embed/{pulse.address}?language=en#{code}")
    second = Respondent(page)
    second.to_the_review({"load": 5})
    first.button("send").click()
    first.is_done()
    second.button("send").click()
    second.reads("This code has already been used")
    second.says("The answers on this page were not counted.")
    assert pulse.arrived() == [{"load": 1}]


def test_a_code_that_expired_is_renewed_and_the_answers_stay(
    opened: Opened, pulse: Pulse, service: Live, counts: Counts
) -> None:
    name = pulse.people.pop()
    window, person = opened(code=pulse.intranet_code(name))
    person.to_the_review({"load": 4})
    service.house.clock.shift += timedelta(minutes=61)
    person.button("send").click()
    person.reads("Your link has expired")
    person.says("Your answers have not been counted, but this page keeps them: leave it open.")
    counts(0)
    window.page.evaluate("code => { location.hash = code }", pulse.intranet_code(name))
    person.is_done()
    counts(1)


def test_a_code_that_expired_after_a_lost_reply_leaves_it_open(
    opened: Opened, pulse: Pulse, service: Live, counts: Counts
) -> None:
    _, person = opened(code=pulse.intranet_code())
    person.to_the_review({"load": 4})
    service.accidents.loses_replies = True
    person.button("send").click()
    person.reads(NOT_KNOWN)
    service.accidents.loses_replies = False
    service.house.clock.shift += timedelta(minutes=61)
    person.button("now").click()
    person.reads("Your link has expired")
    person.says("We do not know whether your answers arrived before that.")
    counts(1)


def test_a_wave_that_closes_meanwhile_is_told(
    open_window: Callable[..., Window], service: Live, closing: Pulse
) -> None:
    person = at_the_review(open_window(OPEN_ROOTS), service.url, closing)
    closing.close()
    person.button("send").click()
    person.reads("The survey has closed")
    person.says("It no longer takes answers. The answers on this page were not counted.")
    assert closing.counted() == 0


def test_a_wave_that_closes_after_a_try_that_got_lost_leaves_it_open(
    open_window: Callable[..., Window], service: Live, closing: Pulse
) -> None:
    window = open_window(OPEN_ROOTS)
    person = at_the_review(window, service.url, closing)
    window.context.route("**/v1/respond", lambda route: route.abort("connectionreset"))
    person.button("send").click()
    person.reads(NOT_KNOWN)
    window.context.unroute("**/v1/respond")
    closing.close()
    person.button("now").click()
    person.reads("The survey has closed")
    person.says("We do not know whether yours arrived before it closed.")
    assert closing.counted() == 0


def test_what_arrived_before_the_wave_closed_is_known_to_have(
    open_window: Callable[..., Window], service: Live, closing: Pulse
) -> None:
    person = at_the_review(open_window(OPEN_ROOTS), service.url, closing)
    service.accidents.loses_replies = True
    person.button("send").click()
    person.reads(NOT_KNOWN)
    service.accidents.loses_replies = False
    closing.close()
    person.button("now").click()
    person.is_done()
    assert closing.counted() == 1
