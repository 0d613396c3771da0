"""Participation codes: the right to answer one wave once, verified by a MAC alone, without a look-up. Pure.

A code holds tenant, wave, serial and class label. Serial and label are drawn at random, so a code tells a reader
nothing about its owner; the MAC (128 bits) makes it impossible to invent one.

There are two versions, told apart by their lengths. The first is in the links that people were sent, and goes on
working. The second has room for a serial that nobody keeps a list of, and for a time after which it counts no more.
"""

import struct
from binascii import a2b_base64
from typing import NamedTuple
from uuid import UUID

from service.kit.crypto import MAC_BYTES, bytes_of, derive, mac, same, text_of

_SHORT = struct.Struct(">B32sII")
_LONG = struct.Struct(">B32sQII")
CODE_LENGTH = -(-(_SHORT.size + MAC_BYTES) * 4 // 3)
LONG_CODE_LENGTH = -(-(_LONG.size + MAC_BYTES) * 4 // 3)
ADDRESS_LENGTH = 43
SERIALS = 1 << 63
"""Serials are below this: the database counts with signed numbers."""
_SHORT_SERIALS = 1 << 32

# The library's URL-safe decoder also reads the ordinary alphabet; here `+` and `/` are no letters.
_LETTERS = bytes.maketrans(b"-_+/", b"+/!!")
_LAST = frozenset("AEIMQUYcgkosw048")
"""A long code's last letter carries four bits; its two spare ones are zero, so that it has one spelling."""


class NotACode(ValueError):
    """The text is no code of ours."""


class Right(NamedTuple):
    """What a code proves. `place` is tenant and wave, 32 bytes, as the hot path wants them.

    `expires_at`: seconds since the epoch from which on it counts no more; 0: never. Who has a clock looks at it.
    """

    place: bytes
    serial: int
    label: int
    expires_at: int


class Codes:
    """Issues and reads codes under the intake key."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls code")

    def issue(self, right: Right) -> str:
        """A code of the first version where the right fits into it. Raises struct.error for a number out of range."""
        if right.serial < _SHORT_SERIALS and right.expires_at == 0:
            body = _SHORT.pack(1, right.place, right.serial, right.label)
        elif right.serial < SERIALS:
            body = _LONG.pack(2, *right)
        else:
            raise struct.error("a serial is below 2^63")
        return text_of(body + mac(self._key, b"code", body))

    def read(self, text: str) -> Right:
        """The right behind a code, expired or not. Raises NotACode."""
        if len(text) == CODE_LENGTH:
            version, place, serial, label = _SHORT.unpack(self._body(text, _SHORT.size))
            if version == 1:
                return Right(place, serial, label, 0)
        elif len(text) == LONG_CODE_LENGTH and text[-1] in _LAST:
            version, *right = _LONG.unpack(self._body(text + "=", _LONG.size))
            if version == 2:  # noqa: PLR2004 - the second version
                return Right(*right)
        raise NotACode

    def _body(self, text: str, size: int) -> bytes:
        """The first bytes, so many, if the rest is their MAC. Raises NotACode."""
        try:
            raw = a2b_base64(text.encode("ascii").translate(_LETTERS), strict_mode=True)
        except ValueError:
            raise NotACode from None
        body = raw[:size]
        if not same(mac(self._key, b"code", body), raw[size:]):
            raise NotACode
        return body


def place_of(tenant: UUID, wave: UUID) -> bytes:
    """Tenant and wave as 32 bytes."""
    return tenant.bytes + wave.bytes


def ids_of(place: bytes) -> tuple[UUID, UUID]:
    """Tenant and wave of a place."""
    return UUID(bytes=place[:16]), UUID(bytes=place[16:])


def address_of(tenant: UUID, wave: UUID) -> str:
    """A wave's public name; it carries its tenant, so that nothing is looked up across tenants."""
    return text_of(place_of(tenant, wave))


def wave_behind(address: str) -> tuple[UUID, UUID]:
    """Tenant and wave of an address. Raises ValueError."""
    if len(address) != ADDRESS_LENGTH:
        raise ValueError("not an address")
    return ids_of(bytes_of(address))
