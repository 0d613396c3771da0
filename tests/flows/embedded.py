"""Embedded servers under test, asked directly."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from service.kit.postgres import Embedded
from tests.flows.children import python_path

Make = Callable[[Path], Embedded]


def ask(server: Embedded, statement: str = "SELECT 1", **connection: Any) -> Any:
    """One value, asked as the superuser."""

    async def go() -> Any:
        opened = await asyncpg.connect(server.maintenance_url(), timeout=10, **connection)
        try:
            return await opened.fetchval(statement)
        finally:
            await opened.close()

    return asyncio.run(go())


def postmaster(server: Embedded) -> int:
    return int((server.cluster / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def runtime_of(server: Embedded) -> Path:
    assert server._runtime is not None
    return server._runtime


def run(script: str, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
    """A Python process of its own that knows the service."""
    environment = os.environ | {"PYTHONPATH": python_path()} | options.pop("env", {})
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd="/", env=environment, **options)
