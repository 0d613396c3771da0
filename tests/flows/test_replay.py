"""`pouls replay` from a file to a release, through HTTP, against what the file alone says."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from service.cli import app, replay_failed
from service.cli.client import Client
from service.kit.postgres import Embedded
from tests.fixtures.past import FEVS_MAP, Truth, fevs_sample, fevs_truth, made_up, replay, result_of
from tests.fixtures.running import Running, data_folder, running
from tests.flows import residuals
from tests.flows.children import here
from tests.flows.clusters import copy_to

MEASURES = {"care", "load", "climate"}


@dataclass
class Loaded:
    """A made-up survey that was loaded into a service, and what came of it."""

    arguments: tuple[object, ...]
    given: Path
    state: Path
    truth: Truth
    result: dict[str, Any]
    cells: list[dict[str, Any]]


@pytest.fixture(scope="module")
def service(prepared: Embedded) -> Iterator[Running]:
    with data_folder() as folder, running(copy_to(folder, prepared)) as found:
        yield found


@pytest.fixture(scope="module")
def loaded(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder = tmp_path_factory.mktemp("loaded")
    file, given, truth = made_up(folder, people=500, seed=3)
    state = folder / "state.json"
    arguments = (file, "--map", given, "--url", service.url, "--keys", service.keys_file(), "--state", state)
    result = result_of(replay(*arguments, "--json"))
    return Loaded(arguments, given, state, truth, result, cells_of(service, result["release"]))


def cells_of(service: Running, release: str) -> list[dict[str, Any]]:
    client = Client(service.url, service.line["keys"])
    try:
        return list(client.pages("aggregates:read", f"/v1/releases/{release}/cells"))
    finally:
        client.close()


def one_off(value: float, decimals: int) -> float:
    """A last digit too high, or two where one would look like a coarser rounding."""
    near = [round(value + digits * 0.1**decimals, decimals) for digits in (1, 2)]
    return near[1] if near[0] == round(near[0], decimals - 1) else near[0]


def check_figures(result: dict[str, Any], truth: Truth, measures: set[str]) -> None:
    """The figures shown of the top are the true ones to the digit they show, and n is in its band."""
    everybody = truth.inside(truth.top)
    assert result["top"].keys() == measures
    for measure in measures:
        share, people = truth.favourable(measure, everybody)
        digit = 0.1 if isinstance(result["top"][measure], float) else 1
        assert abs(result["top"][measure] - share) <= digit / 2 + 1e-9
        shown = result["detail"]["top"][measure]
        assert (shown["favourable"], shown["bound"]) == (result["top"][measure], None)
        assert shown["n_from"] <= people <= shown["n_to"] == shown["n_from"] + 4


def test_a_private_service_lives_for_one_replay(tmp_path: Path) -> None:
    file, given, truth = made_up(tmp_path, people=420, seed=1)
    short = Path(tempfile.mkdtemp(prefix="p-"))  # a socket's path must fit in
    try:
        environment = os.environ | {"TMPDIR": str(short), "POULS_DATABASE_URL": "postgresql://nobody@nowhere/none"}
        result = result_of(replay(file, "--map", given, "--json", env=environment))
        assert list(short.iterdir()) == []
    finally:
        shutil.rmtree(short)
    assert result["respondents"] == 420
    check_figures(result, truth, MEASURES)
    assert set(result["units"]) == {unit for unit, parent in truth.parents.items() if parent == "firm"}
    for unit, shown in result["units"].items():
        inside = truth.inside(unit)
        for measure, value in shown.items():
            share, _ = truth.favourable(measure, inside)
            assert value is None or abs(value - share) <= 2.5 + 1e-9
    assert list(result["seconds"]) == [
        "read", "start", "organisation", "campaign", "answers", "release", "result", "stop", "total",
    ]  # fmt: skip
    assert result["seconds"]["total"] >= result["seconds"]["answers"] > 0
    assert result["peak_memory_mb"]["service"] > 50
    assert result["cells"]["mean"]["published"] > 0
    assert not list(tmp_path.glob("*state*"))


def test_into_a_running_service(
    service: Running, loaded: Loaded, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, given, state, result = loaded.arguments, loaded.given, loaded.state, loaded.result
    again_with = partial(here, monkeypatch, capsys, "replay", *arguments)
    check_figures(result, loaded.truth, MEASURES)
    assert result["peak_memory_mb"]["service"] is None
    assert residuals.faults(loaded.cells, loaded.truth) == []
    told = {family: {"published": 0, "withheld": 0} for family in ("mean", "distribution")}
    for cell in loaded.cells:
        told[cell["family"]][cell["status"]] += 1
    assert result["cells"] == told
    assert told["mean"]["withheld"] > 0

    # Run again, it finds everything done; without --json, it tells people.
    assert state.stat().st_mode & 0o077 == 0
    again = again_with()
    assert again.returncode == 0, again.stderr
    for words in ("firm", "climate", "500 respondents", result["release"], "peak memory: replay ", "seconds: read "):
        assert words in again.stdout
    care = result["detail"]["top"]["care"]
    assert f"{care['favourable']} ({care['n_from']} to {care['n_to']})" in again.stdout

    # Another service or campaign is not taken for this one, nor another file or map for these.
    lines = state.read_text(encoding="ascii").splitlines()
    lines[1] = json.dumps({"wave": "another"})
    state.write_text("\n".join(lines) + "\n", encoding="ascii")
    refused = again_with("--json")
    assert refused.returncode == 1
    assert "state.json belongs to a replay into another service or campaign" in refused.stderr
    given.write_text(given.read_text(encoding="utf-8").replace("Attention", "Care"), encoding="utf-8")
    refused = again_with("--json")
    assert "state.json belongs to the replay of another file or with another map" in refused.stderr
    state.unlink()
    refused = again_with("--json")
    assert "the service has another questionnaire under the key made_up: change the name" in refused.stderr
    assert not any(key in refused.stdout + refused.stderr for key in service.line["keys"].values())


def test_a_leak_or_an_untruth_is_found(loaded: Loaded) -> None:
    """The check itself: one withheld cell shown, one figure one step away, and so on, are faults."""
    cells, truth = loaded.cells, loaded.truth
    assert residuals.faults(cells, truth) == []
    true = residuals.figures(truth)

    def seeded(at: int, **changes: Any) -> list[str]:
        """What is found in the measure of the cell that was changed: in the others there is nothing."""
        only = {cells[at]["measure"]}
        return residuals.faults([*cells[:at], cells[at] | changes, *cells[at + 1 :]], truth, true, only=only)

    leaks = 0
    for at, cell in enumerate(cells):
        if cell["status"] == "withheld" and cell["measure"] in true:
            n = true[cell["measure"]].n[cell["unit"]]
            numbers = {"n_from": n - n % 5, "n_to": n - n % 5 + 4}
            shown = {"status": "published", "reason": None, "mean": 3, "favourable": 1, "neutral": 1, "unfavourable": 1}
            said = [one for one in seeded(at, **shown, **numbers) if "fewer than" in one]
            # What is hidden for the sake of others is safe to show only with them; what scales hide more is not judged.
            leaks += bool(said)
            assert said or cell["measure"] in MEASURES or n == 0
    assert leaks > 20
    at = next(at for at, cell in enumerate(cells) if cell["measure"] == "a1" and cell["family"] == "distribution")
    top = cells[at]
    assert top["unit"] == "firm"
    for changes in (
        {"favourable": one_off(top["favourable"], 1)},
        {"unfavourable": one_off(top["unfavourable"], 1)},
        {"favourable_bound": "at_least"},
        {"n_to": top["n_to"] + 1},
        {"status": "withheld"},
        {"status": "withheld", "reason": "too small"},
    ):
        assert seeded(at, **changes), changes
    assert seeded(at - 1, mean=one_off(cells[at - 1]["mean"], 2))
    assert residuals.faults(cells[:at] + cells[at + 1 :], truth)
    assert residuals.faults([*cells, top], truth)


# Of 20 people of one unit, worked out by hand: scores, mean, favourable, neutral and unfavourable, and each answer.
ITEMS_BY_HAND = {
    "x": ({4: 19, 1: 1}, 4.0, "≥90 ≤10 ≤10", "≤10 ≤10 ≤10 ≥90 ≤10"),  # exactly 3.85
    "y": ({4: 8, 3: 6, 2: 6}, 3.1, "40 30 30", "≤10 40 30 30 ≤10"),  # reversed
    "z": ({5: 18, 1: 2}, 4.7, "≥90 ≤10 ≤10", "≥90 ≤10 ≤10 ≤10 ≤10"),  # reversed, exactly 4.6
    "w": ({5: 17, 4: 3}, 4.7, "≥90 ≤10 ≤10", "≤10 ≤10 ≤10 15 85"),  # exactly 4.85
}
SCALES_BY_HAND = {
    "xy": (("x", "y"), 3.6, "65 20 20"),  # exactly 3.475, and 67.5, 15 and 17.5 %
    "yw": (("y", "w"), 3.9, "65 20 20"),  # exactly 3.975, and 70, 15 and 15 %
    "zx": (("z", "x"), 4.4, "≥90 ≤10 ≤10"),  # exactly 4.225
}
INDEX_BY_HAND = (("xy", "zx"), 4.0, "80 15 15")  # exactly 3.85, and 80, 7.5 and 12.5 %


def by_hand() -> tuple[Truth, list[dict[str, Any]]]:
    """A release in which one answer is nearly everybody's, and scales are moved by it."""

    def told(written: str) -> list[tuple[float, str | None]]:
        bounds = {"≥": "at_least", "≤": "at_most"}
        return [(float(one.lstrip("≥≤")), bounds.get(one[0])) for one in written.split()]

    cells: list[dict[str, Any]] = []

    def show(measure: str, mean: float, shares: str, answers: str | None) -> None:
        cell = {"unit": "all", "measure": measure, "status": "published", "reason": None}
        numbers: dict[str, Any] = dict.fromkeys(residuals.NUMBERS) | {"n_from": 20, "n_to": 24}
        cells.append(cell | {"family": "mean"} | numbers | {"mean": mean})
        for name, (value, bound) in zip(residuals.SHARES, told(shares), strict=True):
            numbers |= {name: value, f"{name}_bound": bound}
        if answers is not None:
            rows = enumerate(told(answers), start=1)
            numbers["distribution"] = [{"option": str(at), "value": one[0], "bound": one[1]} for at, one in rows]
        cells.append(cell | {"family": "distribution"} | numbers)

    ratings = {}
    for item, (scores, mean, shares, answers) in ITEMS_BY_HAND.items():
        ratings[item] = np.repeat(list(scores), list(scores.values()))
        show(item, mean, shares, answers)
    for scale, (_, mean, shares) in SCALES_BY_HAND.items():
        show(scale, mean, shares, None)
    show("index", *INDEX_BY_HAND[1:], None)
    scales = {scale: items for scale, (items, *_) in SCALES_BY_HAND.items()}
    indices = {"index": INDEX_BY_HAND[0]}
    return Truth("all", {"all": None}, ["all"] * 20, ratings, scales, indices, frozenset({"y", "z"})), cells


