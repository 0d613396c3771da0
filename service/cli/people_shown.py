"""What `pouls people import` shows: an import as a table, and a refusal in lines that people can act on."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

LISTED = 20
UNBROKEN = 100_000
"""Characters of a line."""
KINDS = {
    "joiners": "[green]joins[/green]",
    "returners": "[green]comes back[/green]",
    "movers": "[yellow]moves[/yellow]",
    "leavers": "[red]leaves[/red]",
    "changed": "changes",
}
INACTIVE = "joins (inactive)"
_COUNTED = {
    "refused": ("refused", "refused"),
    "joiners": ("joiner", "joiners"),
    "returners": ("returner", "returners"),
    "movers": ("mover", "movers"),
    "leavers": ("leaver", "leavers"),
    "changed": ("changed", "changed"),
    "unchanged": ("unchanged", "unchanged"),
    "units_created": ("unit created", "units created"),
}
_COLUMN = re.compile(r"(column \d+ \([A-Z]+\)) (.*)", re.DOTALL)
_LINE = re.compile(r"/lines/(\d+)/(.*)")
_REST = 40
"""What a table needs beside its ids."""


def on_standard_output() -> Console:
    """As wide as the terminal; what another program reads is never broken into shorter lines."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else UNBROKEN)


def show(out: Console, body: Mapping[str, Any]) -> None:
    """The import for people to read."""
    counts = body["counts"]
    _show_file(out, body["file"])
    if body["people"] is not None:
        _show_people(out, body["people"], counts)
    if body["risks"]:
        _show_units(out, body["units"])
    _show_refusals(out, body["refusals"], counts["refused"])
    said = [f"{counts[name]:,} {words[counts[name] != 1]}" for name, words in _COUNTED.items() if counts.get(name)]
    state = {"previewed": "nothing was changed (dry run)", "refused": "nothing was changed"}.get(body["state"], "done")
    lines = f"{counts['lines']:,} {'line' if counts['lines'] == 1 else 'lines'}"
    out.print(f"{lines}: {', '.join(said) or 'nothing to do'}; {state}")
    out.print(f"import {body['id']}")
    for one in body["file"]["left_out"]:
        out.print(f"column {one['column']} {escape(one['reason'])}")
    for risk in body["risks"]:
        out.print(f"[red]risk[/red]  {escape(risk)}")


def _show_file(out: Console, file: Mapping[str, Any]) -> None:
    """What the file was taken for, and how it was read."""
    mapping = file["mapping"]
    said = [file[name] for name in ("format", "encoding", "separator") if file[name]]
    said += [f"units by {mapping['unit_by']}"] if mapping["columns"]["unit"] else []
    said += ["unknown units are made"] if mapping["create_units"] else []
    out.print(escape(f"read as {', '.join(said)}:"))
    columns = {name: head for name, head in mapping["columns"].items() if head} | mapping["dimensions"]
    for name, head in columns.items():
        out.print(escape(f"  {name} = {' + '.join(head) if isinstance(head, list) else head}"))


def _show_people(out: Console, people: Mapping[str, Any], counts: Mapping[str, int]) -> None:
    rows: list[tuple[str, ...]] = []
    for kind, word in KINDS.items():
        for one in people[kind][:LISTED]:
            line = "" if one["line"] is None else f"{one['line']:,}"
            told = INACTIVE if kind == "changed" and not one["changed"] else word
            ids = [escape(one[name] or "") for name in ("external_id", "from_unit", "to_unit")]
            rows.append((told, line, *ids, ", ".join(one["changed"])))
        if counts[kind] > LISTED:
            more = counts[kind] - min(LISTED, len(people[kind]))
            rows.append((word, "", "", "", "", f"and {more:,} more (--json: the first 200)"))
    if rows and sum(max(len(row[place]) for row in rows) for place in (2, 3, 4)) + _REST <= out.width:
        out.print(_table(rows))
        return
    for told, line, person, old, new, changed in rows:  # no room for a table in which ids stay whole
        at = f"  line {line}" if line else ""
        places = "".join(f"\n  {word} {unit}" for word, unit in (("from", old), ("to", new)) if unit)
        out.print(f"{told}{at}  {person}{places}" + (f"\n  {changed}" if changed else ""), soft_wrap=True)


