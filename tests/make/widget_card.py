"""A page with the card of a result on it; what the service would answer is made here."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Route

from tests.make.browser import Window
from tests.make.node_packages import ROOT
from tests.make.widget_build import bundled

ENTRY = ROOT / "tests" / "browser" / "card.ts"
MOST_FRAMES = 600
ADDRESS = "https://intranet.example/team"
API = "https://pouls.example"
POLICY = (
    f"default-src 'none'; script-src {API}; style-src 'self'; connect-src {API}; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_PAGE = (
    "<!doctype html><html lang=en><title>Team</title><body><main><h1>Team</h1><pouls-result {}></pouls-result></main>"
)
# A test looks into the card, which no page can.
HEARD = """
window.heard = [];
for (const name of ["pouls:expired", "pouls:stopped"]) {
  document.addEventListener(name, (one) => window.heard.push([name, one.detail]));
}
"""


def script(folder: Path) -> str:
    """The card alone, as one classic script."""
    return bundled(ENTRY, folder / "card.js", form="iife").read_text()


class CardPage:
    """The page, and the requests of the card that wait for an answer."""

    def __init__(self, window: Window, code: str, attributes: str = "") -> None:
        self.waiting: list[Route] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.window = window
        self.page = window.page
        self._code = code
        self._attributes = f'campaign="c1" {attributes}'
        window.context.route("**/*", self._fulfil)
        self.page.goto(ADDRESS)

    @property
    def card(self) -> Locator:
        return self.page.locator("pouls-result")

    def use(self, token: str) -> None:
        """Gives the token, and waits until the card has asked."""
        count = len(self.asked)
        self.page.evaluate("(token) => document.querySelector('pouls-result').use(token)", token)
        self.until_asked(count + 1)

    def until_asked(self, count: int) -> None:
        for _ in range(MOST_FRAMES):
            if len(self.asked) >= count:
                return
            self.page.evaluate("() => new Promise(requestAnimationFrame)")
        raise AssertionError("the card did not ask")

    def answer(self, status: int, body: Any, *, at: int = 0) -> None:
        headers = {"access-control-allow-origin": "*", "content-type": "application/json"}
        self.waiting.pop(at).fulfill(status=status, headers=headers, body=json.dumps(body))

    def refuse(self, status: int, slug: str) -> None:
        self.answer(status, {"type": f"urn:pouls:problem:{slug}"})

    def _fulfil(self, route: Route) -> None:
        request = route.request
        if request.url == ADDRESS:
            body = _PAGE.format(self._attributes) + f"<script src={API}/widget/pouls.js></script>"
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": POLICY}
            route.fulfill(headers=headers, body=body)
        elif request.url == f"{API}/widget/pouls.js":
            route.fulfill(headers={"content-type": "text/javascript; charset=utf-8"}, body=self._code)
        else:
            self.waiting.append(route)
            self.asked.append((request.url, request.all_headers()))