def test_an_untruth_about_ends_is_found() -> None:
    """A mean that gives away what an end hides is a fault, in an item and in what is made of it."""
    truth, cells = by_hand()
    assert residuals.faults(cells, truth) == []

    def seeded(measure: str, family: str, changes: dict[str, Any]) -> list[str]:
        at = next(at for at, cell in enumerate(cells) if (cell["measure"], cell["family"]) == (measure, family))
        return residuals.faults([*cells[:at], cells[at] | changes, *cells[at + 1 :]], truth, only={measure})

    # The exact one in place of the answer's score; not cut; the score of an answer that is not reversed.
    for item, mean in (("x", 3.9), ("x", 3.85), ("z", 4.6), ("z", 5.0), ("z", 1.3), ("w", 4.9), ("y", 3.0)):
        assert seeded(item, "mean", {"mean": mean}), (item, mean)
    # As if the items' ends were none; as if only one item were moved.
    for scale, mean in (("xy", 3.5), ("yw", 4.0), ("zx", 4.2), ("zx", 4.3), ("index", 3.9)):
        assert seeded(scale, "mean", {"mean": mean}), (scale, mean)
    for scale, share, value, bound in (
        ("xy", "favourable", 70.0, None),
        ("xy", "neutral", 15.0, None),
        ("yw", "favourable", 70.0, None),
        ("yw", "unfavourable", 15.0, None),
        ("zx", "favourable", 95.0, None),
        ("index", "neutral", 10.0, "at_most"),
    ):
        assert seeded(scale, "distribution", {share: value, f"{share}_bound": bound}), (scale, share)
    # An answer's share is true too: which one it is of decides about the mean.
    for item in ITEMS_BY_HAND:
        rows = next(cell["distribution"] for cell in cells if cell["measure"] == item and cell["distribution"])
        turned = [row | {"option": str(6 - int(row["option"]))} for row in rows]
        assert seeded(item, "distribution", {"distribution": turned}), item
        assert seeded(item, "distribution", {"distribution": [rows[0] | {"value": 50.0, "bound": None}, *rows[1:]]})


