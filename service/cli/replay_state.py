"""What a replay must remember to go on after an interruption: the secret of its nonces, and who is acknowledged.

One file of JSON lines, for its owner alone: a header, then a `{"wave": ...}` line, then one position a line. Positions
are written some hundred at a time; the few that are lost by an interruption are sent again, with the same nonces.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Self

from service.cli.replay_failed import ReplayFailed
from service.kit.crypto import write_new

FORMAT = "pouls-replay/1"
FLUSH_EVERY = 256


class State:
    """The state file of one replay, open for appending."""

    def __init__(self, path: Path, secret: bytes, wave: str | None, done: bytearray) -> None:
        self._path = path
        self._file = path.open("a", encoding="ascii")
        self._wave = wave
        self._unwritten: list[int] = []
        self._done = done
        self.secret = secret
        self.acknowledged = sum(done)

    @classmethod
    def open(cls, path: Path, *, file: str, given: str, people: int) -> Self:
        """The state at `path`, new where there is none.

        Args:
            path: the state file.
            file: digest of the survey's file.
            given: digest of the map.
            people: how many people the file holds.

        Raises:
            ReplayFailed: it is no state file, or that of another file or map.
        """
        header = {"format": FORMAT, "file": file, "map": given}
        try:
            if not path.exists():
                line = json.dumps(header | {"secret": secrets.token_hex(32)}) + "\n"
                write_new(path, line.encode())
            written = path.read_text(encoding="ascii")
            whole = written[: written.rfind("\n") + 1]
            found, *rest = [json.loads(line) for line in whole.splitlines()]
            if {name: found.get(name) for name in header} != header:
                raise ReplayFailed(f"{path.name} belongs to the replay of another file or with another map")
            wave, done = _progress(rest, people)
            secret = bytes.fromhex(found["secret"])
            if len(whole) < len(written):
                os.truncate(path, len(whole))  # the last line was being written when we were stopped
            return cls(path, secret, wave, done)
        except OSError as error:
            raise ReplayFailed(f"{path.name} can not be used: {error.strerror}") from None
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ReplayFailed(f"{path.name} is not the state of a replay, or is damaged") from None

    def belongs_to(self, wave: str) -> None:
        """Bind the acknowledgements to a wave. Raises ReplayFailed where they are of another."""
        if self._wave is None:
            self._wave = wave
            self._file.write(json.dumps({"wave": wave}) + "\n")
            self._file.flush()
        elif self._wave != wave:
            raise ReplayFailed(f"{self._path.name} belongs to a replay into another service or campaign")

    def is_done(self, place: int) -> bool:
        """Whether the person at this place of the file is acknowledged."""
        return bool(self._done[place])

    def acknowledge(self, place: int) -> None:
        if not self._done[place]:
            self._done[place] = 1
            self.acknowledged += 1
            self._unwritten.append(place)
            if len(self._unwritten) >= FLUSH_EVERY:
                self.flush()

    def flush(self) -> None:
        self._file.write("".join(f"{place}\n" for place in self._unwritten))
        self._file.flush()
        self._unwritten.clear()

    def close(self) -> None:
        self.flush()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _progress(lines: list[Any], people: int) -> tuple[str | None, bytearray]:
    """The wave and who is acknowledged, one byte a person. Raises ValueError, TypeError or LookupError."""
    done = bytearray(people)
    if not lines:
        return None, done
    wave, *places = lines
    for place in places:
        if place < 0:
            raise LookupError
        done[place] = 1
    return str(wave["wave"]), done
