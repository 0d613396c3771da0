"""The keys that sign access tokens, for the API process: which one signs, and which verify besides.

The folder is looked at again whenever it changes, at the next token: a rotation needs no restart, on no process. What
one process signs with, all others have read by then: a new key verifies at once, and signs some minutes later.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey
from nacl.signing import SigningKey as Ed25519

from service.kit.crypto import KeyMissing, read_key, text_of
from service.tenants.token_key_files import ends_of, file_of, signer_of

ALGORITHM = "EdDSA"
_A_TICK_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, and the moment from which no token of its is good any more; None for the newest."""

    kid: str
    key: OKPKey
    ends_at: datetime | None

    def verifies(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at

    def public(self) -> dict[str, Any]:
        """As it is published: a public JWK (RFC 8037)."""
        shown = self.key.as_dict(private=False)
        return {name: shown[name] for name in ("kty", "crv", "x")} | {"kid": self.kid, "use": "sig", "alg": ALGORITHM}


class TokenKeys:
    """What the API process knows of the folder. Raises KeyMissing where it holds no key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: int | None = None
        self._keys: Mapping[str, SigningKey] = {}
        self._look()

    def signing(self, now: datetime) -> SigningKey:
        """The newest that every process has had time to read."""
        self._look()
        return self._keys[signer_of(self._keys, now)]

    def verifying(self, kid: str, now: datetime) -> SigningKey | None:
        """The key of that name, as long as it verifies anything. The name is looked up among those that we know."""
        self._look()
        key = self._keys.get(kid)
        return key if key is not None and key.verifies(now) else None

    def published(self, now: datetime) -> dict[str, Any]:
        """The set of public keys (RFC 7517) that verify tokens now or soon, the newest first."""
        self._look()
        keys = (self._keys[kid] for kid in sorted(self._keys, reverse=True))
        return {"keys": [key.public() for key in keys if key.verifies(now)]}

    def _look(self) -> None:
        try:
            changed = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 - a microsecond, at each token
        except FileNotFoundError:
            raise KeyMissing(self._folder.name) from None
        if changed != self._seen:
            try:
                self._keys = self._read()
            except KeyMissing:  # one was removed between the list and the look: the list is made once more
                self._keys = self._read()
            # A second change within one tick of the file system's clock would not show.
            self._seen = changed if time.time_ns() - changed > _A_TICK_NS else None

    def _read(self) -> dict[str, SigningKey]:
        return {
            kid: SigningKey(kid, _key_of(read_key(file_of(self._folder, kid))), ends_at)
            for kid, ends_at in ends_of(self._folder).items()
        }


def _key_of(seed: bytes) -> OKPKey:
    public = bytes(Ed25519(seed).verify_key)
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": text_of(public), "d": text_of(seed)})
