"""The embedded PostgreSQL comes back from any end: of its parent, of itself, of the machine."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from service.kit.postgres import Embedded, FolderInUse, StartFailed
from tests.flows.children import descendants, is_running, needs_proc, wait_for
from tests.flows.clusters import copy_to
from tests.flows.embedded import Make, ask, postmaster, run, runtime_of

pytestmark = needs_proc
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server under another account")

_HOLD = (
    "import sys, time; from pathlib import Path; from service.kit.postgres import Embedded\n"
    "server = Embedded(Path(sys.argv[1])); server.start(); print('up', flush=True); time.sleep(60)\n"
)


def test_a_server_whose_parent_is_killed_ends_and_the_folder_can_be_used_at_once(
    tmp_path: Path, make: Make, blank: Embedded
) -> None:
    server = make(copy_to(tmp_path / "data", blank))
    for _ in range(3):
        parent = run(_HOLD, str(tmp_path / "data"), stdout=subprocess.PIPE)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        pid = postmaster(server)
        assert pid in descendants(parent.pid)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        server.start()
        assert ask(server) == 1
        assert not is_running(pid)
        server.stop()


def test_the_socket_folder_of_a_process_that_was_killed_goes_at_the_next_start(
    tmp_path: Path, make: Make, blank: Embedded, short: Path, temporary: Callable[[Path], None]
) -> None:
    temporary(short / "t")
    server = make(copy_to(tmp_path / "data", blank))
    for _ in range(2):
        parent = run(_HOLD, str(tmp_path / "data"), stdout=subprocess.PIPE)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        left = json.loads((tmp_path / "data" / "runtime.json").read_text(encoding="utf-8"))["folder"]
        parent.kill()
        parent.wait()
        parent.stdout.close()
        assert Path(left).is_dir()
        server.start()
        assert ask(server) == 1
        assert not Path(left).exists()
        server.stop()
        assert not (tmp_path / "data" / "runtime.json").exists()


@pytest.mark.parametrize("told", ["", "[]", "5", '{"lock": []}', '{"folder": "/nowhere/pouls-x", "lock": [1, 2]}'])
def test_a_note_of_the_socket_folder_that_says_nothing_is_written_anew(tmp_path: Path, told: str) -> None:
    server = _prepared(tmp_path / "data", told)
    assert json.loads((tmp_path / "data" / "runtime.json").read_text(encoding="utf-8"))["folder"] == str(
        runtime_of(server)
    )
    server.stop()


def test_a_copied_data_folder_leaves_the_original_its_socket(tmp_path: Path, make: Make) -> None:
    """As after `cp -a` while the server runs: the note is the original's, the lock is not."""
    server = make(tmp_path / "data")
    server.start()
    copy = _prepared(tmp_path / "copy", (tmp_path / "data" / "runtime.json").read_text(encoding="utf-8"))
    assert runtime_of(copy) != runtime_of(server)
    copy.stop()
    assert ask(server) == 1


def test_a_note_never_names_a_folder_that_is_not_of_this_kind(tmp_path: Path) -> None:
    theirs = tmp_path / "thesis"
    theirs.mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lock").touch()
    lock = (tmp_path / "data" / "lock").stat()
    _prepared(tmp_path / "data", json.dumps({"folder": str(theirs), "lock": [lock.st_dev, lock.st_ino]})).stop()
    assert theirs.is_dir()


def _prepared(folder: Path, told: str) -> Embedded:
    """One that has its socket folder but no server, on a data folder with this note in it."""
    server = Embedded(folder)
    folder.mkdir(exist_ok=True)
    (folder / "runtime.json").write_text(told, encoding="utf-8")
    server._take_folder()
    server._make_runtime()
    return server


def test_nothing_is_left_of_one_that_is_removed(tmp_path: Path) -> None:
    server = Embedded(tmp_path / "data")
    server.start()
    pid, places = postmaster(server), [server.folder, server.cluster.resolve(), runtime_of(server)]
    with pytest.raises(FolderInUse):
        Embedded(tmp_path / "data").remove()
    assert ask(server) == 1
    server.remove()
    assert not is_running(pid)
    assert not [place for place in places if place.exists()]
    server.remove()


def test_a_server_that_was_killed_itself_is_waited_for_at_the_next_start(tmp_path: Path, make: Make) -> None:
    """A power cut leaves the old status file, which says `ready`; the new server is not ready yet."""
    server = make(tmp_path / "data")
    server.start()
    _kill_server(server)
    server.stop()
    server.start()
    assert ask(server) == 1


def _kill_server(server: Embedded) -> None:
    pid = postmaster(server)
    family = [pid, *descendants(pid)]
    for member in family:
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    assert wait_for(lambda: not any(map(is_running, family)))


def _starts(server: Embedded) -> bool:
    try:
        server.start()
    except FolderInUse:
        return False
    return True


def _killed_when(folder: Path, holds: Callable[[], bool]) -> None:
    """A process that starts a server on this folder is killed, with all that it waits for, as in a power cut."""
    child = run(_HOLD, str(folder), stdout=subprocess.DEVNULL, start_new_session=True)
    came = wait_for(holds)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    assert came


