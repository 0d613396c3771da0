"""The widget's compiler and bundler, installed by a lock into a folder that git ignores, with a copy of its sources."""

import hashlib
import os
import shutil
from pathlib import Path

from tests.make import node_packages
from tests.make.node_packages import ROOT, packages

WIDGET = ROOT / "service" / "widget"
BUILT = WIDGET / "static"
_BESIDE = ("build.mjs", "tsconfig.json")


def installed() -> Path:
    """The folder: what the lock names is installed there, and the sources are those of now."""
    with packages(WIDGET, "widget") as folder:
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
    return node_packages.ran(*command, cwd=folder, env=environment).stdout


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
