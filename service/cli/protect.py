"""`pouls protect`: the disclosure engine on any table of people, for statisticians."""

import csv
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.cli import protect_table
from service.disclosure.measures import Family
from service.disclosure.plan import Plan, PlanRefused, TableRefused
from service.disclosure.policy import FLOORS, LARGEST
from service.disclosure.table import PROTECTED
from service.kit import strict_yaml
from service.kit.mendable import Mendable

if TYPE_CHECKING:
    from service.disclosure.atoms import Candidate, Labels, World
    from service.disclosure.attack import Told
    from service.disclosure.linked import Pattern

Column = Annotated[str, Field(min_length=1, max_length=200)]
BUDGET, MOST_BUDGET = 50, 1_000_000
MILLION = 1_000_000
_UNWRITABLE = "the folder for the results can not be written"


_RULES = {
    "hierarchies": "names, each with a list of columns",
    "dimensions": "a list of columns",
    "breakdowns": "a list of lists of names",
    "k": f"a whole number from {FLOORS['k_mean']} to {LARGEST:,}",
    "k_distribution": f"a whole number from {FLOORS['k_distribution']} to {LARGEST:,}",
    "collusion": f"a whole number from 0, with which each k is {LARGEST:,} at most",
    "count": "the name of a column",
}


class ProtectFailed(Mendable):
    """The plan or the table can not be used; the text names the place, and no value of the table."""


class PlanFile(BaseModel):
    """The plan as it is written down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hierarchies: dict[Column, list[Column]] = Field(default_factory=dict)
    dimensions: list[Column] = Field(default_factory=list)
    breakdowns: list[list[Column]]
    k: int = Field(FLOORS["k_mean"], strict=True, ge=FLOORS["k_mean"], le=LARGEST)
    k_distribution: int | None = Field(None, strict=True, ge=FLOORS["k_distribution"], le=LARGEST)
    collusion: int = Field(FLOORS["collusion"], strict=True, ge=FLOORS["collusion"])
    count: Column | None = None

    @field_validator("collusion")
    @classmethod
    def _within_the_largest(cls, value: int, info: ValidationInfo) -> int:
        """Every threshold with it is one that the engine takes."""
        if value + max(info.data.get("k") or 0, info.data.get("k_distribution") or FLOORS["k_distribution"]) > LARGEST:
            raise ValueError("a threshold is too large")
        return value

    def thresholds(self) -> dict[Family, int]:
        """Smallest groups in people, collusion counted. A distribution tells the mean too: its k is never smaller."""
        shares = max(self.k, self.k_distribution or FLOORS["k_distribution"])
        return {Family.mean: self.k + self.collusion, Family.distribution: shares + self.collusion}

    def plan(self) -> Plan:
        levels = {name: tuple(columns) for name, columns in self.hierarchies.items()}
        return Plan(levels, tuple(self.dimensions), tuple(map(tuple, self.breakdowns)))


def protect(
    table: Annotated[Path, typer.Argument(help="CSV file with one row per person, or per class with a count")],
    plan: Annotated[Path, typer.Option(help="YAML file: hierarchies, dimensions, breakdowns, k, collusion, count")],
    out: Annotated[Path, typer.Option(help="folder for cells.csv and certificate.json")],
    k: Annotated[int | None, typer.Option(help="smallest group of a mean; the plan's own if absent")] = None,
    collusion: Annotated[
        int | None, typer.Option(help="people of a group who may pool their answers, added to each k; else the plan's")
    ] = None,
    budget: Annotated[
        int, typer.Option(min=1, max=MOST_BUDGET, help="work allowed per family, in millions of groups looked at")
    ] = BUDGET,
    as_json: Annotated[bool, typer.Option("--json", help="print the certificate as one JSON line")] = False,
) -> None:
    """Decide which cells of linked tables may be published, so that no combination isolates fewer than k people.

    Ends with 0 if the files are written, with 1 if the plan, the table or the folder can not be used.
    """
    with _bar() as begin:
        begin("reading")
        asked = _read_plan(plan, {"k": k, "collusion": collusion})
        found = _read_world(asked, table)
        try:  # before the work, which may take long
            out.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise ProtectFailed(_UNWRITABLE) from None
        patterns = _patterns(found, asked, budget, begin)
    cells = out / "cells.csv"
    try:
        _write(cells, _rows(found, patterns))
        certificate = _certificate(asked, budget, found, patterns, hashlib.sha256(cells.read_bytes()).hexdigest())
        text = json.dumps(certificate, indent=1, sort_keys=True) + "\n"
        (out / "certificate.json").write_text(text, encoding="utf-8")
    except OSError:
        raise ProtectFailed(_UNWRITABLE) from None
    if as_json:
        print(json.dumps(certificate, sort_keys=True))  # noqa: T201 - the option's purpose
        return
    for family, said in certificate["families"].items():
        coarse = f"0, by the coarser plan: the search did not end within {budget:,} million groups"
        typer.echo(
            f"{family}: {said['published']:,} of {said['candidates']:,} cells published, groups under {said['k']} "
            f"people that can be computed: {coarse if said['fell_back'] else '0, proved'}"
        )


@contextmanager
def _bar() -> "Iterator[Callable[[str], Told]]":
    """A bar on standard error. What it gives begins it again under a name, and gives in turn what moves it."""
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:

        def begin(name: str) -> "Told":
            for before in progress.task_ids:
                progress.remove_task(before)
            task = progress.add_task(name, total=None)

            def told(settled: int, everything: int) -> None:
                if progress.finished:  # and yet there is more to search: a clock that has stopped would stay so
                    progress.reset(task)
                progress.update(task, completed=settled, total=everything)

            return told

        yield begin


def _read_plan(path: Path, options: Mapping[str, int | None]) -> PlanFile:
    """The plan, with what the command line says in the place of its own.

    Raises:
        ProtectFailed: the file can not be read, or one of them holds what is no plan.
    """
    try:
        given = strict_yaml.load(path.read_text(encoding="utf-8"))
        if not isinstance(given, dict):
            raise ProtectFailed("the plan is not a mapping")
        asked = PlanFile.model_validate(given | _given(options))
        asked.plan()
    except (OSError, UnicodeDecodeError):
        raise ProtectFailed("the plan can not be read") from None
    except yaml.YAMLError as error:
        raise ProtectFailed(f"the plan can not be read: {strict_yaml.where(error)}") from None
    except ValidationError as error:
        names = sorted({str(line["loc"][0]) for line in error.errors(include_input=False)})
        places = "; ".join(f"{name} ({_RULES.get(name, 'not known')})" for name in names)
        of = "what the options and the plan say" if {*names} & {*_given(options)} else "the plan"
        raise ProtectFailed(f"{of} is refused at: {places}") from None
    except PlanRefused as error:
        raise ProtectFailed(f"the plan is refused: {error}") from None
    return asked


def _given(options: Mapping[str, int | None]) -> dict[str, int]:
    return {name: value for name, value in options.items() if value is not None}


def _read_world(asked: PlanFile, path: Path) -> "World":
    # Here and below, not above: loading the compiler takes longer than most commands of `pouls` do.
    from service.disclosure.atoms import world  # noqa: PLC0415

    plan = asked.plan()
    try:
        columns, counts = protect_table.read(path, plan.columns, asked.count)
        return world(plan, columns, counts, merge_under=asked.thresholds()[Family.mean])
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ProtectFailed("the table can not be read") from None
    except TableRefused as error:
        raise ProtectFailed(f"the table is refused: {error}") from None


def _patterns(
    found: "World", asked: PlanFile, budget: int, begin: "Callable[[str], Told]"
) -> "dict[Family, tuple[int, Pattern]]":
    """By family, with its k. A distribution tells the mean too, so its cells lie inside those of the mean.

    Args:
        found: atoms and cells.
        asked: the plan.
        budget: millions of groups to look at for each family.
        begin: see `_bar`.
    """
    from service.disclosure import linked  # noqa: PLC0415

    total = budget * MILLION
    # More work in all is of little use where a single atom may not have more.
    each = max(linked.BUDGET, linked.BUDGET * total // linked.TOTAL)
    patterns: dict[Family, tuple[int, Pattern]] = {}
    allowed = None
    for family, k in asked.thresholds().items():
        pattern = linked.protect_linked(found, k, allowed, each, total, begin(f"{family}: small classes settled"))
        patterns[family] = k, pattern
        allowed = pattern.published
    return patterns


def _rows(found: "World", patterns: "Mapping[Family, tuple[int, Pattern]]") -> Iterator[list[Any]]:
    yield [*found.columns, "n", "family", "status", "reason", "members"]
    for candidate in sorted(found.candidates, key=_place):
        labels = ["" if label is None else label for label in candidate.labels]
        members = json.dumps([_named(found, one) for one in candidate.members]) if candidate.members else ""
        for family, (_, pattern) in patterns.items():
            if pattern.published[candidate.cell]:
                yield [*labels, int(found.people[candidate.cell]), str(family), "published", "", members]
            else:
                yield [*labels, "", str(family), "withheld", PROTECTED, members]


def _place(candidate: "Candidate") -> tuple[int, list[str], bool]:
    """In a breakdown by labels; merged groups after the unit that holds them."""
    return candidate.breakdown, [label or "" for label in candidate.labels], bool(candidate.members)


def _named(found: "World", labels: "Labels") -> dict[str, str]:
    return {column: label for column, label in zip(found.columns, labels, strict=True) if label is not None}


def _write(path: Path, rows: Iterator[list[Any]]) -> None:
    """The file as a whole or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)
    os.replace(draft, path)  # noqa: PTH105 - the same, and says what it does


