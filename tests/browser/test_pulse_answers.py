"""A questionnaire with questions of every kind, answered in a browser: what arrives is what was answered."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.make.browser import needs_chromium
from tests.make.live import Live
from tests.make.pulse_page import ANSWERS, LEFT, PAGES, Respondent
from tests.make.widget_world import Pulse

pytestmark = [pytest.mark.slow, needs_chromium]


def places(page: Page) -> list[str]:
    """The statements of the shuffled page, in their order."""
    return [one.inner_text().split("\n")[0] for one in page.locator("legend").all()]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_arrives_is_what_was_answered(
    pulse: Pulse, service: Live, opened: Opened, language: str, width: int
) -> None:
    pulse.arrived()
    before = pulse.counted()
    code = pulse.code()
    window, person = opened(language, code, viewport={"width": width, "height": 800})
    person.sends()
    person.is_done()
    left = window.page.evaluate(LEFT)
    assert [one for one in (code, ANSWERS["comment"]) if one in left] == []
    assert pulse.arrived() == [ANSWERS]
    assert pulse.counted() == before + 1
    assert window.seen.wrong() == []
    assert service.accidents.taken == 1


def test_two_requests_come_before_the_first_question_and_one_after(service: Live, pulse: Pulse, opened: Opened) -> None:
    window, person = opened()
    sent: list[dict[str, str]] = []
    window.page.on("request", lambda request: sent.append(request.headers))
    person.begin()
    assert sorted(asked for asked in window.seen.asked if "/v1/" in asked[1]) == [
        ("GET", f"{service.url}/v1/respond/{pulse.address}?language=en"),
        ("POST", f"{service.url}/v1/respond/context"),
    ]
    del window.seen.asked[:]
    person.answer("load", 2)
    for _ in PAGES:
        person.button("next").click()
    person.place.get_by_text("Someone to talk to").click()
    expect(person.place.get_by_role("link", name="+33 1 00 00 00 00")).to_be_visible()
    assert window.seen.asked == []
    person.button("send").click()
    person.is_done()
    assert window.seen.asked == [("POST", f"{service.url}/v1/respond")]
    assert len(sent) == 1
    assert not {"referer", "cookie", "authorization"} & {name for name, value in sent[0].items() if value}


def test_a_question_comes_with_the_answer_that_makes_it_and_goes_with_it(pulse: Pulse, opened: Opened) -> None:
    pulse.arrived()
    _, person = opened()
    person.begin()
    expect(person.field("days")).to_be_hidden()
    person.answer("place", "home")
    expect(person.place.get_by_role("textbox", name="How many days: At home?")).to_be_visible()
    person.answer("days", 5)
    person.answer("place", "office")
    expect(person.field("days")).to_be_hidden()
    person.answer("place", "home")
    expect(person.field("days")).to_have_value("5")
    person.answer("place", "office")
    person.answer("load", 1)
    for _ in PAGES:
        person.button("next").click()
    person.reads("review")
    expect(person.place.get_by_text("How many days")).to_have_count(0)
    person.button("send").click()
    person.is_done()
    assert pulse.arrived() == [{"load": 1, "place": "office"}]


def test_what_is_wrong_is_told_with_the_way_to_it(opened: Opened) -> None:
    window, person = opened()
    person.begin()
    person.answer("place", "home")
    person.answer("days", 9)
    person.answer("tools", ["chat", "call", "board"])
    person.button("next").click()
    summary = person.place.get_by_role("group", name="3 answers need another look")
    expect(summary).to_be_focused()
    expect(person.group("load")).to_have_attribute("aria-invalid", "true")
    expect(person.group("load")).to_have_accessible_description("This question needs an answer.")
    expect(person.field("days")).to_have_accessible_description(
        "A whole number from 1 to 7. The number must be 7 or less."
    )
    summary.get_by_role("link", name="My workload is sustainable").click()
    expect(person.radio("load", 1)).to_be_focused()
    person.answer("load", 3)
    person.answer("days", "four")
    person.button("next").click()
    expect(person.field("days")).to_have_accessible_description(
        "A whole number from 1 to 7. Please write a whole number, in digits."
    )
    person.answer("days", 7)
    person.group("tools").get_by_role("checkbox", name="Chat").uncheck()
    person.button("next").click()
    expect(person.heading("Your team")).to_be_focused()
    assert window.seen.wrong() == []


def test_an_answer_is_changed_from_the_review(pulse: Pulse, opened: Opened) -> None:
    pulse.arrived()
    _, person = opened()
    person.to_the_review({"load": 1, "health": 5})
    person.button("Change My workload is sustainable").click()
    person.answer("load", 2)
    person.button("Back to the review").click()
    person.reads("review")
    person.button("Change My work harms my health").click()
    person.group("health").get_by_role("radio", name=person.words["refuse"]).check()
    person.button("Back to the review").click()
    expect(person.place.get_by_role("definition").filter(has_text="I prefer not to answer")).to_have_count(1)
    person.button("send").click()
    person.is_done()
    assert pulse.arrived() == [{"load": 2}]


def test_an_order_is_changed_and_taken_back(pulse: Pulse, opened: Opened) -> None:
    pulse.arrived()
    _, person = opened()

    def rank(at: str) -> None:
        if at != "page 4":
            return
        person.answer("priorities", ["pay", "time", "team"])
        person.button("Add: Rooms").click()
        person.button("Move up: Team").click()
        person.button("Take out: Pay").click()
        expect(person.button("Add: Pay")).to_be_focused()
        person.button("Add: Rooms").click()

    person.to_the_review({"load": 1}, rank)
    person.button("send").click()
    person.is_done()
    assert pulse.arrived() == [{"load": 1, "priorities": ["team", "time", "room"]}]


def test_a_language_is_changed_and_answers_stay(pulse: Pulse, opened: Opened) -> None:
    pulse.arrived()
    _, person = opened()
    person.begin()
    person.answer("load", 5)
    person.button("Français").click()
    french = Respondent(person.place, "fr")
    expect(french.radio("load", 5)).to_be_checked()
    french.answer("recommend", 0)
    for _ in PAGES:
        french.button("next").click()
    french.button("send").click()
    french.is_done()
    assert pulse.arrived() == [{"load": 5, "recommend": 0}]


def test_a_shuffled_page_keeps_its_order_for_one_person_and_differs_between_people(opened: Opened) -> None:
    """Twelve people who all saw the same order would be one case in 2048."""
    seen = set()
    for _ in range(12):
        window, person = opened()
        person.begin()
        person.answer("load", 3)
        for _ in range(2):
            person.button("next").click()
        person.reads("Your desk")
        order = places(window.page)
        person.button("next").click()
        person.button("back").click()
        person.reads("Your desk")
        assert places(window.page) == order
        assert sorted(order) == ["I work in calm surroundings", "My goals are clear"]
        seen.add(tuple(order))
        if len(seen) == 2:
            return
    raise AssertionError(seen)


def test_a_page_is_not_skipped_by_who_presses_twice(opened: Opened) -> None:
    _, person = opened()
    person.button("begin").dblclick()
    person.reads("Your week")
    person.answer("load", 3)
    person.button("next").dblclick()
    person.reads("Your team")
    person.button("next").click()
    person.reads("Your desk")
    person.button("back").dblclick()
    person.reads("Your team")


def test_an_empty_answer_can_be_given_back(pulse: Pulse, opened: Opened) -> None:
    """Whoever has chosen a point may choose none again."""
    pulse.arrived()
    _, person = opened()
    person.begin()
    person.answer("load", 2)
    person.answer("recommend", 7)
    person.button("Clear the answer Would you recommend our company?").click()
    expect(person.radio("recommend", 7)).not_to_be_checked()
    for _ in PAGES:
        person.button("next").click()
    person.button("send").click()
    person.is_done()
    assert pulse.arrived() == [{"load": 2}]
