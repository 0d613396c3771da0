"""The unprivileged account that the embedded PostgreSQL runs under when we are root (it refuses to be root)."""

import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from service.kit.mendable import Mendable

NAME = "pouls"
HOME = Path("/var/lib/pouls")
_PR_SET_PDEATHSIG = 1


class NoUnprivilegedUser(Mendable):
    """We are root and the system account can not be made; make it by hand or run as an ordinary user."""


@dataclass(frozen=True, slots=True)
class OsUser:
    uid: int
    gid: int
    home: Path


def unprivileged_user() -> OsUser:
    """The system account `pouls`, made at first need. Only root may ask."""
    HOME.mkdir(mode=0o711, parents=True, exist_ok=True)
    # One at a time: two `useradd` at the same moment both succeed, and the second one gives the account a new number.
    handle = os.open(HOME, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        entry = _account() or _make_account()
    finally:
        os.close(handle)
    return OsUser(entry.pw_uid, entry.pw_gid, HOME)


def _account() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        return None


def _make_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise NoUnprivilegedUser(
            f"as root, PostgreSQL needs an unprivileged account: create a system user named {NAME}, "
            "or run as an ordinary user, or set POULS_DATABASE_URL"
        )
    command = [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", str(HOME)]
    done = subprocess.run([*command, "--shell", "/usr/sbin/nologin", NAME], check=False, capture_output=True)  # noqa: S603 - no shell
    made = _account()
    if made is None:
        raise NoUnprivilegedUser(done.stderr.decode("utf-8", "replace").strip())
    return made


def may_reach(user: OsUser, path: Path) -> bool:
    """Whether `user`, with its own group alone, may enter every folder above `path` and read `path` itself."""
    resolved = path.resolve()
    return all(_allows(user, parent, stat.S_IXOTH) for parent in resolved.parents) and _allows(
        user, resolved, stat.S_IROTH | stat.S_IXOTH
    )


def _allows(user: OsUser, path: Path, wanted: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    if found.st_uid == user.uid:
        wanted <<= 6
    elif found.st_gid == user.gid:
        wanted <<= 3
    return found.st_mode & wanted == wanted


def die_with_parent(signal_number: signal.Signals) -> Callable[[], None] | None:
    """For a child's start: the signal it gets if we die without stopping it (Linux; elsewhere nothing to do)."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_the_kernel() -> None:
        library.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != parent:  # the parent was gone before we asked
            os.kill(os.getpid(), signal_number)

    return ask_the_kernel
