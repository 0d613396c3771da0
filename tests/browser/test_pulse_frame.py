"""The page of a wave in a frame of an intranet: who may hold it, from whom it takes a code, and what it tells."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.make.browser import Window, needs_chromium
from tests.make.host_pages import with_frames
from tests.make.hosts import Host
from tests.make.live import Live
from tests.make.pulse_page import ANSWERS, OPEN_ROOTS, Respondent
from tests.make.widget_world import Pulse

# Notes what comes, and answers whoever asks for a code.
HOST_SCRIPT = """
    const heard = [];
    addEventListener("message", event => {
        heard.push({ origin: event.origin, data: event.data });
        if (event.data.type !== "pouls:ready" || !CODE) return;
        event.source.postMessage({ type: "pouls:code", code: CODE }, SERVICE);
    });
"""

pytestmark = [pytest.mark.slow, needs_chromium]


def framed(service: Live, pulse: Pulse) -> str:
    return f"{service.url}/embed/{pulse.address}?language=en"


def script(service: Live, code: str | None) -> str:
    return f"const CODE = {json.dumps(code)}, SERVICE = {json.dumps(service.url)};" + HOST_SCRIPT


@pytest.mark.parametrize("way", ["message", "fragment"])
def test_a_code_comes_from_the_page_around(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window], way: str
) -> None:
    pulse.arrived()
    code = pulse.code()
    window = open_window(OPEN_ROOTS)
    frame = framed(service, pulse) + ("" if way == "message" else f"#{code}")
    window.page.goto(with_frames(host, [frame], script(service, code if way == "message" else None)))
    person = Respondent(window.page.frame_locator("iframe"))
    person.sends()
    person.is_done()
    assert pulse.arrived() == [ANSWERS]
    assert window.seen.wrong() == []
    heard = window.page.evaluate("heard")
    assert {one["origin"] for one in heard} == {service.url}
    assert {one["data"]["type"] for one in heard} == {"pouls:ready", "pouls:height", "pouls:done"}
    assert {name for one in heard for name in one["data"]} == {"type", "height"}
    assert all(one["data"]["height"] > 100 for one in heard if "height" in one["data"])


def test_a_code_that_anybody_else_sends_is_not_taken(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    """A neighbouring frame, of the origin that may send one, is not the page around."""
    code = pulse.code()
    neighbour = with_frames(
        host, [], f"parent.frames[0].postMessage({{ type: 'pouls:code', code: {json.dumps(code)} }}, '*');"
                  "parent.postMessage({ type: 'sent' }, '*')", path="/neighbour"
    )  # fmt: skip
    window = open_window(OPEN_ROOTS)
    window.page.clock.install()
    window.page.goto(with_frames(host, [framed(service, pulse)], script(service, None)))
    person = Respondent(window.page.frame_locator("iframe[title]"))
    person.reads("Loading the questionnaire…")
    window.page.evaluate(
        "url => { const one = document.createElement('iframe'); one.src = url; document.body.append(one) }", neighbour
    )
    window.page.wait_for_function("heard.some(one => one.data.type === 'sent')")
    window.page.clock.run_for(11_000)
    person.reads("A personal link is needed")
    assert not any(url.endswith("/v1/respond/context") for _, url in window.seen.asked)


def test_what_the_page_around_sends_that_is_no_code_is_not_taken(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    window = open_window(OPEN_ROOTS)
    window.page.goto(with_frames(host, [framed(service, pulse)], script(service, None)))
    person = Respondent(window.page.frame_locator("iframe"))
    person.reads("Loading the questionnaire…")
    code = pulse.code()
    kind = "pouls:code"
    others = [{"type": kind}, *({"type": kind, "code": one} for one in ([code], "short", f"{code}<b>", 7, None))]
    for sent in (code, None, {"type": "code", "code": code}, *others):
        window.page.evaluate("sent => frames[0].postMessage(sent, '*')", sent)
    expect(person.button("begin")).to_have_count(0)
    window.page.evaluate("code => frames[0].postMessage({ type: 'pouls:code', code }, '*')", code)
    expect(person.button("begin")).to_be_visible()  # messages come in their order: the others came before
    assert window.seen.wrong() == []


def test_a_page_of_another_site_can_not_hold_it(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    window = open_window(OPEN_ROOTS)
    page = with_frames(host, [f"{framed(service, pulse)}#{pulse.code()}"], script(service, None))
    with window.context.expect_event("console", lambda line: "frame-ancestors" in line.text):
        window.page.goto(page.replace(host.origin, host.other_origin))
    assert Respondent(window.page.frame_locator("iframe")).button("begin").count() == 0
    assert not any("/v1/" in url for _, url in window.seen.asked)


def heights(window: Window) -> list[float]:
    """Those that the page around was told."""
    return [one["data"]["height"] for one in window.page.evaluate("heard") if "height" in one["data"]]


def test_its_height_tells_nothing_of_the_answers(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    """A question that comes with an answer makes the page longer."""
    window = open_window(OPEN_ROOTS)
    window.page.goto(with_frames(host, [framed(service, pulse)], script(service, pulse.code())))
    person = Respondent(window.page.frame_locator("iframe"))
    person.begin()
    window.page.evaluate("heard.length = 0")
    inside = person.place.locator("pouls-pulse")
    before = inside.bounding_box()
    person.answer("place", "home")
    expect(person.field("days")).to_be_visible()
    after = inside.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"]
    person.answer("load", 2)
    person.answer("days", 2)
    person.button("next").click()
    person.reads("Your team")
    for screen in ("Your desk", "To finish", "review"):
        person.button("next").press("Enter")
        person.reads(screen)
    assert len(heights(window)) <= 1


def test_nobody_learns_who_looked_for_somebody_to_talk_to(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    """Neither the service, since nothing is asked of it, nor the page around: the frame's height says nothing."""
    window = open_window(OPEN_ROOTS)
    window.page.goto(with_frames(host, [framed(service, pulse)], script(service, pulse.code())))
    person = Respondent(window.page.frame_locator("iframe"))
    expect(person.button("begin")).to_be_visible()
    told, asked = heights(window), len(window.seen.asked)
    inside = person.place.locator("pouls-pulse")
    closed = inside.bounding_box()
    person.place.get_by_text("Someone to talk to").click()
    expect(person.place.get_by_text("Helpline")).to_be_visible()
    opened = inside.bounding_box()
    assert closed is not None
    assert opened is not None
    assert opened["height"] > closed["height"]
    person.place.get_by_text("Someone to talk to").click()
    expect(person.place.get_by_text("Helpline")).to_be_hidden()
    person.begin()
    assert heights(window)[: len(told)] == told
    assert len(heights(window)) <= len(told) + 1
    assert len(window.seen.asked) == asked


