"""Clusters that are copied instead of made: initdb and the migrations run once in a session, not for each test."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from service.kit.postgres import Embedded
from tests.flows.children import forget

# What tests see of initdb: it runs under the server's account, reads the password, wants an empty folder and fills it.
_INITDB = 'set -e; cat -- "$3" > /dev/null; test -z "$(ls -A -- "$2")"; cp -R -- "$1/." "$2"'


class Copied(Embedded):
    """An embedded server whose initdb copies a stopped one's cluster, and takes over the passwords that are in there.

    All else is the service's own: where the cluster lies and whose it is, the draft and its place, every later start.
    Tests of the making itself use `Embedded`.
    """

    def __init__(self, folder: Path, pattern: Embedded) -> None:
        super().__init__(folder)
        self._pattern = pattern

    def _run(self, *command: object, check: bool = True) -> "subprocess.CompletedProcess[bytes]":
        if Path(str(command[0])).name != "initdb":
            return super()._run(*command, check=check)
        given = dict(pairwise(command))
        made, draft, password = self._pattern.cluster.resolve(), given["--pgdata"], given["--pwfile"]
        done = super()._run("/bin/sh", "-c", _INITDB, "initdb", made, draft, password, check=check)
        self._credentials_file.write_bytes(self._pattern._credentials_file.read_bytes())
        return done


def copy_to(folder: Path, pattern: Embedded) -> Path:
    """A data folder for a process that starts on it, as one leaves it that ran before and stopped in order."""
    with Copied(folder, pattern):
        return folder


@contextmanager
def removed(server: Embedded) -> Iterator[Embedded]:
    """A server that goes with its folder in the end, wherever its cluster lies."""
    try:
        yield server
    finally:
        server.stop()
        forget(server.folder)
