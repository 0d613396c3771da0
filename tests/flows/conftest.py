"""Fixtures of the tests that start servers and processes."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.kit.postgres import Embedded
from tests.flows.children import forget
from tests.flows.embedded import Make


@pytest.fixture
def make() -> Iterator[Make]:
    """Embedded servers that are stopped, and forgotten, at the end."""
    made: list[Embedded] = []

    def one(folder: Path) -> Embedded:
        made.append(Embedded(folder))
        return made[-1]

    yield one
    for server in made:
        server.stop()
        forget(server.folder)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Put TMPDIR somewhere else, for this process."""

    def move(folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True)
        monkeypatch.setenv("TMPDIR", str(folder))
        monkeypatch.setattr(tempfile, "tempdir", None)

    return move


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder that every account can reach and whose name is short."""
    folder = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
