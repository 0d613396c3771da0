"""`pouls tenants create` without a database of one's own: in the embedded one, which runs for that moment."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.children import READY_S, Child, cli, forget, needs_proc

pytestmark = needs_proc


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    forget(tmp_path / "data")


def create(folder: Path, name: str, *arguments: str, **environment: str) -> dict[str, Any]:
    """The JSON line of a tenant that was made."""
    with cli(folder, "tenants", "create", name, "--json", *arguments, environment=environment) as made:
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


def test_a_tenant_is_made_before_the_service_ever_ran(tmp_path: Path, data: Path) -> None:
    made = [create(tmp_path, "Acme", "--data", str(data)), create(tmp_path, "Umbrella", POULS_DATA_DIR=str(data))]
    assert made[0]["tenant"] != made[1]["tenant"]
    with cli(tmp_path, "serve", "--port", "0", "--json", "--data", str(data)) as api:
        for one in made:
            assert status(api, one["keys"]) == 200
        with cli(tmp_path, "tenants", "create", "Late", "--data", str(data), ready=False) as late:
            assert late.process.wait(READY_S) == 1
            said = "pouls: another Pouls process holds this data folder; stop it, then run this again\n"
            assert late.said() == said
        assert api.stop() == 0
