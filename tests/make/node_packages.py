"""Packages of npm that tests work with: installed as they are locked, into a folder that git ignores."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 300
needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed: Debian's packages nodejs and npm bring it"
)
_FILES = ("package.json", "package-lock.json")


def ran(*command: str | Path, cwd: Path, **options: Any) -> "subprocess.CompletedProcess[str]":
    """A program that must succeed, with what it said."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=LIMIT_S, check=False, **options)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done


@contextmanager
def packages(sources: Path, name: str) -> Iterator[Path]:
    """A folder with what the lock in `sources` installs, in `node_modules`; nobody else changes it meanwhile."""
    content = b"".join((sources / one).read_bytes() for one in _FILES)
    folder = ROOT / "build" / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for one in _FILES:
                shutil.copy(sources / one, folder)
            install = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            ran(*install, cwd=folder, env=os.environ | {"TMPDIR": str(folder)})
            (folder / "done").touch()
        yield folder
