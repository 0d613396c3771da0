"""What `pouls protect` wrote, as `pouls audit` reads it: cells, certificate, plan and table of people."""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from service.cli.audit_shown import bar
from service.kit import strict_yaml
from service.kit.mendable import Mendable

if TYPE_CHECKING:
    from service.disclosure.audit import Classes, Report, Row

FLOORS = {"mean": 5, "distribution": 10}
FORMAT = "pouls-protect/1"
MOST_ROWS = 5_000_000
_KNOWN = ("n", "family", "status", "reason", "members")


class AuditUnreadable(Mendable):
    """A file can not be judged; the text names the place, and no value of a table."""


def judged(folder: Path, table: Path | None, plan: Path | None, budget: int) -> dict[str, Any]:
    """Verdict, sentences and findings by family. Raises AuditUnreadable."""
    # Here, not above: loading the compiler takes longer than most commands of `pouls` do.
    from service.disclosure.audit import by_rows_alone  # noqa: PLC0415

    if table is not None and plan is None:
        raise AuditUnreadable("a table is read by its plan: give both")
    certificate = _certificate(folder)
    k = {family: int(said["k"]) for family, said in certificate["families"].items()}
    asked = None if plan is None else _plan(plan)
    columns, rows, wrong = _cells(folder / "cells.csv")
    wrong += _contradictions(folder, certificate, k, rows)
    if asked is not None:
        wrong += _against_plan(asked, certificate, k, columns, rows)
    wrong += [f"{refusal.row.family} {refusal.row}: {refusal.reason}" for refusal in by_rows_alone(rows, k)]
    if table is None or asked is None:
        return {"verdict": "unsafe" if wrong else "not proved", "by": "rows alone", "wrong": wrong, "families": {}}
    classes = _classes(table, asked)
    if certificate.get("people") != sum(classes.n):
        wrong.append("the certificate counts other people than the table")
    report = _with_table(classes, rows, k, budget)
    refused = [f"{refusal.row.family} {refusal.row}: {refusal.reason}" for refusal in report.refusals]
    wrong += [sentence for sentence in refused if sentence not in wrong]
    return {
        "verdict": "unsafe" if wrong else str(report.verdict),
        "by": "table",
        "wrong": wrong,
        "families": {finding.family: _found(finding, classes) for finding in report.findings},
    }


def _found(finding: Any, classes: "Classes") -> dict[str, Any]:
    leak = finding.leak
    return {
        "verdict": str(finding.verdict),
        "k": finding.k,
        "rows": finding.rows,
        "small_classes": finding.small,
        "proved_at_once": finding.proved[0],
        "proved_by_cases": finding.proved[1],
        "not_proved": finding.open,
        "million_operations": finding.work,
        "leak": None
        if leak is None
        else {
            "rows": [{"row": str(row), "times": str(factor)} for row, factor in leak.terms],
            "leave": [
                {"class": dict(zip(classes.columns, classes.labels[one], strict=True)), "times": str(factor)}
                for one, factor in leak.classes
            ],
            "people": leak.people,
            "k": leak.k,
        },
    }


def _certificate(folder: Path) -> dict[str, Any]:
    try:
        given = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
        families = {family: int(said["k"]) for family, said in given["families"].items()}
        _whole(given.get("collusion", 0))
        sound = given["format"] == FORMAT and set(families) == set(FLOORS) and isinstance(given["cells_sha256"], str)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise AuditUnreadable("the certificate can not be read") from None
    if not sound:
        raise AuditUnreadable("the certificate is of another format")
    return dict(given)


def _whole(value: Any) -> int:
    """What is written down as a number of people; a text, a truth value and a fraction are none.

    Raises:
        TypeError, ValueError: it is none.
    """
    if type(value) is not int:
        raise TypeError("not a whole number")
    if value < 0:
        raise ValueError("under zero")
    return value