def _certificate(
    asked: PlanFile, budget: int, found: "World", patterns: "Mapping[Family, tuple[int, Pattern]]", cells: str
) -> dict[str, Any]:
    thresholds = {"k", "k_distribution", "collusion"}  # which stand by themselves, and may be raised
    plan = json.dumps(asked.model_dump(exclude=thresholds), sort_keys=True, separators=(",", ":"))
    people = int(found.n.sum())
    cell_of = np.array([candidate.cell for candidate in found.candidates])
    return {
        "format": "pouls-protect/1",
        "plan_sha256": hashlib.sha256(plan.encode()).hexdigest(),
        "cells_sha256": cells,
        "people": people,
        "classes": len(found.n),
        "collusion": asked.collusion,
        "budget_million_groups": budget,
        "families": {
            str(family): {
                "k": k,
                "candidates": len(found.candidates),
                "published": int(pattern.published[cell_of].sum()),
                "distinct": len(found.people),
                "distinct_published": int(pattern.published.sum()),
                "distinct_published_by_named_cells_alone": int(pattern.named.sum()),
                "groups_found_and_protected": pattern.groups,
                "small_classes": pattern.small,
                "proved_by_search": pattern.proved,
                "search_steps": pattern.steps,
                "rounds": pattern.rounds,
                "fell_back": pattern.fell_back,
            }
            for family, (k, pattern) in patterns.items()
        },
    }
