"""`pouls protect`: the disclosure engine on any table of people, for statisticians."""

import csv
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.status import Status

from service.disclosure.measures import Family
from service.disclosure.plan import Plan, PlanRefused, TableRefused
from service.disclosure.policy import FLOORS, LARGEST
from service.disclosure.table import PROTECTED
from service.kit.mendable import Mendable

if TYPE_CHECKING:
    from service.disclosure.atoms import Candidate, Labels, World
    from service.disclosure.linked import Pattern

Column = Annotated[str, Field(min_length=1, max_length=200)]
MOST_ROWS = 5_000_000


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
    count: Column | None = None

    def plan(self) -> Plan:
        levels = {name: tuple(columns) for name, columns in self.hierarchies.items()}
        return Plan(levels, tuple(self.dimensions), tuple(map(tuple, self.breakdowns)))


def protect(
    table: Annotated[Path, typer.Argument(help="CSV file with one row per person, or per class with a count")],
    plan: Annotated[Path, typer.Option(help="YAML file: hierarchies, dimensions, breakdowns, k, count")],
    out: Annotated[Path, typer.Option(help="folder for cells.csv and certificate.json")],
    k: Annotated[int | None, typer.Option(help="smallest group of a mean; the plan's own if absent")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the certificate as one JSON line")] = False,
) -> None:
    """Decide which cells of linked tables may be published, so that no combination isolates fewer than k people."""
    with Console(stderr=True).status("reading", spinner="line") as shown:
        asked = _read_plan(plan, k)
        found = _read_world(asked, table)
        patterns = _patterns(found, asked, shown)
    out.mkdir(parents=True, exist_ok=True)
    cells = out / "cells.csv"
    _write(cells, _rows(found, patterns))
    certificate = _certificate(asked, found, patterns, hashlib.sha256(cells.read_bytes()).hexdigest())
    text = json.dumps(certificate, indent=1, sort_keys=True) + "\n"
    (out / "certificate.json").write_text(text, encoding="utf-8")
    if as_json:
        print(json.dumps(certificate, sort_keys=True))  # noqa: T201 - the option's purpose
        return
    for family, said in certificate["families"].items():
        typer.echo(
            f"{family}: {said['published']:,} of {said['candidates']:,} cells published, groups under {said['k']} "
            f"people that can be computed: {'0 (coarser plan)' if said['fell_back'] else '0, proved'}"
        )


def _read_plan(path: Path, k: int | None) -> PlanFile:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(given, dict):
            raise ProtectFailed("the plan is not a mapping")
        asked = PlanFile.model_validate(given | ({} if k is None else {"k": k}))
        asked.plan()
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise ProtectFailed("the plan can not be read") from None
    except ValidationError as error:
        places = ", ".join(sorted({".".join(map(str, line["loc"][:1])) for line in error.errors(include_input=False)}))
        raise ProtectFailed(f"the plan is refused at: {places}") from None
    except PlanRefused as error:
        raise ProtectFailed(f"the plan is refused: {error}") from None
    return asked


def _read_world(asked: PlanFile, path: Path) -> "World":
    # Here and below, not above: loading the compiler takes longer than most commands of `pouls` do.
    from service.disclosure.atoms import world  # noqa: PLC0415

    plan = asked.plan()
    wanted = [*plan.columns, *([asked.count] if asked.count else [])]
    columns: dict[str, list[str]] = {name: [] for name in wanted}
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for number, row in enumerate(csv.DictReader(handle, strict=True), 1):
                if number > MOST_ROWS:
                    raise ProtectFailed(f"the table has more than {MOST_ROWS:,} rows")
                for name in wanted:
                    columns[name].append(_cell(row, name, number))
        counts = _counts(columns.pop(asked.count)) if asked.count else None
        return world(plan, columns, counts, merge_under=asked.k)
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ProtectFailed("the table can not be read") from None
    except TableRefused as error:
        raise ProtectFailed(f"the table is refused: {error}") from None


def _cell(row: Mapping[str, str | None], name: str, number: int) -> str:
    value = row.get(name)
    if value is None:
        raise TableRefused(f"row {number} has no column {name}")
    return value


def _counts(texts: list[str]) -> list[int]:
    if not all(text.isascii() and text.isdigit() and len(text) <= 9 for text in texts):  # noqa: PLR2004 - digits
        raise TableRefused("the counts are not whole numbers, zero or more")
    return list(map(int, texts))


def _patterns(found: "World", asked: PlanFile, shown: Status) -> "dict[Family, tuple[int, Pattern]]":
    """By family. A distribution tells the mean too, so its cells lie inside those of the mean."""
    from service.disclosure.linked import protect_linked  # noqa: PLC0415

    k_distribution = max(asked.k, asked.k_distribution or FLOORS["k_distribution"])
    shown.update(f"means: {len(found.people):,} cells, {len(found.n):,} classes")
    means = protect_linked(found, asked.k)
    shown.update(f"distributions: {len(found.people):,} cells, {len(found.n):,} classes")
    shares = protect_linked(found, k_distribution, means.published)
    return {Family.mean: (asked.k, means), Family.distribution: (k_distribution, shares)}


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
    asked: PlanFile, found: "World", patterns: "Mapping[Family, tuple[int, Pattern]]", cells: str
) -> dict[str, Any]:
    plan = json.dumps(asked.model_dump(exclude={"k", "k_distribution"}), sort_keys=True, separators=(",", ":"))
    people = int(found.n.sum())
    cell_of = np.array([candidate.cell for candidate in found.candidates])
    return {
        "format": "pouls-protect/1",
        "plan_sha256": hashlib.sha256(plan.encode()).hexdigest(),
        "cells_sha256": cells,
        "people": people,
        "classes": len(found.n),
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
