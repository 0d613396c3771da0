"""The surveys of people that lie beside the checkout: a federal one, and two made-up companies with known figures."""

import gzip
from collections import Counter
from collections.abc import Sequence
from csv import DictReader
from dataclasses import dataclass
from pathlib import Path

from service.disclosure.audit import Classes
from service.disclosure.plan import Plan

SHARED = Path(__file__).resolve().parents[3] / "shared"
FEVS = ("AGENCY", "LEVEL1"), ("DSEX", "DEDUC", "DFEDTEN", "DSUPER", "DMINORITY")
FILES = {
    "fevs": ("data/fevs2018/responses.csv.gz", 10),
    "org_602": ("reference/sdc/org_602.micro.csv.gz", 5),
    "org_1505": ("reference/sdc/org_1505.micro.csv.gz", 5),
}
"""File and threshold of each."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Those who answered, one row each by column; the plan: the org tree by nothing, and by each dimension."""

    name: str
    plan: Plan
    table: dict[str, list[str]]
    k: int

    def classes(self) -> Classes:
        """The class table for the auditor, counted here and not by the engine."""
        people = Counter(zip(*(self.table[column] for column in self.plan.columns), strict=True))
        return Classes(self.plan.columns, list(people), list(people.values()))


def survey(name: str) -> Survey:
    """One of `FILES`; they are there where `SHARED` is a folder."""
    path, k = FILES[name]
    with gzip.open(SHARED / path, "rt", encoding="utf-8", newline="") as file:
        reader = DictReader(file)
        given = reader.fieldnames or []
        levels, dimensions = FEVS if name == "fevs" else _told_apart(given)
        plan = Plan.default(levels, dimensions)
        rows = [[row[column] for column in plan.columns] for row in reader]
    return Survey(name, plan, dict(zip(plan.columns, map(list, zip(*rows, strict=True)), strict=True)), k)


def _told_apart(columns: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Levels and dimensions of a made-up company."""
    levels = tuple(column for column in columns if column.startswith("L"))
    return levels, tuple(column for column in columns if column not in levels)
