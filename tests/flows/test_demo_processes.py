"""`pouls demo` as processes: ready, stopped, killed, resumed, twice at once."""

import json
import os
import shutil
import signal
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.kit.postgres import Embedded
from tests.flows.children import (
    Child,
    cli,
    command_line,
    demo,
    forget,
    is_running,
    needs_proc,
    python_for,
    stat_of,
    wait_for,
)
from tests.flows.clusters import copy_to

pytestmark = needs_proc
NOBODY = 65534
SCOPES = {
    "people:write", "questionnaires:write", "campaigns:write", "invitations:read", "participations:write",
    "aggregates:read", "webhooks:write", "admin",
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    yield folder
    forget(folder)


@pytest.fixture
def home() -> Iterator[Path]:
    """A closed folder in a place that every account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
    yield folder
    for data in folder.glob("*data*"):
        forget(data)
    shutil.rmtree(folder, ignore_errors=True)


def call(child: Child, path: str, scope: str | None = None) -> Any:
    """GET an address of a running service."""
    request = urllib.request.Request(child.ready["url"] + path)  # noqa: S310 - our own address
    if scope:
        request.add_header("Authorization", f"Bearer {child.ready['keys'][scope]}")
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - same
        return json.load(answer)


def worker_comes(child: Child) -> bool:
    """Whether the worker gives a sign of life in time."""
    return wait_for(lambda: bool(call(child, "/readyz")["worker"] == "ok"))


def another_worker_comes(child: Child, old: int) -> bool:
    return wait_for(lambda: not is_running(old)) and wait_for(lambda: child.worker() != old)


def test_ready_stopped_and_resumed(tmp_path: Path, data: Path) -> None:
    """SIGINT and SIGTERM: exit 0, no process left; the second start has the same tenant and keys."""
    told = []
    for number in (signal.SIGINT, signal.SIGTERM):
        with demo(tmp_path, data) as child:
            assert set(child.ready) == {"url", "tenant", "keys"}
            assert set(child.ready["keys"]) == SCOPES
            told.append((child.ready["tenant"], child.ready["keys"]))
            assert call(child, "/v1/campaigns", "campaigns:write")["data"] == []
            assert worker_comes(child)
            runtime = _runtime_of(command_line(child.server()))
            assert runtime.is_dir()
            if number is signal.SIGTERM:
                # Told to stop while a new worker is still starting in a killed one's place.
                first = child.worker()
                os.kill(first, signal.SIGKILL)
                assert another_worker_comes(child, first)
            family = child.family()
            assert sum(" work --child" in line for line in family.values()) == 1
            assert child.server() in family
            assert child.stop(number) == 0
            assert [line for pid, line in family.items() if is_running(pid)] == []
            assert not runtime.exists()
            assert "Traceback" not in child.said()
            assert "Starting the database" in child.said()
            assert ("worker ended" in child.said()) == (number is signal.SIGTERM)
    assert told[0] == told[1]


def _runtime_of(postgres: str) -> Path:
    """The private folder with the server's socket."""
    return Path(postgres.partition(" -k ")[2].partition(" -c")[0])


def test_killed_it_takes_all_along_and_can_be_started_again(tmp_path: Path, data: Path, prepared: Embedded) -> None:
    """Kill -9 of the main process. Nobody helps: the kernel and a closed pipe end the children."""
    copy_to(data, prepared)
    with demo(tmp_path, data) as child:
        child.worker()
        family = child.family()
        assert len(family) > 2
        child.process.send_signal(signal.SIGKILL)
        child.process.wait()
        # Not waited for: the next one starts while the old server is still going down.
        with demo(tmp_path, data) as again:
            assert again.ready == child.ready | {"url": again.ready["url"]}
            assert wait_for(lambda: not any(map(is_running, family))), [
                line for pid, line in family.items() if is_running(pid)
            ]
            again.worker()
            family = again.family()
            again.process.send_signal(signal.SIGKILL)
            again.process.wait()
            assert wait_for(lambda: not any(map(is_running, family))), [
                line for pid, line in family.items() if is_running(pid)
            ]


def test_two_demos_at_once_and_a_third_on_a_taken_folder(
    tmp_path: Path, data: Path, home: Path, prepared: Embedded
) -> None:
    """As root, the second one is an ordinary user's, where there is an interpreter that such a user can run."""
    python = python_for(NOBODY) if os.geteuid() == 0 else None
    other = demo(tmp_path, home / "other data with a space")
    if python is not None:
        os.chown(home, NOBODY, NOBODY)
        environment = {"HOME": str(home), "TMPDIR": str(home)}
        other = demo(home, home / "data", user=NOBODY, python=python, environment=environment)
    with demo(tmp_path, copy_to(data, prepared)) as one, other as two:
        assert one.ready["tenant"] != two.ready["tenant"]
        assert one.ready["url"] != two.ready["url"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            call(one, "/v1/campaigns", None)
        assert refused.value.code == 401
        refused.value.close()
        with demo(tmp_path, data, ready=False) as third:
            assert third.process.wait(20) == 1
            assert "another Pouls process holds this data folder" in third.said()
            assert "Traceback" not in third.said()
        for running in (one, two):
            assert call(running, "/v1/campaigns", "campaigns:write")["data"] == []
            assert worker_comes(running)
        owners = [Path(f"/proc/{running.server()}").stat().st_uid for running in (one, two)]
        assert owners[0] != 0
        assert python is None or owners[1] == NOBODY != owners[0]
        assert (one.stop(), two.stop()) == (0, 0)


@pytest.mark.parametrize("when", ["the database is made", "the tables are made"])
def test_stopped_while_it_starts(tmp_path: Path, data: Path, when: str) -> None:
    """Whatever it is at: nothing is left running, and the folder can be used afterwards."""
    sign = {"the database is made": data / "pg" / "PG_VERSION", "the tables are made": data / "pg" / "postmaster.pid"}[
        when
    ]
    with demo(tmp_path, data, ready=False) as child:
        assert wait_for(sign.exists)
        family = child.family()
        child.process.send_signal(signal.SIGTERM)
        child.process.wait(20)
        assert wait_for(lambda: not any(map(is_running, family | child.family())))
        assert "Traceback" not in child.said()
    with Embedded(data) as server:
        assert server.credentials()


def test_a_broken_setting_is_one_line(tmp_path: Path, data: Path) -> None:
    """What a person can mend is told in a sentence; also where keys lie in the database's folder."""
    keys = str(data / "pg" / "keys")
    with cli(
        tmp_path, "demo", "--empty", "--data", str(data), ready=False, environment={"POULS_KEYS_DIR": keys}
    ) as child:
        assert child.process.wait(20) != 0
        assert "keys.dir must not lie inside the database folder" in child.said()
    assert not (data / "pg").exists()


def test_nothing_of_ours_is_left_in_the_list_of_processes() -> None:
    """Last in this file: the tests above end what they started."""
    left = [
        command_line(int(entry.name))
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and (found := stat_of(int(entry.name))) is not None and found[1] == os.getpid()
    ]
    assert [line for line in left if "service.cli" in line] == []
