"""Every screen, in both languages: nothing that axe objects to in any colours, nothing too wide, nothing too small."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.make import axe
from tests.make.browser import Window, needs_chromium, overflow
from tests.make.live import Live
from tests.make.node_packages import needs_npm
from tests.make.pulse_page import OPEN_ROOTS, Respondent
from tests.make.pulse_screens import Screens
from tests.make.widget_world import Pulse

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none", "contrast": "no-preference"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced colours": {"color_scheme": "light", "forced_colors": "active"},
    "more contrast": {"color_scheme": "light", "forced_colors": "none", "contrast": "more"},
}
SCREENS = 30
SMALL = {"width": 320, "height": 256}
"""What is left of 1280 by 1024 at four hundred per cent."""
PICTURES = os.environ.get("POULS_TEST_PICTURES")
ALL = """const all = root => [...root.querySelectorAll("*")].flatMap(
    node => [node, ...(node.shadowRoot ? all(node.shadowRoot) : [])]);"""
TOO_WIDE = f"""() => {{ {ALL}
    return all(document).filter(node => {{
        const box = node.getBoundingClientRect();
        return box.width > 1 && box.height > 1 && (box.right > innerWidth + 1 || box.left < -1);
    }}).map(node => `${{node.localName}} is too wide: ${{node.textContent.slice(0, 40)}}`);
}}"""
TOO_SMALL = f"""() => {{ {ALL}
    const hit = node => (node.matches("input[type=radio], input[type=checkbox]") && node.closest("label")) || node;
    return all(document).filter(node => node.matches("button, input, textarea, summary, a[href]")).map(hit)
        .map(node => [node, node.getBoundingClientRect()]).map(([node, box]) => [node, box.width, box.height])
        .filter(([, width, height]) => width > 0 && Math.round(Math.min(width, height)) < 44)
        .map(([node, ...size]) => `${{node.localName}} is too small: ${{node.textContent}} ${{size.join(" by ")}}`);
}}"""
MOVING = """document.querySelector("pouls-pulse").shadowRoot.getAnimations()
    .filter(one => one.playState === "running").length"""

pytestmark = [pytest.mark.slow, needs_chromium]
Walk = Callable[..., Screens]


@pytest.fixture
def walk(service: Live, pulse: Pulse, open_window: Callable[..., Window]) -> Walk:
    def make(language: str, **options: Any) -> Screens:
        window = open_window(OPEN_ROOTS, **options)
        window.page.clock.install()
        return Screens(window, service, pulse, language)

    return make


@needs_npm
@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_is_in_anybody_s_way(walk: Walk, language: str) -> None:
    screens = walk(language, bypass_csp=True, viewport={"width": 1000, "height": 900}, reduced_motion="reduce")
    found: dict[str, Any] = {}
    seen = 0
    for name in screens.all():
        seen += 1
        for look, media in LOOKS.items():
            if look == "more contrast" and language != "en":
                continue  # colours do not speak
            screens.page.emulate_media(**media)
            told = axe.asked(screens.page)
            if told.violations:
                found[f"{name}, {look}"] = told.violations
            assert {"color-contrast", "page-has-heading-one", "region"} <= told.passed, (name, look)
    assert found == {}
    assert seen >= SCREENS


@pytest.mark.parametrize("language", ["en", "fr"])
def test_everything_fits_a_small_screen_and_a_finger(walk: Walk, language: str) -> None:
    screens = walk(language, viewport=SMALL, reduced_motion="reduce")
    found: dict[str, Any] = {}
    for name in screens.all():
        faults = [*screens.page.evaluate(TOO_WIDE), *screens.page.evaluate(TOO_SMALL)]
        if overflow(screens.page) > 0:
            faults.append("scrolls sideways")
        if screens.page.evaluate(MOVING):
            faults.append("moves")
        if faults:
            found[name] = faults
        _keep(screens.page, f"{language}-320-{name}")
    assert found == {}


def test_what_does_not_fit_is_seen(walk: Walk) -> None:
    screens = walk("en", viewport=SMALL)
    assert next(screens.all()) == "before"
    assert screens.page.evaluate(TOO_WIDE) + screens.page.evaluate(TOO_SMALL) == []
    screens.person.button("begin").evaluate(
        "node => { node.style.cssText = 'min-height: 0; padding: 0; width: 90px'; }"
    )
    screens.person.place.get_by_role("heading", level=1).evaluate("node => { node.style.width = '400px'; }")
    (wide,), (small,) = screens.page.evaluate(TOO_WIDE), screens.page.evaluate(TOO_SMALL)
    assert wide.startswith("h1 is too wide")
    assert small.startswith("button is too small: Begin")


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_nothing_moves_for_who_wants_no_motion(
    service: Live, pulse: Pulse, open_window: Callable[..., Window], motion: Literal["no-preference", "reduce"]
) -> None:
    window = open_window(OPEN_ROOTS, reduced_motion=motion)
    window.page.goto(f"{service.url}/embed/{pulse.address}?language=en#{pulse.code()}")
    person = Respondent(window.page)
    person.to_the_review({"load": 3})
    service.hold()
    person.button("send").click()
    person.reads("sending")
    assert (window.page.evaluate(MOVING) > 0) is (motion == "no-preference")


@pytest.mark.skipif(PICTURES is None, reason="no pictures are wanted: POULS_TEST_PICTURES names no folder")
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_made(walk: Walk, language: str, scheme: Literal["light", "dark"]) -> None:
    screens = walk(language, viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    for name in screens.all():
        _keep(screens.page, f"{language}-1280-{scheme}-{name}")


def _keep(page: Page, name: str) -> None:
    if PICTURES is not None:
        folder = Path(PICTURES)
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.png", full_page=True)
