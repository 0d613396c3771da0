"""A private instance for the length of a replay: a whole Pouls as a child process, on a free port, with one tenant."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.cli.replay_failed import ReplayFailed

STOP_S = 120.0
# A private instance takes nothing of how another one is set up; how much it logs is the caller's wish all the same.
_PASSED_ON = "POULS_LOG_"


@dataclass(frozen=True, slots=True)
class Instance:
    """A running service; `ended` is set when its process is gone."""

    url: str
    keys: dict[str, str]
    ended: threading.Event


@contextmanager
def kept_or_temporary(folder: Path | None) -> Iterator[Path]:
    """The folder given, or one that is removed afterwards."""
    if folder is not None:
        yield folder
        return
    made = Path(tempfile.mkdtemp(prefix="pouls-replay-"))
    # Passable, so that a database server that runs as another user reaches its own folder inside; what is secret in
    # there is readable by its owner alone.
    made.chmod(0o711)
    try:
        yield made
    finally:
        cluster = (made / "pg").resolve()  # may be a link to where that user could reach it
        shutil.rmtree(cluster, ignore_errors=True)
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def private_instance(folder: Path) -> Iterator[Instance]:
    """Start one on a data folder, and stop it in order. Raises ReplayFailed where it does not start."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("POULS_") or name.startswith(_PASSED_ON)
    }
    environment.setdefault("POULS_LOG_LEVEL", "warning")  # standard error is the progress bar's
    command = [sys.executable, "-m", "service.cli", "demo", "--port", "0", "--data", str(folder.absolute())]
    child = subprocess.Popen(  # noqa: S603 - ourselves
        [*command, "--json", "--empty", "--child"],
        stdin=subprocess.PIPE,  # it stops when this end is closed, also by our death
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
    )
    assert child.stdin is not None  # noqa: S101 - asked for above
    assert child.stdout is not None  # noqa: S101 - same
    ended = threading.Event()
    try:
        line = child.stdout.readline()
        if not line:
            raise ReplayFailed(f"the private instance did not start (exit code {child.wait()})")
        ready = json.loads(line)
        threading.Thread(target=_watch, args=(child, ended), daemon=True).start()
        yield Instance(ready["url"], ready["keys"], ended)
    finally:
        child.stdin.close()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()


def _watch(child: "subprocess.Popen[bytes]", ended: threading.Event) -> None:
    child.wait()
    ended.set()
