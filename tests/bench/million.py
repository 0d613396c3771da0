"""`python -m tests.bench.million`: what the API process holds in memory while a million answers go through it.

One wave, one process, as in `tests.bench.intake`. The load comes in turns of some seconds with new connections each;
between two turns the process's resident memory is read. Slopes are those of the least squares' lines through what was
read in the second half, and after the first tenth: in the first minutes the allocator still takes what it needs.
"""

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
from rich.console import Console

from tests.bench import load, processes
from tests.bench.answers import answers
from tests.bench.ground import ground
from tests.bench.house import house

ITEMS = 40
MARKS = (0.1, 0.5, 1.0)
FLAT_MIB = 2.0
"""For each million answers: 2 bytes an answer. An answer that was kept would be a hundred at least."""


def measure(count: int, turn_s: float, clients: int, limit_s: float) -> dict[str, Any]:
    """Send so many answers, or as many as the time allows."""
    say = Console(stderr=True).print
    with ground() as earth, house(earth) as home:
        say(f"setting up: {ITEMS} items")
        requests = answers(earth, home, ITEMS).take()
        started, done = time.monotonic(), 0
        read = [(0, processes.memory_mib(home.api.pid)[0])]
        while done < count and time.monotonic() - started < limit_s:
            done += load.drive(home.url, requests, turn_s, clients).acknowledged
            read.append((done, processes.memory_mib(home.api.pid)[0]))
        took = time.monotonic() - started
        spent, sealed = earth.sql("SELECT (SELECT count(*) FROM spent_code), sum(response_count) FROM sealed_batch")[0]
        assert spent == sealed == done, (spent, sealed, done)
        return {
            "bench": "million",
            "answers": done,
            "seconds": round(took, 1),
            "memory_mib_at_start": round(read[0][1], 1),
            "memory_mib": {f"{mark:.0%}": round(_at(read, mark * done), 1) for mark in MARKS},
            "memory_mib_peak": round(processes.memory_mib(home.api.pid)[1], 1),
            "growth_mib_per_million": {f"after {mark:.0%}": round(_slope(read, mark * done), 2) for mark in MARKS[:-1]},
            "read": [(at, round(mib, 2)) for at, mib in read],
        }


def _at(read: list[tuple[int, float]], answered: float) -> float:
    """What was read first at so many answers or more."""
    return next(mib for done, mib in read if done >= answered)


def _slope(read: list[tuple[int, float]], start: float) -> float:
    """MiB for each million answers, by what was read from so many answers on; nan where that is too little."""
    after = np.array([one for one in read if one[0] >= start])
    return float(np.polyfit(after[:, 0], after[:, 1], 1)[0]) * 1e6 if len(after) > 2 else float("nan")


def show(result: dict[str, Any]) -> None:
    """Two lines for people."""
    out = Console(highlight=False, soft_wrap=True)
    marks = ", ".join(f"{mib:.1f} MiB at {mark}" for mark, mib in result["memory_mib"].items())
    out.print(f"{result['answers']:,} answers in {result['seconds']:.0f} s, all committed; {marks}")
    early, late = result["growth_mib_per_million"].values()
    said = "flat" if late <= FLAT_MIB else "it grows"
    out.print(
        f"[bold]{late:+.2f} MiB for each million answers in the second half: {said}[/bold] "
        f"({early:+.2f} after the first tenth; peak {result['memory_mib_peak']:.1f} MiB)"
    )


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.million", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a turn, after which memory is read")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--limit", type=float, default=900.0, help="seconds after which no turn begins")
    given = parser.parse_args()
    try:
        result = measure(given.answers, given.seconds, given.clients, given.limit)
    except KeyboardInterrupt:
        sys.exit(130)
    if given.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
