"""`pouls audit` on what `pouls protect` writes: its verdicts by exit code, and each defect of the files found."""

import csv
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import app

PLAN = "hierarchies: {org: [team]}\ndimensions: [sex]\nbreakdowns: [[org], [org, sex]]\n"
ROWS = [("A", "m")] * 12 + [("A", "f")] * 11 + [("B", "m")] * 10 + [("B", "f")] * 2
SAFE, UNSAFE, UNREADABLE, NOT_PROVED = range(4)

Lines = list[dict[str, str]]


def call(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    return done.exit_code, done.output


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A protected table of 35 people: two women of team B."""
    lines = "".join(f"{team},{sex}\n" for team, sex in ROWS)
    (tmp_path / "table.csv").write_text("team,sex\n" + lines, encoding="utf-8")
    (tmp_path / "plan.yaml").write_text(PLAN, encoding="utf-8")
    code, said = call("protect", tmp_path / "table.csv", "--plan", tmp_path / "plan.yaml", "--out", tmp_path / "out")
    assert code == 0, said
    return tmp_path


def judged(world: Path, *more: str) -> tuple[int, dict[str, Any]]:
    files = ("--table", world / "table.csv", "--plan", world / "plan.yaml")
    code, said = call("audit", world / "out", *files, "--json", *more)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return code, found


def alone(world: Path) -> tuple[int, str]:
    return call("audit", world / "out")


def change(world: Path, edit: Callable[[Lines], None], sign: bool = True) -> None:
    """Edit the cells; `sign` renews the certificate's hash and counts, as a careless suppressor would have."""
    path, certificate = world / "out" / "cells.csv", world / "out" / "certificate.json"
    lines: Lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    edit(lines)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    if sign:
        said = json.loads(certificate.read_text("utf-8"))
        said["cells_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
        for family, part in said["families"].items():
            part["published"] = sum(line["family"] == family and line["status"] == "published" for line in lines)
        certificate.write_text(json.dumps(said), encoding="utf-8")


def line_of(lines: Lines, team: str, sex: str, family: str = "mean") -> dict[str, str]:
    return next(line for line in lines if (line["team"], line["sex"], line["family"]) == (team, sex, family))


def publish(line: dict[str, str], n: int) -> None:
    line.update(n=str(n), status="published", reason="")


def publish_withheld(lines: Lines) -> None:
    """Of B and its men at least one is withheld, since two women are the difference."""
    publish(line_of(lines, "B", ""), 12)
    publish(line_of(lines, "B", "m"), 10)


def test_what_was_protected_is_safe(world: Path) -> None:
    code, said = judged(world)
    assert (code, said["verdict"], said["wrong"]) == (SAFE, "safe", [])
    assert said["families"]["mean"]["small_classes"] == said["families"]["mean"]["proved_at_once"] == 1
    code, text = call("audit", world / "out", "--table", world / "table.csv", "--plan", world / "plan.yaml")
    assert code == SAFE
    assert "verdict: safe" in text


def test_rows_alone_prove_nothing_and_say_so(world: Path) -> None:
    code, text = alone(world)
    assert code == NOT_PROVED
    assert "Only the rows were looked at" in text
    assert "wrong" not in text


def test_one_withheld_cell_published_is_found_with_an_example(world: Path) -> None:
    change(world, publish_withheld)
    code, said = judged(world)
    assert code == UNSAFE
    leak = said["families"]["mean"]["leak"]
    assert leak["people"] == 2
    assert [part["class"] for part in leak["leave"]] == [{"team": "B", "sex": "f"}]
    _, text = call("audit", world / "out", "--table", world / "table.csv", "--plan", world / "plan.yaml")
    assert "x the people with team=B, sex=f" in text
    assert "who are 2 people, fewer than 5" in text
    code, text = alone(world)
    assert code == UNSAFE
    assert "[team=B]: less its parts by sex it leaves 2 people" in text


def test_work_that_runs_out_proves_nothing(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.disclosure.audit.hunt.MILLION", 0)
    code, said = judged(world, "--budget", "1")
    assert (code, said["verdict"]) == (NOT_PROVED, "not proved")
    assert said["families"]["mean"]["not_proved"] == 1


def smaller(lines: Lines) -> None:
    line_of(lines, "A", "")["n"] = "22"


def under(lines: Lines) -> None:
    publish(line_of(lines, "B", "f"), 2)


def no_mean(lines: Lines) -> None:
    line_of(lines, "", "").update(n="", status="withheld", reason="protected")


def told_apart(lines: Lines) -> None:
    line_of(lines, "B", "f")["reason"] = "too small"


def twice(lines: Lines) -> None:
    lines.append(dict(line_of(lines, "A", "")))


def merge(lines: Lines) -> None:
    """The men of both teams, with one woman's team: who is printed as a group of two cells."""
    members = [{"team": "A", "sex": "m"}, {"team": "B", "sex": "f"}]
    lines.append(dict(line_of(lines, "A", ""), team="", n="14", members=json.dumps(members)))


def merge_twice(lines: Lines) -> None:
    merge(lines)
    lines.append(dict(lines[-1], n="14", members=json.dumps([{"team": "A"}, {"sex": "m"}])))


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (smaller, "[team=A]: it says 22 people and counts 23"),
        (under, "[team=B, sex=f]: it says 2 people, fewer than 5"),
        (no_mean, "[everybody]: it is a distribution whose mean is not published"),
        (told_apart, "is neither a published row nor a withheld one"),
        (twice, "[team=A]: it stands twice"),
        (merge_twice, "[team=A] + [sex=m]: its cells share people"),
    ],
)
def test_each_defect_of_the_rows_is_found(world: Path, edit: Callable[[Lines], None], sentence: str) -> None:
    change(world, edit)
    code, said = judged(world)
    assert code == UNSAFE
    assert any(sentence in line for line in said["wrong"]), said["wrong"]


def test_a_merged_cell_is_read_by_its_members(world: Path) -> None:
    change(world, merge)
    code, said = judged(world)
    assert code == UNSAFE
    assert said["wrong"] == []
    assert said["families"]["mean"]["leak"]["people"] < 5


def test_merged_members_that_can_not_be_read(world: Path) -> None:
    change(world, lambda lines: lines[0].update(members="[1]"))
    code, text = alone(world)
    assert code == UNREADABLE
    assert "the members of line 2 of the cells" in text


def test_cells_of_another_certificate_are_found(world: Path) -> None:
    change(world, smaller, sign=False)
    code, text = alone(world)
    assert code == UNSAFE
    assert "its hash is another" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"people": 36}, "counts other people than the row of everybody"),
        ({"plan_sha256": "0"}, "the plan is not that of the certificate"),
        ({"families": {"mean": {"k": 4}, "distribution": {"k": 10}}}, "the threshold of the family mean is under 5"),
        ({"families": {"mean": {"k": 5}, "distribution": {"k": 10}}}, "counts other published rows"),
        ({"collusion": 1}, "the threshold of the family mean is under 6"),
        ({"collusion": 1}, "the threshold of the family distribution is under 11"),
    ],
)
def test_each_defect_of_the_certificate_is_found(world: Path, change: dict[str, Any], sentence: str) -> None:
    path = world / "out" / "certificate.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), encoding="utf-8")
    code, said = judged(world)
    assert code == UNSAFE
    assert any(sentence in line for line in said["wrong"]), said["wrong"]


