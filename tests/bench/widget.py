"""`python -m tests.bench.widget`: how soon a person sees the first question, on the network of a phone in a warehouse.

A real Chromium opens a participation link on a real service, over a network that is made slow for it (150 ms there and
back, 1.6 Mbit/s down; a processor a quarter as fast), with nothing kept, and again with script and questionnaire kept.
Beside it is a bare page with the same questions in plain HTML, which asks for nothing more: what any page would take.
Counted: bytes as they travel, requests, and the time to the first paint and to the button that begins. Aims: under 30
kB gzipped, two requests to the service before the first question beside page and script.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from html import escape
from importlib import resources
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from rich.console import Console
from rich.table import Table

from service.cli import campaign_run
from service.widget.script import script
from tests.bench import house, survey
from tests.bench.ground import ground
from tests.make.browser import browser
from tests.make.hosts import a_host
from tests.make.pulse_page import OPEN_ROOTS

ROUNDS = 5
ROUND_TRIP_MS, DOWN_BYTES_S, UP_BYTES_S, SLOWER = 150, 200_000, 94_000, 4
UNITS, PEOPLE = 4, 12
MOST_BYTES, MOST_REQUESTS = 30_000, 2
BARE, COLD, WARM = "a bare page", "nothing kept", "script and questionnaire kept"
_PAINT = "performance.getEntriesByType('paint').find((one) => one.name === 'first-contentful-paint')?.startTime ?? 0"
_LOADED = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).map(
    (one) => ({name: new URL(one.name).pathname, bytes: one.transferSize}))"""


@dataclass(frozen=True, slots=True)
class Visit:
    """One opening of a page: times in seconds from the click, bytes over the network, paths that were asked for."""

    painted_s: float
    ready_s: float
    sent_bytes: int
    requests: list[str]


@contextmanager
def slowed(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": ROUND_TRIP_MS,
            "downloadThroughput": DOWN_BYTES_S,
            "uploadThroughput": UP_BYTES_S,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    page.close()


def visit(context: BrowserContext, url: str) -> Visit:
    """Until a person can begin."""
    with slowed(context) as page:
        page.goto(url)
        page.get_by_role("button", name="Begin").wait_for()
        ready_s = page.evaluate("performance.now()") / 1000
        loaded: list[dict[str, Any]] = page.evaluate(_LOADED)
        painted: float = page.evaluate(_PAINT)
    return Visit(
        painted_s=painted / 1000,
        ready_s=ready_s,
        sent_bytes=sum(one["bytes"] for one in loaded),
        requests=[one["name"] for one in loaded],
    )


def bare_page(document: dict[str, Any]) -> str:
    """The same questions as any page would have them, in one piece."""
    items = "".join(f"<p>{escape(item['text']['en'])}</p>" for item in document["items"])
    return f"<!doctype html><html lang='en'><title>Bare</title><body><h1>Bare</h1><button>Begin</button>{items}"


def a_document() -> dict[str, Any]:
    """The weekly pulse of the catalogue."""
    text = resources.files("service.questionnaires").joinpath("catalogue", "team_temperature.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def links_of(at: house.House, document: dict[str, Any]) -> list[str]:
    """The participation links of everybody in an open wave."""
    levels = (UNITS,)
    house.organise(at, levels, [(f"{unit}-{n}", unit) for unit in survey.leaves(levels) for n in range(PEOPLE)])
    campaign_run.ensure_questionnaire(at.client, document)
    audience = {"source": survey.SOURCE, "units": [survey.TOP]}
    wave = campaign_run.ensure_launched(
        at.client, {"name": "bench", "questionnaire": document["key"], "audience": audience}
    )
    return [f"{at.url}/embed/{wave['address']}?language=en#{code}" for _, code in at.client.codes(wave["id"])]


def measured(started: Browser, links: list[str], bare: str) -> dict[str, list[Visit]]:
    """Each link in a browser that keeps nothing yet: first so, then the bare page, then with the script kept."""
    found: dict[str, list[Visit]] = {BARE: [], COLD: [], WARM: []}
    for link in links:
        context = started.new_context()
        context.add_init_script(OPEN_ROOTS)
        for name, url in ((COLD, link), (BARE, bare), (WARM, link)):
            found[name].append(visit(context, url))
        context.close()
    return found


def middle(visits: list[Visit], name: str) -> float:
    found: float = statistics.median(getattr(one, name) for one in visits)
    return found


def table_of(found: dict[str, list[Visit]]) -> Table:
    title = f"opening a weekly pulse: {ROUND_TRIP_MS} ms there and back, {DOWN_BYTES_S * 8 / 1e6:.1f} Mbit/s"
    table = Table(title=title)
    for column in ("", "first paint, s", "to begin, s", "of the bare page", "bytes", "requests", "of them to the API"):
        table.add_column(column, justify="right" if column else "left")
    floor = middle(found[BARE], "ready_s")
    for name, visits in found.items():
        ready = middle(visits, "ready_s")
        asked = visits[0].requests
        table.add_row(
            name, f"{middle(visits, 'painted_s'):.2f}", f"{ready:.2f}", f"{ready / floor:.2f}",
            f"{middle(visits, 'sent_bytes'):,.0f}", str(len(asked)), str(of_api(asked)),
        )  # fmt: skip
    return table


def of_api(paths: list[str]) -> int:
    return sum(path.startswith("/v1/") for path in paths)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.widget", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    console = Console(stderr=given.json, highlight=False)
    document = a_document()
    with ground() as here, house.house(here) as at, a_host() as other, browser() as started:
        bare = other.gives("/bare", bare_page(document))
        found = measured(started, links_of(at, document)[: given.rounds], bare)
    console.print(table_of(found))
    size = len(script("pouls").compressed)
    console.print(f"the script: {size:,} bytes gzipped (aim: under {MOST_BYTES:,})")
    asked = max(of_api(one.requests) for one in found[COLD] + found[WARM])
    if given.json:
        lines = {name: [asdict(one) for one in visits] for name, visits in found.items()}
        sys.stdout.write(json.dumps({"bench": "widget", "script_bytes": size, "visits": lines}) + "\n")
    return 0 if size < MOST_BYTES and asked <= MOST_REQUESTS else 1


if __name__ == "__main__":
    sys.exit(main())
