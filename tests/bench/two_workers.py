"""Whether a second API process makes an answer dearer: one and two of them on one wave, in turns.

Two share the wave's lock and one PostgreSQL. They are measured with as many clients each as the one has, as where a
second process is started because there are more people; and with as many in all, where each has half of the clients
and its commits are smaller.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench import load, processes
from tests.bench.ground import Child


@dataclass(frozen=True, slots=True)
class Case:
    """So many processes, and so many clients in all."""

    title: str
    processes: int
    clients: int


def compare(
    api: Sequence[Child], requests: Iterator[bytes], seconds: float, rounds: int, clients: int
) -> tuple[dict[str, Any], int]:
    """Figures of each case, and how many answers were acknowledged. A first round warms up and is left out."""
    cases = (
        Case("one", 1, clients),
        Case("two, clients each", 2, 2 * clients),
        Case("two, clients in all", 2, clients),
    )
    acknowledged = 0
    found: dict[str, list[tuple[float, float, float]]] = {case.title: [] for case in cases}
    for number in range(rounds + 1):
        for case in (*cases[number % 3 :], *cases[: number % 3]):
            time.sleep(0.2)
            used = api[: case.processes]
            cpu = sum(processes.cpu_seconds(child.pid) for child in used)
            run = load.drive([child.line["url"] for child in used], requests, seconds, case.clients)
            cpu = sum(processes.cpu_seconds(child.pid) for child in used) - cpu
            acknowledged += run.acknowledged
            if number:
                found[case.title].append((run.per_second, run.p99_ms, cpu * 1e6 / run.acknowledged))
    one = found["one"]
    figures = {
        title: {
            "per_second": round(statistics.median(turn[0] for turn in turns), 1),
            "p99_ms": round(statistics.median(turn[1] for turn in turns), 2),
            "cpu_ms_per_thousand": round(statistics.median(turn[2] for turn in turns), 1),
            "cpu_ratio": round(statistics.median(turn[2] / of[2] for turn, of in zip(turns, one, strict=True)), 3),
            "cpu_ratio_by_round": [round(turn[2] / of[2], 2) for turn, of in zip(turns, one, strict=True)],
        }
        for title, turns in found.items()
    }
    return figures, acknowledged
