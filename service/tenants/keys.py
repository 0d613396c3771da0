"""API keys as text: prefix, tenant, key id, secret, checksum. Pure.

The key carries its tenant, so that nothing is ever looked up across tenants, and a checksum, so that a slip of
the keyboard is told from a key that was revoked, and scanners of leaked secrets can recognise one for certain.
"""

import hashlib
import zlib
from base64 import b32decode, b32encode
from binascii import Error as Base32Error
from dataclasses import dataclass
from uuid import UUID

PREFIX = "pouls_"
SECRET_BYTES = 20
_LENGTH = 16 + 16 + SECRET_BYTES + 4
_TEXT_LENGTH = len(PREFIX) + -(-_LENGTH * 8 // 5)


class NotAKey(ValueError):
    """The text is not a key of ours; says nothing about which part is wrong."""


@dataclass(frozen=True, slots=True)
class Key:
    tenant_id: UUID
    key_id: UUID
    secret: bytes

    def text(self) -> str:
        body = self.tenant_id.bytes + self.key_id.bytes + self.secret
        raw = body + zlib.crc32(body).to_bytes(4, "big")
        return PREFIX + b32encode(raw).decode("ascii").rstrip("=").lower()

    @classmethod
    def read(cls, text: str) -> "Key":
        """The key behind its text. Raises NotAKey."""
        if len(text) != _TEXT_LENGTH or not text.startswith(PREFIX) or not text.isascii():
            raise NotAKey
        body = text[len(PREFIX) :].upper()
        try:
            raw = b32decode(body + "=" * (-len(body) % 8))
        except Base32Error as error:
            raise NotAKey from error
        if zlib.crc32(raw[:-4]).to_bytes(4, "big") != raw[-4:]:
            raise NotAKey
        key = cls(UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:-4])
        if key.text() != text:  # one spelling each: the last letter has bits to spare
            raise NotAKey
        return key

    def secret_hash(self) -> bytes:
        """What is stored. The secret is 160 random bits: a plain hash can not be searched."""
        return hashlib.sha256(self.secret).digest()

    def __repr__(self) -> str:
        return f"Key({self.key_id}, secret hidden)"
