"""`pouls protect` on a small table: what it writes, and what it refuses in one line."""

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.cli.protect import ProtectFailed

PLAN = "hierarchies: {org: [team]}\ndimensions: [sex]\nbreakdowns: [[org], [org, sex]]\n"
ROWS = [("A", "m")] * 12 + [("A", "f")] * 11 + [("B", "m")] * 10 + [("B", "f")] * 2


def table(folder: Path, rows: list[tuple[str, str]]) -> Path:
    file = folder / "table.csv"
    file.write_text("team,sex\n" + "".join(f"{team},{sex}\n" for team, sex in rows), encoding="utf-8")
    return file


def run(folder: Path, rows: list[tuple[str, str]], plan: str = PLAN, *more: str) -> dict[str, Any]:
    (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    arguments = ["protect", str(table(folder, rows)), "--plan", str(folder / "plan.yaml"), "--out", str(folder / "out")]
    done = CliRunner().invoke(app, [*arguments, "--json", *more], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_two_people_are_not_what_the_rest_leaves(tmp_path: Path) -> None:
    said = run(tmp_path, ROWS)
    raw = (tmp_path / "out" / "cells.csv").read_bytes()
    rows = list(csv.DictReader(raw.decode("utf-8").splitlines()))
    means = {(row["team"], row["sex"]): row["n"] for row in rows if row["family"] == "mean"}
    assert means["", ""] == "35"
    assert means["B", "f"] == ""
    # B less its ten men, and the women less those of A, are the two.
    assert "" in (means["B", ""], means["B", "m"])
    assert "" in (means["", "f"], means["A", "f"])
    for row in rows:
        assert row["status"] == ("published" if row["n"] else "withheld")
        assert row["reason"] == ("" if row["n"] else "protected")
    assert said["cells_sha256"] == hashlib.sha256(raw).hexdigest()
    assert json.loads((tmp_path / "out" / "certificate.json").read_text("utf-8")) == said
    mean = said["families"]["mean"]
    assert mean["published"] == sum(1 for n in means.values() if n)
    assert mean["proved_by_search"] == mean["small_classes"] == 1
    assert not mean["fell_back"]
    assert said["families"]["distribution"]["k"] == 10


def test_the_order_of_the_rows_gives_the_same_bytes(tmp_path: Path) -> None:
    run(tmp_path, ROWS)
    first = [(tmp_path / "out" / name).read_bytes() for name in ("cells.csv", "certificate.json")]
    run(tmp_path, ROWS[::-1])
    assert first == [(tmp_path / "out" / name).read_bytes() for name in ("cells.csv", "certificate.json")]


def test_rows_may_be_counts(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    file.write_text("team,sex,people\nA,m,12\nA,f,11\nB,m,10\nB,f,2\n", encoding="utf-8")
    (tmp_path / "counts.yaml").write_text(PLAN + "count: people\n", encoding="utf-8")
    arguments = ["protect", str(file), "--plan", str(tmp_path / "counts.yaml"), "--out", str(tmp_path / "counted")]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    run(tmp_path, ROWS)
    assert (tmp_path / "counted" / "cells.csv").read_bytes() == (tmp_path / "out" / "cells.csv").read_bytes()


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (PLAN + "k: 4\n", "refused at: k"),
        (PLAN + "k: 5.5\n", "refused at: k"),
        (PLAN + "colour: red\n", "refused at: colour"),
        ("hierarchies: {org: [team]}\nbreakdowns: []\n", "breakdowns are declared"),
        ("hierarchies: {org: [team]}\nbreakdowns: [[site]]\n", "not declared"),
        ("hierarchies: {org: [unit]}\nbreakdowns: [[org]]\n", "has no column unit"),
        (PLAN + "count: sex\n", "counts are not whole numbers"),
        ("[", "can not be read"),
        ("just text", "not a mapping"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, plan: str, said: str) -> None:
    with pytest.raises(ProtectFailed, match=said):
        run(tmp_path, ROWS, plan)
    assert not (tmp_path / "out").exists()


def test_a_table_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtectFailed, match="nobody"):
        run(tmp_path, [])


def test_no_other_command_loads_the_compiler() -> None:
    commands = "from service.cli import admin, demo, replay, serve, work; from service import main, worker"
    tables = "from service.kit import migrate; migrate.every_table()"
    code = f"import sys; {commands}; {tables}; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
