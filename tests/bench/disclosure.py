"""`python -m tests.bench.disclosure`: linked breakdowns protected, by size of the company.

Each company is drawn from a seed (`tests.make.company`) and protected in a process of its own, so that the peak of its
memory is its own; what the compiler does beforehand, on a small company, is told apart. Stages are timed around the
engine's own functions while the engine runs as it always does, in seconds of processor time, which other programs on
the machine disturb least. A run that fell back to the coarser plan does not count.
"""

import argparse
import json
import math
import resource
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, TypeVar
from unittest import mock

from rich.console import Console
from rich.table import Table

from service.disclosure import attack, linked
from service.disclosure.atoms import world
from service.disclosure.linked import protect_linked
from tests.bench import interruptible, processes
from tests.make.company import RESPONSE, TEAM, company
from tests.make.shares import shares

SIZES = (2_000, 5_000, 25_000, 100_000)
CANDIDATES_EACH = 2.5
"""Candidate cells for each person of the company, about."""
KS = (5, 10)
WATCHED = {"choice": (linked, "choose"), "shortening": (linked, "shortened"), "search": (attack, "search")}
STAGES = ("world", *WATCHED, "rest")
ROWS = (
    *((stage, f"stages_s/{stage}", ".2f") for stage in STAGES), None,
    ("total", "total_s", ".2f"),
    ("  by the clock", "wall_s", ".2f"),
    ("compiling, or loading it, before", "compile_s", ".1f"),
    ("peak memory, MiB", "memory_mib/peak", ".0f"),
    ("  before", "memory_mib/before", ".0f"), None,
    ("distinct cells", "distinct", ",.0f"),
    ("atoms", "atoms", ",.0f"),
    ("rounds", "rounds", ".0f"),
    ("groups found and protected", "groups", ",.0f"), None,
    ("distinct published, 0 groups", "published", ",.0f"),
    ("  by named cells alone", "named", ",.0f"),
    ("  by a threshold alone", "threshold", ",.0f"),
    ("of what named cells publish", "ratio_to_named", ".1%"),
    ("share of candidates", "share_of_cells", ".1%"),
    ("share of people, lowest cells", "share_of_people", ".1%"), None,
)  # fmt: skip
PLAIN = {"respondents", "candidates", *(row[1] for row in ROWS if row and "/" not in row[1])} - {"ratio_to_named"}
WARM_UP = 320
ROWS_TOLD = 2
"""Rows of an example that are named; of a longer sum the others are only counted."""

T = TypeVar("T")
say = Console(stderr=True, highlight=False, soft_wrap=True).print


@dataclass(frozen=True, slots=True)
class Case:
    """One company and one threshold."""

    candidates: int
    k: int
    seed: int
    budget: int
    limit_s: int


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    sizes: tuple[int, ...]
    ks: tuple[int, ...]
    seed: int
    repeats: int
    budget: int
    limit_s: int


# -- one run, in a process of its own --------------------------------------------------------------------------------


def run(case: Case) -> None:
    """Protect one company; prints a JSON line as each stage begins, and one with the result."""
    started = time.perf_counter()
    small = company(WARM_UP, 0)
    for k in KS:
        protect_linked(world(small.plan, small.table), k)
    compiling = time.perf_counter() - started
    _give_up_after(case.limit_s)
    made = company(round(case.candidates / CANDIDATES_EACH / TEAM) * TEAM, case.seed)
    before, _ = processes.memory_mib()
    with watched() as seconds:
        _tell(began="world")
        started, wall = time.process_time(), time.perf_counter()
        one = world(made.plan, made.table)
        seconds["world"] = time.process_time() - started
        pattern = protect_linked(one, case.k, budget=case.budget)
        total, wall = time.process_time() - started, time.perf_counter() - wall
    _, peak = processes.memory_mib()
    seconds["rest"] = total - sum(seconds.values())
    result = {
        "respondents": made.respondents,
        "candidates": len(one.candidates),
        "distinct": len(one.people),
        "atoms": len(one.n),
        "compile_s": compiling,
        "total_s": total,
        "wall_s": wall,
        "stages_s": seconds,
        "memory_mib": {"before": before, "peak": peak},
        **{name: getattr(pattern, name) for name in ("rounds", "groups", "fell_back")},
        "published": int(pattern.published.sum()),
        "named": int(pattern.named.sum()),
        "threshold": int((one.people >= case.k).sum()),
        **shares(made.plan, one, pattern.published),
    }
    _tell(result=result)


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Processor time of the engine's stages while the block runs."""
    seconds = dict.fromkeys(WATCHED, 0.0)
    with ExitStack() as stack:
        for stage, (module, name) in WATCHED.items():
            stack.enter_context(mock.patch.object(module, name, _timed(stage, getattr(module, name), seconds)))
        yield seconds


def _timed(stage: str, function: Callable[..., Any], seconds: dict[str, float]) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        _tell(began=stage)
        started = time.process_time()
        out = function(*given, **named)
        seconds[stage] += time.process_time() - started
        return out

    return timed


