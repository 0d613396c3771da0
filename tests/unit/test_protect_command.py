"""`pouls protect` on a small table: what it writes, and what it refuses in one line."""

import csv
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from rich.progress import Progress
from typer.testing import CliRunner

from service.cli import app
from service.cli import protect as command
from service.cli.protect import ProtectFailed
from service.disclosure import linked

PLAN = "hierarchies: {org: [team]}\ndimensions: [sex]\nbreakdowns: [[org], [org, sex]]\n"
ROWS = [("A", "m")] * 12 + [("A", "f")] * 11 + [("B", "m")] * 10 + [("B", "f")] * 2


def table(folder: Path, rows: list[tuple[str, str]]) -> Path:
    file = folder / "table.csv"
    file.write_text("team,sex\n" + "".join(f"{team},{sex}\n" for team, sex in rows), encoding="utf-8")
    return file


def call(folder: Path, rows: list[tuple[str, str]], plan: str = PLAN, *more: str) -> Result:
    (folder / "plan.yaml").write_text(plan, encoding="utf-8")
    arguments = ["protect", str(table(folder, rows)), "--plan", str(folder / "plan.yaml"), "--out", str(folder / "out")]
    return CliRunner().invoke(app, [*arguments, *more], catch_exceptions=False)


def run(folder: Path, rows: list[tuple[str, str]], plan: str = PLAN, *more: str) -> dict[str, Any]:
    done = call(folder, rows, plan, "--json", *more)
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
        (PLAN + "k: 4\n", r"refused at: k \(a whole number from 5 to 10,000\)"),
        (PLAN + "k: 5.5\n", "refused at: k"),
        (PLAN + "collusion: -1\n", "refused at: collusion"),
        (PLAN + "collusion: 1.0\n", "refused at: collusion"),
        (PLAN + "collusion: '1'\n", "refused at: collusion"),
        (PLAN + "collusion: true\n", "refused at: collusion"),
        (PLAN + "collusion:\n", "refused at: collusion"),
        (PLAN + "collusion: 9991\n", "refused at: collusion"),  # 10 for a distribution, and so many more
        (PLAN + "k: 9000\ncollusion: 1001\n", "refused at: collusion"),
        (PLAN + "colour: red\n", "refused at: colour"),
        ("hierarchies: {org: [team]}\nbreakdowns: []\n", "breakdowns are declared"),
        ("hierarchies: {org: [team]}\nbreakdowns: [[site]]\n", "not declared"),
        ("hierarchies: {org: [unit]}\nbreakdowns: [[org]]\n", "has no column unit"),
        (PLAN + "count: sex\n", "line 2, column sex: a count is a whole number"),
        (PLAN + "k: 5\nk: 8\n", "can not be read: line 5: a key comes twice"),
        ("breakdowns: [[site]]\n", "no hierarchy and no dimension"),
        ("hierarchies: {org: [team]}\nbreakdowns: [[org], [site]]\n", "breakdown 2 names"),
        ("[", "can not be read"),
        ("just text", "not a mapping"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, plan: str, said: str) -> None:
    with pytest.raises(ProtectFailed, match=said):
        run(tmp_path, ROWS, plan)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("team,sex\nA,m\nA,m,f\n", "line 3 has more or fewer fields"),
        ("team,sex\nA,m\nA\n", "line 3 has more or fewer fields"),
        ("team,sex,team\nA,m,A\n", "a column twice"),
        ('team,sex\nA,"m\nm"\nA\n', "line 4 has more or fewer fields"),
        ("team,sex\nA,m\n\nA,f\n", "line 3 has more or fewer fields"),  # nobody is left out in silence
        ("", "no column team"),
    ],
)
def test_a_table_whose_lines_differ_is_refused_by_the_line(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "table.csv").write_text(table, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    named = ["--plan", str(tmp_path / "plan.yaml"), "--out", str(tmp_path / "out")]
    with pytest.raises(ProtectFailed, match=said):
        CliRunner().invoke(app, ["protect", str(tmp_path / "table.csv"), *named], catch_exceptions=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("taken", ["out", "out/cells.csv", "out/certificate.json"])
def test_a_folder_that_can_not_be_written_is_told_in_one_line(tmp_path: Path, taken: str) -> None:
    if taken == "out":
        (tmp_path / "out").write_text("a file", encoding="utf-8")
    else:
        (tmp_path / taken).mkdir(parents=True)
    with pytest.raises(ProtectFailed, match="folder for the results"):
        run(tmp_path, ROWS)


def test_a_group_of_several_breakdowns_stands_once_and_is_safe(tmp_path: Path) -> None:
    plan = PLAN.replace("breakdowns: [[org], [org, sex]]", "breakdowns: [[], [org], [sex], [org, sex]]")
    assert plan != PLAN
    said = run(tmp_path, ROWS, plan)
    plain = run(tmp_path, ROWS)
    assert said["families"] == plain["families"]
    lines = (tmp_path / "out" / "cells.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len({line.rpartition(",")[0] for line in lines})


def test_a_table_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProtectFailed, match="nobody"):
        run(tmp_path, [])


# -- people who pool their answers ---------------------------------------------------------------------------------

WITH_SMALL = [*ROWS, *[("C", "m")] * 3, *[("D", "f")] * 4, *[("E", "f")] * 6]


def test_collusion_counts_on_top_of_each_k(tmp_path: Path) -> None:
    """The cells are those of a k so much larger, the units that are taken together too."""
    larger = run(tmp_path, WITH_SMALL, PLAN + "k: 7\nk_distribution: 12\n")
    cells = (tmp_path / "out" / "cells.csv").read_bytes()
    with_two = run(tmp_path, WITH_SMALL, PLAN + "collusion: 2\n")
    assert (tmp_path / "out" / "cells.csv").read_bytes() == cells
    assert with_two["families"] == larger["families"]
    assert {family: said["k"] for family, said in with_two["families"].items()} == {"mean": 7, "distribution": 12}
    assert (with_two["collusion"], larger["collusion"]) == (2, 0)
    plain = run(tmp_path, WITH_SMALL)
    assert plain["families"] != with_two["families"]


@pytest.mark.parametrize(
    ("plan", "options", "k"),
    [
        ("k: 8\ncollusion: 1\n", (), (9, 11)),
        ("k: 12\ncollusion: 1\n", (), (13, 13)),
        ("", ("--collusion", "3"), (8, 13)),
        ("collusion: 1\n", ("--collusion", "3"), (8, 13)),
        ("collusion: 3\n", ("--k", "6"), (9, 13)),
        # Like --k it stands in the place of what the plan says, which the auditor holds against the plan.
        ("k: 6\ncollusion: 3\n", ("--k", "5", "--collusion", "0"), (5, 10)),
    ],
)
def test_what_the_command_line_says_stands_in_the_place_of_the_plans(
    tmp_path: Path, plan: str, options: tuple[str, ...], k: tuple[int, int]
) -> None:
    families = run(tmp_path, ROWS, PLAN + plan, *options)["families"]
    assert (families["mean"]["k"], families["distribution"]["k"]) == k


def test_thresholds_are_no_part_of_the_plans_hash(tmp_path: Path) -> None:
    bound = {"hierarchies": {"org": ["team"]}, "dimensions": ["sex"], "breakdowns": [["org"], ["org", "sex"]]}
    text = json.dumps(bound | {"count": None}, sort_keys=True, separators=(",", ":"))
    for plan in (PLAN, PLAN + "k: 6\nk_distribution: 11\ncollusion: 2\n"):
        assert run(tmp_path, ROWS, plan)["plan_sha256"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("collusion", ["-1", "9996"])
def test_collusion_out_of_its_bounds_is_refused_on_the_command_line(tmp_path: Path, collusion: str) -> None:
    with pytest.raises(ProtectFailed, match="refused at: collusion"):
        run(tmp_path, ROWS, PLAN, "--collusion", collusion)


# -- work --------------------------------------------------------------------------------------------------------------


def test_work_that_runs_out_publishes_the_coarser_plan_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = run(tmp_path, ROWS)
    assert enough["budget_million_groups"] == 50
    assert [said["fell_back"] for said in enough["families"].values()] == [False, False]
    assert "coarser" not in call(tmp_path, ROWS).stdout
    monkeypatch.setattr(command, "MILLION", 0)
    said = run(tmp_path, ROWS, PLAN, "--budget", "7")
    assert said["budget_million_groups"] == 7
    assert [family["fell_back"] for family in said["families"].values()] == [True, True]
    assert [family["proved_by_search"] for family in said["families"].values()] == [0, 0]
    rows = list(csv.DictReader((tmp_path / "out" / "cells.csv").read_text("utf-8").splitlines()))
    assert {(row["team"], row["sex"]) for row in rows if row["n"]} == {("", ""), ("A", ""), ("B", "")}
    lines = call(tmp_path, ROWS, PLAN, "--budget", "7").stdout.splitlines()
    assert len(lines) == 2
    assert all(
        line.endswith("0, by the coarser plan: the search did not end within 7 million groups") for line in lines
    )


@pytest.mark.parametrize(
    ("options", "each", "total"),
    [
        ((), 1_000_000, 50_000_000),
        (("--budget", "1"), 1_000_000, 1_000_000),
        (("--budget", "200"), 4_000_000, 2 * 10**8),
    ],
)
def test_the_budget_is_that_of_each_family(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], each: int, total: int
) -> None:
    real, given = linked.protect_linked, []

    def spy(*arguments: Any) -> linked.Pattern:
        given.append(arguments[3:5])
        return real(*arguments)

    monkeypatch.setattr(linked, "protect_linked", spy)
    run(tmp_path, ROWS, PLAN, *options)
    assert given == [(each, total)] * 2


def test_a_distribution_may_be_published_where_its_mean_is_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, allowed, made = linked.protect_linked, [], []

    def spy(*arguments: Any) -> linked.Pattern:
        allowed.append(arguments[2])
        made.append(real(*arguments))
        return made[-1]

    monkeypatch.setattr(linked, "protect_linked", spy)
    run(tmp_path, ROWS)
    assert allowed[0] is None
    assert allowed[1] is made[0].published


def test_what_is_allowed_if_nothing_is_said_is_what_the_engine_allows() -> None:
    assert command.BUDGET * command.MILLION == linked.TOTAL


@pytest.mark.parametrize("budget", ["0", "-1", "1000001", "many"])
def test_a_budget_out_of_its_bounds_is_refused(tmp_path: Path, budget: str) -> None:
    done = call(tmp_path, ROWS, PLAN, "--budget", budget)
    assert done.exit_code == 2
    assert "--budget" in done.stderr
    assert not (tmp_path / "out").exists()


# -- how far it is -----------------------------------------------------------------------------------------------------

Moved = list[tuple[Progress, str, float, float]]


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Moved:
    """Each move of a bar: the bar, its name, where it is, and where it ends."""
    seen: Moved = []
    real = Progress.update

    def update(self: Progress, task: Any, **new: Any) -> None:
        real(self, task, **new)
        seen.append((self, self.tasks[0].description, new["completed"], new["total"]))

    monkeypatch.setattr(Progress, "update", update)
    return seen


def test_a_bar_for_each_family_counts_small_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: Moved
) -> None:
    for name, value in {"TTY_COMPATIBLE": "1", "TERM": "xterm", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    rows = [*ROWS, ("C", "m"), ("C", "f")]
    done = call(tmp_path, rows, PLAN, "--json")
    said = json.loads(done.stdout)  # and nothing else
    for family in ("mean", "distribution"):
        small = said["families"][family]["small_classes"]
        assert small > 1
        places = [place[2:] for place in moved if place[1] == f"{family}: small classes settled"]
        assert places[0] == (0, small)
        assert places[-1] == (small, small)
    assert f"distribution: small classes settled {chr(0x2501)}" in _plain(done.stderr)
    assert f"{small}/{small}" in _plain(done.stderr)
    assert done.stderr.endswith("\x1b[2K"), "it is gone at the end"
    assert call(tmp_path, rows, PLAN, "--json").stdout == done.stdout


def _plain(text: str) -> str:
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_bar_that_begins_again_has_a_clock_that_runs(moved: Moved) -> None:
    with command._bar() as begin:
        told = begin("mean")
        told(2, 2)
        assert moved[-1][0].finished
        told(0, 2)
        assert not moved[-1][0].finished
        begin("distribution")(1, 2)
    assert [place[1:] for place in moved] == [("mean", 2, 2), ("mean", 0, 2), ("distribution", 1, 2)]
    assert len(moved[-1][0].tasks) == 1


def test_no_other_command_loads_the_compiler() -> None:
    commands = "from service.cli import admin, demo, replay, serve, work; from service import main, worker"
    tables = "from service.kit import migrate; migrate.every_table()"
    code = f"import sys; {commands}; {tables}; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
