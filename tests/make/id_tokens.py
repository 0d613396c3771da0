"""Companies that sign id tokens, rightly or not: keys of each kind, and tokens put together byte by byte.

Signed with the primitives and not with the library that is under test, which would refuse to write most of these.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

from service.campaigns.taking_part.sign_in import SignIn

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://login.example.com/tenant-a"
AUDIENCE = "pouls-at-a"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey


@cache
def private_key(kind: str, owner: str) -> PrivateKey:  # noqa: ARG001 - the owner is for the cache
    """A key of a kind (`RSA`, `P-256`, `P-384`, `P-521`, `Ed25519`, `Ed448`); each owner has one of each."""
    if kind == "RSA":
        return rsa.generate_private_key(65537, 2048)
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "Ed448":
        return ed448.Ed448PrivateKey.generate()
    return ec.generate_private_key({"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[kind])


KIND_OF = {"RS256": "RSA", "PS256": "RSA", "ES256": "P-256", "ES384": "P-384", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}


def jwk(kind: str, owner: str = "a", *, private: bool = False, **members: Any) -> dict[str, Any]:
    """The key as an entry of a JWK set, with a kid that says what it is; a member that is None is left out."""
    key = private_key(kind, owner)
    wrap = RSAKey if kind == "RSA" else OKPKey if kind.startswith("Ed") else ECKey
    wrapped = wrap.import_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    out = {**wrapped.as_dict(private=private), "kid": f"{kind}-{owner}", **members}
    return {name: value for name, value in out.items() if value is not None}


def sign_in(*keys: dict[str, Any], **changes: Any) -> SignIn:
    given = {"issuer": ISSUER, "audience": AUDIENCE, "claim": "employee", "source": "hris", "jwks": {"keys": [*keys]}}
    return SignIn(**(given | changes))


def claims(**changes: Any) -> dict[str, Any]:
    """What a sound token says; a claim that is changed to None is left out."""
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x-77", "employee": "E1042", "iat": SECONDS, "exp": SECONDS + 300}
    return {name: value for name, value in (given | changes).items() if value is not None}


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(algorithm: str, message: bytes, key: PrivateKey) -> bytes:
    """A signature as RFC 7518 and RFC 8037 write it."""
    if isinstance(key, rsa.RSAPrivateKey):
        if algorithm.startswith("PS"):
            return key.sign(message, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
        return key.sign(message, padding.PKCS1v15(), SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        width = -(-key.curve.key_size // 8)
        numbers = decode_dss_signature(key.sign(message, ec.ECDSA(SHA384() if algorithm == "ES384" else SHA256())))
        return b"".join(number.to_bytes(width, "big") for number in numbers)
    return key.sign(message)


def token(
    algorithm: str,
    payload: dict[str, Any] | bytes | None = None,
    *,
    owner: str = "a",
    kind: str | None = None,
    header: dict[str, Any] | bytes | None = None,
) -> str:
    """A token; `header` is added to the usual one (a None takes a member out), or taken as it is where it is bytes."""
    kind = kind or KIND_OF[algorithm]
    usual = {"alg": algorithm, "kid": f"{kind}-{owner}", "typ": "JWT"}
    if not isinstance(header, bytes):
        members = {name: value for name, value in (usual | (header or {})).items() if value is not None}
        header = json.dumps(members).encode()
    if not isinstance(payload, bytes):
        payload = json.dumps(claims() if payload is None else payload).encode()
    message = f"{text(header)}.{text(payload)}"
    return f"{message}.{text(signed(algorithm, message.encode(), private_key(kind, owner)))}"


def mac_token(secret: bytes, *, kid: str, payload: dict[str, Any] | None = None) -> str:
    """A token under HS256, for whoever takes a public key for a secret."""
    header = json.dumps({"alg": "HS256", "kid": kid, "typ": "JWT"}).encode()
    message = f"{text(header)}.{text(json.dumps(payload or claims()).encode())}"
    return f"{message}.{text(hmac.digest(secret, message.encode(), hashlib.sha256))}"
