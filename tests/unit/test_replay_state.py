"""What a replay remembers: enough to go on, nothing of another replay, nothing for other eyes."""

import json
import stat
from pathlib import Path

import pytest

from service.cli.replay_failed import ReplayFailed
from service.cli.replay_state import FLUSH_EVERY, State

PEOPLE = 2000


def opened(path: Path, file: str = "f", given: str = "m") -> State:
    return State.open(path, file=file, given=given, people=PEOPLE)


def test_a_state_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    with opened(path) as state:
        assert state.acknowledged == 0
        state.belongs_to("w")
        for place in (3, 1999, 3):
            state.acknowledge(place)
        assert state.acknowledged == 2
        secret = state.secret
    with opened(path) as again:
        assert again.secret == secret
        assert len(secret) == 32
        assert again.acknowledged == 2
        assert [place for place in range(PEOPLE) if again.is_done(place)] == [3, 1999]
        again.belongs_to("w")
        again.acknowledge(0)
    with opened(path) as third:
        assert third.acknowledged == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_acknowledgements_are_on_file_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with opened(path) as state:
        state.belongs_to("w")
        for place in range(FLUSH_EVERY + 1):
            state.acknowledge(place)
        assert len(path.read_text().splitlines()) == 2 + FLUSH_EVERY


def test_a_torn_line_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with opened(path) as state:
        state.belongs_to("w")
        state.acknowledge(7)
    with path.open("a") as file:
        file.write("19")  # of 1999, when the power went
    with opened(path) as again:
        assert again.acknowledged == 1
        assert not again.is_done(19)
        again.acknowledge(5)
    assert path.read_text().splitlines()[2:] == ["7", "5"]


def test_the_state_of_another_replay_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with opened(path) as state:
        state.belongs_to("w")
    with pytest.raises(ReplayFailed, match="another file or with another map"):
        opened(path, file="g")
    with pytest.raises(ReplayFailed, match="another file or with another map"):
        opened(path, given="n")
    with opened(path) as state, pytest.raises(ReplayFailed, match="another service or campaign"):
        state.belongs_to("v")


@pytest.mark.parametrize(
    "lines",
    [
        "not json\n",
        "[]\n",
        "",
        json.dumps({"format": "pouls-replay/1", "file": "f", "map": "m"}) + "\n",
        json.dumps({"format": "pouls-replay/1", "file": "f", "map": "m", "secret": "x"}) + "\n",
        json.dumps({"format": "pouls-replay/1", "file": "f", "map": "m", "secret": "00"}) + "\n7\n",
        json.dumps({"format": "pouls-replay/1", "file": "f", "map": "m", "secret": "00"}) + '\n{"wave":"w"}\n-1\n',
        json.dumps({"format": "pouls-replay/1", "file": "f", "map": "m", "secret": "00"}) + '\n{"wave":"w"}\n2000\n',
        "é\n",
    ],
)
def test_a_damaged_state_is_refused(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(ReplayFailed, match=r"state\.json is not the state of a replay, or is damaged"):
        opened(path)


def test_a_place_that_can_not_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReplayFailed, match=r"state\.json can not be used"):
        opened(tmp_path / "file" / "state.json")
    with pytest.raises(ReplayFailed, match="can not be used: Is a directory"):
        opened(tmp_path)
