"""`pouls tenants` without a database of one's own: in the embedded one, which runs for that moment."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.kit.ids import new_id
from tests.flows.children import READY_S, Child, cli, forget, here, needs_proc

pytestmark = needs_proc


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    forget(tmp_path / "data")


def create(folder: Path, name: str, *arguments: str) -> dict[str, Any]:
    """The JSON line of a tenant that was made."""
    with cli(folder, "tenants", "create", name, "--json", *arguments) as made:
        assert made.process.wait(READY_S) == 0, made.said()
        assert made.family() == {}, "the database runs for that moment alone"
        assert made.said() == ""
        return made.ready


def status(api: Child, keys: dict[str, str]) -> int:
    request = urllib.request.Request(api.ready["url"] + "/v1/org-units")  # noqa: S310 - our own address
    request.add_header("Authorization", f"Bearer {keys['people:write']}")
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - same
        assert json.loads(answer.read())["data"] == []
        found: int = answer.status
        return found


def test_a_tenant_is_made_before_the_service_ever_ran(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    another = here(
        monkeypatch, capsys, "tenants", "create", "Umbrella", "--json", environment={"POULS_DATA_DIR": str(data)}
    )
    assert (another.returncode, another.stderr) == (0, "")
    assert not (data / "pg" / "postmaster.pid").exists(), "the database runs for that moment alone"
    made = [create(tmp_path, "Acme", "--data", str(data)), json.loads(another.stdout)]
    assert made[0]["tenant"] != made[1]["tenant"]
    anew = here(monkeypatch, capsys, "tenants", "keys", made[0]["tenant"], "--json", "--data", data)
    assert (anew.returncode, anew.stderr) == (0, "")
    made.append(json.loads(anew.stdout))
    assert made[2]["tenant"] == made[0]["tenant"]
    assert not made[2]["keys"].items() & made[0]["keys"].items()
    nobody = here(monkeypatch, capsys, "tenants", "keys", str(new_id()), "--data", data)
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("pouls: there is no tenant ")
    with cli(tmp_path, "serve", "--port", "0", "--json", "--data", str(data)) as api:
        for one in made:
            assert status(api, one["keys"]) == 200
        late = here(monkeypatch, capsys, "tenants", "create", "Late", "--data", data)
        assert late.returncode == 1
        assert late.stderr.startswith("pouls: another Pouls process holds this data folder; stop it (")
        assert late.stderr.count("\n") == 1
        assert late.stdout == ""
        assert api.stop() == 0
