"""Commands about what is in a database already make none where there is none: what they would say of it were wrong."""

from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from service.cli import app

TENANT = str(UUID(int=1))
COMMANDS = {
    "audit-log check": ["audit-log", "check", TENANT],
    "audit": ["audit", str(UUID(int=2)), "--tenant", TENANT],
    "tenants export": ["tenants", "export", TENANT, "--out", "OUT"],
    "tenants delete": ["tenants", "delete", TENANT, "--yes-delete", "Acme"],
    "tenants keys": ["tenants", "keys", TENANT],
    "bi grant": ["bi", "grant", "--tenant", TENANT],
    "bi list": ["bi", "list"],
    "bi revoke": ["bi", "revoke", "--tenant", TENANT],
}


@pytest.mark.parametrize("asked", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("is_named", [True, False], ids=["named", "of the working folder"])
def test_nothing_is_made_to_look_into(
    asked: list[str], is_named: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("POULS_DATABASE_URL", "POULS_DATA_DIR", "POULS_KEYS_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    given = [str(tmp_path / "out.zip") if one == "OUT" else one for one in asked]
    done = CliRunner().invoke(app, [*given, "--data", str(tmp_path / "data")] if is_named else given)
    said = done.output if done.exception is None or isinstance(done.exception, SystemExit) else str(done.exception)
    assert done.exit_code != 0
    assert "there is no database in" in said
    assert "--data" in said
    assert list(tmp_path.iterdir()) == []
