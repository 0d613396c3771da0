"""Fixtures of the tests that start servers and processes."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.cli import local
from service.kit.postgres import Embedded
from tests.flows.children import forget, remove_forgotten
from tests.flows.clusters import Copied, removed
from tests.flows.embedded import Make


@pytest.fixture(scope="session", autouse=True)
def _tidied() -> Iterator[None]:
    yield
    remove_forgotten()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """A stopped server to copy, as initdb makes it."""
    with removed(Embedded(tmp_path_factory.mktemp("blank") / "data")) as server:
        server.start()
        server.stop()
        yield server


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, blank: Embedded) -> Iterator[Embedded]:
    """A stopped server to copy, with roles and schema; no tenant, no keys."""
    with removed(Copied(tmp_path_factory.mktemp("prepared") / "data", blank)) as server:
        server.start()
        asyncio.run(local.prepare_database(server))
        server.stop()
        yield server


@contextmanager
def _making(one: Make) -> Iterator[Make]:
    made: list[Embedded] = []

    def kept(folder: Path) -> Embedded:
        made.append(one(folder))
        return made[-1]

    yield kept
    for server in made:
        server.stop()
        forget(server.folder)


@pytest.fixture
def make(blank: Embedded) -> Iterator[Make]:
    """Embedded servers that are stopped, and forgotten, at the end; their clusters are copies."""
    with _making(lambda folder: Copied(folder, blank)) as making:
        yield making


@pytest.fixture
def make_anew() -> Iterator[Make]:
    """The same, with clusters of their own making."""
    with _making(Embedded) as making:
        yield making


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
