"""A replay that is interrupted goes on: each acknowledged answer is in the release exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from service.kit.postgres import Embedded
from tests.fixtures.past import made_up, replay, result_of
from tests.fixtures.running import data_folder, free_port, running
from tests.flows.clusters import copy_to

PEOPLE = 1600
SOME = 200
"""Acknowledged before something is killed; what is left takes far longer than the next look at the file."""


def acknowledged(state: Path) -> int:
    return max(0, len(state.read_bytes().splitlines()) - 2) if state.exists() else 0


@contextmanager
def started(*arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """A replay under way; ended, if it still runs."""
    command = [sys.executable, "-m", "service.cli", "replay", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def wait_for(state: Path, people: int, process: "subprocess.Popen[str]") -> int:
    """Until that many are acknowledged on file; how many were."""
    limit = time.monotonic() + 60
    while acknowledged(state) < people:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.005)
    return acknowledged(state)


def test_service_and_replay_are_killed_in_the_middle(tmp_path: Path, prepared: Embedded) -> None:
    file, given, truth = made_up(tmp_path, people=PEOPLE, seed=7)
    port, state = free_port(), tmp_path / "state.json"
    with data_folder() as folder, running(copy_to(folder, prepared), port) as first, ExitStack() as stack:
        arguments = [file, "--map", given, "--url", first.url, "--keys", first.keys_file(), "--state", state, "--json"]
        under_way = stack.enter_context(started(*arguments))
        wait_for(state, SOME, under_way)
        first.kill()
        before = acknowledged(state)
        assert before < PEOPLE
        with running(folder, port) as second:
            # It goes on by itself.
            after = wait_for(state, before + SOME, under_way)
            assert after < PEOPLE
            assert second.sql("SELECT count(*) FROM spent_code")[0][0] >= after

            under_way.kill()
            under_way.wait()
            assert acknowledged(state) < PEOPLE
            result = result_of(replay(*arguments))

            assert result["respondents"] == PEOPLE
            assert second.sql("SELECT count(*) FROM spent_code") == [(PEOPLE,)]
            assert second.sql("SELECT sum(response_count)::integer FROM sealed_batch") == [(PEOPLE,)]
    for measure, shown in result["detail"]["top"].items():
        share, people = truth.favourable(measure, truth.inside(truth.top))
        assert shown["n_from"] <= people <= shown["n_to"] == shown["n_from"] + 4
        assert abs(shown["favourable"] - share) <= 0.05 + 1e-9


def test_a_private_service_that_dies_ends_the_replay_which_goes_on_another_time(
    tmp_path: Path, prepared: Embedded
) -> None:
    file, given, _ = made_up(tmp_path, people=PEOPLE, seed=8)
    with data_folder() as folder:
        with started(file, "--map", given, "--data", copy_to(folder, prepared)) as under_way:
            wait_for(folder / "replay-state.json", SOME, under_way)
            services = Path(f"/proc/{under_way.pid}/task/{under_way.pid}/children").read_text(encoding="ascii").split()
            for pid in services:
                os.kill(int(pid), signal.SIGKILL)
            _, said = under_way.communicate(timeout=30)
            assert under_way.returncode == 1
        assert "the private service has ended; run the same command again to go on" in " ".join(said.split())
        assert (folder / "replay-state.json").stat().st_mode & 0o077 == 0
        # And so it does.
        result = result_of(replay(file, "--map", given, "--data", folder, "--json"))
        assert result["respondents"] == PEOPLE