def _give_up_after(seconds: int) -> None:
    """The kernel ends this process after so much more processor time."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + seconds), most))


def _tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


# -- all runs --------------------------------------------------------------------------------------------------------


def measure(options: Options) -> dict[str, Any]:
    """Each size with each k, smallest first; what takes too long is said so, and larger ones are not tried."""
    variants: list[dict[str, Any]] = []
    for k in options.ks:
        ended = ""
        for size in sorted(options.sizes):
            runs: list[dict[str, Any]] = []
            for seed in range(options.seed, options.seed + options.repeats):
                if not ended:
                    found = _child(Case(size, k, seed, options.budget, options.limit_s))
                    ended = found.get("ended", "")
                    runs += [] if ended else [found]
            variants.append(_variant(size, k, runs, options.repeats, ended))
            ended = ended and f"not tried: {size:,} candidates took too long"
    return {
        "bench": "disclosure",
        "ratio_to_named": {_name(one): one["ratio_to_named"] for one in variants if one["counted"]},
        "growth": _growth(variants),
        "variants": variants,
        **asdict(options),
    }


def _child(case: Case) -> dict[str, Any]:
    """The result of one run; where it takes longer than the limit, what it was doing then."""
    say(f"about {case.candidates:,} candidates, k = {case.k}, seed {case.seed}")
    command = (sys.executable, "-m", "tests.bench.disclosure", "--run", json.dumps(asdict(case)))
    result: dict[str, Any] = {}
    stage, choices = "compiling", 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            for line in child.stdout or ():
                told = json.loads(line)
                stage = told.get("began", stage)
                choices += told.get("began") == "choice"
                result = told.get("result", result)
        except BaseException:
            child.kill()
            raise
    if result:
        said = "fell back" if result["fell_back"] else f"{result['total_s']:.1f} s"
        say(f"  {said}, {result['rounds']} rounds, {result['published']:,} of {result['distinct']:,} distinct cells")
        return result
    if child.returncode != -signal.SIGXCPU:
        raise RuntimeError(f"the run failed during {stage}")
    ended = f"stopped after {case.limit_s} s, in its choice number {choices} ({stage})"
    say(f"  {ended}")
    return {"ended": ended}


def _variant(size: int, k: int, runs: Sequence[dict[str, Any]], wanted: int, ended: str) -> dict[str, Any]:
    """Medians of the runs that count."""
    counted = [one for one in runs if not one["fell_back"]]
    fallen = len(runs) - len(counted)
    said = [ended] * bool(ended) + [f"{fallen} of {wanted} fell back to the coarser plan"] * bool(fallen)
    variant = {"size": size, "k": k, "counted": len(counted), "of": wanted, "said": "; ".join(said)}
    if not counted:
        return variant
    return (
        variant
        | {name: _median(one[name] for one in counted) for name in sorted(PLAIN)}
        | {
            name: {part: _median(one[name][part] for one in counted) for part in counted[0][name]}
            for name in ("stages_s", "memory_mib")
        }
        | {"ratio_to_named": _median(one["published"] / one["named"] for one in counted), "runs": counted}
    )


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 4)


def _growth(variants: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Exponent of the time in the candidates, from each size to the next."""
    grown = {}
    for one, other in pairwise(variants):
        if one["k"] == other["k"] and one["counted"] and other["counted"]:
            larger = math.log(other["candidates"] / one["candidates"])
            grown[_name(other)] = round(math.log(other["total_s"] / one["total_s"]) / larger, 2)
    return grown


def _name(variant: dict[str, Any]) -> str:
    return f"{variant['size']}_k{variant['k']}"


def show(result: dict[str, Any]) -> None:
    """The table for people: a column for each size and k that finished, and what is to say of the others."""
    out = Console(highlight=False, soft_wrap=True)
    shown = [one for one in result["variants"] if one["counted"]]
    table = Table(
        title=f"teams of {TEAM}, {RESPONSE:.0%} answered; seconds of one core; median of {result['repeats']} companies"
    )
    table.add_column("")
    for one in shown:
        table.add_column(f"k = {one['k']}\n{one['candidates']:,.0f}", justify="right")

    for line in ROWS:
        if line is None:
            table.add_section()
        else:
            title, name, form = line
            group, _, part = name.partition("/")
            table.add_row(title, *(format(one[group][part] if part else one[group], form) for one in shown))
    table.add_row(
        "exponent of the time to the size before", *(str(result["growth"].get(_name(one), "")) for one in shown)
    )
    if shown:
        out.print(table)
    for one in result["variants"]:
        if one["said"]:
            out.print(f"about {one['size']:,} candidates, k = {one['k']}: {one['said']}")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser("python -m tests.bench.disclosure", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="one small company, about 20 seconds: does it still run?")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="candidate cells, about")
    parser.add_argument("--k", type=int, nargs="+", default=KS, help="smallest groups")
    parser.add_argument("--seed", type=int, default=1, help="of the first company; the next ones follow")
    parser.add_argument("--repeats", type=int, default=3, help="companies of each size")
    parser.add_argument("--budget", type=int, default=linked.BUDGET, help="groups looked at for one class")
    parser.add_argument("--limit", type=int, default=600, help="processor seconds after which a run is given up")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run(Case(**json.loads(given.run)))
        return
    options = Options(tuple(given.sizes), tuple(given.k), given.seed, given.repeats, given.budget, given.limit)
    if given.quick:
        options = Options((1_000,), KS[:1], given.seed, 1, given.budget, given.limit)
    try:
        with interruptible.raising():
            result = measure(options)
    except KeyboardInterrupt:
        sys.exit(130)
    if given.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
