"""`python -m tests.bench.read`: how fast results are read, beside bare endpoints that give the same prepared bytes.

The service runs as deployed, on an embedded PostgreSQL; a release of a million cells and one of 200 units by 12 scales
are written by SQL, right into the tables. Ours and the yardstick are asked in turns, and medians of the ratios told:

- a unit's cells and the heat map as JSON: a bare FastAPI endpoint that gives these bytes to anybody (aim: 0.8 of it);
- a 304, the key being taken for good for some seconds, as the service has it: a route of FastAPI that says 304 behind
  our own authentication, remembers who called for as long, and does nothing else (aim: 1.0);
- a 304, the key and the release being looked up each time: the same route, which looks the key up each time;
- an OData walk of the large release, page after page by their links: the same pages, which lie ready;
- CSV and Parquet of a million cells: FastAPI's file streaming (aim: 100 MB/s, or half of it); apart, the first reading,
  for which the file is made, and the memory of the process that made it.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from rich.console import Console
from rich.table import Table

from service.settings import ReadsSettings
from tests.bench import house
from tests.bench.ask import ask
from tests.bench.ground import Ground, ground
from tests.bench.prepared import BEHIND, FOLDER, KNOWN_S, PAGES
from tests.bench.processes import memory_mib
from tests.bench.walk import kept, walk

CLIENTS = 8
AIMS = {"a unit's cells": 0.8, "heat map, 200 x 12": 0.8, "304, key known": 1.0, "CSV": 0.5, "Parquet": 0.5}
"""Nothing is aimed at where ours has to do what the yardstick has not: to look a release up, to make pages of rows."""
RELEASE = """
    INSERT INTO release (tenant_id, release_id, wave_id, status, digest, manifest, released_at)
    SELECT $1, $2::uuid, $2::uuid, 'published', md5($2::uuid::text), jsonb_build_object('campaign',
        jsonb_build_object('id', $2::uuid::text, 'name', 'bench'),
        'wave', jsonb_build_object('id', $2::uuid::text, 'number', 1), 'measures', (
            SELECT jsonb_agg(jsonb_build_object('id', 'm' || m, 'kind', 'scale', 'lowest', 1, 'highest', 5,
                'text', jsonb_build_object('en', 'Measure ' || m))) FROM generate_series(0, $3::int - 1) m)), now()
"""
PLACES = """
    INSERT INTO release_unit (tenant_id, release_id, node, parent, source, unit, unit_name, level, last, path)
    SELECT $1, $2, n, CASE WHEN n > 0 THEN 0 END, 'hris', 'U' || n, 'Unit number ' || n, (n > 0)::int,
           CASE WHEN n > 0 THEN n ELSE $3::int - 1 END, ARRAY['Unit number ' || n]
    FROM generate_series(0, $3::int - 1) n
"""
MEASURES = """
    INSERT INTO release_measure (tenant_id, release_id, number, measure, kind, family, options)
    SELECT $1, $2, m, 'm' || m / 2, 'scale', CASE WHEN m % 2 = 0 THEN 'mean' ELSE 'distribution' END,
           CASE WHEN m % 2 = 1 THEN ARRAY['1', '2', '3', '4', '5'] END
    FROM generate_series(0, 2 * $3::int - 1) m
"""
# A third withheld; means with their intervals, distributions with bounds, as a survey of five points has them.
CELLS = """
    INSERT INTO release_cell (tenant_id, release_id, node, number, status, reason, n_from, n_to, mean, sd, se, low,
                              high, basis, favourable, neutral, unfavourable, distribution)
    SELECT $1, $2, n, m, CASE WHEN shown THEN 'published' ELSE 'withheld' END, CASE WHEN NOT shown THEN 'protected' END,
           CASE WHEN shown THEN people END, CASE WHEN shown THEN people + 4 END,
           CASE WHEN means THEN round((1 + h * 4)::numeric, 1) END, CASE WHEN means AND h > 0.5 THEN 1.1 END,
           CASE WHEN means THEN 0.31 END, CASE WHEN means THEN round((1 + h * 3)::numeric, 1) END,
           CASE WHEN means THEN round((2 + h * 3)::numeric, 1) END, CASE WHEN means THEN 'release' END,
           CASE WHEN shares THEN (h * 20)::int * 5 END, CASE WHEN shares THEN 15 END,
           CASE WHEN shares THEN 85 - (h * 17)::int * 5 END,
           CASE WHEN shares THEN jsonb_build_array(jsonb_build_array((h * 10)::int * 5, NULL),
               jsonb_build_array(15, NULL), jsonb_build_array(20, NULL), jsonb_build_array(10, 'at_most'),
               jsonb_build_array(50 - (h * 10)::int * 5, NULL)) END
    FROM (SELECT n, m, h, h > 0.3 AS shown, h > 0.3 AND m % 2 = 0 AS means, h > 0.3 AND m % 2 = 1 AS shares,
                 10 + (h * 40)::int / 5 * 5 AS people
          FROM (SELECT n, m, (hashint8(n::bigint * 1000003 + m) & 1023) / 1024.0 AS h
                FROM generate_series(0, $3::int - 1) n, generate_series(0, 2 * $4::int - 1) m) AS drawn) AS given
