"""Keys of access tokens while one takes over from another: on several processes, whose clocks and folders differ."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from service.kit.crypto import write_new
from service.tenants import token_key_files
from service.tenants.access_tokens import AccessTokens
from service.tenants.token_key_files import (
    CACHED,
    COPIED,
    LEEWAY,
    LIFETIME,
    MOUNTED,
    SIGNS_AFTER,
    file_of,
    made_at,
    signer_of,
)
from service.tenants.token_keys import TokenKeys

MONDAY = datetime(2027, 3, 1, 8, tzinfo=UTC)
A_MOMENT = timedelta(milliseconds=1)
STEP = timedelta(seconds=30)
TENANT, KEY = UUID(int=1), UUID(int=2)


def a_kid(at: datetime) -> str:
    """As if it had been made then."""
    stamp = round(at.timestamp() * 1000).to_bytes(6, "big")
    return UUID(bytes=stamp + b"\x70" + bytes(1) + b"\x80" + bytes(7)).hex


def put(folder: Path, kid: str) -> None:
    write_new(file_of(folder, kid), bytes.fromhex(kid) * 2)


class Process:
    """One API process: its folder, and how far its clock is ahead."""

    def __init__(self, folder: Path, ahead: timedelta = timedelta()) -> None:
        self.folder = folder
        self._ahead = ahead
        self.keys = TokenKeys(folder)
        self._tokens = AccessTokens(self.keys, None)

    def issue(self, now: datetime) -> str:
        return self._tokens.issue(TENANT, KEY, ["aggregates:read"], now + self._ahead)

    def signs_with(self, now: datetime) -> str:
        return self.keys.signing(now + self._ahead).kid

    def takes(self, token: str, now: datetime) -> bool:
        return self._tokens.read(token, now + self._ahead) is not None

    def published(self, now: datetime) -> set[str]:
        return {key["kid"] for key in self.keys.published(now + self._ahead)["keys"]}


def test_the_first_key_signs_at_once_and_a_new_one_when_all_have_read_it() -> None:
    first, second, third = (a_kid(MONDAY + timedelta(minutes=minutes)) for minutes in (0, 1, 20))
    assert signer_of([first], MONDAY) == first
    assert signer_of([first, second], made_at(second)) == first
    assert signer_of([second, first], made_at(second) + SIGNS_AFTER - A_MOMENT) == first
    assert signer_of([second, first], made_at(second) + SIGNS_AFTER) == second
    assert signer_of([first, second, third], made_at(third) + SIGNS_AFTER - A_MOMENT) == second
    assert signer_of([first, second, third], made_at(third) + SIGNS_AFTER) == third
    assert timedelta(minutes=5) == SIGNS_AFTER


@pytest.mark.parametrize("ahead", [timedelta(days=-400), timedelta(), timedelta(days=400)])
def test_a_new_key_is_of_the_moment_that_is_given_and_the_newest(tmp_path: Path, ahead: timedelta) -> None:
    folder, now = tmp_path / "api", datetime.now(UTC).replace(microsecond=0) + ahead
    put(folder, a_kid(now - timedelta(days=90)))
    made = [token_key_files.rotate(folder, now) for _ in range(4)]
    assert [made_at(kid) - now for kid in made] == [number * A_MOMENT for number in range(4)]
    assert list(token_key_files.ends_of(folder))[-4:] == made


def test_two_processes_on_one_folder_read_a_rotation_without_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "api"
    first = a_kid(datetime.now(UTC) - timedelta(days=90))
    put(folder, first)
    one, other = Process(folder), Process(folder)
    old = one.issue(made_at(first))
    second = token_key_files.rotate(folder, datetime.now(UTC))
    made = made_at(second)
    assert one.published(made) == other.published(made) == {first, second}
    assert {one.signs_with(made), other.signs_with(made)} == {first}
    assert {one.signs_with(made + SIGNS_AFTER), other.signs_with(made + SIGNS_AFTER)} == {second}
    assert not other.takes(old, made)
    new = one.issue(made + SIGNS_AFTER)
    assert other.takes(new, made + SIGNS_AFTER)


@pytest.mark.parametrize("ahead", [-LEEWAY, timedelta(), LEEWAY])
def test_no_process_meets_a_token_that_it_can_not_verify(tmp_path: Path, ahead: timedelta) -> None:
    """The new file comes to the other machine as late as it may, and others keep the public keys as long as they may.

    Each token is good wherever it is shown, from its first moment to its last.
    """
    first, second = a_kid(MONDAY - timedelta(days=90)), a_kid(MONDAY)
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        put(folder, first)
    processes = (Process(one), Process(other, ahead))
    put(one, second)
    issued: list[tuple[str, datetime]] = []
    seen: list[tuple[set[str], set[str]]] = []
    signers = set()
    now = MONDAY
    while now <= MONDAY + SIGNS_AFTER + LIFETIME + 3 * LEEWAY:
        if now == MONDAY + COPIED + MOUNTED:
            put(other, second)
        seen.append((processes[0].published(now), processes[1].published(now)))
        kept = seen[-1 - min(len(seen) - 1, int(CACHED / STEP))]  # what others were told a minute ago
        for process in processes:
            issued.append((process.issue(now), now))
            signers.add(process.signs_with(now))
            assert all(process.signs_with(now) in known for known in kept)
        for token, at in issued:
            if now - at < LIFETIME - abs(ahead):
                assert all(process.takes(token, now) for process in processes), (at - MONDAY, now - MONDAY)
            elif now - at >= LIFETIME + abs(ahead):
                assert not any(process.takes(token, now) for process in processes)
        now += STEP
    assert signers == {first, second}
    assert seen[-1] == ({second}, {second}), "the key that was replaced is no more told of"


def test_a_name_whose_file_is_gone_is_none(tmp_path: Path) -> None:
    """Names in a mounted secret are links, which outlast their files for a moment while it changes."""
    folder = tmp_path / "api"
    gone, first = a_kid(MONDAY - timedelta(days=90)), a_kid(MONDAY)
    put(folder, first)
    file_of(folder, gone).symlink_to(tmp_path / "nowhere")
    assert list(token_key_files.ends_of(folder)) == [first]
    assert Process(folder).signs_with(MONDAY) == first
