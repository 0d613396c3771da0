"""`python -m tests.bench.report`: how long a unit's report and charts take, of a release with 50 units below the unit.

A real campaign is asked, answered and released through the public API; then each answer is asked for once in each
language, so that none was kept. Aim: each in under 2 seconds.
"""

import argparse
import json
import random
import sys
import time
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from service.cli import campaign_run
from tests.bench import house, survey
from tests.bench.ground import ground

UNITS, PEOPLE, ITEMS = 50, 12, 24
AIM_S = 2.0
READ = "aggregates:read"
CHARTS = ("distribution", "means", "heatmap")
SEED = 7


@dataclass(frozen=True, slots=True)
class Line:
    """One answer, in one language."""

    name: str
    language: str
    seconds: float


def released(at: house.House, units: int, people: int) -> str:
    """A release of so many units of so many people, who answer at random."""
    levels = (units,)
    house.organise(at, levels, [(f"{unit}-{n}", unit) for unit in survey.leaves(levels) for n in range(people)])
    wave = house.open_wave(at, ITEMS)
    drawn = random.Random(SEED)
    items = survey.item_ids(ITEMS)
    answers = {
        f"{unit}-{n}": {item: drawn.randint(1, survey.POINTS) for item in items}
        for unit in survey.leaves(levels)
        for n in range(people)
    }
    campaign_run.answer(at.client, wave, b"of a bench", lambda person: answers[person], lambda _: None)
    release: str = campaign_run.close(at.client, wave)["id"]
    return release


def measured(at: house.House, release: str) -> list[Line]:
    base = f"/v1/releases/{release}"
    paths = {"report": f"{base}/report", "report.pdf": f"{base}/report.pdf"}
    paths |= {f"{chart}.svg": f"{base}/charts/{chart}.svg" for chart in CHARTS}
    found = []
    for name, path in paths.items():
        for language in ("en", "fr"):
            begun = time.perf_counter()
            at.client.text(READ, path, language=language)
            found.append(Line(name, language, time.perf_counter() - begun))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.report", description=__doc__)
    parser.add_argument("--units", type=int, default=UNITS)
    parser.add_argument("--people", type=int, default=PEOPLE, help="of each unit")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    console = Console(stderr=given.json, highlight=False)
    with ground() as here, house.house(here) as at:
        lines = measured(at, released(at, given.units, given.people))
    table = Table(title=f"reports and charts of {given.units} units; aim: under {AIM_S:.0f} s each")
    for column in ("", "language", "seconds"):
        table.add_column(column, justify="left" if not column else "right")
    for line in lines:
        table.add_row(line.name, line.language, f"{line.seconds:.2f}")
    console.print(table)
    if given.json:
        sys.stdout.write(json.dumps({"bench": "report", "lines": [asdict(line) for line in lines]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
