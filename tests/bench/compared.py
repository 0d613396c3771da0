"""`python -m tests.bench.compared`: what is published of known surveys, by our engine and by what others do.

The surveys lie beside the checkout. Side by side stand what our engine publishes of each, what named-cell Gauss does,
and what a threshold does. The independent auditor judges each: it says *safe*, or prints a sum of published rows that
describes too few people. Seconds are of processor time.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from service.disclosure import attack, linked
from service.disclosure.atoms import World, world
from service.disclosure.audit import THRESHOLDS, Classes, Labels, Leak, Report, Row, audit
from service.disclosure.checks import Mask
from service.disclosure.linked import protect_linked
from tests.bench import interruptible
from tests.make.company import company
from tests.make.shares import by_breakdown, shares
from tests.make.surveys import FILES, SHARED, Survey, survey

WARM_UP, WARM_UP_K = 320, 5
ROWS_TOLD = 2
say = Console(stderr=True, highlight=False, soft_wrap=True).print
T = TypeVar("T")


def compare(names: Sequence[str], ks: Sequence[int]) -> dict[str, Any]:
    """Each survey with its own threshold, unless others are given."""
    say("compiling, or loading it")
    small = company(WARM_UP, 0)
    compared(Survey("small", small.plan, small.table, WARM_UP_K), WARM_UP_K)
    found = []
    for name in names:
        say(f"reading {name}")
        one = survey(name)
        for k in ks or (one.k,):
            say(f"protecting and judging {name}, k = {k}")
            found.append(compared(one, k))
    return {"bench": "disclosure", "surveys": found}


def compared(given: Survey, k: int) -> dict[str, Any]:
    """Ours, named-cell Gauss and a threshold: what each publishes, how long it takes, and what is wrong with it."""
    one, world_s = _spent(lambda: world(given.plan, given.table))
    classes = given.classes()
    ways: dict[str, Callable[[], Mask]] = {
        "ours": lambda: _proved(one, k),
        # Allowed no search at all, the engine stops there.
        "named-cell Gauss": lambda: protect_linked(one, k, total=0).named,
        "threshold only": lambda: one.people >= k,
    }
    outputs = {}
    for name, way in ways.items():
        shown, seconds = _spent(way)
        outputs[name] = {
            "distinct": int(shown.sum()),
            **shares(given.plan, one, shown),
            "people_by_breakdown": by_breakdown(given.plan, one, shown),
            "seconds": seconds,
            "audit": audited(classes, released(one, shown), k),
            **leaks(one, shown, k),
        }
    return {
        "survey": given.name,
        "k": k,
        "respondents": sum(classes.n),
        "candidates": len(one.candidates),
        "distinct": len(one.people),
        "atoms": len(one.n),
        "world_s": world_s,
        "ratio_to_named": outputs["ours"]["distinct"] / outputs["named-cell Gauss"]["distinct"],
        "outputs": outputs,
    }


def _proved(one: World, k: int) -> Mask:
    pattern = protect_linked(one, k)
    if pattern.fell_back:
        raise RuntimeError("the engine fell back to the coarser plan: nothing to compare")
    return pattern.published


def _spent(function: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and its processor time."""
    started = time.process_time()
    out = function()
    return out, time.process_time() - started


def released(one: World, shown: Mask) -> list[Row]:
    """The published candidates as rows of a release."""
    return [
        Row("mean", _named(one.columns, at.labels), n=int(one.people[at.cell]))
        for at in one.candidates
        if shown[at.cell]
    ]


def _named(columns: Sequence[str], labels: Sequence[str | None]) -> Labels:
    return {column: label for column, label in zip(columns, labels, strict=True) if label is not None}


def audited(classes: Classes, rows: Sequence[Row], k: int) -> dict[str, Any]:
    """The auditor's verdict, what it rests on, and how long it took."""
    thresholds = {"mean": k, "distribution": max(k, THRESHOLDS["distribution"])}
    report, seconds = _spent(lambda: audit(classes, rows, thresholds))
    means = report.findings[0]
    return {
        "verdict": str(report.verdict),
        "seconds": seconds,
        "small_classes": means.small,
        "proved": sum(means.proved),
        "example": str(means.leak or ""),
        "in_words": in_words(classes, report),
    }


def in_words(classes: Classes, report: Report) -> str:
    """Why the auditor says unsafe; empty where it does not."""
    leak = report.findings[0].leak
    if leak is None:
        return "; ".join(f"{refusal.row}: {refusal.reason}" for refusal in report.refusals[:ROWS_TOLD])
    added = _sum((row, factor) for row, factor in leak.terms if factor > 0)
    taken = _sum((row, -factor) for row, factor in leak.terms if factor < 0)
    less = f", less {taken}," if taken else ""
    return f"{added}{less} leaves {_left(classes, leak)}: {_people(leak.people)}, fewer than {leak.k}"


def _sum(terms: Iterable[tuple[Row, Fraction]]) -> str:
    """Rows and how many people they count, each as often as it is taken; the largest first."""
    ordered = sorted(terms, key=lambda term: -(term[0].n or 0))
    told = [f"{_times(factor)}{_place(row.labels)}" for row, factor in ordered]
    if len(told) > ROWS_TOLD + 1:
        told[ROWS_TOLD:] = [f"{len(told) - ROWS_TOLD} rows more"]
    people = sum((factor * (row.n or 0) for row, factor in ordered), Fraction())
    return f"{' + '.join(told)} ({_people(people)})" if told else ""