def test_a_frame_that_may_run_scripts_and_nothing_else_is_enough(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    """Hosts that show pages of others often forbid them forms."""
    pulse.arrived()
    window = open_window(OPEN_ROOTS)
    page = with_frames(
        host, [framed(service, pulse)], script(service, pulse.code()), sandbox="allow-scripts allow-same-origin"
    )
    window.page.goto(page)
    person = Respondent(window.page.frame_locator("iframe"))
    person.sends({"load": 2})
    person.is_done()
    assert pulse.arrived() == [{"load": 2}]


def test_when_a_code_expires_the_page_around_gives_another(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    pulse.arrived()
    name, another = pulse.people.pop(), pulse.intranet_code()
    window = open_window(OPEN_ROOTS)
    window.page.goto(with_frames(host, [framed(service, pulse)], script(service, pulse.intranet_code(name))))
    person = Respondent(window.page.frame_locator("iframe"))
    person.to_the_review({"load": 2})
    window.context.route(
        "**/v1/respond",
        lambda route: route.fulfill(
            status=403,
            content_type="application/problem+json",
            body='{"type":"urn:pouls:problem:code-refused","status":403}',
        ),
        times=1,
    )
    person.button("send").click()
    person.reads("Your link has expired")
    window.page.wait_for_function("heard.some(one => one.data.type === 'pouls:expired')")
    give = "code => frames[0].postMessage({ type: 'pouls:code', code }, SERVICE)"
    window.page.evaluate(give, another)  # somebody else's: answers are not sent under it
    window.page.evaluate(give, pulse.intranet_code(name))
    person.is_done()
    assert pulse.spent_by(name)
    assert pulse.arrived() == [{"load": 2}]
