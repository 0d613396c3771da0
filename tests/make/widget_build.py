"""The widget's compiler and bundler, installed by a lock into a folder that git ignores, with a copy of its sources."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WIDGET = ROOT / "service" / "widget"
BUILT = WIDGET / "static"
LIMIT_S = 300
_PACKAGE = ("package.json", "package-lock.json")
_BESIDE = ("build.mjs", "tsconfig.json")
needs_npm = pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed: Debian's packages nodejs and npm bring it"
)


def installed() -> Path:
    """The folder: what the lock names is installed there, and the sources are those of now. Who comes second waits."""
    package = b"".join((WIDGET / name).read_bytes() for name in _PACKAGE)
    folder = ROOT / "build" / f"widget-{hashlib.sha256(package).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in _PACKAGE:
                shutil.copy(WIDGET / name, folder)
            ran(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
            (folder / "done").touch()
        _copy_sources(folder)
    return folder


def bundled(entry: Path, file: Path, form: str = "esm") -> Path:
    """One file of all that the entry imports, for a test to run."""
    esbuild = installed() / "node_modules" / ".bin" / "esbuild"
    ran(ROOT, str(esbuild), str(entry), "--bundle", f"--format={form}", "--log-level=warning", f"--outfile={file}")
    return file


def ran(folder: Path, *command: str) -> str:
    """What a command that must succeed said."""
    environment = os.environ | {"TMPDIR": str(folder)} if folder != ROOT else None
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def _copy_sources(folder: Path) -> None:
    """Those of now; not again where they are there, since another test may be reading them."""
    files = [*(WIDGET / name for name in _BESIDE), *sorted(WIDGET.glob("src/**/*.ts"))]
    told = hashlib.sha256(b"".join(str(file).encode() + b"\0" + file.read_bytes() for file in files)).hexdigest()
    stamp = folder / "sources"
    if stamp.exists() and stamp.read_text() == told:
        return
    shutil.rmtree(folder / "src", ignore_errors=True)
    shutil.copytree(WIDGET / "src", folder / "src")
    for name in _BESIDE:
        shutil.copy(WIDGET / name, folder)
    stamp.write_text(told)
