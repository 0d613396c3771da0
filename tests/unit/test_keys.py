"""API keys as text: one spelling, a checksum, a secret that is never shown by accident."""

import hashlib
import string
import zlib
from base64 import b32encode
from uuid import UUID

import pytest

from service.tenants.keys import SECRET_BYTES, Key, NotAKey

TENANT, ID = UUID(int=0x0123456789ABCDEF), UUID(int=(1 << 128) - 1)
KEY = Key(TENANT, ID, bytes(range(SECRET_BYTES)))


def test_a_key_is_read_back() -> None:
    assert Key.read(KEY.text()) == KEY


def test_the_text_is_prefix_tenant_id_secret_and_checksum() -> None:
    body = TENANT.bytes + ID.bytes + KEY.secret
    raw = body + zlib.crc32(body).to_bytes(4, "big")
    assert KEY.text() == "pouls_" + b32encode(raw).decode().rstrip("=").lower()


def test_no_slip_of_one_letter_makes_another_key() -> None:
    text = KEY.text()
    for at in range(len(text)):
        for letter in set(string.ascii_lowercase[:8] + "27") - {text[at]}:
            with pytest.raises(NotAKey):
                Key.read(text[:at] + letter + text[at + 1 :])


def test_two_letters_swapped_make_no_key() -> None:
    text = KEY.text()
    for at in range(len(text) - 1):
        if text[at] != text[at + 1]:
            with pytest.raises(NotAKey):
                Key.read(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


CUT = KEY.text()[:-1]
NO_KEYS = ["", "pouls_", CUT, CUT + "aa", f" {CUT}", KEY.text().upper(), "PULSE_" + CUT[6:] + "a"]
NO_KEYS += [CUT + odd for odd in ("=", "é", "\x00", "1", "\n")]


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_not_written_by_us_is_no_key(text: str) -> None:
    with pytest.raises(NotAKey) as refused:
        Key.read(text)
    assert str(refused.value) == ""


def test_a_key_has_one_spelling() -> None:
    head, body = KEY.text()[:6], KEY.text()[6:]
    with pytest.raises(NotAKey):
        Key.read(head + body.upper())


def test_the_hash_is_of_the_secret_alone() -> None:
    assert KEY.secret_hash() == hashlib.sha256(KEY.secret).digest()


def test_a_key_does_not_show_its_secret() -> None:
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr([KEY])):
        assert KEY.text() not in shown
        assert repr(KEY.secret) not in shown
        assert KEY.secret.hex() not in shown