def test_another_plan_is_found(world: Path) -> None:
    (world / "plan.yaml").write_text(PLAN.replace("[[org], [org, sex]]", "[[sex]]") + "k: 6\n", encoding="utf-8")
    _, said = judged(world)
    assert "no breakdown of the plan is by team" in said["wrong"]
    assert "a threshold of the certificate is under the plan's: mean 5, not 6" in said["wrong"]


def test_collusion_is_part_of_each_threshold(world: Path) -> None:
    """What was protected with it is safe, and is not what a plan with more of it asks for."""
    said = protected(world, "collusion: 2\n")
    assert (said["mean"]["k"], said["distribution"]["k"]) == (7, 12)
    code, found = judged(world)
    assert (code, found["wrong"]) == (SAFE, [])
    assert found["families"]["mean"]["k"] == 7
    (world / "plan.yaml").write_text(PLAN + "collusion: 3\n", encoding="utf-8")
    code, found = judged(world)
    assert code == UNSAFE
    assert found["wrong"] == [f"{UNDER}: mean 7, not 8; distribution 12, not 13"]


UNDER = "a threshold of the certificate is under the plan's"


def protected(world: Path, more: str, *options: str) -> dict[str, Any]:
    """The table protected again, by a plan with more lines; gives the certificate's families."""
    (world / "plan.yaml").write_text(PLAN + more, encoding="utf-8")
    files = ("--plan", world / "plan.yaml", "--out", world / "out")
    code, said = call("protect", world / "table.csv", *files, "--json", *options)
    assert code == 0, said
    families: dict[str, Any] = json.loads(said.splitlines()[-1])["families"]
    return families


