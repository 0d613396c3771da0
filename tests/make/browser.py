"""Chromium, driven from Python: windows that note all that goes wrong in them, and pages that are looked at."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route, WebError, sync_playwright

from tests.make import axe

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed: `apt-get install chromium` brings it"
)
LIMIT_MS = 10_000
PAUSED_AFTER_MS = 10_000
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
_SAID_BY_THE_NETWORK = "Failed to load resource"


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser until the end. Meanwhile its driver runs an event loop in this thread, and nobody else can."""
    assert CHROMIUM is not None
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield started
        started.close()


@dataclass
class Seen:
    """What went wrong in a window, in any page or frame of it, and what was asked of whom.

    Attributes:
        said: lines of the console, of any kind.
        errors: those that are errors or warnings, apart from `refused` and `blocked`; and errors that nobody caught.
        blocked: what a content security policy, or trusted types, did not let be.
        refused: answers from 400 on, as the console tells of them.
        failed: requests without an answer.
        asked: method and URL of every request.
    """

    said: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._uncaught)
        context.on("request", lambda request: self.asked.append((request.method, request.url)))
        context.on("requestfailed", self._unanswered)

    def wrong(self) -> list[str]:
        return [*self.errors, *self.blocked, *self.refused, *self.failed]

    def _console(self, line: ConsoleMessage) -> None:
        self.said.append(line.text)
        if line.type not in {"error", "warning", "assert"}:
            return
        if line.text.startswith(_SAID_BY_THE_NETWORK):
            self.refused.append(f"{line.text} {line.location['url']}")
        elif "Content Security Policy" in line.text or "This document requires 'Trusted" in line.text:
            self.blocked.append(line.text)
        else:
            self.errors.append(line.text)

    def _uncaught(self, error: WebError) -> None:
        self.errors.append(f"{error.error.name}: {error.error.message}")

    def _unanswered(self, request: Request) -> None:
        self.failed.append(f"{request.method} {request.url} {request.failure}")


@dataclass
class Window:
    """A context of its own with one page, and what is seen of it."""

    context: BrowserContext
    page: Page
    seen: Seen

    def another(self) -> Page:
        """A second tab."""
        page = self.context.new_page()
        page.set_default_timeout(LIMIT_MS)
        return page


def window(started: Browser, *scripts: str, **options: Any) -> Window:
    """A new window; the scripts run in each page and frame before any of its own."""
    context = started.new_context(**({"viewport": {"width": 900, "height": 900}} | options))
    seen = Seen()
    seen.watch(context)
    for script in scripts:
        context.add_init_script(script)
    made = Window(context, context.new_page(), seen)
    made.page.set_default_timeout(LIMIT_MS)
    return made


def looked_at(started: Browser, job: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the browser saw of each page. A page is fulfilled with what the job says: no network is asked.

    A job's page has `url`, `headers` and `body`; `context`: options of the window; `rules`: ask axe; `seen`: a selector
    of places to tell of; `overflow`; `picture`: a file for a screenshot, `at`: a selector of what stands at its top.
    """
    return [_looked_at(started, asked) for asked in job]


def _looked_at(started: Browser, asked: dict[str, Any]) -> dict[str, Any]:
    options = asked.get("context", {})
    found: dict[str, Any] = {}
    if "rules" in asked:
        # Our pages forbid scripts, which axe needs.
        bare = window(started, bypass_csp=True, **options)
        _fulfilled(bare, asked, {"content-type": asked["headers"]["content-type"]})
        told = axe.asked(bare.page, asked["rules"])
        found |= {
            "violations": list(told.violations.items()),
            "undecided": [{"rule": rule, "nodes": nodes} for rule, nodes in told.undecided.items()],
            "passed": sorted(told.passed),
        }
        bare.context.close()
    opened = window(started, **options)
    _fulfilled(opened, asked, asked["headers"])
    if "seen" in asked:
        found["seen"] = [
            {"text": place.evaluate("node => node.textContent"), **(place.bounding_box() or {"width": 0, "height": 0})}
            for place in opened.page.locator(asked["seen"]).all()
        ]
    if "overflow" in asked:
        found["overflow"] = overflow(opened.page)
    if "picture" in asked:
        if asked.get("at"):
            opened.page.locator(asked["at"]).first.evaluate("node => node.scrollIntoView()")
        opened.page.screenshot(path=asked["picture"])
    found |= {"said": opened.seen.said, "fetched": [url for _, url in opened.seen.asked]}
    opened.context.close()
    return found


def _fulfilled(opened: Window, asked: dict[str, Any], headers: dict[str, str]) -> None:
    def answer(route: Route) -> None:
        if route.request.url == asked["url"]:
            route.fulfill(status=200, headers=headers, body=asked["body"])
        else:
            route.abort()

    opened.context.route("**/*", answer)
    opened.page.goto(asked["url"])


def overflow(page: Page) -> int:
    """How many pixels there are to scroll sideways."""
    more: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return more


def stop_clock(page: Page) -> None:
    """Where one was installed: from now on time passes when a test says so. A moment that is past can not be held."""
    page.clock.pause_at(page.evaluate("Date.now()") + PAUSED_AFTER_MS)
