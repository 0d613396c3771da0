"""What somebody who stole a copy would look for: every answer, every code, and whatever might be computed from them."""

import binascii
import hashlib
import hmac
import json
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

SHORTEST = 8
LONG_ENOUGH_TO_BE_A_TEXT = 12  # an option's id is in the questionnaire, too
_TABLE_BITS = 24
_MIXER = np.uint64(0x9E3779B97F4A7C15)
_CHUNK = 1 << 22

Words = NDArray[np.uint64]
Digest = Callable[[bytes], bytes]
DIGESTS: Mapping[str, Digest] = {
    "md5": lambda raw: hashlib.md5(raw, usedforsecurity=False).digest(),
    "sha1": lambda raw: hashlib.sha1(raw, usedforsecurity=False).digest(),
    "sha224": lambda raw: hashlib.sha224(raw).digest(),
    "sha256": lambda raw: hashlib.sha256(raw).digest(),
    "sha512": lambda raw: hashlib.sha512(raw).digest(),
    "sha3_256": lambda raw: hashlib.sha3_256(raw).digest(),
    "blake2b_16": lambda raw: hashlib.blake2b(raw, digest_size=16).digest(),
    "blake2b_32": lambda raw: hashlib.blake2b(raw, digest_size=32).digest(),
    "blake2b_64": lambda raw: hashlib.blake2b(raw).digest(),
    "blake2s": lambda raw: hashlib.blake2s(raw).digest(),
    "sha256 twice": lambda raw: hashlib.sha256(hashlib.sha256(raw).digest()).digest(),
    "sha256 of hex": lambda raw: hashlib.sha256(hashlib.sha256(raw).hexdigest().encode()).digest(),
}


@dataclass(frozen=True)
class Response:
    """One submission, as its author knows it."""

    person: str
    code: str
    nonce: bytes
    answers: Mapping[str, Any]
    record: bytes
    texts: tuple[bytes, ...]


def contents(response: Response) -> Iterator[tuple[str, bytes]]:
    """The answers in every shape that a program might have had in its hands."""
    yield "record", response.record
    yield "record without label", response.record[4:]
    yield "record and texts", response.record + b"".join(response.texts)
    yield "text records", b"".join(response.texts)
    for value in response.answers.values():
        if isinstance(value, str) and len(value) >= LONG_ENOUGH_TO_BE_A_TEXT:
            yield "text", value.encode()
    body = {"code": response.code, "nonce": nonce_text(response.nonce), "answers": response.answers}
    for name, value in (("answers", response.answers), ("body", body)):
        for sort in (False, True):
            for separators in ((",", ":"), (", ", ": ")):
                text = json.dumps(value, sort_keys=sort, separators=separators, ensure_ascii=False)
                yield f"{name} as JSON", text.encode()
                if not text.isascii():
                    escaped = json.dumps(value, sort_keys=sort, separators=separators)
                    yield f"{name} as escaped JSON", escaped.encode()


def nonce_text(nonce: bytes) -> str:
    return urlsafe_b64encode(nonce).rstrip(b"=").decode()


def digests_of(response: Response) -> Iterator[tuple[str, bytes]]:
    """Digests of the answers, alone and with what else is at hand: nonce, its digest, code."""
    nonce = response.nonce
    for what, raw in contents(response):
        salted = {
            "": raw,
            "nonce before ": nonce + raw,
            "nonce after ": raw + nonce,
            "nonce digest before ": hashlib.sha256(nonce).digest() + raw,
            "nonce text before ": nonce_text(nonce).encode() + raw,
            "code before ": response.code.encode() + raw,
            "code after ": raw + response.code.encode(),
        }
        for how, given in salted.items():
            for name, digest in DIGESTS.items():
                yield f"{name} of {how}{what}", digest(given)
        yield f"hmac of {what}", hmac.digest(nonce, raw, "sha256")
        yield f"keyed blake2b of {what}", hashlib.blake2b(raw, key=nonce).digest()


