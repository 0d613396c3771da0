"""The guide for intranets does what it says: each block runs as a reader would run it, and answers are counted."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.fixtures.house import House
from tests.make.browser import Window, needs_chromium
from tests.make.guide_host import (
    BLOCKS,
    GUIDE,
    SHOWN_CAMPAIGN,
    SHOWN_INTEGRITY,
    SHOWN_INTRANET,
    SHOWN_POULS,
    SHOWN_VERSION,
    Intranet,
    Json,
    an_intranet,
    answers_once,
    defined,
    filled,
    in_frame,
    nothing_is_wrong,
    widget,
)
from tests.make.guide_stand_ins import PHP, shortcode, web_part
from tests.make.live import Live
from tests.make.node_packages import needs_npm
from tests.make.pulse_page import ANSWERS, OPEN_ROOTS, Respondent
from tests.make.widget_world import Pulse
from tests.make.world import a_launched_wave, ok

pytestmark = [pytest.mark.slow, needs_chromium]
NOTHING = "default-src 'none'"
TYPES = "; require-trusted-types-for 'script'; trusted-types 'none'"
PAGE = '<!doctype html><html lang="en"><head><title>Intranet</title></head><body><h1>Intranet</h1>{}</body></html>'
SANDBOX = "allow-scripts allow-same-origin"
OLD = {SHOWN_VERSION: "f" * 16, SHOWN_INTEGRITY: "sha384-" + "A" * 64}
AN_HOUR_S = 3600


@pytest.fixture(scope="module")
def intranet(pulse: Pulse) -> Iterator[Intranet]:
    """Whose origin the rules name."""
    with an_intranet() as started:
        pulse.allow(started.origin)
        yield started


@pytest.fixture
def server(intranet: Intranet, service: Live, pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> Intranet:
    """The guide's own server behind `/pouls`, and somebody who has not answered yet."""
    monkeypatch.setenv("POULS_KEY", pulse.tenant.keys["participations:write"])
    code = filled(BLOCKS["server"], {SHOWN_POULS: service.url, SHOWN_CAMPAIGN: pulse.campaign})
    intranet.served["/pouls"] = defined(code, "application")
    intranet.person = pulse.people.pop()
    intranet.asked.clear()
    return intranet


@pytest.fixture
def window(open_window: Callable[..., Window]) -> Window:
    return open_window(OPEN_ROOTS)


def participation(server: Intranet, service: Live, pulse: Pulse) -> Json:
    """As the guide's server asks for it."""
    code = filled(BLOCKS["server"], {SHOWN_POULS: service.url, SHOWN_CAMPAIGN: pulse.campaign})
    given: Json = defined(code, "participation")(server.person)
    return given


@pytest.mark.parametrize("sandbox", [None, SANDBOX])
def test_a_frame_with_a_link(
    server: Intranet, service: Live, pulse: Pulse, window: Window, sandbox: str | None
) -> None:
    """By a server that writes the page, which itself may run nothing."""
    link = participation(server, service, pulse)["link"]
    frame = filled(BLOCKS["frame"], {"{link}": link})
    if sandbox is not None:
        frame = frame.replace("<iframe ", f'<iframe sandbox="{sandbox}" ')
    window.page.goto(server.gives("/page", PAGE.format(frame), f"{NOTHING}; frame-src {service.url}"))
    answers_once(pulse, in_frame(window.page))
    nothing_is_wrong(window, server)


def test_a_frame_whose_sandbox_takes_its_origin_says_that_it_shows_nothing(
    server: Intranet, service: Live, pulse: Pulse, window: Window
) -> None:
    link = participation(server, service, pulse)["link"]
    frame = filled(BLOCKS["frame"], {"{link}": link, "<iframe ": '<iframe sandbox="allow-scripts" '})
    window.page.goto(server.gives("/page", PAGE.format(frame)))
    in_frame(window.page).reads("The survey cannot be shown on this page")


@pytest.mark.parametrize("page", ["frame page", "user macro"])
def test_a_frame_that_is_given_a_code(server: Intranet, service: Live, pulse: Pulse, window: Window, page: str) -> None:
    """On a page that is the same for everybody. The wiki's template says nothing of its first line."""
    server.gives("/pouls-frame.js", filled(BLOCKS["pouls-frame.js"], {SHOWN_POULS: service.url}))
    body = BLOCKS[page].removeprefix("## @noparams\n")
    policy = f"{NOTHING}; script-src 'self'; connect-src 'self'; frame-src {service.url}{TYPES}"
    window.page.goto(server.gives("/page", PAGE.format(body), policy))
    expect(in_frame(window.page).button("begin")).to_be_visible()
    height = int(window.page.locator("iframe").get_attribute("height") or "")
    assert height != 720
    answers_once(pulse, in_frame(window.page))
    assert server.asked.count("POST /pouls?") == 1
    nothing_is_wrong(window, server)


