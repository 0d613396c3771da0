"""The rules of accessibility, installed by a lock into a folder that git ignores, and asked in a browser."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 300
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4"]
needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed: Debian's packages nodejs and npm bring it"
)
_FILES = ("package.json", "package-lock.json")
_ASKED = """tags => axe.run({ runOnly: tags }).then(found => Object.fromEntries(
    ["violations", "incomplete", "passes"].map(kind => [kind, found[kind].map(one => [
        one.id, kind === "passes" ? [] : one.nodes.map(node => `${node.html}\\n${node.failureSummary}`),
    ])])
))"""


@dataclass(frozen=True)
class Found:
    """By rule the places where it is broken, or where it takes a person to say; and the rules that hold."""

    violations: dict[str, list[str]]
    undecided: dict[str, list[str]]
    passed: set[str]


def asked(page: Page, rules: Sequence[str] = RULES) -> Found:
    """What axe finds on a page as it is now. It needs scripts: the page's context is one that bypasses policies."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_ASKED, list(rules))
    return Found(dict(found["violations"]), dict(found["incomplete"]), {rule for rule, _ in found["passes"]})


@cache
def _source() -> str:
    """Who comes second waits until it is installed."""
    folder_of = ROOT / "tests" / "browser"
    content = b"".join((folder_of / name).read_bytes() for name in _FILES)
    folder = ROOT / "build" / f"browser-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in _FILES:
                shutil.copy(folder_of / name, folder)
            _installed(folder)
            (folder / "done").touch()
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _installed(folder: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    environment = os.environ | {"TMPDIR": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
