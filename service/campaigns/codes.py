"""Participation codes: the right to answer one wave once, verified by a MAC alone, without a look-up. Pure.

A code holds tenant, wave, serial and class label. Serial and label are drawn at random, so a code tells a reader
nothing about its owner; the MAC (128 bits) makes it impossible to invent one.
"""

import struct
from base64 import urlsafe_b64decode
from typing import NamedTuple
from uuid import UUID

from service.kit.crypto import MAC_BYTES, bytes_of, derive, mac, same, text_of

_VERSION = 1
_BODY = struct.Struct(">B32sII")
_LENGTH = _BODY.size + MAC_BYTES
CODE_LENGTH = -(-_LENGTH * 4 // 3)
ADDRESS_LENGTH = 43


class NotACode(ValueError):
    """The text is no code of ours."""


class Right(NamedTuple):
    """What a code proves. `place` is tenant and wave, 32 bytes, as the hot path wants them."""

    place: bytes
    serial: int
    label: int


class Codes:
    """Issues and reads codes under the intake key."""

    def __init__(self, intake_key: bytes) -> None:
        self._key = derive(intake_key, b"pouls code")

    def issue(self, right: Right) -> str:
        body = _BODY.pack(_VERSION, right.place, right.serial, right.label)
        return text_of(body + mac(self._key, b"code", body))

    def read(self, text: str) -> Right:
        """The right behind a code. Raises NotACode."""
        if len(text) != CODE_LENGTH:
            raise NotACode
        try:
            raw = urlsafe_b64decode(text)
        except ValueError:
            raise NotACode from None
        body = raw[: _BODY.size]
        if len(raw) != _LENGTH or not same(mac(self._key, b"code", body), raw[_BODY.size :]):
            raise NotACode
        version, place, serial, label = _BODY.unpack(body)
        if version != _VERSION:
            raise NotACode
        return Right(place, serial, label)


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
