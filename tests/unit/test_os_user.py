"""Which account may reach what, and children that do not outlive their parent."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from service.kit import os_user
from service.kit.os_user import NAME, NoUnprivilegedUser, OsUser, die_with_parent, may_reach, unprivileged_user

STRANGER = OsUser(uid=64_001, gid=64_001, home=Path("/nonexistent"))
needs_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody can reach."""
    folder = Path(tempfile.mkdtemp(prefix="open-"))
    folder.chmod(0o755)
    for parent in folder.parents:
        if not parent.stat().st_mode & 0o001:
            pytest.skip("the folder for temporary files is closed to others here")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("above", "itself", "expected"),
    [
        (0o755, 0o755, True),
        (0o711, 0o755, True),  # entering needs no reading
        (0o711, 0o711, False),
        (0o700, 0o755, False),
        (0o755, 0o700, False),
        (0o755, 0o750, False),
        (0o754, 0o755, False),
    ],
)
def test_a_stranger_reaches_what_is_open_on_the_whole_way(
    open_folder: Path, above: int, itself: int, expected: bool
) -> None:
    folder = open_folder / "above" / "itself"
    folder.mkdir(parents=True)
    folder.chmod(itself)
    folder.parent.chmod(above)
    assert may_reach(STRANGER, folder) is expected
    folder.parent.chmod(0o700)


def test_an_executable_must_be_executable(open_folder: Path) -> None:
    file = open_folder / "postgres"
    file.touch()
    for mode, expected in ((0o755, True), (0o644, False), (0o711, False)):
        file.chmod(mode)
        assert may_reach(STRANGER, file) is expected


def test_what_is_not_there_can_not_be_reached(open_folder: Path) -> None:
    assert not may_reach(STRANGER, open_folder / "nothing" / "here")


def test_a_link_is_judged_by_its_target(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    (open_folder / "link").symlink_to(closed)
    assert not may_reach(STRANGER, open_folder / "link")


@as_root
def test_the_owners_bits_count_for_the_owner_alone(open_folder: Path) -> None:
    """Also where they give less than the others': that is how the kernel decides."""
    mine = open_folder / "mine"
    mine.mkdir()
    os.chown(mine, STRANGER.uid, 0)
    for mode, expected in ((0o700, True), (0o077, False), (0o500, True), (0o400, False)):
        mine.chmod(mode)
        assert may_reach(STRANGER, mine) is expected
    os.chown(mine, 0, STRANGER.gid)
    for mode, expected in ((0o750, True), (0o705, False), (0o055, True)):
        mine.chmod(mode)
        assert may_reach(STRANGER, mine) is expected


@as_root
def test_the_account_is_made_once_and_can_not_log_in() -> None:
    import pwd  # noqa: PLC0415 - not on every system

    user = unprivileged_user()
    assert unprivileged_user() == user
    entry = pwd.getpwnam(NAME)
    assert entry.pw_uid == user.uid != 0
    assert entry.pw_shell.endswith(("nologin", "false"))
    assert user.home.stat().st_uid == 0, "it must not be able to replace what root runs from there"
    assert not user.home.stat().st_mode & 0o022


def test_without_the_account_and_without_the_tool_it_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unknown(_: str) -> None:
        raise KeyError

    monkeypatch.setattr(os_user, "HOME", tmp_path)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(NoUnprivilegedUser, match="create a system user named pouls"):
        unprivileged_user()


def test_a_tool_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unknown(_: str) -> None:
        raise KeyError

    tool = tmp_path / "useradd"
    tool.write_text("#!/bin/sh\necho 'useradd: cannot lock /etc/passwd' >&2\nexit 1\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setattr(os_user, "HOME", tmp_path)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    monkeypatch.setattr("shutil.which", lambda *_, **__: str(tool))
    with pytest.raises(NoUnprivilegedUser, match="cannot lock"):
        unprivileged_user()


def test_many_at_once_make_one_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A real `useradd` that comes second does not fail: it gives the account another number."""
    made = tmp_path / "made"
    tool = tmp_path / "useradd"
    tool.write_text(f"#!/bin/sh\nsleep 0.1\necho line >> {made}\n", encoding="utf-8")
    tool.chmod(0o755)

    def account(_: str) -> SimpleNamespace:
        if not made.exists():
            raise KeyError
        number = len(made.read_text(encoding="utf-8").splitlines())
        return SimpleNamespace(pw_uid=number, pw_gid=number)

    monkeypatch.setattr(os_user, "HOME", tmp_path)
    monkeypatch.setattr("pwd.getpwnam", account)
    monkeypatch.setattr("shutil.which", lambda *_, **__: str(tool))
    with ThreadPoolExecutor(8) as pool:
        users = {future.result() for future in [pool.submit(unprivileged_user) for _ in range(8)]}
    assert users == {OsUser(1, 1, tmp_path)}


_PARENT = """
import subprocess, sys, time, signal
from service.kit.os_user import die_with_parent
child = subprocess.Popen(["sleep", "60"], preexec_fn=die_with_parent(signal.SIGTERM), start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""


@needs_linux
def test_a_child_dies_with_its_parent_however_that_ends() -> None:
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert _lives(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    limit = time.monotonic() + 5
    while _lives(child) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


@needs_linux
def test_a_parent_that_is_gone_already_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent died between the fork and the child's question: nobody would send the signal."""
    ask = die_with_parent(signal.SIGTERM)
    assert ask is not None
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "getppid", lambda: 1)
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    try:
        ask()
    finally:
        # The question was asked for this very process: take it back.
        import ctypes  # noqa: PLC0415 - for this alone

        ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    assert sent == [(os.getpid(), signal.SIGTERM)]


def test_elsewhere_there_is_nothing_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert die_with_parent(signal.SIGTERM) is None
