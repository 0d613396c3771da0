"""`python -m tests.bench.scoring`: scores of a million people, against numpy alone doing the same arithmetic.

A million respondents, 40 rating items, 12 scales of 3 or 4 items, a third of the items reversed. Two kinds of answers:
nobody skipped anything, or 5 % of all answers are skipped and a scale is content with half of its items. The other side
is written out by hand for this one questionnaire: no document, no checks, the same integers and the same blocks.
"""

import argparse
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from service.questionnaires.document import Document
from service.questionnaires.scoring import SKIPPED, rated

ITEMS = 40
SCALES = 12
POINTS = 5
BLOCK = 1 << 17
AIM = 2.0
SKIPS = (0.0, 0.05)
Matrix = npt.NDArray[np.int16]
Total = Callable[[Matrix], int]


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of alternating pairs; memory is what scoring took beside the answers, at its peak."""

    skips: float
    people: int
    ours_s: float
    numpy_s: float
    ratio: float
    rounds: tuple[float, ...]
    peak_mib: float


def document(*, gaps: bool) -> Document:
    """40 items in 12 scales."""
    items = [
        {"id": f"q{at}", "type": "rating", "points": POINTS, "text": {"en": "?"}, "reverse": at % 3 == 0}
        for at in range(ITEMS)
    ]
    scales: list[dict[str, Any]] = [{"id": f"s{at}", "title": {"en": "!"}, "items": names(at)} for at in range(SCALES)]
    if gaps:
        scales = [scale | {"answered": (len(scale["items"]) + 1) // 2} for scale in scales]
    head = {"format": "pouls/1", "key": "bench", "languages": ["en"], "title": {"en": "bench"}}
    return Document.parse(head | {"items": items, "scales": scales})


def names(scale: int) -> list[str]:
    return [f"q{at}" for at in range(scale, ITEMS, SCALES)]


def ours(gaps: bool) -> Total:
    """Scores by the project's code; a sum of them, so that both sides have to come to the same end."""
    scoring = rated(document(gaps=gaps), {f"q{at}": at for at in range(ITEMS)})

    def total(by_column: Matrix) -> int:
        added = 0
        for start in range(0, by_column.shape[1], BLOCK):
            for name, scores in scoring.scores(by_column[:, start : start + BLOCK], frozenset()).items():
                factor = 12 // scoring.scales[name].denominator
                score = scores.score if scores.scored is None else scores.score[scores.scored]
                added += factor * int(score.sum(dtype=np.int64))
        return added

    return total


def by_numpy(gaps: bool) -> Total:
    """The same scores over twelve, written out; reversed items are 6 - answer."""

    def total(by_column: Matrix) -> int:
        added = 0
        for start in range(0, by_column.shape[1], BLOCK):
            block = by_column[:, start : start + BLOCK]
            for scale in range(SCALES):
                columns = range(scale, ITEMS, SCALES)
                added += _with_gaps(block, columns) if gaps else _complete(block, columns)
        return added

    return total


def _complete(block: Matrix, columns: range) -> int:
    least = block[columns[0]].copy()
    score = np.zeros(block.shape[1], np.int16)
    for column in columns:
        np.minimum(least, block[column], out=least)
        score += (6 - block[column]) if column % 3 == 0 else block[column]
    if least.min() == SKIPPED:
        score = score[least != SKIPPED]
    return 12 // len(columns) * int(score.sum(dtype=np.int64))


def _with_gaps(block: Matrix, columns: range) -> int:
    answered = np.zeros(block.shape[1], np.int16)
    score = np.zeros(block.shape[1], np.int32)
    for column in columns:
        there = block[column] != SKIPPED
        answered += there
        score += np.where(there, (6 - block[column]) if column % 3 == 0 else block[column], 0)
    enough = answered >= (len(columns) + 1) // 2
    times = np.array([0, 12, 6, 4, 3], np.int32)
    return int((score * times[answered])[enough].sum(dtype=np.int64))


def measure(people: int, rounds: int, seed: int) -> list[Result]:
    """Both kinds of answers."""
    draw = np.random.default_rng(seed)
    results = []
    for skips in SKIPS:
        by_column = draw.integers(1, POINTS + 1, (ITEMS, people), np.int16)
        if skips:
            by_column[draw.random((ITEMS, people), np.float32) < skips] = SKIPPED
        mine, theirs = ours(bool(skips)), by_numpy(bool(skips))
        if mine(by_column) != theirs(by_column):
            raise RuntimeError("the two sides do not come to the same scores")
        pairs = []
        for number in range(rounds):
            order = (mine, theirs) if number % 2 else (theirs, mine)
            took = {side: _timed(side, by_column) for side in order}
            pairs.append((took[mine], took[theirs]))
        results.append(
            Result(
                skips,
                people,
                statistics.median(one for one, _ in pairs),
                statistics.median(other for _, other in pairs),
                statistics.median(one / other for one, other in pairs),
                tuple(round(one / other, 2) for one, other in pairs),
                round(_peak_mib(mine, by_column), 1),
            )
        )
    return results


def _peak_mib(side: Total, by_column: Matrix) -> float:
    tracemalloc.start()
    side(by_column)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / (1 << 20)


def _timed(side: Total, by_column: Matrix) -> float:
    start = time.perf_counter()
    side(by_column)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    results = measure(asked.people, asked.rounds, asked.seed)
    if asked.json:
        print(json.dumps([asdict(result) for result in results]))
        return
    table = Table("skipped", "ours, s", "numpy, s", "ratio", "rounds", "peak beside the answers, MiB")
    for one in results:
        ratios = f"{min(one.rounds)} to {max(one.rounds)}"
        table.add_row(
            f"{one.skips:.0%}", f"{one.ours_s:.3f}", f"{one.numpy_s:.3f}", f"{one.ratio:.2f}", ratios, str(one.peak_mib)
        )
    Console().print(table)
    Console().print(
        f"{asked.people:,} people x {ITEMS} items x {SCALES} scales; aim: within {AIM} times; seed {asked.seed}"
    )


if __name__ == "__main__":
    main()
