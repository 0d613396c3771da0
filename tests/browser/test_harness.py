"""That a window notes what goes wrong in it: each kind of defect, put there on purpose, is seen."""

from collections.abc import Callable

import pytest

from tests.make import axe
from tests.make.browser import Window, needs_chromium, overflow
from tests.make.hosts import SCRIPT, Host
from tests.make.node_packages import needs_npm

POLICY = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
}
PAGE = '<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">{}</html>'
DEFECTS = {
    "console error": ("console.error('out loud')", "errors", "out loud"),
    "console warning": ("console.warn('beware')", "errors", "beware"),
    "uncaught error": ("setTimeout(() => { throw new Error('nobody caught') })", "errors", "Error: nobody caught"),
    "unhandled rejection": ("Promise.reject(new Error('no hand'))", "errors", "Error: no hand"),
    "inline style": ("document.body.setAttribute('style', 'color: red')", "blocked", "style"),
    "markup as text": ("try { document.body.innerHTML = '<b>x</b>' } catch {}", "blocked", "TrustedHTML"),
    "call elsewhere": ("fetch('/elsewhere').catch(() => 0)", "blocked", "connect"),
}

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_of_a_page_is_seen(host: Host, open_window: Callable[..., Window], name: str) -> None:
    script, kind, word = DEFECTS[name]
    host.gives("/defect.js", script, SCRIPT)
    page = host.gives("/defect", PAGE.format('<body><script src="/defect.js"></script>'), headers=POLICY)
    window = open_window()
    with window.context.expect_event("console" if "console" in name or kind == "blocked" else "weberror"):
        window.page.goto(page)
    assert any(word in line for line in getattr(window.seen, kind)), window.seen
    assert window.seen.wrong()


def test_a_defect_of_a_frame_is_seen(host: Host, open_window: Callable[..., Window]) -> None:
    host.gives("/inner.js", "console.error('from inside')", SCRIPT)
    host.gives("/inner", PAGE.format('<body><script src="/inner.js"></script>'), headers=POLICY)
    window = open_window()
    with window.context.expect_event("console"):
        window.page.goto(host.gives("/outer", PAGE.format(f'<iframe src="{host.other_origin}/inner"></iframe>')))
    assert window.seen.errors == ["from inside"]


def test_what_is_refused_or_not_answered_is_seen(host: Host, open_window: Callable[..., Window]) -> None:
    window = open_window()
    window.page.goto(host.gives("/calm", PAGE.format("<body>")))
    assert window.seen.wrong() == []
    window.context.route("**/gone", lambda route: route.abort())
    window.context.route("**/refused", lambda route: route.fulfill(status=409))
    window.page.evaluate("Promise.allSettled([fetch('/gone'), fetch('/refused')])")
    (line,) = window.seen.failed
    assert line.startswith(f"GET {host.origin}/gone")
    assert any("409" in line and "/refused" in line for line in window.seen.refused)
    assert ("GET", f"{host.origin}/refused") in window.seen.asked


@needs_npm
def test_what_is_in_somebody_s_way_is_seen(host: Host, open_window: Callable[..., Window]) -> None:
    """Inside a shadow root, too."""
    host.gives(
        "/shadow.js",
        "document.querySelector('div').attachShadow({mode: 'open'}).innerHTML = '<button></button>'",
        SCRIPT,
    )
    body = '<body><main><h1>A page</h1><div></div></main><script src="/shadow.js"></script>'
    window = open_window(bypass_csp=True)
    window.page.goto(host.gives("/mute", PAGE.format(body)))
    assert set(axe.asked(window.page).violations) == {"button-name"}


def test_what_is_too_wide_is_seen(host: Host, open_window: Callable[..., Window]) -> None:
    window = open_window(viewport={"width": 320, "height": 600})
    window.page.goto(host.gives("/wide", PAGE.format('<body><div style="width:400px">wide</div>')))
    assert overflow(window.page) > 0