def test_a_frame_for_whoever_is_not_invited(server: Intranet, service: Live, window: Window) -> None:
    """It is not there."""
    server.person = "nobody"
    server.gives("/pouls-frame.js", filled(BLOCKS["pouls-frame.js"], {SHOWN_POULS: service.url}))
    window.page.goto(server.gives("/page", PAGE.format(BLOCKS["frame page"])))
    expect(window.page.locator("iframe")).to_have_count(0)
    assert window.seen.errors == []


def test_a_frame_whose_hour_is_over(server: Intranet, service: Live, pulse: Pulse, window: Window) -> None:
    """The answers go with a second code."""
    server.gives("/pouls-frame.js", filled(BLOCKS["pouls-frame.js"], {SHOWN_POULS: service.url}))
    window.page.goto(server.gives("/page", PAGE.format(BLOCKS["frame page"])))
    person = in_frame(window.page)
    pulse.arrived()
    person.to_the_review()
    service.house.clock.shift += timedelta(seconds=AN_HOUR_S + 1)
    person.button("send").click()
    person.is_done()
    assert pulse.arrived() == [ANSWERS]
    assert server.asked.count("POST /pouls?") == 2


def test_the_element(server: Intranet, service: Live, pulse: Pulse, window: Window) -> None:
    """On a page with a strict policy and Trusted Types, which needs no policy for styles."""
    server.gives("/pouls-element.js", BLOCKS["pouls-element.js"])
    policy = f"{NOTHING}; script-src 'self' {service.url}; connect-src 'self' {service.url}{TYPES}"
    window.page.goto(server.gives("/page", PAGE.format(filled(BLOCKS["element page"], widget(service))), policy))
    answers_once(pulse, Respondent(window.page))
    nothing_is_wrong(window, server)


def test_an_old_version_of_the_element_does_not_run(server: Intranet, service: Live, window: Window) -> None:
    with window.page.expect_response(lambda answer: "/widget/pouls.js" in answer.url):
        window.page.goto(server.gives("/page", PAGE.format(filled(BLOCKS["element page"], widget(service) | OLD))))
    assert window.page.evaluate("customElements.get('pouls-pulse') === undefined")


def test_a_link(server: Intranet, pulse: Pulse, window: Window) -> None:
    """On a page that may do nothing at all."""
    link = filled(BLOCKS["link"], {SHOWN_INTRANET: server.origin})
    window.page.goto(server.gives("/page", PAGE.format(link), NOTHING))
    window.page.get_by_role("link", name="Answer the survey").click()
    answers_once(pulse, Respondent(window.page))
    nothing_is_wrong(window, server)
    assert urlsplit(window.page.url).fragment == ""


def test_who_is_not_invited_is_told(server: Intranet, window: Window) -> None:
    server.person = "nobody"
    with window.page.expect_response("**/pouls") as answered:
        window.page.goto(f"{server.origin}/pouls")
    assert answered.value.status == 404
    assert answered.value.json()["type"].endswith("not-invited")


def test_an_embed_code_with_short_codes(intranet: Intranet, service: Live, pulse: Pulse, window: Window) -> None:
    """On a page whose author can use no script; one person after another."""
    values = {SHOWN_POULS: service.url, "{wave}": pulse.address, "<iframe ": f'<iframe sandbox="{SANDBOX}" '}
    frame = filled(BLOCKS["embed"], values)
    window.page.goto(intranet.gives("/page", PAGE.format(frame), f"{NOTHING}; frame-src {service.url}"))
    person = in_frame(window.page)
    for _ in range(2):
        person.place.get_by_role("textbox", name="Your code").fill(pulse.short_code())
        person.button("Continue").click()
        answers_once(pulse, person)
        person.button("Next person").click()
    expect(person.place.get_by_role("textbox", name="Your code")).to_have_value("")
    nothing_is_wrong(window, intranet)


@needs_npm
def test_a_web_part(server: Intranet, service: Live, pulse: Pulse, window: Window, tmp_path: Path) -> None:
    """Under what SharePoint Online says of scripts, with the source that the guide has added."""
    values = widget(service) | {SHOWN_INTRANET + "/": server.origin + "/"}
    server.gives("/web_part.js", web_part(tmp_path, filled(BLOCKS["spfx"], values)))
    policy = f"script-src 'unsafe-eval' 'self' {service.url}/widget/"
    page = PAGE.format('<div id="webpart"></div><script src="/web_part.js"></script>')
    window.page.goto(server.gives("/page", page, policy))
    answers_once(pulse, Respondent(window.page))
    assert server.asked.count("POST /pouls?") == 1
    nothing_is_wrong(window, server)


