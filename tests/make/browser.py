"""Chromium with its driver, installed by a lock into a folder that git ignores; pages are looked at in it."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "browser"
LIMIT_S = 300
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4"]
needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed: Debian's packages nodejs and npm bring it"
)


def looked_at(job: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the browser saw of each page; see look.mjs."""
    folder = _installed()
    environment = os.environ | {"TMPDIR": str(folder)}  # the browser is unpacked there
    done = subprocess.run(
        ["node", folder / "look.mjs"],
        input=json.dumps(job), env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _installed() -> Path:
    """The folder, with the browser in it; who comes second waits."""
    content = b"".join((SOURCES / name).read_bytes() for name in ("package-lock.json", "look.mjs"))
    folder = ROOT / "build" / f"browser-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in ("package.json", "package-lock.json", "look.mjs"):
                shutil.copy(SOURCES / name, folder)
            _ran(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            unpack = "import c from '@sparticuz/chromium'; await c.executablePath()"
            _ran(folder, "node", "--input-type=module", "-e", unpack)
            (folder / "done").touch()
    return folder


def _ran(folder: Path, *command: str) -> None:
    environment = os.environ | {"TMPDIR": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
