"""The page as it is, its shadow root closed: answered with the keyboard alone, by what is called out."""

from collections.abc import Callable

import pytest

from tests.make.browser import Window, needs_chromium
from tests.make.heard import Heard, Told
from tests.make.live import Live
from tests.make.pulse_page import ANSWERS
from tests.make.widget_world import Pulse

MOST_STOPS = 60
STEM = "In my team: "

pytestmark = [pytest.mark.slow, needs_chromium]


class Keys:
    """Hands that have a keyboard and nothing else."""

    def __init__(self, window: Window) -> None:
        self.page = window.page
        self.heard = Heard(window.page)

    def go_to(self, role: str, name: str) -> Told:
        """By the Tab key; what it is called may go on with whether an answer is needed."""
        passed = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            found = self.heard.focused()
            if found.role == role and found.name.startswith(name):
                return found
            passed.append((found.role, found.name))
        raise AssertionError(f"no way to {role} {name!r}; passed {passed}")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def choose(self, first: str, chosen: str) -> None:
        """Into a group of radio buttons, of which none is chosen, and along it by arrows."""
        self.go_to("radio", first)
        self.press("Space")
        for _ in range(11):
            if self.heard.focused().name == chosen:
                break
            self.press("ArrowDown")
        found = self.heard.focused()
        assert (found.name, found.states["checked"]) == (chosen, "true")

    def button(self, name: str) -> None:
        self.go_to("button", name)
        self.press("Enter")


def test_all_of_it_is_answered_with_the_keyboard_alone(
    service: Live, pulse: Pulse, open_window: Callable[..., Window]
) -> None:
    pulse.arrived()
    window = open_window()
    keys = Keys(window)
    window.page.goto(f"{service.url}/embed/{pulse.address}?language=en#{pulse.code()}")
    keys.heard.has("button", "Begin")
    assert window.page.evaluate("document.querySelector('pouls-pulse').shadowRoot") is None
    keys.button("Begin")
    keys.heard.has_focus("heading", "Your week")
    keys.choose("1, Not at all", "4")
    keys.choose("0, Never", "9")
    keys.choose("At the office", "At home")
    keys.go_to("textbox", "How many days: At home?")
    window.page.keyboard.type("3")
    for tool in ("Chat", "Board"):
        keys.go_to("checkbox", tool)
        keys.press("Space")
    keys.button("Next")
    keys.heard.has_focus("heading", "Your team")
    for row, answer in (("I am listened to", "5 of 5, Completely"), ("I am helped", "2 of 5"),
                        ("I am trusted", "1 of 5, Not at all")):  # fmt: skip
        keys.choose(f"{STEM}{row}, 1 of 5, Not at all", f"{STEM}{row}, {answer}")
    keys.button("Next")
    keys.heard.has_focus("heading", "Your desk")
    desk = [one.name for one in keys.heard.all() if one.role == "radiogroup"]
    for statement in desk:
        keys.choose("1, Not at all", str(ANSWERS["calm" if "calm" in statement else "clear"]))
    keys.button("Next")
    keys.heard.has_focus("heading", "To finish")
    keys.button("Add: Pay")
    for option in ("Time", "Rooms"):
        keys.button(f"Add: {option}")
    order_by_buttons(keys)
    keys.choose("1, Not at all", "2")
    keys.go_to("textbox", "Anything to add?")
    window.page.keyboard.type("Fine so far")
    keys.button("Next")
    keys.heard.has_focus("heading", "Check your answers")
    keys.button("Send my answers")
    keys.heard.has_focus("heading", "Thank you, your answers have arrived")
    assert pulse.arrived() == [ANSWERS]
    assert window.seen.wrong() == []


def order_by_buttons(keys: Keys) -> None:
    """From pay, time, rooms to time, pay, rooms; the button that was pressed keeps the focus."""
    window = keys.page
    for _ in range(MOST_STOPS):
        if keys.heard.focused().name == "Move up: Time":
            break
        window.keyboard.press("Shift+Tab")
    keys.press("Enter")
    assert keys.heard.focused().name == "Move up: Time"
    keys.heard.has("StaticText", "Time: place 1 of 3.")