"""


@dataclass(frozen=True, slots=True)
class Line:
    """Ours beside the yardstick: a median of ratios, the lowest and the highest, and medians of both."""

    name: str
    ratio: float
    lowest: float
    highest: float
    ours: float
    bare: float
    unit: str


@dataclass(frozen=True, slots=True)
class First:
    """A file that had to be made: how long it took, how large it is, and the most memory of the process so far."""

    name: str
    seconds: float
    mb: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Served:
    """What is running: the service, the same keeping nothing in memory (`asking`), yardsticks, and a key.

    Of a 304, `remembering` is the yardstick of `api`, and `behind` that of `asking`.
    """

    api: house.Child
    asking: str
    bare: str
    behind: str
    remembering: str
    key: str
    small: UUID
    large: UUID
    folder: Path

    def get(self, path: str) -> bytes:
        with httpx2.Client(base_url=self.api.line["url"], headers=self.headers, timeout=300) as client:
            answer = client.get(path)
            answer.raise_for_status()
            found: bytes = answer.content
            return found

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


def fill(ground: Ground, tenant: UUID, release: UUID, units: int, scales: int) -> None:
    """A release of so many units and scales, each in both families."""
    ground.sql("ALTER TABLE release DISABLE TRIGGER ALL")  # no wave is there, for once
    ground.sql(RELEASE, tenant, release, scales)
    ground.sql("ALTER TABLE release ENABLE TRIGGER ALL")
    ground.sql(PLACES, tenant, release, units)
    ground.sql(MEASURES, tenant, release, scales)
    ground.sql(CELLS, tenant, release, units, scales)


@contextmanager
def serving(ground: Ground, cells: int) -> Iterator[Served]:
    tenant, keys = house.a_tenant(ground)
    small, large = (UUID(f"01990000-0000-7000-8000-00000000000{one}") for one in (1, 2))
    fill(ground, tenant, small, 201, 12)
    fill(ground, tenant, large, max(2, cells // 100), 50)
    ground.sql("ANALYZE")
    folder = ground.logs / "prepared"
    (folder / PAGES).mkdir(parents=True)
    often = {"POULS_LIMITS_REQUESTS_A_MINUTE": "1000000"}
    with ExitStack() as stack:
        api = stack.enter_context(house.serving(ground, "serve", **often))
        served = Served(api, "", "", "", "", keys["aggregates:read"], small, large, folder)
        for name, path in PATHS.items():
            (folder / f"{name}.json").write_bytes(served.get(path.format(release=small)))
        # Of the yardsticks no answer is kept: what they remember is told apart, and costs them no layer.
        nothing = often | {"POULS_READS_KNOWN_S": "0"}
        asking = stack.enter_context(house.serving(ground, "asking", **nothing))
        behind, remembering = (
            stack.enter_context(
                ground.child(
                    name,
                    "tests.bench.peer",
                    "behind",
                    told=ground.told("pouls_app") | nothing | {KNOWN_S: str(known_s)},
                )
            )
            for name, known_s in (("behind", 0.0), ("remembering", ReadsSettings().known_s))
        )
        bare = stack.enter_context(ground.child("prepared", "tests.bench.peer", "prepared", told={FOLDER: str(folder)}))
        urls = {"asking": asking, "bare": bare, "behind": behind, "remembering": remembering}
        yield replace(served, **{name: child.line["url"] for name, child in urls.items()})


PATHS = {
    "cells": "/v1/releases/{release}/cells?unit=U7&limit=500",
    "heat": "/v1/aggregates/heat-map?release={release}&under=U0&limit=200",
}


def beside(name: str, rounds: int, ours: Callable[[], float], bare: Callable[[], float], unit: str) -> Line:
    """Both in turns, the first of each round being the other one each time."""
    ours(), bare()  # what is slow the first time is no part of it
    pairs = []
    for number in range(rounds):
        if number % 2:
            theirs = bare()
            pairs.append((ours(), theirs))
        else:
            mine = ours()
            pairs.append((mine, bare()))
    ratios = sorted(mine / theirs for mine, theirs in pairs)
    return Line(
        name,
        statistics.median(ratios),
        ratios[0],
        ratios[-1],
        statistics.median(mine for mine, _ in pairs),
        statistics.median(theirs for _, theirs in pairs),
        unit,
    )


def measured(served: Served, rounds: int, seconds: float) -> list[Line]:
    url, headers = served.api.line["url"], served.headers
    lines = []
    for name, key in (("a unit's cells", "cells"), ("heat map, 200 x 12", "heat")):
        path = PATHS[key].format(release=served.small)
        lines.append(
            beside(
                name,
                rounds,
                lambda path=path: ask(url, path, headers, seconds, CLIENTS).per_second,
                lambda key=key: ask(served.bare, f"/bytes/{key}.json", headers, seconds, CLIENTS).per_second,
                "a second",
            )
        )
    path = PATHS["cells"].format(release=served.small)
    with httpx2.Client(base_url=url, headers=headers) as client:
        holds = headers | {"If-None-Match": client.get(path).headers["etag"]}
    ask(url, path, headers, 0.1, 1)  # an answer is kept for whoever sends these very headers, and a 304 never is
    for name, ours, bare in (
        ("304, key known", url, served.remembering),
        ("304, key looked up", served.asking, served.behind),
    ):
        lines.append(
            beside(
                name,
                rounds,
                lambda ours=ours: ask(ours, path, holds, seconds, CLIENTS, 304).per_second,
                lambda bare=bare: ask(bare, BEHIND, headers, seconds, CLIENTS, 304).per_second,
                "a second",
            )
        )
    lines += walked(served, rounds)
    for name, suffix in (("CSV", "csv"), ("Parquet", "parquet")):
        address = f"/v1/releases/{served.large}/cells.{suffix}"
        lines.append(
            beside(
                name,
                rounds,
                lambda address=address: ask(url, address, headers, seconds, 1).mb_per_second,
                lambda suffix=suffix: ask(served.bare, f"/file/cells.{suffix}", headers, seconds, 1).mb_per_second,
                "MB/s",
            )
        )
    return lines


def walked(served: Served, rounds: int) -> list[Line]:
    """Pages of the large release to the end, in MB and in rows a second: the same runs, told twice."""
    url, headers = served.api.line["url"], served.headers
    first = f"/odata/Scores?$filter=ReleaseId%20eq%20'{served.large}'"
    whole = kept(url, first, headers, served.folder / PAGES, "/page/")
    line = beside(
        "OData walk",
        rounds,
        lambda: walk(url, first, headers).mb_per_second,
        lambda: walk(served.bare, "/page/0", {}).mb_per_second,
        "MB/s",
    )
    rows_a_mb = whole.rows / whole.mb
    return [line, replace(line, ours=line.ours * rows_a_mb, bare=line.bare * rows_a_mb, unit="rows/s")]


def made(served: Served) -> list[First]:
    """The large release's files, made now; each is put where the yardstick finds it."""
    found = []
    for suffix in ("csv", "parquet", "json"):
        begun = time.perf_counter()
        body = served.get(f"/v1/releases/{served.large}/cells.{suffix}")
        took = time.perf_counter() - begun
        (served.folder / f"cells.{suffix}").write_bytes(body)
        found.append(First(suffix, took, len(body) / 1e6, memory_mib(served.api.pid)[1]))
    return found