def test_a_cluster_that_was_only_half_made_is_made_again(tmp_path: Path, make_anew: Make) -> None:
    """The draft is being filled by initdb; nothing of anybody is in there yet."""
    folder = tmp_path / "data"
    place = folder / "pg"
    _killed_when(folder, lambda: place.exists() and (Embedded._draft_of(place.resolve()) / "PG_VERSION").exists())
    assert not (place / "PG_VERSION").exists()
    server = make_anew(folder)
    # A child that was just being forked holds the folder's lock for a moment longer.
    assert wait_for(lambda: _starts(server), 3)
    assert ask(server) == 1


def test_a_server_that_lost_its_parent_while_starting_is_waited_for(
    tmp_path: Path, make: Make, blank: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes its status file between our look for one and our own server's start: ours finds the place taken."""
    server = make(copy_to(tmp_path / "data", blank))
    other = make(tmp_path / "other")
    other.folder.mkdir()
    other.cluster.symlink_to(server.cluster.resolve())
    shutil.copy(server.folder / "database.json", other.folder)
    other.start()
    overlooked = iter([None])
    end_leftover = Embedded._end_leftover

    def look(given: Embedded, binaries: Path) -> None:
        if next(overlooked, False) is False:
            end_leftover(given, binaries)

    monkeypatch.setattr(Embedded, "_end_leftover", look)
    server.start()
    assert ask(server) == 1
    assert postmaster(server) in descendants(os.getpid())
    assert "already exists" in server.log.read_text(encoding="utf-8")


def test_a_server_that_does_not_start_is_given_up(tmp_path: Path, make: Make, blank: Embedded) -> None:
    server = make(copy_to(tmp_path / "data", blank))
    (server.cluster / "postgresql.conf").write_text("no_such_setting = on\n", encoding="utf-8")
    with pytest.raises(StartFailed, match="did not start"):
        server.start()


def test_a_status_file_that_goes_away_between_two_looks_is_waited_for(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old server, still going down, removes its own just then."""
    exists = Path.exists

    def there(path: Path, **given: bool) -> bool:
        return path.name == "postmaster.pid" or exists(path, **given)

    server = make(tmp_path / "data")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", there)
        server.start()
    assert ask(server) == 1


def test_a_cluster_that_holds_something_is_never_made_again(tmp_path: Path, make: Make) -> None:
    """The sign that it is whole may be missing: an older version made it, or a copy left the sign out."""
    server = make(tmp_path / "data")
    server.start()
    ask(server, "CREATE DATABASE pouls")
    server.stop()
    known = {path.name for path in (tmp_path / "data").iterdir()} - {"pg", "database.json", "lock", "pg.log"}
    for name in known:
        (tmp_path / "data" / name).unlink()
    with suppress(StartFailed):
        server.start()
        assert ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'pouls'") == 1
    server.stop()
    assert len(list((server.cluster / "base").iterdir())) > 3, "the customer's database was thrown away"


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path, make_anew: Make) -> None:
    """`--data .` where there happens to be a folder of that name."""
    theirs = tmp_path / "data" / "pg" / "thesis.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work", encoding="utf-8")
    with pytest.raises(StartFailed):
        make_anew(tmp_path / "data").start()
    assert theirs.read_text(encoding="utf-8") == "years of work"


def test_passwords_that_were_only_half_written_are_made_again(tmp_path: Path, make_anew: Make) -> None:
    """Killed between making the file and filling it, before there was a cluster."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "database.json").touch(0o600)
    server = make_anew(folder)
    server.start()
    assert ask(server) == 1


def test_a_start_that_fails_gives_everything_back(
    tmp_path: Path, make: Make, short: Path, temporary: Callable[[Path], None]
) -> None:
    temporary(short / "t")
    server = make(tmp_path / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.kit.postgres.CONFIGURATION", {"shared_buffers": "no number"})
        with pytest.raises(StartFailed):
            server.start()
    assert list((short / "t").iterdir()) == []
    server.start()
    assert ask(server) == 1


def test_stopping_does_not_wait_for_open_sessions(tmp_path: Path, make: Make) -> None:
    server = make(tmp_path / "data")
    server.start()

    async def go() -> float:
        opened = await asyncpg.connect(server.maintenance_url(), timeout=5)
        await opened.execute("BEGIN; CREATE TABLE x (y int)")
        started = time.monotonic()
        await asyncio.to_thread(server.stop)
        opened.terminate()
        return time.monotonic() - started

    assert asyncio.run(go()) < 5


@as_root
def test_a_cluster_whose_place_is_gone_is_told_in_words(tmp_path: Path, make: Make) -> None:
    server = make(tmp_path / "data")
    server.start()
    server.stop()
    if not server.cluster.is_symlink():
        pytest.skip("the cluster lies in the folder itself here")
    shutil.rmtree(server.cluster.resolve())
    try:
        server.start()
    except StartFailed:
        return
    assert ask(server) == 1