def checksums_of(response: Response) -> Iterator[tuple[str, bytes]]:
    """Four-byte checksums, big-endian: too short to be looked for anywhere but in whole fields."""
    for what, raw in contents(response):
        for how, given in (("", raw), ("nonce before ", response.nonce + raw), ("nonce after ", raw + response.nonce)):
            yield f"crc32 of {how}{what}", zlib.crc32(given).to_bytes(4, "big")
            yield f"adler32 of {how}{what}", zlib.adler32(given).to_bytes(4, "big")


def needles_of(responses: Iterable[Response]) -> dict[bytes, str]:
    """What must not be found, in binary, hex and base64; digests by their first half, so cut ones are found too."""
    out: dict[bytes, str] = {}
    for response in responses:
        code = response.code.encode()
        raw_code = binascii.a2b_base64(code.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(code) % 4))
        _add(out, "code", code)
        _add(out, "code", raw_code)
        _add(out, "code's MAC", raw_code[-16:])
        for what, raw in contents(response):
            _add(out, what, raw)
        for number in _unusual_numbers(response.answers):
            for text in (f'":{number}', f'": {number}', f"={number}"):
                if len(text) >= SHORTEST:
                    out[text.encode()] = "number"
        for what, raw in digests_of(response):
            _add(out, what, raw[: max(SHORTEST, len(raw) // 2)])
    return out


def _unusual_numbers(answers: Mapping[str, Any]) -> Iterator[int]:
    for value in answers.values():
        if type(value) is int and abs(value) >= 10_000:
            yield value


def _add(out: dict[bytes, str], what: str, raw: bytes) -> None:
    if len(raw) < SHORTEST:
        raise ValueError(f"{what} is too short to be looked for")
    out.setdefault(raw, what)
    out.setdefault(raw.hex().encode(), f"{what} (hex)")
    # Only whole groups of three bytes: the rest of the text hangs on what follows.
    whole = raw[: len(raw) // 3 * 3]
    if len(whole) * 4 // 3 >= SHORTEST:
        out.setdefault(b64encode(whole), f"{what} (base64)")
        out.setdefault(urlsafe_b64encode(whole), f"{what} (base64)")


class Search:
    """Many needles at once: the first eight bytes of each are looked up in a bitmap, then in full."""

    def __init__(self, needles: Mapping[bytes, str]) -> None:
        self._by_start: dict[bytes, list[tuple[bytes, str]]] = {}
        for needle, what in needles.items():
            self._by_start.setdefault(needle[:SHORTEST], []).append((needle, what))
        self._starts = np.sort(np.frombuffer(b"".join(self._by_start), "<u8"))
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[self._slots(self._starts)] = True

    @staticmethod
    def _slots(words: Words) -> Words:
        return (words * _MIXER) >> np.uint64(64 - _TABLE_BITS)

    def found_in(self, haystack: bytes) -> set[str]:
        """What of it occurs anywhere."""
        out: set[str] = set()
        for start in range(0, len(haystack), _CHUNK):
            part = haystack[start : start + _CHUNK + SHORTEST - 1]
            for shift in range(SHORTEST):
                count = (len(part) - shift) // SHORTEST
                if count > 0:
                    for place in self._places(np.frombuffer(part, "<u8", count, shift)):
                        out |= self._found_at(haystack, start + shift + place * SHORTEST)
        return out

    def _places(self, words: Words) -> list[int]:
        """Where one of the words is the start of a needle."""
        likely = np.flatnonzero(self._table[self._slots(words)])
        starts = self._starts[np.searchsorted(self._starts[:-1], words[likely])]
        return cast("list[int]", likely[starts == words[likely]].tolist())

    def _found_at(self, haystack: bytes, at: int) -> set[str]:
        known = self._by_start[haystack[at : at + SHORTEST]]
        return {what for needle, what in known if haystack.startswith(needle, at)}