@pytest.mark.parametrize(
    ("plan", "options", "wrong"),
    [
        ("k: 7\nk_distribution: 12\n", (), []),
        ("k: 12\ncollusion: 1\n", (), []),
        ("", ("--collusion", "2"), []),
        ("collusion: 2\n", ("--k", "8"), []),
        ("collusion: 2\n", ("--collusion", "1"), [UNDER]),
        ("k: 7\n", ("--k", "6"), [UNDER]),
        ("k: 6\n", ("--k", "5", "--collusion", "1"), []),
    ],
)
def test_the_auditor_asks_for_the_thresholds_that_were_protected(
    world: Path, plan: str, options: tuple[str, ...], wrong: list[str]
) -> None:
    protected(world, plan, *options)
    code, said = judged(world)
    assert [sentence.partition(":")[0] for sentence in said["wrong"]] == wrong
    assert code == (UNSAFE if wrong else SAFE)


@pytest.mark.parametrize(
    ("plan", "k", "wrong"),
    [
        ("collusion: 1\n", (6, 11), False),
        ("collusion: 1\n", (5, 11), True),
        ("collusion: 1\n", (6, 10), True),
        ("k: 12\n", (12, 12), False),
        ("k: 12\n", (12, 11), True),
        ("k_distribution: 11\ncollusion: 1\n", (6, 11), True),
    ],
)
def test_each_threshold_is_held_against_the_plan(world: Path, plan: str, k: tuple[int, int], wrong: bool) -> None:
    (world / "plan.yaml").write_text(PLAN + plan, encoding="utf-8")
    path = world / "out" / "certificate.json"
    certificate = json.loads(path.read_text("utf-8"))
    for family, least in zip(("mean", "distribution"), k, strict=True):
        certificate["families"][family]["k"] = least
    path.write_text(json.dumps(certificate), encoding="utf-8")
    _, said = judged(world)
    assert any(sentence.startswith(UNDER) for sentence in said["wrong"]) == wrong


@pytest.mark.parametrize("collusion", [-1, "1", 1.0, True, None])
def test_a_certificate_with_no_number_for_collusion_is_not_read(world: Path, collusion: Any) -> None:
    path = world / "out" / "certificate.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"collusion": collusion}), encoding="utf-8")
    code, text = alone(world)
    assert code == UNREADABLE
    assert "the certificate can not be read" in text


def test_a_certificate_of_before_collusion_is_one_without(world: Path) -> None:
    path = world / "out" / "certificate.json"
    certificate = json.loads(path.read_text("utf-8"))
    del certificate["collusion"], certificate["budget_million_groups"]
    path.write_text(json.dumps(certificate), encoding="utf-8")
    code, said = judged(world)
    assert (code, said["wrong"]) == (SAFE, [])


