"""The ground that a bench stands on: a private embedded PostgreSQL, key files, and processes of its own.

Everything is taken down when the block is left, however it is left: Ctrl-C and SIGTERM unwind the blocks, and the
kernel ends the children of a bench that was killed.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from service.cli import local
from service.kit.os_user import die_with_parent
from service.kit.postgres import Embedded
from service.settings import Settings
from tests.bench import interruptible

READY_S = 60.0
STOP_S = 10.0
LAST_WORDS = 2000


class ChildFailed(Exception):
    """A process of the bench ended or did not answer; its last words are in the message."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that is ready, and the JSON line that it said so with (empty where none was awaited)."""

    pid: int
    line: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with our schema, a key folder, and where processes write their logs."""

    postgres: Embedded
    settings: Settings
    logs: Path

    def told(self, role: str) -> dict[str, str]:
        """The environment of one of the service's own processes."""
        return {
            "POULS_DATABASE_URL": self.postgres.url(role),
            "POULS_KEYS_DIR": str(self.settings.keys_dir),
            "POULS_DATA_DIR": str(self.settings.data.dir),
        }

    @contextmanager
    def child(self, name: str, *module: str, told: Mapping[str, str], says_ready: bool = True) -> Iterator[Child]:
        """`python -m MODULE ...`, in a session of its own; stopped by SIGTERM at the end."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_clean() | dict(told),
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - runs one system call, takes no lock
            )
        try:
            yield Child(process.pid, _first_line(process, log) if says_ready else {})
        finally:
            _end(process)

    def run(self, name: str, *module: str, told: Mapping[str, str], limit_s: float = 600.0) -> dict[str, Any]:
        """Run `python -m MODULE ...` to its end; the JSON line that it printed. Raises ChildFailed."""
        log = self.logs / f"{name}.log"
        with log.open("wb") as errors:
            done = subprocess.run(
                [sys.executable, "-m", *module],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_clean() | dict(told),
                timeout=limit_s,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        if done.returncode:
            raise ChildFailed(_last_words(name, log))
        line: dict[str, Any] = json.loads(done.stdout)
        return line

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement as the superuser, who sees all tenants."""

        async def go() -> list[Any]:
            connection = await asyncpg.connect(self.postgres.admin_url(), server_settings={"search_path": "pouls"})
            try:
                found: list[Any] = await connection.fetch(statement, *values)
            finally:
                await connection.close()
            return found

        return interruptible.run(go())

    def postmaster(self) -> int:
        """The process id of PostgreSQL, whose children are its sessions."""
        pid_file = self.postgres.cluster / "postmaster.pid"
        return int(pid_file.read_text(encoding="utf-8").splitlines()[0])


@contextmanager
def ground() -> Iterator[Ground]:
    """A new, empty ground; nothing of it is left afterwards."""
    with interruptible.raising(), tempfile.TemporaryDirectory(prefix="pouls-bench-") as name:
        folder = Path(name)
        settings = Settings.model_validate({"data": {"dir": folder / "data"}, "keys": {"dir": folder / "keys"}})
        postgres = Embedded(settings.data.dir)
        try:
            with postgres:
                local.prepare_keys(settings)
                interruptible.run(local.prepare_database(postgres))
                yield Ground(postgres, settings, folder)
        finally:
            # As root, the cluster may lie elsewhere, where PostgreSQL's own user can reach it.
            shutil.rmtree(postgres.cluster.resolve(), ignore_errors=True)


def _clean() -> dict[str, str]:
    """The environment without settings of ours, which would make the bench measure something else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POULS_")}


def _first_line(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit:
        if select.select([process.stdout], [], [], 0.2)[0]:
            text = process.stdout.readline()
            if not text:
                break
            line: dict[str, Any] = json.loads(text)
            return line
    raise ChildFailed(_last_words(log.stem, log))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _last_words(name: str, log: Path) -> str:
    return f"{name} failed: {log.read_bytes()[-LAST_WORDS:].decode('utf-8', 'replace')}"
