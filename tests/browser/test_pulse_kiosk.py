"""A screen that many use: short codes are typed, and of each person nothing is left for the next one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from service.campaigns.taking_part import short_codes
from tests.make.browser import Window, needs_chromium, stop_clock
from tests.make.live import Live
from tests.make.pulse_page import LEFT, OPEN_ROOTS, Respondent
from tests.make.widget_world import Pulse

NOTE = "quetzal cucumber"
TITLE = "Type the code on your card"
pytestmark = [pytest.mark.slow, needs_chromium]


class Kiosk(Respondent):
    """Whoever stands before the screen; time goes on when a test says so."""

    def __init__(self, window: Window, service: Live, pulse: Pulse) -> None:
        super().__init__(window.page)
        self.window = window
        self.page = window.page
        self.page.clock.install()
        self.page.goto(f"{service.url}/embed/{pulse.address}?mode=kiosk&language=en")
        self.reads(TITLE)
        stop_clock(self.page)
        self.depth = self.page.evaluate("history.length")

    @property
    def code(self) -> Locator:
        return self.place.get_by_role("textbox", name="Your code")

    def types(self, code: str) -> None:
        self.code.fill("")
        self.code.press_sequentially(code)
        self.code.press("Enter")

    def waits(self, seconds: int) -> None:
        self.page.clock.run_for(1000 * seconds)

    def finds_nothing_of(self, *secrets: str) -> None:
        """It stands at the beginning again, and nothing is left of who was here before."""
        self.reads(TITLE)
        expect(self.code).to_be_focused()
        expect(self.code).to_have_value("")
        left = self.page.evaluate(LEFT)
        assert [secret for secret in (*secrets, NOTE) if secret in left] == []
        assert self.page.evaluate("history.length") == self.depth
        assert self.page.evaluate("window.scrollY") == 0
        assert self.window.context.cookies() == []


@pytest.fixture
def kiosk(service: Live, pulse: Pulse, open_window: Callable[..., Window]) -> Kiosk:
    return Kiosk(open_window(OPEN_ROOTS), service, pulse)


def test_a_code_is_typed_as_it_comes(kiosk: Kiosk, pulse: Pulse) -> None:
    code = pulse.short_code()
    kiosk.types(code.lower().replace("-", " "))
    expect(kiosk.button("begin")).to_be_visible()


def test_what_is_wrong_with_a_code_is_told(kiosk: Kiosk, pulse: Pulse) -> None:
    code = pulse.short_code()
    kiosk.types("")
    expect(kiosk.code).to_have_accessible_description(
        "Twelve letters and digits, in groups of four. Capitals, spaces and dashes do not matter. "
        "Please type the code on your card."
    )
    slip = ("1" if code[0] == "0" else "0") + code[1:]
    kiosk.types(slip)
    expect(kiosk.place.get_by_text("There is a typing error in this code").first).to_be_visible()
    expect(kiosk.code).to_have_attribute("aria-invalid", "true")
    expect(kiosk.code).to_be_focused()
    (stranger,) = short_codes.short_codes(bytes(32), bytes(32), [0])
    kiosk.types(stranger)
    expect(kiosk.place.get_by_text("This code is not valid for this survey").first).to_be_visible()
    kiosk.types(code)
    expect(kiosk.button("begin")).to_be_visible()


def test_after_an_answer_the_next_person_starts_afresh(kiosk: Kiosk, pulse: Pulse) -> None:
    pulse.arrived()
    for answers in ({"load": 4, "comment": NOTE}, {"load": 1}):
        code = pulse.short_code()
        kiosk.types(code)
        kiosk.sends(answers)
        kiosk.is_done()
        assert pulse.arrived() == [answers]
        expect(kiosk.place.get_by_text("This screen is cleared in 15 seconds.")).to_be_visible()
        if "comment" in answers:
            kiosk.button("Next person").click()
        else:
            kiosk.waits(14)
            kiosk.is_done()
            kiosk.waits(2)
        kiosk.finds_nothing_of(code)


def test_who_walks_away_leaves_nothing(kiosk: Kiosk, pulse: Pulse) -> None:
    before = pulse.counted()
    code = pulse.short_code()
    kiosk.types(code)
    kiosk.to_the_review({"load": 4, "comment": NOTE})
    kiosk.waits(59)
    dialog = kiosk.place.get_by_role("alertdialog", name="Are you still here?").or_(
        kiosk.place.get_by_role("dialog", name="Are you still here?")
    )
    expect(dialog).to_have_count(0)
    kiosk.waits(2)
    expect(dialog).to_be_visible()
    kiosk.button("I am still here").click()
    expect(dialog).to_have_count(0)
    kiosk.waits(58)
    kiosk.page.mouse.move(5, 5)
    kiosk.page.keyboard.press("Shift")
    kiosk.waits(58)
    expect(dialog).to_have_count(0)
    kiosk.waits(3)
    expect(dialog).to_be_visible()
    kiosk.waits(21)
    kiosk.finds_nothing_of(code)
    assert pulse.counted() == before


def test_answers_that_are_not_sent_are_waited_for_longer_and_then_said_to_be_lost(
    kiosk: Kiosk, pulse: Pulse, service: Live
) -> None:
    before = pulse.counted()
    code = pulse.short_code()
    kiosk.types(code)
    kiosk.to_the_review({"load": 4, "comment": NOTE})
    kiosk.window.context.set_offline(True)
    kiosk.button("send").click()
    kiosk.reads("Your answers have not been sent")
    kiosk.waits(170)
    expect(kiosk.button("I am still here")).to_have_count(0)
    kiosk.waits(12)
    expect(kiosk.place.get_by_text("Your answers are then lost: they have not been sent.")).to_be_visible()
    kiosk.waits(60)
    kiosk.window.context.set_offline(False)
    kiosk.finds_nothing_of(code)
    kiosk.waits(120)
    assert service.accidents.taken == 0
    assert pulse.counted() == before


def test_a_code_that_expires_at_the_screen_is_typed_again(kiosk: Kiosk, pulse: Pulse) -> None:
    pulse.arrived()
    code = pulse.short_code()
    kiosk.types(code)
    kiosk.to_the_review({"load": 2})
    kiosk.window.context.route(
        "**/v1/respond",
        lambda route: route.fulfill(
            status=403,
            content_type="application/problem+json",
            body='{"type":"urn:pouls:problem:code-refused","status":403}',
        ),
        times=1,
    )
    kiosk.button("send").click()
    kiosk.reads("Type your code once more")
    kiosk.types(code)
    kiosk.is_done()
    assert pulse.arrived() == [{"load": 2}]
