"""The certificate of a release: what was published under which rules, and who proved it safe, signed with Ed25519.

Whoever verifies one pins the public key out of band (`pouls keys public`): the key beside a signature only says which
of the pinned ones it is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from service.campaigns.promises.contract import canonical
from service.kit.crypto import bytes_of, ensure_key, read_key, text_of

FORMAT = "pouls-certificate/1"
KEY_FILE = "signing.key"
# What a signature is of, so that no other signed thing can be taken for a certificate.
_PURPOSE = b"pouls certificate\0"


class CertificateRefused(ValueError):
    """The certificate is not one, or not signed by the key it names."""


class Signer:
    """The worker's signing key. Raises KeyMissing where there is none."""

    def __init__(self, folder: Path) -> None:
        self._key = SigningKey(read_key(folder / KEY_FILE))

    @classmethod
    def made(cls, folder: Path) -> "Signer":
        """The key, made where there is none: after an upgrade, or for the first time. For the worker alone."""
        ensure_key(folder / KEY_FILE)
        return cls(folder)

    @property
    def public_key(self) -> str:
        """URL-safe base64 of the 32 bytes that verify."""
        return text_of(bytes(self._key.verify_key))

    def signed(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What is said, with its signature and the public key."""
        signature = self._key.sign(_PURPOSE + canonical(said)).signature
        return {"certificate": dict(said), "signature": text_of(signature), "public_key": self.public_key}


def verified(signed: Mapping[str, Any], format_: str = FORMAT) -> dict[str, Any]:
    """What is said, once its signature holds under the key that stands beside it.

    Args:
        signed: what was said, with signature and public key.
        format_: of what it has to be: of a release, or of a destruction, which are signed alike.

    Raises:
        CertificateRefused: a part is missing, the format is another, the signature does not hold.
    """
    try:
        said = dict(signed["certificate"])
        key = VerifyKey(bytes_of(signed["public_key"]))
        key.verify(_PURPOSE + canonical(said), bytes_of(signed["signature"]))
        known = said["format"] == format_
    except (KeyError, TypeError, ValueError, AttributeError, BadSignatureError):
        raise CertificateRefused("its signature does not hold") from None
    if not known:
        raise CertificateRefused("it is of another format")
    return said
