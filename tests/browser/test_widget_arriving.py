"""How a code comes to a page of ours: by the address or by a message of the page around it, and from nobody else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Frame, Route

from tests.make.browser import Window, needs_chromium
from tests.make.node_packages import ROOT, needs_npm
from tests.make.widget_build import bundled

pytestmark = [pytest.mark.slow, needs_npm, needs_chromium]

CODE, ANOTHER = "A" * 79 + "_", "b-" * 50
OURS, INTRANET, EVIL = "https://pouls.example", "https://intranet.example", "https://evil.example"
NO_CODES = ["", "part-2", "A" * 59, "A" * 201, "A" * 70 + "=", "A" * 70 + "%20", "/" + "A" * 70]
_LISTENS = "window.heard = []; addEventListener('message', (one) => window.heard.push([one.origin, one.data]));"
Opened = Callable[..., tuple[Window, Frame]]


@pytest.fixture(scope="module")
def code_of_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("arriving") / "arriving.js"
    return bundled(ROOT / "tests" / "browser" / "arriving.ts", file, form="iife").read_text()


@pytest.fixture
def opened(open_window: Callable[..., Window], code_of_page: str) -> Opened:
    """Our page, in a frame of a page of `host`, or alone."""

    def make(ways: list[str], origins: list[str], host: str | None = None, fragment: str = "") -> tuple[Window, Frame]:
        given = ", ".join(map(json.dumps, (ways, origins)))
        starts = f"window.taken = []; window.arrival = arriving({given}, (code) => window.taken.push(code));"
        ours = f"{OURS}/embed?x=1#{fragment}"
        pages = {
            f"{OURS}/embed": f"<script>{code_of_page}</script><script>{starts}</script><p>",
            f"{host}/": f'<iframe src="{ours}"></iframe><iframe src="{EVIL}/beside"></iframe>',
            f"{EVIL}/beside": "<p>",
        }

        def answer(route: Route) -> None:
            body = pages[route.request.url.partition("?")[0].partition("#")[0]]
            route.fulfill(headers={"content-type": "text/html; charset=utf-8"}, body=f"<!doctype html>{body}")

        window = open_window(_LISTENS)
        window.context.route("**/*", answer)
        window.page.goto(ours if host is None else f"{host}/")
        frame = next(frame for frame in window.page.frames if frame.url.startswith(f"{OURS}/embed"))
        return window, frame

    return make


def _taken(frame: Frame) -> Any:
    """After all messages that are on their way."""
    frame.evaluate("() => new Promise((done) => { onmessage = done; postMessage('last', '*'); })")
    return frame.evaluate("window.taken")


def _send(window: Window, data: Any, frame: int = 0) -> None:
    window.page.evaluate("([data, frame]) => frames[frame].postMessage(data, '*')", [data, frame])


def test_a_code_in_the_address_is_taken_out_of_it(opened: Opened) -> None:
    window, frame = opened(["fragment"], [], fragment=CODE)
    assert _taken(frame) == [CODE]
    assert window.page.url == f"{OURS}/embed?x=1"
    length = frame.evaluate("history.length")
    frame.evaluate("(code) => { location.hash = code; }", ANOTHER)
    frame.wait_for_function("window.taken.length === 2")
    assert _taken(frame) == [CODE, ANOTHER]
    assert window.page.url == f"{OURS}/embed?x=1"
    assert frame.evaluate("[history.length, history.state]") == [length + 1, None]
    frame.evaluate("window.arrival.stop()")
    frame.evaluate("(code) => { location.hash = code; }", CODE)
    assert _taken(frame) == [CODE, ANOTHER]


@pytest.mark.parametrize("fragment", NO_CODES)
def test_what_is_no_code_goes_from_the_address_too(opened: Opened, fragment: str) -> None:
    """It may be one with a mistake in it."""
    window, frame = opened(["fragment"], [], fragment=fragment)
    assert _taken(frame) == []
    assert window.page.url.partition("#")[2] == ""


@pytest.mark.parametrize(
    ("pasted", "code"),
    [(f" {OURS}/embed/W?language=fr#{CODE}\n", CODE), (CODE, CODE), (f"{OURS}/embed/W", None), (f"#{CODE}=", None)],
)
def test_a_pasted_link_gives_its_code(opened: Opened, pasted: str, code: str | None) -> None:
    assert opened([], [])[1].evaluate("(pasted) => window.codeIn(pasted)", pasted) == code


def test_no_address_is_looked_at_where_none_is_named(opened: Opened) -> None:
    window, frame = opened(["message"], [], fragment=CODE)
    assert _taken(frame) == []
    assert window.page.url.endswith(CODE)


@pytest.mark.parametrize("host", [INTRANET, OURS])
def test_the_page_around_gives_a_code(opened: Opened, host: str) -> None:
    window, frame = opened(["message"], [INTRANET], host)
    _send(window, {"type": "pouls:code", "code": CODE})
    assert _taken(frame) == [CODE]
    for wrong in ("pouls:code", None, {"type": "pouls:code"}, {"type": "pouls:code", "code": [CODE]}, {"code": CODE}):
        _send(window, wrong)
    for code in NO_CODES:
        _send(window, {"type": "pouls:code", "code": code})
    assert _taken(frame) == [CODE]
    frame.evaluate("window.arrival.stop()")
    _send(window, {"type": "pouls:code", "code": ANOTHER})
    assert _taken(frame) == [CODE]


@pytest.mark.parametrize(
    ("ways", "origins"),
    [
        (["message"], []),
        (["message"], [f"{INTRANET}.evil.example", "https://evil.example"]),
        (["fragment"], [INTRANET]),
    ],
)
def test_a_page_that_is_not_named_gives_none_and_is_told_nothing(
    opened: Opened, ways: list[str], origins: list[str]
) -> None:
    window, frame = opened(ways, origins, INTRANET)
    _send(window, {"type": "pouls:code", "code": CODE})
    assert _taken(frame) == []
    if INTRANET not in origins:
        frame.evaluate("window.arrival.tell('ready')")
        assert window.page.evaluate("window.heard") == []


def test_a_frame_beside_gives_none_even_of_a_named_origin(opened: Opened) -> None:
    window, frame = opened(["message"], [INTRANET, EVIL], INTRANET)
    beside = next(one for one in window.page.frames if one.url == f"{EVIL}/beside")
    beside.evaluate("(code) => parent.frames[0].postMessage({ type: 'pouls:code', code }, '*')", CODE)
    assert _taken(frame) == []


def test_the_page_around_is_told_what_it_needs(opened: Opened) -> None:
    window, frame = opened(["message"], [INTRANET], INTRANET)
    frame.evaluate("window.arrival.tell('ready')")
    frame.evaluate("window.arrival.tell('height', { height: 480 })")
    window.page.wait_for_function("window.heard.length === 2")
    assert window.page.evaluate("window.heard") == [
        [OURS, {"type": "pouls:ready"}],
        [OURS, {"type": "pouls:height", "height": 480}],
    ]


def test_a_page_of_its_own_tells_nobody(opened: Opened) -> None:
    _, frame = opened(["fragment", "message"], [OURS])
    frame.evaluate("window.arrival.tell('ready')")
    frame.evaluate("(code) => postMessage({ type: 'pouls:code', code }, '*')", CODE)
    assert _taken(frame) == []
    assert frame.evaluate("window.heard.filter(([, data]) => data.type === 'pouls:ready')") == []