def _cells(path: Path) -> tuple[tuple[str, ...], "list[Row]", list[str]]:
    """The columns broken down by, the published rows, and what is wrong with the file's lines."""
    from service.disclosure.audit import Row  # noqa: PLC0415

    rows, wrong = [], []
    lines = _lines(path, "the cells")
    header = next(lines, {})
    columns = tuple(name for name in header if name not in _KNOWN)
    if tuple(header) != (*columns, *_KNOWN):
        raise AuditUnreadable(f"the cells have not the columns {', '.join(_KNOWN)} at the end")
    for number, line in enumerate(lines, 2):  # the header is the first
        labels = {column: line[column] for column in columns if line[column]}
        if line["status"] == "published" and line["n"].isascii() and line["n"].isdigit() and not line["reason"]:
            rows.append(Row(line["family"], labels, _members(line["members"], number), int(line["n"])))
        elif (line["status"], line["n"], line["reason"]) != ("withheld", "", "protected"):
            wrong.append(f"line {number} of the cells is neither a published row nor a withheld one")
    return columns, rows, wrong


def _members(text: str, number: int) -> list[dict[str, str]] | None:
    """The cells that a merged one unites; None for any other."""
    if not text:
        return None
    try:
        given = json.loads(text)
        cells = [{str(column): str(label) for column, label in cell.items()} for cell in given]
    except (ValueError, TypeError, AttributeError):
        cells = []
    if not cells:
        raise AuditUnreadable(f"the members of line {number} of the cells can not be read")
    return cells