def _left(classes: Classes, leak: Leak) -> str:
    """Who is left, by the columns that the rows of the example are broken down by."""
    used = {column for row, _ in leak.terms for column in row.labels}
    people: dict[tuple[str, Fraction], int] = {}
    for number, factor in leak.classes:
        labels = zip(classes.columns, classes.labels[number], strict=True)
        key = _place({column: label for column, label in labels if column in used}), factor
        people[key] = people.get(key, 0) + classes.n[number]
    parts = ((factor, f"{_times(abs(factor))}{place} ({n})") for (place, factor), n in people.items())
    return "".join((" + " if factor > 0 else " less ") + part for factor, part in parts).removeprefix(" + ")


def _times(factor: Fraction) -> str:
    return "" if factor == 1 else f"{factor} times "


def _place(labels: Labels) -> str:
    return f"[{', '.join(labels.values()) or 'everybody'}]"


def _people(number: int | Fraction) -> str:
    shown = f"{int(number):,}" if number.denominator == 1 else str(number)
    return "1 person" if number == 1 else f"{shown} people"


def leaks(one: World, shown: Mask, k: int) -> dict[str, Any]:
    """Groups of fewer than k people, none inside another, that the engine's own search finds.

    It finds all of them (`all_groups`), unless there was no end to them around some class.
    """
    _, found = linked.search(one, shown, k)
    told = {frozenset(row[row >= 0].tolist()) for row in found.groups}
    groups = {group for group in told if not any(other < group for other in told)}
    ended = bool((np.bincount(found.at) < attack.MOST_TOLD).all() and (found.outcome != attack.BUDGET).all())
    return {
        "groups": len(groups),
        "all_groups": ended,
        "single_classes": sum(len(group) == 1 for group in groups),
        "people_in_groups": int(one.n[sorted({atom for group in groups for atom in group})].sum()),
    }


def show(result: dict[str, Any]) -> None:
    """A table for each survey, with the auditor's example below."""
    out = Console(highlight=False, soft_wrap=True)
    for one in result["surveys"]:
        out.print(_table(one))
        for name, output in one["outputs"].items():
            said = output["audit"]
            why = said["in_words"] or f"{said['proved']:,} of {said['small_classes']:,} small classes proved"
            out.print(f"{name}: [bold]{said['verdict']}[/bold]; {escape(why)}")
        out.print()
    out.print("people: share of all respondents who are in a published cell at the lowest level of the breakdown")


def _table(one: dict[str, Any]) -> Table:
    table = Table(
        title=f"{one['survey']}: {one['respondents']:,} people, {one['candidates']:,} candidate cells, "
        f"{one['distinct']:,} of them distinct, k = {one['k']}"
    )
    outputs = list(one["outputs"].values())
    table.add_column("")
    for name in one["outputs"]:
        table.add_column(name, justify="right")
    table.add_row("distinct cells published", *(f"{each['distinct']:,}" for each in outputs))
    named = one["outputs"]["named-cell Gauss"]["distinct"]
    table.add_row("  to those of named-cell Gauss", *(f"{each['distinct'] / named:.1%}" for each in outputs))
    table.add_row("share of candidate cells", *(f"{each['share_of_cells']:.1%}" for each in outputs))
    table.add_row("people, mean of the breakdowns", *(f"{each['share_of_people']:.1%}" for each in outputs))
    for breakdown in outputs[0]["people_by_breakdown"]:
        table.add_row(f"  {breakdown}", *(f"{each['people_by_breakdown'][breakdown]:.1%}" for each in outputs))
    table.add_row("seconds of one core", *(f"{each['seconds']:.2f}" for each in outputs))
    table.add_section()
    table.add_row("[bold]the auditor says[/bold]", *(f"[bold]{each['audit']['verdict']}[/bold]" for each in outputs))
    table.add_row("  after seconds", *(f"{each['audit']['seconds']:.2f}" for each in outputs))
    table.add_row(
        f"groups under {one['k']} given away",
        *(f"{each['groups']:,}{'' if each['all_groups'] else ' or more'}" for each in outputs),
    )
    table.add_row("  of them single classes", *(f"{each['single_classes']:,}" for each in outputs))
    table.add_row("  people in these groups", *(f"{each['people_in_groups']:,}" for each in outputs))
    return table


def main() -> None:
    """Read the command line, compare, print."""
    parser = argparse.ArgumentParser("python -m tests.bench.compared", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("surveys", nargs="*", choices=[*FILES, []], metavar="SURVEY", help=", ".join(FILES))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--k", type=int, nargs="+", help="smallest groups; the survey's own if absent")
    given = parser.parse_args()
    if not SHARED.is_dir():
        parser.error(f"real data not present beside the checkout ({SHARED.name}/)")
    try:
        with interruptible.raising():
            result = compare(given.surveys or list(FILES), given.k or ())
    except KeyboardInterrupt:
        sys.exit(130)
    if given.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    main()
