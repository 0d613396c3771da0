"""The two lock files: pinned by hash, naming no index, agreeing with each other and with pyproject.toml."""

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==(\S+)", re.MULTILINE)
EXTRAS = re.compile(r"^([a-z0-9][a-z0-9._-]*)\[([a-z0-9,_-]+)\]==", re.MULTILINE)


def locked(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall(locked(name)))


def test_every_pin_has_a_hash_and_no_line_names_an_address() -> None:
    for name in ("requirements.lock", "tests/requirements.lock"):
        text = locked(name)
        assert "://" not in text
        blocks = re.split(r"\n(?=\S)", text.strip())
        assert len(blocks) == len(PIN.findall(text)) > 0
        assert all("--hash=sha256:" in block for block in blocks)


def test_the_test_lock_holds_the_runtime_lock() -> None:
    assert pins("requirements.lock").items() <= pins("tests/requirements.lock").items()


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    extras = project["project"]["optional-dependencies"]
    # The image is made of the first lock, and several API processes count calls in Redis.
    runtime += extras["redis"]
    for wanted, name in ((runtime, "requirements.lock"), (extras["test"], "tests/requirements.lock")):
        names = {re.split(r"[\[<>=;~! ]", line)[0].lower() for line in wanted}
        assert names <= pins(name).keys()


def test_an_extra_is_pinned_with_its_name() -> None:
    """Pip looks for a newer release of a name with an extra that only its plain name pins, and then has no hash."""
    for name in ("requirements.lock", "tests/requirements.lock"):
        pinned = {found: set(extras.split(",")) for found, extras in EXTRAS.findall(locked(name))}
        assert wanted_extras(pins(name)) == pinned


def wanted_extras(names: Iterable[str]) -> dict[str, set[str]]:
    """The extras that the project and the installed ones of these ask each other for, whatever the machine."""
    found: dict[str, set[str]] = {}
    for name in {"pouls", *names}:
        for line in _requires(name):
            asked = re.match(r"([A-Za-z0-9._-]+)\[([^\]]+)\]", line)
            if asked and "extra ==" not in line:
                extras = {extra.strip() for extra in asked[2].split(",")}
                found.setdefault(asked[1].lower(), set()).update(extras)
    return {name: extras for name, extras in found.items() if name in set(names)}


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # of another platform
        return []
