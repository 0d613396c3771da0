"""MACs that can not be taken for another's, text with one spelling, key files for their owner alone."""

import hashlib
import itertools
from pathlib import Path

import pytest

from service.kit.crypto import (
    KEY_BYTES,
    MAC_BYTES,
    KeyMissing,
    bytes_of,
    derive,
    ensure_key,
    mac,
    read_key,
    same,
    text_of,
    write_new,
)

KEY = bytes(range(32))
NOT_OURS = r"base64|padding"


def test_a_mac_is_keyed_blake2b_with_lengths() -> None:
    state = hashlib.blake2b(key=KEY, digest_size=16, person=b"code")
    state.update((3).to_bytes(8, "little") + b"abc" + (0).to_bytes(8, "little"))
    assert mac(KEY, b"code", b"abc", b"") == state.digest()
    assert len(state.digest()) == MAC_BYTES == 16


def test_no_two_ways_to_cut_a_message_have_one_mac() -> None:
    cuts = [(), (b"",), (b"", b""), (b"ab",), (b"a", b"b"), (b"", b"ab"), (b"ab", b""), (b"\x02" + bytes(7) + b"ab",)]
    made = {mac(key, purpose, *cut) for cut in cuts for key in (KEY, bytes(32)) for purpose in (b"code", b"batch")}
    assert len(made) == 4 * len(cuts)


def test_a_purpose_too_long_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="person"):
        mac(KEY, b"x" * 17, b"")
    with pytest.raises(ValueError, match="person"):
        derive(KEY, b"x" * 17)


def test_derived_keys_are_unlike() -> None:
    made = [derive(key, purpose) for key in (KEY, bytes(32)) for purpose in (b"a", b"b", b"")]
    assert len(set(made)) == 6
    assert {len(key) for key in made} == {KEY_BYTES}
    assert KEY not in made


def test_same() -> None:
    for left, right in itertools.product([b"", b"a", b"b", b"ab", bytes(16), bytes(17)], repeat=2):
        assert same(left, right) is (left == right)


@pytest.mark.parametrize("length", range(9))
def test_text_is_read_back_and_has_one_spelling(length: int) -> None:
    raw = bytes(range(250, 256))[:length] + bytes(max(0, length - 6))
    text = text_of(raw)
    assert bytes_of(text) == raw
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    odd = [f"{text}=", f"{text} ", f" {text}", f"{text}\n", f"{text}!", f"{text}é", f"{text}\x00"]
    odd += [text.replace("_", "/"), text.replace("-", "+")]
    for other in odd:
        if other != text:
            with pytest.raises(ValueError, match=NOT_OURS):
                bytes_of(other)


def test_spare_bits_make_no_second_spelling() -> None:
    assert bytes_of("AA") == b"\x00"
    for spelling in ("AB", "AP", "A"):
        with pytest.raises(ValueError, match=NOT_OURS):
            bytes_of(spelling)


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "api" / "intake.key"
    ensure_key(path)
    key = read_key(path)
    assert len(key) == KEY_BYTES
    assert path.stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)} == {0o700}
    assert list(path.parent.iterdir()) == [path]  # no draft is left


def test_a_key_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    write_new(path, KEY)
    with pytest.raises(FileExistsError):
        write_new(path, bytes(32))
    ensure_key(path)
    assert read_key(path) == KEY
    assert list(tmp_path.iterdir()) == [path]


def test_two_that_make_one_key_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.key"
    write_new(path, KEY)
    monkeypatch.setattr(Path, "exists", lambda _: False)  # both looked before either wrote
    ensure_key(path)
    monkeypatch.undo()
    assert read_key(path) == KEY


@pytest.mark.parametrize("content", [None, b"", bytes(31), bytes(33)])
def test_a_key_that_is_none_is_told_by_its_name_alone(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "work" / "master.key"
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(KeyMissing) as refused:
        read_key(path)
    assert str(refused.value) == "a key file is missing; run `pouls keys init` (file: master.key)"


def test_every_new_key_is_another(tmp_path: Path) -> None:
    for name in "abc":
        ensure_key(tmp_path / name)
    assert len({read_key(tmp_path / name) for name in "abc"}) == 3
