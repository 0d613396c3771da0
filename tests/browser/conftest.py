"""A browser for the tests of this folder, and windows of it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.fixtures.house import House
from tests.make.browser import Window, browser, window
from tests.make.hosts import Host, a_host
from tests.make.live import Live, live
from tests.make.pulse_page import OPEN_ROOTS, Respondent
from tests.make.widget_world import Pulse, a_pulse

Opened = Callable[..., tuple[Window, Respondent]]
Counts = Callable[[int], None]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One for each worker. It ends with this folder: its driver keeps an event loop in the thread of the tests."""
    with browser() as started:
        yield started


@pytest.fixture
def open_window(chromium: Browser) -> Iterator[Callable[..., Window]]:
    """Makes windows, which are gone after the test."""
    made: list[Window] = []

    def make(*scripts: str, **options: Any) -> Window:
        made.append(window(chromium, *scripts, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


@pytest.fixture(scope="module")
def _live(house: House) -> Iterator[Live]:
    with live(house) as running:
        yield running


@pytest.fixture
def service(_live: Live) -> Iterator[Live]:
    """The service on a socket, well and at its own time again after each test."""
    shift = _live.house.clock.shift
    yield _live
    _live.house.clock.shift = shift
    _live.well_again()


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """Somebody else's server."""
    with a_host() as started:
        yield started


@pytest.fixture(scope="module")
def pulse(house: House, host: Host) -> Pulse:
    """A wave that the pages of `host.origin` may show."""
    made = a_pulse(house)
    made.allow(host.origin)
    return made


@pytest.fixture
def opened(service: Live, pulse: Pulse, open_window: Callable[..., Window]) -> Opened:
    """The page of the wave in a window of its own, with a code of its own unless one is given."""

    def make(language: str = "en", code: str | None = None, **options: Any) -> tuple[Window, Respondent]:
        window = open_window(OPEN_ROOTS, **options)
        window.page.goto(f"{service.url}/embed/{pulse.address}?language={language}#{code or pulse.code()}")
        return window, Respondent(window.page, language)

    return make


@pytest.fixture
def counts(pulse: Pulse) -> Iterator[Counts]:
    """Says how many responses must have been counted since the test began."""
    before = pulse.counted()
    pulse.arrived()
    came: list[Any] = []

    def check(responses: int) -> None:
        assert pulse.counted() == before + responses
        came.extend(pulse.arrived())
        assert len(came) == responses

    yield check
    assert pulse.counted() <= before + 1
