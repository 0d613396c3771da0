"""The ground that a bench stands on: a private embedded PostgreSQL, key files, and the service's own processes on it.

Everything is taken down when the block is left, however it is left: Ctrl-C and SIGTERM unwind the blocks, and the
kernel ends the children of a bench that was killed.
"""

import asyncio
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
from typing import Any, Self
from uuid import UUID

import asyncpg

from service.cli import local
from service.cli.admin import make_tenant
from service.cli.client import Client
from service.kit.db import Database
from service.kit.os_user import die_with_parent
from service.kit.postgres import Embedded
from service.settings import Settings

READY_S = 60.0
STOP_S = 60.0


class ChildFailed(Exception):
    """A process of the bench ended or did not answer; its last lines are in the message."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process that runs, and the JSON line it printed when it was ready (empty where none was awaited)."""

    pid: int
    ready: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ground:
    """A database that is ready, a key folder, and where processes write their logs."""

    postgres: Embedded
    settings: Settings
    logs: Path

    def environment(self, role: str) -> dict[str, str]:
        """What the service's processes are told."""
        return {
            "POULS_DATABASE_URL": self.postgres.url(role),
            "POULS_KEYS_DIR": str(self.settings.keys_dir),
            "POULS_DATA_DIR": str(self.settings.data.dir),
        }

    @contextmanager
    def child(self, name: str, *module: str, told: Mapping[str, str], line: bool = True) -> Iterator[Child]:
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
            yield Child(process.pid, _first_line(process, log) if line else {})
        finally:
            _end(process)

    def run(self, name: str, *module: str, told: Mapping[str, str], limit_s: float) -> dict[str, Any]:
        """Run `python -m MODULE ...` to its end; the JSON line it printed."""
        with self.child(name, *module, told=told, line=False) as child:
            raise NotImplementedError(name, child, limit_s)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement, as the superuser: a bench looks at all tenants."""

        async def go() -> list[Any]:
            connection = await asyncpg.connect(self.postgres.admin_url(), server_settings={"search_path": "pouls"})
            try:
                found: list[Any] = await connection.fetch(statement, *values)
            finally:
                await connection.close()
            return found

        return asyncio.run(go())

    def postmaster(self) -> int:
        """The process id of PostgreSQL."""
        pid_file = self.postgres.cluster / "postmaster.pid"
        return int(pid_file.read_text(encoding="utf-8").splitlines()[0])
