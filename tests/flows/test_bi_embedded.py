"""`pouls bi` in the embedded database, which runs for the moment of each command."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from service.tenants.bi_logins import name_of
from tests.flows.children import forget, here, needs_proc

pytestmark = needs_proc


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    forget(tmp_path / "data")


def test_logins_are_made_and_end_with_their_tenant(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*arguments: str) -> Any:
        done = here(monkeypatch, capsys, *arguments, "--data", data)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    made = run("tenants", "create", "Acme", "--json")
    granted = run("bi", "grant", "--tenant", made["tenant"], "--json")
    assert granted["login"] in run("bi", "list", "--json")
    assert granted["url"].startswith(f"postgresql://{granted['login']}:{granted['password']}@/pouls?host=")
    assert granted["login"] == name_of(UUID(made["tenant"]))
    receipt = run("tenants", "delete", made["tenant"], "--yes-delete", "Acme")
    assert receipt["certificate"]["rows"]["bi_login"] == 1
    assert run("bi", "list", "--json") == {}
    assert not [path for path in data.rglob("*") if path.is_file() and holds(path, granted["password"])]


def holds(path: Path, text: str) -> bool:
    return text.encode() in path.read_bytes()
