"""What `pouls people import` shows: phases on a terminal, lines that are never broken anywhere else."""

import io
from typing import Any

import pytest
from rich.console import Console

from service.cli import people
from service.cli.people import PIECE, Phases, show

LONG = "x" * 200
COLUMNS = "external_id = Matricule, unit = Code service, name = Prénom + [b]Nom, site = Lieu"
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
    show(people.on_standard_output(), body)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_no_line_is_broken_for_another_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert shown(capsys, BODY) == [
        f"read as csv, utf-8, semicolon: {COLUMNS}, units by path",
        "line person from to changed",
        f"joins 2 {LONG} {LONG}",
        f"moves 3 E2 {LONG} B unit, name",
        f"refused line 4, column 2 (unit): {LONG} reason",
        "3 lines: 1 refused, 1 joiners, 1 movers; nothing was changed (dry run)",
        "import 5",
        f"risk {LONG} risk",
    ]


def test_a_workbook_that_makes_units(capsys: pytest.CaptureFixture[str]) -> None:
    mapping = MAPPING | {"unit_by": "id", "create_units": True, "dimensions": {}}
    file = {"format": "xlsx", "encoding": None, "separator": None, "mapping": mapping, "left_out": []}
    first = shown(capsys, BODY | {"file": file})[0]
    assert first.startswith("read as xlsx: external_id = Matricule, ")
    assert first.endswith(", units by id, unknown units are made")


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
