"""Access tokens (RFC 9068): short JWTs that stand for an API key. Pure, but for the keys' folder; time is an argument.

A token proves that its bearer held the key's secret at most ten minutes ago. What the key may do, and whether it still
may do anything, is asked of its row at each request all the same: a revoked key's tokens end with it. Only tokens of
our own form are read: three header members, one algorithm, a key of ours by its name; nothing a token says of a key,
or of a place to find one, is ever looked at.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry, deserialize_compact, serialize_compact
from joserfc.util import urlsafe_b64decode

from service.kit import strict_json
from service.kit.ids import new_id
from service.tenants.token_key_files import LEEWAY, LIFETIME
from service.tenants.token_keys import ALGORITHM, TokenKeys

AUDIENCE = "pouls"
TYPE = "at+jwt"
WITHOUT_URL = "urn:pouls"
"""The issuer of a service that was not told its public URL."""
MOST_CHARACTERS = 2048
_HEADER = frozenset({"alg", "kid", "typ"})
_CLAIMS = frozenset({"iss", "aud", "sub", "client_id", "tenant", "scope", "iat", "exp", "jti"})
_PARTS = 3


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that we issued, and that has not run out."""

    tenant_id: UUID
    key_id: UUID
    scopes: frozenset[str]


def client_id_of(tenant: UUID, key_id: UUID) -> str:
    """An API key as an OAuth2 client: it carries its tenant, so that nothing is looked up across tenants."""
    return f"{tenant.hex}.{key_id.hex}"


class AccessTokens:
    """Issues tokens, and reads them."""

    def __init__(self, keys: TokenKeys, issuer: str | None) -> None:
        self.keys = keys
        self.issuer = issuer or WITHOUT_URL

    def issue(self, tenant: UUID, key_id: UUID, scopes: Iterable[str], now: datetime) -> str:
        """A token for ten minutes."""
        signing = self.keys.signing(now)
        issued = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": key_id.hex,
            "client_id": client_id_of(tenant, key_id),
            "tenant": tenant.hex,
            "scope": " ".join(sorted(scopes)),
            "iat": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
            "jti": new_id().hex,
        }
        header = {"alg": ALGORITHM, "typ": TYPE, "kid": signing.kid}
        payload = json.dumps(claims, separators=(",", ":"))
        return serialize_compact(header, payload, signing.key, registry=_PINNED)

    def read(self, text: str, now: datetime) -> AccessToken | None:
        """The token behind the text; None, whatever is wrong with it."""
        if not _looks_like_one(text):
            return None
        try:
            header = strict_json.loads(urlsafe_b64decode(text.partition(".")[0].encode("ascii")))
            kid = _kid(header)
            key = None if kid is None else self.keys.verifying(kid, now)
            if key is None:
                return None
            claims = strict_json.loads(deserialize_compact(text, key.key, registry=_PINNED).payload)
        except (JoseError, ValueError):
            return None
        return self._meant(claims, now)

    def _meant(self, claims: object, now: datetime) -> AccessToken | None:
        """Issued by us, for us, for now; and of the form that we give."""
        if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
            return None
        if claims["iss"] != self.issuer or claims["aud"] != AUDIENCE or not _in_time(claims, now):
            return None
        tenant, key_id, scope = _id(claims["tenant"]), _id(claims["sub"]), claims["scope"]
        if tenant is None or key_id is None or not isinstance(scope, str):
            return None
        return AccessToken(tenant, key_id, frozenset(scope.split()))


class _Pinned(JWSRegistry):
    """One algorithm, whatever a header says. The library warns of its older name; it is the one that callers know."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError
        return self.algorithms["Ed25519"]


_PINNED = _Pinned(algorithms=[ALGORITHM])


def _looks_like_one(text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and text.isascii() and text.count(".") == _PARTS - 1


def _kid(header: object) -> str | None:
    if not isinstance(header, dict) or header.keys() != _HEADER:
        return None
    kid = header["kid"]
    return kid if header["alg"] == ALGORITHM and header["typ"] == TYPE and isinstance(kid, str) else None


def _in_time(claims: dict[str, Any], now: datetime) -> bool:
    issued, expires = claims["iat"], claims["exp"]
    if type(issued) is not int or type(expires) is not int or expires - issued != int(LIFETIME.total_seconds()):
        return False
    seconds = now.timestamp()
    return issued <= seconds + LEEWAY.total_seconds() and seconds < expires


def _id(text: object) -> UUID | None:
    try:
        found = UUID(hex=text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.hex == text else None
