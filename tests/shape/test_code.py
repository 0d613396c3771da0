"""The house as code: layers, sizes, names, and the tools that judge it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent
FILES = sorted((ROOT / "service").rglob("*.py"))
LINES = 400
CONTRACTS = {
    "Layers, top down",
    "Disclosure control is pure arithmetic",
    "Only the release build opens sealed answers",
    "The API process can not open answers",
    "Disclosure control is called by releases and the command line alone",
}


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_role_and_fits_it(path: Path) -> None:
    if "catalogue" not in path.parts:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES
    assert path.name not in {"service.py", "utils.py", "util.py", "helpers.py", "common.py", "misc.py"}


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 80
    assert not (ROOT / "alembic" / "__init__.py").exists()  # it would shadow the library


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.name for path in FILES if path.read_text().strip() and not path.read_text().lstrip().startswith('"""')
    ]
    assert silent == []


def lint_imports(folder: Path) -> dict[str, bool]:
    """The import contracts by name, and whether each is kept."""
    done = run(TOOLS / "lint-imports", "--no-cache", cwd=folder)
    verdicts = [line.rpartition(" (")[0] or line for line in done.stdout.splitlines()]
    found = {line.rpartition(" ")[0]: line.endswith("KEPT") for line in verdicts if line.endswith((" KEPT", " BROKEN"))}
    assert (done.returncode == 0) == all(found.values()), done.stdout + done.stderr
    return found


@pytest.mark.slow
def test_import_contracts_are_kept() -> None:
    assert lint_imports(ROOT) == dict.fromkeys(CONTRACTS, True)


SEEDED = {
    "people/tree.py": "from service.disclosure import policy",
    "kit/db.py": "from service.people import tables",
    "disclosure/tree.py": "import sqlalchemy",
    "releases/statistics.py": "from service.responses import unseal",
    "routes.py": "from service.releases import build",
}


@pytest.mark.slow
def test_a_broken_contract_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in SEEDED.items():
        with (tmp_path / "service" / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    assert lint_imports(tmp_path) == dict.fromkeys(CONTRACTS, False)


@pytest.mark.slow
def test_an_opener_in_one_more_module_is_found(tmp_path: Path) -> None:
    """Where the layers allow it: only the contract of its own forbids it."""
    shutil.copytree(ROOT / "service", tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "service" / "releases" / "publish.py").open("a", encoding="utf-8") as module:
        module.write("\nfrom service.responses import unseal\n")
    found = lint_imports(tmp_path)
    assert {name for name, kept in found.items() if not kept} == {"Only the release build opens sealed answers"}


@pytest.mark.slow
def test_ruff_finds_nothing() -> None:
    done = run(TOOLS / "ruff", "check", "--no-cache", "--output-format", "concise", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_everything_is_formatted() -> None:
    done = run(TOOLS / "ruff", "format", "--no-cache", "--check", ".")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_mypy_finds_nothing() -> None:
    done = run(sys.executable, "-m", "mypy")
    assert done.returncode == 0, done.stdout + done.stderr
