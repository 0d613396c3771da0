"""Participation codes: verified by their MAC alone, one spelling each, no sign of whose they are."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

import pytest

from service.campaigns.codes import (
    ADDRESS_LENGTH,
    CODE_LENGTH,
    Codes,
    NotACode,
    Right,
    address_of,
    ids_of,
    place_of,
    wave_behind,
)
from service.kit.crypto import MAC_BYTES, derive, mac

CODES = Codes(b"k" * 32)
PLACE = place_of(UUID(int=1), UUID(int=2))
RIGHT = Right(PLACE, 7, 0xFFFFFFFF)
CODE = CODES.issue(RIGHT)


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_code_is_read_back() -> None:
    assert CODES.read(CODE) == RIGHT
    assert len(CODE) == CODE_LENGTH
    assert MAC_BYTES * 8 >= 128
    for right in (Right(bytes(32), 0, 0), Right(b"\xff" * 32, (1 << 32) - 1, 0)):
        assert CODES.read(CODES.issue(right)) == right


@pytest.mark.parametrize(("serial", "label"), [(1 << 32, 0), (0, 1 << 32), (-1, 0), (0, -1)])
def test_a_number_too_large_is_never_cut(serial: int, label: int) -> None:
    with pytest.raises(struct.error):
        CODES.issue(Right(PLACE, serial, label))


def test_every_changed_bit_is_refused() -> None:
    raw = urlsafe_b64decode(CODE)
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NotACode):
            CODES.read(text(bytes(changed)))


def test_a_code_of_another_key_is_refused() -> None:
    with pytest.raises(NotACode):
        Codes(b"l" * 32).read(CODE)
    # Nor does the intake key itself, or a MAC for another purpose, make a code.
    body = urlsafe_b64decode(CODE)[:-MAC_BYTES]
    key = derive(b"k" * 32, b"pouls code")
    for forged in (mac(b"k" * 32, b"code", body), mac(key, b"batch", body), mac(key, b"code", body[:1], body[1:])):
        with pytest.raises(NotACode):
            CODES.read(text(body + forged))


def test_another_version_is_refused_even_under_our_key() -> None:
    body = b"\x02" + urlsafe_b64decode(CODE)[1:-MAC_BYTES]
    forged = mac(derive(b"k" * 32, b"pouls code"), b"code", body)
    with pytest.raises(NotACode):
        CODES.read(text(body + forged))


@pytest.mark.parametrize(
    "odd", ["", CODE[:-1], CODE + "A", CODE + "=", f" {CODE[1:]}", CODE[:-1] + "\n", CODE[:-1] + "é"]
)
def test_another_spelling_is_refused(odd: str) -> None:
    with pytest.raises(NotACode):
        CODES.read(odd)


def test_neighbouring_serials_have_unlike_macs() -> None:
    macs = {urlsafe_b64decode(CODES.issue(Right(PLACE, serial, 5)))[-16:] for serial in range(1000)}
    assert len(macs) == 1000


def test_an_address_is_read_back() -> None:
    address = address_of(UUID(int=5), UUID(int=6))
    assert len(address) == ADDRESS_LENGTH
    assert wave_behind(address) == ids_of(place_of(UUID(int=5), UUID(int=6))) == (UUID(int=5), UUID(int=6))


@pytest.mark.parametrize(
    "odd", ["", "A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "é" * 43, "+" * 43, "\x00" * 43]
)
def test_what_is_no_address_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match=r"^not (an address|base64)$"):
        wave_behind(odd)