@needs_npm
def test_a_web_part_of_an_old_version_offers_a_link(
    server: Intranet, service: Live, pulse: Pulse, window: Window, tmp_path: Path
) -> None:
    values = widget(service) | OLD | {SHOWN_INTRANET + "/": server.origin + "/"}
    server.gives("/web_part.js", web_part(tmp_path, filled(BLOCKS["spfx"], values)))
    page = PAGE.format('<div id="webpart"></div><script src="/web_part.js"></script>')
    window.page.goto(server.gives("/page", page))
    window.page.get_by_role("link", name="Answer the survey").click()
    answers_once(pulse, Respondent(window.page))


@pytest.mark.skipif(PHP is None, reason="php is not installed: Debian's package php-cli brings it")
def test_a_shortcode(server: Intranet, service: Live, pulse: Pulse, window: Window, tmp_path: Path) -> None:
    given = {"POULS": service.url, "KEY": pulse.tenant.keys["participations:write"], "CAMPAIGN": pulse.campaign}
    assert shortcode(tmp_path, BLOCKS["plugin"], LOGIN="", **given) == "<p>Please log in to answer.</p>"
    missing = "<p>There is no survey for you at the moment.</p>"
    assert shortcode(tmp_path, BLOCKS["plugin"], LOGIN="nobody", **given) == missing
    frame = shortcode(tmp_path, BLOCKS["plugin"], LOGIN=server.person, **given)
    window.page.goto(server.gives("/page", PAGE.format(frame), f"{NOTHING}; frame-src {service.url}"))
    answers_once(pulse, in_frame(window.page))
    nothing_is_wrong(window, server)


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="Debian's packages curl and jq are missing"
)
def test_origins_are_added_and_a_key_is_made(house: House, service: Live, tmp_path: Path) -> None:
    """Rules that were there stay."""
    tenant = house.tenant()
    before = {"burden": {"most": 6, "days": 30}, "origins": ["https://wiki.example"]}
    ok(tenant.call("admin", "PUT", "/v1/campaign-rules", json=before))
    environment = {"url": service.url, "ADMIN": tenant.keys["admin"], "PATH": "/usr/bin:/bin"}

    def run(block: str) -> Json:
        command = ["sh", "-ec", BLOCKS[block]]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=True)
        found: Json = json.loads(done.stdout)
        return found

    after = run("origins")
    assert (after["burden"], after["origins"]) == (before["burden"], ["https://wiki.example", SHOWN_INTRANET])
    assert ok(tenant.call("admin", "GET", "/v1/campaign-rules")) == after
    assert run("key")["key"].startswith("pouls_")


def test_the_result_of_a_unit(
    house: House, intranet: Intranet, service: Live, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = a_launched_wave(house.tenant())
    for person in wave.codes:
        ok(wave.submit(person, {"load": 4, "help": 4}), 201)
    wave.release()
    ok(wave.tenant.call("admin", "PUT", "/v1/campaign-rules", json={"origins": [intranet.origin]}))
    body = {"name": "Card", "scopes": ["aggregates:read"], "unit": {"external_id": "A"}}
    made = ok(wave.tenant.call("admin", "POST", "/v1/api-keys", json=body), 201)
    monkeypatch.setenv("POULS_CLIENT", made["client_id"])
    monkeypatch.setenv("POULS_KEY", made["key"])
    intranet.gives_token(defined(filled(BLOCKS["token"], {SHOWN_POULS: service.url}), "access_token"))
    intranet.gives("/pouls-result.js", BLOCKS["pouls-result.js"])
    values = widget(service, "result") | {SHOWN_CAMPAIGN: wave.campaign, "social_climate": "climate"}
    policy = f"{NOTHING}; script-src 'self' {service.url}; connect-src 'self' {service.url}{TYPES}"
    window.page.goto(intranet.gives("/page", PAGE.format(filled(BLOCKS["result page"], values)), policy))
    card = window.page.locator("pouls-result")
    expect(card.get_by_role("heading", name="Climate")).to_be_visible()
    expect(card).to_contain_text("Team A")
    expect(card.locator(".figure strong")).to_have_text("4")
    nothing_is_wrong(window, intranet)


def test_every_block_of_the_guide_is_run() -> None:
    marked = GUIDE.read_text("utf-8").count("\n```") // 2
    assert len(BLOCKS) == marked
    code = Path(__file__).read_text("utf-8")
    assert [name for name in BLOCKS if f'"{name}"' not in code] == []
