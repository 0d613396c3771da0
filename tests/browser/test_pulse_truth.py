"""Whatever goes wrong between an answer and its place: the person is told the truth, and is counted once at most."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.conftest import Counts, Opened
from tests.make.browser import Window, needs_chromium, stop_clock
from tests.make.live import Live
from tests.make.pulse_page import NOT_KNOWN, OPEN_ROOTS, PAGES, at_the_review
from tests.make.widget_world import Pulse

NOT_SENT = "Your answers have not been sent"
ONCE = "Sending again is safe: your answers are counted once."

pytestmark = [pytest.mark.slow, needs_chromium]


def test_offline_nothing_is_sent_until_the_line_is_back(opened: Opened, service: Live, counts: Counts) -> None:
    window, person = opened()
    person.to_the_review({"load": 4})
    window.context.set_offline(True)
    person.button("send").click()
    person.reads(NOT_SENT)
    person.says("They are only on this page: keep it open.")
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
    person = at_the_review(window, service.url, pulse)
    service.accidents.busy = 1
    stop_clock(window.page)
    person.button("send").click()
    person.reads(NOT_SENT)
    person.says("Trying again in 7 seconds")
    window.page.clock.run_for(3000)
    person.says("Trying again in 4 seconds")
    assert service.accidents.taken == 0
    window.page.clock.run_for(4000)
    person.is_done()
    counts(1)


def test_waits_between_tries_grow(
    open_window: Callable[..., Window], service: Live, pulse: Pulse, counts: Counts
) -> None:
    window = open_window(OPEN_ROOTS)
    window.page.clock.install()
    person = at_the_review(window, service.url, pulse)
    window.context.route("**/v1/respond", lambda route: route.abort("connectionfailed"))
    stop_clock(window.page)
    person.button("send").click()
    for seconds in (2, 4, 8, 16, 32, 60):
        person.says(f"Trying again in {seconds} seconds")
        window.page.clock.run_for(1000 * seconds)
    person.says("Trying again in 60 seconds")
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
    person.says(ONCE)
    counts(1)
    service.accidents.loses_replies = False
    person.button("now").click()
    person.is_done()
    counts(1)
    assert service.accidents.taken > 1


def test_a_service_that_does_not_answer_is_given_up_after_a_while(
    open_window: Callable[..., Window], service: Live, pulse: Pulse, counts: Counts
) -> None:
    window = open_window(OPEN_ROOTS)
    window.page.clock.install()
    person = at_the_review(window, service.url, pulse)
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