def show(lines: list[Line], firsts: list[First], cells: int, console: Console) -> None:
    table = Table(title=f"reading, beside bare endpoints; {CLIENTS} clients, files of {cells:,} cells by one")
    for column in ("", "times bare", "from", "to", "ours", "bare", "aim"):
        table.add_column(column, justify="left" if not column else "right")
    for line in lines:
        figures = (f"{one:,.0f} {line.unit}" for one in (line.ours, line.bare))
        ends = (f"{one:.2f}" for one in (line.ratio, line.lowest, line.highest))
        aim = AIMS.get(line.name)
        table.add_row(line.name, *ends, *figures, "" if aim is None else f"{aim:.1f}")
    console.print(table)
    first = Table(title="the first reading, for which the file is made")
    for column in ("", "seconds", "MB", "MB/s", "peak MiB of the process"):
        first.add_column(column, justify="left" if not column else "right")
    for one in firsts:
        speed = one.mb / one.seconds
        first.add_row(one.name, f"{one.seconds:.1f}", f"{one.mb:.1f}", f"{speed:.0f}", f"{one.peak_mib:.0f}")
    console.print(first)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.read", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run")
    parser.add_argument("--cells", type=int, default=1_000_000, help="of the large release")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    console = Console(stderr=given.json, highlight=False)
    with ground() as here, serving(here, given.cells) as served:
        console.print(f"at rest, the service has {memory_mib(served.api.pid)[0]:.0f} MiB")
        firsts = made(served)
        lines = measured(served, given.rounds, given.seconds)
    show(lines, firsts, given.cells, console)
    if given.json:
        told: dict[str, Any] = {"bench": "read", "lines": [asdict(one) for one in lines]}
        sys.stdout.write(json.dumps(told | {"firsts": [asdict(one) for one in firsts]}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
