"""What `pouls people import` shows: phases on a terminal, lines that are never broken anywhere else."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from service.cli import people_shown
from service.cli.people import PIECE, Phases
from service.cli.people_shown import refusal, show

LONG = "x" * 200
COLUMNS = ["external_id = Matricule", "unit = Code service", "name = Prénom + [b]Nom", "site = Lieu"]
MAPPING: dict[str, Any] = {
    "columns": {"external_id": "Matricule", "unit": "Code service", "manager": None, "name": ["Prénom", "[b]Nom"]},
    "dimensions": {"site": "Lieu"},
    "unit_by": "path",
    "create_units": False,
}
BODY: dict[str, Any] = {
    "id": "5",
    "state": "previewed",
    "counts": {"lines": 3, "refused": 1, "joiners": 1, "returners": 0, "movers": 1, "leavers": 0, "changed": 0},
    "file": {"format": "csv", "encoding": "utf-8", "separator": "semicolon", "mapping": MAPPING, "left_out": []},
    "risks": [f"{LONG} risk"],
    "units": [
        {"unit": "B", "joiners": 8, "arrivals": 1, "departures": 5, "leavers": 0},
        {"unit": f"A{LONG}", "joiners": 0, "arrivals": 0, "departures": 1, "leavers": 1200},
    ],
    "refusals": [{"line": 4, "column": 2, "field": "unit", "reason": f"{LONG} reason"}],
    "people": {
        "joiners": [{"line": 2, "external_id": LONG, "from_unit": None, "to_unit": LONG, "changed": []}],
        "returners": [],
        "movers": [{"line": 3, "external_id": "E2", "from_unit": LONG, "to_unit": "B", "changed": ["unit", "name"]}],
        "leavers": [],
        "changed": [],
    },
}


def shown(capsys: pytest.CaptureFixture[str], body: dict[str, Any]) -> list[str]:
    show(people_shown.on_standard_output(), body)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_no_line_is_broken_for_another_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert shown(capsys, BODY) == [
        "read as csv, utf-8, semicolon, units by path:",
        *COLUMNS,
        "line person from to changed",
        f"joins 2 {LONG} {LONG}",
        f"moves 3 E2 {LONG} B unit, name",
        "unit leave move away come",
        f"A{LONG} 1,200 1 0",
        "B 0 5 9",
        f"refused line 4, column 2 (unit): {LONG} reason",
        "3 lines: 1 refused, 1 joiner, 1 mover; nothing was changed (dry run)",
        "import 5",
        f"risk {LONG} risk",
    ]


def test_a_workbook_that_makes_units(capsys: pytest.CaptureFixture[str]) -> None:
    mapping = MAPPING | {"unit_by": "id", "create_units": True, "dimensions": {}}
    file: dict[str, Any] = {"format": "xlsx", "encoding": None, "separator": None, "mapping": mapping, "left_out": []}
    lines = shown(capsys, BODY | {"file": file})
    assert lines[:2] == ["read as xlsx, units by id, unknown units are made:", "external_id = Matricule"]


def test_somebody_new_who_is_not_there_yet_joins(capsys: pytest.CaptureFixture[str]) -> None:
    new = {"line": 20004, "external_id": "E4", "from_unit": None, "to_unit": "B", "changed": []}
    old = {"line": 5, "external_id": "E5", "from_unit": "B", "to_unit": "B", "changed": ["language"]}
    counts = BODY["counts"] | {"lines": 1, "changed": 1021}
    lines = shown(capsys, BODY | {"people": BODY["people"] | {"changed": [new, old]}, "counts": counts, "risks": []})
    assert "joins (inactive) 20,004 E4 B" in lines
    assert "changes 5 E5 B B language" in lines
    assert "changes and 1,019 more (--json: the first 200)" in lines
    assert "1 line: 1 refused, 1 joiner, 1 mover, 1,021 changed; nothing was changed (dry run)" in lines
    assert "unit leave move away come" not in lines, "units are told where it is risky"


@pytest.mark.parametrize("unit", ["A", "DIRECTION-REGIONALE-OUEST-0012"])
def test_ids_stay_whole(unit: str) -> None:
    out = io.StringIO()
    person = "0193a2d7-f63b-776c-8824-5a39b7623db8"
    one = {"line": 2, "external_id": person, "from_unit": f"{unit}-1", "to_unit": f"{unit}-2"}
    moved = [one | {"changed": ["unit", "language", "manager", "hired_on", "dimensions"]}]
    body = BODY | {"people": BODY["people"] | {"joiners": [], "movers": moved}, "risks": []}
    show(Console(file=out, width=84), body)
    assert {person, f"{unit}-1", f"{unit}-2", "dimensions"} <= set(out.getvalue().split())


def test_a_refusal_is_a_line_for_each_reason_without_pointers() -> None:
    faults = [{"pointer": "/header", "reason": "is it so?"}]
    faults += [{"pointer": f"/header/{at}", "reason": f"column {at + 1} ({'AB'[at]}) is odd: why"} for at in range(2)]
    faults += [{"pointer": f"/lines/{line}/unit", "reason": "is far"} for line in range(1000, 1021)]
    faults += [
        {"pointer": "/columns/name/0", "reason": "is none"},
        {"parameter": "mode", "in": "query", "reason": "no"},
    ]
    body = json.dumps({"title": "Not so", "detail": "Because.", "errors": faults}).encode()
    lines = ", ".join(f"{line:,} (unit)" for line in range(1000, 1020))
    assert refusal(422, body).splitlines() == [
        "422 Not so: Because.",
        "  is it so?",
        "  columns 1 (A), 2 (B): is odd: why",
        f"  lines {lines} and 1 more: is far",
        "  columns.name.0 of the mapping is none",
        "  mode no",
    ]
    assert refusal(502, b"<html>") == "502"


def test_a_terminal_shows_what_is_sent_and_then_that_the_service_works() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, force_interactive=True, width=100)
    with Phases(console, 2 * PIECE, "comparing") as phases:
        pieces = phases.sent(io.BytesIO(bytes(2 * PIECE)))
        assert next(pieces) == bytes(PIECE)
        assert "sending" in out.getvalue()
        assert "comparing" not in out.getvalue()
        assert list(pieces) == [bytes(PIECE)]
        assert "comparing" in out.getvalue()
        assert "0:00:00" in out.getvalue().rpartition("comparing")[2]
    assert console._live_stack == []


def test_a_client_that_fails_leaves_the_terminal_as_it_was() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, force_interactive=True)
    with Phases(console, PIECE, "comparing") as phases:
        pieces = phases.sent(io.BytesIO(bytes(2 * PIECE)))
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]  # a generator's
    assert console._live_stack == []


def test_elsewhere_nothing_is_shown_meanwhile() -> None:
    out = io.StringIO()
    with Phases(Console(file=out), PIECE, "comparing") as phases:
        assert b"".join(phases.sent(io.BytesIO(b"abc"))) == b"abc"
    assert out.getvalue() == ""
