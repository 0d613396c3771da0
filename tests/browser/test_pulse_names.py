"""What is called out: names that are sentences, one voice for what happens, and the way from screen to screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.fixtures.house import House
from tests.make.browser import Window, needs_chromium, overflow
from tests.make.live import Live
from tests.make.pulse_page import OPEN_ROOTS, Respondent
from tests.make.widget_world import DOCUMENT, Pulse, a_pulse

ARABIC = {"ar": "كيف حالك هذا الأسبوع؟"}
SPEECH = {"en": ("In my team: I am helped, {} of 5", "Not at all", "Completely"),
          "fr": ("Dans mon équipe : On m'aide, {} sur 5", "Pas du tout", "Tout à fait")}  # fmt: skip
WIDE = {"width": 1000, "height": 800}

pytestmark = [pytest.mark.slow, needs_chromium]


def on_page(person: Respondent, number: int) -> None:
    person.begin()
    person.answer("load", 3)
    for _ in range(number - 1):
        person.button("next").click()


def names(page: Page, role: str) -> list[str]:
    """As they are called out, in the order of the page."""
    found = re.findall(rf'^ *- \'?{role} "([^"]*)"', page.locator("body").aria_snapshot(), re.MULTILINE)
    return [one.replace("''", "'") for one in found]  # a line with a colon is quoted, as in YAML


@pytest.mark.parametrize("language", ["en", "fr"])
def test_points_are_called_by_number_and_words(opened: Opened, language: str) -> None:
    window, person = opened(language)
    person.begin()
    _, least, most = SPEECH[language]
    assert names(window.page, "radio")[:5] == [f"1, {least}", "2", "3", "4", f"5, {most}"]
    needed = {"en": "Answer needed", "fr": "Réponse nécessaire"}[language]
    assert names(window.page, "radiogroup")[:2] == [f"{person.text('load')} {needed}", person.text("recommend")]
    assert names(window.page, "progressbar") == [{"en": "Step 1 of 5", "fr": "Étape 1 sur 5"}[language]]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_cell_of_a_table_is_a_sentence(opened: Opened, language: str) -> None:
    window, person = opened(language, viewport=WIDE)
    on_page(person, 2)
    expect(person.radio("helped", 1)).to_be_visible()
    sentence, least, most = SPEECH[language]
    said = [sentence.format(point) for point in range(1, 6)]
    said[0] += f", {least}"
    said[4] += f", {most}"
    assert names(window.page, "radio")[5:10] == said


def test_a_table_that_finds_no_room_becomes_groups_with_the_same_words(opened: Opened) -> None:
    window, person = opened(viewport=WIDE)
    on_page(person, 2)
    person.answer("helped", 2)
    expect(person.place.get_by_role("table")).to_be_visible()
    window.page.set_viewport_size({"width": 400, "height": 800})
    expect(person.place.get_by_role("table")).to_have_count(0)
    assert names(window.page, "radiogroup") == [
        "In my team: I am listened to", "In my team: I am helped", "In my team: I am trusted"
    ]  # fmt: skip
    expect(person.radio("helped", 2)).to_be_checked()


def test_no_word_of_a_table_is_broken(opened: Opened) -> None:
    window, person = opened(viewport=WIDE)
    on_page(person, 2)
    label = person.place.get_by_role("columnheader").get_by_text("Completely")
    assert label.evaluate("node => node.getClientRects().length") == 1
    assert overflow(window.page) <= 0


def test_each_screen_begins_at_its_heading_and_old_news_is_gone(opened: Opened) -> None:
    _, person = opened()
    status = person.place.get_by_role("status")
    person.begin()
    for title in ("Your week", "Your team", "Your desk", "To finish", "Check your answers"):
        expect(person.heading(title)).to_be_focused()
        expect(status).to_have_text("")
        if title == "Your week":
            person.answer("place", "home")
            expect(status).to_have_text("1 further question below.")
            person.answer("place", "office")
            expect(status).to_have_text("A question that no longer concerns you has gone.")
            person.answer("load", 3)
        if title != "Check your answers":
            person.button("next").click()
    person.button("Change Your priorities").click()
    expect(person.button("Add: Pay")).to_be_focused()
    person.button("Back to the review").click()
    expect(person.button("Change Your priorities")).to_be_focused()


def test_contacts_are_on_every_screen_and_lead_out_without_a_trace(opened: Opened) -> None:
    _, person = opened()
    person.begin()
    person.place.get_by_text("Someone to talk to").click()
    link = person.place.get_by_role("link", name="help.example/talk (opens in a new tab)")
    expect(link).to_have_attribute("rel", "noreferrer noopener")
    expect(link).to_have_attribute("target", "_blank")
    phone = person.place.get_by_role("link", name="+33 1 00 00 00 00")
    expect(phone).to_have_attribute("href", "tel:+33100000000")


@pytest.mark.parametrize("width", [320, 1000])
def test_a_language_from_right_to_left_is_written_so(
    house: House, service: Live, open_window: Callable[..., Window], width: int
) -> None:
    document = DOCUMENT | {
        "languages": ["ar"],
        "title": ARABIC,
        "introduction": None,
        "support": [],
        "sections": [{"id": "all", "title": ARABIC, "text": ARABIC, "items": ["one", "two"], "layout": "matrix"}],
        "items": [
            {"id": name, "type": "rating", "points": 5, "text": ARABIC, "labels": {"1": ARABIC}}
            for name in ("one", "two")
        ],
    }
    pulse: Pulse = a_pulse(house, document)
    window = open_window(OPEN_ROOTS, viewport={"width": width, "height": 800})
    window.page.goto(f"{service.url}/embed/{pulse.address}?language=ar#{pulse.code()}")
    person = Respondent(window.page)
    expect(person.heading(ARABIC["ar"])).to_have_css("direction", "rtl")
    person.begin()
    first, last = window.page.get_by_role("radio").nth(0), window.page.get_by_role("radio").nth(4)
    boxes = first.bounding_box(), last.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] > boxes[1]["x"]
    assert overflow(window.page) <= 0
    expect(person.place.get_by_text(ARABIC["ar"]).first).to_have_attribute("lang", "ar")
