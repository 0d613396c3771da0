"""What a replay shows at its end: the released scales and indices of the top and of each unit below it."""

import csv
import io
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from service.cli.client import Client

_KINDS = ("index", "scale")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BOUNDS = {"at_least": "≥ ", "at_most": "≤ ", "": ""}
WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Figure:
    """One released cell: the favourable share in percent as text, as released; None where it is withheld."""

    favourable: str | None
    bound: str
    n_from: int | None
    n_to: int | None

    def number(self) -> float | int | None:
        """The share as a number. Where it is a bound, the bound."""
        if self.favourable is None:
            return None
        return float(self.favourable) if "." in self.favourable else int(self.favourable)

    def shown(self) -> str:
        if self.favourable is None or self.n_from is None or self.n_to is None:
            return WITHHELD
        n = f"{self.n_from:,}" if self.n_from == self.n_to else f"{self.n_from} to {self.n_to}"
        return f"{_BOUNDS[self.bound]}{self.favourable} ({n})"

    def as_dict(self) -> dict[str, Any]:
        return {
            "favourable": self.number(),
            "bound": self.bound or None,
            "n_from": self.n_from,
            "n_to": self.n_to,
        }


@dataclass(frozen=True, slots=True)
class Released:
    """The figures by measure, of the top and of the units just below it by external id; cells by family."""

    release: str
    top: dict[str, Figure]
    units: dict[str, dict[str, Figure]]
    cells: dict[str, dict[str, int]]


def fetch(client: Client, release: str, top: str) -> Released:
    """Read a release back, through the API like anybody else. The CSV keeps the digits that are shown."""
    found: dict[str, dict[str, Figure]] = {}
    for kind in _KINDS:
        lines = client.text("aggregates:read", f"/v1/releases/{release}/cells.csv", kind=kind, family="distribution")
        for row in csv.DictReader(io.StringIO(lines, newline="")):
            if row["level"] in {"0", "1"}:
                found.setdefault(_unescaped(row["unit"]), {})[row["measure"]] = _figure(row)
    detail: dict[str, Any] = client.call("aggregates:read", "GET", f"/v1/releases/{release}")
    above = found.pop(top, {})
    return Released(release, above, found, detail["manifest"]["cells"])


def _figure(row: Mapping[str, str]) -> Figure:
    if row["status"] != "published":
        return Figure(None, "", None, None)
    return Figure(row["favourable"], row["favourable_bound"], int(row["n_from"]), int(row["n_to"]))


def _unescaped(unit: str) -> str:
    """A name without the apostrophe that keeps spreadsheets from running it."""
    return unit[1:] if unit.startswith("'") and unit[1:].startswith(_FORMULA) else unit


def peak_memory_mb() -> dict[str, float]:
    """Highest resident memory of this process, and of the largest of its children that have ended."""
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    who = {"replay": resource.RUSAGE_SELF, "service": resource.RUSAGE_CHILDREN}
    return {name: round(resource.getrusage(which).ru_maxrss / unit, 1) for name, which in who.items()}


def as_dict(
    released: Released, respondents: int, seconds: Mapping[str, float], memory: Mapping[str, float | None]
) -> dict[str, Any]:
    """The result for scripts."""
    return {
        "release": released.release,
        "respondents": respondents,
        "seconds": dict(seconds),
        "peak_memory_mb": dict(memory),
        "top": {name: figure.number() for name, figure in released.top.items()},
        "units": {
            unit: {name: figure.number() for name, figure in figures.items()}
            for unit, figures in released.units.items()
        },
        "cells": released.cells,
        "detail": {
            "top": {name: figure.as_dict() for name, figure in released.top.items()},
            "units": {
                unit: {name: figure.as_dict() for name, figure in figures.items()}
                for unit, figures in released.units.items()
            },
        },
    }


def show(
    out: Console,
    released: Released,
    top: str,
    respondents: int,
    seconds: Mapping[str, float],
    memory: Mapping[str, float | None],
) -> None:
    """The result for people."""
    table = Table(title="Favourable answers in percent (respondents)", title_justify="left")
    table.add_column("unit")
    for name in released.top:
        table.add_column(name, justify="right")
    for unit, figures in {top: released.top, **released.units}.items():
        table.add_row(unit, *(figures[name].shown() for name in released.top))
    if released.top:
        out.print(table, markup=False)
    for family, outcomes in released.cells.items():
        out.print(f"{family} cells: {outcomes['published']:,} published, {outcomes['withheld']:,} withheld")
    out.print(f"{respondents:,} respondents, release {released.release}")
    out.print("seconds: " + ", ".join(f"{phase} {spent:.1f}" for phase, spent in seconds.items()))
    shares = [f"{name} {size:,.0f} MB" for name, size in memory.items() if size is not None]
    out.print("peak memory: " + ", ".join(shares))
