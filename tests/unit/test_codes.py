"""Participation codes: verified by their MAC alone, one spelling each, no sign of whose they are."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.campaigns.codes import (
    ADDRESS_LENGTH,
    CODE_LENGTH,
    LONG_CODE_LENGTH,
    SERIALS,
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
RIGHT = Right(PLACE, 7, 0xFFFFFFFF, 0)
CODE = CODES.issue(RIGHT)
LONG = CODES.issue(Right(PLACE, 1 << 40, 9, 1_900_000_000))
BOTH = pytest.mark.parametrize("code", [CODE, LONG], ids=["first version", "second version"])


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_code_is_read_back() -> None:
    assert CODES.read(CODE) == RIGHT
    assert len(CODE) == CODE_LENGTH == 76
    assert MAC_BYTES * 8 >= 128
    for right in (Right(bytes(32), 0, 0, 0), Right(b"\xff" * 32, (1 << 32) - 1, 0, 0)):
        assert CODES.read(CODES.issue(right)) == right


def test_a_code_of_the_first_version_is_byte_for_byte_what_it_was() -> None:
    body = b"\x01" + PLACE + (7).to_bytes(4, "big") + b"\xff" * 4
    assert text(body + mac(derive(b"k" * 32, b"pouls code"), b"code", body)) == CODE


@given(st.binary(min_size=32, max_size=32), st.integers(0, SERIALS - 1), st.integers(0, 0xFFFFFFFF), st.data())
def test_each_right_has_one_code(place: bytes, serial: int, label: int, data: st.DataObject) -> None:
    right = Right(place, serial, label, data.draw(st.just(0) | st.integers(0, 0xFFFFFFFF)))
    code = CODES.issue(right)
    assert CODES.read(code) == right
    short = serial < 1 << 32 and right.expires_at == 0
    assert (len(code), urlsafe_b64decode(code + "==")[0]) == ((76, 1) if short else (87, 2))


@pytest.mark.parametrize(
    ("right", "length"),
    [
        (Right(PLACE, (1 << 32) - 1, 0, 0), CODE_LENGTH),
        (Right(PLACE, 1 << 32, 0, 0), LONG_CODE_LENGTH),
        (Right(PLACE, 0, 0, 1), LONG_CODE_LENGTH),
        (Right(PLACE, SERIALS - 1, 0xFFFFFFFF, 0xFFFFFFFF), LONG_CODE_LENGTH),
    ],
)
def test_the_long_version_is_for_what_the_short_one_can_not_hold(right: Right, length: int) -> None:
    assert len(CODES.issue(right)) == length
    assert CODES.read(CODES.issue(right)) == right


@pytest.mark.parametrize(
    ("serial", "label", "expires_at"),
    [
        (SERIALS, 0, 0),
        (0, 1 << 32, 0),
        (-1, 0, 0),
        (0, -1, 0),
        (-1, 0, 5),
        (0, 0, 1 << 32),
        (0, 0, -1),
        (SERIALS, 0, 5),
        (1 << 40, 1 << 32, 0),
    ],
)
def test_a_number_too_large_is_never_cut(serial: int, label: int, expires_at: int) -> None:
    with pytest.raises(struct.error):
        CODES.issue(Right(PLACE, serial, label, expires_at))


def test_whoever_makes_a_right_says_when_it_expires() -> None:
    with pytest.raises(TypeError):
        Right(PLACE, 1, 2)  # type: ignore[call-arg]


@BOTH
def test_every_changed_bit_is_refused(code: str) -> None:
    raw = urlsafe_b64decode(code + "=" * (-len(code) % 4))
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NotACode):
            CODES.read(text(bytes(changed)))


@BOTH
def test_every_changed_letter_is_refused(code: str) -> None:
    for at, letter in enumerate(code):
        for other in "AB-_+/=!\n":
            if other != letter:
                with pytest.raises(NotACode):
                    CODES.read(code[:at] + other + code[at + 1 :])


def test_the_ordinary_alphabet_is_no_second_spelling() -> None:
    codes = (CODES.issue(Right(PLACE, serial, 5, expires)) for serial in range(50) for expires in (0, 9))
    odd = [code for code in codes if "-" in code and "_" in code]
    assert {len(code) for code in odd} == {CODE_LENGTH, LONG_CODE_LENGTH}
    for code in odd:
        for changed in (code.replace("-", "+"), code.replace("_", "/")):
            with pytest.raises(NotACode):
                CODES.read(changed)


def test_the_spare_bits_of_a_long_code_are_no_second_spelling() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    read = []
    for letter in letters:
        try:
            CODES.read(LONG[:-1] + letter)
        except NotACode:
            continue
        read.append(letter)
    assert read == [LONG[-1]]


@BOTH
def test_a_code_of_another_key_is_refused(code: str) -> None:
    with pytest.raises(NotACode):
        Codes(b"l" * 32).read(code)
    # Nor does the intake key itself, or a MAC for another purpose, make a code.
    body = urlsafe_b64decode(code + "=" * (-len(code) % 4))[:-MAC_BYTES]
    key = derive(b"k" * 32, b"pouls code")
    for forged in (mac(b"k" * 32, b"code", body), mac(key, b"batch", body), mac(key, b"code", body[:1], body[1:])):
        with pytest.raises(NotACode):
            CODES.read(text(body + forged))


@pytest.mark.parametrize(("code", "version"), [(CODE, 2), (CODE, 3), (LONG, 1), (LONG, 0)])
def test_another_version_is_refused_even_under_our_key(code: str, version: int) -> None:
    body = bytes([version]) + urlsafe_b64decode(code + "=" * (-len(code) % 4))[1:-MAC_BYTES]
    forged = mac(derive(b"k" * 32, b"pouls code"), b"code", body)
    with pytest.raises(NotACode):
        CODES.read(text(body + forged))


@BOTH
@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda code: code[:-1],
        lambda code: code + "A",
        lambda code: code + "=",
        lambda code: f" {code[1:]}",
        lambda code: f"{code[:-1]}\n",
        lambda code: f"{code[:-1]}é",
        lambda code: f"{code[:-1]}=",
        lambda code: f"{code[:-2]}==",
        lambda code: f"====={code[5:]}",
        lambda code: f"{code[:40]}====={code[45:]}",
    ],
)
def test_another_spelling_is_refused(code: str, spoil: Callable[[str], str]) -> None:
    with pytest.raises(NotACode):
        CODES.read(spoil(code))


@given(st.text(min_size=76, max_size=76) | st.text(min_size=87, max_size=87) | st.text(max_size=100))
def test_no_text_makes_the_reader_stumble(odd: str) -> None:
    with pytest.raises(NotACode):
        CODES.read(odd)


def test_neighbouring_serials_have_unlike_macs() -> None:
    macs = {urlsafe_b64decode(CODES.issue(Right(PLACE, serial, 5, 0)))[-16:] for serial in range(1000)}
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
