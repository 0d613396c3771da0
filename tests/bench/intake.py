"""`python -m tests.bench.intake`: durable responses per second through the whole path, against two yardsticks.

The service runs as deployed: `pouls serve` (one process) with `pouls work` beside it, on an embedded PostgreSQL with
fsync and synchronous_commit on; code check, validation, spending, sealing, commit, metrics and access log are all on.
It is compared with a bare FastAPI endpoint that only parses the same body, and with one INSERT per request on the same
PostgreSQL. All three get the same requests from the same clients, in turns, each round in another order.
"""

import argparse
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from service.kit.db import driver_url
from tests.bench import insert, load, peer, processes, two_workers
from tests.bench.answers import Answers, answers
from tests.bench.ground import Child, Ground, ground
from tests.bench.house import House, house, serving

ITEMS = 40
SETTLE_S = 0.3
QUIET_CORES = 0.3
WARM_UP_S = 0.5
KINDS = ("service", "bare", "insert")
# Each answer of the service takes a code of its own. Requests are made before the load, so that the generator has
# little to do during it; for a server that is faster still they are made meanwhile.
CODES_PER_SECOND = 6_000
ROWS = {
    "per_second": "answers/s",
    "p50_ms": "p50, ms",
    "p99_ms": "p99, ms",
    "cpu_ms_per_thousand": "server CPU, ms per 1,000",
    "database_cpu_ms_per_thousand": "PostgreSQL CPU, ms per 1,000",
    "server_cores": "cores: server",
    "database_cores": "cores: PostgreSQL",
    "generator_cores": "cores: load generator",
    "elsewhere_cores": "cores: all else on this machine",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    seconds: float
    rounds: int
    codes: int
    clients: int
    connections: int


@dataclass(frozen=True, slots=True)
class Target:
    """One server under load."""

    url: str
    pid: int
    requests: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of one server; processor times in seconds."""

    run: load.Run
    server_cpu_s: float
    database_cpu_s: float
    elsewhere_cores: float

    def cpu_ms_per_thousand(self, cpu_s: float) -> float:
        return cpu_s * 1e6 / self.run.acknowledged


def measure(options: Options) -> dict[str, Any]:
    """The whole bench; raises AssertionError where an acknowledged answer is missing or counted twice."""
    say = Console(stderr=True).print
    with ground() as earth, house(earth) as home, ExitStack() as stack:
        say(f"setting up: {options.codes:,} codes, {ITEMS} items")
        given = answers(earth, home, ITEMS)
        second = stack.enter_context(serving(earth, "serve-second"))
        targets = _targets(earth, home, stack, given, options)
        canned = Target(*_peer(earth, stack, "canned"), targets["bare"].requests)
        acknowledged = dict.fromkeys(KINDS, 0)
        for kind, target in targets.items():
            run = load.drive(target.url, target.requests, WARM_UP_S, options.clients)
            acknowledged[kind] += run.acknowledged
        say(f"measuring: {options.rounds} rounds of {len(KINDS)} x {options.seconds} s, {options.clients} clients")
        rounds: list[dict[str, Round]] = []
        for number in range(options.rounds):
            order = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
            rounds.append({kind: _turn(earth, targets[kind], options) for kind in order})
            for kind, done in rounds[-1].items():
                acknowledged[kind] += done.run.acknowledged
        say(f"measuring: {options.rounds} rounds of one process and two on one wave")
        workers, more = two_workers.compare(
            (home.api, second), targets["service"].requests, options.seconds, options.rounds, options.clients
        )
        acknowledged["service"] += more
        alone = load.drive(canned.url, canned.requests, options.seconds, options.clients)
        return _result(options, rounds, alone) | {
            "workers": workers,
            "settings": _settings(earth, targets),
            "memory_mib": dict(zip(("now", "peak"), processes.memory_mib(home.api.pid), strict=True)),
            "counts": _counts(earth, acknowledged),
        }


def _targets(earth: Ground, home: House, stack: ExitStack, given: Answers, options: Options) -> dict[str, Target]:
    earth.sql(insert.TABLE)
    again = given.ready(5_000)  # the others take the same body twice
    bare_url, bare_pid = _peer(earth, stack, "bare")
    # asyncpg takes the same URL, under its plain name.
    dsn = driver_url(earth.postgres.admin_url())
    told = {peer.DSN: dsn, peer.CONNECTIONS: str(options.connections)}
    insert_url, insert_pid = _peer(earth, stack, "insert", told)
    return {
        "service": Target(home.url, home.api.pid, itertools.chain(given.ready(options.codes), given.take())),
        "bare": Target(bare_url, bare_pid, load.forever(again)),
        "insert": Target(insert_url, insert_pid, load.forever(again)),
    }


def _peer(earth: Ground, stack: ExitStack, kind: str, told: dict[str, str] | None = None) -> tuple[str, int]:
    child: Child = stack.enter_context(earth.child(kind, "tests.bench.peer", kind, told=told or {}))
    return child.line["url"], child.pid


def _turn(earth: Ground, target: Target, options: Options) -> Round:
    time.sleep(SETTLE_S)
    postmaster = earth.postmaster()
    server, database = processes.cpu_seconds(target.pid), processes.cpu_seconds_with_children(postmaster)
    busy, started = processes.busy_seconds(), time.perf_counter()
    run = load.drive(target.url, target.requests, options.seconds, options.clients)
    took, busy = time.perf_counter() - started, processes.busy_seconds() - busy
    server = processes.cpu_seconds(target.pid) - server
    database = processes.cpu_seconds_with_children(postmaster) - database
    elsewhere = max(0.0, busy - server - database - run.generator_cpu_s) / took
    return Round(run, server, database, elsewhere)


def _result(options: Options, rounds: list[dict[str, Round]], alone: load.Run) -> dict[str, Any]:
    ratios = {
        peer_kind: [turn["service"].run.per_second / turn[peer_kind].run.per_second for turn in rounds]
        for peer_kind in ("bare", "insert")
    }
    figures = {}
    for kind in KINDS:
        turns = [turn[kind] for turn in rounds]
        figures[kind] = {
            "per_second": _median([turn.run.per_second for turn in turns]),
            "p50_ms": _median([turn.run.p50_ms for turn in turns]),
            "p99_ms": _median([turn.run.p99_ms for turn in turns]),
            "cpu_ms_per_thousand": _median([turn.cpu_ms_per_thousand(turn.server_cpu_s) for turn in turns]),
            "database_cpu_ms_per_thousand": _median([turn.cpu_ms_per_thousand(turn.database_cpu_s) for turn in turns]),
            "server_cores": _median([turn.server_cpu_s / turn.run.seconds for turn in turns]),
            "database_cores": _median([turn.database_cpu_s / turn.run.seconds for turn in turns]),
            "generator_cores": _median([turn.run.generator_cpu_s / turn.run.seconds for turn in turns]),
            "elsewhere_cores": _median([turn.elsewhere_cores for turn in turns]),
        }
    return {
        "bench": "intake",
        "ratio_to_bare": _median(ratios["bare"]),
        "ratio_to_insert": _median(ratios["insert"]),
        "p99_ratio_to_bare": _median([turn["service"].run.p99_ms / turn["bare"].run.p99_ms for turn in rounds]),
        "cpu_ratio_to_bare": _median(
            [
                turn["service"].cpu_ms_per_thousand(turn["service"].server_cpu_s)
                / turn["bare"].cpu_ms_per_thousand(turn["bare"].server_cpu_s)
                for turn in rounds
            ]
        ),
        "ratios_by_round": {kind: [round(value, 3) for value in values] for kind, values in ratios.items()},
        "servers": figures,
        "generator_alone_per_second": alone.per_second,
        "rounds": options.rounds,
        "seconds": options.seconds,
        "clients": options.clients,
        "items": ITEMS,
    }


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def _settings(earth: Ground, targets: dict[str, Target]) -> dict[str, str]:
    """What the measure rests on, as found in the running processes."""
    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes")
    found = {name: str(earth.sql(f"SHOW {name}")[0][0]) for name in names}
    for kind, target in targets.items():
        found[f"{kind}_loop"] = processes.event_loop(target.pid)
    return found


def _counts(earth: Ground, acknowledged: dict[str, int]) -> dict[str, int]:
    """Acknowledged answers and what the database holds of them; they must agree."""
    spent, sealed, batches = earth.sql("""
        SELECT (SELECT count(*) FROM spent_code), sum(response_count), count(*) FROM sealed_batch
    """)[0]
    inserted = earth.sql(insert.COUNT)[0][0]
    assert spent == sealed == acknowledged["service"], (spent, sealed, acknowledged["service"])
    assert inserted == acknowledged["insert"], (inserted, acknowledged["insert"])
    return {
        "acknowledged": acknowledged["service"],
        "spent_codes": spent,
        "sealed_answers": sealed,
        "batches": batches,
        "inserted_rows": inserted,
    }


def show(result: dict[str, Any]) -> None:
    """The table for people, a column for each server."""
    out = Console(highlight=False, soft_wrap=True)
    servers = result["servers"]
    table = Table(title=f"{result['items']} items, {result['clients']} clients, median of {result['rounds']} rounds")
    table.add_column("")
    for kind in servers:
        table.add_column(kind, justify="right")
    for name, title in ROWS.items():
        values = [figures[name] for figures in servers.values()]
        table.add_row(title, *(f"{value:,.0f}" if name == "per_second" else f"{value:.2f}" for value in values))
    out.print(table)
    out.print(", ".join(f"{name} {value}" for name, value in result["settings"].items()))
    counts, memory = result["counts"], result["memory_mib"]
    out.print(
        f"{counts['acknowledged']:,} answers acknowledged = {counts['spent_codes']:,} spent codes = "
        f"{counts['sealed_answers']:,} in {counts['batches']:,} sealed batches; API process {memory['now']:.0f} MiB"
    )
    out.print(f"the generator alone: {result['generator_alone_per_second']:,.0f} requests/s")
    out.print(f"ratios by round: {result['ratios_by_round']}")
    for title, one in result["workers"].items():
        out.print(
            f"API processes on the wave: {title}: {one['per_second']:,.0f} answers/s, p99 {one['p99_ms']:.1f} ms, "
            f"CPU {one['cpu_ms_per_thousand']:.0f} ms per 1,000, [bold]{one['cpu_ratio']:.2f} times[/bold] that of one "
            f"({one['cpu_ratio_by_round']})"
        )
    elsewhere = max(figures["elsewhere_cores"] for figures in servers.values())
    if elsewhere > QUIET_CORES:
        # The service's answers wait for PostgreSQL's processes, which then wait for a core; bare waits for nobody.
        out.print(f"[yellow]this machine was busy with other work ({elsewhere:.1f} cores): times are not to be trusted")
    out.print(
        f"[bold]answers/s: {result['ratio_to_bare']:.2f} times bare[/bold], "
        f"[bold]{result['ratio_to_insert']:.2f} times one INSERT per request[/bold]; "
        f"p99 {result['p99_ratio_to_bare']:.2f} times, server CPU {result['cpu_ratio_to_bare']:.2f} times that of bare"
    )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.intake", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="small numbers, about 20 seconds: does it still run?")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each server's turn in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--codes", type=int, help="prepared beforehand, each spent at first use")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--connections", type=int, default=10, help="of the INSERT endpoint's pool")
    given = parser.parse_args()
    seconds, rounds = (0.7, 3) if given.quick else (given.seconds, given.rounds)
    turns = rounds + 4 * (rounds + 1)
    codes = given.codes or int(CODES_PER_SECOND * (seconds * turns + WARM_UP_S))
    options = Options(seconds, rounds, codes, given.clients, given.connections)
    try:
        result = measure(options)
    except KeyboardInterrupt:
        sys.exit(130)
    if given.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
