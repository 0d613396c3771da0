"""The widget's logic, run by Node without a browser."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.make.node_packages import ROOT
from tests.make.widget_build import bundled, ran

BROWSER = ROOT / "tests" / "browser"
Call = tuple[str, *tuple[Any, ...]]


class Logic:
    """A process that answers call after call."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def called(self, calls: Sequence[Call]) -> list[Any]:
        """The results of calls, each a function's name and its arguments; one line there and back."""
        told = [{"function": name, "arguments": arguments} for name, *arguments in calls]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the logic ended with an error, which stands above"
        results: list[Any] = json.loads(line)
        return results


@contextmanager
def running(folder: Path) -> Iterator[Logic]:
    """The logic, bundled into this folder."""
    bundle = bundled(BROWSER / "logic.ts", folder / "logic.mjs")
    command = ["node", str(BROWSER / "logic.mjs"), str(bundle)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Logic(process)
        assert process.stdin is not None
        process.stdin.close()


def stories(folder: Path, told: Sequence[Sequence[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """What happened in each story; see sending.mjs."""
    bundle = bundled(BROWSER / "logic.ts", folder / "logic.mjs")
    done = ran(BROWSER, "node", "sending.mjs", str(bundle), json.dumps(told))
    happened: list[list[dict[str, Any]]] = json.loads(done)
    return happened
