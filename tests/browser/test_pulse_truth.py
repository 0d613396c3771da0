"""Whatever goes wrong between an answer and its place: the person is told the truth, and is counted once at most."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Opened
from tests.fixtures.house import House
from tests.make.browser import Window, needs_chromium
from tests.make.live import Live
from tests.make.pulse_page import OPEN_ROOTS, PAGES, Respondent
from tests.make.widget_world import Pulse, a_pulse

NOT_SENT = "Your answers have not been sent"
NOT_KNOWN = "We do not know whether your answers arrived"
ONCE = "Sending again is safe: your answers are counted once."

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def counts(pulse: Pulse) -> Iterator[Callable[[int], None]]:
    """Says how many responses must have been counted since the test began."""
    before = pulse.counted()
    pulse.arrived()

    def check(responses: int) -> None:
        assert pulse.counted() == before + responses
        assert len(pulse.arrived()) == responses

    yield check
    assert pulse.counted() <= before + 1


@pytest.fixture
def closing(house: House, service: Live) -> Pulse:
    """A wave that a test may close."""
    return a_pulse(house)


def at_the_review(window: Window, service: Live, pulse: Pulse, code: str | None = None) -> Respondent:
    window.page.goto(f"{service.url}/embed/{pulse.address}?language=en#{code or pulse.code()}")
    person = Respondent(window.page)
    person.to_the_review({"load": 4})
    return person


def says(person: Respondent, *sentences: str) -> None:
    for sentence in sentences:
        expect(person.place.get_by_text(sentence)).to_be_visible()


Counts = Callable[[int], None]


def test_offline_nothing_is_sent_until_the_line_is_back(opened: Opened, service: Live, counts: Counts) -> None:
    window, person = opened()
    person.to_the_review({"load": 4})
    window.context.set_offline(True)
    person.button("send").click()
    person.reads(NOT_SENT)
    says(person, "They are only on this page: keep it open.")
    assert service.accidents.taken == 0
    window.context.set_offline(False)
    person.is_done()
    counts(1)


def test_questions_are_answered_offline(opened: Opened, counts: Counts) -> None:
    """Between the first question and the sending nothing is needed."""
    window, person = opened()
    person.begin()
    window.context.set_offline(True)
    person.answer("load", 1)
    for _ in PAGES:
        person.button("next").click()
    person.reads("review")
    window.context.set_offline(False)
    person.button("send").click()
    person.is_done()
    counts(1)


def test_pressing_twice_sends_once(opened: Opened, service: Live, counts: Counts) -> None:
    _, person = opened()
    person.to_the_review({"load": 4})
    service.hold()
    person.button("send").dblclick()
    person.reads("sending")
    service.go_on()
    person.is_done()
    assert service.accidents.taken == 1
    counts(1)


def test_a_service_that_is_busy_is_asked_again_when_it_says(
    open_window: Callable[..., Window], service: Live, pulse: Pulse, counts: Counts
) -> None:
    window = open_window(OPEN_ROOTS)
    window.page.clock.install()
    person = at_the_review(window, service, pulse)
    service.accidents.busy = 1
    window.page.clock.pause_at(window.page.evaluate("Date.now()") + 1000)
    person.button("send").click()
    person.reads(NOT_SENT)
    says(person, "Trying again in 7 seconds")
    window.page.clock.run_for(3000)
    says(person, "Trying again in 4 seconds")
    assert service.accidents.taken == 0
    window.page.clock.run_for(4000)
    person.is_done()
    counts(1)


def test_waits_between_tries_grow(
    open_window: Callable[..., Window], service: Live, pulse: Pulse, counts: Counts
) -> None:
    window = open_window(OPEN_ROOTS)
    window.page.clock.install()
    person = at_the_review(window, service, pulse)
    window.context.route("**/v1/respond", lambda route: route.abort("connectionfailed"))
    window.page.clock.pause_at(window.page.evaluate("Date.now()") + 1000)
    person.button("send").click()
    for seconds in (2, 4, 8, 16, 32, 60, 60):
        says(person, f"Trying again in {seconds} seconds")
        window.page.clock.run_for(1000 * seconds)
    window.context.unroute("**/v1/respond")
    person.button("now").click()
    person.is_done()
    counts(1)


def test_a_reply_that_is_lost_is_told_as_such_and_sending_again_counts_once(
    opened: Opened, service: Live, counts: Counts
) -> None:
    _, person = opened()
    person.to_the_review({"load": 4})
    service.accidents.loses_replies = True
    person.button("send").click()
    person.reads(NOT_KNOWN)
    says(person, ONCE)
    counts(1)
    service.accidents.loses_replies = False
    person.button("now").click()
    person.is_done()
    counts(1) if False else None
    assert service.accidents.taken > 1


def test_a_service_that_does_not_answer_is_given_up_after_a_while(
    open_window: Callable[..., Window], service: Live, pulse: Pulse, counts: Counts
) -> None:
    window = open_window(OPEN_ROOTS)
    window.page.clock.install()
    person = at_the_review(window, service, pulse)
    service.hold()
    with window.page.expect_request("**/v1/respond"):
        person.button("send").click()
    person.reads("sending")
    window.page.clock.run_for(20_000)
    person.reads(NOT_KNOWN)
    service.go_on()
    person.button("now").click()
    person.is_done()
    counts(1)


def test_a_service_that_starts_again_finds_the_answers(opened: Opened, service: Live, counts: Counts) -> None:
    _, person = opened()
    person.to_the_review({"load": 4})
    service.stop()
    person.button("send").click()
    person.reads(NOT_KNOWN)
    service.start()
    person.button("now").click()
    person.is_done()
    counts(1)


def test_of_two_tabs_the_second_is_told_that_it_did_not_count(
    opened: Opened, pulse: Pulse, service: Live, counts: Counts
) -> None:
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
    says(second, "The answers on this page were not counted.")
    assert pulse.arrived() == [{"load": 1}]


def test_a_code_that_expired_is_renewed_and_the_answers_stay(
    opened: Opened, pulse: Pulse, service: Live, counts: Counts
) -> None:
    code = pulse.intranet_code()
    window, person = opened(code=code)
    person.to_the_review({"load": 4})
    service.house.clock.shift += timedelta(minutes=61)
    person.button("send").click()
    person.reads("Your link has expired")
    says(person, "Your answers have not been counted, but this page keeps them: leave it open.")
    counts(0)
    window.page.evaluate("code => { location.hash = code }", pulse.code())
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
    says(person, "We do not know whether your answers arrived before that.")
    counts(1)


def test_a_wave_that_closes_meanwhile_is_told(
    open_window: Callable[..., Window], service: Live, closing: Pulse
) -> None:
    person = at_the_review(open_window(OPEN_ROOTS), service, closing)
    closing.close()
    person.button("send").click()
    person.reads("The survey has closed")
    says(person, "It no longer takes answers. The answers on this page were not counted.")
    assert closing.counted() == 0


def test_a_wave_that_closes_after_a_try_that_got_lost_leaves_it_open(
    open_window: Callable[..., Window], service: Live, closing: Pulse
) -> None:
    window = open_window(OPEN_ROOTS)
    person = at_the_review(window, service, closing)
    window.context.route("**/v1/respond", lambda route: route.abort("connectionreset"))
    person.button("send").click()
    person.reads(NOT_KNOWN)
    window.context.unroute("**/v1/respond")
    closing.close()
    person.button("now").click()
    person.reads("The survey has closed")
    says(person, "We do not know whether yours arrived before it closed.")
    assert closing.counted() == 0


def test_what_arrived_before_the_wave_closed_is_known_to_have(
    open_window: Callable[..., Window], service: Live, closing: Pulse
) -> None:
    person = at_the_review(open_window(OPEN_ROOTS), service, closing)
    service.accidents.loses_replies = True
    person.button("send").click()
    person.reads(NOT_KNOWN)
    service.accidents.loses_replies = False
    closing.close()
    person.button("now").click()
    person.is_done()
    assert closing.counted() == 1


def test_leaving_is_warned_of_while_answers_are_not_sent(opened: Opened, counts: Counts) -> None:
    window, person = opened()
    warnings: list[str] = []

    def stay(dialog: Dialog) -> None:
        warnings.append(dialog.type)
        dialog.dismiss()

    window.page.on("dialog", stay)
    person.to_the_review({"load": 4})
    window.context.set_offline(True)
    person.button("send").click()
    person.reads(NOT_SENT)
    window.page.close(run_before_unload=True)
    expect(person.heading(NOT_SENT)).to_be_visible()
    assert warnings == ["beforeunload"]
    window.context.set_offline(False)
    person.is_done()
    window.page.reload()  # nobody is asked whether they are sure any more
    assert warnings == ["beforeunload"]
    counts(1)