def test_the_table_may_be_counts(world: Path) -> None:
    (world / "table.csv").write_text("team,sex,people\nA,m,12\nA,f,11\nB,m,10\nB,f,2\n", encoding="utf-8")
    (world / "plan.yaml").write_text(PLAN + "count: people\n", encoding="utf-8")
    _, said = judged(world)
    assert said["wrong"] == ["the plan is not that of the certificate: its hash is another"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("out/certificate.json", "{}", "the certificate can not be read"),
        ("out/certificate.json", None, "the certificate can not be read"),
        ("out/cells.csv", "team,sex,n\n", "the cells have not the columns"),
        ("out/cells.csv", "team,team,n,family,status,reason\n", "a column twice"),
        ("plan.yaml", "[", "the plan can not be read"),
        ("plan.yaml", PLAN.replace("[org, sex]", "[site]"), "does not declare"),
        ("plan.yaml", PLAN + "k: many\n", "the plan can not be read"),
        ("plan.yaml", PLAN + "k: 5.5\n", "the plan can not be read"),
        ("plan.yaml", PLAN + "k_distribution: '10'\n", "the plan can not be read"),
        ("plan.yaml", PLAN + "collusion: -1\n", "the plan can not be read"),
        ("plan.yaml", PLAN + "collusion: 1.5\n", "the plan can not be read"),
        ("plan.yaml", PLAN + "collusion: true\n", "the plan can not be read"),
        ("plan.yaml", PLAN + "collusion:\n", "the plan can not be read"),
        ("table.csv", "team\nA\n", "not every column"),
        ("table.csv", "team,sex\nA\n", "another width"),
        ("table.csv", None, "can not be read"),
        ("table.csv", "team,sex\n", "the class table is of nobody"),
    ],
)
def test_input_that_can_not_be_read_is_one_line(world: Path, name: str, content: str | None, sentence: str) -> None:
    (world / name).unlink()
    if content is not None:
        (world / name).write_text(content, encoding="utf-8")
    code, text = call("audit", world / "out", "--table", world / "table.csv", "--plan", world / "plan.yaml")
    assert code == UNREADABLE
    assert sentence in text
    assert "Traceback" not in text


def test_a_table_without_its_plan_is_not_read(world: Path) -> None:
    code, text = call("audit", world / "out", "--table", world / "table.csv")
    assert code == UNREADABLE
    assert "give both" in text


ORG = (
    "hierarchies: {org: [L2, L1, L0]}\ndimensions: [site, ten, fam, gen, grade]\n"
    "breakdowns: [[org], [org, site], [org, ten], [org, fam], [org, gen], [org, grade]]\n"
)


@pytest.mark.shared
def test_part_of_an_organisation(shared_data: Path, tmp_path: Path) -> None:
    """Protected, it is safe; with any one more cell of its top units, mostly not."""
    with gzip.open(shared_data.parent / "reference" / "sdc" / "org_602.micro.csv.gz", "rt", encoding="utf-8") as lines:
        (tmp_path / "table.csv").write_text("".join(line for _, line in zip(range(151), lines, strict=False)), "utf-8")
    (tmp_path / "plan.yaml").write_text(ORG, encoding="utf-8")
    call("protect", tmp_path / "table.csv", "--plan", tmp_path / "plan.yaml", "--out", tmp_path / "out")
    code, said = judged(tmp_path)
    assert (code, said["wrong"]) == (SAFE, [])
    assert said["families"]["mean"]["small_classes"] > 100

    def publish_one(lines: Lines) -> None:
        people: Lines = list(csv.DictReader((tmp_path / "table.csv").read_text("utf-8").splitlines()))
        for line in lines:
            labels = {name: line[name] for name in people[0] if line[name]}
            n = sum(person.items() >= labels.items() for person in people)
            if line["family"] == "mean" and line["status"] == "withheld" and line["L0"] and n >= 5:
                publish(line, n)
                return

    change(tmp_path, publish_one)
    code, said = judged(tmp_path)
    assert code == UNSAFE
    assert said["families"]["mean"]["leak"]["people"] < 5