def _table(rows: list[tuple[str, ...]]) -> Table:
    """What changed may be broken into several lines, an id never."""
    table = Table(box=None, pad_edge=False)
    for head in ("", "line", "person", "from", "to"):
        table.add_column(head, no_wrap=True)
    table.add_column("changed", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _show_units(out: Console, units: list[dict[str, Any]]) -> None:
    """Where so much changes; a branch that the file lacks stands on top."""
    table = Table(box=None, pad_edge=False)
    for head, justify in (("unit", "left"), ("leave", "right"), ("move away", "right"), ("come", "right")):
        table.add_column(head, justify=justify, overflow="fold")  # type: ignore[arg-type]  # both are words it knows
    most = sorted(units, key=lambda one: (-one["leavers"], -one["departures"], one["unit"]))
    for one in most[:LISTED]:
        figures = (one["leavers"], one["departures"], one["arrivals"] + one["joiners"])
        table.add_row(escape(one["unit"]), *(f"{figure:,}" for figure in figures))
    if table.row_count:
        out.print(table)


def _show_refusals(out: Console, refusals: list[dict[str, Any]], lines: int) -> None:
    for one in refusals[:LISTED]:
        column = "" if one["column"] is None else f", column {one['column']}"
        said = f"line {one['line']:,}{column} ({escape(one['field'])}): {escape(one['reason'])}"
        out.print(f"[red]refused[/red]  {said}")
    if len(refusals) > LISTED:
        out.print(f"[red]refused[/red]  {lines:,} lines in all (--json: the first 200)")


def refusal(status: int, body: bytes) -> str:
    """A problem: its title and detail, then a line for each reason, with the places of which it holds."""
    try:
        problem = json.loads(body)
        places: dict[str, list[str]] = {}
        for one in problem.get("errors", []):
            place, reason = _placed(one)
            places.setdefault(reason, []).append(place)
        said = [part for part in (problem["title"], problem.get("detail")) if part]
    except (ValueError, LookupError, TypeError, AttributeError):
        return f"{status}"
    lines = [_reason(reason, [place for place in found if place]) for reason, found in places.items()]
    more = [f"  and {len(lines) - LISTED:,} more"] if len(lines) > LISTED else []
    return "\n".join([f"{status} {': '.join(said)}", *lines[:LISTED], *more])


def _placed(fault: Mapping[str, str]) -> tuple[str, str]:
    """(where, what is wrong), in words of a file rather than of its pointers."""
    reason, pointer = fault["reason"], fault.get("pointer")
    if pointer is None:
        return fault["parameter"], reason
    if pointer.startswith("/header") and (found := _COLUMN.fullmatch(reason)):
        return found[1], found[2]
    if pointer == "/header":
        return "", reason
    if found := _LINE.fullmatch(pointer):
        return f"line {int(found[1]):,} ({found[2]})", reason
    return f"{pointer[1:].replace('/', '.')} of the mapping", reason


def _reason(reason: str, places: list[str]) -> str:
    if not places:
        return f"  {reason}"
    first, *others = places[:LISTED]
    kind = first.partition(" ")[0]
    if others and kind in {"column", "line"} and all(place.startswith(f"{kind} ") for place in others):
        first, others = f"{kind}s{first[len(kind) :]}", [place[len(kind) + 1 :] for place in others]
    more = f" and {len(places) - LISTED:,} more" if len(places) > LISTED else ""
    said = f"{', '.join([first, *others])}{more}"
    return f"  {said} {reason}" if len(places) == 1 else f"  {said}: {reason}"
