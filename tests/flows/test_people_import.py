"""`pouls people import` against a service in a process of its own, with keys as `pouls demo` prints them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from tests.bench.ground import ground
from tests.bench.house import House, house


class Ran(NamedTuple):
    status: int
    out: str
    said: str


@pytest.fixture(scope="module")
def running() -> Iterator[House]:
    with ground() as under, house(under) as found:
        units = [{"external_id": unit, "name": unit} for unit in ("A", "B")]
        found.client.upsert("/v1/org-units", units)
        yield found


def run(running: House, file: Path, *options: str, key: str | None = None) -> Ran:
    command = [sys.executable, "-m", "service.cli", "people", "import", str(file), "--url", running.url, "--key", "-"]
    given = key or running.client._keys["people:write"]
    done = subprocess.run([*command, *options], input=given, capture_output=True, text=True, check=False, timeout=120)
    return Ran(done.returncode, done.stdout, done.stderr)


def shown(ran: Ran) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(ran.out)
    return body


def test_a_file_from_its_first_look_to_its_leavers(running: House, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("matricule;service;nom\n1;A;Zoé\n2;B;\n3;nowhere;\n", encoding="cp1252")
    looked = run(running, file, "--mode", "full", "--dry-run")
    assert looked.status == 1, looked
    assert "joins" in looked.out
    read = "read as csv, windows-1252, semicolon, units by id:\n  external_id = matricule\n  unit = service\n"
    assert read in looked.out
    assert "column 3 looks like names, which are not kept unless asked for" in looked.out.replace("\n", " ")
    assert "line 4, column 2 (unit): is not a known unit of this source" in looked.out
    assert "nothing was changed (dry run)" in looked.out
    file.write_text("matricule;service\n1;A\n2;B\n", encoding="utf-8")
    made = run(running, file, "--mode", "full", "--json")
    assert (made.status, shown(made)["counts"]["joiners"], made.said) == (0, 2, "")
    file.write_text("matricule;service\n9;A\n", encoding="utf-8")
    risky = run(running, file, "--mode", "full")
    assert risky.status == 1
    assert "2 of 2 people would leave; 50 % may" in risky.out
    assert "accept" not in risky.out
    assert ["A", "1", "0", "1"] in [line.split() for line in risky.out.splitlines()], "where they would leave"
    assert "see whom with --dry-run; if it is meant, send it with --accept-risk" in risky.said
    again = run(running, file, "--mode", "full", "--dry-run", "--json")
    assert (again.status, shown(again)["state"]) == (1, "previewed")
    done = run(running, file, "--mode", "full", "--accept-risk", "--json")
    assert (done.status, shown(done)["counts"]["leavers"]) == (0, 2)


def test_a_mapping_goes_with_the_file(running: House, tmp_path: Path) -> None:
    file, mapping = tmp_path / "people.csv", tmp_path / "mapping.json"
    file.write_text("Wer,Wo\n77,A\n", encoding="utf-8")
    mapping.write_text(json.dumps({"columns": {"external_id": "wer", "unit": "gone"}}), encoding="utf-8")
    refused = run(running, file, "--mode", "partial", "--mapping", str(mapping), "--source", "apart")
    assert (refused.status, "columns.unit of the mapping is not a header of the file" in refused.said) == (2, True)
    plain = run(running, file, "--mode", "partial", "--source", "apart")
    assert "of the mapping" not in plain.said, "it was not kept"


def test_a_mapping_that_took_a_file_is_kept(running: House, tmp_path: Path) -> None:
    file, mapping = tmp_path / "people.csv", tmp_path / "mapping.json"
    file.write_text("Wer,Wo\n77,A\n", encoding="utf-8")
    refused = run(running, file, "--mode", "partial")
    assert refused.status == 2
    assert "headers" in refused.said
    mapping.write_text(json.dumps({"columns": {"external_id": "wer", "unit": "wo"}}), encoding="utf-8")
    path = f"{running.url}/v1/people/import-mappings/hris"
    headers = {"Authorization": f"Bearer {running.client._keys['people:write']}"}
    looked = run(running, file, "--mode", "partial", "--mapping", str(mapping), "--dry-run", "--json")
    assert (looked.status, shown(looked)["file"]["mapping"]["columns"]["unit"]) == (0, "Wo")
    assert httpx2.get(path, headers=headers).status_code == 404  # a dry run keeps nothing
    assert run(running, file, "--mode", "partial", "--mapping", str(mapping)).status == 0
    assert httpx2.get(path, headers=headers).json()["columns"]["unit"] == "wo"
    httpx2.put(path, json={}, headers=headers).raise_for_status()
    mapping.write_text("{", encoding="utf-8")
    odd = run(running, file, "--mode", "partial", "--mapping", str(mapping))
    assert (odd.status, "is not JSON" in odd.said) == (2, True)


def test_what_can_not_be_used_is_told_in_one_line(running: House, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("matricule;service\n1;A\n", encoding="utf-8")
    wrong = run(running, file, "--mode", "full", key="pouls_wrong")
    assert (wrong.status, wrong.out) == (2, "")
    assert "pouls_wrong" not in wrong.said
    for missing in (tmp_path / "none.csv", tmp_path / "people.ods"):
        ran = run(running, missing, "--mode", "full")
        assert (ran.status, ran.said.count("\n")) == (2, 1), ran


def test_a_key_is_given_once(running: House, tmp_path: Path) -> None:
    """Else one of the two would be left aside in silence, and it might be of another tenant."""
    file, keys = tmp_path / "people.csv", tmp_path / "keys.json"
    file.write_text("matricule;service\n1;A\n", encoding="utf-8")
    keys.write_text(json.dumps({"keys": {"people:write": running.client._keys["people:write"]}}))
    refused = run(running, file, "--mode", "full", "--dry-run", "--keys", str(keys))
    assert (refused.status, refused.out) == (2, "")
    assert "give --key or --keys, not both" in refused.said
