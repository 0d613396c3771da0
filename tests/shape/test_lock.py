"""The two lock files: pinned by hash, naming no index, agreeing with each other and with pyproject.toml."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / name).read_text(encoding="utf-8")))


def test_every_pin_has_a_hash_and_no_line_names_an_address() -> None:
    for name in ("requirements.lock", "tests/requirements.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        blocks = re.split(r"\n(?=\S)", text.strip())
        assert len(blocks) == len(PIN.findall(text)) > 0
        assert all("--hash=sha256:" in block for block in blocks)


def test_the_test_lock_holds_the_runtime_lock() -> None:
    assert pins("requirements.lock").items() <= pins("tests/requirements.lock").items()


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    tools = project["project"]["optional-dependencies"]["test"]
    for wanted, name in ((runtime, "requirements.lock"), (tools, "tests/requirements.lock")):
        names = {re.split(r"[\[<>=;~! ]", line)[0].lower() for line in wanted}
        assert names <= pins(name).keys()
