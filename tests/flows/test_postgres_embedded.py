"""The embedded PostgreSQL: anywhere, for one process, behind a password."""

import asyncio
import os
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.kit.postgres import ADMIN, LOGINS, Embedded, FolderInUse
from tests.flows.children import is_running, needs_proc, python_for, python_path
from tests.flows.clusters import removed
from tests.flows.embedded import Make, ask, postmaster, run, runtime_of

pytestmark = needs_proc
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server under another account")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """One server for the tests that only look, with a cluster of its own making."""
    with removed(Embedded(tmp_path_factory.mktemp("running") / "data")) as server:
        server.start()
        yield server


# -- where it lives ------------------------------------------------------------------------------------------


def test_started_used_stopped_and_started_again(tmp_path: Path, make: Make) -> None:
    server = make(tmp_path / "data")
    server.start()
    ask(server, "CREATE TABLE kept (x int)")
    runtime, pid = runtime_of(server), postmaster(server)
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700
    server.stop()
    assert not runtime.exists()
    assert not is_running(pid)
    with pytest.raises(RuntimeError):
        server.url("pouls_app")
    server.start()
    assert ask(server, "SELECT count(*) FROM kept") == 0
    assert runtime_of(server) != runtime


@pytest.mark.parametrize("name", ['-c d\'été "quoted" $HOME', "/".join(["long" * 25] * 4)], ids=["odd", "long"])
def test_any_data_folder_will_do(tmp_path: Path, make_anew: Make, name: str) -> None:
    """Under a folder that is closed to others, as pytest makes it."""
    assert not tmp_path.stat().st_mode & 0o077
    server = make_anew(tmp_path / name)
    server.start()
    assert ask(server) == 1


@pytest.mark.parametrize("name", ["closed, with spaces", "x" * 120], ids=["closed", "long"])
def test_any_temporary_folder_will_do(tmp_path: Path, make: Make, temporary: Callable[[Path], None], name: str) -> None:
    """A socket's path may have 107 bytes; TMPDIR may be longer than that, and closed to the server's account."""
    temporary(tmp_path / name)
    server = make(tmp_path / "data")
    server.start()
    assert ask(server) == 1


def test_a_long_temporary_folder_that_is_open_will_do_too(
    tmp_path: Path, make: Make, short: Path, temporary: Callable[[Path], None]
) -> None:
    """As above, but one that the server's account can reach, as always where we are that account."""
    temporary(short / ("y" * 120))
    (short / ("y" * 120)).chmod(0o755)
    server = make(tmp_path / "data")
    server.start()
    assert ask(server) == 1