@pytest.mark.shared
def test_a_part_of_the_federal_survey(service: Running, tmp_path: Path, shared_data: Path) -> None:
    sample = fevs_sample(shared_data / "fevs2018" / "responses.csv.gz", tmp_path / "part.csv", people=1500, seed=5)
    truth = fevs_truth(sample)
    state = tmp_path / "state.json"
    done = replay(
        sample, "--map", FEVS_MAP, "--url", service.url, "--keys", service.keys_file(), "--state", state, "--json"
    )
    result = result_of(done)
    assert result["respondents"] == 1500
    check_figures(result, truth, {"leaders", "supervisors", "intrinsic", "satisfaction", "engagement"})
    cells = cells_of(service, result["release"])
    assert len(cells) == len(truth.parents) * 76 * 2
    assert residuals.faults(cells, truth) == []


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif("POULS_TEST_FULL" not in os.environ, reason="101,881 people: set POULS_TEST_FULL=1 to replay them")
def test_the_whole_federal_survey(service: Running, tmp_path: Path, shared_data: Path) -> None:
    file = shared_data / "fevs2018" / "responses.csv.gz"
    state = tmp_path / "state.json"
    done = replay(
        file, "--map", FEVS_MAP, "--url", service.url, "--keys", service.keys_file(), "--state", state, "--json"
    )
    result = result_of(done)
    assert result["respondents"] == 101_881
    # The figures of the data's own README, to the digit shown.
    assert result["top"] == {
        "leaders": 58.7, "supervisors": 77.4, "intrinsic": 73.4, "engagement": 69.9, "satisfaction": 66.6,
    }  # fmt: skip
    engagement = {unit: figures["engagement"] for unit, figures in result["units"].items()}
    agencies = {"HS": 63.4, "AR": 70.1, "NV": 71.2, "AG": 66.9, "HE": 75.3, "TR": 70.7}
    assert {unit: engagement[unit] for unit in agencies} == agencies
    assert len(engagement) == 45
    truth = fevs_truth(file)
    cells = cells_of(service, result["release"])
    assert len(cells) == (1 + 45 + 234) * 76 * 2
    assert residuals.faults(cells, truth) == []
    # And the check would see a leak: a withheld unit of this very release, shown.
    leaks, true = 0, residuals.figures(truth)
    for at, cell in enumerate(cells):
        if cell["status"] == "withheld" and cell["measure"] == "engagement" and cell["family"] == "mean":
            n = truth.favourable("engagement", truth.inside(cell["unit"]))[1]
            band = {"n_from": n - n % 5, "n_to": n - n % 5 + 4}
            shown = cell | {"status": "published", "reason": None, "mean": 3.0} | band
            found = residuals.faults([*cells[:at], shown, *cells[at + 1 :]], truth, true, only={"engagement"})
            leaks += any("fewer than" in one for one in found)
    assert leaks > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--key", "x"], "keys are for a service that runs"),
        (["--url", "http://h", "--data", "d", "--key", "x"], "--data is the folder of a private service"),
        (["--url", "ftp://h", "--key", "x"], "--url begins with http:// or https://"),
        (["--url", "http://h"], "--url needs --key or --keys"),
        (["--url", "http://h", "--key", "people=x"], "as SCOPE=KEY; scopes are people:write"),
        (["--url", "http://h", "--key", "people:write=x"], "no key for questionnaires:write, campaigns:write"),
    ],
)
def test_options_that_do_not_fit(tmp_path: Path, arguments: list[str], said: str) -> None:
    file, given, _ = made_up(tmp_path, people=20, seed=6)
    done = CliRunner().invoke(app, ["replay", str(file), "--map", str(given), *arguments], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert said in done.output


def test_files_that_are_not_there_or_not_what_they_should_be(tmp_path: Path) -> None:
    file, given, _ = made_up(tmp_path, people=20, seed=6)
    bad = tmp_path / "bad"
    bad.write_bytes(b"\xff{}")
    for arguments, said in (
        ([tmp_path / "none", "--map", given], "none can not be read: No such file"),
        ([file, "--map", tmp_path / "none"], "none can not be read: No such file"),
        ([file, "--map", bad], "bad is not UTF-8 text"),
        ([file, "--map", file], "the map is refused"),
        ([given, "--map", given], "the file has no column"),
        ([file, "--map", given, "--url", "http://h", "--keys", tmp_path / "none"], "none can not be read"),
        ([file, "--map", given, "--url", "http://h", "--keys", bad], "does not hold what `pouls demo --json` prints"),
        ([file, "--map", given, "--url", "http://h", "--keys", given], "does not hold what `pouls demo --json` prints"),
    ):
        done = CliRunner().invoke(app, ["replay", *map(str, arguments)])
        assert isinstance(done.exception, replay_failed.ReplayFailed), done.output
        assert said in str(done.exception)


def test_a_service_that_is_away_is_given_up_with_a_reason(tmp_path: Path) -> None:
    file, given, _ = made_up(tmp_path, people=20, seed=6)
    state = tmp_path / "state.json"
    arguments = ["--url", "http://127.0.0.1:9", "--key", "x", "--state", str(state), "--patience", "0.2"]
    done = CliRunner().invoke(app, ["replay", str(file), "--map", str(given), *arguments])
    assert str(done.exception) == (
        "PUT /v1/org-units: ConnectError (given up after 0 seconds); run the same command again to go on"
    )


def test_a_wrong_key_is_told_and_not_repeated(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, given, _ = made_up(tmp_path, people=20, seed=6)
    wrong = service.line["keys"]["aggregates:read"]
    state = tmp_path / "state.json"
    arguments = (file, "--map", given, "--url", service.url, "--key", wrong, "--state", state)
    done = here(monkeypatch, capsys, "replay", *arguments)
    assert done.returncode == 1
    assert "PUT /v1/org-units: 403 This key may not do that" in done.stderr
    assert "again" not in done.stderr
    assert wrong not in done.stdout + done.stderr