def _lines(path: Path, what: str) -> Iterator[dict[str, str]]:
    """The header as a line of its own names, then each line by column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            names = next(reader, [])
            if len(set(names)) != len(names):
                raise AuditUnreadable(f"{what} have a column twice")
            yield dict.fromkeys(names, "")
            for number, line in enumerate(reader, 1):
                if number > MOST_ROWS or len(line) != len(names):
                    raise AuditUnreadable(f"{what} have too many lines, or line {reader.line_num} another width")
                yield dict(zip(names, line, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise AuditUnreadable(f"{what} can not be read") from None


def _contradictions(
    folder: Path, certificate: Mapping[str, Any], k: Mapping[str, int], rows: "Sequence[Row]"
) -> list[str]:
    """Where the certificate and the cells do not tell the same story."""
    wrong = []
    if hashlib.sha256((folder / "cells.csv").read_bytes()).hexdigest() != certificate["cells_sha256"]:
        wrong.append("the cells are not those of the certificate: its hash is another")
    published = Counter(row.family for row in rows)
    for family, floor in FLOORS.items():
        if certificate["families"][family].get("published") != published[family]:
            wrong.append(f"the certificate counts other published rows of the family {family}")
        least = floor + certificate.get("collusion", 0)
        if k[family] < least:
            wrong.append(f"the threshold of the family {family} is under {least}")
    wrong += [
        "the certificate counts other people than the row of everybody"
        for row in rows
        if row.cells == ({},) and row.n != certificate.get("people")
    ]
    return wrong


def _plan(path: Path) -> dict[str, Any]:
    """Hierarchies, dimensions, breakdowns and count as far as an auditor needs them, and the k of each family.

    Raises:
        AuditUnreadable: it is not written as a plan is.
    """
    try:
        given = strict_yaml.load(path.read_text(encoding="utf-8"))
        asked: dict[str, Any] = {
            "hierarchies": {str(name): list(map(str, levels)) for name, levels in given.get("hierarchies", {}).items()},
            "dimensions": list(map(str, given.get("dimensions", []))),
            "breakdowns": [list(map(str, breakdown)) for breakdown in given["breakdowns"]],
            "count": None if given.get("count") is None else str(given["count"]),
        }
        asked["k"] = _thresholds(given)
        names = {*asked["hierarchies"], *asked["dimensions"]}
        known = all(set(breakdown) <= names for breakdown in asked["breakdowns"])
    except (OSError, yaml.YAMLError, ValueError, AttributeError, KeyError, TypeError):
        raise AuditUnreadable("the plan can not be read") from None
    if not known:
        raise AuditUnreadable("the plan breaks down by something that it does not declare")
    return asked


def _thresholds(given: Mapping[str, Any]) -> dict[str, int]:
    """The smallest group that a plan allows, by family: people who pool their answers come on top of each k.

    Raises:
        TypeError, ValueError: one is not a whole number, zero or more.
    """
    k = _whole(given.get("k", FLOORS["mean"]))
    shares = given.get("k_distribution")
    together = _whole(given.get("collusion", 0))
    distribution = max(k, FLOORS["distribution"] if shares is None else _whole(shares))
    return {"mean": k + together, "distribution": distribution + together}


def _against_plan(
    asked: Mapping[str, Any],
    certificate: Mapping[str, Any],
    k: Mapping[str, int],
    columns: Sequence[str],
    rows: "Sequence[Row]",
) -> list[str]:
    declared = {name: asked[name] for name in ("hierarchies", "dimensions", "breakdowns", "count")}
    text = json.dumps(declared, sort_keys=True, separators=(",", ":"))
    wrong = []
    if hashlib.sha256(text.encode()).hexdigest() != certificate.get("plan_sha256"):
        wrong.append("the plan is not that of the certificate: its hash is another")
    if less := [f"{family} {k[family]}, not {least}" for family, least in asked["k"].items() if k[family] < least]:
        wrong.append(f"a threshold of the certificate is under the plan's: {'; '.join(less)}")
    shapes = _shapes(asked)
    outside = {tuple(cell) for row in rows for cell in row.cells if frozenset(cell) not in shapes}
    wrong += [f"no breakdown of the plan is by {', '.join(names)}" for names in sorted(outside)]
    if set(columns) != set(_columns(asked)):
        wrong.append("the cells have other columns than the plan")
    return wrong


def _columns(asked: Mapping[str, Any]) -> tuple[str, ...]:
    return (*(column for levels in asked["hierarchies"].values() for column in levels), *asked["dimensions"])


def _shapes(asked: Mapping[str, Any]) -> set[frozenset[str]]:
    """The sets of columns that the plan's cells are broken down by."""
    shapes = set[frozenset[str]]()
    for breakdown in asked["breakdowns"]:
        ways = []
        for name in breakdown:
            levels = asked["hierarchies"].get(name)
            ways.append([[name]] if levels is None else [levels[:depth] for depth in range(len(levels) + 1)])
        shapes.update(frozenset(column for part in way for column in part) for way in product(*ways))
    return shapes


def _classes(path: Path, asked: Mapping[str, Any]) -> "Classes":
    from service.disclosure.audit import AuditRefused, Classes  # noqa: PLC0415

    columns, count = _columns(asked), asked["count"]
    lines = _lines(path, "the table's lines")
    if not {*columns, *([count] if count else [])} <= set(next(lines, {})):
        raise AuditUnreadable("the table has not every column of the plan")
    people: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        number = line[count] if count else "1"
        if not (number.isascii() and number.isdigit() and len(number) <= 9):  # noqa: PLR2004 - digits
            raise AuditUnreadable("the counts of the table are not whole numbers, zero or more")
        people[tuple(line[column] for column in columns)] += int(number)
    try:
        return Classes(columns, list(people), list(people.values()))
    except AuditRefused as error:
        raise AuditUnreadable(f"the table can not be used: {error}") from None


def _with_table(classes: "Classes", rows: "Sequence[Row]", k: Mapping[str, int], budget: int) -> "Report":
    from service.disclosure.audit import AuditRefused, audit  # noqa: PLC0415

    try:
        with bar() as told:
            return audit(classes, rows, k, budget, told)
    except AuditRefused as error:
        raise AuditUnreadable(str(error)) from None
