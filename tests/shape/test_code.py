"""The house as code: layers, sizes, names, and the tools that judge it."""

import re
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
    "Campaigns, top down",
    "What campaigns reckon knows no database and no request",
    "Layers, top down",
    "Below the domains, top down",
    "Disclosure control is pure arithmetic",
    "Documents and scores know no database and no request",
    "The auditor uses nothing of what it judges",
    "The auditor is asked from outside alone",
    "The second opinion on comments uses nothing of what it judges",
    "One module opens sealed answers",
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


def test_kit_knows_no_settings_of_a_domain() -> None:
    """What a domain's settings say is passed to it, as values."""
    imports = re.compile(r"^from service\.settings import (.+)$", re.MULTILINE)
    taken: set[str] = set()
    for path in (ROOT / "service" / "kit").glob("*.py"):
        for names in imports.findall(path.read_text(encoding="utf-8")):
            taken |= set(names.split(", "))
    assert taken == {"DatabaseSettings", "Settings", "runtime_root"}, "the last two: where a database of ours lies"


def test_no_router_speaks_sql() -> None:
    """Reads go through `queries`, writes through `actions`."""
    routers = [path for path in FILES if path.name == "router.py"]
    assert len(routers) >= 6
    imports = re.compile(r"^(?:from|import) (?:sqlalchemy|sqlmodel)\b", re.MULTILINE)
    assert [path.parent.name for path in routers if imports.search(path.read_text(encoding="utf-8"))] == []


def lint_imports(folder: Path) -> dict[str, bool]:
    """The import contracts by name, and whether each is kept."""
    done = run(TOOLS / "lint-imports", "--no-cache", cwd=folder)
    verdicts = [line.rpartition(" (")[0] or line for line in done.stdout.splitlines()]
    found = {line.rpartition(" ")[0]: line.endswith("KEPT") for line in verdicts if line.endswith((" KEPT", " BROKEN"))}
    assert (done.returncode == 0) == all(found.values()), done.stdout + done.stderr
    return found


def lint_seeded(folder: Path, lines: dict[str, str]) -> set[str]:
    """The contracts that a copy of the service breaks, in which these modules end with these lines."""
    shutil.copytree(ROOT / "service", folder / "service", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, line in lines.items():
        with (folder / "service" / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{line}\n")
    return {name for name, kept in lint_imports(folder).items() if not kept}


@pytest.mark.slow
def test_import_contracts_are_kept() -> None:
    assert lint_imports(ROOT) == dict.fromkeys(CONTRACTS, True)


SEEDED = {
    "people/tree.py": "from service.disclosure import policy",
    "kit/db.py": "from service.people import tables",
    "settings.py": "from service.kit import clock",
    "disclosure/tree.py": "import sqlalchemy",
    "questionnaires/branching.py": "from service.questionnaires import tables",
    "campaigns/times/recurrence.py": "from service.campaigns import tables",
    "campaigns/inviting/who.py": "from service.campaigns.running import launch",
    "disclosure/audit/system.py": "from service.disclosure import plan",
    "disclosure/table.py": "from service.disclosure.audit import model",
    "releases/comments_checked.py": "from service.releases import redact",
    "releases/statistics.py": "from service.responses import unseal",
    "routes.py": "from service.releases import build",
}


@pytest.mark.slow
def test_a_broken_contract_is_found(tmp_path: Path) -> None:
    assert lint_seeded(tmp_path, SEEDED) == CONTRACTS


@pytest.mark.slow
def test_an_opener_in_one_more_module_is_found(tmp_path: Path) -> None:
    """Where the layers allow it: only the contract of its own forbids it."""
    found = lint_seeded(tmp_path, {"releases/publish.py": "from service.responses import unseal"})
    assert found == {"One module opens sealed answers"}


BELOW = [
    ("problems.py", "from service.tenants import scopes", "Layers, top down"),
    ("settings.py", "from service.people import tree", "Layers, top down"),
    ("telemetry/probes.py", "from service.campaigns import codes", "Layers, top down"),
    ("unlisted.py", '"""A module in no layer."""', "Layers, top down"),
    ("problems.py", "from service.kit import clock", "Below the domains, top down"),
    ("kit/db.py", "from service.telemetry import probes", "Below the domains, top down"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("module", "line", "contract"), BELOW)
def test_what_the_domains_stand_on_knows_none_of_them(tmp_path: Path, module: str, line: str, contract: str) -> None:
    assert lint_seeded(tmp_path, {module: line}) == {contract}


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
