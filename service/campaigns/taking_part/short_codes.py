"""Short codes for people who come to a kiosk with a printed card and type it: `XXXX-XXXX-XXXX`. Pure.

Twelve symbols of five bits, from an alphabet without I, L, O and U. Eleven are the first 55 bits of a MAC over the
wave and the person's serial. The last is a check symbol: it tells a slip of the finger from a guess, without a look-up,
so that slips need not be counted as guesses. It keeps nobody out: who guesses, guesses codes whose check fits.

The odds of a guess. Nobody is locked out, however many guesses are wrong, since a stranger could lock out everybody; so
the length alone has to do. A wave of 5,000 people and 500 guesses a second for two weeks, more than a process answers
beside its work: 6 x 10^8 guesses, each right with probability 5,000 / 2^55. That any of them hits: less than one in
10,000. Whoever operates the service sees such a flood in the metrics, and it is for them to stop it.

The database keeps a MAC of each code under another key, and both keys come from one outside the database: a copy of it
gives no code away. A plain digest would have, since 2^55 codes are few enough to try them all.
"""

from collections.abc import Sequence

from service.kit.crypto import derive, mac

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DRAWN = 11
_GROUP = 4
_ATTEMPTS = 4
_TYPED_AT_MOST = 64
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"
_SPACES = " \t\r\n\u00a0\u2009\u202f"

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)}
_TYPED = _VALUES | {symbol.lower(): value for symbol, value in _VALUES.items()}
_TYPED |= dict.fromkeys("Oo", 0) | dict.fromkeys("IiLl", 1)


def short_codes(key: bytes, place: bytes, serials: Sequence[int]) -> list[str]:
    """The codes of all serials of a wave, in their order, no two alike.

    Where two serials meet in one code, the higher one draws again. So this must be given the wave's whole list, and
    gives the same codes in whatever order the list comes. Raises ValueError for a serial that comes twice.

    `key` is the intake key, `place` tenant and wave as 32 bytes, serials below 2^63.
    """
    if len(set(serials)) < len(serials):
        raise ValueError("a serial comes twice")
    derived = _code_key(key)
    taken: set[str] = set()
    codes: dict[int, str] = {}
    for serial in sorted(serials):
        attempt = 0
        while (code := _drawn(derived, place, serial, attempt)) in taken:
            attempt += 1
        taken.add(code)
        codes[serial] = code
    return [codes[serial] for serial in serials]


def is_of(key: bytes, place: bytes, serial: int, canonical: str) -> bool:
    """Whether a code is this serial's: its first one, or one that it drew because others had those before."""
    derived = _code_key(key)
    return any(_drawn(derived, place, serial, attempt) == canonical for attempt in range(_ATTEMPTS))


def read(text: str) -> str | None:
    """A code as `short_codes` writes it, from what somebody typed; None where it can be none, so no guess either.

    Case, spaces and dashes do not matter; O is read as 0, I and L as 1. None for any one symbol that is wrong, for
    any two that are swapped, and for 31 of 32 texts of the right length that were not copied from a card.
    """
    if len(text) > _TYPED_AT_MOST:
        return None
    values = [_TYPED.get(letter) for letter in text if letter not in _DASHES and letter not in _SPACES]
    known = [value for value in values if value is not None]
    if len(values) != _DRAWN + 1 or len(known) < len(values) or _check(known[:-1]) != known[-1]:
        return None
    return _written(known)


def digest(key: bytes, place: bytes, canonical: str) -> bytes:
    """What the database keeps of a code, 16 bytes. `canonical` as `read` and `short_codes` give it."""
    return mac(derive(key, b"pouls kiosk hash"), b"short code kept", place, canonical.encode("ascii"))


def _code_key(key: bytes) -> bytes:
    return derive(key, b"pouls short code")


def _drawn(derived: bytes, place: bytes, serial: int, attempt: int) -> str:
    parts = (place, serial.to_bytes(8, "big"), attempt.to_bytes(4, "big"))
    bits = int.from_bytes(mac(derived, b"short code", *parts)[:7], "big") >> 1
    values = [bits >> 5 * place_value & 31 for place_value in reversed(range(_DRAWN))]
    return _written([*values, _check(values)])


def _written(values: Sequence[int]) -> str:
    symbols = "".join(ALPHABET[value] for value in values)
    return "-".join(symbols[start : start + _GROUP] for start in range(0, len(symbols), _GROUP))


def _check(values: Sequence[int]) -> int:
    """The sum of the symbols, each times another power of x, in the field of 32 elements (x^5 = x^2 + 1).

    The check symbol itself counts once (the power 0), the one before it x times, and so on. Each weight has an inverse,
    so one wrong symbol always shows; any two weights differ, so two swapped symbols always show.
    """
    total = 0
    for value in values:
        total = _times_x(total ^ value)
    return total


def _times_x(value: int) -> int:
    return (value << 1) ^ (0b100101 if value & 16 else 0)
