"""Kiosk codes: typed badly and still read, slips told from guesses, no two alike, no way back from a digest."""

from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.campaigns.codes import place_of
from service.campaigns.taking_part import short_codes
from service.campaigns.taking_part.short_codes import ALPHABET, digest, read
from service.kit.crypto import mac

KEY = b"k" * 32
PLACE = place_of(UUID(int=1), UUID(int=2))


def short_code(key: bytes, place: bytes, serial: int) -> str:
    """The code of a serial that meets no other."""
    (code,) = short_codes.short_codes(key, place, [serial])
    return code


CODE = short_code(KEY, PLACE, 7)
SERIALS = st.integers(0, (1 << 63) - 1)


def symbols(code: str) -> str:
    return code.replace("-", "")


def slow_check(eleven: str) -> str:
    """The check symbol by schoolbook multiplication in the field of 32 elements."""

    def times(left: int, right: int) -> int:
        out = 0
        for bit in range(5):
            if right >> bit & 1:
                out ^= left << bit
        for bit in range(9, 4, -1):
            if out >> bit & 1:
                out ^= 0b100101 << (bit - 5)
        return out

    total, weight = 0, 2
    for symbol in reversed(eleven):
        total ^= times(ALPHABET.index(symbol), weight)
        weight = times(weight, 2)
    return ALPHABET[total]


@given(SERIALS)
def test_a_code_is_read_back_as_it_was_written(serial: int) -> None:
    code = short_code(KEY, PLACE, serial)
    assert [len(group) for group in code.split("-")] == [4, 4, 4]
    assert set(symbols(code)) <= set(ALPHABET)
    assert read(code) == code
    assert symbols(code)[-1] == slow_check(symbols(code)[:-1])


def test_the_alphabet_has_no_letters_that_look_like_others() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@given(SERIALS, st.data())
def test_what_people_make_of_a_code_is_read(serial: int, data: st.DataObject) -> None:
    code = short_code(KEY, PLACE, serial)
    typed = "".join(
        data.draw(st.sampled_from(["", "", " ", "-", "\u2013", "\u00a0"]))
        + data.draw(st.sampled_from([letter, letter.lower(), *{"0": "oO", "1": "iIlL"}.get(letter, "")]))
        for letter in symbols(code)
    )
    assert read(f" {typed}\n") == code


def test_every_single_slip_is_told_from_a_guess() -> None:
    for serial in range(40):
        right = symbols(short_code(KEY, PLACE, serial))
        for at, letter in enumerate(right):
            for other in ALPHABET:
                if other != letter:
                    assert read(right[:at] + other + right[at + 1 :]) is None


def test_any_two_symbols_swapped_are_told_from_a_guess() -> None:
    for serial in range(100):
        right = symbols(short_code(KEY, PLACE, serial))
        for one, two in combinations(range(12), 2):
            if right[one] != right[two]:
                swapped = list(right)
                swapped[one], swapped[two] = swapped[two], swapped[one]
                assert read("".join(swapped)) is None


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "-",
        CODE[:-1],
        CODE + "0",
        symbols(CODE)[1:],
        f"{CODE}!",
        f"{CODE[:-1]}U",
        f"{CODE[:-1]}\u0131",  # a dotless i, which some ways of reading turn into I
        f"{CODE[:-1]}\u0660",  # a zero in another script
        "\x00" + CODE,
        " " * 10_000 + CODE,
    ],
)
def test_what_is_no_code_is_refused(odd: str) -> None:
    assert read(odd) is None


@given(st.text(max_size=80))
def test_no_text_makes_the_reader_stumble(odd: str) -> None:
    found = read(odd)
    assert found is None or read(found) == found


def test_one_guess_of_thirty_two_passes_the_check() -> None:
    """The check symbol is for slips; the odds of a guess stand on the other eleven alone."""
    head = symbols(CODE)[:-1]
    assert [letter for letter in ALPHABET if read(head + letter)] == [CODE[-1]]


def test_a_guess_in_two_weeks_of_guessing_hits_less_than_once_in_ten_thousand_waves() -> None:
    bits = 5 * (len(symbols(CODE)) - 1)
    guesses = 60 * 60 * 24 * 14
    assert bits == 55
    assert 5_000 * guesses / 2**bits < 1 / 10_000
    assert 5_000 * guesses / 2**45 > 1 / 10_000  # why it has not ten symbols


def test_the_eleven_symbols_are_spread_over_all_values() -> None:
    seen = [set[str]() for _ in range(12)]
    for serial in range(2000):
        for at, letter in enumerate(symbols(short_code(KEY, PLACE, serial))):
            seen[at].add(letter)
    assert [len(letters) for letters in seen] == [32] * 12


def test_codes_depend_on_key_wave_and_serial() -> None:
    elsewhere = place_of(UUID(int=1), UUID(int=3))
    all_of_them = [
        short_code(key, place, serial) for key in (KEY, b"l" * 32) for place in (PLACE, elsewhere) for serial in (7, 8)
    ]
    assert len(set(all_of_them)) == 8
    assert len({digest(key, place, CODE) for key in (KEY, b"l" * 32) for place in (PLACE, elsewhere)}) == 4


def test_a_digest_is_another_mac_than_the_code_itself() -> None:
    kept = digest(KEY, PLACE, CODE)
    assert len(kept) == 16
    assert kept != digest(KEY, PLACE, short_code(KEY, PLACE, 8))
    drawn = int.from_bytes(kept[:7], "big") >> 1
    assert ALPHABET[drawn >> 50] + ALPHABET[drawn >> 45 & 31] != CODE[:2]
    assert kept != mac(KEY, b"short code kept", PLACE, CODE.encode())  # under a key of its own


def test_a_wave_has_the_codes_of_its_serials() -> None:
    serials = [5, 3, 1 << 62, 0]
    assert short_codes.short_codes(KEY, PLACE, serials) == [short_code(KEY, PLACE, serial) for serial in serials]
    assert short_codes.short_codes(KEY, PLACE, []) == []
    with pytest.raises(ValueError, match="twice"):
        short_codes.short_codes(KEY, PLACE, [1, 2, 1])


def test_serials_that_meet_in_one_code_get_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a MAC of few values, so that they meet: the same codes in whatever order; the lowest keeps its own."""

    def coarse(key: bytes, purpose: bytes, *parts: bytes) -> bytes:
        return bytes(5) + bytes([0, mac(key, purpose, *parts)[0] & 0x3E]) + bytes(9)

    monkeypatch.setattr(short_codes, "mac", coarse)
    serials = list(range(100, 120))
    codes = dict(zip(serials, short_codes.short_codes(KEY, PLACE, serials), strict=True))
    assert len(set(codes.values())) == 20
    assert len({short_code(KEY, PLACE, serial) for serial in serials}) < 20
    backwards = serials[::-1]
    assert short_codes.short_codes(KEY, PLACE, backwards) == [codes[serial] for serial in backwards]
    first: dict[str, int] = {}
    for serial in serials:
        first.setdefault(short_code(KEY, PLACE, serial), serial)
    kept = [serial for serial in serials if codes[serial] == short_code(KEY, PLACE, serial)]
    assert kept[0] == 100
    assert set(kept) <= set(first.values())
    assert all(read(code) == code for code in codes.values())


@pytest.mark.parametrize("serial", [-1, 1 << 64])
def test_a_serial_out_of_range_is_never_cut(serial: int) -> None:
    with pytest.raises(OverflowError):
        short_code(KEY, PLACE, serial)