def test_a_relative_folder_is_meant_from_here(tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    server = make(Path("data"))
    server.start()
    monkeypatch.chdir("/")
    assert ask(server) == 1


@as_root
def test_as_root_the_server_is_somebody_else_and_its_files_too(running: Embedded) -> None:
    uid = Path(f"/proc/{postmaster(running)}").stat().st_uid
    assert uid != 0
    for path in (running.cluster.resolve(), runtime_of(running)):
        assert path.stat().st_uid == uid
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    # What opens the database is root's.
    assert (running.folder / "database.json").stat().st_uid == 0


# -- who may use it ------------------------------------------------------------------------------------------


def test_two_processes_do_not_share_a_folder(tmp_path: Path, make: Make) -> None:
    server = make(tmp_path / "data")
    server.start()
    with pytest.raises(FolderInUse):
        make(tmp_path / "data").start()
    script = (
        "import sys; from pathlib import Path; from service.kit.postgres import Embedded, FolderInUse\n"
        "try: Embedded(Path(sys.argv[1])).start()\n"
        "except FolderInUse: sys.exit(7)\n"
    )
    assert run(script, str(tmp_path / "data")).wait(30) == 7
    assert ask(server) == 1, "the one that was refused took nothing away"


@pytest.mark.parametrize("password", ["", "wrong", None], ids=["empty", "wrong", "none"])
def test_without_the_right_password_nobody_enters(running: Embedded, password: str | None) -> None:
    """Also through the socket, also as the superuser, also from root."""
    with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
        asyncio.run(
            asyncpg.connect(
                host=str(runtime_of(running)), user=ADMIN, database="postgres", password=password, timeout=5
            )
        )


def test_it_listens_on_no_network(running: Embedded) -> None:
    assert ask(running, "SHOW listen_addresses") == ""
    pid = postmaster(running)
    sockets = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            target = handle.readlink().name
            if target.startswith("socket:["):
                sockets.add(target.removeprefix("socket:[").removesuffix("]"))
    assert sockets
    for table in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/{pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]
        assert not [line for line in lines if line.split()[9] in sockets], table


def test_passwords_are_each_their_own_and_for_the_owner_alone(running: Embedded, tmp_path: Path) -> None:
    other = Embedded(tmp_path)
    other._make_credentials()
    found = running.credentials(), other.credentials()
    assert set(found[0]) == set(found[1]) == {ADMIN, *LOGINS}
    assert len({*found[0].values(), *found[1].values()}) == 2 * (len(LOGINS) + 1)
    assert stat.S_IMODE((running.folder / "database.json").stat().st_mode) == 0o600
    hashed = ask(running, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")
    assert hashed.startswith("SCRAM-SHA-256$")


def test_no_password_is_on_a_command_line(tmp_path: Path, make_anew: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody on the machine can read the command lines of all processes."""
    lines: list[str] = []
    run, start = subprocess.run, subprocess.Popen.__init__

    def watched(command: Any, *given: Any, **options: Any) -> Any:
        lines.append(" ".join(map(str, command)))
        return run(command, *given, **options)

    def watched_start(self: Any, command: Any, *given: Any, **options: Any) -> None:
        lines.append(" ".join(map(str, command)))
        start(self, command, *given, **options)

    monkeypatch.setattr(subprocess, "run", watched)
    monkeypatch.setattr(subprocess.Popen, "__init__", watched_start)
    server = make_anew(tmp_path / "data")
    server.start()
    ask(server, "CREATE DATABASE pouls")
    server.pg_dump("--schema-only")
    assert len(lines) >= 3
    assert not [line for line in lines for password in server.credentials().values() if password in line]


def test_the_log_is_for_the_owner_alone_and_holds_no_statement(running: Embedded) -> None:
    with pytest.raises(asyncpg.PostgresError):
        ask(running, "SELECT 'canary-7f3a'::int")
    with pytest.raises(asyncpg.PostgresError):
        ask(running, "DO $$ BEGIN RAISE EXCEPTION 'x' USING DETAIL = 'canary-7f3a'; END $$")
    assert "canary-7f3a" not in running.log.read_text(encoding="utf-8").replace(
        'syntax for type integer: "canary-7f3a"', ""
    )
    assert stat.S_IMODE(running.log.stat().st_mode) == 0o600


@as_root
def test_root_and_an_ordinary_user_at_the_same_time(tmp_path: Path, make: Make, short: Path) -> None:
    python = python_for(NOBODY)
    if python is None:
        pytest.skip("no interpreter and libraries here that another account may read")
    home = short / "home"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    script = (
        "import asyncio, sys; from pathlib import Path; import asyncpg; from service.kit.postgres import Embedded\n"
        "async def go(url):\n"
        "    opened = await asyncpg.connect(url, timeout=10)\n"
        "    print(await opened.fetchval('SELECT 42')); await opened.close()\n"
        "with Embedded(Path(sys.argv[1])) as server: asyncio.run(go(server.maintenance_url()))\n"
    )
    mine = make(tmp_path / "data")
    mine.start()
    environment = {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": python_path(), "PATH": os.environ["PATH"]}
    theirs = subprocess.run(
        [python, "-c", script, str(home / "data")],
        check=False, capture_output=True, cwd=home, env=environment, user=NOBODY, group=NOBODY, extra_groups=[],
    )  # fmt: skip
    assert (theirs.returncode, theirs.stdout) == (0, b"42\n"), theirs.stderr[-1000:]
    assert (home / "data" / "pg").stat().st_uid == NOBODY
    assert ask(mine) == 1
    # Neither can take the other's.
    taken = subprocess.run(
        [python, "-c", script, str(tmp_path / "data")],
        check=False, capture_output=True, cwd=home, env=environment, user=NOBODY, group=NOBODY, extra_groups=[],
    )  # fmt: skip
    assert taken.returncode != 0


def test_the_socket_is_no_wider_than_its_folder(running: Embedded) -> None:
    (found,) = runtime_of(running).glob(".s.PGSQL.*[0-9]")
    assert stat.S_ISSOCK(found.stat().st_mode)
    assert stat.S_IMODE(found.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as opened:
        opened.connect(str(found))
