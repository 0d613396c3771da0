"""The element in pages of an intranet: under the strictest policy, and where scripts and styles are up to no good."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.make.browser import Window, needs_chromium
from tests.make.host_pages import HOSTILE_STYLE, TRAPS, with_element
from tests.make.hosts import Host
from tests.make.live import Live
from tests.make.pulse_page import ANSWERS, OPEN_ROOTS, Respondent
from tests.make.widget_world import Pulse

WRITTEN = "quetzal cucumber"
OPENED = {**ANSWERS, "comment": WRITTEN}

pytestmark = [pytest.mark.slow, needs_chromium]


def start(code: str) -> str:
    return f"document.querySelector('pouls-pulse').start({json.dumps(code)})"


def test_under_the_strictest_policy_everything_works(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    pulse.arrived()
    window = open_window(OPEN_ROOTS)
    attributes = f'wave="{pulse.address}" language="en"'
    window.page.goto(with_element(host, service.url, attributes, scripts=[start(pulse.code())]))
    person = Respondent(window.page)
    person.sends()
    person.is_done()
    assert pulse.arrived() == [ANSWERS]
    assert window.seen.wrong() == []
    assert window.seen.said == []


def test_a_hostile_page_learns_nothing_and_breaks_nothing(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    """The code comes by the fragment, so that the page's own scripts, which run later, are never given it."""
    pulse.arrived()
    code = pulse.code()
    window = open_window(OPEN_ROOTS)
    attributes = f'wave="{pulse.address}" language="en" from="fragment"'
    page = with_element(host, service.url, attributes, scripts=[TRAPS], style=HOSTILE_STYLE, strict=False)
    window.page.goto(f"{page}#{code}")
    assert window.page.evaluate("location.hash") == ""
    window.page.evaluate("JSON.stringify({ probe: 'canary' }), window.postMessage('canary', '*')")
    person = Respondent(window.page)
    person.sends(OPENED)
    person.is_done()
    assert pulse.arrived() == [OPENED]
    told = window.page.evaluate("told()")
    assert {"JSON.stringify", "postMessage"} <= set(told["sprung"])  # so the traps do spring
    assert any("canary" in line for line in told["stolen"])
    assert [line for line in told["stolen"] if code in line or WRITTEN in line] == []
    typed = [line for line in told["stolen"] if line.startswith(("key", "input", "beforeinput"))]
    assert typed == []
    assert [line for line in told["stolen"] if line.startswith("pouls:")] == ["pouls:done {}"]


def test_a_hostile_style_changes_nothing(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    window = open_window(OPEN_ROOTS)
    attributes = f'wave="{pulse.address}" language="en"'
    looks = []
    for path, style in (("/plain", ""), ("/ugly", HOSTILE_STYLE)):
        page = with_element(host, service.url, attributes, path=path, scripts=[start(pulse.code())], style=style)
        window.page.goto(page)
        button = Respondent(window.page).button("begin")
        expect(button).to_be_visible()
        looks.append(
            button.evaluate("""node => {
            const style = getComputedStyle(node);
            return ["display", "color", "backgroundColor", "fontSize", "letterSpacing", "textTransform", "lineHeight",
                    "direction", "visibility", "position", "height"].map(name => [name, style[name]]);
        }""")
        )
    assert looks[0] == looks[1]


def test_the_size_of_a_page_s_own_letters_is_not_ours(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    """Many pages make a rem ten pixels, so as to reckon in tens."""
    window = open_window(OPEN_ROOTS)
    scripts, style = [start(pulse.code())], "html { font-size: 62.5% }"
    window.page.goto(
        with_element(host, service.url, f'wave="{pulse.address}" language="en"', scripts=scripts, style=style)
    )
    button = Respondent(window.page).button("begin")
    expect(button).to_have_css("font-size", "16px")
    assert button.evaluate("node => node.getBoundingClientRect().height") >= 44


def test_nothing_is_left_in_the_page(service: Live, pulse: Pulse, open_window: Callable[..., Window]) -> None:
    """Nor in what browsers keep, nor where one can go back to."""
    code = pulse.code()
    window = open_window()
    page = window.page
    page.goto(f"{service.url}/embed/{pulse.address}?language=en#{code}")
    assert page.evaluate("location.hash") == ""  # a deferred script has run when the page has loaded
    kept = page.evaluate("""async () => ({
        stored: [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length],
        cookie: document.cookie, state: history.state, length: history.length, url: location.href, name: window.name,
        caches: await caches.keys(), body: document.documentElement.outerHTML,
    })""")
    assert kept["stored"] == [0, 0, 0]
    assert (kept["cookie"], kept["state"], kept["name"], kept["caches"]) == ("", None, "", [])
    assert kept["length"] <= 2
    assert code not in json.dumps(kept)
    assert window.context.cookies() == []
    page.goto("about:blank")
    page.go_back()
    assert code not in page.url
    assert not any(code in url for _, url in window.seen.asked)


def test_without_scripts_the_page_says_so(service: Live, pulse: Pulse, open_window: Callable[..., Window]) -> None:
    window = open_window(java_script_enabled=False)
    window.page.goto(f"{service.url}/embed/{pulse.address}#{pulse.code()}")
    for words in ("This page needs JavaScript", "Cette page a besoin de JavaScript"):
        expect(window.page.locator("noscript p", has_text=words)).to_be_visible()


def test_a_page_that_is_not_on_the_list_is_told(
    service: Live, pulse: Pulse, host: Host, open_window: Callable[..., Window]
) -> None:
    window = open_window(OPEN_ROOTS)
    attributes = f'wave="{pulse.address}" language="en"'
    page = with_element(host, service.url, attributes, scripts=[start(pulse.code())])
    window.page.goto(page.replace(host.origin, host.other_origin))
    person = Respondent(window.page)
    person.reads("The survey cannot be shown on this page")
    expect(window.page.get_by_text("For the administrator: add this site")).to_be_visible()
